/* last.c: the last item once more, then what follows it most. Where people come back to the same items, a model that does not
 * beat this has learned nothing else; where histories hold an item once and seen items are left out, it is a plain
 * next-item count.
 */
#include <string.h>

#include "model/pair_model.h"

typedef struct last_options {
    double forward, shrink;
    int64_t neighbors;
} last_options;

#define AT(field) offsetof(last_options, field)
static const sid_option option_table[] = {
    {"neighbors", SID_OPTION_INT, "200", 1, 100000, NULL, "of each item that are kept", AT(neighbors)},
    {"forward", SID_OPTION_FLOAT, "0.5", 0, 1, NULL,
     "1: only what came after an item counts; 0: what came before counts as much", AT(forward)},
    {"shrink", SID_OPTION_FLOAT, "0", 0, 1e9, NULL, "against neighbours by chance", AT(shrink)}};
#undef AT

static sid_status train(sid_ctx *ctx, sid_model *m, const sid__split *split, sid_error *err)
{
    const last_options *o = m->family_options;
    const sid__pair_options options = {.forward = o->forward, .shrink = o->shrink, .neighbors = o->neighbors};
    return sid__pair_model_train(ctx, m, split, &options, err);
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const sid__item_pairs *pairs = m->state;
    (void)ctx;
    (void)err;
    memset(out, 0, (size_t)(count * m->items.count) * sizeof *out);
    for (int64_t h = 0; h < count; h++) {
        float *row = out + h * m->items.count;
        int64_t last = history[h].item[history[h].count - 1], begin = pairs->begin[last];
        sid__item_pairs_add(pairs, last, 1, row);
        row[last] =
            1 + (begin < pairs->begin[last + 1] ? pairs->similarity[begin] : 0); /* the first is the most similar */
    }
    return SID_OK;
}

const sid__model_class sid__last = {.info = {.name = "last",
                                             .summary = "the last item again, then what follows it most",
                                             .paper = "",
                                             .options = option_table,
                                             .option_count = sizeof option_table / sizeof *option_table},
                                    .options_size = sizeof(last_options),
                                    .train = train,
                                    .score = score,
                                    .save = sid__pair_model_save,
                                    .load = sid__pair_model_load,
                                    .drop = sid__pair_model_drop};
