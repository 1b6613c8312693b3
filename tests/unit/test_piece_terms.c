/* test_piece_terms.c: rows by index, beside the values of the specification. */
#include "pieces_case.h"

/* Fails unless the item has exactly these rows. */
static void check_rows(const char *scheme, const char *options, const int *codes, int levels, const uint16_t *item,
                       int count, const uint64_t *expected)
{
    uint64_t rows[SID_LEVELS_MAX];
    int64_t offsets[2];
    sid_pieces *p = made_pieces(scheme, options, codes, levels);
    TEST_OK(sid_pieces_rows(p, item, NULL, 1, rows, offsets, err));
    assert_int_equal(offsets[1], count);
    for (int i = 0; i < count; i++)
        assert_true(rows[i] == expected[i]);
    sid_pieces_close(p);
}
#define CHECK_ROWS(scheme, options, codes, levels, item, ...)                                                          \
    check_rows(scheme, options, codes, levels, item, (int)(sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)),      \
               (uint64_t[]){__VA_ARGS__})
#define ITEM(...) ((const uint16_t[]){__VA_ARGS__})

/* Fails when an index before hashing is not the specification's, or hash=none and hash=key do not give it. */
static void test_exact(void **state)
{
    (void)state;
    CHECK_ROWS("prefix-ngram", "hash=none", same_codes(4), 3, ITEM(1, 2, 3), 1, 10, 47);
    CHECK_ROWS("all-bigrams", "hash=none", same_codes(4), 3, ITEM(1, 2, 3), 6, 27);
    CHECK_ROWS("unigram", "hash=none", same_codes(4), 3, ITEM(1, 2, 3), 1, 6, 11);
    CHECK_ROWS("prefix-ngram", "hash=key", same_codes(2048), 3, ITEM(5, 7, 9), 5, 12295, 25182217);
    CHECK_ROWS("ngram", "n=3,hash=none", same_codes(2048), 3, ITEM(5, 7, 9), 20985865);
    CHECK_ROWS("all-bigrams", "hash=none", same_codes(2048), 3, ITEM(5, 7, 9), 10247, 4208649);
    CHECK_ROWS("ngram", "n=2,hash=none", same_codes(2048), 8, ITEM(5, 7, 9, 11, 13, 15, 17, 19), 10247, 4212747,
               8415247, 12617747);
}

/* Fails when the last group of n-grams takes codes beyond depth, or n=0 is not all levels. */
static void test_groups(void **state)
{
    (void)state;
    CHECK_ROWS("ngram", "n=2,depth=3,hash=none", same_codes(10), 4, ITEM(1, 2, 3, 4), 12, 103);
    CHECK_ROWS("ngram", "n=0,hash=none", same_codes(10), 4, ITEM(1, 2, 3, 4), 1234);
    CHECK_ROWS("prefix-ngram", "n=2,hash=none", same_codes(10), 4, ITEM(1, 2, 3, 4), 1, 22);
}

/* Fails when unequal K make two prefixes one number, or another number than the specification's. */
static void test_unequal(void **state)
{
    const int codes[] = {4, 3, 2};
    bool seen[40] = {false};
    (void)state;
    CHECK_ROWS("prefix-ngram", "hash=none", codes, 3, ITEM(1, 2, 1), 1, 9, 27);
    sid_pieces *p = made_pieces("prefix-ngram", "hash=none,rows=40", codes, 3);
    for (uint16_t i = 0; i < 24; i++) {
        uint64_t rows[3];
        sid__piece_rows(p, ITEM((uint16_t)(i / 6), (uint16_t)(i / 2 % 3), (uint16_t)(i % 2)), rows);
        for (int t = 0; t < 3; t++) {
            assert_true(rows[t] < 40);
            seen[rows[t]] = true;
        }
    }
    for (int i = 0; i < 40; i++)
        assert_true(seen[i]);
    sid_pieces_close(p);
}

/* Fails when an index beyond 64 bits is cut off, or the remainder is taken of a wrapped product. */
static void test_beyond_64_bits(void **state)
{
    const uint16_t item[] = {2047, 2047, 2047, 2047, 2047, 2047};
    sid__u128 index = 0;
    (void)state;
    CHECK_ROWS("prefix-ngram", "hash=mod,rows=50000000", same_codes(2048), 6, item, 2047, 4196351, 44130943, 30175359,
               49139327, 37345791);
    sid_pieces *p = made_pieces("prefix-ngram", "hash=key", same_codes(2048), 6);
    assert_true(sid__piece_index(p, 5, item, &index));
    assert_true(index / 10000000000U == 7382302269U && index % 10000000000U == 2637345791U); /* 73823022692637345791 */
    assert_true(p->term[4].fits && !p->term[5].fits);
    sid_pieces_close(p);
}

/* Fails when 64 levels of 65,536 codes, whose indices 128 bits do not hold, give anything but rows in range. */
static void test_beyond_128_bits(void **state)
{
    static const char *const options[] = {"hash=mix,rows=1000", "hash=mod,rows=997", "hash=key"};
    uint16_t item[SID_LEVELS_MAX];
    uint64_t rows[SID_LEVELS_MAX];
    sid__u128 index;
    (void)state;
    memset(item, 0xff, sizeof item);
    for (int o = 0; o < 3; o++) {
        sid_pieces *p = made_pieces("prefix-ngram", options[o], same_codes(65536), SID_LEVELS_MAX);
        sid__piece_rows(p, item, rows);
        assert_false(sid__piece_index(p, SID_LEVELS_MAX - 1, item, &index));
        for (int t = 0; t < SID_LEVELS_MAX && o < 2; t++)
            assert_true(rows[t] < 1000);
        sid_pieces_close(p);
    }
}

