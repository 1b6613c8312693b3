/* test_ops_residual.c: residual codes and their losses on the specification's numbers. */
#include "tensor_case.h"

static void choose_first(void *user, int level, const sid__real *rest, int64_t rows, uint16_t *code)
{
    (void)user;
    (void)level;
    (void)rest;
    memset(code, 0, (size_t)rows * sizeof *code);
}

/* Fails when only the first level's commitment reaches z, as in common code, which subtracts a vector that is straight-through
 * already: z 1, e .8 and .3, beta .25, mean over two levels: dz is .025; the trap gives .05. */
static void commitment_of_every_level_reaches_the_encoder(void **state)
{
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)add_param(&params, i ? "e" : "z", 1, 1);
    TEST_OK(sid__params_seal(&params, err));
    sid__value *z = &params.param[0].value, *book[] = {&params.param[1].value, &params.param[2].value};
    z->data[0] = 1;
    book[0]->data[0] = 0.8f;
    book[1]->data[0] = 0.3f;
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__quantized *quantized = sid__residual_quantize(&tape, z, book, 2, choose_first, NULL);
    assert_near(quantized->sum->data[0], 1.1, 1e-6);
    assert_near(quantized->square[0], 0.04, 1e-7);
    assert_near(quantized->square[1], 0.01, 1e-7);
    sid__value *loss = sid__op_residual_loss(&tape, quantized, &(sid__residual_weights){0.5, 0.25 * 0.5});
    assert_near(loss->data[0], 0.5 * 1.25 * 0.05, 1e-7);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    assert_near(z->grad[0], 0.025, 1e-7);
    assert_near(book[0]->grad[0], -2 * 0.5 * 0.2, 1e-7);
    assert_near(book[1]->grad[0], 2 * 0.5 * 0.1, 1e-7);
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when a codebook that takes no gradient gets one, or one without weight does (its codes are averages then). */
static void fixed_codebooks_get_no_gradient(void **state)
{
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    float fixed_data[2] = {0.5f, 0.25f};
    sid__value fixed = sid__value_of(fixed_data, 1, 2);
    (void)state;
    (void)add_param(&params, "z", 3, 2);
    (void)add_param(&params, "e", 1, 2);
    seal_uniform(&params, 1);
    sid__value *book[] = {&fixed, &params.param[1].value};
    for (int weighted = 0; weighted < 2; weighted++) {
        sid__tape tape = sid__tape_begin(ctx, &memory, true);
        sid__params_clear(&params);
        sid__quantized *quantized = sid__residual_quantize(&tape, &params.param[0].value, book, 2, choose_first, NULL);
        TEST_OK(sid__tape_backward(
            &tape, sid__op_residual_loss(&tape, quantized, &(sid__residual_weights){weighted, 1}), err));
        assert_true(params.param[0].value.has_grad && !fixed.has_grad);
        assert_int_equal(params.param[1].value.has_grad, weighted);
    }
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(commitment_of_every_level_reaches_the_encoder),
                                       cmocka_unit_test(fixed_codebooks_get_no_gradient)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
