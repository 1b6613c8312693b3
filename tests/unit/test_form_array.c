/* test_form_array.c: npy and GRID's arrays, out and in. */
#include "form_case.h"
#include "io/npy.h"
#include "io/safetensors.h"

/* Fails when ids of an array come from the wrong place, or a count that differs is passed over. */
static void arrays_find_their_ids(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX + 16], ids[PATH_MAX + 16];
    const uint16_t codes[] = {1, 2, 0, 3, 4, 1};
    const char *const names[] = {"x", "y"}, *const columns[] = {"title"}, *const rows[] = {"p", "1", "q", "2"};
    sid_vectors *vectors = NULL, *three = NULL;
    sid_items *items = NULL;
    sid__imported in;
    (void)snprintf(path, sizeof path, "%s.npy", f->path);
    (void)snprintf(ids, sizeof ids, "%s.ids.txt", f->path);
    TEST_OK(sid__npy_write(path, SID__U16, codes, 2, 3, err));
    TEST_OK(sid_vectors_create(f->ctx, (const float[]){1, 2}, 2, 1, names, &vectors, err));
    TEST_OK(sid_vectors_create(f->ctx, (const float[]){1, 2, 3}, 3, 1, NULL, &three, err));
    TEST_OK(sid__items_from_rows(f->ctx, columns, 1, rows, 2, &items, err));
    TEST_OK(sid__import_read(f->ctx, path, SID__FORM_NPY, &(sid_import_options){.vectors = vectors}, &in, err));
    assert_string_equal(in.id[1], "y");
    assert_int_equal(in.levels, 3);
    assert_memory_equal(in.codes, codes, sizeof codes);
    sid__imported_drop(&in);
    const sid_import_options with_items = {.vectors = vectors, .items = items, .digit_column_last = true};
    TEST_OK(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err));
    assert_string_equal(in.id[1], "q");
    assert_int_equal(in.levels, 2);
    assert_int_equal(in.codes[3], 4);
    assert_int_equal(in.digit[0], 0);
    assert_int_equal(in.digit[1], 1);
    sid__imported_drop(&in);
    TEST_FAILS(sid__import_read(f->ctx, path, SID__FORM_NPY, &(sid_import_options){.vectors = three}, &in, err),
               SID_EDATA, "2 rows for the 3 ids of the vectors");
    TEST_OK(sid__replace_whole(ids, "m\r\nn", 4, err));
    TEST_OK(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err));
    assert_string_equal(in.id[0], "m");
    assert_string_equal(in.id[1], "n");
    sid__imported_drop(&in);
    TEST_OK(sid__replace_whole(ids, "m\n", 2, err));
    TEST_FAILS(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err), SID_EDATA,
               "2 rows for the 1 ids of");
    TEST_OK(sid__replace_whole(ids, "m\n\n", 3, err));
    TEST_FAILS(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err), SID_EDATA, "ids.txt:2");
    TEST_OK(sid__npy_write(path, SID__F32, codes, 3, 1, err));
    TEST_FAILS(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err), SID_EDATA, "uint16");
    sid_items_free(items);
    sid_vectors_free(vectors);
    sid_vectors_free(three);
}

/* Fails when the array is not (N, L) uint16, or its ids are not beside it. */
static void arrays_have_their_ids_beside_them(void **state)
{
    fixture *f = *state;
    char out[PATH_MAX + 16], ids[PATH_MAX + 16], *bytes = NULL;
    int64_t size = 0;
    (void)snprintf(out, sizeof out, "%s.npy", f->path);
    (void)snprintf(ids, sizeof ids, "%s.ids.txt", f->path);
    sid_catalog *catalog = fit_three(f, "digit");
    TEST_OK(sid_catalog_export(catalog, "npy", out, err));
    expect_text(ids, "a\nb\"\\\nc\n");
    TEST_OK(sid__read_whole(out, 1 << 16, &bytes, &size, err));
    assert_non_null(strstr(bytes + 10, "'<u2'"));
    assert_non_null(strstr(bytes + 10, "(3, 1)"));
    assert_memory_equal(bytes + size - 6, "\0\0\0\0\1\0", 6);
    sid__free(bytes);
    TEST_OK(sid__remove_tree(out, err)); /* ids first: an array never stands without them */
    TEST_OK(sid__remove_tree(ids, err));
    TEST_OK(sid__directory_create(ids, err));
    assert_int_not_equal(sid_catalog_export(catalog, "npy", out, NULL), SID_OK);
    assert_false(sid__path_exists(out));
    TEST_FAILS(sid_catalog_export(catalog, "npy", "-", err), SID_EUSAGE, "npy needs a path");
    TEST_FAILS(sid_catalog_export(catalog, "tsv", "/nowhere/x", err), SID_EIO, "/nowhere/x");
    sid_catalog_close(catalog);
}

/* Writes one int64 tensor beside the catalogue's place. */
static void put_tensor(const fixture *f, const char *name, int64_t first, int64_t second, const int64_t *values,
                       const char *other)
{
    char path[PATH_MAX + 32];
    int64_t shape[2] = {first, second}, *data = NULL;
    sid__tensor_set set = {0};
    (void)snprintf(path, sizeof path, "%s.safetensors", f->path);
    TEST_OK(sid__tensor_add(&set, name, SID__I64, 2, shape, &data, err));
    memcpy(data, values, (size_t)(first * second) * sizeof *data);
    if (other)
        TEST_OK(sid__tensor_add(&set, other, SID__I64, 2, shape, &data, err));
    TEST_OK(sid__safetensors_write(&set, path, err));
    sid__tensor_set_drop(&set);
}

