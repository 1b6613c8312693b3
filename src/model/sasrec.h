/* sasrec.h: what the two files of sasrec share: options, parameters, the forward pass. sasrec.c is the family; sasrec_forward.c
 * what it computes.
 */
#ifndef SEMID_MODEL_SASREC_H
#define SEMID_MODEL_SASREC_H

#include "model/item_table.h"
#include "tensor/ops_sequence.h"

enum { SID__SASREC_BLOCKS_MAX = 16 };
enum { SID__SASREC_PRE_NORM, SID__SASREC_ORIGINAL };                             /* variant */
enum { SID__SASREC_CE, SID__SASREC_SAMPLED, SID__SASREC_BCE, SID__SASREC_GBCE }; /* loss */

typedef struct sid__sasrec_options {
    sid__training training;
    int64_t dim, blocks, heads, negatives;
    double calibration;
    int variant, loss;
    bool log_q;
    char item_embedding[SID__OPTION_TEXT_SIZE];
} sid__sasrec_options;

/* Indices of parameters. */
typedef struct sid__sasrec_linear {
    int weight, bias;
} sid__sasrec_linear;
typedef struct sid__sasrec_block {
    sid__sasrec_linear norm1, norm2; /* gain and bias */
    sid__sasrec_linear qkv;          /* (3 D, D); original: the queries' (D, D) */
    sid__sasrec_linear key_value;    /* original: (2 D, D) */
    sid__sasrec_linear out, up, down;
} sid__sasrec_block;

typedef struct sid__sasrec_state {
    sid__item_table items;
    int position;
    sid__sasrec_linear first_norm, last_norm;
    sid__sasrec_block block[SID__SASREC_BLOCKS_MAX];
    float *table;     /* (items, dim) what scores are products with */
    int32_t *unknown; /* (unknown_count) items that nothing was learned of */
    int64_t unknown_count;
} sid__sasrec_state;

/* Learner's loss: mean over the targets of the batch. */
sid__value *sid__sasrec_loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch);
/* Items' embeddings x (T, D) to the hidden states of all positions, or where `row` is not NULL of `count` of them, after the
 * last norm. Without dropout. */
sid__value *sid__sasrec_hidden(const sid_model *m, sid__params *params, sid__tape *tape, sid__value *x,
                               const sid__ragged *sequences, const int32_t *row, int64_t count);

#endif
