/* split.h: events cut into train, valid and test, user by user.
 *
 * A user's events, in the order that the tie policy gives, are three runs: train, valid, test. A case is a question to a
 * model: a history, which is all before the targets, and the targets behind it. Validation asks with train as history,
 * the test with train and valid; weights see train alone.
 */
#ifndef SEMID_DATA_SPLIT_H
#define SEMID_DATA_SPLIT_H

#include "data/events.h"

typedef enum sid__split_kind { SID__SPLIT_LOO, SID__SPLIT_TIME, SID__SPLIT_COLUMN, SID__SPLIT_ALL } sid__split_kind;
typedef enum sid__ties { SID__TIES_FILE, SID__TIES_SHUFFLE, SID__TIES_EXCLUDE } sid__ties;

/* sid_split_options understood. */
typedef struct sid__split_plan {
    sid__split_kind kind;
    sid__ties ties;
    bool takes_all_targets, has_times;
    double first, second; /* TIME: shares, or with has_times where valid and test begin */
    double cold;          /* share of the items that do not train */
    uint64_t seed;
} sid__split_plan;

/* Item history_begin .. target_begin - 1 of sid__split.item is the history (at least one), the next target_count the targets. */
typedef struct sid__case {
    int64_t history_begin, target_begin;
    int32_t user, target_count;
    bool is_tied; /* the first target, with the event before it */
} sid__case;

typedef struct sid__cases {
    sid__case *row;
    int64_t count;
} sid__cases;

/* Invariant: begin[u] <= train_end[u] <= valid_end[u] <= begin[u + 1]. */
typedef struct sid__split {
    const sid_events *events; /* the caller's */
    const int64_t *begin;     /* (users + 1): of the events, or begin_own where some were left out */
    int64_t *begin_own;
    int64_t user_count, item_count;
    int64_t *train_end, *valid_end; /* (users) */
    int32_t *item;                  /* (begin[users]) */
    bool *is_tied;        /* (begin[users]) of the same time as the event of the same user and part before it */
    int64_t *train_count; /* (items) train events of each */
    sid__cases valid, test;
    sid_split_info info;
} sid__split;

/* `options` NULL: defaults. SID_EUSAGE names the word. */
sid_status sid__split_plan_parse(const sid_split_options *options, sid__split_plan *out, sid_error *err);
sid_status sid__split_make(const sid_events *events, const sid_split_options *options, sid__split *out, sid_error *err);
void sid__split_drop(sid__split *split);

#endif
