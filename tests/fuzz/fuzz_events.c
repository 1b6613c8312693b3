/* fuzz_events.c: files of events; the first byte chooses the form. Oracles: users' rows are in order and hold every event;
 * written out by rows as TSV without times, they are read back as the same histories. */
#include <stdio.h>
#include <string.h>

#include "data/split.h"
#include "fuzz.h"
#include "io/source.h"

static sid_status parse(sid_ctx *ctx, const char *bytes, size_t size, const char *path, sid_events **out)
{
    static const sid_events_options skip = {.read = {.on_error = SID_ON_ERROR_SKIP}};
    sid__source source;
    sid_status status = sid__source_memory(bytes, size, path, &source, NULL);
    return status == SID_OK ? sid__events_parse(ctx, &source, path, &skip, out, NULL) : status;
}

static void check_rows(const sid_events *events)
{
    FUZZ_CHECK(events->begin[0] == 0 && events->begin[events->users.count] == events->count);
    for (int64_t u = 0; u < events->users.count; u++) {
        FUZZ_CHECK(events->begin[u] < events->begin[u + 1]);
        for (int64_t i = events->begin[u]; i < events->begin[u + 1]; i++) {
            FUZZ_CHECK(events->event[i].user == u && events->event[i].item < events->items.count);
            FUZZ_CHECK(i == events->begin[u] || events->event[i - 1].time <= events->event[i].time);
        }
    }
}

static void check_splits(const sid_events *events)
{
    static const char *const kinds[] = {"loo", "time=0.5,0.2", "column", "all"};
    for (int k = 0; k < 4; k++) {
        sid_split_info info;
        const sid_split_options options = {.split = kinds[k], .ties = k % 2 ? "shuffle" : "file", .targets = "all"};
        if (sid_split_check(events, &options, &info, NULL) != SID_OK)
            continue;
        FUZZ_CHECK(info.train_events + info.valid_events + info.test_events == events->count);
    }
}

static void check_round(sid_ctx *ctx, const sid_events *events)
{
    sid__strbuf text = {0};
    sid_events *again = NULL;
    FUZZ_CHECK(sid__strbuf_printf(&text, NULL, "user_id\titem_id\n") == SID_OK);
    for (int64_t i = 0; i < events->count; i++) /* ids hold no tab and no line end, but may hold what a CSV quotes */
        FUZZ_CHECK(sid__strbuf_printf(&text, NULL, "%s\t%s\n", events->users.id[events->event[i].user],
                                      events->items.id[events->event[i].item]) == SID_OK);
    FUZZ_CHECK(parse(ctx, text.text, (size_t)text.length, "again.tsv", &again) == SID_OK);
    FUZZ_CHECK(again->count == events->count && again->users.count == events->users.count);
    for (int64_t i = 0; i < events->count; i++)
        FUZZ_CHECK(strcmp(again->items.id[again->event[i].item], events->items.id[events->event[i].item]) == 0);
    sid_events_free(again);
    sid__strbuf_drop(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const path[] = {"e.tsv", "e.csv", "e.jsonl", "e.inter"};
    static sid_ctx *ctx;
    sid_events *events = NULL;
    if (size == 0 || (!ctx && sid_ctx_create(&ctx, NULL) != SID_OK))
        return 0;
    if (parse(ctx, (const char *)data + 1, size - 1, path[data[0] % 4], &events) != SID_OK)
        return 0;
    check_rows(events);
    check_splits(events);
    check_round(ctx, events);
    sid_events_free(events);
    return 0;
}
