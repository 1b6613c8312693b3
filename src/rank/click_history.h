/* click_history.h: what each user clicked last, as impressions are replayed: never anything later than the impression asked
 * about.
 */
#ifndef SEMID_RANK_CLICK_HISTORY_H
#define SEMID_RANK_CLICK_HISTORY_H

#include "base/mem.h"

/* Zero-initialised is empty. Invariant: click[u][(count[u] - 1) mod max] is user u's last. */
typedef struct sid__click_history {
    int32_t *click; /* (users, max) items, a ring */
    int32_t *count; /* (users) ever, less what is passed by twice max */
    double *time;   /* (users, max) of the clicks; NULL: not kept */
    int64_t users;
    int max;
    bool keeps_time;
} sid__click_history;

sid_status sid__click_history_create(int64_t users, int max, sid__click_history *out, sid_error *err);
/* Room for that many users; what is known stays. */
sid_status sid__click_history_reserve(sid__click_history *history, int64_t users, sid_error *err);
void sid__click_history_drop(sid__click_history *history);
void sid__click_history_push(sid__click_history *history, int32_t user, int32_t item);
void sid__click_history_push_at(sid__click_history *history, int32_t user, int32_t item, double time);
/* The last clicks of a user, oldest first, at most max, to `item`; gives how many. */
int sid__click_history_get(const sid__click_history *history, int32_t user, int32_t *item);
/* The same with their times, where they are kept. */
int sid__click_history_get_at(const sid__click_history *history, int32_t user, int32_t *item, double *time);

#endif
