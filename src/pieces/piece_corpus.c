/* piece_corpus.c: see piece_corpus.h. Called once a training; the time goes into 2 L counting sorts and one scattered pass. */
#include "pieces/piece_corpus.h"

#include <inttypes.h>
#include <string.h>

#include "pieces/piece_model.h"
#include "sid/code_order.h"

static const int64_t WEIGHT_MAX = INT64_C(1) << 53; /* sums are exact in double too */

/* ---- Sorting ---- */

/* One stable pass by the code of `level`: order_in to order_out, both (count) rows of codes (.., levels). */
static void sort_pass(const uint16_t *codes, int levels, int level, int code_count, const uint32_t *order_in,
                      uint32_t *order_out, int64_t count, int64_t *begin)
{
    memset(begin, 0, ((size_t)code_count + 1) * sizeof *begin);
    for (int64_t i = 0; i < count; i++)
        begin[codes[(int64_t)order_in[i] * levels + level] + 1]++;
    for (int c = 0; c < code_count; c++)
        begin[c + 1] += begin[c];
    for (int64_t i = 0; i < count; i++)
        order_out[begin[codes[(int64_t)order_in[i] * levels + level]]++] = order_in[i];
}

/* ---- Distinct SIDs ---- */

typedef struct distinct {
    const uint16_t *codes;
    const int64_t *weights;
    uint32_t *order, *spare; /* (count) each */
    int64_t *begin;          /* (largest K + 1) */
    int64_t count;
} distinct;

static int largest_code_count(const sid_pieces *p)
{
    int largest = 1;
    for (int l = 0; l < p->levels; l++)
        largest = p->codes[l] > largest ? p->codes[l] : largest;
    return largest;
}

static void sort_rows(const sid_pieces *p, distinct *d)
{
    for (int l = p->levels - 1; l >= 0; l--) {
        sort_pass(d->codes, p->levels, l, p->codes[l], d->order, d->spare, d->count, d->begin);
        uint32_t *swapped = d->order;
        d->order = d->spare;
        d->spare = swapped;
    }
}

static sid_status add_weight(int64_t *total, int64_t weight, sid_error *err)
{
    if (weight > WEIGHT_MAX - *total)
        return sid__fail(err, SID_EDATA,
                         "the weights of all items are more than %" PRId64 " together; divide them by a common factor",
                         WEIGHT_MAX);
    *total += weight;
    return SID_OK;
}

/* Merges equal SIDs of the sorted rows. */
static sid_status merge_rows(const sid_pieces *p, const distinct *d, sid__piece_corpus *corpus, sid_error *err)
{
    const size_t row_size = (size_t)p->levels * sizeof(uint16_t);
    int64_t total = 0;
    SID_TRY(sid__alloc(&corpus->codes, (size_t)d->count, row_size, "distinct SIDs", err));
    SID_TRY(sid__alloc(&corpus->weight, (size_t)d->count, sizeof(int64_t), "weights of SIDs", err));
    for (int64_t i = 0; i < d->count; i++) {
        const uint16_t *row = d->codes + (int64_t)d->order[i] * p->levels;
        int64_t weight = d->weights ? d->weights[d->order[i]] : 1;
        uint16_t *last = corpus->codes + (corpus->count - 1) * p->levels;
        SID_TRY(add_weight(&total, weight, err));
        if (corpus->count > 0 && memcmp(last, row, row_size) == 0) {
            corpus->weight[corpus->count - 1] += weight;
            continue;
        }
        memcpy(corpus->codes + corpus->count * p->levels, row, row_size);
        corpus->weight[corpus->count++] = weight;
    }
    return SID_OK;
}

static sid_status collect(const sid_pieces *p, const uint8_t *known, int64_t count, distinct *d,
                          sid__piece_corpus *corpus, sid_error *err)
{
    if (count >= UINT32_MAX)
        return sid__fail(err, SID_EDATA, "%" PRId64 " items; %s learns from fewer than %" PRIu32 ": take a sample",
                         count, p->scheme->info.name, UINT32_MAX);
    SID_TRY(sid__alloc(&d->order, (size_t)count, sizeof *d->order, "an order of items", err));
    SID_TRY(sid__alloc(&d->spare, (size_t)count, sizeof *d->spare, "an order of items", err));
    SID_TRY(sid__alloc(&d->begin, (size_t)largest_code_count(p) + 1, sizeof *d->begin, "counts of codes", err));
    for (int64_t i = 0; i < count; i++)
        if ((!known || known[i]) && (!d->weights || d->weights[i] > 0))
            d->order[d->count++] = (uint32_t)i;
    sort_rows(p, d);
    return merge_rows(p, d, corpus, err);
}

/* ---- Parts ---- */

