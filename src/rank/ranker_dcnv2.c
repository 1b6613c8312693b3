/* ranker_dcnv2.c: deep and cross network, version 2 (2008.13535): x_{l+1} = x_0 (W_l x_l + b_l) + x_l, element by element; behind
 * it (stacked) or beside it (parallel) a network, then one linear layer.
 */
#include <stddef.h>
#include <stdio.h>

#include "rank/ranker_parts.h"
#include "tensor/ops_rank.h"

enum { STACKED, PARALLEL };

typedef struct dcnv2_options {
    int64_t cross, rank;
    int structure;
    char mlp[SID__OPTION_TEXT_SIZE];
} dcnv2_options;

#define AT(field) offsetof(dcnv2_options, field)
static const sid_option option_table[] = {
    {"cross", SID_OPTION_INT, "3", 1, 16, NULL, "cross layers", AT(cross)},
    {"rank", SID_OPTION_INT, "0", 0, 4096, NULL, "of W = U V^T in a cross layer; 0: W whole", AT(rank)},
    {"structure", SID_OPTION_CHOICE, "parallel", 0, 0, "stacked|parallel",
     "the network behind the cross layers, or beside", AT(structure)},
    {"mlp", SID_OPTION_TEXT, "256,128", 0, 0, NULL, "widths of the network", AT(mlp)}};
#undef AT

static sid__rank_net deep_net(const sid__rank_tower *deep, sid__rank_shape shape)
{
    return (sid__rank_net){
        .name = "mlp", .hidden = deep->hidden, .in = sid__rank_width(shape), .out = deep->out, .part = 1};
}

static sid_status add(sid__params *params, const char *name, int layer, int rows, int columns, sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    sid__param like = {.value = {.rows = rows, .columns = columns}, .is_vector = rows == 1};
    (void)snprintf(text, sizeof text, "cross.%d.%s", layer, name);
    return sid__params_add(params, &like, text, err);
}

static sid_status declare(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err)
{
    const dcnv2_options *o = options;
    int width = sid__rank_width(shape), rank = (int)o->rank;
    sid__rank_tower deep;
    SID_TRY(sid__rank_tower_of("mlp", o->mlp, &deep, err));
    for (int l = 0; l < (int)o->cross; l++) {
        if (rank > 0)
            SID_TRY(add(params, "v", l, rank, width, err));
        SID_TRY(add(params, rank > 0 ? "u" : "weight", l, width, rank > 0 ? rank : width, err));
        SID_TRY(add(params, "bias", l, 1, width, err));
    }
    const sid__rank_net net = deep_net(&deep, shape);
    SID_TRY(sid__rank_net_declare(&net, params, err));
    SID_TRY(sid__params_add(
        params, &(sid__param){.value = {.rows = 1, .columns = o->structure == STACKED ? deep.out : width + deep.out}},
        "out.weight", err));
    return sid__params_add(params, &(sid__param){.value = {.rows = 1, .columns = 1}, .is_vector = true}, "out.bias",
                           err);
}

static void start(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params)
{
    const dcnv2_options *o = options;
    sid__rank_tower deep;
    if (sid__rank_tower_of("mlp", o->mlp, &deep, NULL) != SID_OK)
        return;
    const sid__rank_net net = deep_net(&deep, shape);
    sid__rank_net_start(&net, seed, params);
    for (int i = 0; i < params->count; i++) {
        const char *name = params->param[i].name;
        if ((name[0] == 'c' && name[1] == 'r' && !params->param[i].is_vector) ||
            i == sid__params_find(params, "out.weight"))
            sid__rank_start_matrix(params, i, seed);
    }
}

static sid__value *param(sid__params *params, const char *name, int layer)
{
    char text[SID__PARAM_NAME_SIZE];
    (void)snprintf(text, sizeof text, "cross.%d.%s", layer, name);
    return &params->param[sid__params_find(params, text)].value;
}

static sid__value *cross(const dcnv2_options *o, sid__params *params, sid__tape *tape, sid__value *first)
{
    sid__value *x = first;
    for (int l = 0; l < (int)o->cross; l++) {
        sid__value *inner = x;
        if (o->rank > 0)
            inner = sid__op_linear(tape, inner, param(params, "v", l), NULL, SID__NO_ACTIVATION);
        inner = sid__op_linear(tape, inner, param(params, o->rank > 0 ? "u" : "weight", l), param(params, "bias", l),
                               SID__NO_ACTIVATION);
        x = sid__op_add(tape, sid__op_multiply(tape, first, inner), x);
    }
    return x;
}

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    const dcnv2_options *o = options;
    sid__value *first = sid__rank_side_by_side(tape, in);
    sid__value *crossed = cross(o, params, tape, first);
    sid__rank_tower tower;
    if (!first || sid__rank_tower_of("mlp", o->mlp, &tower, NULL) != SID_OK)
        return NULL;
    const sid__rank_net net = {.name = "mlp", .hidden = tower.hidden, .in = first->columns, .out = tower.out};
    sid__value *deep = sid__rank_net_forward(tape, &net, params, o->structure == STACKED ? crossed : first);
    deep = sid__op_activation(tape, deep, SID__RELU);
    sid__value *both = o->structure == STACKED ? deep : sid__op_concat(tape, crossed, deep);
    sid__value *out = sid__op_linear(tape, both, &params->param[sid__params_find(params, "out.weight")].value,
                                     &params->param[sid__params_find(params, "out.bias")].value, SID__NO_ACTIVATION);
    return sid__op_add(tape, in->linear, out);
}

const sid__ranker_class sid__ranker_dcnv2 = {.info = {.name = "dcnv2",
                                                      .summary = "deep and cross network, version 2",
                                                      .paper = "2008.13535",
                                                      .options = option_table,
                                                      .option_count = 4},
                                             .options_size = sizeof(dcnv2_options),
                                             .declare = declare,
                                             .start = start,
                                             .logit = logit};
