/* test_prefix_index_file.c: index.bin written, read, damaged. */
#include "test.h"

#include <unistd.h>

#include "../fuzz/fuzz_prefix_index.c"
#include "base/mem.h"
#include "base/philox.h"

enum { ITEMS = 40, WIDTH = 3, HASH = SID__SHA256_SIZE };

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/semid-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return sid__remove_tree(folder, NULL) == SID_OK ? 0 : -1;
}

static void path_of(const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", folder, name);
}

/* Few codes on level 1 (nodes), many below (columns), lengths 1 to 3, one item twice under two rows. */
static sid__prefix_index *make_index(void)
{
    uint16_t codes[ITEMS * WIDTH];
    uint8_t length[ITEMS];
    int64_t row[ITEMS];
    sid__prefix_index *index = NULL;
    for (int i = 0; i < ITEMS; i++) {
        static const uint64_t k[WIDTH] = {3, 9, 65536};
        for (int l = 0; l < WIDTH; l++)
            codes[i * WIDTH + l] = (uint16_t)sid__philox_below(21, SID__STREAM_TEST, (uint64_t)(i * WIDTH + l), k[l]);
        length[i] = (uint8_t)(1 + sid__philox_below(22, SID__STREAM_TEST, (uint64_t)i, WIDTH));
        row[i] = (i * 17) % 41;
    }
    memcpy(codes + WIDTH, codes, WIDTH * sizeof *codes);
    length[0] = length[1] = 3;
    TEST_OK(sid__prefix_index_build(codes, length, row, ITEMS, WIDTH, &index, err));
    return index;
}

/* The bytes of make_index's file; the caller frees them with sid__free. */
static uint8_t *make_bytes(size_t *size)
{
    char path[128], *bytes = NULL;
    int64_t read_size = 0;
    sid__prefix_index *index = make_index();
    path_of("index.bin", path);
    TEST_OK(sid__prefix_index_write(index, &(sid__index_source){.version = 12}, path, err));
    TEST_OK(sid__read_whole(path, 1 << 20, &bytes, &read_size, err));
    sid__prefix_index_free(index);
    *size = (size_t)read_size;
    return (uint8_t *)bytes;
}

static void rehash(uint8_t *bytes, size_t size)
{
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, bytes, size - HASH);
    sid__sha256_final(&hash, bytes + size - HASH);
}

static void check_same(const sid__prefix_index *a, const sid__prefix_index *b)
{
    assert_int_equal(sid__prefix_index_count(a), sid__prefix_index_count(b));
    assert_int_equal(sid__prefix_index_width(a), sid__prefix_index_width(b));
    assert_int_equal(sid__prefix_index_size(a), sid__prefix_index_size(b));
    for (int64_t p = 0; p < sid__prefix_index_count(a); p++)
        assert_int_equal(sid__prefix_index_row(a, p), sid__prefix_index_row(b, p));
    for (int depth = 0; depth <= WIDTH; depth++)
        assert_int_equal(sid__prefix_index_prefixes(a, depth), sid__prefix_index_prefixes(b, depth));
}

static void test_round_trip(void **state)
{
    /* Fails when writing and reading lose anything, or the source. */
    (void)state;
    char path[128];
    const sid__index_source written = {.version = INT64_C(1) << 40, .digest_high = UINT64_MAX - 1, .digest_low = 7};
    sid__index_source source = {.version = -1};
    sid__prefix_index *index = make_index(), *again = NULL;
    path_of("index.bin", path);
    TEST_OK(sid__prefix_index_write(index, &written, path, err));
    TEST_OK(sid__prefix_index_read(path, &source, &again, err));
    assert_true(source.version == written.version && source.digest_high == written.digest_high &&
                source.digest_low == 7);
    check_same(index, again);
    sid__prefix_index_free(index);
    sid__prefix_index_free(again);
}

static void test_empty(void **state)
{
    /* Fails when an index of no items cannot be stored. */
    (void)state;
    char path[128];
    sid__index_source source = {.version = -1};
    sid__prefix_index *index = NULL, *again = NULL;
    path_of("empty.bin", path);
    TEST_OK(sid__prefix_index_build(NULL, NULL, NULL, 0, 5, &index, err));
    TEST_OK(sid__prefix_index_write(index, &(sid__index_source){0}, path, err));
    TEST_OK(sid__prefix_index_read(path, &source, &again, err));
    assert_int_equal(source.version, 0);
    assert_int_equal(sid__prefix_index_count(again), 0);
    assert_int_equal(sid__prefix_index_width(again), 5);
    sid__prefix_index_free(index);
    sid__prefix_index_free(again);
}

