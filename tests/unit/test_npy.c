/* test_npy.c: files that NumPy wrote (tests/golden/make_io.py), our own read back, and damaged ones. */
#include "base/philox.h"
#include "io/npy.h"
#include "io_help.h"

/* x[i, j] of make_io.py. */
static float expected_value(int64_t i, int j)
{
    return (float)(i - 1) * 1.5F + (float)j * 0.25F;
}

static void check_golden(const char *path)
{
    sid__npy_reader reader;
    float out[6];
    TEST_OK(sid__npy_open(path, &reader, err));
    assert_int_equal(reader.rows, 3);
    assert_int_equal(reader.dim, 2);
    TEST_OK(sid__npy_read_rows(&reader, 0, 3, out, err));
    for (int i = 0; i < 6; i++)
        assert_true(out[i] == expected_value(i / 2, i % 2));
    TEST_OK(sid__npy_read_rows(&reader, 1, 2, out, err));
    for (int i = 0; i < 4; i++)
        assert_true(out[i] == expected_value(1 + i / 2, i % 2));
    TEST_FAILS(sid__npy_read_rows(&reader, 2, 2, out, err), SID_EUSAGE, "of 3");
    sid__npy_close(&reader);
}

/* Fails when a dtype, version or order is read wrongly. */
static void test_golden_floats(void **state)
{
    (void)state;
    check_golden(GOLDEN("c_f2.npy"));
    check_golden(GOLDEN("c_f4.npy"));
    check_golden(GOLDEN("c_f8.npy"));
    check_golden(GOLDEN("fortran_f4.npy"));
    check_golden(GOLDEN("fortran_f8.npy"));
    check_golden(GOLDEN("version2.npy"));
    check_golden(GOLDEN("version3.npy"));
}

/* Fails when integers are converted silently, or not handed out as they lie there. */
static void test_golden_integers(void **state)
{
    (void)state;
    sid__npy_reader reader;
    uint16_t out[6];
    float floats[6];
    TEST_OK(sid__npy_open(GOLDEN("c_u2.npy"), &reader, err));
    assert_int_equal(reader.header.dtype, SID__U16);
    TEST_OK(sid__npy_read_raw(&reader, 1, 2, out, err));
    for (int i = 0; i < 4; i++)
        assert_int_equal(out[i], i + 2);
    TEST_FAILS(sid__npy_read_rows(&reader, 0, 3, floats, err), SID_EDATA, "array of U16");
    sid__npy_close(&reader);
    TEST_OK(sid__npy_open(GOLDEN("c_i8.npy"), &reader, err));
    assert_int_equal(reader.header.dtype, SID__I64);
    sid__npy_close(&reader);
    TEST_OK(sid__npy_open(GOLDEN("fortran_f4.npy"), &reader, err));
    float rows[sizeof floats / sizeof *floats];
    int64_t count = reader.rows > 1 ? 2 : 1;
    assert_true(count * reader.dim <= (int64_t)(sizeof rows / sizeof *rows));
    TEST_OK(sid__npy_read_rows(&reader, reader.rows - count, count, rows, err));
    TEST_OK(sid__npy_read_raw(&reader, reader.rows - count, count, floats, err));
    assert_memory_equal(rows, floats, (size_t)(count * reader.dim) * sizeof *rows);
    sid__npy_close(&reader);
}

/* Fails when a file that must not be read is, or when the message does not name what it is. */
static void test_refused(void **state)
{
    (void)state;
    sid__npy_reader reader;
    TEST_FAILS(sid__npy_open(GOLDEN("big_endian.npy"), &reader, err), SID_EDATA, "'>f4' is big-endian");
    TEST_FAILS(sid__npy_open(GOLDEN("object.npy"), &reader, err), SID_EDATA, "Python objects");
    TEST_FAILS(sid__npy_open(GOLDEN("structured.npy"), &reader, err), SID_EDATA, "structured");
    TEST_FAILS(sid__npy_open(GOLDEN("complex.npy"), &reader, err), SID_EDATA, "'<c8' is not read");
    TEST_FAILS(sid__npy_open(GOLDEN("one_axis.npy"), &reader, err), SID_EDATA, "(3,); (N, D)");
    TEST_FAILS(sid__npy_open(GOLDEN("scalar.npy"), &reader, err), SID_EDATA, "(); (N, D)");
    TEST_FAILS(sid__npy_open(GOLDEN("stored.npz"), &reader, err), SID_EDATA, "not an npy file");
    TEST_FAILS(sid__npy_open(temporary_path("none"), &reader, err), SID_EIO, "none");
}

