/* piece_lattice.c: see piece_lattice.h. Two passes of expectations and one of best cuts a round, some twenty rounds. */
#include "pieces/piece_lattice.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum { EDGES_MAX = SID__SPANS_MAX + SID_PIECE_LEVELS_MAX };

/* One SID, or a block of it, with its pieces. */
typedef struct lattice_row {
    int64_t weight;
    uint32_t item;
    int first, length; /* levels */
    int edges;
    uint32_t piece[EDGES_MAX];
    uint8_t place[EDGES_MAX]; /* first << 4 | length - 1, first from row.first */
} lattice_row;

/* ---- Blocks ---- */

static sid_status grow_blocks(sid__blocks *b, const lattice_row *row, sid_error *err)
{
    int64_t blocks = b->count + 1, edges = b->edge_count + row->edges;
    SID_TRY(sid__grow(&b->weight, &b->room_weight, blocks, sizeof *b->weight, "blocks of SIDs", err));
    SID_TRY(sid__grow(&b->item, &b->room_item, blocks, sizeof *b->item, "blocks of SIDs", err));
    SID_TRY(sid__grow(&b->first, &b->room_first, blocks, sizeof *b->first, "blocks of SIDs", err));
    SID_TRY(sid__grow(&b->length, &b->room_length, blocks, sizeof *b->length, "blocks of SIDs", err));
    SID_TRY(sid__grow(&b->edge_end, &b->room_end, blocks, sizeof *b->edge_end, "blocks of SIDs", err));
    SID_TRY(sid__grow(&b->piece, &b->room_piece, edges, sizeof *b->piece, "pieces of blocks", err));
    return sid__grow(&b->place, &b->room_place, edges, sizeof *b->place, "pieces of blocks", err);
}

static void drop_blocks(sid__blocks *b)
{
    sid__free(b->weight);
    sid__free(b->item);
    sid__free(b->first);
    sid__free(b->length);
    sid__free(b->edge_end);
    sid__free(b->piece);
    sid__free(b->place);
    *b = (sid__blocks){0};
}

/* Levels begin .. end-1 of the row, which no piece crosses the borders of, as a block. */
static sid_status add_block(sid__lattice *lattice, const lattice_row *row, int begin, int end, sid_error *err)
{
    const sid__piece_corpus *c = lattice->corpus;
    sid__blocks *b = &lattice->blocks;
    int first = row->first + begin;
    uint32_t node = c->node[(int64_t)row->item * c->span_count + c->span_of[first][end - begin]];
    if (lattice->block_of[node] != 0) {
        b->weight[lattice->block_of[node] - 1] += row->weight;
        return SID_OK;
    }
    SID_TRY(grow_blocks(b, row, err));
    for (int e = 0; e < row->edges; e++) {
        int at = row->place[e] >> 4, length = row->place[e] & 15;
        if (at < begin || at + length >= end)
            continue;
        b->piece[b->edge_count] = row->piece[e];
        b->place[b->edge_count++] = (uint8_t)((at - begin) << 4 | length);
    }
    b->weight[b->count] = row->weight;
    b->item[b->count] = row->item;
    b->first[b->count] = (uint8_t)first;
    b->length[b->count] = (uint8_t)(end - begin);
    b->edge_end[b->count++] = b->edge_count;
    lattice->block_of[node] = (uint32_t)b->count;
    return SID_OK;
}

/* Cuts the row where no piece crosses, and adds what is left. */
static sid_status add_row(sid__lattice *lattice, const lattice_row *row, sid_error *err)
{
    const sid__piece_corpus *c = lattice->corpus;
    unsigned crossed = 0; /* bit l: a piece crosses the border before level l of the row */
    for (int e = 0; e < row->edges; e++) {
        int first = row->place[e] >> 4, more = row->place[e] & 15;
        crossed |= ((1U << more) - 1) << (first + 1);
    }
    for (int begin = 0, end; begin < row->length; begin = end) {
        for (end = begin + 1; end < row->length && (crossed >> end & 1); end++)
            ;
        if (end - begin > 1) {
            SID_TRY(add_block(lattice, row, begin, end, err));
            continue;
        }
        int level = row->first + begin;
        lattice->alone[c->symbol_begin[level] + c->codes[(int64_t)row->item * c->levels + level]] += row->weight;
    }
    return SID_OK;
}

