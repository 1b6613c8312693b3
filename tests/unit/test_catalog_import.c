#include "catalog_fixture.h"

#include "catalog/interchange.h"

static char *all_sids(sid_catalog *catalog)
{
    sid__strbuf text = {0};
    sid_hits all = {0};
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int64_t i = 0; i < all.count; i++)
        TEST_OK(sid__strbuf_printf(&text, err, "%s %s\n", all.row[i].item_id, all.row[i].sid));
    sid_hits_drop(&all);
    return sid__strbuf_take(&text);
}

/* Fails when a form loses a code, a digit, an id or the policy on its way out and in. */
static void export_then_import_gives_the_same_sids(void **state)
{
    fixture *f = *state;
    static const char *const form[] = {"tsv", "jsonl", "npy"};
    static const char *const policy[][2] = {{"keep", NULL}, {"digit", "tiger"}, {"digit", "grid"}, {"suffix", NULL}};
    char file[PATH_MAX + 16], other[PATH_MAX + 16];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    (void)snprintf(other, sizeof other, "%s2", f->path);
    for (size_t i = 0; i < 3; i++) {
        for (size_t p = 0; p < 4; p++) {
            sid_catalog *first = NULL, *second = NULL;
            sid_catalog_info info;
            sid_verify_result result;
            (void)snprintf(file, sizeof file, "%s.%s", f->path, form[i]);
            const sid_fit_options fit = {
                .codes = "4", .collisions = policy[p][0], .digit_style = policy[p][1], .force = true};
            TEST_OK(sid_catalog_fit(f->ctx, &fit, vectors, f->path, &first, err));
            TEST_OK(sid_catalog_export(first, form[i], file, err));
            const sid_import_options options = {.vectors = vectors, .force = true};
            TEST_OK(sid_catalog_import(f->ctx, file, &options, other, &second, err));
            sid_catalog_get_info(second, &info);
            if (i == 2 && p > 0) { /* an array holds base codes alone */
                assert_string_equal(info.collisions, "keep");
            } else {
                assert_string_equal(info.collisions, policy[p][0]);
                assert_true(!policy[p][1] || strcmp(info.digit_style, policy[p][1]) == 0);
                char *a = all_sids(first), *b = all_sids(second);
                assert_string_equal(a, b);
                sid__free(a);
                sid__free(b);
            }
            sid_catalog_close(first);
            sid_catalog_close(second);
            TEST_OK(sid_catalog_verify(f->ctx, other, true, &result, err));
        }
    }
    sid_vectors_free(vectors);
}

static sid_status import_text(fixture *f, const char *text, sid_vectors *vectors, sid_catalog **out, sid_error *err)
{
    char file[PATH_MAX + 16];
    (void)snprintf(file, sizeof file, "%s.tsv", f->path);
    SID_TRY(sid__replace_whole(file, text, strlen(text), err));
    const sid_import_options options = {.vectors = vectors, .force = true};
    return sid_catalog_import(f->ctx, file, &options, f->path, out, err);
}

/* Fails when a form other than semid's own loses a code, a digit or an id on its way out and in, under any policy. */
static void every_form_comes_back(void **state)
{
    static const char *const policy[][2] = {{"keep", NULL}, {"digit", "tiger"}, {"digit", "grid"}, {"suffix", NULL}};
    fixture *f = *state;
    char file[PATH_MAX + 16], other[PATH_MAX + 16], codes[64];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    (void)snprintf(other, sizeof other, "%s2", f->path);
    for (int p = 0; p < 4; p++) {
        sid_catalog *first = NULL, *second = NULL;
        const sid_fit_options fit = {
            .codes = "4", .collisions = policy[p][0], .digit_style = policy[p][1], .force = true};
        TEST_OK(sid_catalog_fit(f->ctx, &fit, vectors, f->path, &first, err));
        (void)snprintf(codes, sizeof codes, "4,4,4,%d", p > 0 ? first->manifest.digit_codes : 16);
        char *wanted = all_sids(first);
        for (int form = SID__FORM_LETTERS; form < SID__FORM_COUNT; form++) {
            const char *template_text = form == SID__FORM_TEMPLATE ? "{letter}{code} " : NULL;
            (void)snprintf(file, sizeof file, "%s%s", f->path, form == SID__FORM_RECBOLE ? ".item" : ".out");
            const sid_export_options out = {.form = sid__form_name((sid__form)form),
                                            .digit = p == 0 ? "none" : NULL,
                                            .template_text = template_text};
            const sid_import_options in = {.form = out.form,
                                           .template_text = template_text,
                                           .codes = codes,
                                           .vectors = vectors,
                                           .digit_column_last = p > 0,
                                           .force = true};
            TEST_OK(sid_catalog_export_as(first, &out, file, err));
            TEST_OK(sid_catalog_import(f->ctx, file, &in, other, &second, err));
            char *back = all_sids(second);
            assert_string_equal(back, wanted);
            sid__free(back);
            sid_catalog_close(second);
        }
        sid__free(wanted);
        sid_catalog_close(first);
    }
    sid_vectors_free(vectors);
}

