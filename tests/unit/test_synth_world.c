/* test_synth_world.c: the synthetic world follows its law. */
#include <math.h>
#include <string.h>

#include "base/pool.h"
#include "data/synth_world.h"
#include "test.h"

static const sid__world_options small = {.items = 500, .users = 300, .impressions = 24007, .days = 2, .seed = 7};

static void setup(sid_ctx **ctx, sid__world *world)
{
    TEST_OK(sid_ctx_create(ctx, err));
    TEST_OK(sid__world_make(&small, world, err));
}

static void drop(sid_ctx *ctx, sid__world *world)
{
    sid__world_drop(world);
    sid_ctx_free(ctx);
}

/* Fails when births, deaths or twins leave their rates: 500 alive at the start, 500 ln 2 / 6 = 57.8 births a day, twins of one
 * item in a hundred that are equal but for their row. */
static void test_items(void **state)
{
    sid_ctx *ctx;
    sid__world world;
    int64_t born = 0, twins = 0, at_end = 0;
    float content[2][SID__WORLD_CONTENT];
    (void)state;
    setup(&ctx, &world);
    for (int64_t i = 0; i < world.item_count; i++) {
        const sid__world_item *item = &world.item[i];
        born += item->birth > 0;
        at_end += item->birth <= 48 && item->death > 48;
        if (item->twin < 0 || item->twin < i)
            continue;
        twins++;
        assert_int_equal(world.item[item->twin].twin, i);
        assert_memory_equal(item->path, world.item[item->twin].path, sizeof item->path);
        assert_true(item->own == world.item[item->twin].own && item->weight == world.item[item->twin].weight);
        sid__world_content(&world, i, 1, content[0]);
        sid__world_content(&world, item->twin, 1, content[1]);
        assert_memory_equal(content[0], content[1], sizeof content[0]);
    }
    assert_in_range(born, 85, 150); /* 115.5, three standard deviations */
    assert_in_range(at_end, 430, 570);
    assert_in_range(twins, 1, 16);
    drop(ctx, &world);
}

/* Fails when an item is shown before its birth or after its death, when hours or days get another number of showings, when time
 * runs backwards, or when labels do not follow their probabilities. */
static void test_showings(void **state)
{
    enum { MOST = 24007 };
    sid_ctx *ctx;
    sid__world world;
    sid__world_shown *shown = calloc(MOST, sizeof *shown);
    int64_t total = 0, last_s = 0;
    double expected = 0, clicks = 0, variance = 0;
    (void)state;
    setup(&ctx, &world);
    for (int hour = 0; hour < 48; hour++) {
        int64_t count = sid__world_hour_count(&world, hour);
        TEST_OK(sid__world_hour(ctx, &world, hour, shown, err));
        total += count;
        for (int64_t i = 0; i < count; i++) {
            const sid__world_item *item = &world.item[shown[i].item];
            assert_true(item->birth <= hour && item->death > hour);
            assert_true(shown[i].timestamp >= last_s && shown[i].p > 0 && shown[i].p < 1 && shown[i].position < 5);
            last_s = shown[i].timestamp;
            expected += shown[i].p;
            clicks += shown[i].label;
            variance += shown[i].p * (1 - shown[i].p);
        }
    }
    assert_int_equal(total, 2 * 24007);
    assert_true(fabs(clicks - expected) < 4 * sqrt(variance));
    free(shown);
    drop(ctx, &world);
}

/* Fails when the mean over what is an item's own is taken wrongly: over many items it is the mean of p. */
static void test_content_only(void **state)
{
    sid_ctx *ctx;
    sid__world world;
    sid__world_shown *shown = calloc(24007, sizeof *shown);
    double p = 0, content = 0;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__world_options wide = small;
    wide.items = 20000;
    TEST_OK(sid__world_make(&wide, &world, err));
    for (int64_t i = 0; i < world.item_count; i++)
        world.item[i].weight = 1; /* all alike, or few items would make the mean */
    for (int hour = 0; hour < 48; hour++) {
        TEST_OK(sid__world_hour(ctx, &world, hour, shown, err));
        for (int64_t i = 0; i < sid__world_hour_count(&world, hour); i++) {
            p += shown[i].p;
            content += shown[i].p_content;
        }
    }
    assert_true(fabs(p / content - 1) < .02);
    free(shown);
    drop(ctx, &world);
}

/* Fails when a showing depends on who computes it: the same bytes for one thread and for three. */
static void test_threads(void **state)
{
    sid_ctx *ctx;
    sid__world world;
    sid__world_shown *one = calloc(2000, sizeof *one), *three = calloc(2000, sizeof *three);
    (void)state;
    setup(&ctx, &world);
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    TEST_OK(sid__world_hour(ctx, &world, 30, one, err));
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    TEST_OK(sid__world_hour(ctx, &world, 30, three, err));
    assert_memory_equal(one, three, (size_t)sid__world_hour_count(&world, 30) * sizeof *one);
    free(one);
    free(three);
    drop(ctx, &world);
}

/* Fails when a world without items, users or days is made, or its message does not say which. */
static void test_bad_options(void **state)
{
    sid__world world;
    (void)state;
    TEST_FAILS(sid__world_make(&(sid__world_options){.users = 1, .impressions = 1, .days = 1}, &world, err), SID_EUSAGE,
               "number of items is 0");
    sid__world_drop(&world);
    TEST_FAILS(
        sid__world_make(&(sid__world_options){.items = 1, .users = 1, .impressions = 1, .days = 1001}, &world, err),
        SID_EUSAGE, "1 to 1000");
    sid__world_drop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_items), cmocka_unit_test(test_showings),
                                       cmocka_unit_test(test_content_only), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_bad_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
