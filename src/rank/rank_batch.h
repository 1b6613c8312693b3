/* rank_batch.h: a batch of impressions as a ranker takes it: users, the items met, each once, and who of them is shown and who was
 * clicked before.
 */
#ifndef SEMID_RANK_RANK_BATCH_H
#define SEMID_RANK_RANK_BATCH_H

#include "data/impressions.h"
#include "rank/click_history.h"

/* Invariant: target, past < item_count; past_begin[0] == 0. */
typedef struct sid__rank_batch {
    int64_t count;       /* B */
    uint64_t *user;      /* (B) keys of the table of users */
    uint8_t *label;      /* (B) */
    int32_t *target;     /* (B) into item */
    int32_t *past;       /* (past_begin[B]) into item: the history of each, oldest first */
    int64_t *past_begin; /* (B + 1) */
    int32_t *past_of;    /* (past_begin[B]) the impression of each */
    int32_t *shown;      /* (B) items by the number that impressions have for them */
    int32_t *item;       /* (item_count) in the order they are met */
    int64_t item_count;
    int32_t *index_of; /* (items of all impressions) into item; -1: not met */
    int32_t *recent;   /* (history) */
    int64_t past_from; /* items of histories are numbered from here: 0, or they are others than those shown */
} sid__rank_batch;

sid_status sid__rank_batch_create(int64_t most, int history_max, int64_t items, sid__rank_batch *out, sid_error *err);
void sid__rank_batch_drop(sid__rank_batch *batch);
/* Impressions begin .. end - 1, at most as many as created for. Clicks among them go to `history`, each behind its own
 * impression. */
void sid__rank_batch_fill(sid__rank_batch *batch, const sid_impressions *impressions, int64_t begin, int64_t end,
                          sid__click_history *history);

#endif
