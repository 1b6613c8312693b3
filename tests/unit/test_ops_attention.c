/* test_ops_attention.c: attention of ragged sequences beside plain loops in double; the same bits on every path. Gradients are
 * gradcheck's.
 */
#include "tensor/ops_sequence.h"
#include "tensor/positions.h"
#include "tensor_case.h"

/* Sequences of one row, of none, of more than a register. */
static const int64_t begins[] = {0, 1, 1, 6, 39, 41}, key_begins[] = {0, 2, 2, 2, 20, 37};
static const sid__ragged queries = {begins, 5}, keys = {key_begins, 5};
enum { ROWS = 41, KEYS = 37, SIZE = 5, HEADS = 3, DIM = SIZE * HEADS };

/* One row of softmax(scale q k^T + bias) v. */
static void plain(const float *q, const float *k, int64_t k_step, const float *v, int count, double scale,
                  const double *bias, double out[SIZE])
{
    double weight[64], total = 0;
    for (int d = 0; d < SIZE; d++)
        out[d] = 0;
    for (int j = 0; j < count; j++) {
        double score = 0;
        for (int d = 0; d < SIZE; d++)
            score += (double)q[d] * (double)k[j * k_step + d];
        total += weight[j] = exp(scale * score + (bias ? bias[j] : 0));
    }
    for (int j = 0; j < count; j++)
        for (int d = 0; d < SIZE; d++)
            out[d] += weight[j] / total * (double)v[j * k_step + d];
}

static void check_self(const float *qkv, const float *bias, bool is_causal, double scale, const float *seen)
{
    for (int s = 0; s < 5; s++)
        for (int64_t i = begins[s]; i < begins[s + 1]; i++)
            for (int h = 0; h < HEADS; h++) {
                double out[SIZE], shift[64];
                const float *first = qkv + begins[s] * 3 * DIM + (ptrdiff_t)h * SIZE;
                int count = (int)(is_causal ? i + 1 - begins[s] : begins[s + 1] - begins[s]);
                for (int j = 0; j < count && bias; j++)
                    shift[j] = (double)bias[sid__relative_bucket(j - (i - begins[s]), is_causal) * HEADS + h];
                plain(first + (i - begins[s]) * 3 * DIM, first + DIM, 3L * DIM, first + 2L * DIM, count, scale,
                      bias ? shift : NULL, out);
                for (int d = 0; d < SIZE; d++)
                    assert_near(seen[i * DIM + h * SIZE + d], out[d], 2e-6);
            }
}

/* Fails when a sequence sees another's rows, a causal row those after it, a head another's columns, or the bias or the scale is
 * left out. */