static sid_status read_grid(const fixture *f, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    static char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s.safetensors", f->path);
    return sid__import_read(f->ctx, path, SID__FORM_GRID, options, in, err);
}

/* Fails when GRID's array does not lie (levels, items), or the digit is not its last row, -1 for none. */
static void grid_is_written_by_level(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX + 32];
    sid__tensor_set set = {0};
    sid_catalog *catalog = fit_three(f, "suffix");
    (void)snprintf(path, sizeof path, "%s.safetensors", f->path);
    TEST_OK(sid_catalog_export(catalog, "grid", path, err));
    TEST_OK(sid__safetensors_read(path, &set, err));
    assert_int_equal(set.tensor[0].shape[0], 2);
    assert_int_equal(set.tensor[0].shape[1], 3);
    assert_memory_equal(set.tensor[0].data, ((const int64_t[]){0, 0, 1, -1, 1, -1}), 6 * sizeof(int64_t));
    expect_file(f, ".ids.txt", "a\nb\"\\\nc\n");
    sid__tensor_set_drop(&set);
    TEST_FAILS(export_as(f, catalog, &(sid_export_options){.form = "npy", .digit = "suffix"}, ".npy", err), SID_EUSAGE,
               "\"a\" has no digit");
    sid_catalog_close(catalog);
}

/* Fails when either way an array may lie reads differently, a digit is lost, or what was assumed is not said. */
static void grid_reads_both_ways(void **state)
{
    fixture *f = *state;
    char text[200];
    sid__imported in;
    const sid_import_options last = {.digit_column_last = true}, plain = {0};
    put_file(f, ".ids.txt", "a\nb\nc\nd\n");
    put_tensor(f, "semantic_ids", 3, 4, (const int64_t[]){1, 2, 3, 4, 5, 6, 7, 8, -1, 0, 1, -1}, "others");
    TEST_OK(read_grid(f, &last, &in, err));
    assert_string_equal(rows_text(&in, text, sizeof text), "a=1-5 b=2-6/0 c=3-7/1 d=4-8");
    sid__imported_drop(&in);
    put_tensor(f, "anything", 4, 2, (const int64_t[]){1, 5, 2, 6, 3, 7, 4, 8}, NULL);
    TEST_OK(read_grid(f, &plain, &in, err));
    assert_string_equal(rows_text(&in, text, sizeof text), "a=1-5 b=2-6 c=3-7 d=4-8");
    assert_int_equal(f->infos, 2);
    assert_int_equal(f->warnings, 0);
    sid__imported_drop(&in);
    put_tensor(f, "anything", 4, 4, (const int64_t[]){0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}, NULL);
    TEST_OK(read_grid(f, &plain, &in, err));
    assert_string_equal(rows_text(&in, text, sizeof text), "a=0-0-0-0 b=0-0-0-0 c=1-1-1-1 d=1-1-1-1");
    assert_int_equal(f->warnings, 2); /* square; two items of zeros */
    assert_non_null(strstr(f->warning, "2 items are zero at every level"));
    sid__imported_drop(&in);
}

/* Fails when an array that cannot be SIDs of these items is taken, or its fault not named. */
static void bad_grids_are_named(void **state)
{
    fixture *f = *state;
    sid__imported in;
    const sid_import_options plain = {0};
    put_file(f, ".ids.txt", "a\nb\n");
    put_tensor(f, "x", 2, 2, (const int64_t[]){1, 2, 3, 4}, "y");
    TEST_FAILS(read_grid(f, &plain, &in, err), SID_EDATA, "2 tensors and none is called semantic_ids");
    put_tensor(f, "x", 3, 4, (const int64_t[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, NULL);
    TEST_FAILS(read_grid(f, &plain, &in, err), SID_EDATA, "shape (3, 4); neither is the number of items, 2");
    put_tensor(f, "x", 1, 2, (const int64_t[]){1, 65536}, NULL);
    TEST_FAILS(read_grid(f, &plain, &in, err), SID_EDATA, "item 1 has 65536 at level 1");
    put_tensor(f, "x", 3, 2, (const int64_t[]){1, 2, 3, 4, -1, 0}, NULL);
    TEST_FAILS(read_grid(f, &plain, &in, err), SID_EDATA, "pass --digit-column last");
}

/* Fails when the digit asked for does not become a column of npy. */
static void npy_takes_a_digit_column(void **state)
{
    fixture *f = *state;
    char text[200], path[PATH_MAX + 32];
    sid__imported in;
    sid_catalog *catalog = fit_three(f, "keep");
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "npy", .digit = "grid"}, ".npy", err));
    (void)snprintf(path, sizeof path, "%s.npy", f->path);
    TEST_OK(sid__import_read(f->ctx, path, SID__FORM_NPY, &(sid_import_options){.digit_column_last = true}, &in, err));
    assert_string_equal(rows_text(&in, text, sizeof text), "a=0/1 b\"\\=0/2 c=1/0");
    sid__imported_drop(&in);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(arrays_find_their_ids),    FIXTURE_TEST(arrays_have_their_ids_beside_them),
        FIXTURE_TEST(npy_takes_a_digit_column), FIXTURE_TEST(grid_is_written_by_level),
        FIXTURE_TEST(grid_reads_both_ways),     FIXTURE_TEST(bad_grids_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
