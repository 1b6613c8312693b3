/* test_piece_corpus.c: every part of every SID, counted. */
#include "pieces_case.h"

enum { COUNT = 600, LEVELS = 4, K = 5 };

/* The weight of the SIDs that have these codes from level `first` on. */
static int64_t weight_of(const uint16_t *codes, const int64_t *weights, const uint8_t *known, int first, int length,
                         const uint16_t *part)
{
    int64_t sum = 0;
    for (int i = 0; i < COUNT; i++)
        if (known[i] && memcmp(codes + i * LEVELS + first, part, (size_t)length * sizeof *part) == 0)
            sum += weights[i];
    return sum;
}

static void check_node(const sid__piece_corpus *c, int span, uint32_t node, const uint16_t *codes,
                       const int64_t *weights, const uint8_t *known)
{
    const sid__span at = c->span[span];
    int64_t begin, end, sum = 0;
    sid__piece piece = sid__piece_of_node(c, node, 1);
    assert_int_equal(sid__piece_node_span(c, node), span);
    assert_int_equal(piece.first, at.first);
    assert_int_equal(piece.length, at.length);
    assert_int_equal(c->node_weight[node], weight_of(codes, weights, known, at.first, at.length, piece.codes));
    if ((int64_t)node > c->node_begin[span]) {
        sid__piece before = sid__piece_of_node(c, node - 1, 1);
        int difference = 0;
        for (int l = 0; l < at.length && difference == 0; l++)
            difference = before.codes[l] - piece.codes[l];
        assert_true(difference < 0);
    }
    sid__piece_node_run(c, node, span, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        uint32_t item = c->order[at.first * c->count + i];
        assert_int_equal(c->node[(int64_t)item * c->span_count + span], node);
        sum += c->weight[item];
    }
    assert_int_equal(sum, c->node_weight[node]);
}

/* Fails when a part is counted wrongly, has two numbers, is out of order or its run lacks a SID. */
static void test_counts(void **state)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    int64_t weights[COUNT], nodes = 0;
    uint8_t known[COUNT];
    sid__piece_corpus c;
    sid_pieces *p = made_pieces("unigram", "", same_codes(K), LEVELS);
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        weights[i] = i % 4;
        known[i] = i % 7 != 0;
    }
    TEST_OK(sid__piece_corpus_create(p, codes, weights, known, COUNT, &c, err));
    for (int x = 0; x < c.span_count; x++)
        for (int64_t n = c.node_begin[x]; n < c.node_begin[x + 1]; n++, nodes++)
            check_node(&c, x, (uint32_t)n, codes, weights, known);
    assert_int_equal(nodes, sid__piece_node_count(&c));
    for (int s = 0; s < LEVELS * K; s++) {
        sid__piece piece = sid__piece_of_symbol(&c, s, 0);
        assert_int_equal(c.symbol_weight[s], weight_of(codes, weights, known, piece.first, 1, piece.codes));
    }
    sid__piece_corpus_drop(&c);
    sid_pieces_close(p);
    free(codes);
}

/* Fails when SIDs are not distinct and rising, or those without weight or SID are there. */
static void test_distinct(void **state)
{
    const uint16_t codes[] = {3, 1, 0, 0, 3, 1, 2, 2, 9, 9};
    const int64_t weights[] = {2, 0, 5, 1, 1};
    const uint8_t known[] = {1, 1, 1, 1, 0};
    sid__piece_corpus c;
    (void)state;
    sid_pieces *p = made_pieces("unigram", "", same_codes(4), 2);
    TEST_OK(sid__piece_corpus_create(p, codes, weights, known, 5, &c, err));
    assert_int_equal(c.count, 2);
    assert_memory_equal(c.codes, ((uint16_t[]){2, 2, 3, 1}), 4 * sizeof *codes);
    assert_memory_equal(c.weight, ((int64_t[]){1, 7}), 2 * sizeof *weights);
    sid__piece_corpus_drop(&c);
    TEST_FAILS(sid__piece_corpus_create(p, codes, ((const int64_t[]){INT64_C(1) << 53, 1}), NULL, 2, &c, err),
               SID_EDATA, "9007199254740992");
    sid_pieces_close(p);
}

/* Fails when memory is taken without asking the limit, or is not given back. */
static void test_limit(void **state)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    sid__piece_corpus c;
    sid_pieces *p = made_pieces("unigram", "", same_codes(K), LEVELS);
    (void)state;
    sid_ctx_set_memory_limit(ctx, 1000);
    TEST_FAILS(sid__piece_corpus_create(p, codes, NULL, NULL, COUNT, &c, err), SID_ENOMEM, "parts of SIDs");
    sid_ctx_set_memory_limit(ctx, 1 << 20);
    for (int i = 0; i < 100; i++) {
        TEST_OK(sid__piece_corpus_create(p, codes, NULL, NULL, COUNT, &c, err));
        sid__piece_corpus_drop(&c);
    }
    sid_ctx_set_memory_limit(ctx, 0);
    sid_pieces_close(p);
    free(codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_distinct),
                                       cmocka_unit_test(test_limit)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
