/* sidgpt_net.h: the networks of sidgpt: what a decoder-only model of SIDs computes, in training and when it is asked. sidgpt.c
 * makes a family of it.
 *
 *   flat   BOS, then the codes of each item as tokens, x = E[level][code] + P[level]; the token before a code predicts it, with
 *          E[level] as its head. One stack over everything.
 *   item   (after 2508.14910) a trunk over items, x = sum_l E[l][code_l]; from its state at an item, a small stack with tables of
 *          its own predicts the codes of the next: W h, then the codes so far. The trunk runs once a request, and a beam
 *          touches the small stack alone. What the trunk reads of an item may be more than its codes (item_table.h), and
 *          its states may be told which item was right, too (`dense`, as LIGER does, 2411.18814).
 *
 * Both are trained on every code of every item but the first of a history (`asks_first`: of that too), in one pass.
 */
#ifndef SEMID_MODEL_SIDGPT_NET_H
#define SEMID_MODEL_SIDGPT_NET_H

#include "model/item_loss.h"
#include "model/item_table.h"
#include "model/stack.h"

/* Order of the choices of the option `layout`. */
typedef enum sid__sidgpt_layout { SID__SIDGPT_ITEM, SID__SIDGPT_FLAT } sid__sidgpt_layout;

typedef struct sid__sidgpt {
    sid__sidgpt_layout layout;
    int dim, heads, layers, hidden, depth_layers; /* given */
    int64_t history_max;                          /* items that are looked at when it is asked; given */
    bool asks_first;                              /* flat: the codes of a history's first item count too; given */
    int levels;                                   /* codes of a SID */
    sid__stack trunk, depth;                      /* depth: item */
    int table[SID_LEVELS_MAX + 1];                /* (levels) (K, D) */
    int depth_table[SID_LEVELS_MAX + 1];          /* item: (levels) (K, D) */
    int place;                                    /* flat: (1 + levels, D), BOS and what each level adds */
    int bridge;                                   /* item: (D, D) */
    const sid__item_table *items;                 /* item: what the trunk reads; NULL: codes alone */
    const float *embedding;                       /* (embedded, D) with items: of each item, to be asked with */
    int64_t embedded;
    double dense; /* with items: weight of the loss over items; 0: none */
    sid__item_loss dense_loss;
} sid__sidgpt;

/* Declares its parameters for SIDs of those sizes. */
sid_status sid__sidgpt_declare(sid__sidgpt *net, const sid__item_sids *sids, sid__params *params, sid_error *err);

typedef struct sid__sidgpt_batch {
    const sid__ragged *sequences;
    const int32_t *item;   /* (T) rows of the SIDs */
    const int32_t *target; /* (T) the item after, -1 where none counts */
    double dropout, depth_dropout;
    uint64_t seed;
    int64_t step;
    double *level_loss;      /* (levels), to fill; NULL: not wanted */
    const sid__batch *batch; /* for what `dense` draws */
} sid__sidgpt_batch;

/* Mean over all codes that count, (1, 1); 0 where none does. */
sid__value *sid__sidgpt_loss(const sid__sidgpt *net, const sid__item_sids *sids, sid__params *params, sid__tape *tape,
                             const sid__sidgpt_batch *batch);
/* Tests: logits (codes that count at the level, K) as training has them, in the order of the batch. */
sid__value *sid__sidgpt_logits(const sid__sidgpt *net, const sid__item_sids *sids, sid__params *params, sid__tape *tape,
                               const sid__sidgpt_batch *batch, int level);

/* sid__generator's functions, for a model whose state is a sid__sidgpt and whose parameters are `params`. */
sid_status sid__sidgpt_begin(sid_ctx *ctx, const sid__sidgpt *net, const sid__item_sids *sids,
                             const sid__params *params, const sid__history *history, int64_t count, void **state,
                             sid_error *err);
sid_status sid__sidgpt_step(void *state, int level, const int32_t *parent, const uint16_t *code, int64_t rows,
                            float *logits, sid_error *err);
void sid__sidgpt_forget(void *state, int level, int64_t rows);
void sid__sidgpt_end(void *state);
void sid__sidgpt_rank(const void *state, int64_t question, const int32_t *item, int64_t count, double *score);

/* ---- Shared by training and asking (sidgpt_net.c, sidgpt_ask.c) ---- */

/* Tokens as rows of tables: token t is the sum of start[row[0][t]] and of table l [row[1 + l][t]]; -1 adds nothing. */
typedef struct sid__tokens {
    int64_t count;
    int tables;
    int64_t *begin;                   /* (count + 1) 0, 1, 2, .. */
    int32_t *row[SID_LEVELS_MAX + 2]; /* (1 + tables) of (count) */
} sid__tokens;

/* All -1. NULL rows: no memory, which the tape knows. */
sid__tokens sid__tokens_make(sid__tape *tape, int64_t count, int tables);
/* (count, D). start NULL: row[0] is not looked at. */
sid__value *sid__tokens_embed(sid__tape *tape, const sid__tokens *tokens, sid__params *params, sid__value *start,
                              const int *table);

#endif
