/* test_kmeans.c: fitted codebooks: the same bits everywhere, spare codes, several starts. */
#include <math.h>

#include "quant/kmeans.h"
#include "quant_help.h"

static const sid__kmeans_options plain = {
    .init = SID__INIT_RANDOM, .iters = 50, .stage_iters = 20, .tol = 0, .n_init = 1, .seed = 7, .stage = "test"};

static double error_of(const sid__codebook *book, const float *x, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const float *row = x + i * book->dim;
        sum += sid__dot_exact(row, row, book->dim) +
               2 * sid__score_exact(book, row, sid__assign_reference(book, row, NULL));
    }
    return sum;
}

/* Fails when fewer distinct rows than codes loop for ever, or when a spare code is not a copy of code 0. */
static void spare_codes_stay_dead(void **state)
{
    const float x[] = {4, 4, 4, 8, 8};
    uint16_t label[5];
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__codebook book;
    (void)state;
    TEST_OK(sid__codebook_create(&book, 4, 1, err));
    TEST_OK(sid__kmeans_fit(ctx, &plain, x, 5, 1, &book, label, err));
    const float expected[] = {4, 8, 4, 4};
    const uint16_t expected_label[] = {0, 0, 0, 1, 1};
    assert_memory_equal(book.code, expected, sizeof expected);
    assert_memory_equal(label, expected_label, sizeof expected_label);
    sid__codebook_drop(&book);
    sid_ctx_free(ctx);
}

/* Fails when threads, kernel path or the order of starts reach the codebook, or when labels are not by it. */
static void codebooks_are_bit_equal_everywhere(void **state)
{
    enum { ROWS = 900, DIM = 21, CODES = 17 };
    float *x = new_floats(ROWS * DIM), *first = new_floats(CODES * DIM);
    uint16_t label[ROWS];
    (void)state;
    fill_uniform(x, ROWS * DIM, 2);
    for (int init = SID__INIT_PROGRESSIVE; init <= SID__INIT_RANDOM; init++) {
        for (int isa = 0; isa < 2 * SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)(isa / 2)))
                continue;
            sid_ctx *ctx = new_ctx(isa % 2 ? 7 : 1, sid__isa_name((sid__isa)(isa / 2)));
            sid__kmeans_options options = plain;
            sid__codebook book;
            options.init = (sid__kmeans_init)init;
            TEST_OK(sid__codebook_create(&book, CODES, DIM, err));
            TEST_OK(sid__kmeans_fit(ctx, &options, x, ROWS, DIM, &book, label, err));
            for (int i = 0; i < ROWS; i++)
                assert_int_equal(label[i], sid__assign_reference(&book, x + (int64_t)i * DIM, NULL));
            if (isa == 0)
                memcpy(first, book.code, CODES * DIM * sizeof(float));
            assert_memory_equal(first, book.code, CODES * DIM * sizeof(float));
            sid__codebook_drop(&book);
            sid_ctx_free(ctx);
        }
    }
    sid__free(x);
    sid__free(first);
}

/* Fails when n_init does not keep the best of its starts. */
static void more_starts_are_never_worse(void **state)
{
    enum { ROWS = 400, DIM = 2, CODES = 12 };
    sid_ctx *ctx = new_ctx(1, NULL);
    float *x = new_floats(ROWS * DIM);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    double error[2];
    uint16_t label[ROWS];
    for (int many = 0; many < 2; many++) {
        sid__kmeans_options options = plain;
        sid__codebook book;
        options.n_init = many ? 8 : 1;
        TEST_OK(sid__codebook_create(&book, CODES, DIM, err));
        TEST_OK(sid__kmeans_fit(ctx, &options, x, ROWS, DIM, &book, label, err));
        error[many] = error_of(&book, x, ROWS);
        sid__codebook_drop(&book);
    }
    assert_true(error[1] < error[0]);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when a cancelled or starved run does not stop, or leaks. */
static void it_stops_when_told_and_without_memory(void **state)
{
    const float x[] = {1, 2, 3, 4};
    uint16_t label[4];
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__codebook book;
    (void)state;
    TEST_OK(sid__codebook_create(&book, 2, 1, err));
    for (int after = 0; after < 20; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__kmeans_fit(ctx, &plain, x, 4, 1, &book, label, err), SID_ENOMEM, "bytes");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__kmeans_fit(ctx, &plain, x, 4, 1, &book, label, err), SID_ECANCELED, "interrupted");
    sid__codebook_drop(&book);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spare_codes_stay_dead), cmocka_unit_test(codebooks_are_bit_equal_everywhere),
        cmocka_unit_test(more_starts_are_never_worse), cmocka_unit_test(it_stops_when_told_and_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
