/* test_ops_golden.c: ops of sequence models beside PyTorch in float64, padded there, ragged here (tests/golden/make_ops.py): outputs
 * and losses within 2e-5 of their norm, gradients within 1e-4.
 */
#include "ops_golden.h"
#include "tensor/ops_sequence.h"
#include "tensor_case.h"

enum { INPUTS_MAX = 5, ITEMS = 11, STATES = 6, SAMPLES = 5 };

typedef struct golden_case {
    const char *name;
    const float *golden; /* output, then gradients */
    size_t golden_count;
    struct {
        int rows, columns;
        double scale;
    } in[INPUTS_MAX]; /* until rows 0 */
    sid__value *(*run)(sid__tape *tape, sid__value *const *in);
} golden_case;

static const int64_t begins[] = {0, 1, 4, 22}, key_begins[] = {0, 2, 7, 8};
static const sid__ragged queries = {begins, 3}, keys = {key_begins, 3};

static sid__value *attend(sid__tape *tape, sid__value *const *in, bool is_causal, bool is_biased, double rope_base)
{
    return sid__op_attention(tape, in[0],
                             &(sid__attention){.heads = 2,
                                               .is_causal = is_causal,
                                               .queries = &queries,
                                               .scale = is_biased ? 1 : 0,
                                               .bias = is_biased ? in[1] : NULL,
                                               .rope_base = rope_base});
}

static sid__value *attention_both(sid__tape *tape, sid__value *const *in)
{
    return attend(tape, in, false, false, 0);
}

static sid__value *attention_causal(sid__tape *tape, sid__value *const *in)
{
    return attend(tape, in, true, false, 0);
}

static sid__value *attention_bias_both(sid__tape *tape, sid__value *const *in)
{
    return attend(tape, in, false, true, 0);
}

static sid__value *attention_bias_causal(sid__tape *tape, sid__value *const *in)
{
    return attend(tape, in, true, true, 0);
}

static sid__value *attention_rotary(sid__tape *tape, sid__value *const *in)
{
    return attend(tape, in, true, false, 100);
}

static sid__value *cross_attention(sid__tape *tape, sid__value *const *in)
{
    return sid__op_cross_attention(tape, in[0], in[1],
                                   &(sid__attention){.heads = 2, .queries = &queries, .keys = &keys});
}

static sid__value *gru(sid__tape *tape, sid__value *const *in)
{
    return sid__op_gru(tape, in[0], &(sid__gru){in[1], in[2], in[3], in[4]}, &queries);
}

static sid__value *relu(sid__tape *tape, sid__value *const *in)
{
    return sid__op_activation(tape, in[0], SID__RELU);
}

static sid__value *gelu(sid__tape *tape, sid__value *const *in)
{
    return sid__op_activation(tape, in[0], SID__GELU);
}

static sid__value *silu(sid__tape *tape, sid__value *const *in)
{
    return sid__op_activation(tape, in[0], SID__SILU);
}

static sid__value *swiglu(sid__tape *tape, sid__value *const *in)
{
    return sid__op_swiglu(tape, in[0]);
}

static sid__value *layer_norm(sid__tape *tape, sid__value *const *in)
{
    return sid__op_norm(tape, in[0], in[1], in[2], SID__LAYER_NORM, 1e-5);
}

static sid__value *rms_norm(sid__tape *tape, sid__value *const *in)
{
    return sid__op_norm(tape, in[0], in[1], NULL, SID__RMS_NORM, 1e-6);
}

static const int32_t target[STATES] = {2, 7, 1, 6, -1, 5}, sample[SAMPLES] = {1, 4, 7, 10, 2};

static sid__value *catalog_loss(sid__tape *tape, sid__value *const *in)
{
    return sid__op_catalog_loss(tape, in[0], in[1], in[2], target, 0.3);
}

static sid__value *sampled(sid__tape *tape, sid__value *const *in, sid__sampled_kind kind)
{
    static double log_expected[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        log_expected[i] = 0.1 * i - 1;
    return sid__op_sampled_loss(tape, in[0], in[1], target,
                                &(sid__negatives){.kind = kind,
                                                  .item = sample,
                                                  .count = SAMPLES,
                                                  .log_expected = log_expected,
                                                  .calibration = 0.75,
                                                  .penalty = 0.5},
                                0.3);
}

static sid__value *sampled_ce(sid__tape *tape, sid__value *const *in)
{
    return sampled(tape, in, SID__SAMPLED_CE);
}

static sid__value *sampled_bce(sid__tape *tape, sid__value *const *in)
{
    return sampled(tape, in, SID__SAMPLED_BCE);
}

static sid__value *sampled_gbce(sid__tape *tape, sid__value *const *in)
{
    return sampled(tape, in, SID__SAMPLED_GBCE);
}

static sid__value *sampled_bpr_max(sid__tape *tape, sid__value *const *in)
{
    return sampled(tape, in, SID__SAMPLED_BPR_MAX);
}

static sid__value *info_nce(sid__tape *tape, sid__value *const *in)
{
    return sid__op_info_nce(tape, in[0], in[1], 0.7, 0.2);
}

#define CASE(name, ...)                                                                                                \
    {                                                                                                                  \
#name, golden_##name, sizeof golden_##name / sizeof(float), {__VA_ARGS__ }, name                               \
    }
static const golden_case cases[] = {
    CASE(attention_both, {22, 12, 2}),
    CASE(attention_causal, {22, 12, 2}),
    CASE(attention_bias_both, {22, 12, 2}, {32, 2, 1}),
    CASE(attention_bias_causal, {22, 12, 2}, {32, 2, 1}),
    CASE(attention_rotary, {22, 12, 2}),
    CASE(cross_attention, {22, 4, 2}, {8, 8, 2}),
    CASE(gru, {22, 3, 2}, {12, 3, 1}, {12, 4, 1}, {1, 12, 1}, {1, 12, 1}),
    CASE(relu, {5, 9, 3}),
    CASE(gelu, {5, 9, 3}),
    CASE(silu, {5, 9, 3}),
    CASE(swiglu, {5, 18, 3}),
    CASE(layer_norm, {5, 19, 3}, {1, 19, 1}, {1, 19, 1}),
    CASE(rms_norm, {5, 19, 3}, {1, 19, 1}),
    CASE(catalog_loss, {STATES, 3, 2}, {ITEMS, 3, 2}, {1, ITEMS, 1}),
    CASE(sampled_ce, {STATES, 3, 2}, {ITEMS, 3, 2}),
    CASE(sampled_bce, {STATES, 3, 2}, {ITEMS, 3, 2}),
    CASE(sampled_gbce, {STATES, 3, 2}, {ITEMS, 3, 2}),
    CASE(sampled_bpr_max, {STATES, 3, 2}, {ITEMS, 3, 2}),
    CASE(info_nce, {STATES, 3, 2}, {STATES, 3, 2}),
};
enum { CASES = sizeof cases / sizeof *cases };

static void fill(float *x, int64_t count, int array, double scale)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(sin(1.3 * array + 0.7 * (double)i + 0.01 * (double)i * (double)i) * scale);
}

