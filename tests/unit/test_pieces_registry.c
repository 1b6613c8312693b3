/* test_pieces_registry.c: the list of schemes. */
#include "pieces_case.h"

/* Fails when a scheme lacks a name, a summary or options, or two have one name. */
static void test_list(void **state)
{
    (void)state;
    assert_null(sid_pieces_family(-1));
    assert_null(sid_pieces_family(sid_pieces_family_count()));
    for (int i = 0; i < sid_pieces_family_count(); i++) {
        const sid_family *family = sid_pieces_family(i);
        assert_true(family->name[0] && family->summary[0] && family->option_count > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(family->name, sid_pieces_family(j)->name);
    }
}

/* Fails when a scheme's defaults are not taken by its own table. */
static void test_defaults(void **state)
{
    (void)state;
    for (int i = 0; i < sid_pieces_family_count(); i++) {
        sid__piece_settings settings;
        TEST_OK(sid__options_default(sid_pieces_family(i), &settings, err));
        assert_int_equal(settings.rows, 8000);
    }
}

/* Fails when a mistyped scheme is not answered with a near one. */
static void test_unknown(void **state)
{
    const sid__pieces_class *scheme = NULL;
    (void)state;
    TEST_FAILS(sid__pieces_scheme_find("prefix-ngrams", &scheme, err), SID_EUSAGE, "did you mean \"prefix-ngram\"");
    TEST_FAILS(sid__pieces_scheme_find("x", &scheme, err), SID_EUSAGE, "known are unigram");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_list), cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_unknown)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
