/* fault_versions.c: fault 15 of docs/reliability.md. tests/golden/catalog-1 was written by semid 0.1 (fit of 48 texts with
 * collisions "digit", two items added, one removed) and its SIDs stand in catalog-1.tsv: every later version must open it,
 * read the same and change it. What a later semid writes is opened when only its minor number is larger, and refused by
 * name when it requires what we do not know.
 */
#include "fault.h"

#include "io/manifest.h"

static void copy_golden(fixture *f)
{
    copy_tree(TEST_TREE "/tests/golden/catalog-1", f->path);
}

/* Fails when a catalogue of semid 0.1 does not open, verify, or read and encode as it did. */
static void test_released_catalogue(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX + 16], *wanted = NULL, *seen = NULL;
    int64_t wanted_size = 0, seen_size = 0;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_verify_result result;
    sid_hits hits = {0};
    copy_golden(f);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
    assert_int_equal(result.items_walked, 49);
    assert_true(result.items_reencoded > 0);
    assert_false(result.index_rebuilt);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.version, 3);
    assert_string_equal(info.encoder, "lsa");
    (void)snprintf(path, sizeof path, "%s/sids.tsv", f->root);
    TEST_OK(sid_catalog_export(catalog, "tsv", path, err));
    TEST_OK(sid__read_whole(path, 1 << 20, &seen, &seen_size, err));
    TEST_OK(sid__read_whole(TEST_TREE "/tests/golden/catalog-1.tsv", 1 << 20, &wanted, &wanted_size, err));
    assert_string_equal(seen, wanted);
    sid__free(seen);
    sid__free(wanted);
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.text = "green lamp", .k = 5}, &hits, err));
    assert_int_equal(hits.count, 5);
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    if (f->warnings > 0) /* another utf8proc may cut words elsewhere, and that is said */
        assert_non_null(strstr(f->warning, "new ones would be by"));
}

/* Fails when a catalogue of semid 0.1 can no longer be changed, or its texts encode to other SIDs. */
static void test_released_catalogue_changes(void **state)
{
    static const char *const again[] = {"new2"};
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_verify_result result;
    copy_golden(f);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    TEST_OK(sid_catalog_remove(catalog, again, 1, err));
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
    assert_int_equal(result.items_walked, 48);
}

static void change_manifest(fixture *f, int major, int minor, const char *feature)
{
    sid__manifest *manifest = test_calloc(1, sizeof *manifest);
    copy_golden(f);
    TEST_OK(sid__manifest_read(fixture_file(f, "manifest.json"), manifest, err));
    manifest->major += major;
    manifest->minor += minor;
    if (feature)
        (void)snprintf(manifest->feature[manifest->feature_count++], sizeof manifest->feature[0], "%s", feature);
    TEST_OK(sid__manifest_write(manifest, fixture_file(f, "manifest.json"), err));
    test_free(manifest);
}

/* Fails when a later minor version is refused, or what cannot be read is not refused by its name. */
static void test_later_catalogues(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    change_manifest(f, 0, 7, NULL);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    sid_catalog_close(catalog);
    change_manifest(f, 0, 1, "residual-entropy-coding");
    for (int mode = SID_OPEN_READ; mode <= SID_OPEN_WRITE; mode++)
        TEST_FAILS(sid_catalog_open(f->ctx, f->path, (sid_open_mode)mode, &catalog, err), SID_EVERSION,
                   "\"residual-entropy-coding\"");
    change_manifest(f, 1, 0, NULL);
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err), SID_EVERSION, "use a later semid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_released_catalogue),
                                       FIXTURE_TEST(test_released_catalogue_changes),
                                       FIXTURE_TEST(test_later_catalogues)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