/* Fails when codebooks made elsewhere do not give the SIDs they were made with, alone or beside a file, or codes that they
 * lack are taken. */
static void codebooks_are_taken_as_they_are(void **state)
{
    fixture *f = *state;
    char file[PATH_MAX + 16], other[PATH_MAX + 16], codebooks[PATH_MAX + 32];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    sid_catalog *first = NULL, *second = NULL;
    sid_hits all = {0};
    (void)snprintf(other, sizeof other, "%s2", f->path);
    (void)snprintf(file, sizeof file, "%s.tsv", f->path);
    (void)snprintf(codebooks, sizeof codebooks, "%s/quantizer.safetensors", f->path);
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4"}, vectors, f->path, &first, err));
    TEST_OK(sid_catalog_export(first, "tsv", file, err));
    char *wanted = all_sids(first);
    for (int has_file = 0; has_file < 2; has_file++) {
        const sid_import_options options = {.vectors = vectors, .codebooks = codebooks, .force = true};
        TEST_OK(sid_catalog_import(f->ctx, has_file ? file : NULL, &options, other, &second, err));
        char *back = all_sids(second);
        assert_string_equal(back, wanted);
        sid__free(back);
        TEST_OK(sid_catalog_items(second, &all, err));
        for (int64_t i = 0; i < all.count; i++)
            assert_string_equal(all.row[i].assigned, "argmin");
        sid_hits_drop(&all);
        sid_catalog_close(second);
    }
    const sid_import_options options = {.vectors = vectors, .codebooks = codebooks};
    const char *text = "item_id\tc1\tc2\tc3\ni0\t0\t1\t2\ni1\t0\t4\t2\n",
               *wide = "item_id\tc1\tc2\tc3\tc4\ni0\t0\t1\t2\t0\n";
    (void)snprintf(other, sizeof other, "%s3", f->path);
    TEST_OK(sid__replace_whole(file, text, strlen(text), err));
    TEST_FAILS(sid_catalog_import(f->ctx, file, &options, other, NULL, err), SID_EDATA,
               ".tsv:3: item \"i1\" has code 4 at level 2; codebook.2 of");
    TEST_OK(sid__replace_whole(file, wide, strlen(wide), err));
    TEST_FAILS(sid_catalog_import(f->ctx, file, &options, other, NULL, err), SID_EDATA, "4 codes an item, but");
    TEST_FAILS(sid_catalog_import(f->ctx, NULL, &(sid_import_options){.vectors = vectors}, other, NULL, err),
               SID_EUSAGE, "nothing to import");
    assert_false(sid__path_exists(other));
    sid__free(wanted);
    sid_catalog_close(first);
    sid_vectors_free(vectors);
}

