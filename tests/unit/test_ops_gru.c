/* test_ops_gru.c: a GRU of many sequences beside each of them alone. PyTorch's numbers are in test_ops_golden, gradients in
 * gradcheck.
 */
#include "tensor/ops_sequence.h"
#include "tensor_case.h"

enum { SEQUENCES = 70, INPUTS = 5, SIZE = 19, ROWS_MAX = SEQUENCES * 9 };

/* Fails when a state passes from one sequence to another, rows of a group are mixed up, or its size changes a bit. */
static void each_as_alone(void **state)
{
    static float data[ROWS_MAX * INPUTS];
    sid__params params = {0};
    sid__memory memory = {0}, other = {0};
    int64_t begin[SEQUENCES + 1] = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (int s = 0; s < SEQUENCES; s++)
        begin[s + 1] = begin[s] + s * 5 % 9;
    fill_uniform(data, (int64_t)ROWS_MAX * INPUTS, 1);
    (void)add_param(&params, "w_ih", 3L * SIZE, INPUTS);
    (void)add_param(&params, "w_hh", 3L * SIZE, SIZE);
    (void)add_param(&params, "b_ih", 1, 3 * SIZE);
    (void)add_param(&params, "b_hh", 1, 3 * SIZE);
    seal_uniform(&params, 2);
    const sid__gru cell = {&params.param[0].value, &params.param[1].value, &params.param[2].value,
                           &params.param[3].value};
    sid__value x = sid__value_of(data, begin[SEQUENCES], INPUTS);
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    const sid__value *all = sid__op_gru(&tape, &x, &cell, &(sid__ragged){begin, SEQUENCES});
    for (int s = 0; s < SEQUENCES; s++) {
        int64_t rows = begin[s + 1] - begin[s], alone[] = {0, rows};
        sid__value part = sid__value_of(data + begin[s] * INPUTS, rows, INPUTS);
        sid__tape own = sid__tape_begin(ctx, &other, false);
        const sid__value *y = sid__op_gru(&own, &part, &cell, &(sid__ragged){alone, 1});
        assert_memory_equal(y->data, all->data + begin[s] * SIZE, (size_t)rows * SIZE * sizeof(float));
    }
    assert_null(sid__op_gru(&tape, NULL, &cell, &(sid__ragged){begin, SEQUENCES}));
    sid__params_drop(&params);
    sid__memory_drop(&memory);
    sid__memory_drop(&other);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_as_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
