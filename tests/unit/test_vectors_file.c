/* test_vectors_file.c: vectors that stay in their file: every container, rows left out, files that change. */
#include "io/vectors_file.h"

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/mem.h"
#include "io/vectors.h"
#include "io_help.h"

enum { ROWS = 50, DIM = 3 };

static sid_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return sid_ctx_create(&ctx, NULL) == SID_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    assert_int_equal(atomic_load(&ctx->reserved_size), 0); /* all was given back */
    sid_ctx_free(ctx);
    return remove_temporary(state);
}

static const char *write_rows(float *x)
{
    const char *path = temporary_path("x.npy");
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = (float)i;
    TEST_OK(sid__npy_write(path, SID__F32, x, ROWS, DIM, err));
    return path;
}

static sid__vectors_file *open_file(const char *path)
{
    sid__npy_reader reader;
    sid__vectors_file *file = NULL;
    TEST_OK(sid__npy_open(path, &reader, err));
    TEST_OK(sid__vectors_file_create(&reader, &file, err));
    assert_int_equal(reader.file.fd, -1);
    return file;
}

/* Fails when rows behind the ones that are left out are not the next good ones, for any place and count. */
static void test_left_out(void **state)
{
    (void)state;
    static const int64_t bad[] = {0, 1, 7, 20, 21, 22, 49};
    enum { BAD = sizeof bad / sizeof *bad, GOOD = ROWS - BAD };
    float x[ROWS * DIM], good[GOOD * DIM], out[GOOD * DIM];
    sid__vectors_file *file = open_file(write_rows(x));
    int64_t *list = NULL;
    int kept = 0;
    for (int i = 0, next = 0; i < ROWS; i++) {
        if (next < BAD && bad[next] == i)
            next++;
        else
            memcpy(good + DIM * kept++, x + i * DIM, sizeof(float) * DIM);
    }
    TEST_OK(sid__alloc(&list, BAD, sizeof *list, "rows", err));
    memcpy(list, bad, sizeof bad);
    sid__vectors_file_leave_out(file, list, BAD);
    for (int begin = 0; begin < GOOD; begin++)
        for (int count = 0; count <= GOOD - begin; count++) {
            TEST_OK(sid__vectors_file_read(file, begin, count, out, err));
            assert_memory_equal(out, good + begin * DIM, sizeof(float) * DIM * (size_t)count);
        }
    sid__vectors_file_free(file);
}

/* Fails when a file that is cut off or written to meanwhile is believed. */
static void test_changed(void **state)
{
    (void)state;
    float x[ROWS * DIM], out[ROWS * DIM];
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    const char *path = write_rows(x);
    sid__vectors_file *file = open_file(path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    TEST_FAILS(sid__vectors_file_read(file, 0, 1, out, err), SID_EDATA, "was written to while it was read");
    assert_int_equal(truncate(path, 400), 0);
    TEST_FAILS(sid__vectors_file_read(file, 0, ROWS, out, err), SID_EDATA, "the file ends here");
    sid__vectors_file_free(file);
}

/* Fails when a container, dtype or order gives other values from its file than in memory. */
static void test_containers(void **state)
{
    (void)state;
    static const char *const paths[] = {
        GOLDEN("c_f2.npy"),
        GOLDEN("c_f4.npy"),
        GOLDEN("c_f8.npy"),
        GOLDEN("stored.npz"),
        GOLDEN("fortran_f4.npy"),
        GOLDEN("set.safetensors:f32"),
        GOLDEN("set.safetensors:f16"),
        GOLDEN("set.safetensors:bf16"),
    };
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        sid_vectors *there = NULL, *here = NULL;
        float out[2 * 2];
        sid_ctx_set_memory_limit(ctx, 0);
        TEST_OK(sid_vectors_read(ctx, paths[p], NULL, &here, err));
        sid_ctx_set_memory_limit(ctx, 95); /* a quarter is less than the 24 bytes of the vectors */
        TEST_OK(sid_vectors_read(ctx, paths[p], NULL, &there, err));
        assert_null(sid_vectors_data(there));
        TEST_OK(sid_vectors_rows(there, 1, 2, out, err));
        assert_memory_equal(out, sid_vectors_data(here) + 2, sizeof out);
        TEST_OK(sid_vectors_rows(here, 1, 2, out, err));
        assert_memory_equal(out, sid_vectors_data(here) + 2, sizeof out);
        TEST_FAILS(sid_vectors_rows(there, 2, 2, out, err), SID_EUSAGE, "rows 2 to 4 of 3");
        TEST_FAILS(sid_vectors_rows(there, -1, 1, out, err), SID_EUSAGE, "rows -1 to 0");
        sid_vectors_free(there);
        sid_vectors_free(here);
    }
    sid_ctx_set_memory_limit(ctx, 0);
}

