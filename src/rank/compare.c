/* compare.c: sid_rank_compare: the same ranker, the same impressions, the same bytes; only what an item is described by differs. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rank/click_bootstrap.h"
#include "rank/compare_items.h"
#include "rank/item_slices.h"
#include "rank/rank_probe.h"
#include "rank/rank_words.h"
#include "sid/sort_rows.h"

enum { USUAL_SEEDS = 3, USUAL_RESAMPLES = 1000, ARMS_SIZE = 256 };

static const int resampled_slice[2] = {SID_RANK_SLICE_ALL, SID_RANK_SLICE_NEW};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- Data ---- */

static sid_status count_days(sid__comparing *c, sid_error *err)
{
    const sid_impressions *im = c->im;
    if (im->day_count < 2)
        return sid__fail(err, SID_EDATA, "%s has one day; two at least are needed, the last one is the test", im->path);
    while (c->train_end < im->count && im->row[c->train_end].day < im->day_count - 1)
        c->train_end++;
    SID_TRY(sid__alloc(&c->shown, (size_t)im->items.count, sizeof *c->shown, "impressions by item", err));
    SID_TRY(sid__alloc(&c->slice, (size_t)im->items.count, 1, "slices of items", err));
    for (int64_t i = 0; i < c->train_end; i++)
        c->shown[im->row[i].item]++;
    SID_TRY(sid__item_slices(c->shown, im->items.count, c->slice, err));
    c->out->train_impressions = c->train_end;
    c->out->test_impressions = im->count - c->train_end;
    c->out->days = im->day_count;
    c->out->items = im->items.count;
    sid_impressions_get_info(im, &c->out->impressions);
    return SID_OK;
}

static sid_status keep_test_day(sid__comparing *c, sid_error *err)
{
    size_t count = (size_t)c->out->test_impressions;
    SID_TRY(sid__alloc(&c->p, count, sizeof *c->p, "the last day", err));
    SID_TRY(sid__alloc(&c->label, count, 1, "the last day", err));
    SID_TRY(sid__alloc(&c->mask, count, 1, "the last day", err));
    SID_TRY(sid__alloc(&c->user, count, sizeof *c->user, "the last day", err));
    for (size_t i = 0; i < count; i++) {
        c->label[i] = c->im->row[c->train_end + (int64_t)i].label;
        c->user[i] = c->im->row[c->train_end + (int64_t)i].user;
    }
    return SID_OK;
}

/* ---- Settings ---- */

static sid_status set_family_option(void *user, const char *name, const char *value, sid_error *err)
{
    sid__comparing *c = user;
    bool is_known = false;
    SID_TRY(sid__options_set(&c->ranker.family->info, c->family_options, name, value, &is_known, err));
    return is_known ? SID_OK
                    : sid__fail(err, SID_EUSAGE, "ranker %s has no option \"%s\"", c->ranker.family->info.name, name);
}

static sid_status in_range(const char *name, double value, double least, double most, sid_error *err)
{
    if (value >= least && value <= most)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "%s is %g; %g to %g are possible", name, value, least, most);
}

static sid_status set_ranker(sid__comparing *c, sid_error *err)
{
    const sid_rank_compare_options *o = c->options;
    c->ranker = (sid__rank_options){.dim = o->dim ? o->dim : 8,
                                    .batch = o->batch ? o->batch : 32,
                                    .history = o->history ? o->history : 30,
                                    .table_rate = o->table_rate != 0 ? o->table_rate : .05,
                                    .rate = o->rate != 0 ? o->rate : 1e-3};
    SID_TRY(in_range("dim", c->ranker.dim, 1, 1024, err));
    SID_TRY(in_range("batch", c->ranker.batch, 1, 65536, err));
    SID_TRY(in_range("history", c->ranker.history, 1, 1000, err));
    SID_TRY(in_range("the rate of tables", c->ranker.table_rate, 1e-9, 100, err));
    SID_TRY(in_range("the rate", c->ranker.rate, 1e-9, 100, err));
    SID_TRY(in_range("seeds", o->seeds, 0, 100, err));
    SID_TRY(in_range("bootstrap", o->bootstrap, -1, 100000, err));
    SID_TRY(sid__ranker_find(o->family ? o->family : "dot", &c->ranker.family, err));
    SID_TRY(sid__alloc(&c->family_options, 1, c->ranker.family->options_size, "options of a ranker", err));
    SID_TRY(sid__options_default(&c->ranker.family->info, c->family_options, err));
    SID_TRY(sid__options_split(o->options, set_family_option, c, err));
    c->ranker.options = c->family_options;
    c->out->family = c->ranker.family->info.name;
    c->resamples = o->bootstrap < 0 ? 0 : o->bootstrap ? o->bootstrap : USUAL_RESAMPLES;
    return SID_OK;
}

