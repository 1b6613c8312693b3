/* piece_unigram.c: learning spm-unigram: from a million parts of SIDs, those that together make all SIDs likeliest (Kudo, "Subword
 * Regularization", arXiv:1804.10959; the steps are SentencePiece's).
 *
 * Departures: (1) parts are counted exactly, so that seeds come from all of them and not from those that a suffix array finds; (2) weights count in seeding too, and whole SIDs, which are distinct here, are seeds only as far as V rows could hold them:
 * with all of them every SID is best written as itself, and what SIDs share dies in the first rounds; (3) single codes always stay, as pieces of their own; (4) parts that no best cut has go
 * at once, but no more of them than leave 1.1 V: that saves rounds.
 *
 * Sums are made in eight chunks of blocks, in order, so that threads do not matter.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "linalg/scalar.h"
#include "pieces/piece_model.h"
#include "pieces/piece_prune.h"
#include "sid/sort_rows.h"

enum { SEEDS_MOST = 1000000, PASSES = 2 /* of expectation and maximisation a round */, SCORE_GRAIN = 8192 };

typedef struct unigram {
    const sid_pieces *p;
    const sid__piece_corpus *corpus;
    sid__live_pieces live;
    sid__lattice lattice;
    union {
        double *expected;
        int64_t *used;
    } scratch; /* (chunks, live.count at first) */
    sid__piece_loss *loss;
    uint32_t *renamed;
    size_t reserved_size;
} unigram;

/* ---- Seeds ---- */

/* What may become a piece: a part that two SIDs or more have, and a whole SID. A part of one SID alone is worth less than the
 * whole of it. */
typedef enum seed_class { SEED_SHARED, SEED_WHOLE } seed_class;

/* Weight x length; 0: not of the class. A weight of 1 makes no seed: it cannot be seen twice. */
static int64_t seed_value(const sid__piece_corpus *c, seed_class class, int span, int64_t node)
{
    const sid__span levels = c->span[span];
    int64_t begin, end;
    if (c->node_weight[node] < 2 || (levels.length == c->levels) != (class == SEED_WHOLE))
        return 0;
    sid__piece_node_run(c, (uint32_t)node, span, &begin, &end);
    return class == SEED_SHARED && end - begin < 2 ? 0 : c->node_weight[node] * levels.length;
}

/* Nodes by 16 bits of their value, of those whose higher bits are `high`. */
static void count_values(const sid__piece_corpus *c, seed_class class, int shift, int64_t high, int64_t *bin)
{
    memset(bin, 0, 65536 * sizeof *bin);
    for (int x = 0; x < c->span_count; x++)
        for (int64_t n = c->node_begin[x]; n < c->node_begin[x + 1]; n++) {
            int64_t value = seed_value(c, class, x, n);
            if (value > 0 && (shift == 48 || value >> (shift + 16) == high))
                bin[value >> shift & 65535]++;
        }
}

/* A class of seeds: all of a value above the threshold, and the first `equal` of those that have it. */
typedef struct seed_limit {
    int64_t threshold, equal, count;
} seed_limit;

/* The `wanted` of largest value. */
static void find_limit(const sid__piece_corpus *c, seed_class class, int64_t wanted, int64_t *bin, seed_limit *out)
{
    int64_t high = 0, more = 0, all = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        int at = 65535;
        count_values(c, class, shift, high, bin);
        for (int i = 0; shift == 48 && i < 65536; i++)
            all += bin[i];
        if (all <= wanted) {
            *out = (seed_limit){.threshold = 0, .count = all};
            return;
        }
        while (more + bin[at] < wanted)
            more += bin[at--];
        high = high << 16 | at;
    }
    *out = (seed_limit){.threshold = high, .equal = wanted - more, .count = wanted};
}

static bool is_seed(seed_limit *limit, int64_t value)
{
    return value > limit->threshold || (value > 0 && value == limit->threshold && limit->equal-- > 0);
}

