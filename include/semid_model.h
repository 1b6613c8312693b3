/* semid_model.h: recommenders: what users did (events), how it is split into what a model learns from and what it is asked,
 * models, and their evaluation. Errors, contexts and threads are those of semid.h.
 *
 *     sid_events_read ──▶ sid_events ──sid_split_check──▶ facts: who is asked, which items are cold
 */
#ifndef SEMID_MODEL_H
#define SEMID_MODEL_H

#include "semid.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Events: who did something with which item, when -------------------------------------------------------------- */

typedef struct sid_events sid_events;

typedef struct sid_events_options {
    sid_read_options read; /* what to do with bad rows; an item that is not known makes one */
    /* The items that events may be of, one of these three. All are then candidates of a recommendation, also those without
     * an event. None: the items of the events themselves. */
    sid_catalog *catalog;
    const sid_items *items;
    const sid_vectors *vectors;
    const char *repeats; /* of an item in a history: "keep" (default), "first", "no-consecutive" */
    int64_t core;        /* drop users and items with fewer events, until none has; 0: off */
    void *reserved[4];
} sid_events_options;

/* Reads `path`: .tsv, .csv, .jsonl or RecBole's .inter ("-": standard input, tsv), by the columns user_id, item_id and, where
 * they are there, timestamp (a number, or a date by RFC 3339), split (train, valid, test) and weight; others are passed by.
 * Events are sorted by user and time; equal times, and files without times, keep the order of the file. Exact duplicates
 * (user, item, time) are dropped and counted. SID_EDATA names file, line and column of a bad row; SID_EIO, SID_ENOMEM. */
SID_API SID_MUST_CHECK sid_status sid_events_read(sid_ctx *ctx, const char *path, const sid_events_options *options,
                                                  sid_events **out, sid_error *err);
SID_API void sid_events_free(sid_events *events);

typedef struct sid_events_info {
    int64_t users, items, events;
    int64_t skipped, duplicates; /* bad rows left out; equal user, item and time */
    int64_t repeats, filtered;   /* dropped by the options repeats and core */
    int64_t shortest, longest;   /* events of a user */
    bool has_time, has_split;
} sid_events_info;
SID_API void sid_events_get_info(const sid_events *events, sid_events_info *out);
/* Ids by row; NULL beyond. Users come in the order of the file, items in that of what they were given by. */
SID_API const char *sid_events_user_id(const sid_events *events, int64_t user);
SID_API const char *sid_events_item_id(const sid_events *events, int64_t item);
SID_API int64_t sid_events_find_user(const sid_events *events, const char *user_id); /* row, or -1 */
SID_API int64_t sid_events_find_item(const sid_events *events, const char *item_id);

/* ---- Split: what a model learns from, and what it is asked --------------------------------------------------------- */

typedef struct sid_split_options {
    /* "loo" (default): a user's last event is the test, the one before it the validation, the rest trains; users of fewer than
     * three events train only. "time=0.8,0.1": shares of all events, by time, that train and validate; "time=A,B": the same by
     * two times (numbers or dates), the first of the validation and of the test. "column": what the file says. "all": all
     * events train, nothing is asked. */
    const char *split;
    /* Events of one moment: "file" (default): the order of the file, which published results have; "shuffle": a seeded order, by
     * user; "exclude": a target that ties with the event before it is not asked. */
    const char *ties;
    const char *targets; /* of time and column: "first" (default) event after the history, or "all" */
    uint64_t seed;       /* 0: 42 */
    void *reserved[4];
} sid_split_options;

typedef struct sid_split_info {
    int64_t train_events, valid_events, test_events; /* by part, asked or not */
    int64_t valid_users, test_users;                 /* that are asked */
    int64_t test_targets;                            /* that they are asked for */
    int64_t users_without_history;                   /* have a test event and none before it: not asked */
    int64_t users_excluded;                          /* not asked, by ties=exclude */
    int64_t cold_items;                              /* without a train event */
    int64_t cold_events, cold_targets;               /* test events, test targets of cold items */
    double tied_events_rate;  /* events of the same time as the user's event before, of all that have one before */
    double tied_targets_rate; /* first test targets of the same time as the event before */
} sid_split_info;
/* What a split makes of the events. SID_EUSAGE: unknown words; a split by time or column of events without. */
SID_API SID_MUST_CHECK sid_status sid_split_check(const sid_events *events, const sid_split_options *options,
                                                  sid_split_info *out, sid_error *err);

#ifdef __cplusplus
}
#endif
#endif
