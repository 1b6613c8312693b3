/* test_piece_model.c: a SID cut into pieces. */
#include "pieces_case.h"

enum { LEVELS = 6, K = 3, SYMBOLS = LEVELS * K };

/* Every single code, and `longer` drawn parts, with drawn scores of few different values, so that there are ties. */
static sid__piece_model *drawn_model(const sid_pieces *p, bool is_bpe, int longer, uint64_t draw)
{
    sid__piece *piece = NULL;
    sid__piece_model *model = NULL;
    int64_t count = 1 + SYMBOLS;
    TEST_OK(sid__alloc(&piece, (size_t)(1 + SYMBOLS + longer), sizeof *piece, "pieces", err));
    for (int s = 0; s < SYMBOLS; s++)
        piece[1 + s] = (sid__piece){.score = -4, .first = (uint8_t)(s / K), .length = 1, .codes = {(uint16_t)(s % K)}};
    for (int i = 0; i < longer; i++) {
        uint32_t word[4];
        sid__philox(draw, SID__STREAM_TEST, (uint64_t)i, word);
        sid__piece at = {.length = (uint8_t)(2 + word[0] % (LEVELS - 1))};
        at.first = (uint8_t)(word[1] % (unsigned)(LEVELS - at.length + 1));
        at.score = is_bpe ? -(float)i : -(float)(word[2] % 9) * 0.7F - 3;
        for (int l = 0; l < at.length; l++)
            at.codes[l] = (uint16_t)(word[3] >> 2 * l & 3) % K;
        bool is_new = true;
        for (int64_t j = 1; j < count; j++)
            is_new = is_new && (piece[j].first != at.first || piece[j].length != at.length ||
                                memcmp(piece[j].codes, at.codes, sizeof at.codes) != 0);
        if (is_new)
            piece[count++] = at;
    }
    TEST_OK(sid__piece_model_create(p, is_bpe, piece, count, NULL, &model, err));
    return model;
}

/* The row of levels begin .. end-1, or 0. */
static int64_t find_row(const sid__piece_model *m, const uint16_t *codes, int begin, int end)
{
    for (int64_t i = 1; i < m->count; i++)
        if (m->piece[i].first == begin && m->piece[i].length == end - begin &&
            memcmp(m->piece[i].codes, codes + begin, (size_t)(end - begin) * sizeof *codes) == 0)
            return i;
    return 0;
}

/* The best score of all 2^(levels - 1) cuts, added left to right. */
static float best_of_all(const sid__piece_model *m, const uint16_t *codes)
{
    float best = -1e30F;
    for (unsigned borders = 0; borders < 1U << (LEVELS - 1); borders++) {
        float score = 0;
        int begin = 0;
        bool is_cut = true;
        for (int end = 1; end <= LEVELS && is_cut; end++) {
            if (end < LEVELS && !(borders >> (end - 1) & 1))
                continue;
            int64_t row = find_row(m, codes, begin, end);
            is_cut = row > 0;
            score += m->piece[row].score;
            begin = end;
        }
        if (is_cut && score > best)
            best = score;
    }
    return best;
}

static void take_codes(int i, uint16_t *codes)
{
    for (int l = 0; l < LEVELS; l++, i /= K)
        codes[l] = (uint16_t)(i % K);
}

/* Fails when dynamic programming misses the best of all cuts, or pieces do not stand end to end. */
static void test_unigram_is_brute_force(void **state)
{
    sid_pieces *p = made_pieces("unigram", "", same_codes(K), LEVELS);
    (void)state;
    for (uint64_t draw = 0; draw < 4; draw++) {
        sid__piece_model *m = drawn_model(p, false, 60, draw);
        for (int i = 0; i < 729; i++) {
            uint16_t codes[LEVELS];
            uint64_t rows[LEVELS];
            float score = 0;
            take_codes(i, codes);
            int count = sid__piece_model_encode(m, codes, rows);
            check_cut(m, codes, rows, count);
            for (int r = 0; r < count; r++)
                score += m->piece[rows[r]].score;
            assert_true(!(score < best_of_all(m, codes)) && !(score > best_of_all(m, codes)));
        }
        sid__piece_model_free(m);
    }
    sid_pieces_close(p);
}

