#include "test.h"

#include "sid/label_tokens.h"

static void expect(const sid__label_tokens *t, int64_t item, const char *wanted)
{
    char seen[256] = "";
    for (int64_t i = t->start[item]; i < t->start[item + 1]; i++) {
        size_t length = strlen(seen);
        (void)snprintf(seen + length, sizeof seen - length, "%s%s", i > t->start[item] ? " " : "",
                       t->token[i] == SID__LABEL_GAP ? "|" : t->word[t->token[i]]);
    }
    assert_string_equal(seen, wanted);
}

/* Fails when words differ from the encoder's, or phrases and texts are not kept apart. */
static void items_are_words_and_gaps(void **state)
{
    (void)state;
    sid__label_tokens t = {0};
    TEST_OK(sid__label_tokens_add(&t, "OPI Nail-Lacquer, 0.5 Fluid Ounce", err));
    TEST_OK(sid__label_tokens_add(&t, "Makeup > Nail Polish", err));
    TEST_OK(sid__label_tokens_end_item(&t, err));
    TEST_OK(sid__label_tokens_end_item(&t, err));
    TEST_OK(sid__label_tokens_add(&t, "", err));
    TEST_OK(sid__label_tokens_add(&t, "...", err));
    TEST_OK(sid__label_tokens_add(&t, "nail", err));
    TEST_OK(sid__label_tokens_end_item(&t, err));
    assert_int_equal(t.item_count, 3);
    expect(&t, 0, "opi nail lacquer | fluid ounce | makeup | nail polish |");
    expect(&t, 1, "");
    expect(&t, 2, "nail |");
    assert_int_equal(t.word_count, 7);
    sid__label_tokens_drop(&t);
}

/* Fails when a lack of memory leaks. */
static void memory_may_lack_anywhere(void **state)
{
    (void)state;
    for (int fail = 0; fail < 24; fail++) {
        sid__label_tokens t = {0};
        sid__mem_fail(fail, -1);
        sid_status status = sid__label_tokens_add(&t, "red dress, blue shoes", NULL);
        if (status == SID_OK)
            status = sid__label_tokens_end_item(&t, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        sid__label_tokens_drop(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_words_and_gaps),
        cmocka_unit_test(memory_may_lack_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
