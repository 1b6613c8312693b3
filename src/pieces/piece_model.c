/* piece_model.c: see piece_model.h. Encoding runs for every item of a catalogue and, in a ranker, for every candidate: the trie's
 * edges lie in one table of 16-byte places, so that a step is one look at memory, and an edge knows whether any leaves its end, so
 * that most walks stop without a look.
 *
 * unigram: Kudo, "Subword Regularization" (arXiv:1804.10959), the best cut by dynamic programming. bpe: Sennrich et al., "Neural
 * Machine Translation of Rare Words with Subword Units" (arXiv:1508.07909), neighbours joined, the best piece first. Departure:
 * single codes are always pieces, so that nothing is unknown.
 */
#include "pieces/piece_model.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"

/* ---- Edges ---- */

static uint32_t edge_place(const sid__piece_model *m, uint32_t from, uint16_t code)
{
    uint64_t key = (uint64_t)from << 16 | code;
    return (uint32_t)(key * 0x9e3779b97f4a7c15U >> 32) & m->edge_mask;
}

/* The place of the edge, or the empty one where it would stand. */
static sid__piece_edge *find_edge(const sid__piece_model *m, uint32_t from, uint16_t code)
{
    uint32_t at = edge_place(m, from, code);
    while (m->edge[at].to != 0 && (m->edge[at].from != from || m->edge[at].code != code))
        at = (at + 1) & m->edge_mask;
    return &m->edge[at];
}

/* ---- Built ---- */

/* `last`: the edge that led to `from`; NULL: `from` is a single code. */
static sid__piece_edge *add_edge(sid__piece_model *m, sid__piece_edge *last, uint32_t from, uint16_t code)
{
    sid__piece_edge *edge = find_edge(m, from, code);
    if (last)
        last->goes_on = 1;
    else
        m->goes_on[from] = 1;
    if (edge->to == 0)
        *edge = (sid__piece_edge){.from = from, .to = (uint32_t)m->node_count++, .code = code};
    return edge;
}

static sid_status fail_twice(const sid__piece_model *m, uint32_t node, int64_t row, const char *path, sid_error *err)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                        "piece %" PRId64 " is the same as piece %" PRIu32 "; each is expected once", row, m->row[node]);
}

static sid_status add_piece(sid__piece_model *m, int64_t row, const char *path, sid_error *err)
{
    const sid__piece *piece = &m->piece[row];
    uint32_t node = (uint32_t)(m->symbol_begin[piece->first] + piece->codes[0]);
    sid__piece_edge *edge = NULL;
    for (int i = 1; i < piece->length; i++) {
        edge = add_edge(m, edge, node, piece->codes[i]);
        node = edge->to;
    }
    if (m->row[node] != 0)
        return fail_twice(m, node, row, path, err);
    m->row[node] = (uint32_t)row;
    if (edge) {
        edge->is_end = 1;
        edge->score = piece->score;
    } else {
        m->score[node] = piece->score;
    }
    return SID_OK;
}

static sid_status check_symbols(const sid__piece_model *m, const char *path, sid_error *err)
{
    for (int l = 0; l < m->levels; l++)
        for (int s = m->symbol_begin[l]; s < m->symbol_begin[l + 1]; s++)
            if (m->row[s] == 0)
                return sid__fail_at(
                    err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                    "code %d of level %d is no piece, and every code has to be one: train where each code "
                    "is seen, or with semid pieces train",
                    s - m->symbol_begin[l], l + 1);
    return SID_OK;
}

static sid_status allocate(sid__piece_model *m, sid_error *err)
{
    size_t symbols = (size_t)m->symbol_begin[m->levels], edges = 0, places = 16;
    for (int64_t i = 0; i < m->count; i++)
        if (m->piece[i].length > 0) {
            m->used++;
            edges += (size_t)m->piece[i].length - 1;
        }
    while (places < 2 * edges)
        places *= 2;
    m->edge_mask = (uint32_t)(places - 1);
    m->node_count = (int64_t)symbols;
    SID_TRY(sid__alloc(&m->row, symbols + edges, sizeof *m->row, "rows of pieces", err));
    SID_TRY(sid__alloc(&m->score, symbols, sizeof *m->score, "scores of codes", err));
    SID_TRY(sid__alloc(&m->goes_on, symbols, sizeof *m->goes_on, "codes that pieces begin with", err));
    return sid__alloc(&m->edge, places, sizeof *m->edge, "a trie of pieces", err);
}

static sid_status build(sid__piece_model *m, const char *path, sid_error *err)
{
    SID_TRY(allocate(m, err));
    for (int64_t i = 0; i < m->count; i++)
        if (m->piece[i].length > 0)
            SID_TRY(add_piece(m, i, path, err));
    return check_symbols(m, path, err);
}

sid_status sid__piece_model_create(const sid_pieces *p, bool is_bpe, sid__piece *piece, int64_t count, const char *path,
                                   sid__piece_model **out, sid_error *err)
{
    sid__piece_model *m = NULL;
    sid_status status = sid__alloc(&m, 1, sizeof *m, "a model of pieces", err);
    if (status != SID_OK) {
        sid__free(piece);
        return status;
    }
    m->is_bpe = is_bpe;
    m->levels = p->levels;
    for (int l = 0; l < p->levels; l++)
        m->symbol_begin[l + 1] = m->symbol_begin[l] + p->codes[l];
    m->piece = piece;
    m->count = count;
    status = build(m, path, err);
    if (status != SID_OK) {
        sid__piece_model_free(m);
        return status;
    }
    *out = m;
    return SID_OK;
}

