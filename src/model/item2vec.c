/* item2vec.c: items near each other in histories get vectors near each other.
 *
 * Barkan and Koenigstein, "Item2Vec: Neural item embedding for collaborative filtering" (1603.04259): skip-gram with negative
 * sampling, an item as a word, a history as a sentence. Departures: (1) pairs go forward alone, from an item to the `window`
 * items behind it, since what is asked for comes after; (2) scores are in . out, the product that training raises: that of two
 * `in` vectors, as in the paper, loses a quarter to a half of the hits; (3) negatives are drawn by n^power of train counts n.
 *
 *     loss of a pair (i, j) = -log s(in_i . out_j) - sum over `negatives` drawn items v, other than j, of log s(-in_i . out_v)
 *     score(j) = (sum over the history of decay^age in_x) . out_j, age 0 the last item; the least there is where out_j is zero
 *
 * An item that no pair and no draw has met has the product 0, above most others, since drawn items are pushed below it. Hence
 * the last line: nothing is known of it, so it comes last.
 *
 * Plain SGD, a pair a step, the rate falling linearly to 0; users in a seeded order each epoch, pairs in the order of the
 * history. Each step reads what the last one wrote, so it is one thread's work. `decay` was chosen on the validation part of
 * Amazon Beauty (docs/decisions/030-families.md); the other defaults are the specification's.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "kernel/neural.h"
#include "linalg/gemm.h"
#include "linalg/scalar.h"
#include "model/item_draw.h"
#include "model/model.h"

typedef struct item2vec_options {
    int64_t dim, epochs, window, negatives, history_max;
    double rate, power, decay;
} item2vec_options;

enum { NEGATIVES_MAX = 256, PAIRS_A_LOSS = 64 /* pairs whose loss is taken: one of so many */ };

#define AT(field) offsetof(item2vec_options, field)
static const sid_option option_table[] = {
    {"dim", SID_OPTION_INT, "128", 1, 4096, NULL, "of the vectors", AT(dim)},
    {"epochs", SID_OPTION_INT, "100", 1, 100000, NULL, "passes over all pairs", AT(epochs)},
    {"window", SID_OPTION_INT, "5", 1, 1000, NULL, "items behind an item that pair with it", AT(window)},
    {"negatives", SID_OPTION_INT, "20", 1, NEGATIVES_MAX, NULL, "drawn items a pair", AT(negatives)},
    {"rate", SID_OPTION_FLOAT, "0.05", 1e-6, 10, NULL, "of learning at the start; it falls linearly to 0", AT(rate)},
    {"power", SID_OPTION_FLOAT, "0.5", 0, 4, NULL, "negatives are drawn by the train count to this power", AT(power)},
    {"decay", SID_OPTION_FLOAT, "0.2", 0, 1, NULL, "how much the item before counts, and so on back", AT(decay)},
    {"history_max", SID_OPTION_INT, "50", 1, 1000000, NULL, "last items of a history that are looked at",
     AT(history_max)}};
#undef AT

typedef struct item2vec_state {
    int dim;
    float *in, *out;  /* (items, dim) */
    int32_t *unknown; /* (unknown_count) items whose `out` is zero */
    int64_t unknown_count;
} item2vec_state;

static sid_status make_state(sid_model *m, item2vec_state **result, sid_error *err)
{
    const item2vec_options *o = m->family_options;
    size_t items = (size_t)m->items.count;
    SID_TRY(sid__alloc(result, 1, sizeof **result, "a model", err));
    m->state = *result;
    (*result)->dim = (int)o->dim;
    SID_TRY(sid__alloc(&(*result)->unknown, items, sizeof(int32_t), "items without a vector", err));
    SID_TRY(sid__alloc(&(*result)->in, items, (size_t)o->dim * sizeof(float), "vectors of items", err));
    return sid__alloc(&(*result)->out, items, (size_t)o->dim * sizeof(float), "vectors of items", err);
}

static void find_unknown(item2vec_state *state, int64_t items)
{
    for (int64_t i = 0; i < items; i++) {
        int d = 0;
        while (d < state->dim && !(fabsf(state->out[i * state->dim + d]) > 0))
            d++;
        if (d == state->dim)
            state->unknown[state->unknown_count++] = (int32_t)i;
    }
}

/* ---- Learned ---- */

typedef struct learning {
    sid_ctx *ctx;
    const item2vec_options *options;
    const sid__split *split;
    const sid__neural *loops;
    const sid__item_draw *draw;
    item2vec_state *state;
    int64_t *order; /* (users) of the epoch */
    float *change;  /* (dim) of the vector `in` of a pair */
    uint64_t seed;
    int64_t pair, pair_total; /* made so far, of all epochs */
    double loss;              /* sum over those pairs whose loss was taken */
    int64_t loss_count;
} learning;

