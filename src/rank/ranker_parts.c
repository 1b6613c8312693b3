/* ranker_parts.c: see ranker_parts.h. */
#include "rank/ranker_parts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "tensor/ops_rank.h"

sid__value *sid__rank_pairs(sid__tape *tape, const sid__rank_inputs *in)
{
    sid__value *of_user = sid__op_row_dot(tape, in->user, sid__op_add(tape, in->item, in->history));
    sid__value *sum = sid__op_add(tape, of_user, sid__op_row_dot(tape, in->item, in->history));
    sid__value *before = in->other_count ? sid__op_add(tape, sid__op_add(tape, in->user, in->item), in->history) : NULL;
    for (int i = 0; i < in->other_count; i++) {
        sum = sid__op_add(tape, sum, sid__op_row_dot(tape, before, in->other[i]));
        before = i + 1 < in->other_count ? sid__op_add(tape, before, in->other[i]) : before;
    }
    return sum;
}

sid__value *sid__rank_side_by_side(sid__tape *tape, const sid__rank_inputs *in)
{
    sid__value *x = sid__op_concat(tape, sid__op_concat(tape, in->user, in->item), in->history);
    for (int i = 0; i < in->other_count; i++)
        x = sid__op_concat(tape, x, in->other[i]);
    return in->dense ? sid__op_concat(tape, x, in->dense) : x;
}

int sid__rank_width(sid__rank_shape shape)
{
    return (3 + shape.others) * shape.dim + shape.dense;
}

/* ---- Networks ---- */

static sid_status shape_of(const sid__rank_net *net, sid__mlp_shape *shape, sid_error *err)
{
    return sid__mlp_shape_parse(net->name, net->hidden, net->in, net->out, shape, err);
}

/* The first parameter; the family declared it, so it is there. */
static int first_of(const sid__rank_net *net, const sid__params *params)
{
    char text[SID__PARAM_NAME_SIZE];
    (void)snprintf(text, sizeof text, "%s.0.weight", net->name);
    int first = sid__params_find(params, text);
    assert(first >= 0);
    return first;
}

sid_status sid__rank_net_declare(const sid__rank_net *net, sid__params *params, sid_error *err)
{
    sid__mlp_shape shape;
    int first = 0;
    SID_TRY(shape_of(net, &shape, err));
    return sid__mlp_declare(params, net->name, &shape, false, &first, err);
}

void sid__rank_net_start(const sid__rank_net *net, uint64_t seed, sid__params *params)
{
    sid__mlp_shape shape;
    if (shape_of(net, &shape, NULL) == SID_OK)
        sid__mlp_start(params, first_of(net, params), &shape, seed, net->part);
}

sid__value *sid__rank_net_forward(sid__tape *tape, const sid__rank_net *net, sid__params *params, sid__value *x)
{
    sid__mlp_shape shape;
    if (!x || shape_of(net, &shape, NULL) != SID_OK)
        return NULL;
    assert(x->columns == net->in);
    return sid__mlp_forward(tape, params, first_of(net, params), &shape, x);
}

sid_status sid__rank_tower_of(const char *option, const char *widths, sid__rank_tower *out, sid_error *err)
{
    sid__mlp_shape shape;
    SID_TRY(sid__mlp_shape_parse(option, widths, 1, 1, &shape, err));
    if (shape.layers < 2)
        return sid__fail(err, SID_EUSAGE, "%s is \"\"; widths such as 256,128 are expected", option);
    const char *last = strrchr(widths, ',');
    (void)snprintf(out->hidden, sizeof out->hidden, "%.*s", last ? (int)(last - widths) : 0, widths);
    out->out = shape.width[shape.layers - 1];
    return SID_OK;
}

/* ---- Parameters ---- */

sid_status sid__rank_add(const char *name, int rows, int columns, sid__params *params, sid_error *err)
{
    sid__param like = {.value = {.rows = rows, .columns = columns}, .is_vector = rows == 1};
    return sid__params_add(params, &like, name, err);
}

sid__value *sid__rank_param(sid__params *params, const char *name)
{
    int index = sid__params_find(params, name);
    assert(index >= 0);
    return &params->param[index].value;
}

void sid__rank_start_matrix(sid__params *params, int index, uint64_t seed)
{
    const sid__param *p = &params->param[index];
    double bound = 1 / sqrt((double)p->value.columns);
    for (int64_t i = 0; i < p->value.rows * p->value.columns; i++)
        p->value.data[i] =
            (sid__real)(bound *
                        (2 * sid__philox_uniform(seed, SID__STREAM_WEIGHTS, (uint64_t)index << 40 | (uint64_t)i) - 1));
}
