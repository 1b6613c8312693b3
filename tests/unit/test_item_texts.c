#include "test.h"

#include "catalog/item_texts.h"

/* Fails when an item without columns is an error, or damaged columns are none. */
static void columns_are_what_came_with_the_item(void **state)
{
    (void)state;
    json_t *columns = NULL;
    sid__db_item item = {.metadata = "{\"title\":\"Soap\",\"brand\":\"X\"}"};
    sid__column_search search = {.name = "brand"};
    TEST_OK(sid__item_columns(&item, &columns, err));
    assert_string_equal(sid__column_value(&search, columns), "X");
    json_decref(columns);
    item.metadata = "";
    TEST_OK(sid__item_columns(&item, &columns, err));
    assert_null(columns);
    assert_null(sid__column_value(&search, columns));
    TEST_OK(sid__column_search_end(&search, SID_OK, err));
    item.metadata = "{\"title\":";
    TEST_FAILS(sid__item_columns(&item, &columns, err), SID_EDATA, "items.db");
}

/* Fails when a mistyped column is taken for an empty one, or the message does not help. */
static void an_unknown_column_is_named(void **state)
{
    (void)state;
    json_t *columns = json_pack("{s:s,s:s}", "title", "Soap", "categories", "A > B");
    sid__column_search search = {.name = "categorie"};
    assert_null(sid__column_value(&search, columns));
    TEST_FAILS(sid__column_search_end(&search, SID_OK, err), SID_EUSAGE, "did you mean \"categories\"?");
    assert_null(sid__column_value(&search, columns));
    TEST_FAILS(sid__column_search_end(&search, SID_OK, err), SID_EUSAGE, "the columns are title, categories");
    TEST_FAILS(sid__column_search_end(&search, SID_OK, err), SID_EUSAGE, "have no columns");
    assert_int_equal(sid__column_search_end(&search, SID_EIO, NULL), SID_EIO); /* what failed before stays */
    sid__column_search none = {.name = NULL};
    assert_null(sid__column_value(&none, columns));
    TEST_OK(sid__column_search_end(&none, SID_OK, err));
    json_decref(columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_what_came_with_the_item),
        cmocka_unit_test(an_unknown_column_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
