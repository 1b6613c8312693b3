/* lattice_case.h: a corpus with drawn live pieces, for the tests of what walks over them. */
#ifndef SEMID_LATTICE_CASE_H
#define SEMID_LATTICE_CASE_H

#include <math.h>

#include "linalg/scalar.h"
#include "pieces/piece_prune.h"
#include "pieces_case.h"

enum { COUNT = 200, LEVELS = 5, K = 3 };

typedef struct lattice_case {
    uint16_t *codes;
    sid_pieces *pieces;
    sid__piece_corpus corpus;
    sid__live_pieces live;
} lattice_case;

/* Every `keep_of`-th part is alive. */
static inline void make_case(lattice_case *c, int keep_of)
{
    *c = (lattice_case){.codes = made_codes(COUNT, LEVELS, K)};
    c->pieces = made_pieces("unigram", "", same_codes(K), LEVELS);
    TEST_OK(sid__piece_corpus_create(c->pieces, c->codes, NULL, NULL, COUNT, &c->corpus, err));
    sid__live_pieces *live = &c->live;
    size_t nodes = (size_t)sid__piece_node_count(&c->corpus), most = nodes + LEVELS * K;
    live->symbols = LEVELS * K;
    live->count = live->symbols;
    live->node = calloc(most, sizeof *live->node);
    live->chance = calloc(most, sizeof *live->chance);
    live->score = calloc(most, sizeof *live->score);
    live->expected = calloc(most, sizeof *live->expected);
    live->used = calloc(most, sizeof *live->used);
    live->of_node = calloc(nodes, sizeof *live->of_node);
    for (size_t n = 0; n < nodes; n++) {
        if (sid__philox_below(3, SID__STREAM_TEST, n, (uint64_t)keep_of) != 0)
            continue;
        live->of_node[n] = (uint32_t)live->count;
        live->node[live->count++] = (uint32_t)n;
    }
    for (int64_t i = 0; i < live->count; i++) {
        live->score[i] = -1 - 5 * sid__philox_uniform(4, SID__STREAM_TEST, (uint64_t)i);
        live->chance[i] = sid__exp(live->score[i]);
    }
}

static inline void drop_case(lattice_case *c)
{
    free(c->live.node);
    free(c->live.chance);
    free(c->live.score);
    free(c->live.expected);
    free(c->live.used);
    free(c->live.of_node);
    sid__piece_corpus_drop(&c->corpus);
    sid_pieces_close(c->pieces);
    free(c->codes);
}

/* The live piece of levels begin .. end-1 of an item; -1: none. */
static inline int64_t live_piece(const lattice_case *c, int64_t item, int begin, int end)
{
    if (end - begin == 1)
        return begin * K + c->corpus.codes[item * LEVELS + begin];
    uint32_t node = c->corpus.node[item * c->corpus.span_count + c->corpus.span_of[begin][end - begin]];
    return c->live.of_node[node] == 0 ? -1 : (int64_t)c->live.of_node[node];
}

/* Lists the pieces of levels first .. last-1 cut at `borders` (bit l: before level first + l + 1); 0: no such cut. */
static inline int list_cut(const lattice_case *c, int64_t item, int first, int last, unsigned borders, int64_t *piece)
{
    int count = 0;
    for (int begin = first, end = first + 1; end <= last; end++) {
        if (end < last && !(borders >> (end - first - 1) & 1))
            continue;
        piece[count] = live_piece(c, item, begin, end);
        if (piece[count] < 0)
            return 0;
        count++;
        begin = end;
    }
    return count;
}

#endif
