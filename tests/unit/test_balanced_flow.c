/* test_balanced_flow.c: even sizes at the least cost, against the spec's vectors and scipy's Hungarian method. */
#include "balanced_case.h"

/* Fails when a surplus row is not moved along the cheapest path: spec/quantizers.md §8, from price 0. */
static void golden_lines(void **state)
{
    const float four[] = {0, 1, 2, 3}, two_codes[] = {1.6f, 3}, seven[] = {0, 1, 2, 3, 4, 5, 6}, codes[] = {0, 3, 6};
    const uint16_t first[] = {0, 0, 1, 1}, second[] = {0, 0, 1, 1, 1, 2, 2};
    double price[3] = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__lloyd lloyd;
    (void)state;
    make_level(ctx, &lloyd, four, 4, 1, two_codes, 2);
    TEST_OK(sid__flow_fit(ctx, &lloyd, price, err));
    assert_memory_equal(lloyd.label, first, sizeof first);
    assert_near(level_error(&lloyd), 3.92, 1e-5);
    sid__price_assign(ctx, &lloyd, price);
    assert_memory_equal(lloyd.label, first, sizeof first);
    sid__lloyd_drop(&lloyd);
    memset(price, 0, sizeof price);
    make_level(ctx, &lloyd, seven, 7, 1, codes, 3);
    TEST_OK(sid__flow_fit(ctx, &lloyd, price, err));
    assert_memory_equal(lloyd.label, second, sizeof second);
    assert_near(level_error(&lloyd), 4, 1e-9);
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
}

/* As points() of tests/golden/make_balanced.py. */
static float *points(int64_t rows, int dim, int salt, int bound)
{
    float *x = new_floats(rows * dim);
    for (int64_t i = 0; i < rows; i++)
        for (int d = 0; d < dim; d++)
            x[i * dim + d] = (float)((i * 37 + d * 101 + i * i * 17 + salt * 29 + i * d % 7) % bound);
    return x;
}

/* Rows whose label is not within 1e-9 of the least score + price. */
static int64_t misplaced(const sid__lloyd *lloyd, const double *price)
{
    int64_t count = 0;
    for (int64_t i = 0; i < lloyd->count; i++) {
        double own = level_distance(lloyd, i, lloyd->label[i]) / 2 + price[lloyd->label[i]], least = own;
        for (int k = 0; k < lloyd->codes; k++) {
            double other = level_distance(lloyd, i, k) / 2 + price[k];
            least = other < least ? other : least;
        }
        count += own > least + 1e-9 * (1 + fabs(own));
    }
    return count;
}

/* Fails when a path is not the shortest, a phase stops early, or the prices do not reproduce the labels: the least costs
 * are those of scipy.optimize.linear_sum_assignment (tests/golden/make_balanced.py), from any start; sizes differ by one
 * at most. The lattices are full of ties and equal rows. */
static void costs_are_the_least(void **state)
{
    static const struct {
        int rows, codes, dim, bound;
        int64_t cost;
    } golden[] = {{7, 3, 1, 61, 776},       {40, 8, 2, 61, 8566},     {41, 8, 2, 61, 29255},
                  {47, 8, 3, 997, 3988585}, {60, 60, 2, 61, 7588},    {61, 60, 2, 997, 176906},
                  {300, 7, 2, 11, 1543},    {500, 16, 4, 61, 159478}, {511, 16, 4, 4093, 1017661792},
                  {90, 2, 1, 13, 367}};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (int i = 0; i < (int)(sizeof golden / sizeof *golden); i++) {
        float *x = points(golden[i].rows, golden[i].dim, i, golden[i].bound);
        float *code = points(golden[i].codes, golden[i].dim, i + 5, golden[i].bound);
        for (int start = 0; start < 3; start++) {
            sid__lloyd lloyd;
            int64_t least, most;
            double price[60];
            for (int k = 0; k < 60; k++)
                price[k] = start == 0 ? 0 : start == 1 ? k * 3.25 : (double)(k * 7919 % 60) * golden[i].bound;
            make_level(ctx, &lloyd, x, golden[i].rows, golden[i].dim, code, golden[i].codes);
            TEST_OK(sid__flow_fit(ctx, &lloyd, price, err));
            level_sizes(&lloyd, &least, &most);
            assert_true(most - least <= 1);
            assert_int_equal((int64_t)level_error(&lloyd), golden[i].cost);
            assert_int_equal(misplaced(&lloyd, price), 0);
            sid__lloyd_drop(&lloyd);
        }
        sid__free(x);
        sid__free(code);
    }
    sid_ctx_free(ctx);
}

/* Fails when a failed allocation leaks or is reported as something else, or cancelling is not seen. */
static void failures_are_reported(void **state)
{
    float *x = points(40, 2, 1, 61), *code = points(8, 2, 6, 61);
    double price[8] = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__lloyd lloyd;
    size_t size = 0;
    int failures = 0;
    (void)state;
    make_level(ctx, &lloyd, x, 40, 2, code, 8);
    for (sid_status status = SID_ENOMEM; status != SID_OK; failures++) {
        sid__mem_fail(failures, 1);
        status = sid__flow_fit(ctx, &lloyd, price, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
    }
    assert_true(failures > 10);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__flow_fit(ctx, &lloyd, (double[8]){0}, err), SID_ECANCELED, "interrupted");
    assert_true(sid__flow_size(1000, 10, &size) && size == 81600);
    assert_false(sid__flow_size(INT64_MAX / 4, 65536, &size));
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_lines), cmocka_unit_test(costs_are_the_least),
                                       cmocka_unit_test(failures_are_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
