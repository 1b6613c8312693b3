/* test_items_read.c: files of items, good and bad, and what becomes of bad rows. */
#include "base/ctx.h"
#include "base/philox.h"
#include "io/items.h"
#include "io_help.h"

static sid_ctx *ctx;
static sid__strbuf logged;

static void keep_log(void *user, sid_log_level level, const char *message)
{
    (void)user;
    assert_int_equal(level, SID_LOG_WARNING);
    TEST_OK(sid__strbuf_printf(&logged, err, "%s\n", message));
}

static int set_up(void **state)
{
    (void)state;
    if (sid_ctx_create(&ctx, NULL) != SID_OK)
        return -1;
    sid_ctx_on_log(ctx, keep_log, NULL);
    return 0;
}

static int tear_down(void **state)
{
    sid_ctx_free(ctx);
    sid__strbuf_drop(&logged);
    return remove_temporary(state);
}

static sid_status read_text(const char *name, const char *text, sid_items **out, sid_error *err)
{
    return sid_items_read(ctx, write_temporary(name, text, strlen(text)), NULL, out, err);
}

/* What a good file of any form gives: the same two items. */
static void check_two(const char *name, const char *text)
{
    sid_items *items = NULL;
    TEST_OK(read_text(name, text, &items, err));
    assert_int_equal(sid_items_count(items), 2);
    assert_int_equal(sid_items_column_count(items), 2);
    assert_string_equal(sid_items_column_name(items, 0), "title");
    assert_string_equal(sid_items_column_name(items, 1), "brand");
    assert_string_equal(sid_items_id(items, 0), "B01");
    assert_string_equal(sid_items_value(items, 0, 0), "Red, polish");
    assert_string_equal(sid_items_value(items, 0, 1), "OPI");
    assert_string_equal(sid_items_value(items, 1, 0), "#2");
    assert_string_equal(sid_items_value(items, 1, 1), "");
    assert_int_equal(sid_items_find(items, "B02"), 1);
    sid_items_free(items);
}

/* Fails when a form is read wrongly: CRLF, byte order mark, no last newline, quotes, member order. */
static void test_forms(void **state)
{
    (void)state;
    check_two("a.tsv", "item_id\ttitle\tbrand\nB01\tRed, polish\tOPI\nB02\t#2\t\n");
    check_two("a.txt", "\xef\xbb\xbfitem_id\ttitle\tbrand\r\nB01\tRed, polish\tOPI\r\nB02\t#2\t");
    check_two("a.csv", "item_id,title,\"brand\"\r\nB01,\"Red, polish\",OPI\r\nB02,#2,\r\n");
    check_two("a.CSV", "item_id,title,brand\n\"B01\",\"Red, polish\",OPI\nB02,\"#2\",\"\"");
    check_two("a.item", "item_id:token\ttitle:token_seq\tbrand:token\nB01\tRed, polish\tOPI\nB02\t#2\t\n");
    check_two("b.tsv", "item_id:token\ttitle:token_seq\tbrand:float\nB01\tRed, polish\tOPI\nB02\t#2\t\n");
    check_two("a.jsonl", "{\"item_id\":\"B01\",\"title\":\"Red, polish\",\"brand\":\"OPI\"}\n"
                         "{\"title\":\"#2\",\"item_id\":\"B02\"}\n");
    check_two("a.ndjson", "{\"item_id\":\"B01\",\"title\":\"Red, polish\",\"brand\":\"OPI\"}\r\n"
                          "{\"brand\":null,\"title\":\"#2\",\"item_id\":\"B02\"}");
}

/* Fails when a JSON value is kept otherwise than documented. */
static void test_jsonl_values(void **state)
{
    (void)state;
    sid_items *items = NULL;
    TEST_OK(read_text("v.jsonl",
                      "{\"item_id\":7,\"price\":1.50,\"vector\":[1,-2.5],\"path\":[\"a\",\"b\"],\"new\":true}\n"
                      "{\"item_id\":\"x\",\"late\":{\"k\":[1]},\"price\":3}\n",
                      &items, err));
    assert_string_equal(sid_items_id(items, 0), "7");
    assert_int_equal(sid_items_column_count(items), 4);
    assert_string_equal(sid_items_value(items, 0, 0), "1.5");
    assert_string_equal(sid_items_value(items, 0, 1), "a > b");
    assert_string_equal(sid_items_value(items, 0, 2), "true");
    assert_string_equal(sid_items_value(items, 0, 3), "");
    assert_string_equal(sid_items_value(items, 1, 0), "3");
    assert_string_equal(sid_items_value(items, 1, 1), "");
    assert_string_equal(sid_items_value(items, 1, 3), "{\"k\":[1]}");
    assert_int_equal(items->item[0].vector_dim, 2);
    assert_true(items->item[0].vector[1] == -2.5F);
    assert_null(items->item[1].vector);
    sid_items_free(items);
}

