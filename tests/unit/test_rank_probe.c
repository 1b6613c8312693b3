/* test_rank_probe.c: what is asked of a trained ranker beside the last day. */
#include <math.h>

#include "rank/rank_probe.h"
#include "rank_case.h"

enum { USERS = 20, ITEMS = 8, DAYS = 3, COUNT = 2000 };

static double by_item(int user, int item)
{
    (void)user;
    return .1 + .1 * item;
}

static void train(sid_ctx *ctx, const sid_impressions *im, const uint64_t *key, sid__rank_model *model)
{
    static int64_t begin[ITEMS + 1];
    for (int i = 0; i <= ITEMS; i++)
        begin[i] = i;
    const sid__item_source source = {.key = key, .begin = begin, .table = {.kind = "growing"}};
    const sid__rank_options options = {
        .family = &sid__ranker_dot, .dim = 4, .batch = 32, .history = 5, .table_rate = .05, .rate = 1e-3, .seed = 1};
    TEST_OK(sid__rank_model_create(ctx, &options, &source, im, model, err));
    TEST_OK(sid__rank_model_run(model, im, 0, im->count, true, NULL, err));
}

/* Fails when items that share all their rows differ, those that do not are taken as equal, or asking moves the ranker. */
static void test_twins(void **state)
{
    static const uint64_t key[ITEMS] = {0, 1, 2, 3, 4, 5, 6, 0};
    sid_ctx *ctx = NULL;
    sid__rank_model model;
    double aar = 0, again = 0;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_item);
    train(ctx, im, key, &model);
    TEST_OK(sid__probe_twins(&model, im, (int32_t[]){0, 7}, 1, 3, &aar, err));
    assert_true(aar == 0);
    TEST_OK(sid__probe_twins(&model, im, (int32_t[]){1, 6, 0, 7}, 2, 3, &aar, err));
    TEST_OK(sid__probe_twins(&model, im, (int32_t[]){1, 6, 0, 7}, 2, 3, &again, err));
    assert_true(aar > .01 && aar < 2 && aar == again);
    TEST_OK(sid__probe_twins(&model, im, NULL, 0, 3, &aar, err));
    assert_true(isnan(aar));
    sid__rank_model_drop(&model);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

/* Fails when windows are others than 42 to 48 hours and 6 to 0 before the end: the clicks there follow different laws, of which the
 * later one was learned last. */
static void test_drift(void **state)
{
    static const uint64_t key[ITEMS] = {0, 1, 2, 3, 4, 5, 6, 7};
    sid_ctx *ctx = NULL;
    sid__rank_model model;
    double drift = 0;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_item);
    im->has_time = true;
    for (int64_t i = 0; i < im->count; i++) { /* 60 hours, in order; from hour 17 on the other way round */
        im->row[i].time = (double)i * 60 * 3600 / (double)im->count;
        if (im->row[i].time > 18. * 3600)
            im->row[i].label = draw(8, i) < .9 - .1 * number_of(im->items.id[im->row[i].item]);
    }
    train(ctx, im, key, &model);
    TEST_OK(sid__probe_drift(&model, im, im->count, &drift, err));
    assert_true(drift > .05);
    im->row[5].time = 1e9; /* out of order: times are no hours */
    TEST_OK(sid__probe_drift(&model, im, im->count, &drift, err));
    assert_true(isnan(drift));
    sid__rank_model_drop(&model);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

/* Fails when NE is not log loss by the entropy of the rate: .633206 of scores .1 .4 .4 .8 and labels 0 0 1 1 (spec ranking, section
 * 4). */
static void test_ne(void **state)
{
    sid_ctx *ctx = NULL;
    static const double p[] = {.1, .4, .4, .8};
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, 2, 2, 1, 4, by_item);
    for (int i = 0; i < 4; i++)
        im->row[i].label = i >= 2;
    assert_true(fabs(sid__click_ne(im, 0, 4, p) - .633206) < 1e-6);
    assert_true(isnan(sid__click_ne(im, 0, 2, p)));
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_twins), cmocka_unit_test(test_drift),
                                       cmocka_unit_test(test_ne)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
