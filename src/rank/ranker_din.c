/* ranker_din.c: deep interest network (1706.06978): what a user clicked is weighed by what is shown (rank_pool.h), and a network
 * looks at that, the item and all else. Departure: the weights of rows are added to the score, as in every family here; no Dice,
 * PReLU.
 */
#include <stddef.h>

#include "rank/rank_pool.h"
#include "rank/ranker_parts.h"

static const char attention[] = "attention";

typedef struct din_options {
    char mlp[SID__OPTION_TEXT_SIZE];
} din_options;

static const sid_option option_table[] = {
    {"mlp", SID_OPTION_TEXT, "256,128", 0, 0, NULL, "hidden widths of the network", offsetof(din_options, mlp)}};

static sid__rank_net net_of(const void *options, int width)
{
    const din_options *o = options;
    return (sid__rank_net){.name = "mlp", .hidden = o->mlp, .in = width, .out = 1, .part = 1};
}

static sid_status declare(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err)
{
    const sid__rank_net net = net_of(options, sid__rank_width(shape));
    SID_TRY(sid__pooling_declare(SID__POOL_DIN, attention, shape.dim, params, err));
    return sid__rank_net_declare(&net, params, err);
}

static void start(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params)
{
    const sid__rank_net net = net_of(options, sid__rank_width(shape));
    sid__pooling_start(SID__POOL_DIN, attention, seed, params);
    sid__rank_net_start(&net, seed, params);
}

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    sid__rank_inputs with = *in;
    const sid__pooled clicks = {
        .past = in->past, .target = in->item, .pasts = in->pasts, .of = in->past_of, .look = in->look};
    with.history = sid__pooling_forward(SID__POOL_DIN, attention, params, tape, &clicks);
    sid__value *x = sid__rank_side_by_side(tape, &with);
    if (!x)
        return NULL;
    const sid__rank_net net = net_of(options, x->columns);
    return sid__op_add(tape, in->linear, sid__rank_net_forward(tape, &net, params, x));
}

const sid__ranker_class sid__ranker_din = {
    .info = {.name = "din",
             .summary = "deep interest network: what was clicked, weighed by what is shown",
             .paper = "1706.06978",
             .options = option_table,
             .option_count = 1},
    .options_size = sizeof(din_options),
    .pools_itself = true,
    .declare = declare,
    .start = start,
    .logit = logit};
