/* ranker_dlrm.c: deep learning recommendation model (1906.00091): dense inputs through a network of their own, the products of all
 * pairs of vectors, and a network over both. Departure: the weights of rows are added to the score, as in every family here.
 */
#include <stddef.h>

#include "rank/ranker_parts.h"
#include "tensor/ops_rank.h"

typedef struct dlrm_options {
    char bottom[SID__OPTION_TEXT_SIZE], mlp[SID__OPTION_TEXT_SIZE];
} dlrm_options;

#define AT(field) offsetof(dlrm_options, field)
static const sid_option option_table[] = {
    {"bottom", SID_OPTION_TEXT, "64", 0, 0, NULL, "hidden widths of the network of dense inputs", AT(bottom)},
    {"mlp", SID_OPTION_TEXT, "256,128", 0, 0, NULL, "hidden widths of the network over products", AT(mlp)}};
#undef AT

/* Of user, item, history, the others and, where there are dense inputs, what their network makes of them. */
static int vectors_of(sid__rank_shape shape)
{
    return 3 + shape.others + (shape.dense > 0);
}

static sid__rank_net bottom_net(const dlrm_options *o, sid__rank_shape shape)
{
    return (sid__rank_net){.name = "bottom", .hidden = o->bottom, .in = shape.dense, .out = shape.dim, .part = 2};
}

static sid__rank_net top_net(const dlrm_options *o, sid__rank_shape shape)
{
    int vectors = vectors_of(shape), width = vectors * (vectors - 1) / 2 + (shape.dense > 0 ? shape.dim : 0);
    return (sid__rank_net){.name = "mlp", .hidden = o->mlp, .in = width, .out = 1, .part = 1};
}

static sid_status declare(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err)
{
    const sid__rank_net bottom = bottom_net(options, shape), top = top_net(options, shape);
    if (shape.dense > 0)
        SID_TRY(sid__rank_net_declare(&bottom, params, err));
    return sid__rank_net_declare(&top, params, err);
}

static void start(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params)
{
    const sid__rank_net bottom = bottom_net(options, shape), top = top_net(options, shape);
    if (shape.dense > 0)
        sid__rank_net_start(&bottom, seed, params);
    sid__rank_net_start(&top, seed, params);
}

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    sid__rank_inputs fields = *in;
    if (!in->item)
        return NULL;
    const sid__rank_shape shape = {
        .dim = in->item->columns, .dense = in->dense ? in->dense->columns : 0, .others = in->other_count};
    const sid__rank_net bottom = bottom_net(options, shape), top = top_net(options, shape);
    fields.dense = in->dense ? sid__rank_net_forward(tape, &bottom, params, in->dense) : NULL;
    sid__value *x = sid__op_pair_dots(tape, sid__rank_side_by_side(tape, &fields), vectors_of(shape));
    if (in->dense)
        x = sid__op_concat(tape, fields.dense, x);
    return sid__op_add(tape, in->linear, sid__rank_net_forward(tape, &top, params, x));
}

const sid__ranker_class sid__ranker_dlrm = {
    .info = {.name = "dlrm",
             .summary = "products of all pairs of vectors, dense inputs among them, and a network over them",
             .paper = "1906.00091",
             .options = option_table,
             .option_count = 2},
    .options_size = sizeof(dlrm_options),
    .declare = declare,
    .start = start,
    .logit = logit};
