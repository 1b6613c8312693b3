/* test_lsa_tokens.c: what is a token. */
#include "linalg_case.h"

#include <utf8proc.h>

#include "base/strbuf.h"
#include "embed/lsa_tokens.h"

static sid_status append(void *user, const char *token, int size, sid_error *err)
{
    sid__strbuf *to = user;
    if (to->length)
        SID_TRY(sid__strbuf_append(to, "|", 1, err));
    return sid__strbuf_append(to, token, (size_t)size, err);
}

static void check_bytes(const char *text, size_t size, const char *wanted, int64_t bad_count)
{
    sid__tokenizer t = {0};
    sid__strbuf got = {0};
    TEST_OK(sid__tokenize(&t, text, size, append, &got, err));
    assert_string_equal(got.length ? got.text : "", wanted);
    assert_int_equal(t.bad_count, bad_count);
    sid__strbuf_drop(&got);
    sid__tokenizer_drop(&t);
}

static void check(const char *text, const char *wanted)
{
    check_bytes(text, strlen(text), wanted, 0);
}

/* Fails when runs are cut elsewhere than at letters, marks and digits, or one character counts as a word. */
static void test_ascii(void **state)
{
    (void)state;
    check("", "");
    check(" \t--!", "");
    check("Red red-dress, 42 x 7", "red|red|dress|42");
    check("0.5-Fluid_Ounce e55", "fluid|ounce|e55");
}

/* Fails when the length limit moves: 40 characters stay, 41 go; characters, not bytes. */
static void test_length(void **state)
{
    (void)state;
    const char *forty = "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd";
    char longer[64], wide[128];
    check(forty, forty);
    (void)snprintf(longer, sizeof longer, "%se", forty);
    check(longer, "");
    for (int i = 0; i < 40; i++)
        (void)snprintf(wide + 2 * i, 3, "é");
    check(wide, wide);
}

/* Fails when text is not composed or lowered: the same word in three spellings. */
static void test_composition_and_case(void **state)
{
    (void)state;
    check("ÉCOLE E\xCC\x81"
          "cole école",
          "école|école|école");
    check("ba\xCC\xA3\xCC\x87 ba\xCC\x87\xCC\xA3", "b\xE1\xBA\xA1\xCC\x87|b\xE1\xBA\xA1\xCC\x87");
    check("\xC4\xB0STANBUL \xCE\x91\xCE\x92\xCE\x93", "istanbul|αβγ");
    check("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xE1\x84\x80\xE1\x85\xAE\xE1\x86\xA8", "한국");
    check("٣٤ Ⅷ² ½", "٣٤"); /* decimal digits are words; letter numbers and others are not */
}

/* Fails when a script is missing from the table, or pairs do not overlap. */
static void test_scripts_without_spaces(void **state)
{
    (void)state;
    check("日本語", "日本|本語");
    check("猫 犬", "猫|犬");
    check("日本abc語x", "日本|abc|語");
    check("한국어", "한국|국어");
    check("ひらカタ", "ひら|らカ|カタ");
    check("สวย", "สว|วย");
    check("ລາວ", "ລາ|າວ");
    check("ខ្មែរ", "ខ្|្ម|មែ|ែរ");
    check("မြန်", "မြ|ြန|န်");
    check("𠀀𠀁𠀂", "𠀀𠀁|𠀁𠀂");
    check("Привет мир", "привет|мир");
}

/* Fails when a broken sequence joins words, is counted twice, or is accepted (overlong, surrogate, cut short). */
static void test_bad_utf8(void **state)
{
    (void)state;
    check_bytes("ab\xFF"
                "cd",
                5, "ab|cd", 1);
    check_bytes("ab\xE2\x82", 4, "ab", 1);
    check_bytes("ab\xC0\xAF"
                "cd\xED\xA0\x80"
                "ef",
                11, "ab|cd|ef", 2);
    check_bytes("ab\0cd", 5, "ab|cd", 0);
    check_bytes("\xFE\xFE", 2, "", 2);
}

