/* test_item_draw.c: items are drawn as often as the power of their count says. */
#include "model/item_draw.h"

#include <math.h>

#include "base/mem.h"
#include "test.h"

enum { ITEMS = 9 };
static const int64_t train_count[ITEMS] = {3, 0, 17, 1, 1, 250, 0, 8, 40};

/* The chance of an item by what the slots hold. */
static double chance_of(const sid__item_draw *draw, int item)
{
    double chance = 0;
    for (int slot = 0; slot < ITEMS; slot++) {
        double own = draw->limit[slot] == UINT32_MAX ? 1 : draw->limit[slot] / 4294967296.;
        chance += (slot == item ? own : 0) + (draw->alias[slot] == item ? 1 - own : 0);
    }
    return chance / ITEMS;
}

/* Fails when an item's chance is not its share of the powers, or one without an event can be drawn. */
static void test_chances(void **state)
{
    (void)state;
    static const double powers[] = {0, .5, .75, 1, 2};
    for (int p = 0; p < 5; p++) {
        sid__item_draw draw;
        double sum = 0;
        TEST_OK(sid__item_draw_make(train_count, ITEMS, powers[p], &draw, err));
        for (int i = 0; i < ITEMS; i++)
            sum += train_count[i] ? pow((double)train_count[i], powers[p]) : 0;
        for (int i = 0; i < ITEMS; i++) {
            double wanted = train_count[i] ? pow((double)train_count[i], powers[p]) / sum : 0;
            assert_true(fabs(chance_of(&draw, i) - wanted) < 1e-9);
        }
        sid__item_draw_drop(&draw);
    }
}

/* Fails when draws are not those of the table, differ by how many are asked for, or two steps share them. */
static void test_draws(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    static int32_t item[COUNT], few[7], later[COUNT];
    sid__item_draw draw;
    int seen[ITEMS] = {0}, equal = 0;
    TEST_OK(sid__item_draw_make(train_count, ITEMS, .5, &draw, err));
    sid__item_draw_many(&draw, 3, 11, COUNT, item);
    sid__item_draw_many(&draw, 3, 11, 7, few);
    sid__item_draw_many(&draw, 3, 12, COUNT, later);
    assert_memory_equal(item, few, sizeof few);
    for (int i = 0; i < COUNT; i++) {
        assert_true(item[i] >= 0 && item[i] < ITEMS);
        seen[item[i]]++;
        equal += item[i] == later[i];
    }
    for (int i = 0; i < ITEMS; i++) {
        double chance = chance_of(&draw, i), spread = sqrt(COUNT * chance * (1 - chance));
        assert_true(fabs(seen[i] - COUNT * chance) <= 4 * spread);
    }
    assert_true(equal < COUNT / 2);
    sid__item_draw_drop(&draw);
}

/* Fails when one item, or none to draw, is mishandled, or memory that is missing leaks. */
static void test_edges(void **state)
{
    (void)state;
    sid__item_draw draw;
    int32_t item = -1;
    const int64_t none[] = {0, 0};
    TEST_OK(sid__item_draw_make(&train_count[2], 1, .5, &draw, err));
    sid__item_draw_many(&draw, 1, 0, 1, &item);
    assert_int_equal(item, 0);
    sid__item_draw_drop(&draw);
    TEST_FAILS(sid__item_draw_make(none, 2, .5, &draw, err), SID_EDATA, "none of 2 items");
    for (int64_t after = 0; after < 4; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid__item_draw_make(train_count, ITEMS, 1, &draw, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
        assert_null(draw.limit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chances), cmocka_unit_test(test_draws),
                                       cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
