/* pieces_case.h: pieces and rows in one call, for the tests of src/pieces. */
#ifndef SEMID_PIECES_CASE_H
#define SEMID_PIECES_CASE_H

#include "base/philox.h"
#include "pieces/piece_corpus.h"
#include "pieces/piece_model.h"
#include "test.h"

static sid_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sid_ctx_free(ctx);
    return 0;
}

/* K of every level, for those who want it equal. */
static inline const int *same_codes(int k)
{
    static int codes[SID_LEVELS_MAX];
    for (int l = 0; l < SID_LEVELS_MAX; l++)
        codes[l] = k;
    return codes;
}

/* Pieces of a scheme that learns nothing. */
static inline sid_pieces *made_pieces(const char *scheme, const char *options, const int *codes, int levels)
{
    sid_pieces *p = NULL;
    TEST_OK(sid_pieces_train(
        ctx, &(sid_pieces_options){.scheme = scheme, .options = options, .codes = codes, .levels = levels}, NULL, NULL,
        NULL, 0, &p, err));
    return p;
}

/* SIDs whose codes depend on each other, low codes more often; every draw is Philox's. */
static inline uint16_t *made_codes(int64_t count, int levels, int k)
{
    uint16_t *codes = calloc((size_t)count * (size_t)levels, sizeof *codes);
    for (int64_t i = 0; i < count; i++) {
        uint16_t *row = codes + i * levels;
        for (int l = 0; l < levels; l++) {
            double u = sid__philox_uniform(11, SID__STREAM_TEST, (uint64_t)(i * levels + l));
            int step = (int)(u * u * u * k);
            row[l] = (uint16_t)((step + (l > 0 ? row[l - 1] * 7 : 0)) % k);
        }
    }
    return codes;
}

/* Pieces that learned from codes (count, levels). */
static inline sid_pieces *trained(const char *scheme, const char *options, const int *codes_of, int levels,
                                  const uint16_t *codes, const int64_t *weights, int64_t count)
{
    sid_pieces *p = NULL;
    TEST_OK(sid_pieces_train(
        ctx, &(sid_pieces_options){.scheme = scheme, .options = options, .codes = codes_of, .levels = levels}, codes,
        weights, NULL, count, &p, err));
    return p;
}

/* Fails unless rows (count) are pieces that stand end to end and are the SID. */
static inline void check_cut(const sid__piece_model *model, const uint16_t *codes, const uint64_t *rows, int count)
{
    int at = 0;
    for (int i = 0; i < count; i++) {
        assert_true(rows[i] > 0 && (int64_t)rows[i] < model->count);
        const sid__piece *piece = &model->piece[rows[i]];
        assert_int_equal(piece->first, at);
        assert_memory_equal(piece->codes, codes + at, piece->length * sizeof *codes);
        at += piece->length;
    }
    assert_int_equal(at, model->levels);
}

#endif
