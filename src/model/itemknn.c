/* itemknn.c: items that follow each other in histories (item_pairs.h), and items that are alike. No training, seconds, and
 * hard to beat: see docs/decisions/024-evaluation.md.
 *
 * score(j) = sum over the history of decay^age similarity(x, j) + content_weight cos(sum of content_decay^age v(x), v(j)), age
 * 0 the last item. The second term where the items have vectors. The defaults were chosen on the validation part of Amazon
 * Beauty in the order of the file (spec: f .5, .6, w 1.2, .4).
 */
#include <math.h>
#include <string.h>

#include "linalg/gemm.h"
#include "model/pair_model.h"

typedef struct itemknn_options {
    double forward, decay, shrink, content_weight, content_decay;
    int64_t neighbors, history_max;
} itemknn_options;

#define AT(field) offsetof(itemknn_options, field)
static const sid_option option_table[] = {
    {"neighbors", SID_OPTION_INT, "200", 1, 100000, NULL, "of each item that are kept", AT(neighbors)},
    {"forward", SID_OPTION_FLOAT, "0.5", 0, 1, NULL,
     "1: only what came after an item counts; 0: what came before counts as much", AT(forward)},
    {"decay", SID_OPTION_FLOAT, "0.6", 0, 1, NULL, "how much the item before counts, and so on back", AT(decay)},
    {"shrink", SID_OPTION_FLOAT, "0", 0, 1e9, NULL, "against neighbours by chance", AT(shrink)},
    {"content_weight", SID_OPTION_FLOAT, "1.2", 0, 1e6, NULL, "of likeness, where items have vectors",
     AT(content_weight)},
    {"content_decay", SID_OPTION_FLOAT, "0.4", 0, 1, NULL, "as decay, of what the history is like", AT(content_decay)},
    {"history_max", SID_OPTION_INT, "50", 1, 1000000, NULL, "last items of a history that are looked at",
     AT(history_max)}};
#undef AT

/* ---- Learned ---- */

static sid_status train(sid_ctx *ctx, sid_model *m, const sid__split *split, sid_error *err)
{
    const itemknn_options *o = m->family_options;
    const sid__pair_options options = {.forward = o->forward, .shrink = o->shrink, .neighbors = o->neighbors};
    return sid__pair_model_train(ctx, m, split, &options, err);
}

/* ---- Scores ---- */

static sid__history last_of(const sid__history *history, int64_t most)
{
    int64_t count = history->count < most ? history->count : most;
    return (sid__history){.item = history->item + history->count - count, .count = count};
}

typedef struct scoring {
    const sid_model *m;
    const sid__history *history;
    float *score;   /* (count, items) */
    float *profile; /* (count, dim); NULL: no content */
} scoring;

/* profile (dim) = content_weight times the unit vector of what the history is like. */
static void make_profile(const sid_model *m, const sid__history *history, float *profile)
{
    const itemknn_options *o = m->family_options;
    double weight = 1, square = 0;
    memset(profile, 0, (size_t)m->dim * sizeof *profile);
    for (int64_t age = 0; age < history->count; age++) {
        const float *x = m->vectors + history->item[history->count - 1 - age] * (int64_t)m->dim, w = (float)weight;
        for (int d = 0; d < m->dim; d++)
            profile[d] += w * x[d];
        weight *= o->content_decay;
    }
    for (int d = 0; d < m->dim; d++)
        square = fma((double)profile[d], (double)profile[d], square);
    float scale = square > 0 ? (float)(o->content_weight / sqrt(square)) : 0;
    for (int d = 0; d < m->dim; d++)
        profile[d] *= scale;
}

static void score_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const scoring *s = arg;
    const itemknn_options *o = s->m->family_options;
    int64_t items = s->m->items.count;
    (void)worker;
    for (int64_t h = begin; h < end; h++) {
        sid__history history = last_of(&s->history[h], o->history_max);
        float *score = s->score + h * items;
        double weight = 1;
        memset(score, 0, (size_t)items * sizeof *score);
        for (int64_t age = 0; age < history.count; age++) {
            sid__item_pairs_add(s->m->state, history.item[history.count - 1 - age], (float)weight, score);
            weight *= o->decay;
        }
        if (s->profile)
            make_profile(s->m, &history, s->profile + h * s->m->dim);
    }
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const itemknn_options *o = m->family_options;
    scoring s = {.m = m, .history = history, .score = out};
    bool has_content = m->vectors && o->content_weight > 0;
    if (has_content)
        SID_TRY(sid__alloc(&s.profile, (size_t)count * (size_t)m->dim, sizeof *s.profile, "profiles", err));
    sid__ctx_for(ctx, count, 8, score_chunk, &s);
    if (has_content)
        sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(s.profile, m->dim),
                                            .b = sid__gemm_by_lane(m->vectors, m->dim),
                                            .c = out,
                                            .c_step = m->items.count,
                                            .rows = count,
                                            .columns = (int)m->items.count,
                                            .depth = m->dim,
                                            .is_added = true});
    sid__free(s.profile);
    return SID_OK;
}

const sid__model_class sid__itemknn = {
    .info = {.name = "itemknn",
             .summary = "items that follow each other in histories, and items that are alike",
             .paper = "",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(itemknn_options),
    .uses_vectors = true,
    .train = train,
    .score = score,
    .save = sid__pair_model_save,
    .load = sid__pair_model_load,
    .drop = sid__pair_model_drop};
