/* test_bert_vocab.c: vocab.txt and greedy longest match. */
#include "bert_case.h"

static const sid__bert_specials specials = {"[CLS]", "[SEP]", "[UNK]"};
static const char small[] = "[UNK]\n[CLS]\r\n[SEP]\nun\n##able\n##ab\nunab\n\nx";

static sid__bert_vocab parse(const char *text)
{
    sid__bert_vocab vocab = {0};
    TEST_OK(sid__bert_vocab_parse(text, strlen(text), "v.txt", &specials, &vocab, err));
    return vocab;
}

/* Fails when a line end stays, an id is off by one, or the last line needs an end. */
static void test_lines(void **state)
{
    (void)state;
    sid__bert_vocab vocab = parse(small);
    assert_int_equal(vocab.count, 9);
    assert_int_equal(vocab.cls, 1);
    assert_int_equal(vocab.sep, 2);
    assert_int_equal(vocab.unk, 0);
    assert_int_equal(sid__bert_vocab_find(&vocab, "x"), 8);
    assert_int_equal(sid__bert_vocab_find(&vocab, "##able"), 4);
    assert_int_equal(sid__bert_vocab_find(&vocab, "y"), -1);
    sid__bert_vocab_drop(&vocab);
}

static void check_ids(const sid__bert_vocab *vocab, const char *text, int most, const int32_t *wanted, int count)
{
    static const sid__bert_rules rules = {true, true, true};
    int32_t id[64];
    assert_int_equal(sid__bert_tokenize(vocab, &rules, text, strlen(text), most, id), count);
    assert_memory_equal(id, wanted, (size_t)count * sizeof *id);
}

/* Fails when the match is not the longest, goes back, or a cut comes before a word is known to be unknown. */
static void test_greedy(void **state)
{
    (void)state;
    sid__bert_vocab vocab = parse(small);
    check_ids(&vocab, "unable", 64, (int32_t[]){1, 0, 2}, 3); /* unab, then no ##le */
    check_ids(&vocab, "unabab x", 64, (int32_t[]){1, 6, 5, 8, 2}, 5);
    check_ids(&vocab, "x unabab", 4, (int32_t[]){1, 8, 6, 2}, 4);
    check_ids(&vocab, "x unabq", 4, (int32_t[]){1, 8, 0, 2}, 4);
    check_ids(&vocab, "unabab", 2, (int32_t[]){1, 2}, 2);
    check_ids(&vocab, "[SEP]", 64, (int32_t[]){1, 0, 0, 0, 2}, 5); /* plain characters */
    sid__bert_vocab_drop(&vocab);
}

static void compare_line(void *user, bool is_lower, const char *text, size_t size, const int32_t *id, int count)
{
    const sid__bert_rules rules = {is_lower, is_lower, true};
    int32_t seen[64];
    int seen_count = sid__bert_tokenize(user, &rules, text, size, 40, seen);
    if (seen_count != count || memcmp(seen, id, (size_t)count * sizeof *id) != 0)
        fail_msg("\"%s\" (%s): other ids than the reference", text, is_lower ? "lower" : "cased");
}

/* Fails when a text gives other ids than Hugging Face's tokenizers. */
static void test_golden(void **state)
{
    (void)state;
    sid__strbuf text = {0};
    case_bert_text("vocab.txt", &text);
    sid__bert_vocab vocab = parse(text.text);
    case_bert_lines(compare_line, &vocab);
    sid__bert_vocab_drop(&vocab);
    sid__strbuf_drop(&text);
}

static void check_bad(const char *text, size_t size, const char *part)
{
    sid__bert_vocab vocab = {0};
    TEST_FAILS(sid__bert_vocab_parse(text, size, "v.txt", &specials, &vocab, err), SID_EDATA, part);
    assert_null(vocab.text);
}

/* Fails when a vocabulary that is none is taken, or memory is lost. */
static void test_bad(void **state)
{
    (void)state;
    check_bad("a\nb\na\n", 6, "v.txt:3: the piece \"a\" stands at line 1 already");
    check_bad("a\n", 2, "lacks the special token [CLS]");
    check_bad("", 0, "lacks the special token");
    check_bad("a\xff", 2, "not UTF-8");
    check_bad("a\0b", 3, "not UTF-8");
    for (int after = 0; after < 3; after++) {
        sid__bert_vocab vocab = {0};
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__bert_vocab_parse(small, sizeof small - 1, "v.txt", &specials, &vocab, err), SID_ENOMEM,
                   "out of memory");
    }
    sid__mem_fail(-1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_greedy),
                                       cmocka_unit_test(test_golden), cmocka_unit_test(test_bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