/* Those that there are data and rows for, so that a call without a list works on any. */
static void list_usual_arms(const sid__comparing *c, char list[ARMS_SIZE])
{
    int levels = c->code ? c->data.levels : 0;
    int64_t codes = 1; /* spm-unigram has a piece for each, and one for none */
    int used = snprintf(list, ARMS_SIZE, "random-hash,%sindividual%s%s%s", levels ? "" : "double-hash,",
                        c->content ? ",dense" : "", levels > 0 ? ",unigram" : "", levels > 1 ? ",bigram" : "");
    for (int l = 0; l < levels; l++)
        codes += c->data.codes[l];
    for (int n = levels < 3 ? levels : 3; n > 1 && n <= levels && n <= 4; n++)
        used += snprintf(list + used, (size_t)(ARMS_SIZE - used), ",prefix-%d", n);
    if (levels > 0 && levels <= SID_PIECE_LEVELS_MAX && c->out->rows >= codes)
        (void)snprintf(list + used, (size_t)(ARMS_SIZE - used), ",spm-unigram");
}

static sid_status set_arms(sid__comparing *c, sid_error *err)
{
    sid_rank_comparison *out = c->out;
    int64_t seen = 0;
    char usual[ARMS_SIZE];
    for (int64_t i = 0; i < c->im->items.count; i++)
        seen += c->shown[i] > 0;
    out->rows = c->options->rows ? c->options->rows : seen / 3 < 8 ? 8 : seen / 3;
    list_usual_arms(c, usual);
    SID_TRY(sid__arms_parse(c->options->arms ? c->options->arms : usual, c->name, &out->arm_count, err));
    out->seeds = c->options->seeds ? c->options->seeds : USUAL_SEEDS;
    out->run_count = out->seeds * out->arm_count;
    c->data.ctx = c->ctx;
    c->data.items = c->im->items.count;
    c->data.rows = out->rows;
    c->data.shown = c->shown;
    SID_TRY(sid__arena_push(c->arena, (size_t)out->arm_count * sizeof *out->arm, &out->arm, err));
    SID_TRY(sid__arena_push(c->arena, (size_t)out->run_count * sizeof *out->run, &out->run, err));
    memset(out->arm, 0, (size_t)out->arm_count * sizeof *out->arm);
    memset(out->run, 0, (size_t)out->run_count * sizeof *out->run);
    size_t cells = (size_t)c->resamples * (size_t)out->arm_count;
    for (int i = 0; i < 4; i++)
        SID_TRY(sid__alloc(&c->resampled[i / 2][i % 2], cells, sizeof(double), "resampled metrics", err));
    return sid__alloc(&c->once, (size_t)c->resamples, 2 * sizeof *c->once, "resampled metrics", err);
}

/* ---- One arm ---- */

static void set_mask(sid__comparing *c, int slice)
{
    for (int64_t i = 0; i < c->out->test_impressions; i++)
        c->mask[i] = slice == SID_RANK_SLICE_ALL || c->slice[c->im->row[c->train_end + i].item] == slice;
}

static sid_status score_run(sid__comparing *c, int arm, sid_rank_run *run, sid_error *err)
{
    const sid__clicks clicks = {
        .p = c->p, .label = c->label, .user = c->user, .mask = c->mask, .count = c->out->test_impressions};
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++) {
        sid__click_metrics m;
        set_mask(c, s);
        SID_TRY(sid__click_metrics_of(&clicks, &m, err));
        run->score[s] = (sid_rank_score){.impressions = m.count,
                                         .clicks = m.positives,
                                         .auc = m.auc,
                                         .gauc = m.gauc,
                                         .log_loss = m.log_loss,
                                         .ne = m.ne};
    }
    for (int s = 0; s < 2 && c->resamples > 0; s++) {
        set_mask(c, resampled_slice[s]);
        double *ne = c->once + c->resamples;
        SID_TRY(sid__click_bootstrap(c->ctx, &clicks, c->im->users.count, c->resamples, 42, c->once, ne, err));
        for (int i = 0; i < c->resamples; i++) {
            c->resampled[0][s][(int64_t)arm * c->resamples + i] += c->once[i];
            c->resampled[1][s][(int64_t)arm * c->resamples + i] += ne[i];
        }
    }
    return SID_OK;
}