/* Fails when codes that the rebuilt codebooks would not choose are called argmin, or are changed. */
static void foreign_codes_stay_and_are_fit(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 1, 10, 11};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    sid_hits all = {0};
    TEST_OK(sid_vectors_create(f->ctx, x, 4, 1, NULL, &vectors, err));
    /* Code 1 is of 1, 10 and 11, mean 7.33: the vector 1 is nearer to code 0, whose mean is 0. */
    TEST_OK(import_text(f, "item_id\tc1\n3\t1\n0\t0\n1\t1\n2\t1\n", vectors, &catalog, err));
    TEST_OK(sid_catalog_items(catalog, &all, err));
    assert_string_equal(all.row[0].item_id, "3");
    assert_string_equal(all.row[0].assigned, "argmin");
    assert_string_equal(all.row[2].item_id, "1");
    assert_string_equal(all.row[2].assigned, "fit");
    assert_string_equal(all.row[2].sid, "1");
    sid_hits_drop(&all);
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.item = "2", .k = 1}, &all, err));
    assert_string_equal(all.row[0].item_id, "3");
    assert_true(all.row[0].distance == 1);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

/* Fails when ids or digits that cannot be are taken, or a failed import leaves anything. */
static void bad_files_are_refused(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 1, 10};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_vectors_create(f->ctx, x, 3, 1, NULL, &vectors, err));
    TEST_FAILS(import_text(f, "item_id\tc1\n0\t1\n9\t0\n", vectors, &catalog, err), SID_EDATA,
               ".tsv:3: no vector has the id \"9\"");
    TEST_FAILS(import_text(f, "item_id\tc1\tdigit\n0\t1\t0\n1\t1\t0\n", vectors, &catalog, err), SID_EDATA,
               "\"0\" and \"1\" have the same codes and digit");
    TEST_FAILS(sid_catalog_import(f->ctx, "x.tsv", NULL, f->path, NULL, err), SID_EUSAGE, "--vectors");
    TEST_FAILS(sid_catalog_import(f->ctx, "x.bin", &(sid_import_options){.vectors = vectors}, f->path, NULL, err),
               SID_EUSAGE, "tsv, jsonl, npy, letters");
    assert_null(catalog);
    assert_false(sid__path_exists(f->path));
    char file[PATH_MAX + 16];
    (void)snprintf(file, sizeof file, "%s.jsonl", f->path);
    const char *twice = "{\"item_id\":\"1\",\"codes\":[1]}\n{\"item_id\":\"1\",\"codes\":[0]}\n";
    TEST_OK(sid__replace_whole(file, twice, strlen(twice), err));
    TEST_FAILS(sid_catalog_import(f->ctx, file, &(sid_import_options){.vectors = vectors}, f->path, NULL, err),
               SID_EDATA, ".jsonl:2: item_id \"1\" was seen before");
    TEST_OK(import_text(f, "item_id\tc1\n0\t1\n2\t0\n", vectors, NULL, err));
    assert_non_null(strstr(f->warning, "1 of 3 vectors have no SID"));
    sid_vectors_free(vectors);
}

/* Fails when a large digit is out of the digit's range afterwards: new items must find room. */
static void imported_digits_have_room(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 0, 10};
    const char *const ids[] = {"new"};
    sid_vectors *vectors = NULL, *more = NULL;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    TEST_OK(sid_vectors_create(f->ctx, x, 3, 1, NULL, &vectors, err));
    TEST_OK(sid_vectors_create(f->ctx, x, 1, 1, ids, &more, err));
    TEST_OK(import_text(f, "item_id\tc1\tdigit\n0\t0\t3\n1\t0\t7\n2\t1\t0\n", vectors, &catalog, err));
    TEST_OK(sid_catalog_add(catalog, more, NULL, &hits, err));
    assert_string_equal(hits.row[0].sid, "0-8");
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    TEST_OK(import_text(f, "item_id\tc1\tdigit\n0\t0\t3\n1\t0\t700\n2\t1\t0\n", vectors, &catalog, err));
    TEST_FAILS(sid_catalog_add(catalog, more, NULL, &hits, err), SID_EDATA, "0 is full");
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
    sid_vectors_free(more);
}

