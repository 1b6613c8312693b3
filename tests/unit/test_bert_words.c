/* test_bert_words.c: text to words by the rules of BERT's tokenizer. */
#include "test.h"

#include "embed/bert_words.h"

typedef struct seen {
    char text[4096];
    int count, most;
    bool has_long;
} seen;

static bool note(void *user, char *bytes, int size, bool is_long)
{
    seen *s = user;
    size_t used = strlen(s->text);
    assert_int_equal((int)strlen(bytes), size);
    bytes[-1] = bytes[-2] = '#'; /* the room that was promised */
    (void)snprintf(s->text + used, sizeof s->text - used, "%s%s", s->count ? "|" : "", bytes);
    s->has_long |= is_long;
    return ++s->count < s->most;
}

static void check(const sid__bert_rules *rules, const char *text, const char *wanted)
{
    seen s = {.most = 1000};
    sid__bert_split(rules, text, strlen(text), note, &s);
    assert_string_equal(s.text, wanted);
}

static const sid__bert_rules uncased = {true, true, true}, cased = {false, false, true};

/* Fails when a rule of the normaliser is left out or another's order is taken; wanted as Hugging Face's tokenizers gives. */
static void test_rules(void **state)
{
    (void)state;
    check(&uncased, " Red, LIPstick!\n", "red|,|lipstick|!");
    check(&uncased, "caf\u00e9 \u0130\u0301x \u00dcber", "cafe|ix|uber");
    check(&cased, "Caf\u00e9 \u0130", "Caf\u00e9|\u0130");
    check(&(sid__bert_rules){.is_lower = true}, "\u0130\u4e00\u4e8c", "i\u0307\u4e00\u4e8c");
    check(&uncased, "a\u200bb\u00adc\x01 d\ufffd", "abc|d");
    check(&uncased, "x\u4e00\u4e8cy\uf900", "x|\u4e00|\u4e8c|y|\u8c48");
    check(&uncased, "a\u2028b\u00a0c\u3000d", "a|b|c|d");
    check(&uncased, "\u00ab$5\u00bb\u2260", "\u00ab|$|5|\u00bb|=");
    check(&uncased, "", "");
}

/* Fails when broken UTF-8 ends the text, is read past, or separates. */
static void test_broken_utf8(void **state)
{
    (void)state;
    check(&uncased,
          "a\xff"
          "b \xc3",
          "ab");
    check(&uncased, "\xed\xa0\x80x\xf0\x9f", "x");
}

/* Fails when a long word overflows its buffer or its length is not told, or the reader cannot stop. */
static void test_limits(void **state)
{
    (void)state;
    char text[2000] = "";
    seen s = {.most = 1000};
    for (int i = 0; i < 100; i++)
        memcpy(text + i * 4, "\xf0\x90\x8c\xb0", 4); /* four bytes, a letter */
    sid__bert_split(&uncased, text, 400, note, &s);
    assert_int_equal((int)strlen(s.text), 400);
    assert_false(s.has_long);
    memcpy(text + 400, "z q", 4);
    s = (seen){.most = 1000};
    sid__bert_split(&uncased, text, 403, note, &s);
    assert_int_equal(s.count, 2);
    assert_true(s.has_long);
    s = (seen){.most = 2};
    sid__bert_split(&uncased, "a.b.c", 5, note, &s);
    assert_string_equal(s.text, "a|.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules), cmocka_unit_test(test_broken_utf8),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
