/* test_prefix_index.c: the trie against a linear scan. */
#include "test.h"

#include "base/mem.h"
#include "base/philox.h"
#include "sid/prefix_index.h"

/* Items of a test, in input order. */
typedef struct items {
    uint16_t *codes;
    uint8_t *length;
    int64_t *row;
    int64_t count;
    int width;
} items;

static uint64_t draw(uint64_t index, uint64_t below)
{
    return sid__philox_below(11, SID__STREAM_TEST, index, below);
}

/* `k` codes a level; lengths from `shortest` to width; rows are a permutation with gaps. */
static items make_items(int64_t count, int width, int shortest, uint64_t k)
{
    items made = {.count = count, .width = width};
    made.codes = calloc((size_t)(count * width) + 1, sizeof *made.codes);
    made.length = calloc((size_t)count + 1, sizeof *made.length);
    made.row = calloc((size_t)count + 1, sizeof *made.row);
    for (int64_t i = 0; i < count; i++) {
        for (int l = 0; l < width; l++)
            made.codes[i * width + l] = (uint16_t)draw((uint64_t)(i * width + l), k);
        made.length[i] = (uint8_t)(shortest + (int)draw(1000000 + (uint64_t)i, (uint64_t)(width - shortest + 1)));
        made.row[i] = (i * 7919) % (count > 7919 ? 1000003 : 7927) * 3;
    }
    return made;
}

static void drop_items(items *made)
{
    free(made->codes);
    free(made->length);
    free(made->row);
}

static sid__prefix_index *build(const items *made)
{
    sid__prefix_index *index = NULL;
    TEST_OK(sid__prefix_index_build(made->codes, made->length, made->row, made->count, made->width, &index, err));
    return index;
}

static bool is_below(const items *made, int64_t i, const uint16_t *prefix, int depth)
{
    return made->length[i] >= depth &&
           memcmp(made->codes + i * made->width, prefix, (size_t)depth * sizeof *prefix) == 0;
}

/* The run found holds exactly the rows that a scan finds. */
static void check_prefix(const items *made, const sid__prefix_index *index, const uint16_t *prefix, int depth)
{
    int64_t begin = -1, end = -1, found = 0, sum = 0;
    bool is_found = sid__prefix_index_find(index, prefix, depth, &begin, &end);
    for (int64_t i = 0; i < made->count; i++) {
        if (is_below(made, i, prefix, depth)) {
            found++;
            sum += made->row[i];
        }
    }
    assert_int_equal(end - begin, found);
    assert_int_equal(is_found, found > 0);
    for (int64_t p = begin; p < end; p++)
        sum -= sid__prefix_index_row(index, p);
    assert_int_equal(sum, 0);
}

static int64_t count_prefixes(const items *made, int depth)
{
    int64_t distinct = 0;
    for (int64_t i = 0; i < made->count; i++) {
        bool is_new = made->length[i] >= depth;
        for (int64_t j = 0; is_new && j < i; j++)
            is_new = !is_below(made, j, made->codes + i * made->width, depth);
        distinct += is_new;
    }
    return distinct;
}

static void check_all(const items *made, uint64_t k)
{
    sid__prefix_index *index = build(made);
    assert_int_equal(sid__prefix_index_count(index), made->count);
    assert_int_equal(sid__prefix_index_width(index), made->width);
    for (int64_t i = 0; i < made->count; i++)
        for (int depth = 0; depth <= made->width; depth++)
            check_prefix(made, index, made->codes + i * made->width, depth);
    for (uint64_t i = 0; i < 200; i++) {
        uint16_t prefix[8];
        for (int l = 0; l < made->width; l++)
            prefix[l] = (uint16_t)draw(2000000 + 8 * i + (uint64_t)l, k + 1);
        for (int depth = 0; depth <= made->width; depth++)
            check_prefix(made, index, prefix, depth);
    }
    for (int depth = 1; depth <= made->width; depth++)
        assert_int_equal(sid__prefix_index_prefixes(index, depth), count_prefixes(made, depth));
    sid__prefix_index_free(index);
}

static void test_equals_linear_scan(void **state)
{
    /* Fails when a look-up misses, adds or misplaces an item: few codes make nodes, many make columns; SIDs of one and
     * of several lengths. */
    (void)state;
    static const uint64_t k[] = {1, 2, 5, 40, 60000};
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        for (int shortest = 1; shortest <= 4; shortest += 3) {
            items made = make_items(300, 4, shortest, k[i]);
            check_all(&made, k[i]);
            drop_items(&made);
        }
    }
}