/* Fails when memory that fails leaks (under ASan), goes unreported, or leaves a directory. */
static void failing_memory_leaves_nothing(void **state)
{
    fixture *f = *state;
    char file[PATH_MAX + 16];
    const char *text = "item_id\tc1\tdigit\n0\t0\t0\n1\t0\t1\n2\t1\t0\n";
    sid_vectors *vectors = NULL;
    sid_status status = SID_ENOMEM;
    TEST_OK(sid_vectors_create(f->ctx, (const float[]){0, 0, 10}, 3, 1, NULL, &vectors, err));
    (void)snprintf(file, sizeof file, "%s.tsv", f->path);
    TEST_OK(sid__replace_whole(file, text, strlen(text), err));
    for (int64_t after = 0; status != SID_OK; after += 2) {
        sid__mem_fail(after, -1);
        status = sid_catalog_import(f->ctx, file, &(sid_import_options){.vectors = vectors}, f->path, NULL, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        assert_int_equal(count_entries(f->root), status == SID_OK ? 2 : 1);
        assert_true(after < 3000);
    }
    sid_vectors_free(vectors);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SLOW_BUILD 1
#elif defined(__has_feature)
#define IS_SLOW_BUILD (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define IS_SLOW_BUILD 0
#endif

/* Fails when SIDs published for Beauty do not import with their digit column, or their report changes: counts of
 * spec/quantizers.md §9. */
static void published_sids_get_a_report(void **state)
{
    static const struct {
        const char *file;
        bool is_digit_last;
        int levels;
        int64_t unique, largest;
    } control[] = {{"letter", false, 4, 12088, 3}, {"rqkmeans", true, 4, 10937, 18}, {"rqvae", true, 3, 9930, 12}};
    fixture *f = *state;
    const char *data = getenv("SEMID_DATA");
    char path[PATH_MAX];
    sid_vectors *x = NULL, *vectors = NULL;
    const char *ids[12101];
    char text[12101][8];
    (void)snprintf(path, sizeof path, "%s/beauty/text_minilm.npy", data ? data : TEST_TREE "/../shared/data");
    if (IS_SLOW_BUILD || !sid__path_exists(path)) {
        print_message("SKIPPED: %s (also in sanitizer builds); set SEMID_DATA to the folder of real data\n", path);
        skip();
    }
    TEST_OK(sid_vectors_read(f->ctx, path, NULL, &x, err));
    assert_int_equal(sid_vectors_count(x), 12101);
    for (int i = 0; i < 12101; i++) { /* item_id is the row counted from 1 */
        (void)snprintf(text[i], sizeof text[i], "%d", i + 1);
        ids[i] = text[i];
    }
    TEST_OK(sid_vectors_create(f->ctx, sid_vectors_data(x), 12101, sid_vectors_dim(x), ids, &vectors, err));
    for (size_t i = 0; i < sizeof control / sizeof *control; i++) {
        const sid_import_options options = {
            .vectors = vectors, .digit_column_last = control[i].is_digit_last, .force = true};
        sid_catalog *catalog = NULL;
        sid_report report = {0};
        (void)snprintf(path, sizeof path, "%s/beauty/sids_%s.tsv", data ? data : TEST_TREE "/../shared/data",
                       control[i].file);
        TEST_OK(sid_catalog_import(f->ctx, path, &options, f->path, &catalog, err));
        TEST_OK(sid_catalog_report(catalog, &report, err));
        assert_int_equal(report.levels, control[i].levels);
        assert_int_equal(report.unique_sids, control[i].unique);
        assert_int_equal(report.largest_bucket, control[i].largest);
        assert_string_equal(report.verdict, "look");
        print_message("sids_%s.tsv: unique %.4f, relative MSE %.4f, %s\n", control[i].file, report.unique_rate,
                      report.relative_mse, report.verdict);
        sid_report_drop(&report);
        sid_catalog_close(catalog);
    }
    sid_vectors_free(vectors);
    sid_vectors_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(export_then_import_gives_the_same_sids),
        FIXTURE_TEST(every_form_comes_back),
        FIXTURE_TEST(codebooks_are_taken_as_they_are),
        FIXTURE_TEST(foreign_codes_stay_and_are_fit),
        FIXTURE_TEST(bad_files_are_refused),
        FIXTURE_TEST(imported_digits_have_room),
        FIXTURE_TEST(failing_memory_leaves_nothing),
        FIXTURE_TEST(published_sids_get_a_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
