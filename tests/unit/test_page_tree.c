/* test_page_tree.c: the tree of the page against the prefix index. */
#include "page_case.h"

#include "items_case.h"

static int depth_of(const json_t *tree, size_t index)
{
    int64_t parent = int_at(json_array_get(tree, index), 0);
    return parent < 0 ? 1 : 1 + depth_of(tree, (size_t)parent);
}

/* Fails when a prefix is missing, a child stands before its parent, counts are wrong, or the fullest is not first. */
static void small_trees_are_whole(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    fixture_fit(f, NULL, &catalog);
    json_t *tree = page_case_part(catalog, sid__page_tree);
    size_t count = json_array_size(tree);
    int64_t top = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *node = json_array_get(tree, i);
        int64_t children = 0, items = 0, before = int_at(node, 2);
        for (size_t j = 0; j < count; j++) {
            const json_t *child = json_array_get(tree, j);
            if (int_at(child, 0) != (int64_t)i)
                continue;
            assert_true(j > i);
            assert_true(int_at(child, 2) <= before);
            before = int_at(child, 2);
            items += before;
            children++;
        }
        bool is_open = depth_of(tree, i) < 3 && int_at(node, 2) > 1;
        assert_int_equal(children, is_open ? int_at(node, 3) : 0);
        assert_int_equal(items, is_open ? int_at(node, 2) : 0);
        top += int_at(node, 0) < 0 ? int_at(node, 2) : 0;
    }
    assert_int_equal(top, FIXTURE_ITEMS);
    json_decref(tree);
    sid_catalog_close(catalog);
}

/* Fails when labels are lost or stand at another prefix. */
static void labels_come_along(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 0, 0, 9, 9, 9};
    const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    sid_items *items = case_items(f->ctx, "item_id\ttitle\na\tred tea\nb\tred tea\nc\tred tea\nd\tblue <pan>\ne\tblue "
                                          "<pan>\nf\tblue <pan>\n");
    TEST_OK(sid_vectors_create(f->ctx, x, 6, 1, ids, &vectors, err));
    const sid_fit_options options = {.levels = 1, .codes = "2", .items = items};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    json_t *tree = page_case_part(catalog, sid__page_tree);
    assert_int_equal(json_array_size(tree), 2);
    for (size_t i = 0; i < 2; i++) {
        const char *label = json_string_value(json_array_get(json_array_get(tree, i), 4));
        assert_non_null(label);
        assert_true(strstr(label, "tea") || strstr(label, "pan"));
    }
    page_case_memory(catalog, sid__page_tree);
    json_decref(tree);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
    sid_items_free(items);
}

/* Fails when a node has no purity, another prefix's, or one without a category. */
static void purity_comes_along(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 0, 0, 9, 9, 9};
    const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
    sid_error error = {0};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    sid_items *items = case_items(f->ctx, "item_id\ttitle\tkind\na\ttea\t<b>\nb\ttea\t<b>\nc\ttea\tpot\nd\tpan\t\n"
                                          "e\tpan\t\nf\tpan\t\n");
    TEST_OK(sid_vectors_create(f->ctx, x, 6, 1, ids, &vectors, err));
    const sid_fit_options options = {.levels = 1, .codes = "2", .items = items};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    const sid_page_options of_kind = {.name = "c", .category = "kind"};
    sid__page_source from = page_case_source(catalog);
    from.options = &of_kind;
    sid__page_text to = {.err = &error};
    sid__page_tree(&from, &to);
    assert_int_equal(to.status, SID_OK);
    assert_non_null(strstr(to.html.text, ",0.6667,\"\\u003cb>\"]"));
    assert_null(strstr(to.html.text, "pot"));
    assert_null(strstr(to.html.text, "nan"));
    sid__page_drop(&to);
    sid_prefixes_free(from.prefixes);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
    sid_items_free(items);
}

/* Fails when codes without an order, or a catalogue without items, give a tree. */
static void there_may_be_none(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    fixture_fit(f, &(sid_fit_options){.quantizer = "pq", .levels = 2, .codes = "4"}, &catalog);
    json_t *tree = page_case_part(catalog, sid__page_tree);
    assert_int_equal(json_array_size(tree), 0);
    json_decref(tree);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(small_trees_are_whole), FIXTURE_TEST(labels_come_along),
                                       FIXTURE_TEST(purity_comes_along), FIXTURE_TEST(there_may_be_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