static int64_t count_pairs(const sid__split *split, int64_t window)
{
    int64_t count = 0;
    for (int64_t u = 0; u < split->user_count; u++)
        for (int64_t e = split->begin[u]; e < split->train_end[u]; e++) {
            int64_t behind = split->train_end[u] - 1 - e;
            count += behind < window ? behind : window;
        }
    return count;
}

/* in: uniform in +-.5 / dim; out: zero, as word2vec starts. */
static void start(const learning *l, int64_t items)
{
    int64_t count = items * l->state->dim;
    for (int64_t i = 0; i < count; i++)
        l->state->in[i] =
            (float)((sid__philox_uniform(l->seed, SID__STREAM_WEIGHTS, (uint64_t)i) - .5) / l->state->dim);
}

/* One term of a pair: log s(in . out), or log s(-in . out) when `is_drawn`. `in` itself changes when the pair is done. */
static void learn_term(learning *l, const float *in, float *out, bool is_drawn, double rate, bool takes_loss)
{
    int dim = l->state->dim;
    double score = l->loops->dot(dim, in, out), chance = 1 / (1 + sid__exp(-score));
    float step = (float)(rate * ((is_drawn ? 0 : 1) - chance));
    l->loops->add_scaled(dim, step, out, l->change);
    l->loops->add_scaled(dim, step, in, out);
    if (takes_loss)
        l->loss -= sid__log(is_drawn ? 1 - chance : chance);
}

static void learn_pair(learning *l, int32_t item, int32_t next)
{
    const item2vec_options *o = l->options;
    int dim = l->state->dim;
    float *in = l->state->in + (int64_t)item * dim;
    double rate = o->rate * (1 - (double)l->pair / (double)l->pair_total);
    bool takes_loss = l->pair % PAIRS_A_LOSS == 0;
    int32_t drawn[NEGATIVES_MAX];
    sid__item_draw_many(l->draw, l->seed, (uint64_t)l->pair, (int)o->negatives, drawn);
    memset(l->change, 0, (size_t)dim * sizeof *l->change);
    learn_term(l, in, l->state->out + (int64_t)next * dim, false, rate, takes_loss);
    for (int64_t n = 0; n < o->negatives; n++)
        if (drawn[n] != next)
            learn_term(l, in, l->state->out + (int64_t)drawn[n] * dim, true, rate, takes_loss);
    l->loops->add(dim, l->change, in);
    l->loss_count += takes_loss;
    l->pair++;
}

static void learn_user(learning *l, int64_t user)
{
    const sid__split *split = l->split;
    int64_t end = split->train_end[user];
    for (int64_t e = split->begin[user]; e < end; e++)
        for (int64_t next = e + 1; next < end && next <= e + l->options->window; next++)
            learn_pair(l, split->item[e], split->item[next]);
}

static void shuffle_users(const learning *l, int64_t epoch)
{
    int64_t users = l->split->user_count;
    for (int64_t u = 0; u < users; u++)
        l->order[u] = u;
    for (int64_t u = users - 1; u > 0; u--) {
        uint64_t place = (uint64_t)(epoch * users + u);
        int64_t with = (int64_t)sid__philox_below(l->seed, SID__STREAM_EPOCH, place, (uint64_t)u + 1);
        int64_t swapped = l->order[u];
        l->order[u] = l->order[with];
        l->order[with] = swapped;
    }
}

static sid_status learn(learning *l, sid_error *err)
{
    for (int64_t epoch = 0; epoch < l->options->epochs && l->pair_total > 0; epoch++) {
        l->loss = 0;
        l->loss_count = 0;
        shuffle_users(l, epoch);
        for (int64_t u = 0; u < l->split->user_count; u++) {
            learn_user(l, l->order[u]);
            if (u % 1024 == 0)
                SID_TRY(sid__ctx_check(l->ctx, err));
        }
        double loss = l->loss_count > 0 ? l->loss / (double)l->loss_count : (double)NAN;
        sid__ctx_progress(l->ctx, "item2vec", epoch + 1, l->options->epochs, "epochs", loss);
    }
    return SID_OK;
}

/* A rate too high ends in infinities. */
static sid_status check_finite(const item2vec_state *state, int64_t items, sid_error *err)
{
    for (int64_t i = 0; i < items * state->dim; i++)
        if (!isfinite(state->in[i]) || !isfinite(state->out[i]))
            return sid__fail(err, SID_EDATA, "item2vec: vectors grew beyond all numbers; take a lower rate");
    return SID_OK;
}

