/* test_assortment.c: items with their lists, and a few that changed beside them. */
#include "retrieve/assortment.h"

#include <math.h>

#include "test.h"

enum { ITEMS = 4 };
static const sid__shelf_item items[ITEMS] = {{"a", "0-1", "A", 1, 0, 0, NULL},
                                             {"b", "0-1-7", "", 2, 5, 1, NULL}, /* with an added digit */
                                             {"c", "1-0", "C", 4, 9, 2, NULL},
                                             {"d", "0-0", "", 4, 0, 3, NULL}};
static const sid__shelf_item changed[2] = {{"c", "0-1", "C", 3, 2, 2, NULL}, {"e", "0-1", "E", 2, 5, 4, NULL}};

/* The base without c and d, and over it c as it is now, and e. */
static sid__assortment *make(double half_life)
{
    sid__shelf *base = NULL, *over = NULL;
    sid__assortment *a = NULL;
    uint64_t *gone = NULL;
    int64_t *order = NULL;
    TEST_OK(sid__shelf_create(items, ITEMS, &(sid__shelf_kind){.levels = 2, .half_life_days = half_life}, &base, err));
    TEST_OK(sid__shelf_create(changed, 2, &(sid__shelf_kind){.levels = 2, .half_life_days = half_life}, &over, err));
    TEST_OK(sid__alloc(&gone, 1, sizeof *gone, "gone", err));
    TEST_OK(sid__alloc(&order, 2, sizeof *order, "order", err));
    gone[0] = 1 << 2 | 1 << 3;
    order[0] = 2;
    order[1] = 4;
    TEST_OK(sid__assortment_create(base, over, gone, order,
                                   &(sid__shelf_kind){.levels = 2, .half_life_days = half_life}, &a, err));
    sid__shelf_leave(base);
    return a;
}

/* Fails when what is gone is found, what changed is found as it was, or the newest is one that is gone. */
static void numbers_and_texts(void **state)
{
    sid__assortment *a = make((double)INFINITY);
    int64_t item = 0;
    (void)state;
    assert_int_equal(a->count, 4);
    assert_int_equal(sid__assortment_numbers(a), 6);
    assert_int_equal(sid__assortment_find(a, "a"), 0);
    assert_int_equal(sid__assortment_find(a, "c"), 4);
    assert_int_equal(sid__assortment_find(a, "d"), -1);
    assert_int_equal(sid__assortment_find(a, "e"), 5);
    const sid__shelf *shelf = sid__assortment_shelf(a, 5, &item);
    assert_string_equal(shelf->row[item].title, "E");
    shelf = sid__assortment_shelf(a, 1, &item);
    assert_string_equal(shelf->row[item].sid, "0-1-7");
    assert_true(a->newest == 5 && a->now == 0);
    sid__assortment_leave(a);
}

/* Fails when two lists are not given as one: by score and number c (3), b and e (2), a (1). */
static void two_lists_are_one(void **state)
{
    static const uint16_t prefix[2] = {0, 1};
    static const int32_t wanted[2][4] = {{4, 1, 5, 0}, {1, 5, 4, 0}};
    static const char *const name[2] = {"score", "fresh"};
    sid__assortment *a = make((double)INFINITY);
    (void)state;
    for (int n = 0; n < 2; n++) {
        const sid__resolver *resolver = NULL;
        sid__run run = {.lists = &a->lists, .prefix = prefix, .depth = 2};
        TEST_OK(sid__resolver_find(name[n], &resolver, err));
        TEST_OK(sid__run_begin(&run, resolver, err));
        for (int i = 0; i < 4; i++)
            assert_int_equal(resolver->next(&run), wanted[n][i]);
        assert_int_equal(resolver->next(&run), -1);
        sid__run_end(&run);
    }
    sid__assortment_leave(a);
}

/* Fails when a shelf takes what is no item, or leaks where memory ends. */
static void bad_items_and_faults(void **state)
{
    sid__shelf *shelf = NULL;
    (void)state;
    TEST_FAILS(sid__shelf_create(&(sid__shelf_item){"x", "1-2", "", 0, 0, 0, NULL}, 1,
                                 &(sid__shelf_kind){.levels = 2, .half_life_days = 1}, &shelf, err),
               SID_EUSAGE, "quality 0");
    TEST_FAILS(sid__shelf_create(&(sid__shelf_item){"x", "1-2", "", 1, (double)NAN, 0, NULL}, 1,
                                 &(sid__shelf_kind){.levels = 2, .half_life_days = 1}, &shelf, err),
               SID_EUSAGE, "\"x\"");
    TEST_FAILS(sid__shelf_create(&(sid__shelf_item){"x", "1", "", 1, 0, 0, NULL}, 1,
                                 &(sid__shelf_kind){.levels = 2, .half_life_days = 1}, &shelf, err),
               SID_EUSAGE, "2 codes are expected");
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status =
            sid__shelf_create(items, ITEMS, &(sid__shelf_kind){.levels = 2, .half_life_days = 1}, &shelf, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__shelf_leave(shelf);
    sid__assortment_leave(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_and_texts), cmocka_unit_test(two_lists_are_one),
                                       cmocka_unit_test(bad_items_and_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
