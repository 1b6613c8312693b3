/* ranker_deepfm.c: a factorization machine and a network over the same embeddings, added (1703.04247). */
#include <stddef.h>

#include "rank/ranker_parts.h"

typedef struct deepfm_options {
    char mlp[SID__OPTION_TEXT_SIZE];
} deepfm_options;

static const sid_option option_table[] = {
    {"mlp", SID_OPTION_TEXT, "256,128", 0, 0, NULL, "hidden widths of the network", offsetof(deepfm_options, mlp)}};

static sid_status declare(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err)
{
    const deepfm_options *o = options;
    return sid__rank_mlp_declare(o->mlp, sid__rank_width(shape), 1, params, err);
}

static void start(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params)
{
    const deepfm_options *o = options;
    sid__rank_mlp_start(o->mlp, sid__rank_width(shape), 1, seed, params);
}

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    const deepfm_options *o = options;
    sid__value *shallow = sid__op_add(tape, in->linear, sid__rank_pairs(tape, in));
    return sid__op_add(tape, shallow, sid__rank_mlp(tape, o->mlp, 1, params, sid__rank_side_by_side(tape, in)));
}

const sid__ranker_class sid__ranker_deepfm = {.info = {.name = "deepfm",
                                                       .summary = "fm, and a network over the same embeddings",
                                                       .paper = "1703.04247",
                                                       .options = option_table,
                                                       .option_count = 1},
                                              .options_size = sizeof(deepfm_options),
                                              .declare = declare,
                                              .start = start,
                                              .logit = logit};
