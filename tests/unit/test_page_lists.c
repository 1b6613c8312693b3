/* test_page_lists.c: the lists of the page against the catalogue. */
#include "page_case.h"

#include "items_case.h"

static json_t *member(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (!value)
        fail_msg("there is no %s", name);
    return value;
}

/* Fails when bars do not fall, do not hold all items, or the fullest codes are others. */
static void levels_hold_all_items(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    fixture_fit(f, NULL, &catalog);
    json_t *levels = page_case_part(catalog, sid__page_levels);
    assert_int_equal(json_array_size(levels), 3);
    for (size_t l = 0; l < 3; l++) {
        const json_t *bars = member(json_array_get(levels, l), "bars");
        const json_t *first = json_array_get(member(json_array_get(levels, l), "top"), 0);
        double sum = 0, before = 1e9;
        for (size_t i = 0; i < json_array_size(bars); i++) {
            double bar = json_number_value(json_array_get(bars, i));
            assert_true(bar <= before);
            sum += before = bar;
        }
        assert_int_equal(json_array_size(bars), 4);
        assert_true(sum == FIXTURE_ITEMS);
        assert_true((double)int_at(first, 1) == json_number_value(json_array_get(bars, 0)));
    }
    page_case_memory(catalog, sid__page_levels);
    json_decref(levels);
    sid_catalog_close(catalog);
}

/* Fails when many codes are drawn as more bars than a screen has, or bars of several codes are not their mean. */
static void many_codes_share_bars(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_vectors *vectors = fixture_vectors(f, 1300, 3, "i");
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.levels = 1, .codes = "1200"}, vectors, f->path, &catalog, err));
    json_t *levels = page_case_part(catalog, sid__page_levels);
    const json_t *bars = member(json_array_get(levels, 0), "bars");
    assert_int_equal(json_integer_value(member(json_array_get(levels, 0), "bin")), 3);
    assert_int_equal(json_array_size(bars), 400);
    json_decref(levels);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

static const char shop[] = "item_id\ttitle\tbrand\na\t</script><b>x\t<i>\nb\ttea & \"cake\"\tLeaf\nc\tpan\t\n";

static void fit_shop(fixture *f, sid_catalog **out)
{
    const float x[] = {1, 1, 9};
    const char *const ids[] = {"a", "b", "c"};
    sid_vectors *vectors = NULL;
    sid_items *items = case_items(f->ctx, shop);
    TEST_OK(sid_vectors_create(f->ctx, x, 3, 1, ids, &vectors, err));
    const sid_fit_options options = {.levels = 1, .codes = "2", .items = items, .force = true};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, out, err));
    sid_vectors_free(vectors);
    sid_items_free(items);
}

/* Fails when a bucket's items or their columns are lost or changed, or equal vectors are not known as such. */
static void buckets_show_their_items(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    fit_shop(f, &catalog);
    json_t *buckets = page_case_part(catalog, sid__page_buckets);
    const json_t *bucket = json_array_get(member(buckets, "rows"), 0);
    const json_t *item = json_array_get(member(bucket, "items"), 0);
    const json_t *fields = member(item, "fields");
    assert_int_equal(json_integer_value(member(buckets, "shared")), 1);
    assert_int_equal(json_array_size(member(buckets, "by_size")), 2);
    assert_int_equal(json_integer_value(member(bucket, "size")), 2);
    assert_int_equal(json_integer_value(member(bucket, "distinct")), 1);
    assert_string_equal(json_string_value(member(item, "id")), "a");
    assert_string_equal(json_string_value(member(item, "title")), "</script><b>x");
    assert_int_equal(json_array_size(fields), 2);
    assert_string_equal(json_string_value(json_array_get(json_array_get(fields, 1), 1)), "<i>");
    page_case_memory(catalog, sid__page_buckets);
    json_decref(buckets);
    sid_catalog_close(catalog);
}

/* Fails when points lose their item, or those added since the fit are not told. */
static void points_and_added_items(void **state)
{
    fixture *f = *state;
    const float x[] = {5};
    const char *const ids[] = {"new"};
    sid_catalog *catalog = NULL;
    sid_vectors *vectors = NULL;
    fit_shop(f, &catalog);
    json_t *added = page_case_part(catalog, sid__page_added);
    assert_int_equal(json_array_size(added), 0);
    json_decref(added);
    TEST_OK(sid_vectors_create(f->ctx, x, 1, 1, ids, &vectors, err));
    TEST_OK(sid_catalog_add(catalog, vectors, NULL, NULL, err));
    added = page_case_part(catalog, sid__page_added);
    assert_int_equal(json_array_size(added), 1);
    assert_string_equal(json_string_value(json_array_get(json_array_get(added, 0), 0)), "new");
    json_t *map = page_case_part(catalog, sid__page_map);
    const json_t *items = member(map, "items");
    int told = 0;
    assert_int_equal(json_integer_value(member(map, "of")), 4);
    assert_int_equal(json_array_size(items), 4);
    for (size_t i = 0; i < 4; i++) {
        bool is_new = strcmp(json_string_value(json_array_get(json_array_get(items, i), 0)), "new") == 0;
        assert_int_equal(json_array_size(json_array_get(items, i)), is_new ? 6 : 5);
        told += is_new;
    }
    assert_int_equal(told, 1);
    page_case_memory(catalog, sid__page_map);
    page_case_memory(catalog, sid__page_added);
    json_decref(map);
    json_decref(added);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(levels_hold_all_items), FIXTURE_TEST(many_codes_share_bars),
                                       FIXTURE_TEST(buckets_show_their_items), FIXTURE_TEST(points_and_added_items)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
