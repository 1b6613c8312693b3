/* test_lloyd.c: what the sweeps promise, what happens to empty codes, and the rows that are spared. */
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

/* Clumps about a few corners, or lattice points full of ties. */
static void fill_rows(float *x, int rows, int dim, bool is_lattice)
{
    if (is_lattice)
        fill_lattice(x, rows * dim, 5, 4, 1);
    else
        fill_uniform(x, rows * dim, 5);
    for (int i = 0; i < rows * dim && !is_lattice; i++)
        x[i] = x[i] * 0.2f + (float)(i / dim % 24 % 5) - (float)(i % dim == i / dim % 4);
}

/* Moves codes by hand, a little and far, and compares every label with the reference; gives how many rows were spared. */
static int64_t move_and_check(sid_ctx *ctx, sid__lloyd *lloyd)
{
    float *shift = new_floats((int64_t)lloyd->codes * lloyd->dim);
    int64_t spared = 0;
    for (int round = 0; round < 12; round++) {
        fill_uniform(shift, (int64_t)lloyd->codes * lloyd->dim, (uint64_t)(20 + round));
        for (int i = 0; i < lloyd->codes * lloyd->dim; i++)
            sid__codebook_code(&lloyd->book)[i] += shift[i] * (round % 4 == 3 ? 0.5f : (float)(round % 4) * 0.002f);
        sid__lloyd_assign(ctx, lloyd);
        spared += lloyd->count - lloyd->compared;
        for (int64_t i = 0; i < lloyd->count; i++)
            assert_int_equal(lloyd->label[i], sid__assign_reference(&lloyd->book, lloyd->x + i * lloyd->dim, NULL));
    }
    sid__free(shift);
    return spared;
}

/* Fails when a row is spared whose label could change, with few dimensions (narrow.h) and with many; many rows must have been
 * spared. */
static void spared_rows_keep_the_reference_label(void **state)
{
    enum { ROWS = 2000, CODES = 24 };
    static const int dims[] = {6, 70};
    float *x = new_floats(ROWS * 70);
    (void)state;
    for (int test = 0; test < 4 * SID__ISA_COUNT; test++) {
        sid__isa isa = (sid__isa)(test / 4);
        int dim = dims[test / 2 % 2];
        if (!sid__isa_is_supported(isa))
            continue;
        sid_ctx *ctx = new_ctx(2, sid__isa_name(isa));
        sid__lloyd lloyd;
        fill_rows(x, ROWS, dim, test % 2);
        TEST_OK(sid__lloyd_create(ctx, x, ROWS, dim, CODES, &lloyd, err));
        TEST_OK(sid__kmeans_start(ctx, &plain, 0, &lloyd, err));
        TEST_OK(sid__lloyd_run(ctx, &lloyd, 30, 0, "test", err));
        int64_t spared = move_and_check(ctx, &lloyd);
        assert_true(test % 2 || spared > ROWS); /* ties leave few to spare */
        sid__lloyd_drop(&lloyd);
        sid_ctx_free(ctx);
    }
    sid__free(x);
}

/* Fails when a copy of code 0, which no row is nearest to, is forgotten in the bounds of code 0's rows: it then moves a
 * little, right among them. */
static void a_copy_that_moves_takes_its_rows(void **state)
{
    enum { ROWS = 400, DIM = 3, CODES = 4 };
    float *x = new_floats(ROWS * DIM);
    (void)state;
    fill_uniform(x, ROWS * DIM, 6);
    for (int i = 0; i < ROWS / 2; i++)
        x[i * DIM] += 10;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        const float code[] = {0, 0, 0, 10, 0, 0, 10, 1, 0, 0, 0, 0};
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        sid_ctx *ctx = new_ctx(1, sid__isa_name((sid__isa)isa));
        sid__lloyd lloyd;
        TEST_OK(sid__lloyd_create(ctx, x, ROWS, DIM, CODES, &lloyd, err));
        memcpy(sid__codebook_code(&lloyd.book), code, sizeof code);
        sid__lloyd_assign(ctx, &lloyd);
        sid__codebook_code(&lloyd.book)[(CODES - 1) * DIM] = 0.05f;
        sid__lloyd_assign(ctx, &lloyd);
        int64_t taken = 0;
        for (int i = 0; i < ROWS; i++) {
            assert_int_equal(lloyd.label[i], sid__assign_reference(&lloyd.book, x + i * DIM, NULL));
            taken += lloyd.label[i] == CODES - 1;
        }
        assert_true(taken > ROWS / 8);
        sid__lloyd_drop(&lloyd);
        sid_ctx_free(ctx);
    }
    sid__free(x);
}

/* Fails when sums kept up by moved rows differ from sums made anew, by one unit of one dimension. */
static void sums_follow_the_rows(void **state)
{
    enum { ROWS = 700, DIM = 21, CODES = 9 };
    float *x = new_floats(ROWS * DIM);
    int64_t *anew = NULL;
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__lloyd lloyd;
    (void)state;
    fill_uniform(x, ROWS * DIM, 8);
    TEST_OK(sid__alloc(&anew, CODES * DIM, sizeof *anew, "sums", err));
    TEST_OK(sid__lloyd_create(ctx, x, ROWS, DIM, CODES, &lloyd, err));
    TEST_OK(sid__kmeans_start(ctx, &plain, 0, &lloyd, err));
    TEST_OK(sid__lloyd_run(ctx, &lloyd, 12, 0, "test", err));
    sid__group_rows(lloyd.before, ROWS, CODES, lloyd.begin, lloyd.order);
    sid__sum_by_code(ctx, x, DIM, lloyd.scale, CODES, lloyd.begin, lloyd.order, anew);
    assert_memory_equal(anew, lloyd.sum, (size_t)CODES * DIM * sizeof *anew);
    sid__free(x);
    sid__free(anew);
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_never_rises_and_is_true), cmocka_unit_test(empty_codes_are_refilled),
        cmocka_unit_test(spared_rows_keep_the_reference_label), cmocka_unit_test(a_copy_that_moves_takes_its_rows),
        cmocka_unit_test(sums_follow_the_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
