/* test_item_sids.c: SIDs of a model's items. */
#include "model/item_sids.h"

#include "sids_case.h"

static void list_items(sid__id_list *list, int count, const char *also)
{
    int64_t row = 0;
    for (int i = 0; i < count; i++) {
        char id[16];
        int n = snprintf(id, sizeof id, "i%d", i);
        TEST_OK(sid__id_list_add(list, id, (size_t)n, &row, err));
    }
    if (also)
        TEST_OK(sid__id_list_add(list, also, strlen(also), &row, err));
}

/* SIDs as the catalogue writes them. */
static void compare_texts(sid_catalog *catalog, const sid__item_sids *sids, const sid__id_list *items)
{
    for (int64_t i = 0; i < items->count; i++) {
        sid_hits hits = {0};
        char text[SID_SID_TEXT_MAX];
        sid__item_sids_text(sids, i, text);
        if (!sids->is_known[i]) {
            assert_string_equal(text, "");
            continue;
        }
        TEST_OK(sid_catalog_show(catalog, items->id[i], &hits, err));
        assert_string_equal(text, hits.row[0].sid);
        sid_hits_drop(&hits);
    }
}

/* Fails when a policy's digits get the wrong class, an item is taken for another, or one without a SID is not counted. */
static void test_policies(void **state)
{
    fixture *f = *state;
    static const char *const policy[] = {"keep", "digit", "suffix"};
    for (int p = 0; p < 3; p++) {
        sid_catalog *catalog = case_catalog(f, policy[p]);
        sid__id_list items = {0};
        sid__item_sids sids;
        int64_t train_count[FIXTURE_ITEMS + 1] = {0};
        list_items(&items, FIXTURE_ITEMS, "stranger");
        train_count[7] = 3;
        TEST_OK(sid__item_sids_read(catalog, &items, train_count, &sids, err));
        assert_int_equal(sids.missing, 1);
        assert_int_equal(sids.is_known[FIXTURE_ITEMS], 0);
        assert_int_equal(sids.width, p == 0 ? 3 : 4);
        assert_int_equal(sids.has_end, p == 2);
        assert_int_equal(sids.train_count[7], 3);
        compare_texts(catalog, &sids, &items);
        sid__item_sids_drop(&sids);
        sid__id_list_drop(&items);
        sid_catalog_close(catalog);
    }
}

/* Fails when a catalogue that has nothing to do with the items passes. */
static void test_strange(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = case_catalog(f, "keep");
    sid__id_list items = {0};
    sid__item_sids sids;
    const int64_t train_count[1] = {1};
    list_items(&items, 0, "stranger");
    TEST_FAILS(sid__item_sids_read(catalog, &items, train_count, &sids, err), SID_EDATA, "holds none of the 1 items");
    sid__id_list_drop(&items);
    sid_catalog_close(catalog);
}

/* Fails when tensors do not come back as they were, or codes beyond their level do. */
static void test_tensors(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = case_catalog(f, "suffix");
    sid__id_list items = {0};
    sid__item_sids sids, back = {.levels = 3}, wrong = {.levels = 3}, other = {.levels = 2};
    sid__tensor_set set = {0};
    int64_t train_count[FIXTURE_ITEMS] = {0};
    list_items(&items, FIXTURE_ITEMS, NULL);
    TEST_OK(sid__item_sids_read(catalog, &items, train_count, &sids, err));
    TEST_OK(sid__item_sids_save(&sids, &set, err));
    TEST_OK(sid__item_sids_load(items.count, &set, &back, err));
    assert_int_equal(back.width, 4);
    assert_memory_equal(back.codes, sids.codes, 4 * sizeof *sids.codes);
    assert_memory_equal(back.code, sids.code, (size_t)(sids.count * 4) * sizeof *sids.code);
    TEST_FAILS(sid__item_sids_load(items.count, &set, &other, err), SID_ECORRUPT, "SIDs of 4 codes");
    ((uint16_t *)sid__tensor_find(&set, "sids.code")->data)[5] = 60000;
    TEST_FAILS(sid__item_sids_load(items.count, &set, &wrong, err), SID_ECORRUPT, "item 1 has a code beyond");
    sid__item_sids_drop(&sids);
    sid__item_sids_drop(&back);
    sid__item_sids_drop(&wrong);
    sid__tensor_set_drop(&set);
    sid__id_list_drop(&items);
    sid_catalog_close(catalog);
}

/* Fails when items added or removed since are missed, or another catalogue's codebooks pass. */
static void test_later(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = case_catalog(f, "keep");
    sid__id_list items = {0}, added = {0};
    sid__item_sids sids, later;
    uint8_t *is_live = NULL;
    int64_t train_count[FIXTURE_ITEMS] = {0};
    const char *const gone[] = {"i3"};
    sid_vectors *more = fixture_vectors(f, 5, 9, "n");
    list_items(&items, FIXTURE_ITEMS, NULL);
    TEST_OK(sid__item_sids_read(catalog, &items, train_count, &sids, err));
    TEST_OK(sid_catalog_add(catalog, more, &(sid_add_options){0}, NULL, err));
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    TEST_OK(sid__item_sids_check(&sids, catalog, "some", err));
    TEST_OK(sid__item_sids_renew(&sids, catalog, &items, &added, &later, &is_live, err));
    assert_int_equal(later.count, FIXTURE_ITEMS + 5);
    assert_int_equal(added.count, 5);
    assert_true(!is_live[3] && is_live[4] && is_live[FIXTURE_ITEMS + 4] && later.is_known[3]);
    compare_texts(catalog, &later, &(sid__id_list){0});
    sid_catalog_close(catalog);
    const sid_fit_options strange = {.levels = 3, .codes = "5", .force = true};
    fixture_fit(f, &strange, &catalog);
    TEST_FAILS(sid__item_sids_check(&sids, catalog, "some", err), SID_EDATA, "train again with --catalog");
    sid_catalog_close(catalog);
    catalog = case_catalog(f, "digit");
    TEST_FAILS(sid__item_sids_check(&sids, catalog, "some", err), SID_EDATA, "collisions keep");
    sid_catalog_close(catalog);
    sid__item_sids_drop(&sids);
    sid__item_sids_drop(&later);
    sid__id_list_drop(&items);
    sid__id_list_drop(&added);
    sid__free(is_live);
    sid_vectors_free(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_policies), FIXTURE_TEST(test_strange),
                                       FIXTURE_TEST(test_tensors), FIXTURE_TEST(test_later)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
