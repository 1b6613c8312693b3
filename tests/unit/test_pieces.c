/* test_pieces.c: what all schemes share. */
#include "pieces_case.h"

/* Fails when an item without a SID has rows, moves those of the others, or its codes are looked at. */
static void test_unknown_items(void **state)
{
    const uint16_t codes[] = {1, 2, 9, 9, 3, 0};
    const uint8_t known[] = {1, 0, 1};
    uint64_t rows[6];
    int64_t offsets[4];
    (void)state;
    sid_pieces *p = made_pieces("unigram", "hash=none", same_codes(4), 2);
    TEST_OK(sid_pieces_rows(p, codes, known, 3, rows, offsets, err));
    assert_memory_equal(offsets, ((int64_t[]){0, 2, 2, 4}), sizeof offsets);
    assert_memory_equal(rows, ((uint64_t[]){1, 6, 3, 4}), 4 * sizeof *rows);
    TEST_OK(sid_pieces_rows(p, codes, known, 0, rows, offsets, err));
    assert_int_equal(offsets[0], 0);
    sid_pieces_close(p);
}

/* Fails when a code beyond its level passes, or the message lacks item, level, value or limit. */
static void test_code_out_of_range(void **state)
{
    const uint16_t codes[] = {1, 2, 3, 4};
    uint64_t rows[4];
    int64_t offsets[3];
    sid_pieces *p = made_pieces("unigram", "hash=none", same_codes(4), 2), *other = NULL;
    (void)state;
    TEST_FAILS(sid_pieces_rows(p, codes, NULL, 2, rows, offsets, err), SID_EDATA,
               "item 1: code 4 at level 2; the level has 4 codes");
    TEST_FAILS(sid_pieces_train(ctx, &(sid_pieces_options){.scheme = "unigram", .codes = same_codes(4), .levels = 2},
                                codes, NULL, NULL, 2, &other, err),
               SID_EDATA, "item 1");
    TEST_FAILS(sid_pieces_train(ctx, &(sid_pieces_options){.scheme = "unigram", .codes = same_codes(5), .levels = 2},
                                codes, ((const int64_t[]){1, -1}), NULL, 2, &other, err),
               SID_EDATA, "weight -1");
    sid_pieces_close(p);
}

/* Fails when the number of threads or the chunk that an item is in changes its rows. */
static void test_threads(void **state)
{
    enum { COUNT = 20000, LEVELS = 4 };
    uint16_t *codes = calloc(COUNT * LEVELS, sizeof *codes);
    uint64_t *rows = calloc(COUNT * LEVELS, sizeof *rows), one[LEVELS];
    int64_t *offsets = calloc(COUNT + 1, sizeof *offsets);
    (void)state;
    for (int i = 0; i < COUNT * LEVELS; i++)
        codes[i] = (uint16_t)((unsigned)i * 2654435761U >> 24);
    sid_pieces *p = made_pieces("prefix-ngram", "", same_codes(256), LEVELS);
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    TEST_OK(sid_pieces_rows(p, codes, NULL, COUNT, rows, offsets, err));
    for (int i = 0; i < COUNT; i++) {
        sid__piece_rows(p, codes + i * LEVELS, one);
        assert_int_equal(offsets[i], (int64_t)i * LEVELS);
        assert_memory_equal(one, rows + i * LEVELS, sizeof one);
    }
    TEST_OK(sid_ctx_set_threads(ctx, 0, err));
    sid_pieces_close(p);
    free(codes);
    free(rows);
    free(offsets);
}