/* By (level, length, codes). */
static void take_seeds(unigram *u, seed_limit limit[2])
{
    const sid__piece_corpus *c = u->corpus;
    sid__live_pieces *live = &u->live;
    for (int first = 0; first < c->levels; first++)
        for (int length = 2; first + length <= c->levels; length++) {
            int x = c->span_of[first][length];
            seed_class class = length == c->levels ? SEED_WHOLE : SEED_SHARED;
            for (int64_t n = c->node_begin[x]; n < c->node_begin[x + 1]; n++) {
                int64_t value = seed_value(c, class, x, n);
                if (!is_seed(&limit[class], value))
                    continue;
                live->of_node[n] = (uint32_t)live->count;
                live->node[live->count] = (uint32_t)n;
                live->expected[live->count++] = (double)value;
            }
        }
}

static sid_status allocate(unigram *u, int64_t seeds, sid_error *err)
{
    const sid__piece_corpus *c = u->corpus;
    sid__live_pieces *live = &u->live;
    size_t count = (size_t)c->symbol_begin[c->levels] + (size_t)seeds, nodes = (size_t)sid__piece_node_count(c);
    u->reserved_size = count * (SID__LATTICE_CHUNKS + 4) * sizeof(double) + 2 * nodes * sizeof(uint32_t);
    sid_status status = sid__ctx_reserve(c->ctx, u->reserved_size, "seeds of pieces", err);
    if (status != SID_OK) {
        u->reserved_size = 0;
        return status;
    }
    SID_TRY(sid__alloc(&live->node, count, sizeof *live->node, "pieces", err));
    SID_TRY(sid__alloc(&live->chance, count, sizeof *live->chance, "chances of pieces", err));
    SID_TRY(sid__alloc(&live->score, count, sizeof *live->score, "scores of pieces", err));
    SID_TRY(sid__alloc(&live->expected, count, sizeof *live->expected, "expectations of pieces", err));
    SID_TRY(sid__alloc(&live->used, count, sizeof *live->used, "uses of pieces", err));
    SID_TRY(sid__alloc(&live->of_node, nodes, sizeof *live->of_node, "pieces by part", err));
    SID_TRY(sid__alloc(&u->loss, (size_t)seeds, sizeof *u->loss, "losses of pieces", err));
    SID_TRY(sid__alloc(&u->renamed, count, sizeof *u->renamed, "new numbers of pieces", err));
    return sid__alloc(&u->scratch.expected, count, SID__LATTICE_CHUNKS * sizeof(double), "sums of pieces", err);
}

static sid_status seed(unigram *u, sid_error *err)
{
    const sid__piece_corpus *c = u->corpus;
    int64_t rows = u->p->settings.rows, most = 4 * rows < SEEDS_MOST ? SEEDS_MOST : 4 * rows, *bin = NULL;
    seed_limit limit[2];
    SID_TRY(sid__alloc(&bin, 65536, sizeof *bin, "counts of seeds", err));
    find_limit(c, SEED_SHARED, most, bin, &limit[SEED_SHARED]);
    find_limit(c, SEED_WHOLE, rows, bin, &limit[SEED_WHOLE]);
    sid__free(bin);
    SID_TRY(allocate(u, limit[SEED_SHARED].count + limit[SEED_WHOLE].count, err));
    u->live.symbols = c->symbol_begin[c->levels];
    u->live.count = u->live.symbols;
    for (int s = 0; s < u->live.symbols; s++)
        u->live.expected[s] = (double)c->symbol_weight[s];
    take_seeds(u, limit);
    return SID_OK;
}

/* ---- Scores ---- */

typedef struct score_job {
    sid__live_pieces *live;
    double base;
    bool is_start;
} score_job;

/* At the start ln(value / sum); then psi(c) - psi(sum), the expectation of ln p under a flat Dirichlet prior, which is hard on
 * what is rare. */
