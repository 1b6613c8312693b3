/* balanced_greedy.c: balanced k-means as OneRec publishes it (2502.18965, algorithm 1): the codes take turns, each takes
 * the nearest rows that are left, up to its capacity; then centroids are means, and again.
 *
 * Departures: (1) where K does not divide N, the first N mod K codes have room for one more (the paper rounds); (2) equal
 * distances go to the lower row; (3) distances come from products that have the same bits everywhere.
 */
#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "quant/balanced.h"
#include "quant/kmeans_init.h"

/* A row that a code may take. */
typedef struct choice {
    double distance;
    int64_t row;
} choice;

typedef struct greedy {
    sid__lloyd *lloyd;
    sid__products products;
    float *dot;    /* (count, SID__GROUP) one group of codes */
    int64_t *left; /* rows not taken, ascending */
    int64_t left_count;
    bool *is_taken;
    choice *heap; /* the nearest rows so far, the farthest of them first */
    int group;
} greedy;

static bool is_farther(const choice *a, const choice *b)
{
    return a->distance > b->distance || (!(a->distance < b->distance) && a->row > b->row);
}

static void sift_down(choice *heap, int64_t count, choice value)
{
    int64_t at = 0;
    for (int64_t child = 1; child < count; child = 2 * at + 1) {
        child += child + 1 < count && is_farther(&heap[child + 1], &heap[child]);
        if (!is_farther(&heap[child], &value))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

static void sift_up(choice *heap, int64_t at, choice value)
{
    for (; at > 0 && is_farther(&value, &heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = value;
}

static void multiply_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const greedy *g = arg;
    const sid__lloyd *lloyd = g->lloyd;
    (void)worker;
    g->products.kernels->project(lloyd->x + begin * lloyd->dim, (int)(end - begin), lloyd->dim,
                                 g->products.packed + (int64_t)g->group * lloyd->dim * SID__GROUP, 1,
                                 g->dot + begin * SID__GROUP);
}

/* Gives `code` the `room` nearest rows that are left. */
static void take_nearest(greedy *g, int code, int lane, int64_t room)
{
    sid__lloyd *lloyd = g->lloyd;
    int64_t taken = 0, kept = 0;
    for (int64_t i = 0; i < g->left_count; i++) {
        int64_t row = g->left[i];
        choice value = {lloyd->square[row] * g->products.unit - 2 * (double)g->dot[row * SID__GROUP + lane], row};
        if (taken < room)
            sift_up(g->heap, taken++, value);
        else if (room > 0 && is_farther(&g->heap[0], &value))
            sift_down(g->heap, taken, value);
    }
    for (int64_t i = 0; i < taken; i++) {
        lloyd->label[g->heap[i].row] = (uint16_t)code;
        g->is_taken[g->heap[i].row] = true;
    }
    for (int64_t i = 0; i < g->left_count; i++)
        if (!g->is_taken[g->left[i]])
            g->left[kept++] = g->left[i];
    g->left_count = kept;
}

static void fill(sid_ctx *ctx, greedy *g, const int *order)
{
    sid__lloyd *lloyd = g->lloyd;
    int64_t least = lloyd->count / lloyd->codes, spare = lloyd->count % lloyd->codes;
    sid__products_pack(&g->products, lloyd, order);
    g->left_count = lloyd->count;
    for (int64_t i = 0; i < lloyd->count; i++) {
        g->left[i] = i;
        g->is_taken[i] = false;
    }
    for (int turn = 0; turn < lloyd->codes; turn++) {
        g->group = turn / SID__GROUP;
        if (turn % SID__GROUP == 0)
            sid__ctx_for(ctx, lloyd->count, SID__BLOCK_ROWS, multiply_chunk, g);
        take_nearest(g, order[turn], turn % SID__GROUP, least + (order[turn] < spare));
    }
}

static sid_status create(sid_ctx *ctx, sid__lloyd *lloyd, greedy *out, sid_error *err)
{
    size_t rows = (size_t)lloyd->count;
    *out = (greedy){.lloyd = lloyd};
    SID_TRY(sid__products_create(ctx, lloyd, &out->products, err));
    SID_TRY(sid__alloc(&out->dot, rows, SID__GROUP * sizeof(float), "products of rows and codes", err));
    SID_TRY(sid__alloc(&out->left, rows, sizeof *out->left, "rows left", err));
    SID_TRY(sid__alloc(&out->is_taken, rows, sizeof *out->is_taken, "rows left", err));
    return sid__alloc(&out->heap, rows / (size_t)lloyd->codes + 1, sizeof *out->heap, "nearest rows", err);
}

static void drop(greedy *g)
{
    sid__products_drop(&g->products);
    sid__free(g->dot);
    sid__free(g->left);
    sid__free(g->is_taken);
    sid__free(g->heap);
}

sid_status sid__greedy_round(sid_ctx *ctx, sid__lloyd *lloyd, const int *order, sid_error *err)
{
    greedy g;
    sid_status status = create(ctx, lloyd, &g, err);
    if (status == SID_OK)
        fill(ctx, &g, order);
    drop(&g);
    return status;
}

/* The order of turns: as numbered, or a new shuffle every round. */
static void make_order(const sid__greedy_options *options, int round, int codes, int *order)
{
    for (int k = 0; k < codes; k++)
        order[k] = k;
    for (int k = codes - 1; k > 0 && options->is_random; k--) {
        uint64_t draw = (options->index << 48) + ((uint64_t)round << 16) + (uint64_t)k;
        int other = (int)sid__philox_below(options->seed, SID__STREAM_ORDER, draw, (uint64_t)k + 1), swap = order[k];
        order[k] = order[other];
        order[other] = swap;
    }
}

/* Rounds until no label changes; before: scratch, the labels of the round before. */
static sid_status run(sid_ctx *ctx, const sid__greedy_options *options, greedy *g, int *order, uint16_t *before,
                      sid_error *err)
{
    sid__lloyd *lloyd = g->lloyd;
    size_t size = (size_t)lloyd->count * sizeof *before;
    for (int round = 0; round < options->rounds; round++) {
        SID_TRY(sid__ctx_check(ctx, err));
        memcpy(before, lloyd->label, size);
        make_order(options, round, lloyd->codes, order);
        fill(ctx, g, order);
        sid__balanced_means(ctx, lloyd);
        sid__ctx_progress(ctx, options->stage, round + 1, options->rounds, "rounds", (double)NAN);
        if (round > 0 && memcmp(before, lloyd->label, size) == 0)
            break;
    }
    return SID_OK;
}

sid_status sid__greedy_fit(sid_ctx *ctx, const sid__greedy_options *options, sid__lloyd *lloyd, sid_error *err)
{
    greedy g;
    int *order = NULL;
    uint16_t *before = NULL;
    const sid__kmeans_options start = {.init = SID__INIT_RANDOM, .seed = options->seed, .index = options->index};
    sid_status status = create(ctx, lloyd, &g, err);
    if (status == SID_OK)
        status = sid__alloc(&order, (size_t)lloyd->codes, sizeof *order, "the order of codes", err);
    if (status == SID_OK)
        status = sid__alloc(&before, (size_t)lloyd->count, sizeof *before, "labels", err);
    if (status == SID_OK && !options->has_start)
        status = sid__kmeans_start_random(&start, 0, lloyd, err);
    if (status == SID_OK)
        status = run(ctx, options, &g, order, before, err);
    sid__free(order);
    sid__free(before);
    drop(&g);
    return status;
}
