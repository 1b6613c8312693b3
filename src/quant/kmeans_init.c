/* kmeans_init.c: where Lloyd starts: the choice, and the plain start on distinct seeded rows. */
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "quant/kmeans_init.h"

enum { DRAWS_A_LEVEL_LOG2 = 40, DRAWS_AN_ATTEMPT_LOG2 = 32 };

/* Counter of draw `draw` of start `attempt` of k-means `options->index`: no two uses meet. */
uint64_t sid__kmeans_draw(const sid__kmeans_options *options, uint64_t attempt, uint64_t draw)
{
    return (options->index << DRAWS_A_LEVEL_LOG2) + (attempt << DRAWS_AN_ATTEMPT_LOG2) + draw;
}

static int by_index(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* `wanted` distinct rows of `count`, ascending, by a partial Fisher-Yates shuffle. All of them, then repeats of row 0,
 * when there are fewer. */
static sid_status draw_rows(const sid__kmeans_options *options, uint64_t attempt, int64_t count, int wanted,
                            int64_t *row, sid_error *err)
{
    int64_t *deck = NULL;
    SID_TRY(sid__alloc(&deck, (size_t)count, sizeof *deck, "rows to draw from", err));
    for (int64_t i = 0; i < count; i++)
        deck[i] = i;
    int distinct = wanted < count ? wanted : (int)count;
    for (int i = 0; i < distinct; i++) {
        uint64_t pick = sid__philox_below(options->seed, SID__STREAM_INIT,
                                          sid__kmeans_draw(options, attempt, (uint64_t)i), (uint64_t)(count - i));
        int64_t swap = deck[i + (int64_t)pick];
        deck[i + (int64_t)pick] = deck[i];
        row[i] = deck[i] = swap;
    }
    sid__free(deck);
    qsort(row, (size_t)distinct, sizeof *row, by_index);
    for (int i = distinct; i < wanted; i++)
        row[i] = 0;
    return SID_OK;
}

sid_status sid__kmeans_start_random(const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                                    sid_error *err)
{
    int64_t *row = NULL;
    SID_TRY(sid__alloc(&row, (size_t)lloyd->codes, sizeof *row, "start rows", err));
    sid_status status = draw_rows(options, attempt, lloyd->count, lloyd->codes, row, err);
    for (int k = 0; k < lloyd->codes && status == SID_OK; k++)
        memcpy(sid__codebook_code(&lloyd->book) + (int64_t)k * lloyd->dim, lloyd->x + row[k] * lloyd->dim,
               (size_t)lloyd->dim * sizeof(float));
    sid__free(row);
    return status;
}

sid_status sid__kmeans_start(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                             sid_error *err)
{
    switch (options->init) {
    case SID__INIT_PROGRESSIVE:
        return sid__kmeans_start_progressive(ctx, options, attempt, lloyd, err);
    case SID__INIT_GREEDY:
        return sid__kmeans_start_greedy(ctx, options, attempt, lloyd, err);
    case SID__INIT_RANDOM:
        return sid__kmeans_start_random(options, attempt, lloyd, err);
    }
    return sid__fail(err, SID_EINTERNAL, "unknown k-means start");
}