/* Fails when a bad file passes, or its message lacks place, cause or the next step. */
static void test_bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *part;
    } cases[] = {
        {"a.tsv", "", "the file is empty; a header line"},
        {"a.tsv", "item_id\ttitle\n", "no items; at least one row below the header"},
        {"a.jsonl", "", "no items; at least one row is expected"},
        {"a.tsv", "id\ttitle\n1\ta\n",
         "a.tsv:1: the first column is \"id\"; the header is expected to start with item_id"},
        {"a.tsv", "{\"item_id\":\"1\"}\n", "JSON lines need a file name that ends in .jsonl"},
        {"a.csv", "item_id;title\n1;a\n", "the first column is \"item_id;title\""},
        {"a.tsv", "item_id\ttitle\ttitle\n", "column \"title\" is there twice"},
        {"a.tsv", "item_id\titem_id\n", "column \"item_id\" is there twice"},
        {"a.tsv", "item_id\t\n", "empty column name"},
        {"a.tsv", "item_id\tti\x01tle\n", "control byte 0x01 in column name; remove it (byte 10)"},
        {"a.tsv", "item_id\ttitle\nB01\ta\nB02\tb\nB01\tc\n",
         "a.tsv:4: item_id \"B01\" seen before at line 2 (byte 14); remove one row or pass --on-error skip"},
        {"a.tsv", "item_id\ttitle\n\ta\n", "a.tsv:2: empty item_id"},
        {"a.tsv", "item_id\ttitle\nB\x1b[1m\ta\n", "a.tsv:2: control byte 0x1b in item_id; remove it (byte 15)"},
        {"a.tsv", "item_id\ttitle\n1\ta\tb\n", "a.tsv:2: 3 columns; the header has 2"},
        {"a.tsv", "item_id\ttitle\n1\ta\n\n", "a.tsv:3: an empty line"},
        {"a.tsv", "item_id\ttitle\n1\t\xff\n", "a.tsv:2: column 2: byte 0xff is not UTF-8"},
        {"a.item", "item_id\ttitle\n1\ta\n", "column \"item_id\" of a RecBole header; name:type"},
        {"a.item", "item_id:token\ttitle:text\n1\ta\n", "column \"title:text\" of a RecBole header"},
        {"a.jsonl", "{\"title\":\"a\"}\n", "a.jsonl:1: the object has no \"item_id\""},
        {"a.jsonl", "{\"item_id\":null}\n", "\"item_id\" is no text"},
        {"a.jsonl", "{\"item_id\":\"a\"}\n{\"item_id\":\"a\"}\n", "a.jsonl:2: item_id \"a\" seen before at line 1"},
        {"a.jsonl", "{\"item_id\":\"a\",\"vector\":[]}\n", "\"vector\" is no list of 1 to 65536 numbers"},
        {"a.jsonl", "{\"item_id\":\"a\",\"vector\":\"x\"}\n", "\"vector\" is no list"},
        {"a.jsonl", "{\"item_id\":\"a\",\"vector\":[1,\"x\"]}\n", "\"vector\" element 1 is no number"},
        {"a.jsonl", "{\"item_id\":\"a\",\"vector\":[1e16]}\n", "\"vector\" element 0 is 1e+16; at most 1e+15"},
        {"a.jsonl", "{\"item_id\":\"a\",\"\":1}\n", "empty column name"},
        {"a.jsonl", "{\"item_id\":\"a\",\"item_id\":\"b\"}\n", "duplicate object key"},
        {"a.tsv", "\x1f\x8b\x08", "looks like a gzip file"},
        {"a.tsv", "PK\x03\x04", "looks like a zip file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sid_items *items = NULL;
        TEST_FAILS(read_text(cases[i].name, cases[i].text, &items, err), SID_EDATA, cases[i].part);
        assert_null(items);
    }
    sid_items *items = NULL;
    TEST_FAILS(sid_items_read(ctx,
                              write_temporary("z.tsv",
                                              "\x7f"
                                              "ELF\0\0",
                                              6),
                              NULL, &items, err),
               SID_EDATA, "binary data instead of text");
    TEST_FAILS(sid_items_read(ctx, temporary_path("absent.tsv"), NULL, &items, err), SID_EIO, "absent.tsv");
}

