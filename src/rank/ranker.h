/* ranker.h: what every family of rankers is: from embeddings of a batch of impressions to a logit each. ranker_registry.c lists
 * them; training, comparison and the program loop over that list. A family is one file: options, parameters, forward pass.
 *
 * Embeddings come from outside: a row of a table or of several, so that a family neither knows nor cares what an item's rows
 * stand for: ids, hashed ids, pieces of a SID, content.
 */
#ifndef SEMID_RANK_RANKER_H
#define SEMID_RANK_RANKER_H

#include "base/options.h"
#include "rank/attention_look.h"
#include "tensor/ops_sequence.h"
#include "tensor/params.h"

enum { SID__RANK_TASKS_MAX = 8 };

/* What happened to a batch of B impressions, and what the family makes of it. */
typedef struct sid__rank_training {
    const uint8_t *label[SID__RANK_TASKS_MAX]; /* (B) of each task */
    const int32_t *target;                     /* (B) items: equal numbers are equal items */
    const double *log_chance; /* (B) of the item to be among the clicks of a batch; NULL unless wants_chances */
    sid__value *loss; /* (1, 1) summed over the batch, set by the family; NULL: the cross-entropy of the logit */
} sid__rank_training;

/* Of a batch; D is the width of an embedding. */
typedef struct sid__rank_inputs {
    sid__value *linear;       /* (B, 1): the sum of the weights of all rows, and the bias */
    sid__value *user;         /* (B, D) */
    sid__value *item;         /* (B, D): the sum of its rows */
    sid__value *history;      /* (B, D): the items clicked before as one, zeroes where there are none */
    sid__value *dense;        /* (B, X), or NULL */
    sid__value *const *other; /* (other_count) of (B, D): what else is known of the request */
    int other_count;
    sid__value *past;             /* (T, D): the items clicked before, side by side */
    const sid__ragged *pasts;     /* rows of `past` by impression, oldest first */
    const int32_t *past_of;       /* (T) the impression of each */
    sid__rank_training *training; /* NULL: nothing is learned of these */
    sid__attention_look *look;    /* what weighs clicks adds where to; NULL: nobody asks */
} sid__rank_inputs;

typedef struct sid__rank_shape {
    int dim;    /* D */
    int dense;  /* X */
    int others; /* fields beside user, item and history */
    int tasks;  /* labels; 0: 1 */
} sid__rank_shape;

typedef struct sid__ranker_class {
    sid_family info;
    size_t options_size;
    bool wants_chances; /* training.log_chance */
    bool pools_itself;  /* takes `past`; `history` is not looked at */
    bool is_relative;   /* scores say who comes first and are no logits: log losses of them say nothing */
    /* Declares parameters, NULL: none; then gives them their first values, from the seed. */
    sid_status (*declare)(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err);
    void (*start)(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params);
    /* (B, 1); NULL: no memory, the tape knows. */
    sid__value *(*logit)(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *inputs);
    /* Where the logit is the product of a vector of the request and one of the item: these, (B, E) and (N, E). `inputs` without an
     * item; item (N, D). NULL: it is no such product. */
    sid__value *(*request_vector)(const void *options, sid__params *params, sid__tape *tape,
                                  const sid__rank_inputs *inputs);
    sid__value *(*item_vector)(const void *options, sid__params *params, sid__tape *tape, sid__value *item);
} sid__ranker_class;

extern const sid__ranker_class *const sid__ranker_registry[];
extern const int sid__ranker_registry_count;
extern const sid__ranker_class sid__ranker_dot, sid__ranker_lr, sid__ranker_fm, sid__ranker_deepfm, sid__ranker_dlrm,
    sid__ranker_dcnv2, sid__ranker_din, sid__ranker_two_tower, sid__ranker_mmoe;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__ranker_find(const char *name, const sid__ranker_class **out, sid_error *err);

#endif
