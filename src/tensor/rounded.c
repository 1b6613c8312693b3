/* rounded.c: see rounded.h. */
#include "tensor/rounded.h"

#ifndef SEMID_REAL_IS_DOUBLE

sid__rounded *sid__rounded_none(sid__tape *tape)
{
    sid__rounded *rounded = sid__tape_push(tape, 1, sizeof *rounded);
    if (rounded)
        *rounded = (sid__rounded){0};
    return rounded;
}

void sid__rounded_reserve(sid__tape *tape, int64_t rows, int columns, int layouts, sid__bf16_copy *copy)
{
    copy->row_count = rows;
    copy->columns = columns;
    if (layouts & SID__BY_ROW && !copy->rows)
        copy->rows = sid__tape_push(tape, (size_t)(rows * sid__bf16_row_step(columns)), sizeof *copy->rows);
    if (layouts & SID__BY_PAIR && !copy->pairs)
        copy->pairs = sid__tape_push(tape, (size_t)sid__bf16_pairs_count(rows, columns), sizeof *copy->pairs);
}

/* A value made of another's memory may stand for it in another shape. */
static bool is_of(const sid__rounded *rounded, const sid__value *x)
{
    const sid__bf16_copy *copy = &rounded->copy;
    return (!copy->rows && !copy->pairs) || (copy->row_count == x->rows && copy->columns == x->columns);
}

sid__bf16_copy *sid__rounded_value(sid__tape *tape, sid__value *x, int layouts)
{
    sid__rounded *rounded = x->rounded && is_of(x->rounded, x) ? x->rounded : sid__rounded_none(tape);
    if (!rounded)
        return NULL;
    sid__bf16_copy *copy = &rounded->copy, missing = {.row_count = x->rows, .columns = x->columns};
    int absent = layouts & ~((copy->rows ? SID__BY_ROW : 0) | (copy->pairs ? SID__BY_PAIR : 0));
    sid__rounded_reserve(tape, x->rows, x->columns, absent, &missing);
    if (tape->status != SID_OK)
        return NULL;
    if (absent)
        sid__bf16_round(tape->ctx, x->data, &missing);
    copy->row_count = x->rows;
    copy->columns = x->columns;
    copy->rows = missing.rows ? missing.rows : copy->rows;
    copy->pairs = missing.pairs ? missing.pairs : copy->pairs;
    return copy;
}

static sid__rounded_weights *find(const sid__tape *tape, const sid__value *w)
{
    sid__rounded_weights *found = tape->weights;
    while (found && !(found->data == w->data && found->out == w->rows && found->in == w->columns))
        found = found->before;
    return found;
}

const sid__bf16_weights *sid__rounded_weights_of(sid__tape *tape, const sid__value *w, bool wants_depth)
{
    int out = (int)w->rows, in = w->columns;
    sid__rounded_weights *found = find(tape, w);
    if (found && (found->to.by_depth || !wants_depth))
        return &found->to;
    found = sid__tape_push(tape, 1, sizeof *found);
    uint16_t *lanes = sid__tape_push(tape, (size_t)sid__bf16_pairs_count(in, out), sizeof *lanes), *depths = NULL;
    if (wants_depth)
        depths = sid__tape_push(tape, (size_t)sid__bf16_pairs_count(out, in), sizeof *depths);
    if (tape->status != SID_OK)
        return NULL;
    *found = (sid__rounded_weights){.before = tape->weights, .data = w->data, .out = out, .in = in};
    found->to = (sid__bf16_weights){.by_lane = lanes, .by_depth = depths};
    sid__bf16_round_weights(tape->ctx, w->data, out, in, &found->to);
    tape->weights = found;
    return &found->to;
}

static size_t larger(int64_t a, int64_t b)
{
    return (size_t)(a > b ? a : b);
}

size_t sid__rounded_scratch(int64_t lanes, int64_t depth)
{
    size_t rows = larger(lanes * sid__bf16_row_step((int)depth), depth * sid__bf16_row_step((int)lanes));
    size_t pairs = larger(sid__bf16_pairs_count(depth, (int)lanes), sid__bf16_pairs_count(lanes, (int)depth));
    return rows > pairs ? rows : pairs;
}

/* x (rows, columns) to one of the layouts of `copy`. */
static void round_at(const sid_ctx *ctx, const sid__real_factor *x, const sid__bf16_copy *copy)
{
    const sid__bf16_rows rows = {
        .x = (float *)(uintptr_t)x->data, .x_step = x->step, .rows = copy->row_count, .columns = copy->columns};
    sid__bf16_round_part(ctx, &rows, 0, 0, copy);
}

void sid__multiply_rounded(const sid_ctx *ctx, const sid__real_product *product, uint16_t *scratch_a,
                           uint16_t *scratch_b)
{
    int rows = (int)product->rows, columns = product->columns, depth = product->depth;
    sid__bf16_lanes a;
    if (product->a.is_by_depth) {
        const sid__bf16_copy copy = {.row_count = depth, .columns = rows, .pairs = scratch_a};
        round_at(ctx, &product->a, &copy);
        a = sid__bf16_by_column(&copy);
    } else {
        const sid__bf16_copy copy = {.row_count = rows, .columns = depth, .rows = scratch_a};
        round_at(ctx, &product->a, &copy);
        a = sid__bf16_by_row(&copy);
    }
    if (product->b.is_by_depth)
        round_at(ctx, &product->b, &(sid__bf16_copy){.row_count = depth, .columns = columns, .pairs = scratch_b});
    else
        sid__bf16_round_lanes(ctx, product->b.data, product->b.step, columns, depth, scratch_b);
    sid__bf16_tile_for(ctx->isa)->block(&(sid__bf16_block){.a = a.data,
                                                           .a_lane = a.lane,
                                                           .a_pair = a.pair,
                                                           .a_group = a.group,
                                                           .b = scratch_b,
                                                           .b_group = sid__bf16_pairs_step(depth),
                                                           .c = product->c,
                                                           .c_step = product->c_step ? product->c_step : columns,
                                                           .rows = rows,
                                                           .columns = columns,
                                                           .pairs = (depth + 1) / 2,
                                                           .is_added = product->is_added});
}

#else

size_t sid__rounded_scratch(int64_t lanes, int64_t depth)
{
    return lanes + depth < 0;
}

void sid__multiply_rounded(const sid_ctx *ctx, const sid__real_product *product, uint16_t *scratch_a,
                           uint16_t *scratch_b)
{
    (void)scratch_a;
    (void)scratch_b;
    sid__multiply_real(ctx, product); /* gradcheck: numbers are double */
}

#endif
