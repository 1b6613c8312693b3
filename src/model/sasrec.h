/* sasrec.h: what the two files of sasrec share: options, parameters, the forward pass. sasrec.c is the family; sasrec_forward.c
 * what it computes.
 */
#ifndef SEMID_MODEL_SASREC_H
#define SEMID_MODEL_SASREC_H

#include "model/item_loss.h"
#include "model/item_model.h"

enum { SID__SASREC_BLOCKS_MAX = 16 };
enum { SID__SASREC_PRE_NORM, SID__SASREC_ORIGINAL }; /* variant */

typedef struct sid__sasrec_options {
    sid__training training;
    sid__item_loss loss;
    int64_t dim, blocks, heads;
    double itemknn;
    int variant;
    char item_embedding[SID__OPTION_TEXT_SIZE];
} sid__sasrec_options;

/* Indices of parameters. */
typedef struct sid__sasrec_block {
    sid__linear norm1, norm2;
    sid__linear qkv;       /* (3 D, D); original: the queries' (D, D) */
    sid__linear key_value; /* original: (2 D, D) */
    sid__linear out, up, down;
} sid__sasrec_block;

typedef struct sid__sasrec_state {
    sid__item_model base;
    int position;
    sid__linear first_norm, last_norm;
    sid__sasrec_block block[SID__SASREC_BLOCKS_MAX];
} sid__sasrec_state;

/* Learner's loss: mean over the targets of the batch. */
sid__value *sid__sasrec_loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch);
/* Items' embeddings x (T, D) to the hidden states of the last tokens, after the last norm. */
sid__value *sid__sasrec_hidden(sid__pass *p, sid__value *x, const sid__asked *asked);

#endif
