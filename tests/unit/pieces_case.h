/* pieces_case.h: pieces and rows in one call, for the tests of src/pieces. */
#ifndef SEMID_PIECES_CASE_H
#define SEMID_PIECES_CASE_H

#include "pieces/pieces.h"
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

#endif