static void test_order(void **state)
{
    /* Fails when positions are not in SID order, shorter SIDs first, ties by row; or code 65535 is lost. */
    (void)state;
    const uint16_t codes[] = {1, 65535, 1, 9, 1, 9, 0, 3, 65535, 0};
    const uint8_t length[] = {2, 1, 1, 2, 2};
    const int64_t row[] = {0, 8, 4, 2, 1}, wanted[] = {2, 4, 8, 0, 1};
    sid__prefix_index *index = NULL;
    int64_t begin, end;
    TEST_OK(sid__prefix_index_build(codes, length, row, 5, 2, &index, err));
    for (int p = 0; p < 5; p++)
        assert_int_equal(sid__prefix_index_row(index, p), wanted[p]);
    assert_true(sid__prefix_index_find(index, (const uint16_t[]){1}, 1, &begin, &end));
    assert_int_equal(begin, 1);
    assert_int_equal(end, 4);
    assert_true(sid__prefix_index_find(index, (const uint16_t[]){1, 65535}, 2, &begin, &end));
    assert_int_equal(begin, 3);
    assert_int_equal(end, 4);
    assert_false(sid__prefix_index_find(index, (const uint16_t[]){1, 9}, 2, &begin, &end));
    assert_int_equal(begin, end);
    assert_true(sid__prefix_index_find(index, (const uint16_t[]){65535}, 1, &begin, &end));
    assert_int_equal(begin, 4);
    sid__prefix_index_free(index);
}

static void test_empty_and_deep(void **state)
{
    /* Fails when no items, a prefix longer than any SID, or depth 0 is mishandled. */
    (void)state;
    items none = make_items(0, 3, 3, 4), one = make_items(1, 3, 3, 4);
    sid__prefix_index *index = build(&none);
    int64_t begin, end;
    assert_false(sid__prefix_index_find(index, NULL, 0, &begin, &end));
    assert_int_equal(end, 0);
    assert_int_equal(sid__prefix_index_prefixes(index, 0), 0);
    sid__prefix_index_free(index);
    index = build(&one);
    assert_true(sid__prefix_index_find(index, NULL, 0, &begin, &end));
    assert_int_equal(end, 1);
    const uint16_t long_prefix[] = {one.codes[0], one.codes[1], one.codes[2], 0};
    assert_false(sid__prefix_index_find(index, long_prefix, 4, &begin, &end));
    assert_int_equal(begin, end);
    assert_int_equal(sid__prefix_index_prefixes(index, 0), 1);
    assert_int_equal(sid__prefix_index_prefixes(index, 4), 0);
    sid__prefix_index_free(index);
    sid__prefix_index_free(NULL);
    drop_items(&none);
    drop_items(&one);
}

static void test_size(void **state)
{
    /* Fails when 100,000 random items at 4 levels take more than 16 bytes each (the worst data for a trie). */
    (void)state;
    static const uint64_t k[] = {16, 256, 65536};
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        items made = make_items(100000, 4, 4, k[i]);
        sid__prefix_index *index = build(&made);
        double each = (double)sid__prefix_index_size(index) / 100000;
        print_message("K %d: %.2f bytes an item\n", (int)k[i], each);
        assert_true(each <= 16);
        sid__prefix_index_free(index);
        drop_items(&made);
    }
}

static void test_refuses(void **state)
{
    /* Fails when a length, row or width that does not fit is stored. */
    (void)state;
    const uint16_t codes[] = {1, 2, 3, 4};
    const uint8_t good[] = {2, 1}, zero[] = {2, 0}, large[] = {3, 2};
    const int64_t row[] = {0, 1}, negative[] = {0, -1}, huge[] = {0, INT64_C(1) << 32};
    sid__prefix_index *index = NULL;
    TEST_FAILS(sid__prefix_index_build(codes, zero, row, 2, 2, &index, err), SID_EUSAGE, "item 1 has 0 codes");
    TEST_FAILS(sid__prefix_index_build(codes, large, row, 2, 2, &index, err), SID_EUSAGE, "item 0 has 3 codes");
    TEST_FAILS(sid__prefix_index_build(codes, good, negative, 2, 2, &index, err), SID_EUSAGE, "row -1");
    TEST_FAILS(sid__prefix_index_build(codes, good, huge, 2, 2, &index, err), SID_EUSAGE, "row 4294967296");
    TEST_FAILS(sid__prefix_index_build(codes, good, row, 2, 0, &index, err), SID_EUSAGE, "1 to 65 are possible");
    TEST_FAILS(sid__prefix_index_build(codes, good, row, 2, 66, &index, err), SID_EUSAGE, "1 to 65 are possible");
    TEST_FAILS(sid__prefix_index_build(codes, good, row, -1, 2, &index, err), SID_EUSAGE, "-1 items");
    assert_null(index);
}

static void test_faults(void **state)
{
    /* Fails when an allocation that fails is lost, leaks (under ASan) or leaves half an index. */
    (void)state;
    items made = make_items(50, 3, 1, 2);
    for (int64_t after = 0;; after++) {
        sid__prefix_index *index = NULL;
        sid__mem_fail(after, 1);
        sid_status status =
            sid__prefix_index_build(made.codes, made.length, made.row, made.count, made.width, &index, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after >= 6);
            sid__prefix_index_free(index);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(index);
    }
    drop_items(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_linear_scan),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_empty_and_deep),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