void sid__piece_model_free(sid__piece_model *m)
{
    if (!m)
        return;
    sid__free(m->piece);
    sid__free(m->row);
    sid__free(m->score);
    sid__free(m->goes_on);
    sid__free(m->edge);
    sid__free(m);
}

/* ---- unigram ---- */

/* How the codes before a level are cut best. */
typedef struct cut {
    float score;
    uint32_t node; /* the last piece */
    int from;      /* where it begins; -1: not reached */
} cut;

static inline void offer(cut *to, float score, uint32_t node, int from)
{
    if (to->from < 0 || score > to->score) /* a tie keeps the piece that begins earlier */
        *to = (cut){.score = score, .node = node, .from = from};
}

static void walk(const sid__piece_model *m, const uint16_t *codes, int first, cut *best)
{
    float before = best[first].score;
    uint32_t node = (uint32_t)(m->symbol_begin[first] + codes[first]);
    bool goes_on = m->goes_on[node];
    offer(&best[first + 1], before + m->score[node], node, first);
    for (int l = first + 1; goes_on && l < m->levels; l++) {
        const sid__piece_edge *edge = find_edge(m, node, codes[l]);
        if (edge->to == 0)
            return;
        if (edge->is_end)
            offer(&best[l + 1], before + edge->score, edge->to, first);
        node = edge->to;
        goes_on = edge->goes_on;
    }
}

static int encode_unigram(const sid__piece_model *m, const uint16_t *codes, uint64_t *rows)
{
    cut best[SID_PIECE_LEVELS_MAX + 1];
    int count = 0;
    best[0] = (cut){.score = 0};
    for (int l = 1; l <= m->levels; l++)
        best[l].from = -1;
    for (int l = 0; l < m->levels; l++)
        walk(m, codes, l, best);
    for (int l = m->levels; l > 0; l = best[l].from)
        count++;
    for (int l = m->levels, at = count; l > 0; l = best[l].from)
        rows[--at] = m->row[best[l].node];
    return count;
}

/* ---- bpe ---- */

/* A part of a SID, and what it would be joined with the one after it. */
typedef struct part {
    uint32_t node;
    int first, end;
    uint32_t joined; /* node; 0: no piece */
    float score;     /* of `joined` */
} part;

static void look_ahead(const sid__piece_model *m, const uint16_t *codes, part *at, int end)
{
    uint32_t node = at->node;
    bool goes_on = true;
    const sid__piece_edge *edge = NULL;
    at->joined = 0;
    if (at->end - at->first == 1)
        goes_on = m->goes_on[node];
    for (int l = at->end; l < end; l++) {
        if (!goes_on)
            return;
        edge = find_edge(m, node, codes[l]);
        if (edge->to == 0)
            return;
        node = edge->to;
        goes_on = edge->goes_on;
    }
    if (edge && edge->is_end) {
        at->joined = node;
        at->score = edge->score;
    }
}

/* The place whose joined piece is best, the leftmost of equal ones; -1: none. */
static int best_place(const part *at, int count)
{
    int best = -1;
    for (int i = 0; i + 1 < count; i++)
        if (at[i].joined != 0 && (best < 0 || at[i].score > at[best].score))
            best = i;
    return best;
}

static int encode_bpe(const sid__piece_model *m, const uint16_t *codes, uint64_t *rows)
{
    part at[SID_PIECE_LEVELS_MAX];
    int count = m->levels;
    for (int l = 0; l < count; l++)
        at[l] = (part){.node = (uint32_t)(m->symbol_begin[l] + codes[l]), .first = l, .end = l + 1};
    for (int i = 0; i + 1 < count; i++)
        look_ahead(m, codes, &at[i], i + 2);
    for (int i = best_place(at, count); i >= 0; i = best_place(at, count)) {
        at[i].node = at[i].joined;
        at[i].end = at[i + 1].end;
        memmove(at + i + 1, at + i + 2, (size_t)(count - i - 2) * sizeof *at);
        count--;
        at[i].joined = 0;
        if (i + 1 < count)
            look_ahead(m, codes, &at[i], at[i + 1].end);
        if (i > 0)
            look_ahead(m, codes, &at[i - 1], at[i].end);
    }
    for (int i = 0; i < count; i++)
        rows[i] = m->row[at[i].node];
    return count;
}

int sid__piece_model_encode(const sid__piece_model *m, const uint16_t *codes, uint64_t *rows)
{
    return m->is_bpe ? encode_bpe(m, codes, rows) : encode_unigram(m, codes, rows);
}

bool sid__piece_model_has(const sid__piece_model *m, const sid__piece *piece, int begin, int end)
{
    uint32_t node = (uint32_t)(m->symbol_begin[piece->first + begin] + piece->codes[begin]);
    for (int i = begin + 1; i < end; i++) {
        const sid__piece_edge *edge = find_edge(m, node, piece->codes[i]);
        if (edge->to == 0)
            return false;
        node = edge->to;
    }
    return m->row[node] != 0;
}