/* Fails when mixing is not the specification's, for prefixes (a chain) or for groups (each its own start). */
static void test_mix(void **state)
{
    const uint16_t item[] = {5, 7, 9};
    uint64_t rows[3];
    (void)state;
    CHECK_ROWS("prefix-ngram", "rows=1000", same_codes(2048), 3, item, 146, 988, 252);
    CHECK_ROWS("prefix-ngram", "rows=50000000,hash=mix,seed=0", same_codes(2048), 3, item, 7311732, 49409830, 12611909);
    /* With 2^47 rows the row is the upper 47 bits of g_1. */
    sid_pieces *p = made_pieces("ngram", "n=1,rows=140737488355328", same_codes(2048), 3);
    sid__piece_rows(p, item, rows);
    assert_true(rows[0] == 0x256fa269a2420ea1U >> 17);
    assert_true(rows[1] < 1ULL << 47 && rows[2] < 1ULL << 47);
    sid_pieces_close(p);
}

/* Fails when equal codes of two groups share a row only because they are equal. */
static void test_groups_differ(void **state)
{
    uint64_t rows[4];
    (void)state;
    sid_pieces *p = made_pieces("unigram", "rows=1000000000", same_codes(16), 4);
    sid__piece_rows(p, ITEM(3, 3, 3, 3), rows);
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < a; b++)
            assert_true(rows[a] != rows[b]);
    sid_pieces_close(p);
}

/* Fails when Horner's rule and the exact index disagree where both are known. */
static void test_mod_is_the_index_by_remainder(void **state)
{
    const int codes[] = {7, 300, 1, 65536};
    static const char *const scheme[] = {"unigram", "ngram", "all-bigrams", "prefix-ngram"};
    (void)state;
    for (int s = 0; s < 4; s++) {
        sid_pieces *p = made_pieces(scheme[s], "hash=mod,rows=1009", codes, 4);
        for (int i = 0; i < 500; i++) {
            const uint16_t item[] = {(uint16_t)(i % 7), (uint16_t)(i * 31 % 300), 0, (uint16_t)(i * 7919)};
            uint64_t rows[4];
            sid__piece_rows(p, item, rows);
            for (int t = 0; t < p->term_count; t++) {
                sid__u128 index = 0;
                assert_true(sid__piece_index(p, t, item, &index));
                assert_true(rows[t] == (uint64_t)(index % 1009));
            }
        }
        sid_pieces_close(p);
    }
}

static int warnings;

static void count_warnings(void *user, sid_log_level level, const char *message)
{
    (void)user;
    warnings += level == SID_LOG_WARNING && strstr(message, "share the divisor 2048");
}

/* Fails when rows that forget the first code are made without a word. */
static void test_divisor(void **state)
{
    (void)state;
    warnings = 0;
    sid_ctx_on_log(ctx, count_warnings, NULL);
    sid_pieces_close(made_pieces("prefix-ngram", "hash=mod,rows=1048576", same_codes(2048), 3));
    assert_int_equal(warnings, 1);
    sid_pieces_close(made_pieces("prefix-ngram", "hash=mod,rows=1048573", same_codes(2048), 3));
    assert_int_equal(warnings, 1);
    sid_ctx_on_log(ctx, NULL, NULL);
}

/* Fails when rows that cannot be are accepted, or the message lacks the bound. */
static void test_refused(void **state)
{
    sid_pieces *p = NULL;
    (void)state;
#define REFUSED(of, text, k, levels_, part)                                                                            \
    TEST_FAILS(sid_pieces_train(ctx,                                                                                   \
                                &(sid_pieces_options){                                                                 \
                                    .scheme = (of), .options = (text), .codes = same_codes(k), .levels = (levels_)},   \
                                NULL, NULL, NULL, 0, &p, err),                                                         \
               SID_EUSAGE, part)
    REFUSED("unigram", "rows=0", 4, 3, "from 1 to 140737488355328");
    REFUSED("unigram", "rows=140737488355329", 4, 3, "from 1 to 140737488355328");
    REFUSED("unigram", "hash=none,rows=13", 4, 3, "has 12 rows here");
    REFUSED("prefix-ngram", "hash=none", 65536, 4, "more than 140737488355328");
    REFUSED("prefix-ngram", "hash=none", 65536, 64, "more than 140737488355328");
    REFUSED("prefix-ngram", "n=4", 4, 3, "1 to 3 are possible");
    REFUSED("ngram", "depth=4", 4, 3, "1 to 3 are possible");
    REFUSED("all-bigrams", "", 4, 1, "2 levels or more");
#undef REFUSED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),           cmocka_unit_test(test_groups),
        cmocka_unit_test(test_unequal),         cmocka_unit_test(test_beyond_64_bits),
        cmocka_unit_test(test_beyond_128_bits), cmocka_unit_test(test_mix),
        cmocka_unit_test(test_groups_differ),   cmocka_unit_test(test_mod_is_the_index_by_remainder),
        cmocka_unit_test(test_divisor),         cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
