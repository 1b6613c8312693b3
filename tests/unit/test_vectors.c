/* test_vectors.c: vectors in memory, their checks, ids and writing. */
#include <math.h>

#include "io/items.h"
#include "io/vectors.h"
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

static const float x[] = {0, 1, 2, 3, 4, -1e15F};

/* Fails when data or ids are not copied, or row numbers are wrong. */
static void test_create(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(ctx, x, 3, 2, (const char *const[]){"a", "b", "c"}, &vectors, err));
    assert_int_equal(sid_vectors_count(vectors), 3);
    assert_int_equal(sid_vectors_dim(vectors), 2);
    assert_memory_equal(sid_vectors_data(vectors), x, sizeof x);
    assert_string_equal(sid_vectors_id(vectors, 2), "c");
    sid_vectors_free(vectors);
    float many[1001] = {0};
    TEST_OK(sid_vectors_create(ctx, many, 1001, 1, NULL, &vectors, err));
    assert_string_equal(sid_vectors_id(vectors, 0), "0");
    assert_string_equal(sid_vectors_id(vectors, 1000), "1000");
    sid_vectors_free(vectors);
    sid_vectors_free(NULL);
}

/* Fails when a value or id that must not enter does, or the message lacks row and column. */
static void test_refused(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    const struct {
        float bad;
        const char *part;
    } cases[] = {{NAN, "row 1, column 2 is NaN; finite values up to 1e+15"},
                 {INFINITY, "row 1, column 2 is infinite"},
                 {-INFINITY, "is infinite"},
                 {1.001e15F, "row 1, column 2 is too large"}};
    for (int i = 0; i < 4; i++) {
        float data[9] = {0};
        sid_error seen;
        data[5] = cases[i].bad;
        data[8] = cases[i].bad;
        TEST_FAILS(sid_vectors_create(ctx, data, 3, 3, NULL, &vectors, err), SID_EDATA, cases[i].part);
        assert_int_equal(sid_vectors_create(ctx, data, 3, 3, NULL, &vectors, &seen), SID_EDATA);
        assert_int_equal(seen.row, 1);
    }
    TEST_FAILS(sid_vectors_create(ctx, x, 0, 2, NULL, &vectors, err), SID_EDATA, "no vectors");
    TEST_FAILS(sid_vectors_create(ctx, x, 1, 0, NULL, &vectors, err), SID_EDATA, "0 dimensions; 1 to 65536");
    TEST_FAILS(sid_vectors_create(ctx, x, 1, 65537, NULL, &vectors, err), SID_EDATA, "65537 dimensions");
    TEST_FAILS(sid_vectors_create(ctx, x, INT64_MAX, 65536, NULL, &vectors, err), SID_ENOMEM, "too large");
    TEST_FAILS(sid_vectors_create(ctx, x, 3, 2, (const char *const[]){"a", "b", "a"}, &vectors, err), SID_EDATA,
               "id \"a\" of row 2 seen before at row 0; ids must differ");
    TEST_FAILS(sid_vectors_create(ctx, x, 1, 2, (const char *const[]){""}, &vectors, err), SID_EDATA, "empty id");
    assert_null(vectors);
}

/* Fails when wrapped data is copied, freed or counted as ours, ids are not copied, or a check is left out. */
static void test_wrap(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    char id[] = "a";
    const char *const ids[] = {id, "b", "c"};
    const float bad[] = {0, 1, NAN, 2};
    sid_ctx_set_memory_limit(ctx, 8);
    TEST_OK(sid_vectors_wrap(ctx, x, 3, 2, ids, &vectors, err));
    id[0] = 'z';
    assert_ptr_equal(sid_vectors_data(vectors), x);
    assert_string_equal(sid_vectors_id(vectors, 0), "a");
    sid_vectors_free(vectors);
    TEST_OK(sid_vectors_wrap(ctx, x, 3, 2, NULL, &vectors, err));
    assert_string_equal(sid_vectors_id(vectors, 2), "2");
    sid_vectors_free(vectors);
    sid_ctx_set_memory_limit(ctx, 0);
    vectors = NULL;
    TEST_FAILS(sid_vectors_wrap(ctx, bad, 2, 2, NULL, &vectors, err), SID_EDATA, "row 1, column 0 is NaN");
    TEST_FAILS(sid_vectors_wrap(ctx, bad, 2, 2, NULL, &vectors, err), SID_EDATA, "or leave it out");
    TEST_FAILS(sid_vectors_wrap(ctx, x, 0, 2, NULL, &vectors, err), SID_EDATA, "no vectors");
    TEST_FAILS(sid_vectors_wrap(ctx, x, INT64_MAX, 65536, NULL, &vectors, err), SID_ENOMEM, "too large");
    TEST_FAILS(sid_vectors_wrap(ctx, x, 2, 2, (const char *const[]){"a", "a"}, &vectors, err), SID_EDATA, "ids must");
    assert_null(vectors);
}

