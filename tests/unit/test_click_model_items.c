/* test_click_model_items.c: ids to numbers and keys. */
#include "click_model_case.h"

/* Fails when an id has another key elsewhere, when columns share keys, or when text is cut. */
static void test_keys(void **state)
{
    (void)state;
    assert_true(sid__id_key("user_id", "12345678") == sid__id_key("user_id", "12345678"));
    assert_true(sid__id_key("user_id", "12345678") != sid__id_key("item_id", "12345678"));
    assert_true(sid__id_key("c", "12345678") != sid__id_key("c", "123456789"));
    assert_true(sid__id_key("c", "") != sid__id_key("", "c"));
}

/* Fails when a second file numbers what is known anew, or a column's ids reach another feature. */
static void test_files(void **state)
{
    const char *column[SID__FEATURES_MAX];
    sid__run_maps maps;
    (void)state;
    sid_ranker *ranker = trained(write_case("f.json", usual_features), 1, 1);
    int64_t users = ranker->users.count, items = ranker->items.count;
    sid_impressions *im = read_for(ranker, write_days("im.tsv", 2, 4));
    assert_int_equal(sid__more_id_columns(&ranker->plan, column), 1);
    assert_string_equal(column[0], "site");
    TEST_OK(sid__run_maps_make(ranker, im, &maps, err));
    assert_true(ranker->users.count >= users && ranker->items.count > items);
    for (int64_t i = 0; i < im->items.count; i++)
        assert_string_equal(ranker->items.id[maps.item[i]], im->items.id[i]);
    for (int64_t i = 0; i < im->users.count; i++)
        assert_true(maps.key[0][i] == sid__id_key("user_id", im->users.id[i]));
    for (int64_t i = 0; i < im->id[0].count; i++)
        assert_true(maps.key[2][i] == sid__id_key("site", im->id[0].id[i]));
    for (int64_t i = 0; i < ranker->items.count; i++) {
        assert_true(ranker->keys[1].begin[i] == i);
        assert_true(ranker->keys[1].key[i] == sid__id_key("item_id", ranker->items.id[i]));
    }
    assert_true(ranker->has_sid[0] == 1); /* nobody asks for SIDs */
    sid__run_maps_drop(&maps);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
