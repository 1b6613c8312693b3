/* test_compare.c: arms side by side. */
#include <math.h>

#include "rank_case.h"

enum { USERS = 60, ITEMS = 48, DAYS = 3, COUNT = 3000, DIM = 3 };

/* Four kinds of items; content tells the kind. */
static double by_kind(int user, int item)
{
    return (user + item) % 4 == 0 ? .7 : .1 + .1 * (item % 4);
}

static sid_vectors *new_vectors(sid_ctx *ctx)
{
    float x[ITEMS * DIM];
    char id[ITEMS][8];
    const char *ids[ITEMS];
    sid_vectors *vectors = NULL;
    for (int i = 0; i < ITEMS; i++) {
        (void)snprintf(id[i], sizeof id[i], "i%d", i);
        ids[i] = id[i];
        for (int d = 0; d < DIM; d++)
            x[i * DIM + d] = (float)((i % 4 == d) + .05 * draw(5, i * DIM + d));
    }
    TEST_OK(sid_vectors_create(ctx, x, ITEMS, DIM, ids, &vectors, err));
    return vectors;
}

static sid_rank_compare_options usual(const sid_vectors *vectors)
{
    return (sid_rank_compare_options){.arms = "random-hash,individual,dense,prefix-2",
                                      .vectors = vectors,
                                      .levels = 2,
                                      .codes = "4",
                                      .seeds = 2,
                                      .batch = 64,
                                      .bootstrap = 50,
                                      .rows = 8};
}

/* Fails when SIDs of what items are like do not beat hashed ids in as many rows, when a difference is to another arm, or when the
 * intervals do not hold it. */
static void test_arms(void **state)
{
    sid_ctx *ctx = NULL;
    sid_rank_comparison c = {0};
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_kind);
    sid_vectors *vectors = new_vectors(ctx);
    sid_rank_compare_options options = usual(vectors);
    TEST_OK(sid_rank_compare(ctx, im, &options, &c, err));
    assert_int_equal(c.arm_count, 4);
    assert_int_equal(c.run_count, 8);
    assert_int_equal(c.train_impressions, 2 * COUNT);
    assert_int_equal(c.test_impressions, COUNT);
    assert_string_equal(c.arm[3].name, "prefix-2");
    assert_int_equal(c.run[7].arm, 3);
    assert_int_equal(c.run[7].seed, 43);
    const sid_rank_arm *hash = &c.arm[0], *prefix = &c.arm[3];
    assert_true(prefix->mean[SID_RANK_SLICE_ALL].auc > hash->mean[SID_RANK_SLICE_ALL].auc + .01);
    const sid_rank_difference *d = &prefix->auc[SID_RANK_SLICE_ALL];
    assert_true(fabs(d->mean - (prefix->mean[SID_RANK_SLICE_ALL].auc - hash->mean[SID_RANK_SLICE_ALL].auc)) < 1e-12);
    assert_true(d->low < d->mean && d->mean < d->high && d->low > 0);
    assert_true(prefix->ne[SID_RANK_SLICE_ALL].high < 0);
    assert_true(isnan(prefix->auc[SID_RANK_SLICE_NEW].mean)); /* no item is new */
    assert_int_equal(hash->rows, 8);
    assert_int_equal(c.arm[1].rows, ITEMS);
    assert_non_null(strstr(c.arm[1].note, "6.0 times"));
    assert_int_equal(c.arm[2].rows, 0);
    sid_rank_comparison_drop(&c);
    sid_vectors_free(vectors);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

/* Fails when a figure depends on threads. */
static void test_threads(void **state)
{
    sid_ctx *ctx = NULL;
    sid_rank_comparison c[2] = {{0}, {0}};
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_kind);
    sid_vectors *vectors = new_vectors(ctx);
    sid_rank_compare_options options = usual(vectors);
    for (int i = 0; i < 2; i++) {
        TEST_OK(sid_ctx_set_threads(ctx, 1 + 2 * i, err));
        TEST_OK(sid_rank_compare(ctx, im, &options, &c[i], err));
    }
    for (int arm = 0; arm < 4; arm++) {
        assert_memory_equal(&c[0].arm[arm].mean, &c[1].arm[arm].mean, sizeof c[0].arm[arm].mean);
        assert_memory_equal(&c[0].arm[arm].auc, &c[1].arm[arm].auc, sizeof c[0].arm[arm].auc);
    }
    sid_rank_comparison_drop(&c[0]);
    sid_rank_comparison_drop(&c[1]);
    sid_vectors_free(vectors);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

/* Fails when what cannot be compared is, or the message lacks what to do. */
static void test_bad_options(void **state)
{
    sid_ctx *ctx = NULL;
    sid_rank_comparison c = {0};
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, 2, 50, by_kind),
                    *day = new_impressions(ctx, 3, 3, 1, 20, by_kind);
    sid_vectors *vectors = new_vectors(ctx);
    sid_rank_compare_options options = usual(vectors);
    TEST_FAILS(sid_rank_compare(ctx, day, &options, &c, err), SID_EDATA, "one day");
    options.family = "dots";
    TEST_FAILS(sid_rank_compare(ctx, im, &options, &c, err), SID_EUSAGE, "did you mean \"dot\"");
    options = usual(NULL);
    TEST_FAILS(sid_rank_compare(ctx, im, &options, &c, err), SID_EUSAGE, "needs vectors");
    options = usual(vectors);
    options.dim = -1;
    TEST_FAILS(sid_rank_compare(ctx, im, &options, &c, err), SID_EUSAGE, "dim is -1");
    options = usual(vectors);
    options.options = "cross=2";
    TEST_FAILS(sid_rank_compare(ctx, im, &options, &c, err), SID_EUSAGE, "no option \"cross\"");
    assert_null(c.memory);
    sid_vectors_free(vectors);
    sid_impressions_free(im);
    sid_impressions_free(day);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arms), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_bad_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
