/* test_kmeans.c: Lloyd's algorithm: what it promises, and what happens to empty codes. */
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

typedef struct losses {
    double last;
    int sweeps;
    bool rose;
} losses;

static void watch(void *user, const sid_progress *progress)
{
    losses *seen = user;
    seen->rose |= seen->sweeps > 0 && progress->loss > seen->last * (1 + 1e-6);
    seen->last = progress->loss;
    seen->sweeps++;
}

/* Fails when a sweep makes the error larger, or when the error had from sums is not the rows' own error. */
static void error_never_rises_and_is_true(void **state)
{
    enum { ROWS = 2000, DIM = 9, CODES = 31 };
    sid_ctx *ctx = new_ctx(2, NULL);
    float *x = new_floats(ROWS * DIM);
    sid__lloyd lloyd;
    losses seen = {0};
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    sid_ctx_on_progress(ctx, watch, &seen);
    TEST_OK(sid__lloyd_create(ctx, x, ROWS, DIM, CODES, &lloyd, err));
    TEST_OK(sid__kmeans_start(ctx, &plain, 0, &lloyd, err));
    TEST_OK(sid__lloyd_run(ctx, &lloyd, 100, 0, "test", err));
    assert_true(seen.sweeps > 3);
    assert_false(seen.rose);
    assert_near(lloyd.error, error_of(&lloyd.book, x, ROWS), 1e-6 * lloyd.error); /* converged: the same labels */
    sid__lloyd_drop(&lloyd);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when an empty code is not given the farthest member of the worst code: two far clumps, all codes start in one. */
static void empty_codes_are_refilled(void **state)
{
    const float x[] = {0, 0.1f, 0.2f, 100, 101, 102};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__lloyd lloyd;
    (void)state;
    TEST_OK(sid__lloyd_create(ctx, x, 6, 1, 3, &lloyd, err));
    for (int k = 0; k < 3; k++)
        sid__codebook_code(&lloyd.book)[k] = 50; /* equal codes: ties go to code 0, the others are empty */
    TEST_OK(sid__lloyd_run(ctx, &lloyd, 20, 0, "test", err));
    for (int k = 0; k < 3; k++)
        assert_true(lloyd.begin[k + 1] > lloyd.begin[k]);
    assert_true(error_of(&lloyd.book, x, 6) < 2.1);
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
}

/* Fails when fewer distinct rows than codes loop for ever, or when a spare code is not a copy of code 0. */
static void spare_codes_stay_dead(void **state)
{
    const float x[] = {4, 4, 4, 8, 8};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__codebook book;
    (void)state;
    TEST_OK(sid__codebook_create(&book, 4, 1, err));
    TEST_OK(sid__kmeans_fit(ctx, &plain, x, 5, 1, &book, err));
    const float expected[] = {4, 8, 4, 4};
    assert_memory_equal(book.code, expected, sizeof expected);
    sid__codebook_drop(&book);
    sid_ctx_free(ctx);
}

/* Fails when threads, kernel path or the order of starts reach the codebook. */
static void codebooks_are_bit_equal_everywhere(void **state)
{
    enum { ROWS = 900, DIM = 21, CODES = 17 };
    float *x = new_floats(ROWS * DIM), *first = new_floats(CODES * DIM);
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
            TEST_OK(sid__kmeans_fit(ctx, &options, x, ROWS, DIM, &book, err));
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
    for (int many = 0; many < 2; many++) {
        sid__kmeans_options options = plain;
        sid__codebook book;
        options.n_init = many ? 8 : 1;
        TEST_OK(sid__codebook_create(&book, CODES, DIM, err));
        TEST_OK(sid__kmeans_fit(ctx, &options, x, ROWS, DIM, &book, err));
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
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__codebook book;
    (void)state;
    TEST_OK(sid__codebook_create(&book, 2, 1, err));
    for (int after = 0; after < 14; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__kmeans_fit(ctx, &plain, x, 4, 1, &book, err), SID_ENOMEM, "bytes");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__kmeans_fit(ctx, &plain, x, 4, 1, &book, err), SID_ECANCELED, "interrupted");
    sid__codebook_drop(&book);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_never_rises_and_is_true), cmocka_unit_test(empty_codes_are_refilled),
        cmocka_unit_test(spare_codes_stay_dead),         cmocka_unit_test(codebooks_are_bit_equal_everywhere),
        cmocka_unit_test(more_starts_are_never_worse),   cmocka_unit_test(it_stops_when_told_and_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