static void set_spans(sid__piece_corpus *corpus)
{
    for (int length = 2; length <= corpus->levels; length++)
        for (int first = 0; first + length <= corpus->levels; first++) {
            corpus->span_of[first][length] = corpus->span_count;
            corpus->span[corpus->span_count++] = (sid__span){.first = (uint8_t)first, .length = (uint8_t)length};
        }
}

static void sort_suffixes(const sid_pieces *p, sid__piece_corpus *corpus, uint32_t *start, int64_t *begin)
{
    for (int64_t i = 0; i < corpus->count; i++)
        start[i] = (uint32_t)i;
    for (int l = corpus->levels - 1; l >= 0; l--) {
        uint32_t *order = corpus->order + (int64_t)l * corpus->count;
        sort_pass(corpus->codes, corpus->levels, l, p->codes[l], start, order, corpus->count, begin);
        start = order;
    }
}

/* Codes from `level` on that the SID at place i of the order shares with the one before it. */
static int shared_codes(const sid__piece_corpus *corpus, int level, int64_t i)
{
    const uint32_t *order = corpus->order + (int64_t)level * corpus->count;
    if (i == 0)
        return 0;
    return sid__codes_shared(corpus->codes + (int64_t)order[i - 1] * corpus->levels + level,
                             corpus->codes + (int64_t)order[i] * corpus->levels + level, corpus->levels - level);
}

typedef struct parts_job {
    sid__piece_corpus *corpus;
    uint8_t *shared;               /* (levels, M) */
    int64_t nodes[SID__SPANS_MAX]; /* by span */
} parts_job;

/* A level a chunk: where parts that begin there begin to differ. */
static void count_parts(void *arg, int64_t begin, int64_t end, int worker)
{
    parts_job *job = arg;
    const sid__piece_corpus *corpus = job->corpus;
    (void)worker;
    for (int64_t level = begin; level < end; level++) {
        int64_t with[SID_PIECE_LEVELS_MAX + 1] = {0}; /* places by shared codes */
        for (int64_t i = 0; i < corpus->count; i++) {
            int shared = shared_codes(corpus, (int)level, i);
            job->shared[level * corpus->count + i] = (uint8_t)shared;
            with[shared]++;
        }
        int64_t nodes = with[0]; /* that differ from the one before within the first `length` codes */
        for (int length = 2; length <= corpus->levels - (int)level; length++) {
            nodes += with[length - 1];
            job->nodes[corpus->span_of[level][length]] = nodes;
        }
    }
}

/* A level a chunk: numbers and weights of the parts that begin there. */
static void fill_parts(void *arg, int64_t begin, int64_t end, int worker)
{
    const parts_job *job = arg;
    sid__piece_corpus *corpus = job->corpus;
    (void)worker;
    for (int64_t level = begin; level < end; level++) {
        const uint32_t *order = corpus->order + level * corpus->count;
        int64_t next[SID_PIECE_LEVELS_MAX + 1];
        int longest = corpus->levels - (int)level;
        for (int length = 2; length <= longest; length++)
            next[length] = corpus->node_begin[corpus->span_of[level][length]];
        for (int64_t i = 0; i < corpus->count; i++) {
            uint32_t item = order[i], *node = corpus->node + (int64_t)item * corpus->span_count;
            int shared = job->shared[level * corpus->count + i];
            for (int length = 2; length <= longest; length++) {
                if (shared < length)
                    corpus->first_of[next[length]++] = (uint32_t)i;
                node[corpus->span_of[level][length]] = (uint32_t)(next[length] - 1);
                corpus->node_weight[next[length] - 1] += corpus->weight[item];
            }
        }
    }
}

static sid_status reserve(sid__piece_corpus *corpus, size_t size, sid_error *err)
{
    SID_TRY(sid__ctx_reserve(corpus->ctx, size, "parts of SIDs", err));
    corpus->reserved_size += size;
    return SID_OK;
}

static sid_status make_nodes(sid__piece_corpus *corpus, parts_job *job, sid_error *err)
{
    const size_t count = (size_t)corpus->count, spans = (size_t)corpus->span_count;
    for (int x = 0; x < corpus->span_count; x++)
        corpus->node_begin[x + 1] = corpus->node_begin[x] + job->nodes[x];
    int64_t nodes = sid__piece_node_count(corpus);
    if (nodes >= UINT32_MAX)
        return sid__fail(err, SID_EDATA,
                         "%" PRId64 " parts of %" PRId64 " SIDs; fewer than %" PRIu32
                         " are expected: take a sample of the items",
                         nodes, corpus->count, UINT32_MAX);
    SID_TRY(
        reserve(corpus, count * spans * sizeof(uint32_t) + (size_t)nodes * (sizeof(uint32_t) + sizeof(int64_t)), err));
    SID_TRY(sid__alloc(&corpus->node, count, spans * sizeof *corpus->node, "parts of SIDs", err));
    SID_TRY(sid__alloc(&corpus->first_of, (size_t)nodes, sizeof *corpus->first_of, "parts of SIDs", err));
    SID_TRY(sid__alloc(&corpus->node_weight, (size_t)nodes, sizeof *corpus->node_weight, "weights of parts", err));
    sid__ctx_for(corpus->ctx, corpus->levels, 1, fill_parts, job);
    return SID_OK;
}

