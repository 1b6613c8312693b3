/* test_import_read.c: rows of any width, ids from beside. */
#include "form_case.h"

/* Fails when rows of any width are settled wrongly: one width; with a digit; with a digit that some rows lack. */
static void widths_settle(void **state)
{
    static const struct {
        int width[3];
        bool is_digit_last;
        const char *rows, *words; /* rows NULL: fails with words */
    } trial[] = {{{2, 2, 2}, false, "a=1-2 b=1-2 c=1-2", NULL},
                 {{3, 3, 3}, true, "a=1-2/3 b=1-2/3 c=1-2/3", NULL},
                 {{2, 3, 2}, true, "a=1-2 b=1-2/3 c=1-2", NULL},
                 {{2, 3, 2}, false, NULL, ":12: 3 codes, the rows before have 2; if the last is an added digit"},
                 {{3, 2, 1}, true, NULL, ":13: 1 codes, the rows before have 3"},
                 {{1, 1, 1}, true, NULL, ":11: 0 codes before the digit; 1 to 64"},
                 {{65, 65, 65}, false, NULL, "65 codes; 1 to 64"}};
    uint16_t codes[SID__IMPORT_CODES_MAX];
    char text[100];
    (void)state;
    for (int i = 0; i < SID__IMPORT_CODES_MAX; i++)
        codes[i] = (uint16_t)(i + 1);
    for (size_t t = 0; t < sizeof trial / sizeof *trial; t++) {
        sid__imported in = {.path = "f"};
        for (int i = 0; i < 3; i++)
            TEST_OK(sid__import_add_loose(&in, ((const char *const[]){"a", "b", "c"})[i], 11 + i, codes,
                                          trial[t].width[i], err));
        if (trial[t].rows) {
            TEST_OK(sid__import_settle(&in, trial[t].is_digit_last, err));
            assert_string_equal(rows_text(&in, text, sizeof text), trial[t].rows);
        } else {
            TEST_FAILS(sid__import_settle(&in, trial[t].is_digit_last, err), SID_EDATA, trial[t].words);
        }
        sid__imported_drop(&in);
    }
}

/* Fails when the order of sources of ids changes: the file beside it, the items, the vectors; or its lines are not checked. */
static void names_come_from_the_nearest_source(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {{"x\t0\ny\t2\n", ".item2id.tsv:2: item_id, a tab and the row, here 1, is expected"},
               {"x\n", ".item2id.tsv:1: item_id, a tab and the row, here 0,"},
               {"\t0\n", ".item2id.tsv:1: item_id, a tab, the row"},
               {"x\t00\n", ":1: "},
               {"\xff\t0\n", ":1: "},
               {"a\x01\t0\n", ":1: "}};
    fixture *f = *state;
    const char *const columns[] = {"title"}, *const rows[] = {"p", "1", "q", "2"}, *const ids[] = {"v"};
    sid__imported in = {.path = f->path};
    sid__row_names names;
    sid_vectors *vectors = NULL;
    sid_items *items = NULL;
    TEST_OK(sid_vectors_create(f->ctx, (const float[]){1}, 1, 1, ids, &vectors, err));
    TEST_OK(sid__items_from_rows(f->ctx, columns, 1, rows, 2, &items, err));
    const sid_import_options both = {.vectors = vectors, .items = items}, one = {.vectors = vectors};
    TEST_OK(sid__row_names_read(&in, &one, SID__ROWS_ENDING, &names, err));
    assert_int_equal(names.count, 1);
    assert_string_equal(names.id[0], "v");
    sid__row_names_drop(&names);
    TEST_OK(sid__row_names_read(&in, &both, SID__ROWS_ENDING, &names, err));
    assert_string_equal(names.id[1], "q");
    sid__row_names_drop(&names);
    put_file(f, SID__ROWS_ENDING, "x\t0\r\ny\t1");
    TEST_OK(sid__row_names_read(&in, &both, SID__ROWS_ENDING, &names, err));
    assert_string_equal(names.id[0], "x");
    assert_string_equal(names.id[1], "y");
    sid__row_names_drop(&names);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_file(f, SID__ROWS_ENDING, bad[i].text);
        TEST_FAILS(sid__row_names_read(&in, &both, SID__ROWS_ENDING, &names, err), SID_EDATA, bad[i].words);
    }
    sid__imported_drop(&in);
    sid_items_free(items);
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(widths_settle),
        FIXTURE_TEST(names_come_from_the_nearest_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
