/* test_slab.c: rows in blocks that go back to the system. */
#include "table/slab.h"

#include "quant_help.h"

/* Fails when two rows overlap, or when the division by multiplication is off by one at a border of a block. */
static void rows_do_not_overlap(void **state)
{
    static const size_t stride[] = {4, 12, 64, 80, 256, 4100, SID__ROW_SIZE_MAX};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (size_t s = 0; s < sizeof stride / sizeof *stride; s++) {
        sid__slab slab;
        sid__slab_init(ctx, stride[s], &slab);
        uint32_t rows = (uint32_t)slab.block_rows, checked[] = {0, 1, rows - 1, rows, rows + 1, 2 * rows - 1, 2 * rows};
        TEST_OK(sid__slab_reserve(&slab, 2 * (int64_t)rows + 1, err));
        assert_int_equal(slab.blocks, 3);
        for (size_t i = 0; i < sizeof checked / sizeof *checked; i++)
            assert_ptr_equal(sid__slab_row(&slab, checked[i]),
                             slab.block[checked[i] / rows] + checked[i] % rows * stride[s]);
        sid__slab_drop(&slab);
    }
    assert_int_equal(atomic_load(&ctx->reserved_size), 0);
    sid_ctx_free(ctx);
}

/* Fails when the multiplication is inexact for rows near 2^32. */
static void any_row_number_is_divided_right(void **state)
{
    (void)state;
    for (uint64_t d = 2; d <= SID__PAGE_SIZE / 4; d = d * 5 / 3 + 1)
        for (uint64_t row = UINT32_MAX; row > UINT32_MAX - 3 * d; row -= d / 3 + 1)
            assert_int_equal(sid__scale64(UINT64_MAX / d + 1, row), row / d);
}

/* Fails when trimming keeps blocks, when a failure leaves some, or when rows of nothing take memory. */
static void blocks_come_and_go(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__slab slab, none;
    (void)state;
    sid__slab_init(ctx, 1024, &slab);
    sid__slab_init(ctx, 0, &none);
    TEST_OK(sid__slab_reserve(&none, 1000000, err));
    assert_int_equal(sid__slab_size(&none), 0);
    TEST_OK(sid__slab_reserve(&slab, 3 * 2048, err));
    sid__slab_trim(&slab, 2049);
    assert_int_equal(slab.blocks, 2);
    sid_ctx_set_memory_limit(ctx, 4 * SID__PAGE_SIZE);
    assert_int_equal(sid__slab_reserve(&slab, 5 * 2048, NULL), SID_ENOMEM);
    assert_int_equal(slab.blocks, 2);
    sid__mem_fail(1, 1);
    assert_int_equal(sid__slab_reserve(&slab, 4 * 2048, NULL), SID_ENOMEM);
    sid__mem_fail(-1, 0);
    assert_int_equal(slab.blocks, 2);
    assert_int_equal(atomic_load(&ctx->reserved_size), 2 * SID__PAGE_SIZE);
    sid__slab_drop(&slab);
    sid__slab_drop(&none);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_do_not_overlap),
        cmocka_unit_test(any_row_number_is_divided_right),
        cmocka_unit_test(blocks_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