static void forget_nodes(sid__lattice *lattice)
{
    const sid__piece_corpus *c = lattice->corpus;
    const sid__blocks *b = &lattice->blocks;
    for (int64_t i = 0; i < b->count; i++)
        lattice->block_of[c->node[(int64_t)b->item[i] * c->span_count + c->span_of[b->first[i]][b->length[i]]]] = 0;
}

static void take_item(const sid__piece_corpus *c, const sid__live_pieces *live, int64_t item, lattice_row *row)
{
    const uint32_t *node = c->node + item * c->span_count;
    const uint16_t *codes = c->codes + item * c->levels;
    row->weight = c->weight[item];
    row->item = (uint32_t)item;
    row->length = c->levels;
    row->edges = 0;
    for (int end = 1; end <= c->levels; end++) {
        for (int first = 0; first + 1 < end; first++) {
            uint32_t piece = live->of_node[node[c->span_of[first][end - first]]];
            if (piece == 0)
                continue;
            row->piece[row->edges] = piece;
            row->place[row->edges++] = (uint8_t)(first << 4 | (end - first - 1));
        }
        row->piece[row->edges] = (uint32_t)(c->symbol_begin[end - 1] + codes[end - 1]);
        row->place[row->edges++] = (uint8_t)((end - 1) << 4);
    }
}

sid_status sid__lattice_create(const sid__piece_corpus *corpus, const sid__live_pieces *live, sid__lattice *out,
                               sid_error *err)
{
    sid__lattice lattice = {.corpus = corpus};
    lattice_row row = {0};
    sid_status status = sid__alloc(&lattice.alone, (size_t)corpus->symbol_begin[corpus->levels], sizeof(int64_t),
                                   "weights of codes", err);
    if (status == SID_OK)
        status = sid__alloc(&lattice.block_of, (size_t)sid__piece_node_count(corpus), sizeof(uint32_t),
                            "blocks by part", err);
    for (int64_t i = 0; status == SID_OK && i < corpus->count; i++) {
        take_item(corpus, live, i, &row);
        status = add_row(&lattice, &row, err);
    }
    if (status != SID_OK) {
        sid__lattice_drop(&lattice);
        return status;
    }
    forget_nodes(&lattice);
    *out = lattice;
    return SID_OK;
}

/* What is left of block i. */
static void take_block(const sid__blocks *b, int64_t i, const uint32_t *renamed, int symbols, lattice_row *row)
{
    row->weight = b->weight[i];
    row->item = b->item[i];
    row->first = b->first[i];
    row->length = b->length[i];
    row->edges = 0;
    for (int64_t e = i > 0 ? b->edge_end[i - 1] : 0; e < b->edge_end[i]; e++) {
        uint32_t piece = renamed[b->piece[e]];
        if (piece == 0 && b->piece[e] >= (uint32_t)symbols)
            continue;
        row->piece[row->edges] = piece;
        row->place[row->edges++] = b->place[e];
    }
}

sid_status sid__lattice_shrink(sid__lattice *lattice, const uint32_t *renamed, int symbols, sid_error *err)
{
    sid__blocks old = lattice->blocks;
    lattice_row row = {0};
    sid_status status = SID_OK;
    lattice->blocks = (sid__blocks){0};
    for (int64_t i = 0; status == SID_OK && i < old.count; i++) {
        take_block(&old, i, renamed, symbols, &row);
        status = add_row(lattice, &row, err);
    }
    forget_nodes(lattice);
    drop_blocks(&old);
    return status;
}

void sid__lattice_drop(sid__lattice *lattice)
{
    drop_blocks(&lattice->blocks);
    sid__free(lattice->alone);
    sid__free(lattice->block_of);
    *lattice = (sid__lattice){0};
}

/* ---- Passes ---- */

typedef struct pass_job {
    const sid__lattice *lattice;
    sid__live_pieces *live;
    double *expected; /* (chunks, count) */
    int64_t *used;    /* (chunks, count) */
} pass_job;

static int64_t chunk_begin(const sid__blocks *b, int64_t chunk)
{
    return b->count * chunk / SID__LATTICE_CHUNKS;
}