/* Fails when what pieces say of themselves is not what they were made of. */
static void test_info(void **state)
{
    sid_pieces_info info;
    sid_pieces *p = NULL;
    (void)state;
    TEST_OK(sid_pieces_train(ctx,
                             &(sid_pieces_options){.scheme = "prefix-ngram",
                                                   .options = "hash=key,n=2",
                                                   .codes = same_codes(7),
                                                   .levels = 3,
                                                   .fingerprint = "abc"},
                             NULL, NULL, NULL, 0, &p, err));
    sid_pieces_get_info(p, &info);
    assert_string_equal(info.scheme, "prefix-ngram");
    assert_string_equal(info.options, "n=2,hash=key");
    assert_string_equal(info.fingerprint, "abc");
    assert_int_equal(info.levels, 3);
    assert_int_equal(info.codes[2], 7);
    assert_int_equal(info.rows, 0);
    assert_int_equal(info.item_rows_max, 2);
    assert_true(info.has_same_size);
    sid_pieces_close(p);
    p = made_pieces("unigram", "hash=none", same_codes(7), 3);
    sid_pieces_get_info(p, &info);
    assert_int_equal(info.rows, 21);
    assert_string_equal(info.options, "rows=21,hash=none");
    sid_pieces_close(p);
    sid_pieces_close(NULL);
}

/* Fails when pieces take the codes of other codebooks, or refuse those of their own. */
static void test_check(void **state)
{
    const int other[] = {7, 8, 7};
    sid_pieces *p = NULL;
    (void)state;
    TEST_OK(sid_pieces_train(
        ctx,
        &(sid_pieces_options){
            .scheme = "unigram", .codes = same_codes(7), .levels = 3, .fingerprint = "0123456789abcdef"},
        NULL, NULL, NULL, 0, &p, err));
    TEST_OK(sid_pieces_check(p, "0123456789abcdef", same_codes(7), 3, err));
    TEST_OK(sid_pieces_check(p, NULL, same_codes(7), 3, err));
    TEST_OK(sid_pieces_check(p, "", same_codes(7), 3, err));
    TEST_FAILS(sid_pieces_check(p, "fedcba9876543210", same_codes(7), 3, err), SID_EDATA,
               "other codebooks (0123456789ab) than these SIDs (fedcba987654)");
    TEST_FAILS(sid_pieces_check(p, "0123456789abcdef", same_codes(7), 2, err), SID_EDATA, "3 levels, and these have 2");
    TEST_FAILS(sid_pieces_check(p, NULL, other, 3, err), SID_EDATA, "7 codes at level 2, and these have 8");
    sid_pieces_close(p);
}

/* Fails when shapes or words that cannot be are accepted. */
static void test_refused(void **state)
{
    char longer[SID_FINGERPRINT_SIZE + 1];
    const int many[] = {4, 65537}, none[] = {0};
    sid_pieces *p = NULL;
    (void)state;
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
#define REFUSED(part, ...)                                                                                             \
    TEST_FAILS(sid_pieces_train(ctx, &(sid_pieces_options){__VA_ARGS__}, NULL, NULL, NULL, 0, &p, err), SID_EUSAGE,    \
               part)
    REFUSED("is unknown", .scheme = "bigrams", .codes = same_codes(4), .levels = 2);
    REFUSED("0 levels; 1 to 64", .scheme = "unigram");
    REFUSED("65 levels", .scheme = "unigram", .codes = same_codes(4), .levels = 65);
    REFUSED("level 2 has 65537 codes", .scheme = "unigram", .codes = many, .levels = 2);
    REFUSED("level 1 has 0 codes", .scheme = "unigram", .codes = none, .levels = 1);
    REFUSED("longer than 64", .scheme = "unigram", .codes = same_codes(4), .levels = 2, .fingerprint = longer);
    REFUSED("did you mean \"hash\"", .scheme = "unigram", .options = "hahs=mix", .codes = same_codes(4), .levels = 2);
#undef REFUSED
}

/* Fails when a failed allocation leaks or is not said. */
static void test_no_memory(void **state)
{
    const sid_pieces_options options = {
        .scheme = "unigram", .options = "hash=none", .codes = same_codes(4), .levels = 3};
    sid_pieces *p = NULL;
    (void)state;
    for (int after = 0; after < 16 && !p; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid_pieces_train(ctx, &options, NULL, NULL, NULL, 0, &p, NULL);
        sid__mem_fail(-1, 0);
        assert_int_equal(status, p ? SID_OK : SID_ENOMEM);
    }
    assert_non_null(p);
    sid_pieces_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unknown_items), cmocka_unit_test(test_code_out_of_range),
                                       cmocka_unit_test(test_threads),       cmocka_unit_test(test_info),
                                       cmocka_unit_test(test_check),         cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