static sid_status make_parts(const sid_pieces *p, sid__piece_corpus *corpus, uint32_t *start, int64_t *begin,
                             sid_error *err)
{
    const size_t count = (size_t)corpus->count, levels = (size_t)corpus->levels;
    parts_job job = {.corpus = corpus};
    set_spans(corpus);
    SID_TRY(reserve(corpus, count * levels * (sizeof *corpus->order + 1), err));
    SID_TRY(sid__alloc(&corpus->order, levels, count * sizeof *corpus->order, "orders of SIDs", err));
    SID_TRY(sid__alloc(&job.shared, levels, count, "shared codes", err));
    sort_suffixes(p, corpus, start, begin);
    sid__ctx_for(corpus->ctx, corpus->levels, 1, count_parts, &job);
    sid_status status = make_nodes(corpus, &job, err);
    sid__free(job.shared);
    return status;
}

static sid_status count_symbols(const sid_pieces *p, sid__piece_corpus *corpus, sid_error *err)
{
    for (int l = 0; l < p->levels; l++)
        corpus->symbol_begin[l + 1] = corpus->symbol_begin[l] + p->codes[l];
    SID_TRY(sid__alloc(&corpus->symbol_weight, (size_t)corpus->symbol_begin[p->levels], sizeof(int64_t),
                       "weights of codes", err));
    for (int64_t i = 0; i < corpus->count; i++)
        for (int l = 0; l < p->levels; l++)
            corpus->symbol_weight[corpus->symbol_begin[l] + corpus->codes[i * p->levels + l]] += corpus->weight[i];
    return SID_OK;
}

sid_status sid__piece_corpus_create(const sid_pieces *p, const uint16_t *codes, const int64_t *weights,
                                    const uint8_t *known, int64_t count, sid__piece_corpus *out, sid_error *err)
{
    sid__piece_corpus corpus = {.ctx = p->ctx, .levels = p->levels};
    distinct d = {.codes = codes, .weights = weights};
    sid_status status = collect(p, known, count, &d, &corpus, err);
    if (status == SID_OK)
        status = count_symbols(p, &corpus, err);
    if (status == SID_OK)
        status = make_parts(p, &corpus, d.order, d.begin, err);
    sid__free(d.order);
    sid__free(d.spare);
    sid__free(d.begin);
    if (status != SID_OK) {
        sid__piece_corpus_drop(&corpus);
        return status;
    }
    *out = corpus;
    return SID_OK;
}

void sid__piece_corpus_drop(sid__piece_corpus *corpus)
{
    sid__free(corpus->codes);
    sid__free(corpus->weight);
    sid__free(corpus->symbol_weight);
    sid__free(corpus->order);
    sid__free(corpus->node);
    sid__free(corpus->first_of);
    sid__free(corpus->node_weight);
    if (corpus->reserved_size > 0)
        sid__ctx_release(corpus->ctx, corpus->reserved_size);
    *corpus = (sid__piece_corpus){0};
}

int sid__piece_node_span(const sid__piece_corpus *corpus, uint32_t node)
{
    int low = 0, high = corpus->span_count - 1; /* the last span that begins at or before the node and is not empty */
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (corpus->node_begin[middle] <= (int64_t)node)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

void sid__piece_node_run(const sid__piece_corpus *corpus, uint32_t node, int span, int64_t *begin, int64_t *end)
{
    *begin = corpus->first_of[node];
    *end = (int64_t)node + 1 < corpus->node_begin[span + 1] ? corpus->first_of[node + 1] : corpus->count;
}

/* ---- Pieces of it ---- */

sid__piece sid__piece_unknown(void)
{
    return (sid__piece){.score = 0};
}

sid__piece sid__piece_of_symbol(const sid__piece_corpus *corpus, int symbol, float score)
{
    sid__piece piece = {.score = score, .length = 1};
    while (symbol >= corpus->symbol_begin[piece.first + 1])
        piece.first++;
    piece.codes[0] = (uint16_t)(symbol - corpus->symbol_begin[piece.first]);
    return piece;
}

sid__piece sid__piece_of_node(const sid__piece_corpus *corpus, uint32_t node, float score)
{
    int span = sid__piece_node_span(corpus, node);
    sid__span levels = corpus->span[span];
    sid__piece piece = {.score = score, .first = levels.first, .length = levels.length};
    memcpy(piece.codes,
           corpus->codes + (int64_t)sid__piece_node_item(corpus, node, span) * corpus->levels + levels.first,
           levels.length * sizeof *piece.codes);
    return piece;
}
