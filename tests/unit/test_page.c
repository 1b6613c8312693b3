/* test_page.c: the page as a whole: one file, within its size, that runs and loads nothing but its own. */
#include "catalog_fixture.h"

#include "items_case.h"
#include "page_case.h"

static void read_page(const char *path, char **text, int64_t *size)
{
    *text = NULL;
    TEST_OK(sid__read_whole(path, SID_PAGE_SIZE_MAX, text, size, err));
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

/* The data between its tags. json_decref it. */
static json_t *page_data(const char *page)
{
    static const char open[] = "<script type=\"application/json\" id=\"data\">";
    const char *begin = strstr(page, open);
    assert_non_null(begin);
    begin += sizeof open - 1;
    const char *end = strstr(begin, "</script>");
    assert_non_null(end);
    json_t *json = json_loadb(begin, (size_t)(end - begin), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

/* Fails when the page loads anything, lets anything but its own script run, or lacks a part. */
static void the_page_is_complete(void **state)
{
    fixture *f = *state;
    static const char *const parts[] = {"report", "limits", "levels", "buckets", "map", "tree", "added"};
    sid_catalog *catalog = NULL;
    int64_t size = 0, seen = 0;
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s.html", f->path);
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_page(catalog, &(sid_page_options){.name = "my <catalog>"}, path, &size, err));
    char *page = NULL;
    read_page(path, &page, &seen);
    assert_int_equal(seen, size);
    assert_int_equal(count_of(page, "<script"), 2);
    assert_int_equal(count_of(page, "</script"), 2);
    assert_int_equal(count_of(page, "</style"), 1);
    assert_int_equal(count_of(page, "'sha256-"), 2);
    assert_non_null(strstr(page, "default-src 'none'; script-src 'sha256-"));
    assert_non_null(strstr(page, "require-trusted-types-for 'script'"));
    static const char *const loads[] = {" src=", "<link", "@import", "url(", "https:", "innerHTML", "eval("};
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        if (strstr(page, loads[i]))
            fail_msg("the page has %s", loads[i]);
    json_t *data = page_data(page);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(json_object_get(data, parts[i]));
    assert_string_equal(json_string_value(json_object_get(data, "name")), "my <catalog>");
    assert_int_equal(json_array_size(json_object_get(data, "limits")),
                     json_array_size(json_object_get(json_object_get(data, "report"), "checks")));
    json_decref(data);
    sid__free(page);
    (void)unlink(path);
    sid_catalog_close(catalog);
}

/* Fails when long ids and texts of many items make the page larger than promised, or what is left out is not told: the map
 * says of how many it shows some. Every `<` takes six bytes. */
static void the_size_is_bounded(void **state)
{
    fixture *f = *state;
    enum { ITEMS = 2500 };
    char path[PATH_MAX + 32];
    sid__strbuf table = {0};
    float *x = test_calloc(ITEMS, sizeof *x);
    const char **ids = test_calloc(ITEMS, sizeof *ids);
    char(*id)[260] = test_calloc(ITEMS, sizeof *id);
    int64_t size = 0;
    TEST_OK(sid__strbuf_printf(&table, err, "item_id\ttitle\tmore\n"));
    for (int i = 0; i < ITEMS; i++) {
        memset(id[i], '<', 249);
        (void)snprintf(id[i] + 249, sizeof id[i] - 249, "%d", i);
        ids[i] = id[i];
        x[i] = (float)(i % 50);
        TEST_OK(sid__strbuf_printf(&table, err, "%s\t%0300d\t%0300d\n", id[i], i, i));
    }
    sid_items *items = case_items(f->ctx, table.text);
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_vectors_create(f->ctx, x, ITEMS, 1, ids, &vectors, err));
    const sid_fit_options options = {.levels = 1, .codes = "50", .items = items};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    (void)snprintf(path, sizeof path, "%s.html", f->path);
    TEST_OK(sid_catalog_page(catalog, NULL, path, &size, err));
    assert_in_range(size, 2000000, SID_PAGE_SIZE_MAX);
    char *page = NULL;
    read_page(path, &page, &size);
    json_t *data = page_data(page), *map = json_object_get(data, "map");
    assert_int_equal(json_integer_value(json_object_get(map, "of")), ITEMS);
    assert_in_range(json_array_size(json_object_get(map, "items")), 500, ITEMS - 1);
    json_decref(data);
    sid__free(page);
    (void)unlink(path);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
    sid_items_free(items);
    test_free(id);
    test_free(ids);
    test_free(x);
    sid__strbuf_drop(&table);
}

/* Fails when a catalogue of some kind has no page: no items, codes without order, vectors dropped, a digit, a policy that
 * moves. */
static void every_catalogue_has_a_page(void **state)
{
    fixture *f = *state;
    const sid_fit_options kinds[] = {{.quantizer = "pq", .levels = 2, .codes = "16"},
                                     {.levels = 2, .codes = "16", .drop_vectors = true},
                                     {.levels = 2, .codes = "4", .collisions = "digit"},
                                     {.levels = 2, .codes = "4", .collisions = "suffix"},
                                     {.levels = 2, .codes = "16,128", .collisions = "reassign"},
                                     {.levels = 3, .codes = "8"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sid_fit_options options = kinds[i];
        sid_catalog *catalog = NULL;
        sid_hits hits = {0};
        char path[PATH_MAX + 32];
        int64_t size = 0;
        (void)snprintf(path, sizeof path, "%s.html", f->path);
        options.force = true;
        fixture_fit(f, &options, &catalog);
        TEST_OK(sid_catalog_items(catalog, &hits, err));
        for (int64_t j = 0; j < hits.count && i + 1 == sizeof kinds / sizeof *kinds; j++)
            TEST_OK(sid_catalog_remove(catalog, &hits.row[j].item_id, 1, err));
        TEST_OK(sid_catalog_page(catalog, NULL, path, &size, err));
        char *page = NULL;
        read_page(path, &page, &size);
        json_decref(page_data(page));
        sid__free(page);
        (void)unlink(path);
        sid_hits_drop(&hits);
        sid_catalog_close(catalog);
    }
}

/* Fails when a page that could not be made or written leaves a file, or harms the one that stood there. */
static void a_failure_leaves_the_old_page(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    int64_t size = 0;
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s.html", f->path);
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid__replace_whole(path, "old", 3, err));
    TEST_FAILS(sid_catalog_page(catalog, &(sid_page_options){.category = "none"}, path, NULL, err), SID_EUSAGE, "none");
    for (int fail = 0; fail < 40; fail += 3) {
        sid__mem_fail(fail, -1);
        assert_int_equal(sid_catalog_page(catalog, NULL, path, NULL, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
    char *page = NULL;
    read_page(path, &page, &size);
    assert_string_equal(page, "old");
    assert_int_equal(count_entries(f->root), 2);
    TEST_FAILS(sid_catalog_page(catalog, NULL, "/nonexistent/page.html", NULL, err), SID_EIO, "/nonexistent");
    sid__free(page);
    (void)unlink(path);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(the_page_is_complete), FIXTURE_TEST(the_size_is_bounded),
                                       FIXTURE_TEST(every_catalogue_has_a_page),
                                       FIXTURE_TEST(a_failure_leaves_the_old_page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
