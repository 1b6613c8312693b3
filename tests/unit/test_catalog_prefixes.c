/* test_catalog_prefixes.c: the view that servers ask, against the list of items. */
#include "catalog_fixture.h"

static bool starts_with(const char *sid, const char *prefix)
{
    size_t length = strlen(prefix);
    return length == 0 || (strncmp(sid, prefix, length) == 0 && (sid[length] == '-' || sid[length] == 0));
}

static void check_prefix(const sid_prefixes *prefixes, const sid_hits *items, const uint16_t *codes, int depth)
{
    char text[SID_SID_TEXT_MAX] = "";
    int64_t row[FIXTURE_ITEMS], page[7], count = 0;
    if (depth > 0)
        sid_format(codes, depth, text);
    for (int64_t i = 0; i < items->count; i++)
        count += starts_with(items->row[i].sid, text);
    assert_int_equal(sid_prefixes_find(prefixes, codes, depth, 0, FIXTURE_ITEMS, row), count);
    for (int64_t i = 0; i < count; i++) {
        assert_true(starts_with(items->row[row[i]].sid, text));
        for (int64_t j = 0; j < i; j++)
            assert_true(row[i] != row[j]);
    }
    for (int64_t first = 0; first <= count + 7; first += 7) {
        int64_t left = first < count ? count - first : 0;
        memset(page, 0xff, sizeof page);
        assert_int_equal(sid_prefixes_find(prefixes, codes, depth, first, 7, page), count);
        for (int64_t i = 0; i < 7; i++)
            assert_int_equal(page[i], i < left ? row[first + i] : -1);
    }
}

/* Fails when a look-up misses or adds an item, when pages overlap, leave a gap or write past the end, or when the
 * counts are wrong. */
static void finds_what_starts_with_it(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_prefixes *prefixes = NULL;
    sid_hits items = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_prefixes(catalog, &prefixes, err));
    TEST_OK(sid_catalog_items(catalog, &items, err));
    assert_int_equal(sid_prefixes_count(prefixes), FIXTURE_ITEMS);
    assert_in_range(sid_prefixes_size(prefixes), FIXTURE_ITEMS * 4, FIXTURE_ITEMS * 16 + 4096);
    for (uint16_t a = 0; a < 5; a++) {
        for (uint16_t b = 0; b < 5; b++) {
            for (uint16_t c = 0; c < 5; c++)
                check_prefix(prefixes, &items, (uint16_t[]){a, b, c}, 3);
            check_prefix(prefixes, &items, (uint16_t[]){a, b}, 2);
        }
        check_prefix(prefixes, &items, &a, 1);
    }
    check_prefix(prefixes, &items, NULL, 0);
    int64_t none = sid_prefixes_find(prefixes, (uint16_t[4]){0}, 4, 0, 0, NULL);
    assert_int_equal(none, 0);
    sid_hits_drop(&items);
    sid_prefixes_free(prefixes);
    sid_prefixes_free(NULL);
    sid_catalog_close(catalog);
}

/* Fails when a view changes with its catalogue, dies with it, or a new view does not show the change. */
static void keeps_its_version(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_prefixes *before = NULL, *after = NULL;
    int64_t row[FIXTURE_ITEMS];
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_prefixes(catalog, &before, err));
    TEST_OK(sid_catalog_remove(catalog, (const char *const[]){"i3", "i5"}, 2, err));
    TEST_OK(sid_catalog_prefixes(catalog, &after, err));
    assert_true(sid_prefixes_version(after) > sid_prefixes_version(before));
    assert_int_equal(sid_prefixes_find(after, NULL, 0, 0, FIXTURE_ITEMS, row), FIXTURE_ITEMS - 2);
    for (int i = 0; i < FIXTURE_ITEMS - 2; i++)
        assert_true(row[i] != 3 && row[i] != 5);
    sid_catalog_close(catalog);
    assert_int_equal(sid_prefixes_find(before, NULL, 0, 0, FIXTURE_ITEMS, row), FIXTURE_ITEMS);
    sid_prefixes_free(before);
    sid_prefixes_free(after);
}

/* Fails when the items of rows come in another order, or a row without an item is passed over. */
static void rows_give_their_items(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_rows(catalog, (const int64_t[]){7, 0, 199}, 3, &hits, err));
    assert_int_equal(hits.count, 3);
    assert_string_equal(hits.row[0].item_id, "i7");
    assert_string_equal(hits.row[1].item_id, "i0");
    assert_string_equal(hits.row[2].item_id, "i199");
    sid_hits_drop(&hits);
    TEST_OK(sid_catalog_rows(catalog, NULL, 0, &hits, err));
    assert_int_equal(hits.count, 0);
    TEST_FAILS(sid_catalog_rows(catalog, (const int64_t[]){1, 200}, 2, &hits, err), SID_ENOTFOUND, "row 200");
    TEST_OK(sid_catalog_remove(catalog, (const char *const[]){"i1"}, 1, err));
    TEST_FAILS(sid_catalog_rows(catalog, (const int64_t[]){1}, 1, &hits, err), SID_ENOTFOUND, "row 1 of");
    assert_null(hits.row);
    sid_catalog_close(catalog);
}

/* Fails when children come out of order, a page overlaps the next, their counts are not those of a look-up, or the use of a
 * level misses an item. */
static void children_and_levels_add_up(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_prefixes *prefixes = NULL;
    sid_child all[8], page[2], below[8];
    int64_t items[4], total = 0;
    fixture_fit(f, &(sid_fit_options){.levels = 2, .codes = "4", .collisions = "digit"}, &catalog);
    TEST_OK(sid_catalog_prefixes(catalog, &prefixes, err));
    int64_t count = sid_prefixes_children(prefixes, NULL, 0, 0, 8, all);
    assert_int_equal(count, 4);
    for (int64_t i = 0; i < count; i++) {
        total += all[i].items;
        assert_true(i == 0 || all[i].code > all[i - 1].code);
        assert_int_equal(all[i].items, sid_prefixes_find(prefixes, &all[i].code, 1, 0, 0, NULL));
        assert_int_equal(all[i].prefixes, sid_prefixes_children(prefixes, &all[i].code, 1, 0, 8, below));
    }
    assert_int_equal(total, FIXTURE_ITEMS);
    assert_int_equal(sid_prefixes_children(prefixes, NULL, 0, all[1].code + 1, 2, page), 2);
    assert_int_equal(page[0].code, all[2].code);
    assert_int_equal(sid_prefixes_children(prefixes, NULL, 0, 65536, 2, page), 0);
    assert_int_equal(sid_prefixes_children(prefixes, NULL, -1, 0, 2, page), 0);
    assert_int_equal(sid_prefixes_children(prefixes, NULL, SID_LEVELS_MAX + 1, 0, 2, page), 0);
    assert_true(sid_prefixes_level(prefixes, 0, 4, items));
    for (int64_t i = 0; i < count; i++)
        assert_int_equal(items[all[i].code], all[i].items);
    assert_true(sid_prefixes_level(prefixes, 1, 4, items));
    assert_int_equal(items[0] + items[1] + items[2] + items[3], FIXTURE_ITEMS);
    assert_false(sid_prefixes_level(prefixes, 2, 4, items));
    assert_false(sid_prefixes_level(prefixes, -1, 4, items));
    sid_prefixes_free(prefixes);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(children_and_levels_add_up),
                                       FIXTURE_TEST(finds_what_starts_with_it), FIXTURE_TEST(keeps_its_version),
                                       FIXTURE_TEST(rows_give_their_items)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