/* Scores each day as it comes: what training saw before it learned, then the test. */
static sid_status run_days(sid__comparing *c, sid__rank_model *model, sid_rank_run *run, sid_error *err)
{
    double *p = NULL;
    const sid_impressions *im = c->im;
    SID_TRY(sid__arena_push(c->arena, (size_t)im->day_count * sizeof *run->day_ne, &run->day_ne, err));
    SID_TRY(sid__alloc(&p, (size_t)c->train_end, sizeof *p, "probabilities in training", err));
    sid_status status = sid__rank_model_run(model, im, 0, c->train_end, true, p, err);
    for (int64_t begin = 0, end = 0; status == SID_OK && begin < c->train_end; begin = end) {
        while (end < c->train_end && im->row[end].day == im->row[begin].day)
            end++;
        run->day_ne[im->row[begin].day] = sid__click_ne(im, begin, end, p + begin);
    }
    sid__free(p);
    SID_TRY(status);
    SID_TRY(sid__rank_model_run(model, im, c->train_end, im->count, false, c->p, err));
    run->day_ne[im->day_count - 1] = sid__click_ne(im, c->train_end, im->count, c->p);
    return SID_OK;
}

static sid_status note_size(sid__comparing *c, const sid__arm *arm, const sid__rank_model *model, sid_rank_arm *out,
                            sid_error *err)
{
    sid_table_info info = {0};
    char note[128] = "", text[32];
    if (model->items) {
        sid_table_get_info(model->items, &info);
        out->rows = info.rows;
        out->size = info.rows * info.row_size;
        c->out->budget_size = c->out->rows * info.row_size;
        (void)snprintf(text, sizeof text, "%" PRId64, c->out->rows);
        if (out->rows < c->out->rows)
            (void)snprintf(note, sizeof note, "fills %.0f %% of the %s rows",
                           100. * (double)out->rows / (double)c->out->rows, text);
        else if (out->rows > c->out->rows)
            (void)snprintf(note, sizeof note, "takes %.1f times the %s rows", (double)out->rows / (double)c->out->rows,
                           text);
    } else {
        out->size = model->params.size * 3 * (int64_t)sizeof(float);
        (void)snprintf(note, sizeof note, "has a network in place of rows");
    }
    out->item_rows = arm->item_rows;
    char *kept;
    SID_TRY(sid__arena_text(c->arena, note, strlen(note), &kept, err));
    out->note = kept;
    return SID_OK;
}

static sid_status run_arm(sid__comparing *c, int index, int seed_index, sid_error *err)
{
    sid_rank_comparison *out = c->out;
    sid_rank_run *run = &out->run[index * out->seeds + seed_index];
    sid__arm arm;
    sid__rank_model model = {0};
    double start_s = now_s();
    run->arm = index;
    run->seed = (c->options->seed ? c->options->seed : 42) + (uint64_t)seed_index;
    c->ranker.seed = run->seed;
    sid_status status = sid__arm_make(c->name[index], &c->data, run->seed, &arm, err);
    if (status == SID_OK)
        status = sid__rank_model_create(c->ctx, &c->ranker, &arm.source, c->im, &model, err);
    if (status == SID_OK)
        status = run_days(c, &model, run, err);
    run->train_s = now_s() - start_s;
    if (status == SID_OK)
        status = score_run(c, index, run, err);
    if (status == SID_OK)
        status = sid__probe_twins(&model, c->im, c->twin, c->twin_count, run->seed, &run->aar, err);
    if (status == SID_OK)
        status = sid__probe_drift(&model, c->im, c->train_end, &run->drift, err);
    if (status == SID_OK && seed_index == 0)
        status = note_size(c, &arm, &model, &out->arm[index], err);
    sid__rank_model_drop(&model);
    sid__arm_drop(&arm);
    return status;
}

/* ---- All arms ---- */

static void add_mean(const sid_rank_comparison *out, int arm, int slice)
{
    const sid_rank_run *run = out->run + arm * out->seeds;
    sid_rank_score *mean = &out->arm[arm].mean[slice];
    double square = 0;
    *mean = (sid_rank_score){.impressions = run->score[slice].impressions, .clicks = run->score[slice].clicks};
    for (int s = 0; s < out->seeds; s++) {
        mean->auc += run[s].score[slice].auc / out->seeds;
        mean->gauc += run[s].score[slice].gauc / out->seeds;
        mean->log_loss += run[s].score[slice].log_loss / out->seeds;
        mean->ne += run[s].score[slice].ne / out->seeds;
    }
    for (int s = 0; s < out->seeds; s++)
        square += (run[s].score[slice].auc - mean->auc) * (run[s].score[slice].auc - mean->auc);
    out->arm[arm].auc_sd[slice] = out->seeds > 1 ? sqrt(square / (out->seeds - 1)) : (double)NAN;
}

static sid_status add_probes(const sid__comparing *c, int arm, sid_error *err)
{
    const sid_rank_comparison *out = c->out;
    sid_rank_arm *of = &out->arm[arm];
    SID_TRY(sid__arena_push(c->arena, (size_t)out->days * sizeof *of->day_ne, &of->day_ne, err));
    memset(of->day_ne, 0, (size_t)out->days * sizeof *of->day_ne);
    for (int s = 0; s < out->seeds; s++) {
        const sid_rank_run *run = &out->run[arm * out->seeds + s];
        of->aar += run->aar / out->seeds;
        of->drift += run->drift / out->seeds;
        for (int d = 0; d < out->days; d++)
            of->day_ne[d] += run->day_ne[d] / out->seeds;
    }
    return SID_OK;
}