static sid_status train(sid_ctx *ctx, sid_model *m, const sid__split *split, sid_error *err)
{
    const item2vec_options *o = m->family_options;
    sid__item_draw draw = {0};
    learning l = {.ctx = ctx,
                  .options = o,
                  .split = split,
                  .loops = sid__neural_for(ctx->isa),
                  .draw = &draw,
                  .seed = m->seed,
                  .pair_total = count_pairs(split, o->window) * o->epochs};
    size_t size = (size_t)m->items.count * (size_t)o->dim * 2 * sizeof(float);
    SID_TRY(sid__ctx_reserve(ctx, size, "vectors of items", err));
    sid_status status = make_state(m, &l.state, err);
    if (status == SID_OK)
        status = sid__alloc(&l.order, (size_t)split->user_count, sizeof *l.order, "an order of users", err);
    if (status == SID_OK)
        status = sid__alloc(&l.change, (size_t)o->dim, sizeof *l.change, "a change", err);
    if (status == SID_OK)
        status = sid__item_draw_make(split->train_count, m->items.count, o->power, &draw, err);
    if (status == SID_OK) {
        start(&l, m->items.count);
        status = learn(&l, err);
    }
    if (status == SID_OK)
        status = check_finite(l.state, m->items.count, err);
    if (status == SID_OK)
        find_unknown(l.state, m->items.count);
    sid__item_draw_drop(&draw);
    sid__free(l.order);
    sid__free(l.change);
    sid__ctx_release(ctx, size);
    return status;
}

/* ---- Scores ---- */

/* profile (dim) = sum of decay^age in_x over the last items of a history. */
static void make_profile(const sid_model *m, const sid__history *history, float *profile)
{
    const item2vec_options *o = m->family_options;
    const item2vec_state *state = m->state;
    double weight = 1;
    memset(profile, 0, (size_t)state->dim * sizeof *profile);
    for (int64_t age = 0; age < history->count && age < o->history_max; age++) {
        const float *in = state->in + (int64_t)history->item[history->count - 1 - age] * state->dim;
        for (int d = 0; d < state->dim; d++)
            profile[d] += (float)weight * in[d];
        weight *= o->decay;
    }
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const item2vec_state *state = m->state;
    float *profile = NULL;
    SID_TRY(sid__alloc(&profile, (size_t)count * (size_t)state->dim, sizeof *profile, "profiles", err));
    for (int64_t h = 0; h < count; h++)
        make_profile(m, &history[h], profile + h * state->dim);
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(profile, state->dim),
                                        .b = sid__gemm_by_lane(state->out, state->dim),
                                        .c = out,
                                        .c_step = m->items.count,
                                        .rows = count,
                                        .columns = (int)m->items.count,
                                        .depth = state->dim});
    for (int64_t h = 0; h < count; h++)
        for (int64_t u = 0; u < state->unknown_count; u++)
            out[h * m->items.count + state->unknown[u]] = -FLT_MAX;
    sid__free(profile);
    return SID_OK;
}

/* ---- Kept ---- */

static sid_status save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const item2vec_state *state = m->state;
    const int64_t shape[] = {m->items.count, state->dim};
    size_t size = (size_t)m->items.count * (size_t)state->dim * sizeof(float);
    float *in = NULL, *out = NULL;
    SID_TRY(sid__tensor_add(set, "item2vec.in", SID__F32, 2, shape, &in, err));
    SID_TRY(sid__tensor_add(set, "item2vec.out", SID__F32, 2, shape, &out, err));
    memcpy(in, state->in, size);
    memcpy(out, state->out, size);
    return SID_OK;
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    const item2vec_options *o = m->family_options;
    const int64_t shape[] = {m->items.count, o->dim};
    const sid__tensor *in = NULL, *out = NULL;
    item2vec_state *state = NULL;
    size_t size = (size_t)m->items.count * (size_t)o->dim * sizeof(float);
    SID_TRY(sid__tensor_get(set, "item2vec.in", SID__F32, 2, shape, &in, err));
    SID_TRY(sid__tensor_get(set, "item2vec.out", SID__F32, 2, shape, &out, err));
    SID_TRY(make_state(m, &state, err));
    memcpy(state->in, in->data, size);
    memcpy(state->out, out->data, size);
    if (check_finite(state, m->items.count, NULL) != SID_OK)
        return sid__fail(err, SID_ECORRUPT, "the vectors of the model hold what is no number; train again");
    find_unknown(state, m->items.count);
    return SID_OK;
}

static void drop(sid_model *m)
{
    item2vec_state *state = m->state;
    sid__free(state->in);
    sid__free(state->out);
    sid__free(state->unknown);
    sid__free(state);
}

const sid__model_class sid__item2vec = {
    .info = {.name = "item2vec",
             .summary = "items near each other in histories have vectors near each other",
             .paper = "Barkan and Koenigstein 2016 (1603.04259)",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(item2vec_options),
    .train = train,
    .score = score,
    .save = save,
    .load = load,
    .drop = drop};
