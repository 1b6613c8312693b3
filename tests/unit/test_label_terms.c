#include "label_case.h"

#include "sid/label_terms.h"

static const int64_t in_order[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

/* The term's place among its class's, or -1. */
static int place_of(const sid__label_terms *s, const sid__label_class *child, const char *wanted)
{
    char text[128];
    for (int i = 0; i < child->term_count; i++) {
        const sid__label_term *term = &s->term[child->term + i];
        (void)snprintf(text, sizeof text, "%s%s%s", s->tokens->word[term->first], term->second < 0 ? "" : " ",
                       term->second < 0 ? "" : s->tokens->word[term->second]);
        if (strcmp(text, wanted) == 0)
            return i;
    }
    return -1;
}

static double score_of(const sid__label_terms *s, const sid__label_class *child, const char *word)
{
    int place = place_of(s, child, word);
    assert_true(place >= 0);
    return s->term[child->term + place].score;
}

/* Golden values of spec/quantizers.md §8; fails when f, A or F are counted otherwise. */
static void scores_are_those_of_the_specification(void **state)
{
    (void)state;
    assert_float_equal(sid__label_score(2, 4, 4.5, 2), .589327, 6e-7);
    assert_float_equal(sid__label_score(1, 4, 4.5, 2), .294664, 6e-7);
    assert_float_equal(sid__label_score(3, 5, 4.5, 3), .549774, 6e-7);
    const char *const text[] = {"red dress", "blue dress", "red shoes", "black shoes shoes"};
    sid__label_class child[] = {{.begin = 0, .end = 2}, {.begin = 2, .end = 4}};
    sid__label_tokens tokens = tokens_of(text, 4);
    sid__label_terms s = {0};
    TEST_OK(sid__label_terms_init(&s, &tokens, in_order, err));
    TEST_OK(sid__label_terms_find(&s, child, 2, err));
    assert_int_equal(child[0].term_count, 1); /* the other words stand in one item each */
    assert_float_equal(score_of(&s, &child[0], "dress"), .589327, 6e-7);
    assert_float_equal(score_of(&s, &child[1], "shoes"), .549774, 6e-7);
    sid__label_terms_drop(&s);
    sid__label_tokens_drop(&tokens);
}

/* Fails when a pair does not stand in for its words, a word that is common elsewhere makes a pair, or the terms of one
 * parent colour those of the next. */
static void pairs_stand_in_for_their_words(void **state)
{
    (void)state;
    const char *const text[] = {"nail polish red", "nail polish for you", "lip gloss for you", "lip gloss red",
                                "nail nail file",  "nail nail file",      "hair wax",          "hair wax"};
    sid__label_class child[] = {{.begin = 0, .end = 2}, {.begin = 2, .end = 4}, {.begin = 4, .end = 6}};
    sid__label_class other[] = {{.begin = 4, .end = 6}, {.begin = 6, .end = 8}};
    sid__label_tokens tokens = tokens_of(text, 8);
    sid__label_terms s = {0};
    TEST_OK(sid__label_terms_init(&s, &tokens, in_order, err));
    for (int round = 0; round < 2; round++) {
        TEST_OK(sid__label_terms_find(&s, child, 3, err));
        assert_int_equal(place_of(&s, &child[0], "polish"), 0); /* "nail" is no more frequent here than in the file's */
        assert_int_equal(place_of(&s, &child[0], "nail polish"), -1);
        assert_int_equal(place_of(&s, &child[1], "lip gloss"), 0);
        assert_int_equal(place_of(&s, &child[1], "lip"), -1);
        assert_int_equal(place_of(&s, &child[1], "gloss"), -1);
        TEST_OK(sid__label_terms_find(&s, other, 2, err));
        assert_int_equal(place_of(&s, &other[0], "nail file"), 0);
        assert_int_equal(place_of(&s, &other[1], "hair wax"), 0);
    }
    sid__label_terms_drop(&s);
    sid__label_tokens_drop(&tokens);
}

/* Fails when a word of fewer than a fifth of the items is a candidate, or a particle is telling. */
static void candidates_are_common_and_tell(void **state)
{
    (void)state;
    const char *const text[] = {"soap, rare for", "soap, rare for", "soap for", "soap for", "soap for",
                                "soap",           "soap",           "soap",     "soap",     "wax"};
    sid__label_class child[] = {{.begin = 0, .end = 9}, {.begin = 9, .end = 10}};
    sid__label_tokens tokens = tokens_of(text, 10);
    sid__label_terms s = {0};
    TEST_OK(sid__label_terms_init(&s, &tokens, in_order, err));
    TEST_OK(sid__label_terms_find(&s, child, 2, err));
    assert_int_equal(place_of(&s, &child[0], "soap"), 0);
    assert_int_equal(place_of(&s, &child[0], "rare"), 1); /* 2 of 9 */
    assert_int_equal(place_of(&s, &child[0], "for"), 2);
    assert_false(s.term[child[0].term + 2].is_telling);
    assert_int_equal(child[1].term_count, 0); /* one item */
    child[0].end = 10;                        /* 2 of 10 are a fifth, 2 of 11 would not be */
    TEST_OK(sid__label_terms_find(&s, child, 1, err));
    assert_true(place_of(&s, &child[0], "rare") >= 0);
    sid__label_terms_drop(&s);
    sid__label_tokens_drop(&tokens);
}

/* Fails when the order of the rows shows in the terms: ties go by the words' bytes. */
static void the_order_of_rows_does_not_show(void **state)
{
    (void)state;
    const char *const text[] = {"zebra apple mango", "mango zebra apple", "other words", "other things"};
    const char *const turned[] = {"mango zebra apple", "zebra apple mango", "other things", "other words"};
    sid__label_class a[] = {{.begin = 0, .end = 2}, {.begin = 2, .end = 4}}, b[] = {a[0], a[1]};
    sid__label_tokens ta = tokens_of(text, 4), tb = tokens_of(turned, 4);
    sid__label_terms sa = {0}, sb = {0};
    TEST_OK(sid__label_terms_init(&sa, &ta, in_order, err));
    TEST_OK(sid__label_terms_init(&sb, &tb, in_order, err));
    TEST_OK(sid__label_terms_find(&sa, a, 2, err));
    TEST_OK(sid__label_terms_find(&sb, b, 2, err));
    assert_int_equal(a[0].term_count, b[0].term_count);
    for (int i = 0; i < a[0].term_count; i++) {
        assert_string_equal(ta.word[sa.term[a[0].term + i].first], tb.word[sb.term[b[0].term + i].first]);
        assert_true(sa.term[a[0].term + i].score == sb.term[b[0].term + i].score);
    }
    sid__label_terms_drop(&sa);
    sid__label_terms_drop(&sb);
    sid__label_tokens_drop(&ta);
    sid__label_tokens_drop(&tb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_specification),
        cmocka_unit_test(pairs_stand_in_for_their_words),
        cmocka_unit_test(candidates_are_common_and_tell),
        cmocka_unit_test(the_order_of_rows_does_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