static int by_value(const void *context, int64_t a, int64_t b)
{
    const double *value = context;
    return (value[a] > value[b]) - (value[a] < value[b]);
}

/* The 2.5 and 97.5 % points of the arm less the first one. */
static sid_status interval(const sid__comparing *c, const double *of, int arm, sid_rank_difference *out, sid_error *err)
{
    int64_t *order = NULL;
    int count = c->resamples;
    double *less = c->once;
    if (count == 0)
        return SID_OK;
    for (int i = 0; i < count; i++)
        less[i] = (of[(int64_t)arm * count + i] - of[i]) / c->out->seeds;
    SID_TRY(sid__alloc(&order, (size_t)count, sizeof *order, "an order of resamples", err));
    sid_status status = sid__sort_rows(order, count, by_value, less, err);
    if (status == SID_OK) {
        out->low = less[order[(int)(.025 * count)]];
        out->high = less[order[count - 1 - (int)(.025 * count)]];
    }
    sid__free(order);
    return status;
}

static sid_status keep_words(sid__comparing *c, int arm, sid_error *err)
{
    sid__strbuf text = {0};
    char *kept = NULL;
    sid_status status = sid__rank_words(c->out, arm, &text, err);
    if (status == SID_OK)
        status = sid__arena_text(c->arena, text.text ? text.text : "", (size_t)text.length, &kept, err);
    sid__strbuf_drop(&text);
    c->out->arm[arm].words = kept;
    return status;
}

static sid_status summarize(sid__comparing *c, sid_error *err)
{
    sid_rank_comparison *out = c->out;
    const sid_rank_difference none = {.mean = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    for (int arm = 0; arm < out->arm_count; arm++) {
        sid_rank_arm *of = &out->arm[arm];
        for (int s = 0; s < SID_RANK_SLICE_COUNT; s++) {
            add_mean(out, arm, s);
            of->auc[s] = of->ne[s] = none;
        }
        SID_TRY(add_probes(c, arm, err));
        for (int i = 0; i < 2; i++) {
            int s = resampled_slice[i];
            of->auc[s].mean = of->mean[s].auc - out->arm[0].mean[s].auc;
            of->ne[s].mean = of->mean[s].ne - out->arm[0].mean[s].ne;
            SID_TRY(interval(c, c->resampled[0][i], arm, &of->auc[s], err));
            SID_TRY(interval(c, c->resampled[1][i], arm, &of->ne[s], err));
        }
        SID_TRY(keep_words(c, arm, err));
    }
    return SID_OK;
}

static sid_status compare(sid__comparing *c, sid_error *err)
{
    SID_TRY(set_ranker(c, err));
    SID_TRY(count_days(c, err));
    SID_TRY(keep_test_day(c, err));
    SID_TRY(sid__compare_items(c, err));
    SID_TRY(set_arms(c, err));
    for (int arm = 0; arm < c->out->arm_count; arm++) {
        char *name;
        SID_TRY(sid__arena_text(c->arena, c->name[arm], strlen(c->name[arm]), &name, err));
        c->out->arm[arm].name = name;
        for (int seed = 0; seed < c->out->seeds; seed++) {
            sid__ctx_progress(c->ctx, c->name[arm], arm * c->out->seeds + seed, c->out->run_count, "runs", (double)NAN);
            SID_TRY(run_arm(c, arm, seed, err));
        }
    }
    return summarize(c, err);
}

void sid_rank_comparison_drop(sid_rank_comparison *comparison)
{
    if (comparison->memory) {
        sid__arena_drop(comparison->memory);
        sid__free(comparison->memory);
    }
    *comparison = (sid_rank_comparison){0};
}

sid_status sid_rank_compare(sid_ctx *ctx, const sid_impressions *impressions, const sid_rank_compare_options *options,
                            sid_rank_comparison *out, sid_error *err)
{
    sid__comparing c = {.ctx = ctx, .im = impressions, .options = options, .out = out};
    *out = (sid_rank_comparison){0};
    SID_TRY(sid__alloc(&c.arena, 1, sizeof *c.arena, "a comparison", err));
    out->memory = c.arena;
    sid_status status = compare(&c, err);
    sid__free(c.family_options);
    sid__free(c.shown);
    sid__free(c.slice);
    sid__compare_items_drop(&c);
    sid__free(c.p);
    sid__free(c.label);
    sid__free(c.mask);
    sid__free(c.user);
    for (int i = 0; i < 4; i++)
        sid__free(c.resampled[i / 2][i % 2]);
    sid__free(c.once);
    if (status != SID_OK)
        sid_rank_comparison_drop(out);
    return status;
}
