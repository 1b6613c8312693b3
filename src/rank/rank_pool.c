/* rank_pool.c: see rank_pool.h. */
#include "rank/rank_pool.h"

#include <stdio.h>

#include "rank/ranker_parts.h"
#include "tensor/ops_rank.h"

enum { DIN_WIDE = 80, DIN_NARROW = 40, SEEDS = 32 };

const char *const sid__pooling_name[SID__POOL_COUNT] = {
#define POOL_NAME(name, text) text,
    SID__POOL_LIST(POOL_NAME)
#undef POOL_NAME
};

static const char *named(char text[SID__PARAM_NAME_SIZE], const char *name, const char *part)
{
    (void)snprintf(text, SID__PARAM_NAME_SIZE, "%s.%s", name, part);
    return text;
}

typedef struct part {
    const char *name;
    int rows, columns; /* 0: an item's width; -4: four times that; -2: twice */
} part;

static const part din_parts[] = {{"0.weight", DIN_WIDE, -4},  {"0.bias", 1, DIN_WIDE},
                                 {"0.slope", 1, DIN_WIDE},    {"1.weight", DIN_NARROW, DIN_WIDE},
                                 {"1.bias", 1, DIN_NARROW},   {"1.slope", 1, DIN_NARROW},
                                 {"2.weight", 1, DIN_NARROW}, {"2.bias", 1, 1}};
static const part pma_parts[] = {{"seeds", SEEDS, 0}, {"kv", -2, 0}, {"out.weight", 0, 0}, {"out.bias", 1, 0}};

static int parts_of(sid__pooling_kind kind, const part **out)
{
    *out = kind == SID__POOL_DIN ? din_parts : pma_parts;
    if (kind == SID__POOL_DIN)
        return (int)(sizeof din_parts / sizeof *din_parts);
    return kind == SID__POOL_PMA ? (int)(sizeof pma_parts / sizeof *pma_parts) : 0;
}

static int size_of(int size, int dim)
{
    return size > 0 ? size : size < 0 ? -size * dim : dim;
}

sid_status sid__pooling_declare(sid__pooling_kind kind, const char *name, int dim, sid__params *params, sid_error *err)
{
    const part *parts;
    int count = parts_of(kind, &parts);
    char text[SID__PARAM_NAME_SIZE];
    for (int i = 0; i < count; i++)
        SID_TRY(sid__rank_add(named(text, name, parts[i].name), size_of(parts[i].rows, dim),
                              size_of(parts[i].columns, dim), params, err));
    return SID_OK;
}

/* Matrices as PyTorch starts linear layers, slopes .25, biases 0. The row of three widths that gives a_j starts as one. */
void sid__pooling_start(sid__pooling_kind kind, const char *name, uint64_t seed, sid__params *params)
{
    const part *parts;
    int count = parts_of(kind, &parts);
    char text[SID__PARAM_NAME_SIZE];
    for (int i = 0; i < count; i++) {
        int index = sid__params_find(params, named(text, name, parts[i].name));
        const sid__value *value = &params->param[index].value;
        bool is_slope = parts[i].name[2] == 's' && kind == SID__POOL_DIN;
        if (value->rows > 1 || parts[i].name[2] == 'w')
            sid__rank_start_matrix(params, index, seed);
        for (int d = 0; is_slope && d < value->columns; d++)
            value->data[d] = (sid__real)0.25;
    }
}

/* ---- Without parameters ---- */

static sid__value *pool_sum(sid__tape *tape, const sid__pooled *in)
{
    int32_t *row = sid__tape_push(tape, (size_t)in->past->rows, sizeof *row);
    for (int64_t i = 0; row && i < in->past->rows; i++)
        row[i] = (int32_t)i;
    return row ? sid__op_bag(tape, in->past, &(sid__bags){in->pasts->begin, row, in->pasts->count}) : NULL;
}

static sid__value *pool_last(sid__tape *tape, const sid__pooled *in)
{
    int64_t count = in->pasts->count, *begin = sid__tape_push(tape, (size_t)count + 1, sizeof *begin);
    int32_t *row = sid__tape_push(tape, (size_t)count, sizeof *row);
    if (!begin || !row)
        return NULL;
    for (int64_t i = 0; i <= count; i++)
        begin[i] = i;
    for (int64_t i = 0; i < count; i++)
        row[i] = in->pasts->begin[i + 1] > in->pasts->begin[i] ? (int32_t)(in->pasts->begin[i + 1] - 1) : -1;
    return sid__op_bag(tape, in->past, &(sid__bags){begin, row, count});
}

