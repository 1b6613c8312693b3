/* rank_pool.h: the clicks of a history as one vector.
 *
 *   sum, mean, last  of the items clicked
 *   din              target attention (1706.06978): sum_j a_j h_j, a_j = MLP_{80,40,1}([h_j, t, h_j - t, h_j t]), PReLU, no
 *                    softmax: what a user likes much weighs much
 *   pma              pooling by attention (1810.00825): 32 learned seeds each attend to the clicks, softmax(S (X W_K)^T / sqrt d)
 *                    X W_V; with the seed added and a layer behind it, and their mean. Departures: one head, no layer norm, and the
 *                    mean of the seeds in place of all of them, so that a history is as wide as an item.
 */
#ifndef SEMID_RANK_RANK_POOL_H
#define SEMID_RANK_RANK_POOL_H

#include "rank/ranker.h"

#define SID__POOL_LIST(X)                                                                                              \
    X(SUM, "sum")                                                                                                      \
    X(MEAN, "mean")                                                                                                    \
    X(LAST, "last")                                                                                                    \
    X(DIN, "din")                                                                                                      \
    X(PMA, "pma")
typedef enum sid__pooling_kind {
#define SID__POOL_ENUM_(name, text) SID__POOL_##name,
    SID__POOL_LIST(SID__POOL_ENUM_)
#undef SID__POOL_ENUM_
        SID__POOL_COUNT
} sid__pooling_kind;
extern const char *const sid__pooling_name[SID__POOL_COUNT];

/* Parameters "<name>.*"; sum, mean and last have none. */
sid_status sid__pooling_declare(sid__pooling_kind kind, const char *name, int dim, sid__params *params, sid_error *err);
void sid__pooling_start(sid__pooling_kind kind, const char *name, uint64_t seed, sid__params *params);

/* What is pooled, (T, D), by impression; of (T) the impression of each; target (B, D) what is shown. */
typedef struct sid__pooled {
    sid__value *past, *target;
    const sid__ragged *pasts;
    const int32_t *of;
    sid__attention_look *look; /* NULL: nobody asks where attention goes */
} sid__pooled;
/* (B, D); an empty history is zeroes, but for pma, where it is what the seeds say alone. */
sid__value *sid__pooling_forward(sid__pooling_kind kind, const char *name, sid__params *params, sid__tape *tape,
                                 const sid__pooled *in);

#endif
