/* test_resolver.c: which items of a prefix come first. */
#include "retrieve/resolver.h"

#include "retrieve_case.h"

/* Fails when a way skips an item or gives one twice, whatever the run. */
static void test_each_item_once(void **state)
{
    static stock_case c;
    sid__inventory inv;
    sid__tower tower;
    const sid__tower_shape shape = {.dim = STOCK_DIM, .depth = 1, .kernels = sid__kernels_for(sid__isa_best())};
    const float query[STOCK_DIM] = {1, -1, .5F};
    (void)state;
    make_stock(&c);
    for (int i = 0; i < STOCK; i++)
        c.vectors[i] = c.vector[i];
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    TEST_OK(sid__tower_create(&inv, shape, c.vectors, &tower, err));
    for (int r = 0; r < sid__resolver_registry_count; r++)
        for (uint16_t code = 0; code < STOCK_CODES; code++) {
            const sid__lists lists = {.base = &inv, .tower = {&tower}};
            sid__run run = {.lists = &lists, .prefix = &code, .depth = 1, .seed = 7, .query = query};
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
    sid__tower_drop(&tower);
    sid__inventory_drop(&inv);
}

/* Fails when "tower" gives items of a prefix in another order than that of their products, ties by number, or one without a vector. */
static void test_tower(void **state)
{
    static stock_case c;
    sid__inventory inv;
    sid__tower tower;
    const sid__tower_shape shape = {.dim = STOCK_DIM, .depth = 2, .kernels = sid__kernels_for(sid__isa_best())};
    const float query[STOCK_DIM] = {1, -1, .5F};
    const sid__resolver *by_tower = NULL;
    uint16_t prefix[1] = {2};
    (void)state;
    make_stock(&c);
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    TEST_OK(sid__tower_create(&inv, shape, c.vectors, &tower, err));
    TEST_OK(sid__resolver_find("tower", &by_tower, err));
    const sid__lists lists = {.base = &inv, .tower = {&tower}};
    sid__run run = {.lists = &lists, .prefix = prefix, .depth = 1, .query = query};
    TEST_OK(sid__run_begin(&run, by_tower, err));
    int64_t given = 0, wanted = 0;
    float last = (float)INFINITY;
    int32_t before = -1;
    for (int32_t item; (item = by_tower->next(&run)) >= 0; given++, before = item) {
        float score = product(query, c.vector[item], STOCK_DIM);
        assert_true(score < last || (!(score > last) && item > before));
        assert_non_null(c.vectors[item]);
        last = score;
    }
    for (int i = 0; i < STOCK; i++)
        wanted += c.code[i * STOCK_LEVELS] == 2 && c.vectors[i];
    assert_int_equal(given, wanted);
    sid__run_end(&run);
    sid__tower_drop(&tower);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_item_once), cmocka_unit_test(test_tower),
                                       cmocka_unit_test(test_random), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
