/* test_piece_bpe.c: learning spm-bpe. */
#include "pieces_case.h"

static void check_piece(const sid__piece_model *m, int64_t row, int first, int length, const uint16_t *codes)
{
    assert_int_equal(m->piece[row].first, first);
    assert_int_equal(m->piece[row].length, length);
    assert_memory_equal(m->piece[row].codes, codes, (size_t)length * sizeof *codes);
    assert_true(m->piece[row].score <= 1 - (float)row && m->piece[row].score >= 1 - (float)row);
}
#define CODES(...) ((const uint16_t[]){__VA_ARGS__})

/* Fails when the order of merges is not the specification's: weights, ties, joined pieces. */
static void test_golden(void **state)
{
    const uint16_t codes[] = {0, 0, 0, 0, 0, 1, 1, 0, 1};
    (void)state;
    sid_pieces *p = trained("spm-bpe", "rows=100", same_codes(2), 3, codes, ((const int64_t[]){5, 4, 3}), 3);
    assert_int_equal(p->model->count, 1 + 5 + 6);
    check_piece(p->model, 1, 0, 2, CODES(0, 0));
    check_piece(p->model, 2, 0, 3, CODES(0, 0, 0));
    check_piece(p->model, 3, 0, 3, CODES(0, 0, 1));
    check_piece(p->model, 4, 0, 2, CODES(1, 0));
    check_piece(p->model, 5, 0, 3, CODES(1, 0, 1));
    check_piece(p->model, 6, 0, 1, CODES(0));
    check_piece(p->model, 11, 2, 1, CODES(1));
    sid_pieces_close(p);
}

/* ---- Beside a slow trainer ---- */

enum { COUNT = 300, LEVELS = 5, K = 4, VOCABULARY = 90 };

typedef struct slow {
    const uint16_t *codes;
    const int64_t *weights;
    unsigned borders[COUNT]; /* bit l: before level l */
    sid__piece piece[VOCABULARY];
    int pieces;
} slow;

static int parts_of(unsigned borders, int *at)
{
    int count = 0;
    for (int l = 1; l < LEVELS; l++)
        if (borders >> l & 1)
            at[++count] = l;
    at[0] = 0;
    at[++count] = LEVELS;
    return count;
}

static sid__piece part(const slow *s, int item, int begin, int end)
{
    sid__piece piece = {.first = (uint8_t)begin, .length = (uint8_t)(end - begin)};
    memcpy(piece.codes, s->codes + item * LEVELS + begin, (size_t)(end - begin) * sizeof *piece.codes);
    return piece;
}

static bool is_same(const sid__piece *a, const sid__piece *b)
{
    return a->first == b->first && a->length == b->length && memcmp(a->codes, b->codes, sizeof a->codes) == 0;
}

static int64_t weight_of(const slow *s, const sid__piece *wanted)
{
    int64_t sum = 0;
    for (int i = 0; i < COUNT; i++) {
        int at[LEVELS + 1], count = parts_of(s->borders[i], at);
        for (int j = 0; j + 2 <= count; j++) {
            sid__piece joined = part(s, i, at[j], at[j + 2]);
            sum += is_same(&joined, wanted) ? s->weights[i] : 0;
        }
    }
    return sum;
}

static bool goes_before(const sid__piece *a, int64_t weight_a, const sid__piece *b, int64_t weight_b)
{
    if (weight_a != weight_b)
        return weight_a > weight_b;
    if (a->length != b->length)
        return a->length < b->length;
    if (a->first != b->first)
        return a->first < b->first;
    for (int l = 0; l < a->length; l++)
        if (a->codes[l] != b->codes[l])
            return a->codes[l] < b->codes[l];
    return false;
}

static int64_t choose(const slow *s, sid__piece *best)
{
    int64_t best_weight = 0;
    for (int i = 0; i < COUNT; i++) {
        int at[LEVELS + 1], count = parts_of(s->borders[i], at);
        for (int j = 0; j + 2 <= count; j++) {
            sid__piece joined = part(s, i, at[j], at[j + 2]);
            int64_t weight = weight_of(s, &joined);
            if (best_weight == 0 || goes_before(&joined, weight, best, best_weight)) {
                *best = joined;
                best_weight = weight;
            }
        }
    }
    return best_weight;
}

