/* test_resolver.c: which items of a prefix come first. */
#include "retrieve/resolver.h"

#include "retrieve_case.h"

/* Fails when a way skips an item or gives one twice, whatever the run. */
static void test_each_item_once(void **state)
{
    static stock_case c;
    sid__inventory inv;
    (void)state;
    make_stock(&c);
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    for (int r = 0; r < sid__resolver_registry_count; r++)
        for (uint16_t code = 0; code < STOCK_CODES; code++) {
            const sid__lists lists = {.base = &inv};
            sid__run run = {.lists = &lists, .prefix = &code, .depth = 1, .seed = 7};
            uint8_t seen[STOCK] = {0};
            int64_t begin, end, given = 0;
            assert_true(sid__inventory_find(&inv, &code, 1, &begin, &end));
            TEST_OK(sid__run_begin(&run, sid__resolver_registry[r], err));
            for (int32_t item; (item = sid__resolver_registry[r]->next(&run)) >= 0; given++) {
                assert_int_equal(c.code[item * STOCK_LEVELS], code);
                assert_int_equal(seen[item]++, 0);
            }
            assert_int_equal(given, end - begin);
            sid__run_end(&run);
        }
    sid__inventory_drop(&inv);
}

/* Fails when the random order does not depend on the seed, or leans to one end: the mean place of the first of 1,000 is .5. */
static void test_random(void **state)
{
    static stock_case c;
    sid__inventory inv;
    const sid__resolver *random_order = NULL;
    double sum = 0;
    (void)state;
    make_stock(&c);
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    TEST_OK(sid__resolver_find("random", &random_order, err));
    for (uint64_t seed = 0; seed < 1000; seed++) {
        sid__run run = {.lists = &(sid__lists){.base = &inv}, .seed = seed};
        TEST_OK(sid__run_begin(&run, random_order, err));
        int32_t item = random_order->next(&run);
        sid__run_end(&run);
        for (int64_t p = 0; p < STOCK; p++)
            if (inv.depth[0].item[SID__BY_SCORE][p] == item)
                sum += (double)p / (STOCK - 1);
    }
    assert_true(fabs(sum / 1000 - .5) < .03);
    sid__inventory_drop(&inv);
}

/* Fails when the names are not those of the registry, or a message lacks what is near. */
static void test_names(void **state)
{
    const sid__resolver *found = NULL;
    (void)state;
    TEST_OK(sid__resolver_find("fresh", &found, err));
    assert_string_equal(found->info.name, "fresh");
    TEST_FAILS(sid__resolver_find("scores", &found, err), SID_EUSAGE, "did you mean \"score\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_item_once), cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