/* Fails when the writer's bytes differ from NumPy's, so that the header or its padding is off. */
static void test_writes_as_numpy(void **state)
{
    (void)state;
    size_t seen_size, wanted_size;
    float x[6];
    for (int i = 0; i < 6; i++)
        x[i] = expected_value(i / 2, i % 2);
    const char *path = temporary_path("w.npy");
    TEST_OK(sid__npy_write(path, SID__F32, x, 3, 2, err));
    char *seen = read_bytes(path, &seen_size), *wanted = read_bytes(GOLDEN("c_f4.npy"), &wanted_size);
    assert_int_equal(seen_size, wanted_size);
    assert_memory_equal(seen, wanted, wanted_size);
    free(seen);
    free(wanted);
    TEST_FAILS(sid__npy_write(path, SID__BF16, x, 3, 2, err), SID_EUSAGE, "BF16");
    TEST_FAILS(sid__npy_write("/dev/full", SID__F32, x, 3, 2, err), SID_EIO, "/dev/full");
}

static sid_status parse(const char *bytes, size_t size, sid_error *err)
{
    sid__npy_header header;
    return sid__npy_parse_header(bytes, size, (int64_t)size, "t.npy", &header, err);
}

/* Fails when a truncated file is accepted, or bytes beyond it are looked at (ASan). */
static void test_truncation(void **state)
{
    (void)state;
    static const char *const files[] = {GOLDEN("c_f4.npy"), GOLDEN("version3.npy")};
    for (int f = 0; f < 2; f++) {
        size_t size;
        char *bytes = read_bytes(files[f], &size);
        for (size_t cut = 0; cut < size; cut++) {
            char *part = copy_bytes(bytes, cut);
            sid_error err = {0};
            assert_int_equal(parse(part, cut, &err), SID_EDATA);
            assert_true(err.byte >= 0 && err.byte <= (int64_t)cut);
            free(part);
            sid__npy_reader reader;
            assert_int_equal(sid__npy_open(write_temporary("cut.npy", bytes, cut), &reader, &err), SID_EDATA);
        }
        free(bytes);
    }
}

/* Fails when a flipped bit crashes the reader, or a file is accepted whose size does not fit its shape. */
static void test_bit_flips(void **state)
{
    (void)state;
    size_t size;
    char *bytes = read_bytes(GOLDEN("c_f8.npy"), &size);
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t bit = sid__philox_below(1, SID__STREAM_TEST, i, size * 8);
        sid__npy_header header;
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        if (sid__npy_parse_header(bytes, size, (int64_t)size, "t", &header, NULL) == SID_OK) {
            size_t data_size;
            assert_true(sid__shape_size(header.dtype, header.rank, header.shape, &data_size));
            assert_int_equal(header.data_offset + (int64_t)data_size, size);
        }
        if (i % 4) /* up to four flips together */
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    }
    free(bytes);
}

static size_t make_file(char *out, const char *dict, size_t data_size)
{
    size_t length = strlen(dict);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(length & 255);
    out[9] = (char)(length >> 8);
    memcpy(out + 10, dict, length);
    memset(out + 10 + length, 0, data_size);
    return 10 + length + data_size;
}

