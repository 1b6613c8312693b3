/* ranker_deepfm.c: a factorization machine and a network over the same embeddings, added (1703.04247). */
#include <stddef.h>

#include "rank/ranker_parts.h"

typedef struct deepfm_options {
    char mlp[SID__OPTION_TEXT_SIZE];
} deepfm_options;

static const sid_option option_table[] = {
    {"mlp", SID_OPTION_TEXT, "256,128", 0, 0, NULL, "hidden widths of the network", offsetof(deepfm_options, mlp)}};

static sid__rank_net net_of(const void *options, int width)
{
    const deepfm_options *o = options;
    return (sid__rank_net){.name = "mlp", .hidden = o->mlp, .in = width, .out = 1, .part = 1};
}

static sid_status declare(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err)
{
    const sid__rank_net net = net_of(options, sid__rank_width(shape));
    return sid__rank_net_declare(&net, params, err);
}

static void start(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params)
{
    const sid__rank_net net = net_of(options, sid__rank_width(shape));
    sid__rank_net_start(&net, seed, params);
}

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    sid__value *shallow = sid__op_add(tape, in->linear, sid__rank_pairs(tape, in));
    sid__value *x = sid__rank_side_by_side(tape, in);
    if (!x)
        return NULL;
    const sid__rank_net net = net_of(options, x->columns);
    return sid__op_add(tape, shallow, sid__rank_net_forward(tape, &net, params, x));
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
