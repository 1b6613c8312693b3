/* rqvae_watch.c: a look at the training, every watch_every steps: the held-out rows' error, how many codes are in use on
 * the training rows, what is left after each level. It is told in one line, and warned of when a level collapses, with the
 * likeliest cause; the parameters of the look of least error are kept, where no level had collapsed. A collapse on the way may
 * be over by the end, since codes are settled there (rqvae_finish.c): a last look tells how it ended.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linalg/scalar.h"
#include "quant/rqvae_train.h"

enum { ROWS_MAX = 16384 }; /* of each kind */

#define COLLAPSE_SHARE 0.15
#define SPREAD_LEAST 0.01 /* of latent vectors, under which all rows are alike to the codes */
#define REST_LEAST 0.02   /* of what is coded, under which a level has nothing to do */
#define GAIN_LEAST 1e-4   /* of the error, below which a look is no better */

typedef struct watch_sums {
    double error, variance, z, rest[SID_LEVELS_MAX];
    double *mean; /* (latent) sums of z */
    int64_t rows; /* in them */
    int64_t *hits[SID_LEVELS_MAX];
} watch_sums;

static void add_hits(const sid__quantized *q, watch_sums *sums)
{
    for (int l = 0; l < q->levels; l++) {
        sums->rest[l] += q->square[l];
        assert(sums->hits[l]);
        for (int64_t i = 0; i < q->z->rows; i++)
            sums->hits[l][q->code[l][i]]++;
    }
}

/* Rows are about their mean already (or about zero, where that was wished): their variance is their square. */
static sid_status add_rows(sid__rqvae_trainer *t, const int64_t *row, int64_t count, bool is_held, watch_sums *sums,
                           sid_error *err)
{
    const sid__neural *kernels = sid__neural_for(t->ctx->isa);
    for (int64_t begin = 0; begin < count && begin < ROWS_MAX; begin += t->batch) {
        int64_t rows = count - begin < t->batch ? count - begin : t->batch;
        sid__rqvae_step step;
        sid__tape tape = sid__tape_begin(t->ctx, &t->memory, false);
        sid__value x = sid__rqvae_gather(t, row + begin, rows);
        sid__rqvae_forward(&tape, t->model, &x, NULL, &step);
        SID_TRY(sid__tape_status(&tape, err));
        if (is_held) {
            sums->error += step.reconstruction;
            sums->variance += kernels->dot(rows * x.columns, x.data, x.data);
        } else {
            sums->z += kernels->dot(rows * step.z->columns, step.z->data, step.z->data);
            sums->rows += rows;
            for (int64_t i = 0; i < rows * step.z->columns; i++)
                sums->mean[i % step.z->columns] += (double)step.z->data[i];
            add_hits(step.quantized, sums);
        }
    }
    return SID_OK;
}

static double perplexity_of(const int64_t *hits, int codes, int *used)
{
    double total = 0, entropy = 0;
    assert(hits);
    *used = 0;
    for (int k = 0; k < codes; k++) {
        total += (double)hits[k];
        *used += hits[k] > 0;
    }
    for (int k = 0; k < codes; k++)
        if (hits[k] > 0)
            entropy -= (double)hits[k] / total * sid__log((double)hits[k] / total);
    return sid__exp(entropy);
}

/* As many codes as there are rows cannot be asked for. */
static bool has_collapsed(const sid__rqvae_trainer *t, double perplexity, int codes)
{
    double most = (double)(t->train_count < codes ? t->train_count : codes);
    return perplexity < COLLAPSE_SHARE * most;
}

static double spread_of(const watch_sums *sums, int latent)
{
    double mean = 0;
    for (int d = 0; d < latent; d++)
        mean += sums->mean[d] * sums->mean[d] / (double)sums->rows;
    return sums->z > 0 ? 1 - mean / sums->z : 0;
}

static void look_of(const sid__rqvae_trainer *t, const watch_sums *sums, sid__rqvae_look *look)
{
    *look = (sid__rqvae_look){.error = sums->variance > 0 ? sums->error / sums->variance : 0,
                              .spread = spread_of(sums, t->model->options.latent)};
    for (int l = 0; l < t->model->options.levels; l++) {
        int codes = t->model->options.codes[l];
        look->perplexity[l] = perplexity_of(sums->hits[l], codes, &look->used[l]);
        look->rest[l] = sums->z > 0 ? sqrt(sums->rest[l] / sums->z) : 0;
        look->is_collapsed = look->is_collapsed || has_collapsed(t, look->perplexity[l], codes);
    }
}

static sid_status look_at(sid__rqvae_trainer *t, sid__rqvae_look *look, sid_error *err)
{
    const sid__rqvae_options *o = &t->model->options;
    watch_sums sums = {0};
    sid_status status = SID_OK;
    for (int l = 0; l < o->levels && status == SID_OK; l++)
        status = sid__alloc(&sums.hits[l], (size_t)o->codes[l], sizeof *sums.hits[l], "hits of codes", err);
    if (status == SID_OK)
        status = sid__alloc(&sums.mean, (size_t)o->latent, sizeof *sums.mean, "latent means", err);
    const int64_t *held = t->held_count ? t->row + t->train_count : t->row;
    if (status == SID_OK)
        status = add_rows(t, held, t->held_count ? t->held_count : t->train_count, true, &sums, err);
    if (status == SID_OK)
        status = add_rows(t, t->row, t->train_count, false, &sums, err);
    if (status == SID_OK)
        look_of(t, &sums, look);
    for (int l = 0; l < o->levels; l++)
        sid__free(sums.hits[l]);
    sid__free(sums.mean);
    return status;
}

