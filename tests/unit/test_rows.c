/* test_rows.c: rows from memory and from a source that is read, block by block. */
#include "base/mem.h"
#include "io/rows.h"
#include "test.h"

enum { ROWS = 1000, DIM = 3 };

/* A source whose row i is i, i + .25, i + .5; it counts what is read and fails from row `end` on. */
typedef struct numbers {
    int calls;
    int64_t read, end;
} numbers;

static sid_status read_numbers(const void *source, int64_t begin, int64_t count, float *out, sid_error *err)
{
    numbers *of = (numbers *)(uintptr_t)source;
    of->calls++;
    of->read += count;
    if (begin + count > of->end)
        return sid__fail(err, SID_EDATA, "the file ends at row %d", (int)of->end);
    for (int64_t i = 0; i < count * DIM; i++)
        out[i] = (float)(begin + i / DIM) + .25f * (float)(i % DIM);
    return SID_OK;
}

static sid__rows rows_from(numbers *source)
{
    return (sid__rows){.count = ROWS, .dim = DIM, .read = read_numbers, .source = source};
}

/* Fails when rows in memory are copied or need a buffer, or read ones come from another place. */
static void test_get(void **state)
{
    (void)state;
    numbers source = {.end = ROWS};
    float data[4 * DIM] = {0}, *buffer = data;
    const float *x = NULL;
    sid__rows rows = sid__rows_of(data, 4, DIM);
    TEST_OK(sid__rows_buffer(&rows, 2, &buffer, err));
    assert_null(buffer);
    TEST_OK(sid__rows_get(&rows, 1, 2, buffer, &x, err));
    assert_ptr_equal(x, data + DIM);
    rows = rows_from(&source);
    TEST_OK(sid__rows_buffer(&rows, 2, &buffer, err));
    TEST_OK(sid__rows_get(&rows, 998, 2, buffer, &x, err));
    assert_ptr_equal(x, buffer);
    assert_true(x[0] == 998 && x[5] == 999.5f);
    assert_int_equal(sid__rows_in_block(&rows, 990, 20), 10);
    assert_int_equal(sid__rows_in_block(&rows, 980, 20), 20);
    sid__free(buffer);
}

/* Fails when a block is not about 1 MiB, or empty for wide rows. */
static void test_block(void **state)
{
    (void)state;
    assert_int_equal(sid__rows_block(1), 1 << 18);
    assert_int_equal(sid__rows_block(256), 1024);
    assert_int_equal(sid__rows_block(1000), 262);
    assert_int_equal(sid__rows_block(SID_DIM_MAX), 4);
}

/* Fails when gathered rows are others, out of order, or near ones are read one by one. */
static void test_gather(void **state)
{
    (void)state;
    static const int64_t row[] = {5, 6, 9, 700, 3, 3, 999};
    enum { COUNT = sizeof row / sizeof *row };
    static float memory[ROWS * DIM], from_memory[COUNT * DIM], from_file[COUNT * DIM];
    numbers source = {.end = ROWS};
    sid__rows rows = rows_from(&source), in_memory = sid__rows_of(memory, ROWS, DIM);
    TEST_OK(read_numbers(&source, 0, ROWS, memory, err));
    source.calls = 0;
    source.read = 0;
    TEST_OK(sid__rows_gather(&in_memory, row, COUNT, from_memory, err));
    assert_int_equal(source.calls, 0);
    TEST_OK(sid__rows_gather(&rows, row, COUNT, from_file, err));
    assert_memory_equal(from_memory, from_file, sizeof from_file);
    assert_int_equal(source.calls, 3); /* 5 .. 700, 3, 3 .. 999 */
    for (int i = 0; i < COUNT; i++)
        assert_true(from_file[i * DIM + 1] == (float)row[i] + .25f);
    source.end = 999;
    TEST_FAILS(sid__rows_gather(&rows, row, COUNT, from_file, err), SID_EDATA, "ends at row 999");
    sid__mem_fail(0, 1);
    assert_int_equal(sid__rows_gather(&rows, row, COUNT, from_file, NULL), SID_ENOMEM);
    sid__mem_fail(-1, 0);
}

/* Fails when distant rows are read with all that lies between them. */
static void test_gather_far(void **state)
{
    (void)state;
    enum { FAR = 1000000 };
    static const int64_t row[] = {0, 1, FAR, FAR + 2};
    numbers source = {.end = INT64_MAX};
    float out[4 * DIM];
    sid__rows rows = {.count = 2 * FAR, .dim = DIM, .read = read_numbers, .source = &source};
    TEST_OK(sid__rows_gather(&rows, row, 4, out, err));
    assert_int_equal(source.calls, 2);
    assert_int_equal(source.read, 5);
    assert_true(out[3 * DIM] == FAR + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_gather),
        cmocka_unit_test(test_gather_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
