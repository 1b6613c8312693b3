/* test_rank_model.c: a ranker at work: it learns, and what it learns depends on nothing but the data. */
#include <math.h>

#include "rank/arms.h"
#include "rank/click_metrics.h"
#include "rank_case.h"

enum { USERS = 40, ITEMS = 30, DAYS = 3, COUNT = 4000 };

/* Items below 10 are liked by most, and even users like even items. */
static double by_taste(int user, int item)
{
    return item < 10 ? .8 : user % 2 == item % 2 ? .5 : .1;
}

static sid__rank_options options_of(const char *family, void *settings)
{
    sid__rank_options o = {
        .dim = 4, .batch = 64, .history = 8, .table_rate = .1, .rate = .01, .seed = 9, .options = settings};
    TEST_OK(sid__ranker_find(family, &o.family, err));
    TEST_OK(sid__options_default(&o.family->info, settings, err));
    return o;
}

/* Trains on all days but the last; p of the last. Gives its AUC. */
static double run(sid_ctx *ctx, const sid_impressions *im, const char *family, const sid__item_source *source,
                  double *p)
{
    char settings[4096];
    const sid__rank_options options = options_of(family, settings);
    sid__rank_model model;
    sid__click_metrics m;
    uint8_t label[COUNT];
    int64_t end = (DAYS - 1) * (int64_t)COUNT;
    TEST_OK(sid__rank_model_create(ctx, &options, source, im, &model, err));
    TEST_OK(sid__rank_model_run(&model, im, 0, end, true, NULL, err));
    TEST_OK(sid__rank_model_run(&model, im, end, im->count, false, p, err));
    for (int i = 0; i < COUNT; i++)
        label[i] = im->row[end + i].label;
    TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = p, .label = label, .count = COUNT}, &m, err));
    sid__rank_model_drop(&model);
    return m.auc;
}

/* The AUC of who knows by_taste. */
static double ceiling(const sid_impressions *im)
{
    double p[COUNT];
    uint8_t label[COUNT];
    sid__click_metrics m;
    for (int i = 0; i < COUNT; i++) {
        const sid__impression *row = &im->row[im->count - COUNT + i];
        p[i] = by_taste(number_of(im->users.id[row->user]), number_of(im->items.id[row->item]));
        label[i] = row->label;
    }
    TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = p, .label = label, .count = COUNT}, &m, err));
    return m.auc;
}

/* Fails when gradients do not reach the tables of users and items or the family's own numbers, or when a family sees what it is to
 * predict: lr learns items alone, the others tastes too, none more than there is to know. */
static void test_learns(void **state)
{
    static const char *const families[] = {"lr", "dot", "fm", "deepfm", "dlrm", "dcnv2", "din", "mmoe", "two-tower"};
    sid_ctx *ctx = NULL;
    sid__arm arm;
    double p[COUNT], auc[9];
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_taste);
    TEST_OK(
        sid__arm_make("individual", &(sid__arm_data){.ctx = ctx, .items = im->items.count, .rows = 10}, 1, &arm, err));
    double best = ceiling(im);
    for (int i = 0; i < 9; i++) {
        auc[i] = run(ctx, im, families[i], &arm.source, p);
        double least = i < 8 ? .7 : .65; /* two-tower learns of clicks alone */
        if (!(auc[i] > least && auc[i] < best + .02))
            fail_msg("%s has an AUC of %g; %g to %g are expected", families[i], auc[i], least, best + .02);
    }
    assert_true(auc[1] > auc[0] + .03 && auc[2] > auc[0] + .03);
    sid__arm_drop(&arm);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

/* Fails when a product, a table or a sum depends on threads: the same probabilities, bit by bit, for one and for three. */
static void test_threads(void **state)
{
    sid_ctx *ctx = NULL;
    float content[ITEMS * 5];
    double one[COUNT], three[COUNT];
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    fill_case(content, ITEMS * 5, 21);
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_taste);
    const sid__item_source source = {.content = content, .content_dim = 5};
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    double auc = run(ctx, im, "dcnv2", &source, one);
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    assert_true(run(ctx, im, "dcnv2", &source, three) == auc);
    assert_memory_equal(one, three, sizeof one);
    assert_true(auc > .65); /* content tells the items apart */
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

/* Fails when asking changes what is learned: the same questions get the same answers, and p is from before the step. */
static void test_asking_changes_nothing(void **state)
{
    sid_ctx *ctx = NULL;
    char settings[4096];
    sid__rank_model model;
    sid__arm arm;
    double first[64], again[64];
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    const sid__rank_options options = options_of("lr", settings); /* no history, so that order does not matter */
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, 2, 1000, by_taste);
    TEST_OK(
        sid__arm_make("random-hash", &(sid__arm_data){.ctx = ctx, .items = im->items.count, .rows = 10}, 1, &arm, err));
    TEST_OK(sid__rank_model_create(ctx, &options, &arm.source, im, &model, err));
    TEST_OK(sid__rank_model_run(&model, im, 0, 1000, true, NULL, err));
    TEST_OK(sid__rank_model_run(&model, im, 1000, 1064, false, first, err));
    TEST_OK(sid__rank_model_run(&model, im, 1000, 1064, true, again, err));
    assert_memory_equal(first, again, sizeof first);
    TEST_OK(sid__rank_model_run(&model, im, 1000, 1064, false, again, err));
    assert_memory_not_equal(first, again, sizeof first);
    sid__rank_model_drop(&model);
    sid__arm_drop(&arm);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_learns), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_asking_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
