/* test_lsa_vocab.c: counting words and choosing the vocabulary. */
#include "linalg_case.h"

#include "embed/lsa_vocab.h"

static void add(sid__word_count *words, const char *text, int64_t row)
{
    TEST_OK(sid__word_count_add(words, text, (int)strlen(text), row, err));
}

/* red in rows 0 1 2 3, blue in 0 2, dress in 1 3, only in 3. */
static sid__word_count sample(void)
{
    sid__word_count words = {0};
    static const char *const text[] = {"red", "red", "blue", "red", "dress", "red", "blue", "red", "dress", "only"};
    static const int row[] = {0, 0, 0, 1, 1, 2, 2, 3, 3, 3};
    for (int i = 0; i < 10; i++)
        add(&words, text[i], row[i]);
    return words;
}

static void check_words(const sid__vocab *vocab, const char *wanted)
{
    assert_int_equal(vocab->start[vocab->count], strlen(wanted));
    assert_memory_equal(vocab->text, wanted, strlen(wanted));
    for (int32_t id = 0; id < vocab->count; id++)
        assert_int_equal(
            sid__vocab_find(vocab, vocab->text + vocab->start[id], (int)(vocab->start[id + 1] - vocab->start[id] - 1)),
            id);
}

static void check_choice(const sid__word_count *words, sid__vocab_limits limits, const char *wanted)
{
    sid__vocab vocab = {0};
    TEST_OK(sid__vocab_choose(words, &limits, &vocab, err));
    check_words(&vocab, wanted);
    sid__vocab_drop(&vocab);
}

/* Fails when a limit is off by one, a row counts twice, or ids are not in byte order. */
static void test_limits(void **state)
{
    (void)state;
    sid__word_count words = sample();
    check_choice(&words, (sid__vocab_limits){4, 100, 1, 1}, "blue\ndress\nonly\nred\n");
    check_choice(&words, (sid__vocab_limits){4, 100, 2, 0.5}, "blue\ndress\n");
    check_choice(&words, (sid__vocab_limits){4, 100, 3, 1}, "red\n");
    check_choice(&words, (sid__vocab_limits){4, 2, 1, 1}, "blue\nred\n"); /* blue before dress: ties by bytes */
    sid__word_count_drop(&words);
}

/* Fails when idf's formula changes: ln((1 + 4) / (1 + 2)) + 1 and ln(5/5) + 1. */
static void test_idf(void **state)
{
    (void)state;
    sid__word_count words = sample();
    sid__vocab vocab = {0};
    TEST_OK(sid__vocab_choose(&words, &(sid__vocab_limits){4, 100, 1, 1}, &vocab, err));
    assert_true(fabs(vocab.idf[0] - 1.5108256237659907) < 1e-15);
    assert_true(vocab.idf[3] == 1);
    assert_int_equal(sid__vocab_find(&vocab, "re", 2), -1);
    assert_int_equal(sid__vocab_find(&vocab, "reds", 4), -1);
    sid__vocab_drop(&vocab);
    sid__word_count_drop(&words);
}

/* Fails when merging loses or doubles a count, or the table loses words as it grows. */
static void test_merge_and_growth(void **state)
{
    (void)state;
    enum { WORDS = 5000 };
    sid__word_count a = {0}, b = {0};
    for (int i = 0; i < WORDS; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "w%d", i);
        add(&a, text, 0);
        add(i % 2 ? &a : &b, text, 1);
    }
    TEST_OK(sid__word_count_merge(&a, &b, err));
    assert_int_equal(a.count, WORDS);
    assert_true(2 * a.count <= a.capacity);
    for (int64_t i = 0; i < a.capacity; i++)
        assert_true(!a.slot[i].text || a.slot[i].df == 2);
    sid__word_count_drop(&a);
    sid__word_count_drop(&b);
}

/* Fails when the message does not say which limit to move. */
static void test_empty(void **state)
{
    (void)state;
    sid__word_count words = sample(), none = {0};
    sid__vocab vocab = {0};
    TEST_FAILS(sid__vocab_choose(&words, &(sid__vocab_limits){4, 100, 5, 1}, &vocab, err), SID_EDATA,
               "min_df=5 and at most max_df=1 of the 4 items (the most frequent, \"red\", stands in 4)");
    TEST_FAILS(sid__vocab_choose(&none, &(sid__vocab_limits){4, 100, 1, 1}, &vocab, err), SID_EDATA,
               "none of the 4 items has a word");
    sid__word_count_drop(&words);
}

static void check_load(const char *text, double idf_1, const char *part)
{
    sid__vocab vocab = {0};
    double idf[] = {1, idf_1};
    TEST_FAILS(sid__vocab_load(text, (int64_t)strlen(text), idf, 2, &vocab, err), SID_EDATA, part);
}

/* Fails when a stored vocabulary is taken unchecked: order, empty words, missing or left-over bytes, idf. */
static void test_load(void **state)
{
    (void)state;
    static const double idf[] = {1, 2};
    sid__vocab vocab = {0};
    TEST_OK(sid__vocab_load("ab\nb\n", 5, idf, 2, &vocab, err));
    check_words(&vocab, "ab\nb\n");
    assert_true(vocab.idf[1] == 2);
    sid__vocab_drop(&vocab);
    check_load("b\nab\n", 1, "word 1 is not after word 0");
    check_load("b\nb\n", 1, "word 1 is not after word 0");
    check_load("ab\n", 1, "word 1 of 2 is empty or missing");
    check_load("ab\n\n", 1, "word 1 of 2 is empty");
    check_load("ab\nb", 1, "word 1 of 2 is empty or missing");
    check_load("ab\nb\nc\n", 1, "2 bytes after its 2 words");
    check_load("ab\nb\n", (double)NAN, "lsa.idf holds nan at 1");
    TEST_FAILS(sid__vocab_load("", 0, idf, 0, &vocab, err), SID_EDATA, "holds 0 words");
}

/* Fails when lack of memory leaks or leaves half a vocabulary. */
static void test_out_of_memory(void **state)
{
    (void)state;
    sid__word_count words = sample(), empty = {0};
    sid__vocab vocab = {0};
    for (int after = 0; after < 5; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__vocab_choose(&words, &(sid__vocab_limits){4, 100, 1, 1}, &vocab, err), SID_ENOMEM,
                   "out of memory");
        assert_null(vocab.text);
    }
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__word_count_merge(&empty, &words, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid__word_count_drop(&words);
    sid__word_count_drop(&empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits), cmocka_unit_test(test_idf),  cmocka_unit_test(test_merge_and_growth),
        cmocka_unit_test(test_empty),  cmocka_unit_test(test_load), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
