/* test_real_product.c: the products of tensor/ are those of linalg/gemm.h: in which way a factor lies, and adding. */
#include "tensor/real_product.h"

#include "tensor_case.h"

/* Fails when a factor is read the wrong way round, or what c holds is lost or kept by mistake. */
static void factors_lie_as_said(void **state)
{
    static const float a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 2, 1, 3, 1}; /* (2, 3); (3, 2), and both transposed */
    static const float by_lane_a[] = {1 + 4 + 9, 0 + 2 + 3, 4 + 10 + 18, 0 + 5 + 6};
    float c[4] = {100, 100, 100, 100};
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__real_product product = {.a = {a, 3, false}, .b = {b, 2, true}, .c = c, .rows = 2, .columns = 2, .depth = 3};
    (void)state;
    sid__multiply_real(ctx, &product);
    for (int i = 0; i < 4; i++)
        assert_near(c[i], by_lane_a[i], 0);
    product.is_added = true;
    sid__multiply_real(ctx, &product);
    for (int i = 0; i < 4; i++)
        assert_near(c[i], 2 * by_lane_a[i], 0);
    /* a seen as (3, 2) stored by depth: element (depth p, row i) is a[p * 2 + i]; b as one column by lane */
    product = (sid__real_product){.a = {a, 2, true}, .b = {b, 3, false}, .c = c, .rows = 2, .columns = 1, .depth = 3};
    sid__multiply_real(ctx, &product);
    assert_true(c[0] == 1 * 1 + 3 * 0 + 5 * 2 && c[1] == 2 * 1 + 4 * 0 + 6 * 2);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(factors_lie_as_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
