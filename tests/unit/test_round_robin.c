/* test_round_robin.c: a budget of prefixes times items. */
#include "retrieve/round_robin.h"

#include <math.h>

#include "test.h"

/* Below 0-0: items 0 1 2, below 0-1: 3, below 1-0: 4 5; the earlier, the better. */
enum { ITEMS = 6 };
static const uint16_t code[2 * ITEMS] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0};
static const double quality[ITEMS] = {6, 5, 4, 3, 2, 1}, birth[ITEMS] = {0};

static int64_t ask(const uint16_t *prefix, int64_t count, sid__budget budget, uint8_t *is_out, int32_t *item,
                   int32_t *from)
{
    const sid__stock stock = {.count = ITEMS,
                              .levels = 2,
                              .code = code,
                              .quality = quality,
                              .birth = birth,
                              .half_life_days = (double)INFINITY};
    sid__round_robin_request request = {
        .prefix = prefix, .prefix_count = count, .depth = 2, .budget = budget, .is_out = is_out};
    sid__inventory inventory;
    int64_t found = 0;
    TEST_OK(sid__resolver_find("score", &request.resolver, err));
    TEST_OK(sid__inventory_create(&stock, &inventory, err));
    TEST_OK(sid__round_robin(&(sid__lists){.base = &inventory}, &request, item, from, &found, err));
    sid__inventory_drop(&inventory);
    return found;
}

/* Fails when prefixes do not take turns, what is out counts, a short prefix does not go on with its parent's items, or one comes twice. */
static void test_turns(void **state)
{
    static const uint16_t prefix[3][SID_LEVELS_MAX] = {{0, 1}, {1, 0}, {0, 0}};
    int32_t item[ITEMS], from[ITEMS];
    (void)state;
    assert_int_equal(ask(prefix[0], 3, (sid__budget){3, 2, 6}, (uint8_t[ITEMS]){0}, item, from), 6);
    assert_memory_equal(item, ((int32_t[]){3, 4, 0, 1, 5, 2}), sizeof item); /* 0-1 has one, then those of 0 */
    assert_memory_equal(from, ((int32_t[]){0, 1, 2, 0, 1, 2}), sizeof from);
    assert_int_equal(ask(prefix[0], 3, (sid__budget){3, 1, 6}, (uint8_t[ITEMS]){1, 0, 0, 1, 1, 0}, item, from), 3);
    assert_memory_equal(item, ((int32_t[]){1, 5, 2}), sizeof(int32_t[3]));
    assert_int_equal(ask(prefix[0], 3, (sid__budget){1, 9, 9}, (uint8_t[ITEMS]){0}, item, from), 4);
    assert_int_equal(ask(prefix[0], 3, (sid__budget){3, 9, 2}, (uint8_t[ITEMS]){0}, item, from), 2);
}

/* Fails when a prefix that no item has is not taken up by its parent, or one without any kin gives something. */
static void test_unknown_prefix(void **state)
{
    static const uint16_t prefix[2][SID_LEVELS_MAX] = {{1, 7}, {9, 9}};
    int32_t item[ITEMS], from[ITEMS];
    (void)state;
    assert_int_equal(ask(prefix[0], 2, (sid__budget){2, 5, 5}, (uint8_t[ITEMS]){0}, item, from), 2);
    assert_memory_equal(item, ((int32_t[]){4, 5}), sizeof(int32_t[2]));
    assert_int_equal(ask(prefix[1], 1, (sid__budget){2, 5, 5}, (uint8_t[ITEMS]){0}, item, from), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_turns), cmocka_unit_test(test_unknown_prefix)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