static void assert_like(const char *name, int part, const float *seen, const float *wanted, int64_t count,
                        double tolerance)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < count; i++) {
        error += ((double)seen[i] - (double)wanted[i]) * ((double)seen[i] - (double)wanted[i]);
        norm += (double)wanted[i] * (double)wanted[i];
    }
    if (!(sqrt(error) <= tolerance * sqrt(norm)))
        fail_msg("%s, part %d: off by %.3g of its norm %.3g", name, part, sqrt(error / norm), sqrt(norm));
}

static void check(const sid_ctx *ctx, const golden_case *c)
{
    sid__params params = {0};
    sid__memory memory = {0};
    sid__value *in[INPUTS_MAX];
    static float wanted_data[1000];
    for (int i = 0; i < INPUTS_MAX && c->in[i].rows; i++)
        (void)add_param(&params, "x", c->in[i].rows, c->in[i].columns);
    TEST_OK(sid__params_seal(&params, err));
    for (int i = 0; i < params.count; i++) {
        in[i] = &params.param[i].value;
        fill(in[i]->data, in[i]->rows * in[i]->columns, i, c->in[i].scale);
    }
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *y = c->run(&tape, in), *loss = y;
    const float *golden = c->golden;
    assert_like(c->name, 0, y->data, golden, y->rows * y->columns, 2e-5);
    golden += y->rows * y->columns;
    sid__value wanted = sid__value_of(wanted_data, y->rows, y->columns);
    if (y->rows * y->columns > 1) {
        fill(wanted_data, y->rows * y->columns, 9, 1);
        loss = sid__op_square_error(&tape, y, &wanted, 0.5);
    }
    TEST_OK(sid__tape_backward(&tape, loss, err));
    for (int i = 0; i < params.count; i++) {
        assert_like(c->name, i + 1, in[i]->grad, golden, in[i]->rows * in[i]->columns, 1e-4);
        golden += in[i]->rows * in[i]->columns;
    }
    assert_true((size_t)(golden - c->golden) == c->golden_count);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when an op's formula is another than PyTorch's, or padding would change it. */
static void as_pytorch(void **state)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (int i = 0; i < CASES; i++)
        check(ctx, &cases[i]);
    sid_ctx_free(ctx);
}

/* Output and gradients of a case. */
static int64_t run_case(const sid_ctx *ctx, sid__params *params, sid__memory *memory, const golden_case *c, float *out)
{
    sid__value *in[INPUTS_MAX];
    int64_t count = 0;
    for (int i = 0; i < params->count; i++)
        in[i] = &params->param[i].value;
    sid__tape tape = sid__tape_begin(ctx, memory, true);
    sid__params_clear(params);
    sid__value *y = c->run(&tape, in), *loss = y;
    if (y->rows * y->columns > 1)
        loss = sid__op_square_error(&tape, y, sid__op_scale(&tape, y, 2), 0.5);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    memcpy(out, y->data, (size_t)(y->rows * y->columns) * sizeof *out);
    count = y->rows * y->columns;
    memcpy(out + count, params->grad, (size_t)params->size * sizeof *out);
    return count + params->size;
}

/* Fails when threads or kernel paths change a bit of any op. */
static void same_bits(void **state)
{
    static float first[CASES][2000], seen[2000];
    bool is_first = true;
    (void)state;
    FOR_EACH_CTX(ctx)
    {
        for (int c = 0; c < CASES; c++) {
            sid__params params = {0};
            sid__memory memory = {0};
            for (int i = 0; i < INPUTS_MAX && cases[c].in[i].rows; i++)
                (void)add_param(&params, "x", cases[c].in[i].rows, cases[c].in[i].columns);
            seal_uniform(&params, 3);
            int64_t count = run_case(ctx, &params, &memory, &cases[c], is_first ? first[c] : seen);
            if (!is_first && memcmp(first[c], seen, (size_t)count * sizeof *seen) != 0)
                fail_msg("%s: other bits on another path", cases[c].name);
            sid__params_drop(&params);
            sid__memory_drop(&memory);
        }
        is_first = false;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_pytorch), cmocka_unit_test(same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
