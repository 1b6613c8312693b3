/* attention_look.h: where the attention of a history goes, told when a ranker is asked: a pooling whose weights are all alike could be a
 * mean, and one that looks for the item shown itself has learned to count it. Histories are ragged, so none of it goes to padding.
 */
#ifndef SEMID_RANK_ATTENTION_LOOK_H
#define SEMID_RANK_ATTENTION_LOOK_H

#include "tensor/ops_sequence.h"

/* Sums over histories of two clicks or more. */
typedef struct sid__attention_look {
    const int32_t *click, *shown; /* (T) items clicked, (B) shown: equal numbers are equal items */
    double entropy;               /* of the shares |w_j| / sum |w|, by that of equal ones: 0 .. 1 */
    double self;                  /* the share of clicks on the item shown */
    int64_t count;
} sid__attention_look;

/* Weights (T) of the clicks of each of B lists; of no weight at all is left out. */
void sid__attention_look_at(sid__attention_look *look, const sid__ragged *lists, const sid__real *weight);
/* The same of softmax(scale q_s k^T) for each row s of q (S, D), k being the first D columns of kv (T, 2 D). Gives false without memory
 * of the tape. */
bool sid__attention_look_softmax(sid__attention_look *look, sid__tape *tape, const sid__ragged *lists,
                                 const sid__value *q, const sid__value *kv);

#endif
