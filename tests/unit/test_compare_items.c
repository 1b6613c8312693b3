/* test_compare_items.c: columns of items in a comparison: a tree that is given, twins. */
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "rank_case.h"

enum { USERS = 30, ITEMS = 8, DAYS = 3, COUNT = 1500 };

static double by_branch(int user, int item)
{
    (void)user;
    return item / 4 ? .6 : .1;
}

static sid_items *read_items(sid_ctx *ctx, const char *text)
{
    char path[64];
    sid_items *items = NULL;
    (void)snprintf(path, sizeof path, "/tmp/semid-items-%d.tsv", (int)getpid());
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    (void)close(file);
    TEST_OK(sid_items_read(ctx, path, NULL, &items, err));
    (void)unlink(path);
    return items;
}

static sid_status compare(sid_ctx *ctx, const sid_impressions *im, const sid_items *items, const char *tree,
                          sid_rank_comparison *c, sid_error *err)
{
    const sid_rank_compare_options options = {.arms = "random-hash,individual,true-tree,true-tree+id",
                                              .items = items,
                                              .tree = tree,
                                              .twin = "twin",
                                              .seeds = 1,
                                              .rows = 12,
                                              .bootstrap = -1};
    return sid_rank_compare(ctx, im, &options, c, err);
}

/* Fails when the tree's places do not reach their items, twins in one place are told apart by it, or days are not scored as they
 * come. */
static void test_tree_and_twins(void **state)
{
    sid_ctx *ctx = NULL;
    sid_rank_comparison c = {0};
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_branch);
    sid_items *items =
        read_items(ctx, "item_id\ttitle\tplace\ttwin\ni0\ta\t0-0\ti1\ni1\tb\t0-0\t\ni2\tc\t0-1\t\ni3\td\t0-1\t\n"
                        "i4\te\t1-0\ti5\ni5\tf\t1-0\t\ni6\tg\t1-1\tnobody\nnobody\th\t\ti0\n");
    TEST_OK(compare(ctx, im, items, "place", &c, err));
    assert_true(c.arm[2].aar == 0);
    assert_true(c.arm[1].aar > 0 && c.arm[3].aar > 0);
    assert_true(c.arm[2].mean[SID_RANK_SLICE_ALL].auc > .65);
    for (int day = 0; day < DAYS; day++)
        assert_true(c.arm[2].day_ne[day] > .5 && c.arm[2].day_ne[day] < 1.5);
    assert_true(c.arm[2].day_ne[0] > c.arm[2].day_ne[DAYS - 1]);
    assert_true(fabs(c.arm[2].day_ne[DAYS - 1] - c.arm[2].mean[SID_RANK_SLICE_ALL].ne) < 1e-12);
    assert_true(isnan(c.arm[2].drift));
    sid_rank_comparison_drop(&c);
    sid_items_free(items);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

/* Fails when a column that is not there, places of unequal depth or a tree without items pass. */
static void test_refusals(void **state)
{
    sid_ctx *ctx = NULL;
    sid_rank_comparison c = {0};
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, DAYS, COUNT, by_branch);
    sid_items *items = read_items(ctx, "item_id\tplace\tword\tother\ttwin\ni0\t0-0\tx\t\t\ni1\t0\tx\t\t\n");
    TEST_FAILS(compare(ctx, im, items, "leaf", &c, err), SID_EUSAGE, "\"leaf\", which the items do not have");
    TEST_FAILS(compare(ctx, im, items, "place", &c, err), SID_EDATA, "levels are expected");
    TEST_FAILS(compare(ctx, im, items, "other", &c, err), SID_EDATA, "not one item");
    TEST_FAILS(compare(ctx, im, NULL, "place", &c, err), SID_EUSAGE, "none are given");
    assert_int_not_equal(compare(ctx, im, items, "word", &c, NULL), SID_OK);
    sid_items_free(items);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tree_and_twins), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