static void score_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const score_job *job = arg;
    sid__live_pieces *live = job->live;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double c = live->expected[i] > 0.5 ? live->expected[i] : 0.5;
        bool is_gone = i >= live->symbols && live->expected[i] < 0.5;
        live->score[i] = (job->is_start ? sid__log(c) : sid__digamma(c)) - job->base;
        if (is_gone)
            live->score[i] = -(double)INFINITY;
        live->chance[i] = is_gone ? 0 : sid__exp(live->score[i]);
    }
}

static void set_scores(unigram *u, bool is_start)
{
    sid__live_pieces *live = &u->live;
    score_job job = {.live = live, .is_start = is_start};
    double sum = 0;
    for (int64_t i = 0; i < live->count; i++)
        if (i < live->symbols || live->expected[i] >= 0.5)
            sum += live->expected[i];
    job.base = is_start ? sid__log(sum) : sid__digamma(sum);
    sid__ctx_for(u->p->ctx, live->count, SCORE_GRAIN, score_chunk, &job);
}

/* ---- Rounds ---- */

/* Those whose score is -infinity go; the others keep their order. */
static sid_status shrink(unigram *u, sid_error *err)
{
    sid__live_pieces *live = &u->live;
    int64_t count = live->symbols;
    for (int s = 0; s < live->symbols; s++)
        u->renamed[s] = (uint32_t)s;
    for (int64_t i = live->symbols; i < live->count; i++) {
        uint32_t node = live->node[i];
        bool is_gone = isinf(live->score[i]);
        u->renamed[i] = is_gone ? 0 : (uint32_t)count;
        live->of_node[node] = u->renamed[i];
        if (is_gone)
            continue;
        live->node[count] = node;
        live->score[count] = live->score[i];
        live->chance[count++] = live->chance[i];
    }
    live->count = count;
    return sid__lattice_shrink(&u->lattice, u->renamed, live->symbols, err);
}

static sid_status prune(unigram *u, int64_t limit, sid_error *err)
{
    sid__live_pieces *live = &u->live;
    int64_t longer = live->count - live->symbols, size = live->count + 1, target = size / 4 * 3, useless = 0;
    target = target < limit ? limit : target;
    sid__lattice_best(&u->lattice, live, u->scratch.used);
    sid__piece_losses(u->corpus, live, u->loss);
    for (int64_t i = 0; i < longer; i++)
        useless += u->loss[i].loss < 0;
    int64_t going = useless < size - limit ? useless : size - limit;
    going = going < size - target ? size - target : going;
    sid__piece_losses_select(u->loss, longer, going);
    for (int64_t i = 0; i < going; i++)
        live->score[u->loss[i].piece] = -(double)INFINITY;
    return shrink(u, err);
}

static sid_status run(unigram *u, sid_error *err)
{
    const int64_t limit = u->p->settings.rows * 11 / 10;
    int64_t seeds = u->live.count;
    set_scores(u, true);
    SID_TRY(sid__lattice_create(u->corpus, &u->live, &u->lattice, err));
    for (;;) {
        SID_TRY(sid__ctx_check(u->p->ctx, err));
        sid__ctx_progress(u->p->ctx, "pieces", seeds - u->live.count, seeds - limit, "parts", (double)NAN);
        for (int pass = 0; pass < PASSES; pass++) {
            sid__lattice_expect(&u->lattice, &u->live, u->scratch.expected);
            set_scores(u, false);
        }
        SID_TRY(shrink(u, err));
        if (u->live.count + 1 <= limit)
            return SID_OK;
        SID_TRY(prune(u, limit, err));
    }
}

/* ---- The model ---- */

typedef struct ranking {
    const sid__piece *piece;
} ranking;

/* Score down, then level, length, codes. */
static int compare_pieces(const void *context, int64_t a, int64_t b)
{
    const sid__piece *x = &((const ranking *)context)->piece[a], *y = &((const ranking *)context)->piece[b];
    if (x->score < y->score || x->score > y->score)
        return x->score > y->score ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    for (int i = 0; i < x->length; i++)
        if (x->codes[i] != y->codes[i])
            return x->codes[i] < y->codes[i] ? -1 : 1;
    return 0;
}

