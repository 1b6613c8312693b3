/* piece_prune.h: which pieces of two codes and more go first when there are too many. */
#ifndef SEMID_PIECES_PIECE_PRUNE_H
#define SEMID_PIECES_PIECE_PRUNE_H

#include "pieces/piece_lattice.h"

/* How much worse SIDs would be written without a piece. */
typedef struct sid__piece_loss {
    double loss; /* < 0: no best cut has it, or it is better cut itself */
    double score;
    uint32_t piece;
} sid__piece_loss;

/* loss (live->count - live->symbols) of every longer piece, by live->used and live->score. */
void sid__piece_losses(const sid__piece_corpus *corpus, const sid__live_pieces *live, sid__piece_loss *loss);
/* Moves the `count` that go first to the front: least loss, then least score, then last in (level, length, codes). */
void sid__piece_losses_select(sid__piece_loss *loss, int64_t total, int64_t count);

#endif
