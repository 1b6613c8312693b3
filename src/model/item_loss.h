/* item_loss.h: how a family that scores items by products is told which one was right: over all items, or over samples of
 * them, by a choice among audited losses (ops_sequence.h has their formulas).
 */
#ifndef SEMID_MODEL_ITEM_LOSS_H
#define SEMID_MODEL_ITEM_LOSS_H

#include "model/learner.h"
#include "tensor/ops_sequence.h"

typedef struct sid__item_loss {
    int kind;          /* place in the choices below */
    int64_t negatives; /* 0: as is usual for the loss */
    bool log_q;
    double calibration, penalty;
} sid__item_loss;

/* Rows of an option table whose struct S has `sid__item_loss loss`. */
#define SID__ITEM_LOSS_OPTIONS(S, KIND)                                                                                \
    {"loss",                                                                                                           \
     SID_OPTION_CHOICE,                                                                                                \
     KIND,                                                                                                             \
     0,                                                                                                                \
     0,                                                                                                                \
     "ce|ce-sampled|bce|gbce|bpr-max",                                                                                 \
     "ce: over all items; the others: over negatives drawn at each step; bce: one a position",                         \
     offsetof(S, loss.kind)},                                                                                          \
        {"negatives",                                                                                                  \
         SID_OPTION_INT,                                                                                               \
         "0",                                                                                                          \
         0,                                                                                                            \
         1 << 20,                                                                                                      \
         NULL,                                                                                                         \
         "items drawn a step, uniformly, for all its positions; 0: 2048, of gbce 256",                                 \
         offsetof(S, loss.negatives)},                                                                                 \
        {"log_q",                                                                                                      \
         SID_OPTION_FLAG,                                                                                              \
         "false",                                                                                                      \
         0,                                                                                                            \
         0,                                                                                                            \
         NULL,                                                                                                         \
         "ce-sampled: correct for how often an item is drawn",                                                         \
         offsetof(S, loss.log_q)},                                                                                     \
        {"calibration",                                                                                                \
         SID_OPTION_FLOAT,                                                                                             \
         "0.75",                                                                                                       \
         0,                                                                                                            \
         1,                                                                                                            \
         NULL,                                                                                                         \
         "gbce: 0 as bce, 1 as if all items were negatives",                                                           \
         offsetof(S, loss.calibration)},                                                                               \
    {                                                                                                                  \
        "penalty", SID_OPTION_FLOAT, "1", 0, 1e6, NULL, "bpr-max: of large scores of negatives",                       \
            offsetof(S, loss.penalty)                                                                                  \
    }

/* Mean over the targets that count. h (N, D) of hidden states, table (V, D), bias (1, V) or NULL, which sampled losses pass by;
 * target (N) rows of the table, below 0: none. target_count: that count. What is drawn is a function of the batch's seed and
 * step. */
sid__value *sid__item_loss_of(const sid__item_loss *how, sid__tape *tape, sid__value *h, sid__value *table,
                              sid__value *bias, const int32_t *target, int64_t target_count, const sid__batch *batch);
/* About how many floats it holds of V items and N rows of D. */
int64_t sid__item_loss_floats(const sid__item_loss *how, int threads, int64_t items, int64_t dim, int64_t rows);

#endif
