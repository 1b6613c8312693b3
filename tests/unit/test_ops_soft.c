/* test_ops_soft.c: soft codes and dense gradients. Their gradients are gradcheck's and test_rqvae_model.c's; here: values by
 * hand, the same bits everywhere, NULL and no memory.
 */
#include "tensor/ops_codes.h"

#include "tensor_case.h"

enum { ROWS = 150, DIM = 9, CODES = 37 };

/* Fails when a share is not softmax(-|r - e|^2 / T), or noise is left out. */
static void shares_by_hand(void **state)
{
    /* |r - e|^2 = 1 and 4; with noise 0 and 3 both are -1: shares of one half */
    float z_data[] = {1}, book_data[] = {2, 3};
    const float noise[] = {0, 3};
    sid__value z = sid__value_of(z_data, 1, 1), book = sid__value_of(book_data, 2, 1);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    double p = 1 / (1 + exp(-3 / 0.5));
    assert_near(sid__op_soft_codes(&tape, &z, z_data, &book, NULL, 0.5)->data[0], 2 * p + 3 * (1 - p), 1e-6);
    assert_near(sid__op_soft_codes(&tape, &z, z_data, &book, noise, 0.5)->data[0], 2.5, 1e-6);
    assert_null(sid__op_soft_codes(&tape, NULL, z_data, &book, NULL, 0.5));
    assert_null(sid__op_dense_codes(&tape, &z, &z, NULL, &book));
    assert_ptr_equal(sid__op_dense_codes(&tape, &z, &z, z_data, &book), &z); /* nothing to learn */
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

static sid_status run(sid_ctx *ctx, sid__params *params, sid__memory *memory, bool is_dense, sid_error *err)
{
    sid__value *x = &params->param[0].value, *z = &params->param[1].value, *book = &params->param[2].value;
    sid__tape tape = sid__tape_begin(ctx, memory, true);
    sid__params_clear(params);
    sid__value *y = is_dense ? sid__op_dense_codes(&tape, x, z, z->data, book)
                             : sid__op_soft_codes(&tape, z, z->data, book, NULL, 0.3);
    return sid__tape_backward(&tape, sid__op_square_error(&tape, y, x, 0.5), err);
}

/* Fails when threads or kernel paths reach a gradient, or a code of zeros gives one that is not finite. */
static void same_bits_everywhere(void **state)
{
    sid__params params = {0};
    (void)state;
    (void)add_param(&params, "x", ROWS, DIM);
    (void)add_param(&params, "z", ROWS, DIM);
    (void)add_param(&params, "book", CODES, DIM);
    seal_uniform(&params, 4);
    memset(params.param[2].value.data + 5 * DIM, 0, DIM * sizeof(float));
    memset(params.param[1].value.data + 3 * DIM, 0, DIM * sizeof(float));
    float *first = new_floats(params.size);
    for (int is_dense = 0; is_dense < 2; is_dense++) {
        bool is_first = true;
        FOR_EACH_CTX(ctx)
        {
            sid__memory memory = {0};
            TEST_OK(run(ctx, &params, &memory, is_dense, err));
            if (is_first)
                memcpy(first, params.grad, (size_t)params.size * sizeof *first);
            is_first = false;
            assert_memory_equal(first, params.grad, (size_t)params.size * sizeof *first);
            sid__memory_drop(&memory);
        }
        for (int64_t i = 0; i < params.size; i++)
            assert_true(isfinite(first[i]));
    }
    sid__free(first);
    sid__params_drop(&params);
}

/* Fails when memory that is not there is written to. */
static void no_memory_is_said(void **state)
{
    sid__params params = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    (void)add_param(&params, "x", ROWS, DIM);
    (void)add_param(&params, "z", ROWS, DIM);
    (void)add_param(&params, "book", CODES, DIM);
    seal_uniform(&params, 4);
    for (int is_dense = 0; is_dense < 2; is_dense++) {
        sid__memory memory = {0};
        sid__mem_fail(0, 1);
        assert_int_equal(run(ctx, &params, &memory, is_dense, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
        sid__memory_drop(&memory);
    }
    sid__params_drop(&params);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shares_by_hand), cmocka_unit_test(same_bits_everywhere),
                                       cmocka_unit_test(no_memory_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
