/* test_ops_softmax_loss.c: the loss in parts beside the plain cross-entropy of all logits; the same bits on every path. Gradients
 * in double are gradcheck's.
 */
#include "tensor/ops_sequence.h"
#include "tensor_case.h"

enum { ROWS = 230, DIM = 13, ITEMS = 1100, H = 0, TABLE = 1, BIAS = 2 };

typedef struct loss_case {
    sid__params params;
    sid__memory memory;
    int32_t target[ROWS];
} loss_case;

static void make_case(loss_case *c, float size)
{
    *c = (loss_case){0};
    (void)add_param(&c->params, "h", ROWS, DIM);
    (void)add_param(&c->params, "table", ITEMS, DIM);
    (void)add_param(&c->params, "bias", 1, ITEMS);
    seal_uniform(&c->params, 1);
    for (int64_t i = 0; i < c->params.size; i++)
        c->params.data[i] *= size;
    for (int i = 0; i < ROWS; i++)
        c->target[i] = i % 5 == 2 ? -1 : (i * 131) % ITEMS;
}

static void drop_case(loss_case *c)
{
    sid__params_drop(&c->params);
    sid__memory_drop(&c->memory);
}

/* The loss; gradients lie in params. */
static float run(const sid_ctx *ctx, loss_case *c, bool is_in_parts, bool is_rounded)
{
    sid__value *h = &c->params.param[H].value, *table = &c->params.param[TABLE].value;
    sid__value *bias = &c->params.param[BIAS].value, *loss;
    sid__tape tape = sid__tape_begin(ctx, &c->memory, true);
    tape.precision = is_rounded ? SID__PRECISION_BF16 : SID__PRECISION_FP32;
    sid__params_clear(&c->params);
    if (is_in_parts)
        loss = sid__op_catalog_loss(&tape, h, table, bias, c->target, 0.1);
    else
        loss = sid__op_cross_entropy(&tape, sid__op_linear(&tape, h, table, bias, SID__NO_ACTIVATION), c->target, 0.1);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    return loss->data[0];
}

/* Fails when a tile is left out or counted twice, an earlier sum is not scaled to a new largest logit, or a row without a
 * target counts. */
static void as_the_plain_loss(void **state)
{
    static float expected[ROWS * DIM + ITEMS * (DIM + 1) + 64];
    static const float sizes[] = {0.1f, 4};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (int i = 0; i < 2; i++) {
        loss_case c;
        make_case(&c, sizes[i]);
        double plain = (double)run(ctx, &c, false, false), norm = 0, error = 0;
        memcpy(expected, c.params.grad, (size_t)c.params.size * sizeof *expected);
        assert_near(run(ctx, &c, true, false), plain, 2e-6 * plain);
        for (int64_t j = 0; j < c.params.size; j++) {
            double d = (double)c.params.grad[j] - (double)expected[j];
            norm += (double)expected[j] * (double)expected[j];
            error += d * d;
        }
        assert_true(error <= 1e-12 * norm);
        drop_case(&c);
    }
    sid_ctx_free(ctx);
}

static void same_bits_under(bool is_rounded)
{
    static float first[ROWS * DIM + ITEMS * (DIM + 1) + 64];
    float first_loss = 0;
    loss_case c;
    make_case(&c, 2);
    FOR_EACH_CTX(ctx)
    {
        float loss = run(ctx, &c, true, is_rounded);
        if (first_loss == 0) {
            first_loss = loss;
            memcpy(first, c.params.grad, (size_t)c.params.size * sizeof *first);
        }
        assert_true(loss == first_loss);
        assert_memory_equal(first, c.params.grad, (size_t)c.params.size * sizeof *first);
    }
    drop_case(&c);
}

/* Fails when threads or kernel paths change a bit. */
static void same_bits(void **state)
{
    (void)state;
    same_bits_under(false);
    same_bits_under(true);
}

/* Fails when the size of a chunk, which threads change where the catalogue is large, changes a bit, or a sum begins anew with a
 * chunk. */
static void same_bits_in_chunks(void **state)
{
    enum { MANY = 40000, WIDE = 3, FEW = 130 };
    static float first[2][(MANY + FEW) * (WIDE + 1) + 64];
    sid__params params = {0};
    sid__memory memory = {0};
    int32_t target[FEW];
    (void)state;
    (void)add_param(&params, "h", FEW, WIDE);
    (void)add_param(&params, "table", MANY, WIDE);
    seal_uniform(&params, 1);
    sid__value *h = &params.param[0].value;
    for (int i = 0; i < FEW; i++)
        target[i] = i / 2 * 300;
    for (int threads = 1; threads <= 3; threads++)
        for (int is_rounded = 0; is_rounded < 2; is_rounded++) {
            sid_ctx *ctx = new_ctx(threads, NULL);
            sid__tape tape = sid__tape_begin(ctx, &memory, true);
            tape.precision = is_rounded ? SID__PRECISION_BF16 : SID__PRECISION_FP32;
            sid__params_clear(&params);
            TEST_OK(sid__tape_backward(&tape, sid__op_catalog_loss(&tape, h, &params.param[1].value, NULL, target, 0.1),
                                       err));
            if (threads == 1)
                memcpy(first[is_rounded], params.grad, (size_t)params.size * sizeof *params.grad);
            assert_memory_equal(first[is_rounded], params.grad, (size_t)params.size * sizeof *params.grad);
            sid_ctx_free(ctx);
        }
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when a rounded factor is another than the one of fp32, or its panels are taken from another place. */
static void rounded_is_near(void **state)
{
    static float expected[ROWS * DIM + ITEMS * (DIM + 1) + 64];
    sid_ctx *ctx = new_ctx(2, NULL);
    double norm = 0, error = 0;
    loss_case c;
    (void)state;
    make_case(&c, 1);
    double plain = (double)run(ctx, &c, true, false);
    memcpy(expected, c.params.grad, (size_t)c.params.size * sizeof *expected);
    assert_near(run(ctx, &c, true, true), plain, 2e-3 * plain);
    for (int64_t j = 0; j < c.params.size; j++) {
        double d = (double)c.params.grad[j] - (double)expected[j];
        norm += (double)expected[j] * (double)expected[j];
        error += d * d;
    }
    assert_true(error > 0 && error <= 1e-4 * norm);
    drop_case(&c);
    sid_ctx_free(ctx);
}

/* Fails when no target at all gives a loss, or leaves gradients as they were. */
static void no_target(void **state)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    loss_case c;
    (void)state;
    make_case(&c, 1);
    for (int i = 0; i < ROWS; i++)
        c.target[i] = -1;
    for (int64_t i = 0; i < c.params.size; i++)
        c.params.grad[i] = 7;
    assert_true(run(ctx, &c, true, false) == 0);
    for (int p = 0; p < 3; p++)
        for (int64_t i = 0; i < c.params.param[p].value.rows * c.params.param[p].value.columns; i++)
            assert_true(c.params.param[p].value.grad[i] == 0);
    drop_case(&c);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_plain_loss), cmocka_unit_test(same_bits),
                                       cmocka_unit_test(same_bits_in_chunks), cmocka_unit_test(rounded_is_near),
                                       cmocka_unit_test(no_target)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
