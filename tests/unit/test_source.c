/* test_source.c: files, pipes and memory as one window. */
#include "io/source.h"
#include "io_help.h"

/* Reads everything, `step` bytes at a time, and compares. */
static void check_all(sid__source *source, const char *expected, size_t size, int64_t step)
{
    size_t done = 0;
    while (!source->is_ended || source->end > source->begin) {
        int64_t there = source->end - source->begin, take = there < step ? there : step;
        assert_int_equal(source->offset, done);
        assert_memory_equal(source->window + source->begin, expected + done, (size_t)take);
        sid__source_skip(source, take);
        done += (size_t)take;
        TEST_OK(sid__source_more(source, err));
    }
    assert_int_equal(done, size);
}

/* Fails when bytes are lost or repeated as the window slides, or their offset is off. */
static void test_file_and_memory(void **state)
{
    (void)state;
    enum { SIZE = 1000003 };
    char *bytes = malloc(SIZE);
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)('a' + i % 23);
    sid__source source;
    const char *path = write_temporary("big", bytes, SIZE);
    TEST_OK(sid__source_open(path, &source, err));
    check_all(&source, bytes, SIZE, 70001);
    sid__source_close(&source);
    TEST_OK(sid__source_memory(bytes, SIZE, "memory", &source, err));
    check_all(&source, bytes, SIZE, SIZE);
    sid__source_close(&source);
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__source_open(path, &source, NULL);
        sid__mem_fail(-1, 0);
        assert_int_equal(status, after ? SID_OK : SID_ENOMEM);
        if (status == SID_OK)
            sid__source_close(&source);
    }
    free(bytes);
}

/* Fails when standard input is closed or read wrongly. */
static void test_standard_input(void **state)
{
    (void)state;
    int ends[2], saved = dup(STDIN_FILENO);
    sid__source source;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "\xef\xbb\xbfhello", 8), 8);
    (void)close(ends[1]);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    TEST_OK(sid__source_open("-", &source, err));
    assert_string_equal(source.path, "standard input");
    assert_int_equal(source.offset, 3);
    assert_int_equal(source.end - source.begin, 5);
    assert_memory_equal(source.window + source.begin, "hello", 5);
    sid__source_close(&source);
    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    (void)close(saved);
    (void)close(ends[0]);
}

/* Fails when what is no text is read, or is not named. */
static void test_magic(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *part;
    } cases[] = {
        {"\x1f\x8b\x08", 3, "looks like a gzip file"},
        {"PK\x03\x04", 4, "a zip file"},
        {"\x93NUMPY\x01", 7, "an npy file"},
        {"\x89PNG\r\n", 6, "a PNG picture"},
        {"\xff\xfei\0t\0", 6, "UTF-16"},
        {"PAR1xxxx", 8, "a Parquet file"},
        {"\x80\x04\x95", 3, "a Python pickle"},
        {"SQLite format 3", 15, "an SQLite database"},
    };
    sid__source source;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        TEST_FAILS(sid__source_open(write_temporary("m", cases[i].bytes, cases[i].size), &source, err), SID_EDATA,
                   cases[i].part);
    TEST_FAILS(sid__source_memory("BZh9", 4, "memory", &source, err), SID_EDATA,
               "memory: this looks like a bzip2 file");
    TEST_FAILS(sid__source_open(temporary_path("absent"), &source, err), SID_EIO, "absent");
    TEST_FAILS(sid__source_open("/", &source, err), SID_EIO, "directory");
    TEST_OK(sid__source_open(write_temporary("m", "", 0), &source, err));
    assert_true(source.is_ended && source.begin == source.end);
    sid__source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_file_and_memory), cmocka_unit_test(test_standard_input),
                                       cmocka_unit_test(test_magic)};
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
