/* test_seeds.c: which models are one family of several seeds, and their means. What evaluations make of it: test_evaluate. */
#include "eval/seeds.h"

#include "model_case.h"

static sid_model *named(const char *family, const char *options, uint64_t seed)
{
    sid_model *m = NULL;
    TEST_OK(sid__model_create(ctx, family, options, &m, err));
    m->seed = seed;
    return m;
}

/* Fails when models of other options, another family or one seed are put together. */
static void test_groups(void **state)
{
    (void)state;
    sid_model *m[] = {named("pop", NULL, 1),         named("item2vec", "dim=4", 1), named("item2vec", "dim=5", 2),
                      named("item2vec", "dim=4", 3), named("last", NULL, 2),        named("item2vec", "dim=4", 4),
                      named("last", NULL, 2),        named("pop", NULL, 2)};
    static const int wanted[] = {1, 0, -1, 0, -1, 0, -1, 1};
    int group[8];
    assert_int_equal(sid__seed_groups((const sid_model *const *)m, 8, group), 2);
    assert_memory_equal(group, wanted, sizeof wanted);
    for (int i = 0; i < 8; i++)
        sid_model_close(m[i]);
}

/* Fails when a mean is over others than its group. */
static void test_values(void **state)
{
    (void)state;
    static const int group[] = {0, -1, 0, 1};
    static const double value[] = {1, 2, 100, 100, 3, 6, 50, 50};
    double mean[2];
    sid_eval_row row[4] = {
        {.family = "a", .options = "", .value[SID_METRIC_NDCG][0].mean = .2, .coverage = {.5}, .train_s = 1},
        {.family = "b", .options = ""},
        {.family = "a", .options = "", .value[SID_METRIC_NDCG][0].mean = .4, .coverage = {.7}, .train_s = 2},
        {.family = "c", .options = ""}};
    sid_eval_row out;
    sid__average_values(value, group, 4, 0, 2, mean);
    assert_true(fabs(mean[0] - 2) < 1e-12 && fabs(mean[1] - 4) < 1e-12);
    sid__average_rows(row, group, 4, 0, 1, &out);
    assert_true(out.seeds == 2 && strcmp(out.family, "a") == 0);
    assert_true(fabs(out.value[SID_METRIC_NDCG][0].mean - .3) < 1e-12 && fabs(out.coverage[0] - .6) < 1e-12);
    assert_true(fabs(out.seed_deviation[SID_METRIC_NDCG][0] - sqrt(.02)) < 1e-12 && fabs(out.train_s - 3) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups), cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
