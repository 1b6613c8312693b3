/* piece_corpus.h: what pieces are learned from: distinct SIDs with weights, and every contiguous part of them counted exactly.
 *
 * SIDs sorted by their last code, then stably by the one before it, and so on, stand after each pass in the order of their
 * suffixes, in which the SIDs that share a part are one run: L passes count all parts, without a hash table.
 *
 * Parts of two codes and more are nodes, numbered by (length, first level, codes). Single codes are symbols, numbered by
 * (level, code): symbol = symbol_begin[level] + code.
 */
#ifndef SEMID_PIECES_PIECE_CORPUS_H
#define SEMID_PIECES_PIECE_CORPUS_H

#include "pieces/pieces.h"

enum { SID__SPANS_MAX = SID_PIECE_LEVELS_MAX * (SID_PIECE_LEVELS_MAX - 1) / 2 };

/* Levels first .. first + length - 1. */
typedef struct sid__span {
    uint8_t first, length;
} sid__span;

/* Invariants: codes rise strictly; weight > 0; the nodes of span x are node_begin[x] .. node_begin[x + 1] - 1, by codes; those of
 * node n are order[first_of[n] ..] up to the next node of the span or the end. Zero-initialised is empty. */
struct sid__piece_corpus {
    sid_ctx *ctx;
    int levels;
    int symbol_begin[SID_PIECE_LEVELS_MAX + 1];
    int64_t count;          /* distinct SIDs, M */
    uint16_t *codes;        /* (M, levels) */
    int64_t *weight;        /* (M) */
    int64_t *symbol_weight; /* (symbol_begin[levels]) */
    int span_count;
    sid__span span[SID__SPANS_MAX];
    int span_of[SID_PIECE_LEVELS_MAX][SID_PIECE_LEVELS_MAX + 1]; /* [first][length] */
    int64_t node_begin[SID__SPANS_MAX + 1];
    uint32_t *order;      /* (levels, M) SIDs by their codes from each level on */
    uint32_t *node;       /* (M, span_count) */
    uint32_t *first_of;   /* (nodes) place in order[first level] */
    int64_t *node_weight; /* (nodes) */
    size_t reserved_size; /* of the memory limit */
};

/* From codes (count, levels) in range; weights and known as in sid_pieces_train. SID_EDATA: weights beyond 2^53. */
sid_status sid__piece_corpus_create(const sid_pieces *p, const uint16_t *codes, const int64_t *weights,
                                    const uint8_t *known, int64_t count, sid__piece_corpus *out, sid_error *err);
void sid__piece_corpus_drop(sid__piece_corpus *corpus);

static inline int64_t sid__piece_node_count(const sid__piece_corpus *corpus)
{
    return corpus->node_begin[corpus->span_count];
}

/* Which span a node is of. */
int sid__piece_node_span(const sid__piece_corpus *corpus, uint32_t node);
/* A SID that has the node. */
static inline uint32_t sid__piece_node_item(const sid__piece_corpus *corpus, uint32_t node, int span)
{
    return corpus->order[(int64_t)corpus->span[span].first * corpus->count + corpus->first_of[node]];
}
/* The run of the node: places begin .. end-1 of order[first level]. */
void sid__piece_node_run(const sid__piece_corpus *corpus, uint32_t node, int span, int64_t *begin, int64_t *end);

#endif