/* Fails when the memory limit is passed, or is not given back. */
static void test_memory(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    sid_ctx_set_memory_limit(ctx, 30);
    for (int i = 0; i < 3; i++) {
        TEST_OK(sid_vectors_create(ctx, x, 3, 2, NULL, &vectors, err));
        sid_vectors_free(vectors);
        vectors = NULL;
        TEST_FAILS(sid_vectors_create(ctx, x, 2, 4, NULL, &vectors, err), SID_ENOMEM, "the vectors");
    }
    sid_ctx_set_memory_limit(ctx, 0);
    for (int after = 0;; after++) {
        assert_in_range(after, 0, 50);
        sid__mem_fail(after, 1);
        sid_status status = sid_vectors_create(ctx, x, 3, 2, (const char *const[]){"a", "b", "c"}, &vectors, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
        assert_null(vectors);
    }
    sid_vectors_free(vectors);
}

/* Fails when ids of another count are taken, or a refused call changes the ids. */
static void test_set_ids(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    sid_items *three = NULL, *two = NULL;
    const char *const ids[] = {"p", "q", "r"};
    TEST_OK(sid__items_from_rows(ctx, NULL, 0, ids, 3, &three, err));
    TEST_OK(sid__items_from_rows(ctx, NULL, 0, ids, 2, &two, err));
    TEST_OK(sid_vectors_create(ctx, x, 3, 2, NULL, &vectors, err));
    TEST_FAILS(sid_vectors_set_ids(vectors, two, err), SID_EDATA, "has 2 items, the vectors have 3 rows");
    assert_string_equal(sid_vectors_id(vectors, 2), "2");
    sid__mem_fail(1, 1);
    TEST_FAILS(sid_vectors_set_ids(vectors, three, err), SID_ENOMEM, "ids");
    sid__mem_fail(-1, 0);
    assert_string_equal(sid_vectors_id(vectors, 2), "2");
    for (int i = 0; i < 2; i++) {
        TEST_OK(sid_vectors_set_ids(vectors, three, err));
        assert_string_equal(sid_vectors_id(vectors, 2), "r");
    }
    sid_vectors_free(vectors);
    sid_items_free(three);
    sid_items_free(two);
}

static sid_status from_text(const char *text, sid_vectors **out, sid_error *err)
{
    sid__source source;
    sid_items *items = NULL;
    SID_TRY(sid__source_memory(text, strlen(text), "t.jsonl", &source, err));
    SID_TRY(sid__items_parse(ctx, &source, "t.jsonl", NULL, &items, err));
    sid_status status = sid_vectors_from_items(ctx, items, out, err);
    sid_items_free(items);
    return status;
}

/* Fails when vectors of JSON rows are mixed up, or a missing or shorter one passes. */
static void test_from_items(void **state)
{
    (void)state;
    sid_vectors *vectors = NULL;
    TEST_OK(from_text("{\"item_id\":\"a\",\"vector\":[1,2]}\n{\"item_id\":\"b\",\"vector\":[3,4.5]}\n", &vectors, err));
    assert_true(sid_vectors_data(vectors)[3] == 4.5F);
    assert_string_equal(sid_vectors_id(vectors, 1), "b");
    sid_vectors_free(vectors);
    TEST_FAILS(from_text("{\"item_id\":\"a\",\"vector\":[1,2]}\n{\"item_id\":\"b\"}\n", &vectors, err), SID_EDATA,
               "t.jsonl:2: item \"b\" has no \"vector\"");
    TEST_FAILS(from_text("{\"item_id\":\"a\",\"vector\":[1,2]}\n{\"item_id\":\"b\",\"vector\":[1]}\n", &vectors, err),
               SID_EDATA, "has 1 numbers, the first row's 2");
    TEST_FAILS(from_text("{\"item_id\":\"a\"}\n{\"item_id\":\"b\",\"vector\":[1]}\n", &vectors, err), SID_EDATA,
               "t.jsonl:1: item \"a\" has no \"vector\"");
    TEST_FAILS(from_text("{\"item_id\":\"a\"}\n{\"item_id\":\"b\"}\n", &vectors, err), SID_ENOTFOUND,
               "no item has a \"vector\"");
}

/* Fails when what is written is not read back equal. */
static void test_write(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    sid_vectors *vectors = NULL, *again = NULL;
    char npy[512], ids[512];
    (void)snprintf(npy, sizeof npy, "%s", temporary_path("w.npy"));
    (void)snprintf(ids, sizeof ids, "%s", temporary_path("w.txt"));
    TEST_OK(sid_vectors_synth(ctx, COUNT, 3, 4, 0.5, 1, &vectors, err));
    TEST_OK(sid_vectors_write(ctx, vectors, npy, ids, err));
    TEST_OK(sid_vectors_read(ctx, npy, ids, &again, err));
    assert_int_equal(sid_vectors_count(again), COUNT);
    assert_memory_equal(sid_vectors_data(again), sid_vectors_data(vectors), sizeof(float) * COUNT * 3);
    for (int i = 0; i < COUNT; i++)
        assert_string_equal(sid_vectors_id(again, i), sid_vectors_id(vectors, i));
    TEST_OK(sid__remove_tree(npy, err)); /* ids first: an array never stands without them */
    TEST_FAILS(sid_vectors_write(ctx, vectors, npy, "/dev/full", err), SID_EIO, "No space left");
    assert_false(sid__path_exists(npy));
    TEST_FAILS(sid_vectors_write(ctx, vectors, temporary_path("no/x"), NULL, err), SID_EIO, "no/x");
    sid_vectors_free(again);
    sid_vectors_free(vectors);
}

/* Fails when synthetic vectors depend on threads, ignore the seed, or lack their moments: var = 1 + spread^2. */
static void test_synth(void **state)
{
    (void)state;
    enum { COUNT = 4000, DIM = 32 };
    sid_vectors *one = NULL, *two = NULL, *other = NULL;
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    TEST_OK(sid_vectors_synth(ctx, COUNT, DIM, 500, 0.5, 7, &one, err));
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    TEST_OK(sid_vectors_synth(ctx, COUNT, DIM, 500, 0.5, 7, &two, err));
    TEST_OK(sid_vectors_synth(ctx, COUNT, DIM, 500, 0.5, 8, &other, err));
    assert_memory_equal(sid_vectors_data(one), sid_vectors_data(two), sizeof(float) * COUNT * DIM);
    assert_memory_not_equal(sid_vectors_data(one), sid_vectors_data(other), sizeof(float) * COUNT * DIM);
    double sum = 0, square = 0;
    for (int i = 0; i < COUNT * DIM; i++) {
        double value = (double)sid_vectors_data(one)[i];
        sum += value;
        square += value * value;
    }
    assert_true(fabs(sum / (COUNT * DIM)) < 0.05);
    assert_true(fabs(square / (COUNT * DIM) - 1.25) < 0.05);
    sid_vectors_free(one);
    sid_vectors_free(two);
    sid_vectors_free(other);
    TEST_FAILS(sid_vectors_synth(ctx, 0, 2, 1, 0, 1, &one, err), SID_EUSAGE, "0 vectors");
    TEST_FAILS(sid_vectors_synth(ctx, 1, 2, 0, 0, 1, &one, err), SID_EUSAGE, "0 centers");
    TEST_FAILS(sid_vectors_synth(ctx, 1, 2, 1, (double)NAN, 1, &one, err), SID_EUSAGE, "spread is");
    TEST_FAILS(sid_vectors_synth(ctx, 1, 2, 1, -1, 1, &one, err), SID_EUSAGE, "spread is -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create), cmocka_unit_test(test_refused), cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_memory), cmocka_unit_test(test_set_ids), cmocka_unit_test(test_from_items),
        cmocka_unit_test(test_write),  cmocka_unit_test(test_synth),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
