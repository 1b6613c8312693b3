/* piece_lattice.h: what training spm-unigram walks over again and again: for each SID the pieces that it can be cut into.
 *
 * Where no live piece of two codes or more crosses a border, the SID falls into parts that are cut independently, and equal parts
 * of many SIDs are one: a block, with the sum of their weights. Single codes between blocks are counted once and for all. So the
 * work shrinks with the pieces: a million SIDs are a few ten thousand blocks when 10,000 pieces are left.
 */
#ifndef SEMID_PIECES_PIECE_LATTICE_H
#define SEMID_PIECES_PIECE_LATTICE_H

#include "pieces/piece_corpus.h"

enum { SID__LATTICE_CHUNKS = 8 /* sums of a pass are made in so many parts, whatever the number of threads */ };

/* The live pieces: symbols first, then parts by (level, length, codes). */
typedef struct sid__live_pieces {
    int64_t count;
    int symbols;
    uint32_t *node;    /* (count) of those from `symbols` on */
    double *chance;    /* (count) e^score; 0: it has gone since the blocks were made */
    double *score;     /* (count) ln; -infinity: gone */
    double *expected;  /* (count) */
    int64_t *used;     /* (count) in the best cuts */
    uint32_t *of_node; /* (nodes) 0: none alive */
} sid__live_pieces;

/* A piece of a block: levels first .. first + length - 1 of it, packed as first << 4 | length - 1. */
typedef struct sid__blocks {
    int64_t count, room;
    int64_t *weight;
    uint32_t *item; /* a SID that has it */
    uint8_t *first, *length;
    int64_t *edge_end; /* (count) edges of block b: edge_end[b - 1] .. edge_end[b] - 1, by end, then first */
    int64_t room_weight, room_item, room_first, room_length, room_end;
    uint32_t *piece; /* (edges) */
    uint8_t *place;  /* (edges) */
    int64_t edge_count, room_piece, room_place;
} sid__blocks;

typedef struct sid__lattice {
    const sid__piece_corpus *corpus;
    sid__blocks blocks;
    int64_t *alone;     /* (symbols) weight of single codes that no piece crosses any more */
    uint32_t *block_of; /* (nodes) 1 + block, while blocks are made; else 0 */
} sid__lattice;

/* The blocks of all SIDs by the pieces that live->of_node has. */
sid_status sid__lattice_create(const sid__piece_corpus *corpus, const sid__live_pieces *live, sid__lattice *out,
                               sid_error *err);
/* The same again from the blocks there are; piece i has become renamed[i] (0: it has gone, unless i is a symbol). */
sid_status sid__lattice_shrink(sid__lattice *lattice, const uint32_t *renamed, int symbols, sid_error *err);
void sid__lattice_drop(sid__lattice *lattice);

/* live->expected: how often each piece is in a cut, over all cuts by their chances. `scratch` (chunks x count). */
void sid__lattice_expect(const sid__lattice *lattice, sid__live_pieces *live, double *scratch);
/* live->used: how often each piece is in the best cut. `scratch` (chunks x count). */
void sid__lattice_best(const sid__lattice *lattice, sid__live_pieces *live, int64_t *scratch);

#endif
