/* test_page_text.c: what keeps other people's text inside of the page's data. */
#include "test.h"

#include "report/page_text.h"

static void expect(sid__page_text *to, const char *wanted)
{
    assert_int_equal(to->status, SID_OK);
    assert_string_equal(to->html.text, wanted);
    sid__page_drop(to);
}

/* Fails when a text could end the element it stands in, or is no JSON string. */
static void strings_are_inert(void **state)
{
    (void)state;
    sid__page_text to = {0};
    sid__page_string(&to, "</script><script>alert(1)</script>", 100);
    expect(&to, "\"\\u003c/script>\\u003cscript>alert(1)\\u003c/script>\"");
    sid__page_string(&to, "<!-- \"quoted\" \\ \n", 100);
    expect(&to, "\"\\u003c!-- \\\"quoted\\\" \\\\ \\n\"");
    sid__page_string(&to, NULL, 100);
    expect(&to, "null");
    sid__page_json(&to, "{\"a\":\"<b>\"}");
    expect(&to, "{\"a\":\"\\u003cb>\"}");
}

/* Fails when a cut leaves half a character, or what was not cut looks so. */
static void cuts_are_between_characters(void **state)
{
    (void)state;
    sid__page_text to = {0};
    sid__page_string(&to, "abc", 3);
    expect(&to, "\"abc\"");
    sid__page_string(&to, "abcd", 3);
    expect(&to, "\"abc\xE2\x80\xA6\"");
    sid__page_string(&to, "a\xC3\xBC\xE2\x82\xAC", 5); /* a, u with dots, euro */
    expect(&to, "\"a\xC3\xBC\xE2\x80\xA6\"");
    sid__page_string(&to, "\xE2\x82\xAC", 2);
    expect(&to, "\"\xE2\x80\xA6\"");
}

/* Fails when numbers depend on a locale, or what is no number is written as one. */
static void numbers_are_short(void **state)
{
    (void)state;
    sid__page_text to = {0};
    sid__page_number(&to, 1.0 / 3, 4);
    sid__page_bytes(&to, " ", 1);
    sid__page_number(&to, (double)(0.0F / 1.0F), 4);
    sid__page_bytes(&to, " ", 1);
    sid__page_number(&to, strtod("nan", NULL), 4);
    sid__page_printf(&to, " %d", 7);
    expect(&to, "0.3333 0 null 7");
}

/* Fails when a row beyond the part's share stays, or is cut in the middle. */
static void rows_that_do_not_fit_go(void **state)
{
    (void)state;
    sid__page_text to = {0};
    int64_t written = 0;
    sid__page_bytes(&to, "[", 1);
    sid__page_part(&to, 10);
    for (int i = 0; i < 9; i++) {
        sid__page_row_begin(&to, written);
        sid__page_bytes(&to, "1234", 4);
        written += sid__page_row_end(&to);
    }
    sid__page_bytes(&to, "]", 1);
    assert_int_equal(written, 2);
    expect(&to, "[1234,\n1234]");
}

/* Fails when a failure is forgotten by what follows it, or leaks. */
static void the_first_failure_stays(void **state)
{
    (void)state;
    for (int fail = 0; fail < 3; fail++) {
        sid__page_text to = {0};
        sid__mem_fail(fail, 1);
        sid__page_string(&to, "some words that are cut", 8);
        sid__mem_fail(-1, 0);
        assert_int_equal(to.status, SID_ENOMEM);
        sid__page_string(&to, "more", 100);
        sid__page_row_begin(&to, 1);
        assert_false(sid__page_row_end(&to));
        sid__page_drop(&to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(strings_are_inert),
                                       cmocka_unit_test(cuts_are_between_characters),
                                       cmocka_unit_test(numbers_are_short), cmocka_unit_test(rows_that_do_not_fit_go),
                                       cmocka_unit_test(the_first_failure_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
