/* test_ops_sampled_loss.c: samples by row and shared ones give the same; the same bits on every path. PyTorch's numbers are in
 * test_ops_golden, gradients in gradcheck.
 */
#include "tensor/ops_sequence.h"
#include "tensor_case.h"

enum { ROWS = 150, DIM = 7, ITEMS = 60, SAMPLES = 33, SIZE = ROWS * DIM + ITEMS * DIM };

static float run(const sid_ctx *ctx, sid__params *params, sid__memory *memory, sid__sampled_kind kind, bool is_by_row)
{
    static int32_t target[ROWS], sample[ROWS * SAMPLES];
    for (int i = 0; i < ROWS; i++)
        target[i] = i % 9 == 4 ? -1 : i * 7 % ITEMS;
    for (int i = 0; i < ROWS * SAMPLES; i++)
        sample[i] = i % SAMPLES * 3 % ITEMS;
    sid__tape tape = sid__tape_begin(ctx, memory, true);
    sid__params_clear(params);
    sid__value *loss = sid__op_sampled_loss(
        &tape, &params->param[0].value, &params->param[1].value, target,
        &(sid__negatives){
            .kind = kind, .item = sample, .count = SAMPLES, .is_by_row = is_by_row, .calibration = 0.75, .penalty = 1},
        0.01);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    return loss->data[0];
}

/* Fails when the two ways to sample give different losses or gradients, or a path other bits. */
static void two_ways(void **state)
{
    static float first[4][2][SIZE + 64];
    float loss[4][2] = {{0}};
    sid__params params = {0};
    sid__memory memory = {0};
    (void)state;
    (void)add_param(&params, "h", ROWS, DIM);
    (void)add_param(&params, "table", ITEMS, DIM);
    seal_uniform(&params, 1);
    FOR_EACH_CTX(ctx)
    {
        for (int kind = 0; kind < 4; kind++)
            for (int way = 0; way < 2; way++) {
                float seen = run(ctx, &params, &memory, (sid__sampled_kind)kind, way);
                size_t size = (size_t)params.size * sizeof(float);
                if (loss[kind][way] == 0)
                    memcpy(first[kind][way], params.grad, size);
                else
                    assert_true(seen == loss[kind][way]);
                loss[kind][way] = seen;
                assert_memory_equal(first[kind][way], params.grad, size);
            }
    }
    for (int kind = 0; kind < 4; kind++) {
        assert_near(loss[kind][0], loss[kind][1], 2e-6 * fabs((double)loss[kind][0]));
        for (int64_t i = 0; i < params.size; i++)
            assert_near(first[kind][0][i], first[kind][1][i], 2e-6);
    }
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when a row all of whose samples are its target counts, or its gradient is not 0. */
static void no_sample_left(void **state)
{
    static const int32_t target[] = {1, 2}, sample[] = {1, 1};
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    (void)add_param(&params, "h", 2, 3);
    (void)add_param(&params, "table", 3, 3);
    seal_uniform(&params, 2);
    for (int kind = 0; kind < 4; kind++) {
        const sid__negatives negatives = {.kind = (sid__sampled_kind)kind, .item = sample, .count = 2};
        sid__tape tape = sid__tape_begin(ctx, &memory, true);
        sid__params_clear(&params);
        sid__value *loss =
            sid__op_sampled_loss(&tape, &params.param[0].value, &params.param[1].value, target, &negatives, 1);
        TEST_OK(sid__tape_backward(&tape, loss, err));
        assert_true(isfinite(loss->data[0]) && params.grad[3] != 0);
        for (int d = 0; d < 3; d++)
            assert_true(params.grad[d] == 0 && params.param[1].value.grad[d] == 0);
    }
    sid__params_drop(&params);
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_ways), cmocka_unit_test(no_sample_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