/* Fails when our composition differs from utf8proc's own on whole strings: random letters with random marks. */
static void test_composition_equals_whole_string(void **state)
{
    (void)state;
    static const int32_t code[] = {'a',   'E',   'o',   0x1F71, 0x3B1,  0x301, 0x323,
                                   0x307, 0x345, 0x328, 0xFDFA, 0x1100, 0x1161};
    for (uint64_t trial = 0; trial < 500; trial++) {
        uint8_t text[64];
        utf8proc_ssize_t size = 0;
        for (uint64_t i = 0; i < 12; i++) {
            uint64_t pick = sid__philox_below(1, SID__STREAM_TEST, trial * 12 + i, sizeof code / sizeof *code);
            size += utf8proc_encode_char(code[pick], text + size);
        }
        sid__tokenizer t = {0};
        sid__strbuf got = {0}, wanted = {0};
        utf8proc_uint8_t *composed = NULL;
        utf8proc_ssize_t length = utf8proc_map(text, size, &composed, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
        assert_true(length > 0);
        TEST_OK(sid__tokenize(&t, (char *)text, (size_t)size, append, &got, err));
        TEST_OK(sid__tokenize(&t, (char *)composed, (size_t)length, append, &wanted, err));
        assert_string_equal(got.length ? got.text : "", wanted.length ? wanted.text : "");
        free(composed);
        sid__strbuf_drop(&got);
        sid__strbuf_drop(&wanted);
        sid__tokenizer_drop(&t);
    }
}

static sid_status check_token(void *user, const char *token, int size, sid_error *err)
{
    int64_t *count = user;
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)token;
    int chars = 0;
    for (int used = 0; used < size; chars++) {
        utf8proc_int32_t code = 0;
        utf8proc_ssize_t length = utf8proc_iterate(at + used, size - used, &code);
        if (length < 1)
            return sid__fail(err, SID_EDATA, "a token is not UTF-8");
        used += (int)length;
    }
    ++*count;
    return chars > 0 && chars <= SID__PHRASE_CHARS ? SID_OK : sid__fail(err, SID_EDATA, "%d characters", chars);
}

/* Fails when bytes of any kind make a token that is not UTF-8 or too long: random bytes, and random code points. */
static void test_any_bytes(void **state)
{
    (void)state;
    sid__tokenizer t = {0};
    int64_t count = 0;
    for (uint64_t trial = 0; trial < 300; trial++) {
        uint8_t text[400];
        utf8proc_ssize_t size = 0;
        while (size < 390) {
            uint64_t draw = sid__philox_u64(3, SID__STREAM_TEST, trial * 400 + (uint64_t)size);
            if (trial % 2)
                text[size++] = (uint8_t)draw;
            else
                size += utf8proc_encode_char((int32_t)(draw >> 8) & (0xFFFF >> draw % 8), text + size);
        }
        TEST_OK(sid__tokenize(&t, (char *)text, (size_t)size, check_token, &count, err));
        TEST_OK(sid__tokenize_phrase(&t, (char *)text, (size_t)size, check_token, &count, err));
    }
    assert_true(count > 1000);
    sid__tokenizer_drop(&t);
}

/* Fails when a text of marks alone takes quadratic time: a megabyte of them. */
static void test_marks_alone(void **state)
{
    (void)state;
    enum { MARKS = 500000 };
    sid__tokenizer t = {0};
    int64_t count = 0;
    char *text = case_alloc(2 * MARKS, 1);
    for (int i = 0; i < MARKS; i++)
        memcpy(text + 2 * i, i % 2 ? "\xCC\xA3" : "\xCC\x87", 2);
    TEST_OK(sid__tokenize(&t, text, 2 * MARKS, check_token, &count, err));
    assert_int_equal(count, 0);
    sid__free(text);
    sid__tokenizer_drop(&t);
}

static void check_phrase(const char *text, const char *wanted)
{
    sid__tokenizer t = {0};
    sid__strbuf got = {0};
    TEST_OK(sid__tokenize_phrase(&t, text, strlen(text), append, &got, err));
    assert_string_equal(got.length ? got.text : "", wanted);
    sid__strbuf_drop(&got);
    sid__tokenizer_drop(&t);
}

/* Fails when a category's name is not one token, whatever stands between its words. */
static void test_phrase(void **state)
{
    (void)state;
    check_phrase("Nail Polish", "nail polish");
    check_phrase("  Nail & Polish-X ", "nail polish x");
    check_phrase("日本語", "日本語");
    check_phrase("--", "");
    char longer[300];
    for (int i = 0; i < 41; i++)
        (void)snprintf(longer + 3 * i, 4, "ab ");
    check_phrase(longer, "");
    longer[119] = 0;
    check_phrase(longer, longer);
}

/* Fails when lack of memory, or emit's own failure, is not handed on. */
static void test_failures(void **state)
{
    (void)state;
    sid__tokenizer t = {0};
    sid__strbuf got = {0};
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__tokenize(&t, "ab", 2, append, &got, err), SID_ENOMEM, "a text's characters");
    sid__mem_fail(1, 1);
    TEST_FAILS(sid__tokenize(&t, "ab", 2, append, &got, err), SID_ENOMEM, "out of memory");
    sid__mem_fail(1, 1);
    TEST_FAILS(sid__tokenize(&t, "猫犬猫", 9, append, &got, err), SID_ENOMEM, "out of memory");
    sid__mem_fail(-1, 0);
    sid__strbuf_drop(&got);
    sid__tokenizer_drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_composition_and_case),
        cmocka_unit_test(test_scripts_without_spaces),
        cmocka_unit_test(test_bad_utf8),
        cmocka_unit_test(test_composition_equals_whole_string),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_marks_alone),
        cmocka_unit_test(test_phrase),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
