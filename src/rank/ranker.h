/* ranker.h: what every family of rankers is: from embeddings of a batch of impressions to a logit each. ranker_registry.c lists
 * them; training, comparison and the program loop over that list. A family is one file: options, parameters, forward pass.
 *
 * Embeddings come from outside (rank_inputs.h): a row of a table or of several, so that a family neither knows nor cares what an
 * item's rows stand for: ids, hashed ids, pieces of a SID, content.
 */
#ifndef SEMID_RANK_RANKER_H
#define SEMID_RANK_RANKER_H

#include "base/options.h"
#include "tensor/ops_sequence.h"
#include "tensor/params.h"

/* Of a batch of B impressions; D is the width of an embedding. */
typedef struct sid__rank_inputs {
    sid__value *linear;  /* (B, 1): the sum of the weights of all rows, and the bias */
    sid__value *user;    /* (B, D) */
    sid__value *item;    /* (B, D): the sum of its rows */
    sid__value *history; /* (B, D): the mean of the items clicked before, zeroes where there are none */
    sid__value *dense;   /* (B, X), or NULL */
} sid__rank_inputs;

typedef struct sid__rank_shape {
    int dim;   /* D */
    int dense; /* X */
} sid__rank_shape;

typedef struct sid__ranker_class {
    sid_family info;
    size_t options_size;
    /* Declares parameters, NULL: none; then gives them their first values, from the seed. */
    sid_status (*declare)(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err);
    void (*start)(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params);
    /* (B, 1); NULL: no memory, the tape knows. */
    sid__value *(*logit)(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *inputs);
} sid__ranker_class;

extern const sid__ranker_class *const sid__ranker_registry[];
extern const int sid__ranker_registry_count;
extern const sid__ranker_class sid__ranker_dot, sid__ranker_lr, sid__ranker_fm, sid__ranker_deepfm, sid__ranker_dcnv2;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__ranker_find(const char *name, const sid__ranker_class **out, sid_error *err);

#endif
