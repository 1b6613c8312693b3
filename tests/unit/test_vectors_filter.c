/* test_vectors_filter.c: bad rows of vectors are left out when told to (spec/quantizers.md §8: NaN, Inf, too large). */
#include <math.h>
#include <unistd.h>

#include "base/vfs.h"
#include "io/npy.h"
#include "io/vectors.h"
#include "test.h"

enum { ROWS = 9, DIM = 2 };

typedef struct folder {
    char path[64], npy[96], ids[96], quarantine[96], why[96];
} folder;

static folder make_folder(bool all_bad)
{
    folder f;
    float x[ROWS * DIM];
    char ids[256] = "";
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = all_bad ? NAN : (float)i;
    x[3] = NAN;      /* row 1 */
    x[8] = INFINITY; /* row 4 */
    x[16] = 2e15f;   /* row 8 */
    (void)snprintf(f.path, sizeof f.path, "/tmp/semid-filter-XXXXXX");
    assert_non_null(mkdtemp(f.path));
    (void)snprintf(f.npy, sizeof f.npy, "%s/x.npy", f.path);
    (void)snprintf(f.ids, sizeof f.ids, "%s/ids.txt", f.path);
    (void)snprintf(f.quarantine, sizeof f.quarantine, "%s/bad.txt", f.path);
    (void)snprintf(f.why, sizeof f.why, "%s/bad.txt.why", f.path);
    TEST_OK(sid__npy_write(f.npy, SID__F32, x, ROWS, DIM, err));
    for (int i = 0; i < ROWS; i++)
        (void)snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "item%d\n", i);
    TEST_OK(sid__replace_whole(f.ids, ids, strlen(ids), err));
    return f;
}

static void drop_folder(const folder *f)
{
    TEST_OK(sid__remove_tree(f->path, err));
}

static void count_warnings(void *user, sid_log_level level, const char *message)
{
    (void)message;
    *(int *)user += level == SID_LOG_WARNING;
}

/* Fails when a good row, its id or its number is lost or moved to another vector, or a bad one stays. */
static void bad_rows_are_skipped(void **state)
{
    static const int good[] = {0, 2, 3, 5, 6, 7};
    sid_ctx *ctx = NULL;
    int warnings = 0;
    folder f = make_folder(false);
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_ctx_on_log(ctx, count_warnings, &warnings);
    for (int with_ids = 0; with_ids < 2; with_ids++) {
        sid_vectors *vectors = NULL;
        int64_t skipped = -1;
        TEST_OK(sid_vectors_read_with(ctx, f.npy, with_ids ? f.ids : NULL, NULL,
                                      &(sid_read_options){.on_error = SID_ON_ERROR_SKIP}, &vectors, &skipped, err));
        assert_int_equal(skipped, 3);
        assert_int_equal(sid_vectors_count(vectors), 6);
        for (int i = 0; i < 6; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "%s%d", with_ids ? "item" : "", good[i]);
            assert_string_equal(sid_vectors_id(vectors, i), id);
            assert_true(sid_vectors_data(vectors)[i * DIM] == (float)(good[i] * DIM));
        }
        sid_vectors_free(vectors);
    }
    assert_int_equal(warnings, 6);
    sid_ctx_free(ctx);
    drop_folder(&f);
}

/* Fails when the quarantine does not name the rows that are missing, or the reasons are not beside it. */
static void bad_rows_are_named(void **state)
{
    sid_ctx *ctx = NULL;
    sid_vectors *vectors = NULL;
    folder f = make_folder(false);
    char *bytes = NULL;
    int64_t size = 0;
    sid_read_options options = {.on_error = SID_ON_ERROR_QUARANTINE, .quarantine_path = f.quarantine};
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_vectors_read_with(ctx, f.npy, f.ids, NULL, &options, &vectors, NULL, err));
    sid_vectors_free(vectors);
    TEST_OK(sid__read_whole(f.quarantine, 1 << 20, &bytes, &size, err));
    assert_string_equal(bytes, "item1\nitem4\nitem8\n");
    sid__free(bytes);
    TEST_OK(sid__read_whole(f.why, 1 << 20, &bytes, &size, err));
    assert_non_null(strstr(bytes, "row 1, column 1 is NaN"));
    assert_non_null(strstr(bytes, "row 4, column 0 is infinite"));
    assert_non_null(strstr(bytes, "row 8, column 0 is too large"));
    sid__free(bytes);
    options.quarantine_path = NULL;
    TEST_FAILS(sid_vectors_read_with(ctx, f.npy, f.ids, NULL, &options, &vectors, NULL, err), SID_EUSAGE, "path");
    options.quarantine_path = "/nowhere/at/all";
    TEST_FAILS(sid_vectors_read_with(ctx, f.npy, f.ids, NULL, &options, &vectors, NULL, err), SID_EIO, "/nowhere");
    sid_ctx_free(ctx);
    drop_folder(&f);
}

/* Fails when nothing is left and nobody says so, or when the default takes bad rows. */
static void nothing_left_is_an_error(void **state)
{
    sid_ctx *ctx = NULL;
    sid_vectors *vectors = NULL;
    folder f = make_folder(true);
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_FAILS(sid_vectors_read_with(ctx, f.npy, NULL, NULL, &(sid_read_options){.on_error = SID_ON_ERROR_SKIP},
                                     &vectors, NULL, err),
               SID_EDATA, "all 9 rows are bad");
    TEST_FAILS(sid_vectors_read(ctx, f.npy, NULL, &vectors, err), SID_EDATA, "row 0, column 0 is NaN");
    sid_ctx_free(ctx);
    drop_folder(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bad_rows_are_skipped), cmocka_unit_test(bad_rows_are_named),
                                       cmocka_unit_test(nothing_left_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