static void self_as_plain_loops(void **state)
{
    float data[ROWS * 3 * DIM], bias_data[32 * HEADS];
    sid__value qkv = sid__value_of(data, ROWS, 3 * DIM), bias = sid__value_of(bias_data, 32, HEADS);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(data, (int64_t)ROWS * 3 * DIM, 1);
    fill_uniform(bias_data, 32L * HEADS, 2);
    for (int is_causal = 0; is_causal < 2; is_causal++)
        for (int is_biased = 0; is_biased < 2; is_biased++) {
            sid__attention how = {.heads = HEADS, .is_causal = is_causal, .queries = &queries};
            how.bias = is_biased ? &bias : NULL;
            how.scale = is_biased ? 1 : 0;
            sid__tape tape = sid__tape_begin(ctx, &memory, false);
            const sid__value *y = sid__op_attention(&tape, &qkv, &how);
            assert_true(y->rows == ROWS && y->columns == DIM);
            check_self(data, is_biased ? bias_data : NULL, is_causal, is_biased ? 1 : 1 / sqrt(SIZE), y->data);
        }
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

/* Fails when queries look at keys of another sequence, or those without keys get anything. */
static void cross_as_plain_loops(void **state)
{
    float q_data[ROWS * DIM], kv_data[KEYS * 2 * DIM];
    sid__value q = sid__value_of(q_data, ROWS, DIM), kv = sid__value_of(kv_data, KEYS, 2 * DIM);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(q_data, (int64_t)ROWS * DIM, 3);
    fill_uniform(kv_data, KEYS * 2L * DIM, 4);
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    const sid__value *y = sid__op_cross_attention(
        &tape, &q, &kv, &(sid__attention){.heads = HEADS, .queries = &queries, .keys = &keys, .scale = 0.5});
    for (int s = 0; s < 5; s++)
        for (int64_t i = begins[s]; i < begins[s + 1]; i++)
            for (int h = 0; h < HEADS; h++) {
                double out[SIZE];
                const float *first = kv_data + key_begins[s] * 2 * DIM + (ptrdiff_t)h * SIZE;
                plain(q_data + i * DIM + (ptrdiff_t)h * SIZE, first, 2L * DIM, first + DIM,
                      (int)(key_begins[s + 1] - key_begins[s]), 0.5, NULL, out);
                for (int d = 0; d < SIZE; d++)
                    assert_near(y->data[i * DIM + h * SIZE + d], out[d], 2e-6);
            }
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

/* y and the gradients of qkv and the bias, one after the other. */
static void run(const sid_ctx *ctx, sid__memory *memory, sid__params *params, sid__precision precision,
                bool is_recording, float *out)
{
    static const sid__dropout dropout = {.rate = 0.2, .seed = 4, .layer = 3, .step = 6};
    static float zero_data[ROWS * DIM];
    sid__value zero = sid__value_of(zero_data, ROWS, DIM), *qkv = &params->param[0].value;
    sid__tape tape = sid__tape_begin(ctx, memory, is_recording);
    tape.precision = precision;
    sid__params_clear(params);
    sid__value *y = sid__op_attention(&tape, qkv,
                                      &(sid__attention){.heads = HEADS,
                                                        .is_causal = true,
                                                        .queries = &queries,
                                                        .bias = &params->param[1].value,
                                                        .dropout = &dropout});
    memcpy(out, y->data, ROWS * DIM * sizeof *out);
    if (!is_recording)
        return;
    TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, y, &zero, 1), err));
    memcpy(out + ROWS * DIM, params->grad, (size_t)params->size * sizeof *out);
}

enum { COUNT = ROWS * DIM * 4 + 32 * HEADS + 64 };

static void make_params(sid__params *params)
{
    *params = (sid__params){0};
    (void)add_param(params, "qkv", ROWS, 3 * DIM);
    (void)add_param(params, "bias", 32, HEADS);
    seal_uniform(params, 5);
    assert_true(ROWS * DIM + params->size <= COUNT);
}

static void same_bits_under(sid__precision precision)
{
    static float first[COUNT], seen[COUNT];
    sid__params params;
    sid__memory memory = {0};
    bool is_first = true;
    make_params(&params);
    FOR_EACH_CTX(ctx)
    {
        run(ctx, &memory, &params, precision, true, is_first ? first : seen);
        if (!is_first)
            assert_memory_equal(first, seen, sizeof first);
        is_first = false;
        run(ctx, &memory, &params, precision, false, seen);
        assert_memory_equal(first, seen, ROWS * DIM * sizeof *first);
    }
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when threads, kernel paths or recording change a bit: sums in another order, draws by place in memory. */
static void same_bits(void **state)
{
    (void)state;
    same_bits_under(SID__PRECISION_FP32);
    same_bits_under(SID__PRECISION_BF16);
}

/* Fails when a rounded product takes a factor from another place, or none is rounded. */
static void rounded_is_near(void **state)
{
    static float expected[COUNT], seen[COUNT];
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__params params;
    sid__memory memory = {0};
    double norm = 0, error = 0;
    (void)state;
    make_params(&params);
    run(ctx, &memory, &params, SID__PRECISION_FP32, true, expected);
    run(ctx, &memory, &params, SID__PRECISION_BF16, true, seen);
    for (int i = 0; i < ROWS * DIM + params.size; i++) {
        double d = (double)seen[i] - (double)expected[i];
        norm += (double)expected[i] * (double)expected[i];
        error += d * d;
    }
    assert_true(error > 0 && error <= 1e-4 * norm);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(self_as_plain_loops), cmocka_unit_test(cross_as_plain_loops),
                                       cmocka_unit_test(same_bits), cmocka_unit_test(rounded_is_near)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
