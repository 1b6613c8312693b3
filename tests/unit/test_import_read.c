#include "catalog_fixture.h"

#include "catalog/interchange.h"
#include "io/items.h"

/* Reads `text` as a file of that ending. */
static sid_status read_text(fixture *f, const char *ending, const char *text, const sid_import_options *options,
                            sid__imported *out, sid_error *err)
{
    static char path[PATH_MAX + 16]; /* `out` borrows it */
    sid__form form = SID__FORM_TSV;
    (void)snprintf(path, sizeof path, "%s%s", f->path, ending);
    SID_TRY(sid__replace_whole(path, text, strlen(text), err));
    SID_TRY(sid__form_find(NULL, path, &form, err));
    *out = (sid__imported){0};
    return sid__import_read(f->ctx, path, form, options, out, err);
}

/* Fails when a spelling of the same SIDs reads differently. */
static void spellings_read_alike(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *ending, *text;
        bool is_digit_last;
    } trial[] = {
        {".tsv", "item_id\tsid\tc1\tc2\tdigit\na\t1-2-0\t1\t2\t0\nb\t1-2\t1\t2\t\n", false},
        {".tsv", "item_id\tc1\tc2\tx\na\t1\t2\t0\nb\t1\t2\t\n", true},
        {".csv", "item_id,c1,c2,digit\r\na,1,2,0\r\nb,1,2,\r\n", false},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1,2],\"digit\":0}\n{\"item_id\":\"b\",\"codes\":[1,2]}", false},
        {".jsonl", "{\"item_id\":\"a\",\"sid\":\"1-2\",\"digit\":0}\n\n{\"item_id\":\"b\",\"sid\":\"1-2\"}\n", false},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__imported in;
        const sid_import_options options = {.digit_column_last = trial[i].is_digit_last};
        TEST_OK(read_text(f, trial[i].ending, trial[i].text, &options, &in, err));
        assert_int_equal(in.count, 2);
        assert_int_equal(in.levels, 2);
        assert_memory_equal(in.codes, ((const uint16_t[]){1, 2, 1, 2}), 8);
        assert_string_equal(in.id[0], "a");
        assert_string_equal(in.id[1], "b");
        assert_non_null(in.digit);
        assert_int_equal(in.digit[0], 0);
        assert_int_equal(in.digit[1], SID__DIGIT_NONE);
        sid__imported_drop(&in);
    }
}

/* Fails when a sid column alone is not enough, or a digit appears from nowhere. */
static void a_sid_column_is_enough(void **state)
{
    fixture *f = *state;
    sid__imported in;
    const sid_import_options plain = {0}, last = {.digit_column_last = true};
    TEST_OK(read_text(f, ".tsv", "item_id\tsid\na\t1-65535\n", &plain, &in, err));
    assert_int_equal(in.levels, 2);
    assert_int_equal(in.codes[1], 65535);
    assert_null(in.digit);
    sid__imported_drop(&in);
    TEST_OK(read_text(f, ".tsv", "item_id\tsid\na\t1-7\n", &last, &in, err));
    assert_int_equal(in.levels, 1);
    assert_int_equal(in.digit[0], 7);
    sid__imported_drop(&in);
    TEST_OK(read_text(f, ".jsonl", "{\"item_id\":\"b\",\"codes\":[3]}\n{\"item_id\":\"a\",\"codes\":[1],\"digit\":4}\n",
                      &plain, &in, err));
    assert_int_equal(in.digit[0], SID__DIGIT_NONE); /* filled up */
    assert_int_equal(in.digit[1], 4);
    sid__imported_drop(&in);
    TEST_OK(read_text(f, ".jsonl", "{\"item_id\":\"b\",\"codes\":[3,4]}\n", &last, &in, err));
    assert_int_equal(in.digit[0], 4);
    sid__imported_drop(&in);
}

/* Fails when a bad row is taken, or its file, line or column is not told. */
static void bad_rows_are_named(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *ending, *text, *part;
    } trial[] = {
        {".tsv", "item_id\tc1\na\t1\nb\t65536\n", ".tsv:3: c1 is \"65536\"; a code from 0 to 65535"},
        {".tsv", "item_id\tc1\na\t-1\n", ".tsv:2: c1 is \"-1\""},
        {".tsv", "item_id\tc1\na\t\n", "c1 is \"\""},
        {".tsv", "item_id\tc1\na\t1.0\n", "c1 is \"1.0\""},
        {".tsv", "item_id\tsid\na\t1--2\n", ".tsv:2: not a SID"},
        {".tsv", "item_id\tsid\na\t1-2\nb\t1-2-3\n", ".tsv:3: 3 codes, the rows before have 2"},
        {".tsv", "item_id\n", ""},
        {".tsv", "item_id\tc1\tdigit\na\t1\tx\n", "digit is \"x\""},
        {".tsv", "item_id\tc1\na\t1\na\t2\n", "\"a\""},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1]}\n{\"item_id\":\"b\"}\n", ".jsonl:2: \"codes\""},
        {".jsonl", "{\"codes\":[1]}\n", "\"item_id\""},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[]}\n", "0 codes"},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1.5]}\n", "a code is not"},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1],\"digit\":-1}\n", "a code is not"},
        {".jsonl", "{\"item_id\":\"a\\u001b[1m\",\"codes\":[1]}\n", "control byte 0x1b in item_id"},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1]}\n{nonsense\n", ".jsonl:2: "},
        {".jsonl", "{\"item_id\":\"a\",\"sid\":\"x\"}\n", "not a SID"},
        {".jsonl", "", "no SIDs"},
        {".npy", "not an array", ""},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__imported in;
        const sid_import_options options = {0};
        TEST_FAILS(read_text(f, trial[i].ending, trial[i].text, &options, &in, err), SID_EDATA, trial[i].part);
    }
}

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
               SID_EDATA, "2 rows, the vectors have 3");
    TEST_OK(sid__replace_whole(ids, "m\r\nn", 4, err));
    TEST_OK(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err));
    assert_string_equal(in.id[0], "m");
    assert_string_equal(in.id[1], "n");
    sid__imported_drop(&in);
    TEST_OK(sid__replace_whole(ids, "m\n", 2, err));
    TEST_FAILS(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err), SID_EDATA, "1 ids");
    TEST_OK(sid__replace_whole(ids, "m\n\n", 3, err));
    TEST_FAILS(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err), SID_EDATA, "ids.txt:2");
    TEST_OK(sid__npy_write(path, SID__F32, codes, 3, 1, err));
    TEST_FAILS(sid__import_read(f->ctx, path, SID__FORM_NPY, &with_items, &in, err), SID_EDATA, "uint16");
    sid_items_free(items);
    sid_vectors_free(vectors);
    sid_vectors_free(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spellings_read_alike),
        FIXTURE_TEST(a_sid_column_is_enough),
        FIXTURE_TEST(bad_rows_are_named),
        FIXTURE_TEST(arrays_find_their_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