/* Fails when a check of the dict's grammar or of its sizes is dropped. */
static void test_lying_headers(void **state)
{
    (void)state;
    static const struct {
        const char *dict;
        size_t data_size;
        const char *part; /* of the message; NULL: must be read */
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n", 8, NULL},
        {"{\"shape\":(1,2L),\"descr\":\"<f4\",\"fortran_order\":True}", 8, NULL},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n", 9, "1 bytes follow"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n", 7, "cut off"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}", 8, "more than any file"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808, 2)}", 8, "no number from 0"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", 8, "more than any file"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}", 8, "no number from 0"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", 8, "comma is missing in shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", 8, "no tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': [1, 2]}", 8, "no tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4, "more than 8 dimensions"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 2)}", 8, "fortran_order is neither"},
        {"{'descr': '<f4', 'fortran_order': False}", 8, "a member is missing"},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (1, 2)}", 8, "twice"},
        {"{'descr': '<f4', 'code': '<f4', 'shape': (1, 2)}", 8, "unknown member"},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (1, 2)}", 8, "a comma is missing"},
        {"{'descr' '<f4', 'fortran_order': False, 'shape': (1, 2)}", 8, "no colon"},
        {"{descr: '<f4', 'fortran_order': False, 'shape': (1, 2)}", 8, "no name"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} import os", 8, "something after"},
        {"{'descr': 4, 'fortran_order': False, 'shape': (1, 2)}", 8, "descr is no string"},
        {"{'descr': '<f4\\'', 'fortran_order': False, 'shape': (1, 2)}", 8, "descr is no string"},
        {"['descr']", 8, "no dict"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[256];
        size_t size = make_file(bytes, cases[i].dict, cases[i].data_size);
        if (cases[i].part)
            TEST_FAILS(parse(bytes, size, err), SID_EDATA, cases[i].part);
        else
            TEST_OK(parse(bytes, size, err));
    }
    TEST_FAILS(parse("\x93NUMPY\x04\x00\x10\x00\x00\x00", 12, err), SID_EDATA, "version 4.0");
    TEST_FAILS(parse("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12, err), SID_EDATA, "4294967295 bytes");
    TEST_FAILS(parse("\x93NUMPY\x01\x00\xff\x00{}", 12, err), SID_EDATA, "ends inside the npy header");
}

/* Fails when rows are read beyond a tile's border, in either order, at sizes that no tile divides. */
static void test_large_either_order(void **state)
{
    (void)state;
    enum { ROWS = 9001, DIM = 19 };
    float *x = malloc(sizeof(float) * ROWS * DIM), *turned = malloc(sizeof(float) * ROWS * DIM);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = (float)i;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < DIM; j++)
            turned[j * ROWS + i] = x[i * DIM + j];
    char *file = malloc(256 + sizeof(float) * ROWS * DIM);
    size_t size = make_file(file, "{'descr':'<f4','fortran_order':True,'shape':(9001,19)}", 0);
    memcpy(file + size, turned, sizeof(float) * ROWS * DIM);
    sid__npy_reader reader;
    TEST_OK(sid__npy_open(write_temporary("f.npy", file, size + sizeof(float) * ROWS * DIM), &reader, err));
    TEST_OK(sid__npy_read_rows(&reader, 0, ROWS, turned, err));
    assert_memory_equal(turned, x, sizeof(float) * ROWS * DIM);
    TEST_OK(sid__npy_read_rows(&reader, 4000, 5000, turned, err));
    assert_memory_equal(turned, x + 4000 * DIM, sizeof(float) * 5000 * DIM);
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__npy_read_rows(&reader, 0, 1, turned, err), SID_ENOMEM, "read buffer");
    }
    sid__mem_fail(-1, 0);
    sid__npy_close(&reader);
    double *wide = malloc(sizeof(double) * ROWS * DIM);
    for (int i = 0; i < ROWS * DIM; i++)
        wide[i] = i;
    TEST_OK(sid__npy_write(temporary_path("d.npy"), SID__F64, wide, ROWS, DIM, err));
    TEST_OK(sid__npy_open(temporary_path("d.npy"), &reader, err));
    TEST_OK(sid__npy_read_rows(&reader, 0, ROWS, turned, err));
    assert_memory_equal(turned, x, sizeof(float) * ROWS * DIM);
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__npy_read_rows(&reader, 0, 1, turned, err), SID_ENOMEM, "read buffer");
    sid__mem_fail(-1, 0);
    sid__npy_close(&reader);
    free(wide);
    free(file);
    free(turned);
    free(x);
}

/* Fails when a file that shrank after it was opened gives zeroes instead of an error. */
static void test_file_shrinks(void **state)
{
    (void)state;
    sid__npy_reader reader;
    float x[6] = {0};
    const char *path = temporary_path("s.npy");
    TEST_OK(sid__npy_write(path, SID__F32, x, 3, 2, err));
    TEST_OK(sid__npy_open(path, &reader, err));
    assert_int_equal(truncate(path, 140), 0);
    TEST_FAILS(sid__npy_read_rows(&reader, 0, 3, x, err), SID_EDATA, "ends here");
    sid__npy_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_floats), cmocka_unit_test(test_golden_integers),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_writes_as_numpy),
        cmocka_unit_test(test_truncation),    cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_lying_headers), cmocka_unit_test(test_large_either_order),
        cmocka_unit_test(test_file_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
