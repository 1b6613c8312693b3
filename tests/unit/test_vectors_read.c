/* test_vectors_read.c: sid_vectors_read on every kind of file. */
#include "base/ctx.h"
#include "io/npy.h"
#include "io_help.h"

static sid_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return sid_ctx_create(&ctx, NULL) == SID_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sid_ctx_free(ctx);
    return remove_temporary(state);
}

/* Fails when a container, dtype or order gives other values. */
static void test_containers(void **state)
{
    (void)state;
    static const char *const paths[] = {
        GOLDEN("c_f2.npy"),
        GOLDEN("c_f4.npy"),
        GOLDEN("c_f8.npy"),
        GOLDEN("fortran_f4.npy"),
        GOLDEN("stored.npz"),
        GOLDEN("deflated.npz"),
        GOLDEN("two.npz:x"),
        GOLDEN("two.npz:x.npy"),
        GOLDEN("set.safetensors:f32"),
        GOLDEN("set.safetensors:f16"),
        GOLDEN("set.safetensors:bf16"),
        GOLDEN("set.safetensors:f64"),
        GOLDEN("other_dtype.safetensors"),
        GOLDEN("other_dtype.safetensors:x"),
    };
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        sid_vectors *vectors = NULL;
        TEST_OK(sid_vectors_read(ctx, paths[p], NULL, &vectors, err));
        assert_int_equal(sid_vectors_count(vectors), 3);
        assert_int_equal(sid_vectors_dim(vectors), 2);
        for (int i = 0; i < 6; i++)
            assert_true(sid_vectors_data(vectors)[i] == (float)(i / 2 - 1) * 1.5F + (float)(i % 2) * 0.25F);
        assert_string_equal(sid_vectors_id(vectors, 2), "2");
        sid_vectors_free(vectors);
    }
}

/* Fails when something unfit is read, or the message does not say what is there. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *path, *part;
    } cases[] = {
        {GOLDEN("c_u2.npy"), "array of U16; F16, F32 or F64"},
        {GOLDEN("object.npy"), "Python objects"},
        {GOLDEN("one_axis.npy"), "shape (3,); (N, D)"},
        {GOLDEN("two.npz"), "2 arrays; name one"},
        {GOLDEN("two.npz:z"), "no array \"z\""},
        {GOLDEN("set.safetensors"), "more than one matrix of floats; name a tensor"},
        {GOLDEN("set.safetensors:none"), "tensor none is U8 of shape (0, 4); floats of shape (N, D)"},
        {GOLDEN("set.safetensors:scalar"), "tensor scalar is I64 of shape ()"},
        {GOLDEN("set.safetensors:f31"), "no tensor \"f31\"; name a tensor"},
        {GOLDEN("other_dtype.safetensors:mask"), "tensor mask is BOOL"},
        {TEST_TREE "/tests/golden/make_io.py", "not an npy file"},
    };
    sid_vectors *vectors = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        TEST_FAILS(sid_vectors_read(ctx, cases[i].path, NULL, &vectors, err), SID_EDATA, cases[i].part);
    TEST_FAILS(sid_vectors_read(ctx, temporary_path("x.safetensors"), NULL, &vectors, err), SID_EIO, "x.safetensors");
    assert_null(vectors);
}

static const char *write_npy(const char *name, sid__dtype dtype, const void *data, int64_t rows, int columns)
{
    const char *path = temporary_path(name);
    TEST_OK(sid__npy_write(path, dtype, data, rows, columns, err));
    return path;
}

/* Fails when an empty array or a value out of range enters. */
static void test_values(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    double data[40] = {0};
    TEST_FAILS(sid_vectors_read(ctx, write_npy("e.npy", SID__F32, data, 0, 4), NULL, &vectors, err), SID_EDATA,
               "an array of 0 rows");
    data[17 * 2 + 1] = 1e300; /* infinite as float32 */
    TEST_FAILS(sid_vectors_read(ctx, write_npy("x.npy", SID__F64, data, 20, 2), NULL, &vectors, err), SID_EDATA,
               "x.npy: row 17, column 1 is infinite");
    data[17 * 2 + 1] = 0.0 / data[0];
    TEST_FAILS(sid_vectors_read(ctx, write_npy("x.npy", SID__F64, data, 20, 2), NULL, &vectors, err), SID_EDATA,
               "x.npy: row 17, column 1 is NaN");
    sid_ctx_set_memory_limit(ctx, 100);
    sid_ctx_set_memory_limit(ctx, 20);
    TEST_FAILS(sid_vectors_read(ctx, GOLDEN("deflated.npz"), NULL, &vectors, err), SID_ENOMEM, "compressed array");
    TEST_FAILS(sid_vectors_read(ctx, write_npy("x.npy", SID__F64, data, 20, 2), NULL, &vectors, err), SID_ENOMEM,
               "row numbers");
    sid_ctx_set_memory_limit(ctx, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid_vectors_read(ctx, GOLDEN("c_f4.npy"), NULL, &vectors, err), SID_ECANCELED, "interrupted");
    atomic_store(&ctx->canceled, 0);
    assert_null(vectors);
}

