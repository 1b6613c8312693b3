/* test_ops_activation.c: gelu and silu against PyTorch's numbers; what dropout drops. Gradients are gradcheck's. */
#include "tensor_case.h"

/* Fails when a formula is another than PyTorch's (gelu by erf), or relu hides a NaN. */
static void as_pytorch(void **state)
{
    static const double expected[][4] = {
        {0.841344746068543, -0.04550026389635842, 0.34573123063700656, 2.99595030590511},
        {0.7310585786300049, -0.2384058440442351, 0.3112296656009273, 2.8577223804672998}};
    float data[] = {1, -2, 0.5f, 3};
    sid__value x = sid__value_of(data, 1, 4);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    (void)state;
    for (int i = 0; i < 2; i++) {
        const sid__value *y = sid__op_activation(&tape, &x, i ? SID__SILU : SID__GELU);
        for (int j = 0; j < 4; j++)
            assert_near(y->data[j], expected[i][j], 2e-7);
    }
    data[1] = NAN;
    assert_true(isnan(sid__op_activation(&tape, &x, SID__RELU)->data[1]));
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

/* Fails when another share is dropped, what is kept is not scaled, or threads, layers and steps share their draws. */
static void dropout_is_counted(void **state)
{
    enum { ROWS = 500, COLUMNS = 7 };
    float data[ROWS * COLUMNS], first[ROWS * COLUMNS];
    sid__value x = sid__value_of(data, ROWS, COLUMNS);
    sid__memory memory = {0};
    bool is_first = true;
    (void)state;
    for (int i = 0; i < ROWS * COLUMNS; i++)
        data[i] = 1;
    FOR_EACH_CTX(ctx)
    {
        sid__dropout how = {.rate = 0.25, .seed = 3, .layer = 1, .step = 9};
        sid__tape tape = sid__tape_begin(ctx, &memory, false);
        const sid__value *y = sid__op_dropout(&tape, &x, &how);
        if (is_first)
            memcpy(first, y->data, sizeof first);
        is_first = false;
        assert_memory_equal(first, y->data, sizeof first);
        for (int other = 0; other < 3; other++) {
            sid__dropout changed = how;
            changed.layer += other == 0;
            changed.step += other == 1;
            changed.seed += other == 2;
            assert_memory_not_equal(first, sid__op_dropout(&tape, &x, &changed)->data, sizeof first);
        }
        how.rate = 0;
        assert_ptr_equal(sid__op_dropout(&tape, &x, &how), &x);
    }
    int kept = 0;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        assert_true(first[i] == 0 || fabs((double)first[i] - 4.0 / 3) < 1e-6);
        kept += first[i] != 0;
    }
    assert_near((double)kept / (ROWS * COLUMNS), 0.75, 0.03);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_pytorch), cmocka_unit_test(dropout_is_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
