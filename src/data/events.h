/* events.h: the inside of sid_events: who did something with which item, when; compact, sorted, one row of integers a user.
 *
 * Filled row by row (events_read.c, tests), then sid__events_finish sorts by (user, time, order of the file), drops exact
 * duplicates, and applies what the options ask for. After that it does not change.
 */
#ifndef SEMID_DATA_EVENTS_H
#define SEMID_DATA_EVENTS_H

#include "base/ctx.h"
#include "data/id_list.h"
#include "io/delimited.h"
#include "semid_model.h"

enum { SID__PART_TRAIN, SID__PART_VALID, SID__PART_TEST };
enum { SID__REPEATS_KEEP, SID__REPEATS_FIRST, SID__REPEATS_NO_CONSECUTIVE };

typedef struct sid__event {
    double time;
    int32_t user, item;
    uint8_t part;
} sid__event;

/* Invariants after finish: begin (users.count + 1) rises by at least 1 a user; event begin[u] .. begin[u+1]-1 are user u's,
 * by time, ties in file order. Before: `event` holds them in file order, begin is NULL. */
struct sid_events {
    sid_ctx *ctx;
    size_t reserved_size;
    char *path; /* for messages */
    sid__id_list users, items;
    bool has_catalog; /* the items were given: what is not among them is unknown, and all are candidates */
    bool has_time, has_split;
    sid__event *event;
    int64_t count, capacity;
    int64_t *begin;
    int64_t skipped, duplicates, repeats, filtered;
};

sid_status sid__events_create(sid_ctx *ctx, const char *path, sid_events **out, sid_error *err);
/* One of the items that events may be of; SID_EDATA: the id is bad or there twice. */
sid_status sid__events_add_item(sid_events *events, const char *item_id, sid_error *err);
/* A row of the file. Users and, without a catalogue, items are numbered as they come. SID_EDATA: a bad or unknown id. */
sid_status sid__events_add(sid_events *events, const sid__field *user, const sid__field *item, double time, int part,
                           sid__place place, sid_error *err);
/* core 0 or 1: off. SID_EDATA: nothing is left. */
sid_status sid__events_finish(sid_events *events, int repeats, int64_t core, sid_error *err);
/* As sid_events_read does from a source; form by the ending of `path`. For tests and fuzzing. */
sid_status sid__events_parse(sid_ctx *ctx, sid__source *source, const char *path, const sid_events_options *options,
                             sid_events **out, sid_error *err);

#endif
