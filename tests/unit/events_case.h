/* events_case.h: events for tests: from text in memory, and from real data. */
#ifndef SEMID_EVENTS_CASE_H
#define SEMID_EVENTS_CASE_H

#include "base/vfs.h"
#include "data/events.h"
#include "io/source.h"
#include "test.h"

static inline sid_status parse_events(sid_ctx *ctx, const char *text, const char *path,
                                      const sid_events_options *options, sid_events **out, sid_error *err)
{
    sid__source source;
    sid_status status = sid__source_memory(text, strlen(text), path, &source, err);
    if (status == SID_OK)
        status = sid__events_parse(ctx, &source, path, options, out, err);
    return status;
}

/* Events that must be good; free with sid_events_free. */
static inline sid_events *good_events(sid_ctx *ctx, const char *text, const sid_events_options *options)
{
    sid_events *events = NULL;
    TEST_OK(parse_events(ctx, text, "e.tsv", options, &events, err));
    return events;
}

/* The histories as text: "u1:a b c;u2:d". */
static inline const char *histories(const sid_events *events)
{
    static char text[4096];
    size_t n = 0;
    text[0] = 0;
    for (int64_t u = 0; u < events->users.count; u++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s:", u ? ";" : "", events->users.id[u]);
        for (int64_t i = events->begin[u]; i < events->begin[u + 1]; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i > events->begin[u] ? " " : "",
                                  events->items.id[events->event[i].item]);
    }
    return text;
}

/* The path of real data, or the test is skipped with a sentence. */
static inline const char *real_data(const char *name)
{
    static char path[2][1024];
    static int turn;
    const char *root = getenv("SEMID_DATA");
    turn = 1 - turn;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", root ? root : TEST_TREE "/../shared/data", name);
    if (!sid__path_exists(path[turn])) {
        print_message("SKIPPED: %s is not there; set SEMID_DATA\n", path[turn]);
        skip();
    }
    return path[turn];
}

#endif