static void test_golden_bytes(void **state)
{
    /* Fails when the format changes without its version: the bytes of the offset table, by hand. */
    (void)state;
    static const uint8_t wanted[] = {'S', 'E', 'M', 'I', 'D', 'I', 'D', 'X', 2, 0, 0, 0, 2, 0, 0, 0, /* */
                                     9,   0,   0,   0,   0,   0,   0,   0,   2, 0, 0, 0, 0, 0, 0, 0, /* */
                                     3,   0,   0,   0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, /* digest */
                                     7,   0,   0,   0,   4,   1,   0,   0,                           /* rows 7, 260 */
                                     5,   0,   5,   0,   0,   0,   255, 255, /* level 1: 5 5; level 2: none, 65535 */
                                     1,   2};
    char path[128], *bytes = NULL;
    int64_t size = 0;
    sid__prefix_index *index = NULL;
    path_of("golden.bin", path);
    TEST_OK(sid__prefix_index_build((const uint16_t[]){5, 65535, 5, 77}, (const uint8_t[]){2, 1},
                                    (const int64_t[]){260, 7}, 2, 2, &index, err));
    TEST_OK(sid__prefix_index_write(index, &(sid__index_source){.version = 9, .digest_low = 3}, path, err));
    TEST_OK(sid__read_whole(path, 1 << 20, &bytes, &size, err));
    assert_int_equal(size, sizeof wanted + HASH);
    assert_memory_equal(bytes, wanted, sizeof wanted);
    sid__free(bytes);
    sid__prefix_index_free(index);
}

static void test_every_bit_and_length(void **state)
{
    /* Fails when a flipped bit or a cut file is taken for an index, or a size is believed. */
    (void)state;
    size_t size = 0;
    uint8_t *bytes = make_bytes(&size);
    sid__index_source source = {.version = -1};
    sid__prefix_index *index = NULL;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut + 1); /* so that the sanitizer sees a read behind the end */
        memcpy(exact, bytes, cut);
        assert_int_equal(sid__prefix_index_parse(exact, cut, "x", &source, &index, NULL), SID_ECORRUPT);
        free(exact);
    }
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sid__prefix_index_parse(bytes, size, "x", &source, &index, NULL), SID_ECORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_null(index);
    assert_int_equal(source.version, -1);
    sid__free(bytes);
}

/* `at` changed to `value`, the hash made right again: refused with `part`. */
static void check_refused(size_t at, uint8_t value, const char *part)
{
    size_t size = 0;
    uint8_t *bytes = make_bytes(&size);
    sid__index_source source = {.version = -1};
    sid__prefix_index *index = NULL;
    bytes[at] = value;
    rehash(bytes, size);
    TEST_FAILS(sid__prefix_index_parse(bytes, size, "index.bin", &source, &index, err), SID_ECORRUPT, part);
    sid__free(bytes);
}

static void test_says_what_is_wrong(void **state)
{
    /* Fails when a check behind the hash is left out, or its message says something else. */
    (void)state;
    const size_t lengths = 48 + (4 + 2 * WIDTH) * ITEMS;
    check_refused(0, 'X', "does not begin with SEMIDIDX");
    check_refused(8, 1, "format version 1; this semid reads 2");
    check_refused(12, 0, "SIDs of 0 codes; 1 to 65");
    check_refused(12, 66, "SIDs of 66 codes");
    check_refused(23, 0x80, "a negative catalogue version");
    check_refused(12, 4, "do not hold the 40 items of 4 codes");
    check_refused(31, 0x80, "do not hold the");
    check_refused(28, 1, "do not hold the");
    check_refused(lengths, 0, "position 0 has 0 codes");
    check_refused(lengths, 4, "position 0 has 4 codes");
    check_refused(48 + 4 * ITEMS, 9, "is not above the one before it");
}

static void test_missing_file(void **state)
{
    /* Fails when a missing file is not told from a damaged one. */
    (void)state;
    char path[128];
    sid__index_source source = {.version = -1};
    sid__prefix_index *index = NULL;
    path_of("none.bin", path);
    TEST_FAILS(sid__prefix_index_read(path, &source, &index, err), SID_EIO, "none.bin");
}

static void test_faults(void **state)
{
    /* Fails when an allocation that fails is lost, leaks (under ASan) or leaves half a file or index. */
    (void)state;
    char path[128];
    size_t size = 0;
    uint8_t *bytes = make_bytes(&size);
    sid__prefix_index *index = make_index();
    path_of("fault.bin", path);
    for (int64_t after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid__prefix_index_write(index, &(sid__index_source){.version = 1}, path, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
        assert_false(sid__path_exists(path));
    }
    for (int64_t after = 0;; after++) {
        sid__prefix_index *read = NULL;
        sid__index_source source = {.version = -1};
        sid__mem_fail(after, 1);
        sid_status status = sid__prefix_index_parse(bytes, size, "x", &source, &read, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after >= 8);
            sid__prefix_index_free(read);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(read);
        assert_int_equal(source.version, -1);
    }
    sid__prefix_index_free(index);
    sid__free(bytes);
}

static void test_fuzz_replay(void **state)
{
    /* Fails when a file that is taken is not written back the same, or a look-up differs from a scan: seeded changes of
     * a good file, a third of them none. */
    (void)state;
    size_t size = 0;
    uint8_t *bytes = make_bytes(&size);
    for (uint64_t i = 0; i < 3000; i++) {
        uint8_t *changed = malloc(size);
        memcpy(changed, bytes, size);
        for (uint64_t c = 0; c < i % 3; c++) {
            uint64_t at = sid__philox_below(23, SID__STREAM_TEST, 4 * i + c, size - HASH);
            changed[at] = (uint8_t)sid__philox_below(24, SID__STREAM_TEST, 4 * i + c, 6);
        }
        assert_int_equal(LLVMFuzzerTestOneInput(changed, size - HASH), 0);
        free(changed);
    }
    assert_int_equal(LLVMFuzzerTestOneInput(NULL, 0), 0);
    sid__free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_every_bit_and_length),
        cmocka_unit_test(test_says_what_is_wrong),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fuzz_replay),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