/* Fails when the row or column of a bad value is lost, or a bad row is not left out as it is in memory. */
static void test_bad_rows(void **state)
{
    (void)state;
    float x[ROWS * DIM], out[DIM];
    int64_t skipped = 0;
    sid_vectors *vectors = NULL;
    const char *path = write_rows(x);
    x[17 * DIM + 2] = NAN;
    x[18 * DIM] = INFINITY;
    TEST_OK(sid__npy_write(path, SID__F32, x, ROWS, DIM, err));
    sid_ctx_set_memory_limit(ctx, 1000);
    TEST_FAILS(sid_vectors_read(ctx, path, NULL, &vectors, err), SID_EDATA, "x.npy: row 17, column 2 is NaN");
    TEST_OK(sid_vectors_read_with(ctx, path, NULL, NULL, &(sid_read_options){.on_error = SID_ON_ERROR_SKIP}, &vectors,
                                  &skipped, err));
    assert_int_equal(skipped, 2);
    assert_int_equal(sid_vectors_count(vectors), ROWS - 2);
    assert_string_equal(sid_vectors_id(vectors, 17), "19");
    TEST_OK(sid_vectors_rows(vectors, 17, 1, out, err));
    assert_memory_equal(out, x + 19 * DIM, sizeof out);
    TEST_OK(sid_vectors_write(ctx, vectors, temporary_path("y.npy"), NULL, err));
    sid_vectors_free(vectors);
    vectors = NULL;
    sid_ctx_set_memory_limit(ctx, 0);
    TEST_OK(sid_vectors_read(ctx, temporary_path("y.npy"), NULL, &vectors, err));
    assert_memory_equal(sid_vectors_data(vectors), x, sizeof(float) * 17 * DIM);
    assert_memory_equal(sid_vectors_data(vectors) + 17 * DIM, x + 19 * DIM, sizeof(float) * (ROWS - 19) * DIM);
    sid_vectors_free(vectors);
}

/* Fails when a failed allocation leaks or leaves the file open. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const paths[] = {GOLDEN("c_f8.npy"), GOLDEN("stored.npz"), GOLDEN("set.safetensors:f16")};
    sid_read_options skip = {.on_error = SID_ON_ERROR_SKIP};
    sid_ctx_set_memory_limit(ctx, 95);
    for (int p = 0; p < 3; p++)
        for (int after = 0;; after++) {
            sid_vectors *vectors = NULL;
            assert_in_range(after, 0, 100);
            sid__mem_fail(after, 1);
            sid_status status = sid_vectors_read_with(ctx, paths[p], NULL, NULL, &skip, &vectors, NULL, NULL);
            sid__mem_fail(-1, 0);
            sid_vectors_free(vectors);
            if (status == SID_OK)
                break;
            assert_int_equal(status, SID_ENOMEM);
        }
    sid_ctx_set_memory_limit(ctx, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left_out), cmocka_unit_test(test_changed),   cmocka_unit_test(test_containers),
        cmocka_unit_test(test_bad_rows), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