/* ---- With them ---- */

static sid__value *layer(sid__tape *tape, sid__params *params, const char *name, int index, sid__value *x)
{
    char weight[SID__PARAM_NAME_SIZE], bias[SID__PARAM_NAME_SIZE], slope[SID__PARAM_NAME_SIZE];
    (void)snprintf(weight, sizeof weight, "%s.%d.weight", name, index);
    (void)snprintf(bias, sizeof bias, "%s.%d.bias", name, index);
    (void)snprintf(slope, sizeof slope, "%s.%d.slope", name, index);
    sid__value *y =
        sid__op_linear(tape, x, sid__rank_param(params, weight), sid__rank_param(params, bias), SID__NO_ACTIVATION);
    return index < 2 ? sid__op_prelu(tape, y, sid__rank_param(params, slope)) : y;
}

static sid__value *pool_din(const char *name, sid__params *params, sid__tape *tape, const sid__pooled *in)
{
    sid__value *t = sid__op_gather(tape, in->target, in->of, in->past->rows);
    sid__value *less = sid__op_add(tape, in->past, sid__op_scale(tape, t, -1));
    sid__value *x = sid__op_concat(tape, sid__op_concat(tape, in->past, t),
                                   sid__op_concat(tape, less, sid__op_multiply(tape, in->past, t)));
    for (int i = 0; i < 3; i++)
        x = layer(tape, params, name, i, x);
    if (x && in->look)
        sid__attention_look_at(in->look, in->pasts, x->data);
    sid__value *weighed = sid__op_weigh_rows(tape, in->past, x);
    sid__pooled of = {.past = weighed, .pasts = in->pasts};
    return weighed ? pool_sum(tape, &of) : NULL;
}

static sid__value *pool_pma(const char *name, sid__params *params, sid__tape *tape, const sid__pooled *in)
{
    char text[SID__PARAM_NAME_SIZE];
    int64_t count = in->pasts->count, *begin = sid__tape_push(tape, (size_t)count + 1, sizeof *begin);
    int32_t *row = sid__tape_push(tape, (size_t)count * SEEDS, sizeof *row);
    sid__ragged *seeds = sid__tape_push(tape, 1, sizeof *seeds);
    if (!begin || !row || !seeds)
        return NULL;
    for (int64_t i = 0; i <= count; i++)
        begin[i] = i * SEEDS;
    for (int64_t i = 0; i < count * SEEDS; i++)
        row[i] = (int32_t)(i % SEEDS);
    *seeds = (sid__ragged){.begin = begin, .count = count};
    sid__value *q = sid__op_gather(tape, sid__rank_param(params, named(text, name, "seeds")), row, count * SEEDS);
    sid__value *kv =
        sid__op_linear(tape, in->past, sid__rank_param(params, named(text, name, "kv")), NULL, SID__NO_ACTIVATION);
    if (kv && in->look &&
        !sid__attention_look_softmax(in->look, tape, in->pasts, sid__rank_param(params, named(text, name, "seeds")),
                                     kv))
        return NULL;
    sid__value *seen =
        sid__op_cross_attention(tape, q, kv, &(sid__attention){.heads = 1, .queries = seeds, .keys = in->pasts});
    sid__value *h = sid__op_add(tape, q, seen);
    sid__value *w = sid__rank_param(params, named(text, name, "out.weight"));
    sid__value *more = sid__op_linear(tape, h, w, sid__rank_param(params, named(text, name, "out.bias")), SID__RELU);
    return sid__op_mean_pool(tape, sid__op_add(tape, h, more), seeds);
}

sid__value *sid__pooling_forward(sid__pooling_kind kind, const char *name, sid__params *params, sid__tape *tape,
                                 const sid__pooled *in)
{
    if (!in->past || !in->target)
        return NULL;
    switch (kind) {
    case SID__POOL_SUM:
        return pool_sum(tape, in);
    case SID__POOL_LAST:
        return pool_last(tape, in);
    case SID__POOL_DIN:
        return pool_din(name, params, tape, in);
    case SID__POOL_PMA:
        return pool_pma(name, params, tape, in);
    case SID__POOL_MEAN:
    case SID__POOL_COUNT:
        break;
    }
    return sid__op_mean_pool(tape, in->past, in->pasts);
}