static int known(const slow *s, const sid__piece *piece)
{
    for (int i = 0; i < s->pieces; i++)
        if (is_same(&s->piece[i], piece))
            return i;
    return -1;
}

/* Joins known pieces in a SID, the oldest first, then leftmost. */
static void settle(slow *s, int item)
{
    for (;;) {
        int at[LEVELS + 1], count = parts_of(s->borders[item], at), best = -1, rank = VOCABULARY;
        for (int j = 0; j + 2 <= count; j++) {
            sid__piece joined = part(s, item, at[j], at[j + 2]);
            int found = known(s, &joined);
            if (found >= 0 && found < rank) {
                rank = found;
                best = at[j + 1];
            }
        }
        if (best < 0)
            return;
        s->borders[item] &= ~(1U << best);
    }
}

/* Fails when the heap, the runs or the weights that are kept up lose a pair, or a SID ends in another state than encoding gives. */
static void test_is_slow_trainer(void **state)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    int64_t weights[COUNT];
    static slow s;
    sid__piece best = {0};
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        weights[i] = 1 + i % 3;
        s.borders[i] = 0xff;
    }
    s.codes = codes;
    s.weights = weights;
    sid_pieces *p = trained("spm-bpe", "rows=90", same_codes(K), LEVELS, codes, weights, COUNT);
    while (s.pieces < VOCABULARY - 1 - LEVELS * K && choose(&s, &best) >= 2) {
        s.piece[s.pieces++] = best;
        check_piece(p->model, s.pieces, best.first, best.length, best.codes);
        for (int i = 0; i < COUNT; i++)
            settle(&s, i);
    }
    assert_int_equal(p->model->count, 1 + s.pieces + LEVELS * K);
    for (int i = 0; i < COUNT; i++) {
        uint64_t rows[LEVELS];
        int at[LEVELS + 1], count = parts_of(s.borders[i], at);
        assert_int_equal(sid__piece_model_encode(p->model, codes + i * LEVELS, rows), count);
        for (int j = 0; j < count; j++)
            assert_int_equal(p->model->piece[rows[j]].length, at[j + 1] - at[j]);
    }
    sid_pieces_close(p);
    free(codes);
}

/* Fails when SIDs of one level, or V that leaves no room, cannot be learned from. */
static void test_edges(void **state)
{
    const uint16_t codes[] = {0, 1, 1};
    sid_pieces *p = trained("spm-bpe", "rows=3", same_codes(2), 1, codes, NULL, 3);
    (void)state;
    assert_int_equal(p->model->count, 3);
    sid_pieces_close(p);
    p = trained("spm-bpe", "rows=7", same_codes(2), 3, codes, ((const int64_t[]){9}), 1);
    assert_int_equal(p->model->count, 7);
    sid_pieces_close(p);
    TEST_FAILS(sid_pieces_train(
                   ctx,
                   &(sid_pieces_options){.scheme = "spm-bpe", .options = "rows=6", .codes = same_codes(2), .levels = 3},
                   codes, NULL, NULL, 1, &p, err),
               SID_EUSAGE, "the levels have 6 codes, each a piece, and <unk> has a row too: 7 or more");
    TEST_FAILS(sid_pieces_train(ctx, &(sid_pieces_options){.scheme = "spm-bpe", .codes = same_codes(2), .levels = 17},
                                codes, NULL, NULL, 1, &p, err),
               SID_EUSAGE, "1 to 16 levels");
    TEST_FAILS(sid_pieces_train(ctx, &(sid_pieces_options){.scheme = "spm-bpe", .codes = same_codes(2), .levels = 3},
                                codes, ((const int64_t[]){0}), NULL, 1, &p, err),
               SID_EDATA, "none of 1 items");
    TEST_FAILS(
        sid_pieces_train(ctx,
                         &(sid_pieces_options){
                             .scheme = "spm-bpe", .options = "rows=1000000", .codes = same_codes(65536), .levels = 3},
                         codes, NULL, NULL, 1, &p, err),
        SID_EUSAGE, "at most 131068");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_is_slow_trainer),
                                       cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
