/* test_sid_text.c: SIDs to text and back. */
#include "test.h"

#include "../fuzz/fuzz_sid_text.c"
#include "base/philox.h"

enum { CODES_MAX = SID_LEVELS_MAX + 1 };

static void test_format_golden(void **state)
{
    /* Fails when a dash is left out or put at an end, or when 0 or 65535 is written wrongly. */
    (void)state;
    char text[SID_SID_TEXT_MAX];
    sid_format((const uint16_t[]){12, 153, 87}, 3, text);
    assert_string_equal(text, "12-153-87");
    sid_format((const uint16_t[]){0, 65535}, 2, text);
    assert_string_equal(text, "0-65535");
    sid_format((const uint16_t[]){10}, 1, text);
    assert_string_equal(text, "10");
    sid_format(NULL, 0, text);
    assert_string_equal(text, "");
}

static void test_longest_fits(void **state)
{
    /* Fails when SID_SID_TEXT_MAX becomes too small for 65 codes of 5 digits. */
    (void)state;
    uint16_t codes[CODES_MAX];
    char text[SID_SID_TEXT_MAX];
    for (int i = 0; i < CODES_MAX; i++)
        codes[i] = 65535;
    sid_format(codes, CODES_MAX, text);
    assert_int_equal(strlen(text), CODES_MAX * 6 - 1);
    assert_true(strlen(text) < SID_SID_TEXT_MAX);
}

static void test_round_trip(void **state)
{
    /* Fails when parsing loses, adds or changes a code of any size. */
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        uint16_t codes[CODES_MAX], again[CODES_MAX];
        char text[SID_SID_TEXT_MAX];
        int count = 1 + (int)sid__philox_below(1, SID__STREAM_TEST, 100 * i, CODES_MAX), seen = 0;
        for (int l = 0; l < count; l++)
            codes[l] = (uint16_t)(sid__philox_u64(1, SID__STREAM_TEST, 100 * i + (uint64_t)l + 1) >> (l % 5 * 3));
        sid_format(codes, count, text);
        TEST_OK(sid_parse(text, CODES_MAX, again, &seen, err));
        assert_int_equal(seen, count);
        assert_memory_equal(codes, again, (size_t)count * sizeof *codes);
    }
}

static void test_refuses(void **state)
{
    /* Fails when a sloppy text is taken, or when the message loses its place or what was expected. */
    (void)state;
    static const struct {
        const char *text, *part;
        int64_t byte;
    } bad[] = {
        {"", "a code (digits) is expected at byte 0, where the text ends", 0},
        {"-1", "a code (digits) is expected at byte 0, where '-' stands", 0},
        {"12-", "a code (digits) is expected at byte 3, where the text ends", 3},
        {"1--2", "a code (digits) is expected at byte 2, where '-' stands", 2},
        {" 1", "a code (digits) is expected at byte 0, where ' ' stands", 0},
        {"1 ", "a dash or the end is expected at byte 1, where ' ' stands", 1},
        {"1-2x", "a dash or the end is expected at byte 3, where 'x' stands", 3},
        {"+1", "a code (digits)", 0},
        {"1_2", "a dash or the end", 1},
        {"1-0x10", "a dash or the end is expected at byte 3", 3},
        {"1-65536", "a code of at most 65535 is expected at byte 2", 2},
        {"99999999999999999999999999", "a code of at most 65535 is expected at byte 0", 0},
        {"1-01", "a code without leading zeros is expected at byte 2", 2},
        {"00", "a code without leading zeros", 0},
        {"1\n", "byte 0x0a stands", 1},
        {"\xff", "byte 0xff stands", 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint16_t codes[4] = {7, 7, 7, 7};
        int count = -5;
        sid_error where = {0};
        TEST_FAILS(sid_parse(bad[i].text, 4, codes, &count, err), SID_EUSAGE, bad[i].part);
        assert_int_equal(sid_parse(bad[i].text, 4, codes, &count, &where), SID_EUSAGE);
        assert_int_equal(where.byte, bad[i].byte);
        assert_int_equal(sid_parse(bad[i].text, 4, codes, &count, NULL), SID_EUSAGE);
        assert_int_equal(count, -5);
        assert_int_equal(codes[0], 7);
    }
}

static void test_max(void **state)
{
    /* Fails when more codes than fit are written, or exactly as many as fit are refused. */
    (void)state;
    uint16_t codes[4] = {0, 0, 0, 9};
    int count = 0;
    TEST_OK(sid_parse("1-2-3", 3, codes, &count, err));
    assert_int_equal(count, 3);
    TEST_FAILS(sid_parse("1-2-3-4", 3, codes, &count, err), SID_EUSAGE, "more than 3 codes");
    assert_int_equal(codes[3], 9);
}

static void test_fuzz_replay(void **state)
{
    /* Fails when a text that is taken is not written back the same: seeded texts from the letters that matter. */
    (void)state;
    static const char letters[] = "0123456789-- x\n";
    for (uint64_t i = 0; i < 20000; i++) {
        uint8_t text[12];
        size_t size = sid__philox_below(2, SID__STREAM_TEST, 16 * i, sizeof text + 1);
        for (size_t b = 0; b < size; b++)
            text[b] = (uint8_t)letters[sid__philox_below(2, SID__STREAM_TEST, 16 * i + b + 1, sizeof letters - 1)];
        assert_int_equal(LLVMFuzzerTestOneInput(text, size), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_golden), cmocka_unit_test(test_longest_fits), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refuses),       cmocka_unit_test(test_max),          cmocka_unit_test(test_fuzz_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
