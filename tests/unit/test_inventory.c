/* test_inventory.c: the items below each prefix, the best first. */
#include "retrieve/inventory.h"

#include <string.h>

#include "retrieve_case.h"

static bool is_below(const stock_case *c, int item, const uint16_t *prefix, int depth)
{
    return memcmp(c->code + item * STOCK_LEVELS, prefix, (size_t)depth * sizeof *prefix) == 0;
}

/* 2^(birth / half-life) x quality: the order without logarithms. */
static double worth(const stock_case *c, int item)
{
    return c->quality[item] * pow(2, c->birth[item] / c->stock.half_life_days);
}

static void check_prefix(const stock_case *c, const sid__inventory *inv, const uint16_t *prefix, int depth)
{
    int64_t begin = 0, end = 0, wanted = 0;
    uint8_t seen[STOCK] = {0};
    for (int i = 0; i < STOCK; i++)
        wanted += is_below(c, i, prefix, depth);
    assert_int_equal(sid__inventory_find(inv, prefix, depth, &begin, &end), wanted > 0);
    if (wanted == 0)
        return;
    assert_int_equal(end - begin, wanted);
    for (int order = 0; order < SID__STOCK_ORDERS; order++)
        for (int64_t p = begin; p < end; p++) {
            int32_t item = inv->depth[depth].item[order][p];
            assert_true(is_below(c, item, prefix, depth));
            assert_int_equal(seen[item], order);
            seen[item]++;
            if (p == begin)
                continue;
            int32_t before = inv->depth[depth].item[order][p - 1];
            if (order == SID__BY_BIRTH)
                assert_true(c->birth[before] >= c->birth[item]);
            else
                assert_true(worth(c, before) >= worth(c, item) * (1 - 1e-12));
        }
}

/* Fails when a list lacks an item of its prefix, has one of another, or is out of order; against a walk over all items. */
static void test_every_prefix(void **state)
{
    static stock_case c;
    sid__inventory inv;
    (void)state;
    make_stock(&c);
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    for (int n = 0; n < 5 * 5 * 5; n++) {
        const uint16_t prefix[STOCK_LEVELS] = {(uint16_t)(n % 5), (uint16_t)(n / 5 % 5), (uint16_t)(n / 25)};
        for (int depth = 0; depth <= STOCK_LEVELS; depth++)
            check_prefix(&c, &inv, prefix, depth);
    }
    sid__inventory_drop(&inv);
}

/* Fails when ties are not broken by row, or an infinite half-life does not leave quality alone. */
static void test_ties_and_no_age(void **state)
{
    static const uint16_t code[4] = {0, 0, 0, 0};
    static const double quality[4] = {1, 2, 2, 1}, birth[4] = {9, 0, 5, 0};
    sid__inventory inv;
    (void)state;
    const sid__stock stock = {
        .count = 4, .levels = 1, .code = code, .quality = quality, .birth = birth, .half_life_days = (double)INFINITY};
    TEST_OK(sid__inventory_create(&stock, &inv, err));
    assert_memory_equal(inv.depth[1].item[SID__BY_SCORE], ((int32_t[]){1, 2, 0, 3}), sizeof(int32_t[4]));
    assert_memory_equal(inv.depth[0].item[SID__BY_BIRTH], ((int32_t[]){0, 2, 1, 3}), sizeof(int32_t[4]));
    sid__inventory_drop(&inv);
}

/* Fails when a bad number passes, no items break it, or a failed allocation leaks. */
static void test_bad_and_empty(void **state)
{
    static stock_case c;
    sid__inventory inv;
    int64_t begin, end;
    (void)state;
    make_stock(&c);
    c.quality[7] = 0;
    TEST_FAILS(sid__inventory_create(&c.stock, &inv, err), SID_EUSAGE, "item 7 has quality 0");
    sid__inventory_drop(&inv);
    c.quality[7] = 1;
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__inventory_create(&c.stock, &inv, NULL);
        sid__mem_fail(-1, 0);
        sid__inventory_drop(&inv);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    c.stock.count = 0;
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    assert_false(sid__inventory_find(&inv, c.code, 1, &begin, &end));
    assert_false(sid__inventory_find(&inv, c.code, STOCK_LEVELS + 1, &begin, &end));
    sid__inventory_drop(&inv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_prefix), cmocka_unit_test(test_ties_and_no_age),
                                       cmocka_unit_test(test_bad_and_empty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
