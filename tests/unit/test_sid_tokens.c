/* test_sid_tokens.c: SIDs as tokens: the texts of the specification, and that all read back. */
#include "test.h"

#include "base/philox.h"
#include "sid/sid_tokens.h"

static void expect_tokens(const char *name, const char *template_text, const char *separator, const char *wanted)
{
    static const int codes[] = {256, 200, 100, 16};
    const uint16_t sid[] = {12, 153, 87};
    uint16_t back[4];
    int count = 0;
    sid__token_style style;
    sid__strbuf text = {0};
    TEST_OK(sid__token_style_find(name, template_text, 4, codes, &style, err));
    TEST_OK(sid__tokens_append(&style, sid, 3, separator, &text, err));
    assert_string_equal(text.text, wanted);
    TEST_OK(sid__tokens_parse(&style, text.text, 4, back, &count, err));
    assert_int_equal(count, 3);
    assert_memory_equal(back, sid, sizeof sid);
    sid__strbuf_drop(&text);
}

/* Fails when a token of spec/quantizers.md §8 changes or does not read back. */
static void tokens_are_as_specified(void **state)
{
    (void)state;
    expect_tokens("letters", NULL, NULL, "<a_12><b_153><c_87>");
    expect_tokens("letters", NULL, " ", "<a_12> <b_153> <c_87>");
    expect_tokens("onerec", NULL, NULL, "<|sid_begin|><s_a_12><s_b_153><s_c_87><|sid_end|>");
    expect_tokens("onerec", NULL, " ", "<|sid_begin|> <s_a_12> <s_b_153> <s_c_87> <|sid_end|>");
    expect_tokens("flat", NULL, NULL, "<|sid_start|><|sid_12|><|sid_153|><|sid_87|><|sid_end|>");
    expect_tokens("offset", NULL, NULL, "13 410 544 0");
    expect_tokens("template", "[{level}.{letter}.{code}]", NULL, "[1.a.12][2.b.153][3.c.87]");
    expect_tokens("template", "{letter}{code}", NULL, "a12b153c87");
    expect_tokens("template", "{code}, ", NULL, "12, 153, 87, ");
    expect_tokens("template", "{code}/{code};", NULL, "12/12;153/153;87/87;");
}

/* Fails when a SID of any length or code does not come back, in any style. */
static void every_sid_reads_back(void **state)
{
    static const char *const name[] = {"letters", "onerec", "flat", "offset", "template"};
    int codes[26];
    uint16_t sid[26], back[26];
    (void)state;
    for (int l = 0; l < 26; l++)
        codes[l] = 65536;
    for (uint64_t i = 0; i < 2000; i++) {
        sid__token_style style;
        sid__strbuf text = {0};
        int count = (int)sid__philox_below(1, SID__STREAM_TEST, i, 26) + 1, seen = 0;
        for (int l = 0; l < count; l++)
            sid[l] = (uint16_t)(sid__philox_u64(2, SID__STREAM_TEST, 26 * i + (uint64_t)l) >> (48 + l % 16));
        TEST_OK(sid__token_style_find(name[i % 5], "{level}-{code}_", 26, codes, &style, err));
        TEST_OK(sid__tokens_append(&style, sid, count, i % 3 ? NULL : " ", &text, err));
        TEST_OK(sid__tokens_parse(&style, text.text, 26, back, &seen, err));
        assert_int_equal(seen, count);
        assert_memory_equal(back, sid, (size_t)count * sizeof *sid);
        sid__strbuf_drop(&text);
    }
}

/* Fails when a template that cannot be read back is taken, or refused without the reason. */
static void ambiguous_templates_are_refused(void **state)
{
    static const struct {
        const char *name, *text, *words;
        int levels;
    } bad[] = {{"template", "{code}", "would not read back", 3},
               {"template", "x{code}7", "would not read back", 3},
               {"template", "{level}{code}", "would not read back", 3},
               {"template", "<{code}{level}>", "would not read back", 3},
               {"template", "<{letter}>", "has no {code}", 3},
               {"template", "<{kode}>", "none stands at byte 1", 3},
               {"template", "<{offset}>", "none stands at byte 1", 3},
               {"template", "{code}\t", "control byte", 3},
               {"template", "", "needs its text", 3},
               {"template", NULL, "needs its text", 3},
               {"letters", NULL, "letters for 26 levels, there are 27", 27},
               {"offset", NULL, "pass --codes", 3},
               {"leters", NULL, "did you mean \"letters\"", 3}};
    sid__token_style style;
    char large[300];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid__token_style_find(bad[i].name, bad[i].text, bad[i].levels, NULL, &style, err), SID_EUSAGE,
                   bad[i].words);
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    TEST_FAILS(sid__token_style_find("template", large, 3, NULL, &style, err), SID_EUSAGE, "299 bytes; 200");
}

/* Fails when a text that no writer makes is taken, or its place is not told. */
static void bad_tokens_are_named(void **state)
{
    static const int codes[] = {256, 256};
    static const struct {
        const char *name, *text, *words;
    } bad[] = {{"letters", "<a_1><c_2>", "\"b\" is expected at byte 6"},
               {"letters", "<a_01>", "a number from 0 to 65535 is expected at byte 3"},
               {"letters", "<a_65536>", "a number from 0 to 65535"},
               {"letters", "<a_>", "byte 3"},
               {"letters", "", "a code is expected at byte 0"},
               {"letters", "<a_1><b_2><c_3>", "more than 2 codes"},
               {"letters", "<a_1>  <b_2>", "byte 6"},
               {"onerec", "<s_a_1><|sid_end|>", "\"<|sid_begin|>\" is expected at byte 0"},
               {"onerec", "<|sid_begin|><|sid_end|>", "a code is expected"},
               {"onerec", "<|sid_begin|><s_a_1><|sid_end|>x", "the end is expected at byte 31"},
               {"flat", "<|sid_start|><|sid_x|>", "byte 19"},
               {"offset", "1 256", "a number of level 2, 257 to 512, is expected at byte 2"},
               {"offset", "0", "a code is expected"},
               {"offset", "1 0 5", "a number of level 2"},
               {"template", "1/2;", "the same code again"}};
    uint16_t sid[2];
    int count = 77;
    sid__token_style style;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        TEST_OK(sid__token_style_find(bad[i].name, "{code}/{code};", 2, codes, &style, err));
        TEST_FAILS(sid__tokens_parse(&style, bad[i].text, 2, sid, &count, err), SID_EDATA, bad[i].words);
    }
    assert_int_equal(count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_as_specified),
        cmocka_unit_test(every_sid_reads_back),
        cmocka_unit_test(ambiguous_templates_are_refused),
        cmocka_unit_test(bad_tokens_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
