/* piece_bpe.c: learning spm-bpe: from single codes, the heaviest pair of neighbours becomes a piece and is joined wherever it
 * stands, again and again (Sennrich et al., arXiv:1508.07909).
 *
 * Departures: (1) a pair is known by what it becomes when joined, as encoding looks it up; (2) after a join, neighbours in that SID
 * that make a piece which is there already are joined too, the oldest first, so that what SIDs look like here is what encoding
 * will make of them; (3) ties: fewer codes, lower level, smaller codes, which is the order of nodes.
 *
 * The state of a SID is a bit a border between codes. Where a node may be joined is its run in the corpus. The heap holds for each
 * node with a weight w at least one entry of w or more; what is popped and no longer true goes back with what is.
 */
#include <string.h>

#include "pieces/piece_corpus.h"
#include "pieces/piece_model.h"

enum { CHECK_EVERY = 64 /* merges between looks at the cancel flag */ };

typedef struct heap_entry {
    int64_t weight;
    uint32_t node;
} heap_entry;

typedef struct bpe {
    const sid_pieces *p;
    const sid__piece_corpus *corpus;
    uint16_t *borders;    /* (M) bit l: a border before level l */
    int64_t *pair_weight; /* (nodes) of SIDs in which two neighbours would make it */
    uint32_t *rank;       /* (nodes) 0: no piece yet, else 1 + its rank */
    uint32_t *stamp;      /* (nodes) the last merge that pushed it */
    uint32_t *merged;     /* (merge_max) nodes by rank */
    int64_t merge_count, merge_max;
    heap_entry *heap; /* (heap_count) */
    int64_t heap_count, heap_room;
    uint32_t *grown; /* (grown_count) nodes whose weight grew in this merge */
    int64_t grown_count, grown_room;
} bpe;

/* ---- Heap ---- */

static bool goes_first(heap_entry a, heap_entry b)
{
    return a.weight != b.weight ? a.weight > b.weight : a.node < b.node;
}

static sid_status push(bpe *b, heap_entry entry, sid_error *err)
{
    SID_TRY(sid__grow(&b->heap, &b->heap_room, b->heap_count + 1, sizeof *b->heap, "a heap of pairs", err));
    int64_t at = b->heap_count++;
    for (; at > 0 && goes_first(entry, b->heap[(at - 1) / 2]); at = (at - 1) / 2)
        b->heap[at] = b->heap[(at - 1) / 2];
    b->heap[at] = entry;
    return SID_OK;
}

static heap_entry pop(bpe *b)
{
    heap_entry top = b->heap[0], last = b->heap[--b->heap_count];
    int64_t at = 0;
    for (int64_t child = 1; child < b->heap_count; child = 2 * at + 1) {
        if (child + 1 < b->heap_count && goes_first(b->heap[child + 1], b->heap[child]))
            child++;
        if (!goes_first(b->heap[child], last))
            break;
        b->heap[at] = b->heap[child];
        at = child;
    }
    b->heap[at] = last;
    return top;
}

/* ---- A SID ---- */

static inline bool has_border(unsigned borders, int level)
{
    return borders >> level & 1;
}

/* The borders of a SID in order: at[0] = 0 .. at[count] = levels; gives count, the parts. */
static int list_parts(unsigned borders, int levels, int *at)
{
    int count = 0;
    at[0] = 0;
    for (int l = 1; l < levels; l++)
        if (has_border(borders, l))
            at[++count] = l;
    at[++count] = levels;
    return count;
}

static uint32_t joined_node(const bpe *b, uint32_t item, int begin, int end)
{
    const sid__piece_corpus *c = b->corpus;
    return c->node[(int64_t)item * c->span_count + c->span_of[begin][end - begin]];
}

/* Takes all pairs of the SID out of the weights. */
static void withdraw(bpe *b, uint32_t item)
{
    int at[SID_PIECE_LEVELS_MAX + 1], count = list_parts(b->borders[item], b->corpus->levels, at);
    for (int i = 0; i + 2 <= count; i++)
        b->pair_weight[joined_node(b, item, at[i], at[i + 2])] -= b->corpus->weight[item];
}

/* Adds them, and notes the nodes that may have grown. */
static sid_status deposit(bpe *b, uint32_t item, sid_error *err)
{
    int at[SID_PIECE_LEVELS_MAX + 1], count = list_parts(b->borders[item], b->corpus->levels, at);
    SID_TRY(sid__grow(&b->grown, &b->grown_room, b->grown_count + count, sizeof *b->grown, "pairs that grew", err));
    for (int i = 0; i + 2 <= count; i++) {
        uint32_t node = joined_node(b, item, at[i], at[i + 2]);
        b->pair_weight[node] += b->corpus->weight[item];
        if (b->corpus->span[0].length < at[i + 2] - at[i]) /* pairs of single codes only shrink */
            b->grown[b->grown_count++] = node;
    }
    return SID_OK;
}

/* Joins neighbours that make a known piece, the best rank first, then leftmost, until there are none. */
static void go_on(bpe *b, uint32_t item)
{
    for (;;) {
        int at[SID_PIECE_LEVELS_MAX + 1], count = list_parts(b->borders[item], b->corpus->levels, at), best = -1;
        uint32_t best_rank = 0;
        for (int i = 0; i + 2 <= count; i++) {
            uint32_t rank = b->rank[joined_node(b, item, at[i], at[i + 2])];
            if (rank != 0 && (best < 0 || rank < best_rank)) {
                best = at[i + 1];
                best_rank = rank;
            }
        }
        if (best < 0)
            return;
        b->borders[item] = (uint16_t)(b->borders[item] & ~(1U << best));
    }
}

