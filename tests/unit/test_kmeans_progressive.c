/* test_kmeans_progressive.c: the default start. */
#include <math.h>

#include "linalg/scalar.h"
#include "quant/kmeans_init.h"
#include "quant_help.h"

enum { ROWS = 3000, DIM = 40, CODES = 64 };

static double error_after(sid_ctx *ctx, const float *x, int dim, sid__kmeans_init init, uint64_t seed)
{
    sid__kmeans_options options = {
        .init = init, .iters = 30, .stage_iters = 20, .tol = 1e-4, .n_init = 1, .seed = seed, .stage = "test"};
    sid__lloyd lloyd;
    TEST_OK(sid__lloyd_create(ctx, x, ROWS, dim, CODES, &lloyd, err));
    TEST_OK(sid__kmeans_start(ctx, &options, 0, &lloyd, err));
    TEST_OK(sid__lloyd_run(ctx, &lloyd, 30, 1e-4, "test", err));
    double error = lloyd.error;
    sid__lloyd_drop(&lloyd);
    return error;
}

/* Fails when the stages or the rotation back are wrong: on clumps in a space with falling variances the progressive start
 * ends better than random rows in the mean of 5 seeds. */
static void it_beats_random_rows(void **state)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    float *x = new_floats(ROWS * DIM);
    double sum[2] = {0};
    (void)state;
    for (int64_t i = 0; i < ROWS * DIM; i++) {
        double center = sid__gaussian(2, SID__STREAM_TEST, (uint64_t)((i / DIM % 400) * DIM + i % DIM));
        x[i] = (float)((center + 0.3 * sid__gaussian(1, SID__STREAM_TEST, (uint64_t)i)) * 4 / (1 + (double)(i % DIM)));
    }
    for (uint64_t seed = 1; seed <= 5; seed++) {
        sum[0] += error_after(ctx, x, DIM, SID__INIT_PROGRESSIVE, seed);
        sum[1] += error_after(ctx, x, DIM, SID__INIT_RANDOM, seed);
    }
    assert_true(sum[0] < sum[1]);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when few dimensions are not simply started from rows. */
static void few_dimensions_start_from_rows(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    float *x = new_floats(ROWS * 3);
    (void)state;
    fill_uniform(x, ROWS * 3, 1);
    double progressive = error_after(ctx, x, 3, SID__INIT_PROGRESSIVE, 1);
    assert_near(progressive, error_after(ctx, x, 3, SID__INIT_RANDOM, 1), 0);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when the stages of many rows take them all from one end of the file: here the last tenth lies apart. */
static void stages_see_the_whole_file(void **state)
{
    enum { MANY = 80000, WIDE = 9 };
    sid_ctx *ctx = new_ctx(2, NULL);
    float *x = new_floats(MANY * WIDE), least = 0, most = 0;
    sid__kmeans_options options = {
        .init = SID__INIT_PROGRESSIVE, .iters = 1, .stage_iters = 5, .seed = 1, .stage = "test"};
    sid__lloyd lloyd;
    (void)state;
    fill_uniform(x, MANY * WIDE, 1);
    for (int64_t i = MANY / 10 * 9; i < MANY; i++)
        x[i * WIDE] += 100;
    TEST_OK(sid__lloyd_create(ctx, x, MANY, WIDE, 8, &lloyd, err));
    TEST_OK(sid__kmeans_start(ctx, &options, 0, &lloyd, err));
    for (int k = 0; k < 8; k++) {
        float first = lloyd.book.code[k * WIDE];
        least = first < least ? first : least;
        most = first > most ? first : most;
    }
    assert_true(most > 90 && least < 10);
    sid__lloyd_drop(&lloyd);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when memory is lost on the way out of any stage. */
static void lack_of_memory_is_reported(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    float *x = new_floats(200 * DIM);
    sid__kmeans_options options = {
        .init = SID__INIT_PROGRESSIVE, .iters = 3, .stage_iters = 2, .seed = 1, .stage = "test"};
    sid__lloyd lloyd;
    (void)state;
    fill_uniform(x, 200 * DIM, 1);
    TEST_OK(sid__lloyd_create(ctx, x, 200, DIM, 8, &lloyd, err));
    int failures = 0;
    for (int after = 0; after < 200; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__kmeans_start(ctx, &options, 0, &lloyd, NULL);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        failures += status == SID_ENOMEM;
        if (status == SID_OK)
            break;
    }
    assert_true(failures > 20);
    sid__mem_fail(-1, 0);
    sid__lloyd_drop(&lloyd);
    sid__free(x);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_beats_random_rows), cmocka_unit_test(few_dimensions_start_from_rows),
        cmocka_unit_test(stages_see_the_whole_file), cmocka_unit_test(lack_of_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
