/* test_scatter.c: rows added to a table beside a plain loop in the order of the uses. */
#include "tensor/scatter.h"

#include "tensor_case.h"

enum { ROWS = 1500, DIM = 3, USES = 4000, GRADS = USES / 2 };

/* Fails when a use is left out, counted twice, added in another order, or an unused row keeps what it held. */
static void as_a_plain_loop(void **state)
{
    static float grad[ROWS * DIM], expected[ROWS * DIM], g[GRADS * DIM], weight[2 * USES];
    static int32_t row[USES];
    (void)state;
    fill_uniform(g, (int64_t)GRADS * DIM, 1);
    fill_uniform(weight, 2L * USES, 2);
    for (int i = 0; i < USES; i++)
        row[i] = i % 11 == 0 ? -1 : (i * 7919) % 300 * 5;
    FOR_EACH_CTX(ctx)
    {
        sid__value table = {.grad = grad, .rows = ROWS, .columns = DIM};
        memset(expected, 0, sizeof expected);
        memset(grad, 1, sizeof grad);
        for (int twice = 0; twice < 2; twice++) {
            sid__scatter_rows(
                ctx,
                &(sid__scatter){
                    .row = row, .count = USES, .g = g, .each = 2, .weight = twice ? weight : NULL, .weight_step = 2},
                &table);
            for (int i = 0; i < USES; i++)
                for (int d = 0; d < DIM && row[i] >= 0; d++)
                    expected[row[i] * DIM + d] += (twice ? weight[2 * i] : 1) * g[i / 2 * DIM + d];
            assert_true(table.has_grad);
            assert_memory_equal(grad, expected, sizeof grad);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_a_plain_loop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
