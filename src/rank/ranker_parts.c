/* ranker_parts.c: see ranker_parts.h. */
#include "rank/ranker_parts.h"

#include "tensor/ops_rank.h"

static const char mlp_name[] = "mlp";

sid__value *sid__rank_pairs(sid__tape *tape, const sid__rank_inputs *in)
{
    sid__value *of_user = sid__op_row_dot(tape, in->user, sid__op_add(tape, in->item, in->history));
    return sid__op_add(tape, of_user, sid__op_row_dot(tape, in->item, in->history));
}

sid__value *sid__rank_side_by_side(sid__tape *tape, const sid__rank_inputs *in)
{
    sid__value *x = sid__op_concat(tape, sid__op_concat(tape, in->user, in->item), in->history);
    return in->dense ? sid__op_concat(tape, x, in->dense) : x;
}

int sid__rank_width(sid__rank_shape shape)
{
    return 3 * shape.dim + shape.dense;
}

static sid_status shape_of(const char *hidden, int in, int out, sid__mlp_shape *shape, sid_error *err)
{
    return sid__mlp_shape_parse("mlp", hidden, in, out, shape, err);
}

/* The first parameter; the family declared it, so it is there. */
static int first_of(const sid__params *params)
{
    return sid__params_find(params, "mlp.0.weight");
}

sid_status sid__rank_mlp_declare(const char *hidden, int in, int out, sid__params *params, sid_error *err)
{
    sid__mlp_shape shape;
    int first = 0;
    SID_TRY(shape_of(hidden, in, out, &shape, err));
    return sid__mlp_declare(params, mlp_name, &shape, false, &first, err);
}

void sid__rank_mlp_start(const char *hidden, int in, int out, uint64_t seed, sid__params *params)
{
    sid__mlp_shape shape;
    if (shape_of(hidden, in, out, &shape, NULL) == SID_OK)
        sid__mlp_start(params, first_of(params), &shape, seed, 1);
}

sid__value *sid__rank_mlp(sid__tape *tape, const char *hidden, int out, sid__params *params, sid__value *x)
{
    sid__mlp_shape shape;
    if (!x || shape_of(hidden, x->columns, out, &shape, NULL) != SID_OK)
        return NULL;
    return sid__mlp_forward(tape, params, first_of(params), &shape, x);
}
