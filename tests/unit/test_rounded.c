/* test_rounded.c: bf16 copies: made once, of the right value, and not kept where it may change. */
#include "tensor/rounded.h"
#include "tensor_case.h"

enum { ROWS = 5, COLUMNS = 18 };

/* Fails when a value of the tape is rounded twice, or a layout that is wanted later is not added. */
static void a_value_is_rounded_once(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__memory memory = {0};
    (void)state;
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    tape.precision = SID__PRECISION_BF16;
    sid__value *x = sid__tape_value(&tape, ROWS, COLUMNS, true);
    fill_uniform(x->data, ROWS * COLUMNS, 1);
    const sid__bf16_copy *rows = sid__rounded_value(&tape, x, SID__BY_ROW);
    const uint16_t *first = rows->rows;
    assert_non_null(first);
    assert_null(rows->pairs);
    x->data[0] = 100; /* a copy made anew would show it */
    const sid__bf16_copy *both = sid__rounded_value(&tape, x, SID__BY_ROW | SID__BY_PAIR);
    assert_ptr_equal(both->rows, first);
    assert_true(both->rows[0] != 0x42C8 && both->pairs[0] == 0x42C8);
    sid__value turned = *x; /* the same memory in another shape */
    turned.rows = COLUMNS;
    turned.columns = ROWS;
    const sid__bf16_copy *other = sid__rounded_value(&tape, &turned, SID__BY_ROW);
    assert_int_equal(other->row_count, COLUMNS);
    assert_int_equal(other->rows[0], 0x42C8);
    sid_ctx_free(ctx);
    sid__memory_drop(&memory);
}

/* Fails when a caller's value is remembered, which may be another by the next op. */
static void a_callers_value_is_not_kept(void **state)
{
    float data[ROWS * COLUMNS] = {1};
    sid__value x = sid__value_of(data, ROWS, COLUMNS);
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__memory memory = {0};
    (void)state;
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    tape.precision = SID__PRECISION_BF16;
    assert_int_equal(sid__rounded_value(&tape, &x, SID__BY_ROW)->rows[0], 0x3F80);
    data[0] = 2;
    assert_int_equal(sid__rounded_value(&tape, &x, SID__BY_ROW)->rows[0], 0x4000);
    assert_null(x.rounded);
    sid_ctx_free(ctx);
    sid__memory_drop(&memory);
}

/* Fails when weights are rounded at every use, when another's are found, or when the layout of the way back is missing. */
static void weights_are_rounded_once_a_tape(void **state)
{
    float data[2][ROWS * COLUMNS] = {{1}, {2}};
    sid__value w = sid__value_of(data[0], ROWS, COLUMNS), other = sid__value_of(data[1], ROWS, COLUMNS);
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__memory memory = {0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        sid__tape tape = sid__tape_begin(ctx, &memory, false);
        data[0][0] = (float)(1 + 3 * i);
        const sid__bf16_weights *first = sid__rounded_weights_of(&tape, &w, false);
        assert_int_equal(first->by_lane[0], i ? 0x4080 : 0x3F80);
        assert_null(first->by_depth);
        assert_int_equal(sid__rounded_weights_of(&tape, &other, false)->by_lane[0], 0x4000);
        assert_ptr_equal(sid__rounded_weights_of(&tape, &w, false), first);
        const sid__bf16_weights *whole = sid__rounded_weights_of(&tape, &w, true);
        assert_int_equal(whole->by_depth[0], first->by_lane[0]);
        assert_ptr_equal(sid__rounded_weights_of(&tape, &w, false), whole);
    }
    sid_ctx_free(ctx);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_value_is_rounded_once),
                                       cmocka_unit_test(a_callers_value_is_not_kept),
                                       cmocka_unit_test(weights_are_rounded_once_a_tape)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