static const char bad_rows[] =
    "item_id\ttitle\r\nB01\ta\nB01\tb\nB02\tx\ty\n\t\nB\xff\tz\nB03\t\xe2\x82\n\nB04\tlast\tmore";

static sid_status read_with(sid_on_error on_error, const char *quarantine, sid_items **out, sid_error *err)
{
    const sid_read_options options = {.on_error = on_error, .quarantine_path = quarantine};
    const char *path = write_temporary("bad.tsv", bad_rows, sizeof bad_rows - 1);
    logged.length = 0;
    return sid_items_read(ctx, path, &options, out, err);
}

/* Fails when a bad row is kept, a good one is lost, or more than five reasons are told. */
static void test_skip(void **state)
{
    (void)state;
    sid_items *items = NULL;
    TEST_OK(read_with(SID_ON_ERROR_SKIP, NULL, &items, err));
    assert_int_equal(sid_items_count(items), 1);
    assert_int_equal(sid_items_skipped(items), 7);
    assert_string_equal(sid_items_value(items, 0, 0), "a");
    sid_items_free(items);
    int lines = 0;
    for (const char *at = logged.text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 6);
    assert_non_null(strstr(logged.text, "bad.tsv:3: item_id \"B01\" seen before"));
    assert_non_null(strstr(logged.text, "bad.tsv: 7 bad rows left out, 1 items read"));
}

static void check_file(const char *path, const char *expected, size_t size)
{
    size_t seen_size;
    char *seen = read_bytes(path, &seen_size);
    assert_int_equal(seen_size, size);
    assert_memory_equal(seen, expected, size);
    free(seen);
}

/* Fails when quarantined bytes differ from the input's, or a reason is missing. */
static void test_quarantine(void **state)
{
    (void)state;
    static const char expected[] =
        "item_id\ttitle\r\nB01\tb\nB02\tx\ty\n\t\nB\xff\tz\nB03\t\xe2\x82\n\nB04\tlast\tmore\n";
    sid_items *items = NULL;
    char path[512];
    (void)snprintf(path, sizeof path, "%s", temporary_path("q.tsv"));
    TEST_OK(read_with(SID_ON_ERROR_QUARANTINE, path, &items, err));
    assert_int_equal(sid_items_skipped(items), 7);
    sid_items_free(items);
    check_file(path, expected, sizeof expected - 1);
    size_t size;
    char *why = read_bytes(temporary_path("q.tsv.why"), &size);
    int lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += why[i] == '\n';
    assert_int_equal(lines, 7);
    free(why);
    TEST_FAILS(read_with(SID_ON_ERROR_QUARANTINE, NULL, &items, err), SID_EUSAGE, "quarantine needs a file");
    TEST_FAILS(read_with(SID_ON_ERROR_QUARANTINE, temporary_path("no/dir"), &items, err), SID_EIO, "no/dir");
    TEST_FAILS(read_with(SID_ON_ERROR_QUARANTINE, "/dev/full", &items, err), SID_EIO, "No space left");
}

/* Fails when a file of bad rows alone gives empty items. */
static void test_all_bad(void **state)
{
    (void)state;
    sid_items *items = NULL;
    const char *path = write_temporary("all.tsv", "item_id\ttitle\n1\n2\n", 18);
    TEST_FAILS(sid_items_read(ctx, path, &(sid_read_options){.on_error = SID_ON_ERROR_SKIP}, &items, err), SID_EDATA,
               "no items: all 2 rows are bad");
    assert_null(items);
}

/* Fails when a cancelled or over-limit reading goes on, also while bad rows are skipped. */
static void test_ends_whatever_on_error(void **state)
{
    (void)state;
    sid_items *items = NULL;
    const sid_read_options skip = {.on_error = SID_ON_ERROR_SKIP};
    sid__strbuf text = {0};
    TEST_OK(sid__strbuf_printf(&text, err, "item_id\n"));
    for (int i = 0; i < 20000; i++)
        TEST_OK(sid__strbuf_printf(&text, err, "%d\n", i));
    const char *path = write_temporary("many.tsv", text.text, (size_t)text.length);
    sid__strbuf_drop(&text);
    sid_ctx_set_memory_limit(ctx, 1000);
    TEST_FAILS(sid_items_read(ctx, path, &skip, &items, err), SID_ENOMEM, "the items");
    sid_ctx_set_memory_limit(ctx, 0);
    TEST_OK(sid_items_read(ctx, path, &skip, &items, err));
    assert_int_equal(sid_items_count(items), 20000);
    sid_items_free(items);
    items = NULL;
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid_items_read(ctx, path, &skip, &items, err), SID_ECANCELED, "interrupted");
    atomic_store(&ctx->canceled, 0);
    assert_null(items);
}