/* piece (count) and an order of it, both the caller's. */
static sid_status sort_pieces(sid__piece *piece, int64_t count, sid__piece **out, sid_error *err)
{
    int64_t *order = NULL;
    SID_TRY(sid__alloc(&order, (size_t)count, sizeof *order, "an order of pieces", err));
    sid_status status = sid__sort_rows(order, count, compare_pieces, &(ranking){.piece = piece}, err);
    if (status == SID_OK)
        status = sid__alloc(out, (size_t)count + 1, sizeof **out, "pieces", err);
    for (int64_t i = 0; status == SID_OK && i < count; i++)
        (*out)[i + 1] = piece[order[i]];
    sid__free(order);
    return status;
}

/* A code that no SID has gets the lowest score that one has. */
static float lowest_score(const unigram *u)
{
    const sid__live_pieces *live = &u->live;
    double lowest = (double)INFINITY;
    for (int64_t i = 0; i < live->count; i++)
        if ((i >= live->symbols || u->corpus->symbol_weight[i] > 0) && live->score[i] < lowest)
            lowest = live->score[i];
    return isinf(lowest) ? 0.0F : (float)lowest;
}

/* The longer pieces first, so that those beyond V can be left out, then single codes. */
static sid_status collect(const unigram *u, sid__piece *piece, int64_t *count, sid_error *err)
{
    const sid__live_pieces *live = &u->live;
    int64_t longer = live->count - live->symbols, room = u->p->settings.rows - 1 - live->symbols;
    sid__piece *sorted = NULL;
    float lowest = lowest_score(u);
    for (int64_t i = 0; i < longer; i++)
        piece[i] = sid__piece_of_node(u->corpus, live->node[live->symbols + i], (float)live->score[live->symbols + i]);
    SID_TRY(sort_pieces(piece, longer, &sorted, err));
    *count = longer < room ? longer : room;
    memcpy(piece, sorted + 1, (size_t)*count * sizeof *piece);
    sid__free(sorted);
    for (int s = 0; s < live->symbols; s++) {
        float score = u->corpus->symbol_weight[s] > 0 ? (float)live->score[s] : lowest;
        piece[(*count)++] = sid__piece_of_symbol(u->corpus, s, score);
    }
    return SID_OK;
}

static sid_status finish(const unigram *u, sid__piece_model **out, sid_error *err)
{
    sid__piece *piece = NULL, *sorted = NULL;
    int64_t count = 0;
    SID_TRY(sid__alloc(&piece, (size_t)u->live.count, sizeof *piece, "pieces", err));
    sid_status status = collect(u, piece, &count, err);
    if (status == SID_OK)
        status = sort_pieces(piece, count, &sorted, err);
    sid__free(piece);
    if (status != SID_OK)
        return status;
    sorted[0] = sid__piece_unknown();
    return sid__piece_model_create(u->p, false, sorted, count + 1, NULL, out, err);
}

static void drop(unigram *u)
{
    sid__live_pieces *live = &u->live;
    sid__free(live->node);
    sid__free(live->chance);
    sid__free(live->score);
    sid__free(live->expected);
    sid__free(live->used);
    sid__free(live->of_node);
    sid__free(u->loss);
    sid__free(u->renamed);
    sid__free(u->scratch.expected);
    sid__lattice_drop(&u->lattice);
    if (u->reserved_size > 0)
        sid__ctx_release(u->p->ctx, u->reserved_size);
}

sid_status sid__piece_unigram_train(const sid_pieces *p, const sid__piece_corpus *corpus, sid__piece_model **out,
                                    sid_error *err)
{
    unigram u = {.p = p, .corpus = corpus};
    sid_status status = seed(&u, err);
    if (status == SID_OK)
        status = run(&u, err);
    if (status == SID_OK)
        status = finish(&u, out, err);
    drop(&u);
    return status;
}