/* Fails when of two cuts of one score the one whose last piece begins later is taken. */
static void test_unigram_tie(void **state)
{
    const uint16_t codes[] = {0, 0};
    uint64_t rows[2];
    sid__piece *piece = NULL;
    sid__piece_model *m = NULL;
    sid_pieces *p = made_pieces("unigram", "", same_codes(1), 2);
    (void)state;
    TEST_OK(sid__alloc(&piece, 4, sizeof *piece, "pieces", err));
    piece[1] = (sid__piece){.score = -1, .first = 0, .length = 1};
    piece[2] = (sid__piece){.score = -1, .first = 1, .length = 1};
    piece[3] = (sid__piece){.score = -2, .first = 0, .length = 2};
    TEST_OK(sid__piece_model_create(p, false, piece, 4, NULL, &m, err));
    assert_int_equal(sid__piece_model_encode(m, codes, rows), 1);
    assert_int_equal(rows[0], 3);
    sid__piece_model_free(m);
    sid_pieces_close(p);
}

/* Joins the neighbours of best score, leftmost first, by looking at all of them each time. */
static int join_slowly(const sid__piece_model *m, const uint16_t *codes, uint64_t *rows)
{
    int border[LEVELS + 1], count = LEVELS;
    for (int l = 0; l <= LEVELS; l++)
        border[l] = l;
    for (;;) {
        int best = -1;
        float best_score = 0;
        for (int i = 0; i + 2 <= count; i++) {
            int64_t row = find_row(m, codes, border[i], border[i + 2]);
            if (row > 0 && (best < 0 || m->piece[row].score > best_score)) {
                best = i;
                best_score = m->piece[row].score;
            }
        }
        if (best < 0)
            break;
        memmove(border + best + 1, border + best + 2, (size_t)(count - best - 1) * sizeof *border);
        count--;
    }
    for (int i = 0; i < count; i++)
        rows[i] = (uint64_t)find_row(m, codes, border[i], border[i + 1]);
    return count;
}

/* Fails when neighbours are joined in another order than by score, then from the left. */
static void test_bpe_is_slow_bpe(void **state)
{
    sid_pieces *p = made_pieces("unigram", "", same_codes(K), LEVELS);
    (void)state;
    for (uint64_t draw = 0; draw < 4; draw++) {
        sid__piece_model *m = drawn_model(p, true, 80, draw);
        for (int i = 0; i < 729; i++) {
            uint16_t codes[LEVELS];
            uint64_t rows[LEVELS], expected[LEVELS];
            take_codes(i, codes);
            int count = sid__piece_model_encode(m, codes, rows);
            assert_int_equal(count, join_slowly(m, codes, expected));
            assert_memory_equal(rows, expected, (size_t)count * sizeof *rows);
        }
        sid__piece_model_free(m);
    }
    sid_pieces_close(p);
}

/* Fails when two rows of one piece, or a code without a piece, are accepted. */
static void test_refused(void **state)
{
    sid__piece *piece = NULL;
    sid__piece_model *m = NULL;
    sid_pieces *p = made_pieces("unigram", "", same_codes(1), 2);
    (void)state;
    TEST_OK(sid__alloc(&piece, 3, sizeof *piece, "pieces", err));
    piece[1] = piece[2] = (sid__piece){.length = 1};
    TEST_FAILS(sid__piece_model_create(p, false, piece, 3, "x.model", &m, err), SID_EDATA,
               "piece 2 is the same as piece 1");
    TEST_OK(sid__alloc(&piece, 2, sizeof *piece, "pieces", err));
    piece[1] = (sid__piece){.length = 1};
    TEST_FAILS(sid__piece_model_create(p, false, piece, 2, "x.model", &m, err), SID_EDATA,
               "code 0 of level 2 is no piece");
    for (int after = 0; after < 5; after++) {
        TEST_OK(sid__alloc(&piece, 2, sizeof *piece, "pieces", err));
        sid__mem_fail(after, 1);
        sid_status status = sid__piece_model_create(p, false, piece, 2, NULL, &m, NULL);
        sid__mem_fail(-1, 0);
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__piece_model_free(NULL);
    sid_pieces_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unigram_is_brute_force),
                                       cmocka_unit_test(test_unigram_tie), cmocka_unit_test(test_bpe_is_slow_bpe),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