/* The one border within the node's levels, when its two sides are neighbours here; 0: they are not. */
static int inner_border(unsigned borders, sid__span span, int levels)
{
    int first = span.first, end = span.first + span.length, found = 0;
    if ((first > 0 && !has_border(borders, first)) || (end < levels && !has_border(borders, end)))
        return 0;
    for (int l = first + 1; l < end; l++)
        if (has_border(borders, l)) {
            if (found)
                return 0;
            found = l;
        }
    return found;
}

/* ---- A merge ---- */

static sid_status merge_item(bpe *b, uint32_t item, sid__span span, sid_error *err)
{
    int border = inner_border(b->borders[item], span, b->corpus->levels);
    if (border == 0)
        return SID_OK;
    withdraw(b, item);
    b->borders[item] = (uint16_t)(b->borders[item] & ~(1U << border));
    go_on(b, item);
    return deposit(b, item, err);
}

static sid_status push_grown(bpe *b, sid_error *err)
{
    for (int64_t i = 0; i < b->grown_count; i++) {
        uint32_t node = b->grown[i];
        if (b->stamp[node] == (uint32_t)b->merge_count || b->pair_weight[node] < 2)
            continue;
        b->stamp[node] = (uint32_t)b->merge_count;
        SID_TRY(push(b, (heap_entry){.weight = b->pair_weight[node], .node = node}, err));
    }
    b->grown_count = 0;
    return SID_OK;
}

static sid_status merge(bpe *b, uint32_t node, sid_error *err)
{
    const sid__piece_corpus *c = b->corpus;
    int span = sid__piece_node_span(c, node);
    const uint32_t *order = c->order + (int64_t)c->span[span].first * c->count;
    int64_t begin, end;
    b->merged[b->merge_count++] = node;
    b->rank[node] = (uint32_t)b->merge_count;
    sid__piece_node_run(c, node, span, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        SID_TRY(merge_item(b, order[i], c->span[span], err));
    return push_grown(b, err);
}

static sid_status start(bpe *b, sid_error *err)
{
    const sid__piece_corpus *c = b->corpus;
    size_t nodes = (size_t)sid__piece_node_count(c);
    b->merge_max = b->merge_max < (int64_t)nodes ? b->merge_max : (int64_t)nodes;
    SID_TRY(sid__alloc(&b->borders, (size_t)c->count, sizeof *b->borders, "borders of SIDs", err));
    SID_TRY(sid__alloc(&b->pair_weight, nodes, sizeof *b->pair_weight, "weights of pairs", err));
    SID_TRY(sid__alloc(&b->rank, nodes, sizeof *b->rank, "ranks of pieces", err));
    SID_TRY(sid__alloc(&b->stamp, nodes, sizeof *b->stamp, "marks of pairs", err));
    SID_TRY(sid__alloc(&b->merged, (size_t)b->merge_max, sizeof *b->merged, "pieces", err));
    for (int64_t i = 0; i < c->count; i++)
        b->borders[i] = UINT16_MAX;
    for (int x = 0; x < c->span_count && c->span[x].length == 2; x++)
        for (int64_t n = c->node_begin[x]; n < c->node_begin[x + 1]; n++) {
            b->pair_weight[n] = c->node_weight[n];
            if (c->node_weight[n] >= 2)
                SID_TRY(push(b, (heap_entry){.weight = c->node_weight[n], .node = (uint32_t)n}, err));
        }
    return SID_OK;
}

static sid_status run(bpe *b, sid_error *err)
{
    while (b->merge_count < b->merge_max && b->heap_count > 0) {
        heap_entry top = pop(b);
        int64_t weight = b->rank[top.node] ? 0 : b->pair_weight[top.node];
        if (weight < 2)
            continue;
        if (weight != top.weight) {
            if (weight < top.weight)
                SID_TRY(push(b, (heap_entry){.weight = weight, .node = top.node}, err));
            continue;
        }
        SID_TRY(merge(b, top.node, err));
        if (b->merge_count % CHECK_EVERY == 0)
            SID_TRY(sid__ctx_check(b->p->ctx, err));
    }
    return SID_OK;
}

/* ---- The model ---- */

/* By rank, single codes last; <unk> first. */
static sid_status finish(const bpe *b, sid__piece_model **out, sid_error *err)
{
    const sid__piece_corpus *c = b->corpus;
    int symbols = c->symbol_begin[c->levels];
    sid__piece *piece = NULL;
    int64_t count = 0;
    SID_TRY(sid__alloc(&piece, (size_t)(1 + symbols) + (size_t)b->merge_count, sizeof *piece, "pieces", err));
    piece[count++] = sid__piece_unknown();
    for (int64_t i = 0; i < b->merge_count; i++, count++)
        piece[count] = sid__piece_of_node(c, b->merged[i], 0.0F - (float)i);
    for (int s = 0; s < symbols; s++, count++)
        piece[count] = sid__piece_of_symbol(c, s, 0.0F - (float)(b->merge_count + s));
    return sid__piece_model_create(b->p, true, piece, count, NULL, out, err);
}

sid_status sid__piece_bpe_train(const sid_pieces *p, const sid__piece_corpus *corpus, sid__piece_model **out,
                                sid_error *err)
{
    bpe b = {.p = p, .corpus = corpus, .merge_max = p->settings.rows - 1 - corpus->symbol_begin[corpus->levels]};
    sid_status status = start(&b, err);
    if (status == SID_OK)
        status = run(&b, err);
    if (status == SID_OK)
        status = finish(&b, out, err);
    sid__free(b.borders);
    sid__free(b.pair_weight);
    sid__free(b.rank);
    sid__free(b.stamp);
    sid__free(b.merged);
    sid__free(b.heap);
    sid__free(b.grown);
    return status;
}