/* The likeliest cause of a collapse, and what to do. */
static const char *cause_of(const sid__rqvae_trainer *t, const sid__rqvae_look *look, int level)
{
    const sid__rqvae_plan *plan = t->plan;
    const sid__rqvae_options *o = &t->model->options;
    if (look->spread < SPREAD_LEAST)
        return "the latent vectors of all rows are nearly alike: lower lr, wd or beta, or take reduction sum";
    if (o->update == SID__CODES_STEPS)
        return "few of the steps are reached: lower lr, or take fewer steps a channel";
    if (level > 0 && look->rest[level - 1] < REST_LEAST)
        return "the levels before leave nothing to code: take fewer levels, or a larger dim";
    if (o->update == SID__CODES_SIMVQ)
        return "simvq's codes cannot be revived: take codebook grad or ema";
    if (plan->revive_every == 0 && plan->no_init)
        return "codes started all alike and dead ones are not revived: start by k-means (init), set revive_every";
    if (plan->revive_every == 0)
        return "dead codes are not revived: set revive_every";
    if (plan->no_init && t->step - plan->warm_steps <= 2 * plan->revive_every)
        return "codes started all alike; they are being revived: wait, or start by k-means (init)";
    if (o->is_mean)
        return "reduction mean lets the codes outweigh the rows: take reduction sum";
    return "codes die faster than they are revived: lower lr, or revive_every";
}

/* "; level 1: 250 of 256 codes, perplexity 231, rest 0.755"... */
static void levels_text(const sid__rqvae_trainer *t, const sid__rqvae_look *look, char *text, int room)
{
    const sid__rqvae_options *o = &t->model->options;
    int used = 0;
    text[0] = 0;
    for (int l = 0; l < o->levels && used < room; l++) {
        used += snprintf(text + used, (size_t)(room - used), "; level %d: %d of %d codes, perplexity %.0f",
                         t->plan->levels_before + l + 1, look->used[l], o->codes[l], look->perplexity[l]);
        if (o->update != SID__CODES_STEPS && used < room) /* steps leave nothing to the next level */
            used += snprintf(text + used, (size_t)(room - used), ", rest %.3f", look->rest[l]);
    }
}

enum { TEXT_SIZE = 512 };

static void tell(sid__rqvae_trainer *t, const sid__rqvae_look *look)
{
    char text[TEXT_SIZE];
    levels_text(t, look, text, sizeof text);
    sid__ctx_info(t->ctx, "step %lld of %lld: loss %.5g, error %.4f%s", (long long)t->step, (long long)t->plan->steps,
                  t->loss, look->error, text);
    for (int l = 0; l < t->model->options.levels; l++) {
        int codes = t->model->options.codes[l];
        if (!has_collapsed(t, look->perplexity[l], codes))
            continue;
        t->collapsed_at[l] = t->step;
        sid__ctx_warn(t->ctx, "level %d collapses at step %lld: %d of %d codes are used, perplexity %.1f; %s",
                      t->plan->levels_before + l + 1, (long long)t->step, look->used[l], codes, look->perplexity[l],
                      cause_of(t, look, l));
    }
}

/* What became of a level that had collapsed on the way, or has now. */
static void tell_end(const sid__rqvae_trainer *t, const sid__rqvae_look *look, int l)
{
    int codes = t->model->options.codes[l], level = t->plan->levels_before + l + 1;
    if (has_collapsed(t, look->perplexity[l], codes))
        sid__ctx_warn(t->ctx, "level %d ends collapsed: %d of %d codes are used, perplexity %.1f; %s", level,
                      look->used[l], codes, look->perplexity[l], cause_of(t, look, l));
    else if (t->collapsed_at[l] > 0)
        sid__ctx_info(t->ctx,
                      "level %d, which had collapsed at step %lld, ends well: %d of %d codes are used, perplexity %.1f",
                      level, (long long)t->collapsed_at[l], look->used[l], codes, look->perplexity[l]);
}

sid_status sid__rqvae_watch_end(sid__rqvae_trainer *t, sid_error *err)
{
    char text[TEXT_SIZE];
    sid__rqvae_look look = {0};
    SID_TRY(look_at(t, &look, err));
    levels_text(t, &look, text, sizeof text);
    sid__ctx_info(t->ctx, "trained: error %.4f%s", look.error, text);
    for (int l = 0; l < t->model->options.levels; l++)
        tell_end(t, &look, l);
    return SID_OK;
}

static bool is_better(const sid__rqvae_trainer *t, const sid__rqvae_look *look)
{
    if (!t->has_best || look->is_collapsed != t->is_best_collapsed)
        return !t->has_best || t->is_best_collapsed;
    return look->error < t->best_error * (1 - GAIN_LEAST);
}

sid_status sid__rqvae_watch(sid__rqvae_trainer *t, sid_error *err)
{
    sid__rqvae_look look = {0};
    SID_TRY(look_at(t, &look, err));
    tell(t, &look);
    t->stale++;
    if (!is_better(t, &look))
        return SID_OK;
    memcpy(t->best, t->model->params.data, (size_t)t->model->params.size * sizeof *t->best);
    t->best_error = look.error;
    t->is_best_collapsed = look.is_collapsed;
    t->best_step = t->step;
    t->has_best = true;
    t->stale = 0;
    return SID_OK;
}