/* Fails when a failed allocation leaks or is taken for a bad row. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"m.csv", "item_id,title\n1,\"a\"\n2,b\n"},
        {"m.jsonl", "{\"item_id\":\"1\",\"vector\":[1],\"title\":[1,2]}\n{\"item_id\":\"2\"}\n"},
    };
    for (int f = 0; f < 2; f++) {
        const char *path = write_temporary(files[f][0], files[f][1], strlen(files[f][1]));
        for (int after = 0;; after++) {
            sid_items *items = NULL;
            assert_in_range(after, 0, 200);
            sid__mem_fail(after, 1);
            sid_status status =
                sid_items_read(ctx, path, &(sid_read_options){.on_error = SID_ON_ERROR_SKIP}, &items, NULL);
            sid__mem_fail(-1, 0);
            sid_items_free(items);
            if (status == SID_OK)
                break;
            assert_int_equal(status, SID_ENOMEM);
            assert_null(items);
        }
    }
}

/* Fails when a truncated or flipped file crashes the reader, or ids come out doubled. */
static void test_damage(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"d.tsv", "item_id\ttitle\nB01\tRed\nB02\t\xc3\xa9\n"},
        {"d.csv", "item_id,title\n\"B\"\"01\",\"Red\nb\"\nB02,\xc3\xa9\n"},
        {"d.item", "item_id:token\tt:token\nB01\tRed\nB02\tc\n"},
        {"d.jsonl", "{\"item_id\":\"B01\",\"t\":[\"\\u00e9\"],\"vector\":[1.5e3,-2]}\n{\"item_id\":2}\n"},
    };
    sid_read_options skip = {.on_error = SID_ON_ERROR_SKIP};
    sid_ctx_on_log(ctx, NULL, NULL);
    for (int f = 0; f < 4; f++) {
        size_t size = strlen(files[f][1]);
        for (uint64_t i = 0; i < 2000 + size; i++) {
            size_t cut = i < size ? i : size;
            char *bytes = copy_bytes(files[f][1], cut);
            for (uint64_t flip = 0; i >= size && flip < 1 + i % 3; flip++) {
                uint64_t bit = sid__philox_below((uint64_t)f, SID__STREAM_TEST, 3 * i + flip, size * 8);
                bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            }
            sid__source source;
            sid_items *items = NULL;
            if (sid__source_memory(bytes, cut, files[f][0], &source, NULL) == SID_OK &&
                sid__items_parse(ctx, &source, files[f][0], &skip, &items, NULL) == SID_OK)
                for (int64_t row = 0; row < sid_items_count(items); row++)
                    assert_int_equal(sid_items_find(items, sid_items_id(items, row)), row);
            sid_items_free(items);
            free(bytes);
        }
    }
    sid_ctx_on_log(ctx, keep_log, NULL);
}

/* Fails when real catalogues are not read whole. */
static void test_real_data(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t count;
        const char *title;
    } files[] = {{"beauty/items.tsv", 12101, "OPI Nail Lacquer, Simmer and Shimmer, 0.5-Fluid Ounce"},
                 {"ml-100k/ml-100k.item", 1682, "Toy Story"}};
    const char *root = getenv("SEMID_DATA");
    for (int f = 0; f < 2; f++) {
        char path[1024];
        sid_items *items = NULL;
        (void)snprintf(path, sizeof path, "%s/%s", root ? root : TEST_TREE "/../shared/data", files[f].name);
        if (!sid__path_exists(path)) {
            print_message("SKIPPED: %s is not there; set SEMID_DATA\n", path);
            skip();
        }
        TEST_OK(sid_items_read(ctx, path, NULL, &items, err));
        assert_int_equal(sid_items_count(items), files[f].count);
        assert_string_equal(sid_items_title(items, 0), files[f].title);
        sid_items_free(items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),      cmocka_unit_test(test_jsonl_values),
        cmocka_unit_test(test_bad_files),  cmocka_unit_test(test_skip),
        cmocka_unit_test(test_quarantine), cmocka_unit_test(test_all_bad),
        cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_ends_whatever_on_error),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_real_data),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