static sid_status read_ids(const char *ids, sid_vectors **out, sid_error *err)
{
    return sid_vectors_read(ctx, GOLDEN("c_f4.npy"), write_temporary("ids.txt", ids, strlen(ids)), out, err);
}

/* Fails when ids of another count, bad or repeated ones are taken. */
static void test_ids(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    TEST_OK(read_ids("a\r\nb c\n\xc3\xa9", &vectors, err));
    assert_string_equal(sid_vectors_id(vectors, 0), "a");
    assert_string_equal(sid_vectors_id(vectors, 1), "b c");
    assert_string_equal(sid_vectors_id(vectors, 2), "\xc3\xa9");
    sid_vectors_free(vectors);
    vectors = NULL;
    TEST_FAILS(read_ids("a\nb\n", &vectors, err), SID_EDATA, "ids.txt: 2 ids; ");
    TEST_FAILS(read_ids("a\nb\nc\nd\n", &vectors, err), SID_EDATA, "has 3 rows");
    TEST_FAILS(read_ids("a\nb\na\n", &vectors, err), SID_EDATA, "ids.txt:3: id \"a\" seen before at line 1");
    TEST_FAILS(read_ids("a\n\nb\n", &vectors, err), SID_EDATA, "ids.txt:2: empty id");
    TEST_FAILS(read_ids("a\tx\nb\ty\n", &vectors, err), SID_EDATA, "ids.txt:1: control byte 0x09 in id");
    TEST_FAILS(read_ids("", &vectors, err), SID_EDATA, "0 ids");
    TEST_FAILS(sid_vectors_read(ctx, GOLDEN("c_f4.npy"), temporary_path("none"), &vectors, err), SID_EIO, "none");
    assert_null(vectors);
}

/* Fails when a failed allocation leaks or leaves something behind. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const paths[] = {GOLDEN("c_f8.npy"), GOLDEN("deflated.npz"), GOLDEN("set.safetensors:f16")};
    const char *ids = write_temporary("i.txt", "a\nb\nc\n", 6);
    for (int p = 0; p < 3; p++)
        for (int after = 0;; after++) {
            sid_vectors *vectors = NULL;
            assert_in_range(after, 0, 100);
            sid__mem_fail(after, 1);
            sid_status status = sid_vectors_read(ctx, paths[p], ids, &vectors, NULL);
            sid__mem_fail(-1, 0);
            sid_vectors_free(vectors);
            if (status == SID_OK)
                break;
            assert_int_equal(status, SID_ENOMEM);
            assert_null(vectors);
        }
    assert_int_equal(ctx->reserved_size, 0);
}

/* Fails when the real file is not read as NumPy reads it (three values, printed by NumPy). */
static void test_real_data(void **state)
{
    (void)state;
    char path[1024];
    sid_vectors *vectors = NULL;
    const char *root = getenv("SEMID_DATA");
    (void)snprintf(path, sizeof path, "%s/beauty/text_minilm.npy", root ? root : TEST_TREE "/../shared/data");
    if (!sid__path_exists(path)) {
        print_message("SKIPPED: %s is not there; set SEMID_DATA\n", path);
        skip();
    }
    TEST_OK(sid_vectors_read(ctx, path, NULL, &vectors, err));
    assert_int_equal(sid_vectors_count(vectors), 12101);
    assert_int_equal(sid_vectors_dim(vectors), 384);
    const float *data = sid_vectors_data(vectors);
    assert_true(data[0] == -0x1.cc26ap-5F);
    assert_true(data[5000 * 384 + 100] == -0x1.67f2a2p-5F);
    assert_true(data[12101 * 384 - 1] == -0x1.8a53d2p-7F);
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_containers), cmocka_unit_test(test_refused),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_ids),        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_real_data),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
