/* test_piece_tokenizer.c: tokenizer.json. */
#include "io/json.h"
#include "pieces_case.h"

static json_t *written(const char *scheme, const uint16_t *codes, const int64_t *weights)
{
    sid__strbuf text = {0};
    json_t *tree = NULL;
    sid_pieces *p = trained(scheme, "rows=20", same_codes(2), 3, codes, weights, 3);
    TEST_OK(sid__piece_tokenizer_write(p->model, &text, err));
    TEST_OK(sid__json_parse(text.text, (size_t)text.length, "tokenizer.json", &tree, err));
    sid__strbuf_drop(&text);
    sid_pieces_close(p);
    return tree;
}

static const uint16_t codes[] = {0, 0, 0, 0, 0, 1, 1, 0, 1};

/* Fails when a row is not where its piece is, or a score is lost. */
static void test_unigram(void **state)
{
    json_t *tree = written("spm-unigram", codes, (const int64_t[]){5, 4, 3}), *model = json_object_get(tree, "model");
    json_t *vocab = json_object_get(model, "vocab"), *first = json_array_get(vocab, 0);
    (void)state;
    assert_string_equal(json_string_value(json_object_get(model, "type")), "Unigram");
    assert_string_equal(json_string_value(json_array_get(first, 0)), "<unk>");
    assert_true(json_array_size(vocab) >= 1 + 6);
    for (size_t i = 1; i < json_array_size(vocab); i++) {
        const char *text = json_string_value(json_array_get(json_array_get(vocab, i), 0));
        assert_memory_equal(text, "\xf3\xb0\x80", 3);
        assert_true(json_number_value(json_array_get(json_array_get(vocab, i), 1)) < 0);
    }
    json_decref(tree);
}

/* Fails when a pair that makes a piece is not among the merges, or merges are out of the order of ranks. */
static void test_bpe(void **state)
{
    json_t *tree = written("spm-bpe", codes, (const int64_t[]){5, 4, 3}), *model = json_object_get(tree, "model");
    json_t *vocab = json_object_get(model, "vocab"), *merges = json_object_get(model, "merges");
    (void)state;
    assert_string_equal(json_string_value(json_object_get(model, "type")), "BPE");
    assert_int_equal(json_object_size(vocab), 12);
    /* 00; 000 of 00+0; 001 of 00+1; 10; 101 of 10+1: levels 2-3 have no pieces of their own. */
    assert_int_equal(json_array_size(merges), 5);
    json_int_t last = 0;
    for (size_t i = 0; i < json_array_size(merges); i++) {
        char joined[64];
        const json_t *pair = json_array_get(merges, i);
        (void)snprintf(joined, sizeof joined, "%s%s", json_string_value(json_array_get(pair, 0)),
                       json_string_value(json_array_get(pair, 1)));
        json_int_t row = json_integer_value(json_object_get(vocab, joined));
        assert_true(row > last);
        last = row;
    }
    json_decref(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unigram), cmocka_unit_test(test_bpe)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
