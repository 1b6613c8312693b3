/* test_closest.c: did-you-mean. */
#include "test.h"

static const char *const names[] = {"fit",    "encode", "decode", "neighbors", "inspect", "export",
                                    "import", "verify", "show",   "k",         "remove"};
enum { NAME_COUNT = sizeof names / sizeof *names };

static void expect(const char *word, const char *wanted)
{
    const char *found = sid_closest(word, names, NAME_COUNT);
    if (!wanted)
        assert_null(found);
    else if (!found)
        fail_msg("\"%s\" finds nothing; \"%s\" is expected", word, wanted);
    else
        assert_string_equal(found, wanted);
}

/* Fails when one of the four ways to mistype (a letter too many, too few, wrong, two swapped) costs more than one. */
static void test_typos(void **state)
{
    (void)state;
    expect("fit", "fit");
    expect("fti", "fit");
    expect("fitt", "fit");
    expect("ft", "fit");
    expect("encdoe", "encode");
    expect("neighbours", "neighbors");
    expect("nieghbours", "neighbors");
    expect("verfy", "verify");
    expect("inpsect", "inspect");
    expect("sohw", "show");
    expect("exprt", "export");
}

/* Fails when the nearest loses to an earlier name that is near too, or the first of equals does not win. */
static void test_nearest_wins(void **state)
{
    (void)state;
    expect("imprt", "import");
    expect("ecode", "encode");
    expect("decod", "decode");
    expect("xxcode", "encode");
}

/* Fails when a far word gets a suggestion that would only puzzle, or a one-letter name is near everything. */
static void test_far_words(void **state)
{
    (void)state;
    expect("quantize", NULL);
    expect("cat", NULL);
    expect("z", NULL);
    expect("", NULL);
    expect("k", "k");
    assert_null(sid_closest("fit", names, 0));
}

/* Fails (under ASan) when a long word or name runs over the table. */
static void test_long_words(void **state)
{
    (void)state;
    char word[200] = "";
    memset(word, 'a', 63);
    const char *const long_names[] = {word};
    char typo[64];
    memcpy(typo, word, sizeof typo);
    typo[10] = 'b';
    assert_string_equal(sid_closest(typo, long_names, 1), word);
    memset(word, 'a', 64);
    assert_null(sid_closest(typo, long_names, 1));
    assert_null(sid_closest(word, names, NAME_COUNT));
    memset(word, 'a', 199);
    assert_null(sid_closest(word, long_names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typos),
        cmocka_unit_test(test_nearest_wins),
        cmocka_unit_test(test_far_words),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