/* Adds the chances of all cuts that a piece is in, for the pieces of a block, to `expected`. */
static void expect_block(const sid__blocks *b, int64_t block, const double *chance, double *expected)
{
    double before[SID_PIECE_LEVELS_MAX + 1] = {1}, after[SID_PIECE_LEVELS_MAX + 1] = {0};
    int64_t begin = block > 0 ? b->edge_end[block - 1] : 0, end = b->edge_end[block];
    int length = b->length[block];
    for (int64_t e = begin; e < end; e++) {
        int from = b->place[e] >> 4, to = from + (b->place[e] & 15) + 1;
        before[to] += before[from] * chance[b->piece[e]];
    }
    after[length] = (double)b->weight[block] / before[length];
    for (int64_t e = end - 1; e >= begin; e--) {
        int from = b->place[e] >> 4, to = from + (b->place[e] & 15) + 1;
        double share = chance[b->piece[e]] * after[to];
        after[from] += share;
        expected[b->piece[e]] += before[from] * share;
    }
}

static void expect_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const pass_job *job = arg;
    const sid__blocks *b = &job->lattice->blocks;
    (void)worker;
    for (int64_t chunk = begin; chunk < end; chunk++) {
        double *expected = job->expected + chunk * job->live->count;
        memset(expected, 0, (size_t)job->live->count * sizeof *expected);
        for (int64_t i = chunk_begin(b, chunk); i < chunk_begin(b, chunk + 1); i++)
            expect_block(b, i, job->live->chance, expected);
    }
}

static void add_expected(void *arg, int64_t begin, int64_t end, int worker)
{
    const pass_job *job = arg;
    sid__live_pieces *live = job->live;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double sum = i < live->symbols ? (double)job->lattice->alone[i] : 0;
        for (int64_t chunk = 0; chunk < SID__LATTICE_CHUNKS; chunk++)
            sum += job->expected[chunk * live->count + i];
        live->expected[i] = sum;
    }
}

enum { ADD_GRAIN = 16384 };

void sid__lattice_expect(const sid__lattice *lattice, sid__live_pieces *live, double *scratch)
{
    pass_job job = {.lattice = lattice, .live = live, .expected = scratch};
    sid__ctx_for(lattice->corpus->ctx, SID__LATTICE_CHUNKS, 1, expect_chunk, &job);
    sid__ctx_for(lattice->corpus->ctx, live->count, ADD_GRAIN, add_expected, &job);
}

static void best_block(const sid__blocks *b, int64_t block, const double *score, int64_t *used)
{
    double best[SID_PIECE_LEVELS_MAX + 1];
    int64_t last[SID_PIECE_LEVELS_MAX + 1] = {0}; /* single codes are pieces: every place is reached */
    int64_t begin = block > 0 ? b->edge_end[block - 1] : 0, end = b->edge_end[block];
    int length = b->length[block];
    best[0] = 0;
    for (int l = 1; l <= length; l++)
        best[l] = -(double)INFINITY;
    for (int64_t e = begin; e < end; e++) {
        int from = b->place[e] >> 4, to = from + (b->place[e] & 15) + 1;
        double whole = best[from] + score[b->piece[e]];
        if (whole > best[to]) {
            best[to] = whole;
            last[to] = e;
        }
    }
    for (int l = length; l > 0; l = b->place[last[l]] >> 4)
        used[b->piece[last[l]]] += b->weight[block];
}

static void best_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const pass_job *job = arg;
    const sid__blocks *b = &job->lattice->blocks;
    (void)worker;
    for (int64_t chunk = begin; chunk < end; chunk++) {
        int64_t *used = job->used + chunk * job->live->count;
        memset(used, 0, (size_t)job->live->count * sizeof *used);
        for (int64_t i = chunk_begin(b, chunk); i < chunk_begin(b, chunk + 1); i++)
            best_block(b, i, job->live->score, used);
    }
}

static void add_used(void *arg, int64_t begin, int64_t end, int worker)
{
    const pass_job *job = arg;
    sid__live_pieces *live = job->live;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t sum = i < live->symbols ? job->lattice->alone[i] : 0;
        for (int64_t chunk = 0; chunk < SID__LATTICE_CHUNKS; chunk++)
            sum += job->used[chunk * live->count + i];
        live->used[i] = sum;
    }
}

void sid__lattice_best(const sid__lattice *lattice, sid__live_pieces *live, int64_t *scratch)
{
    pass_job job = {.lattice = lattice, .live = live, .used = scratch};
    sid__ctx_for(lattice->corpus->ctx, SID__LATTICE_CHUNKS, 1, best_chunk, &job);
    sid__ctx_for(lattice->corpus->ctx, live->count, ADD_GRAIN, add_used, &job);
}
