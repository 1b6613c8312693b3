/* events_read.c: sid_events_read, from a file's rows to sid_events. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "data/event_time.h"
#include "data/events.h"
#include "io/records.h"

enum { CHECK_EVERY = 1 << 16 };

enum { COLUMN_USER, COLUMN_ITEM, COLUMN_TIME, COLUMN_SPLIT, COLUMN_WEIGHT };
static const sid__record_columns columns = {
    .name = {"user_id", "item_id", "timestamp", "split", "weight"}, .count = 5, .required_count = 2};

/* ---- One row ---- */

static sid_status take_time(const sid__records *records, int64_t row, double *time, sid_error *err)
{
    const sid__field *field = &records->value[COLUMN_TIME];
    *time = (double)row;
    if (!sid__records_has(records, COLUMN_TIME) || sid__event_time(field->text, field->size, time))
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, sid__records_place(records, COLUMN_TIME),
                        "timestamp is \"%.*s\"; a number or a date such as 2011-10-18T00:00:00Z is expected",
                        field->size < 60 ? (int)field->size : 60, field->text);
}

static sid_status take_part(const sid__records *records, int *part, sid_error *err)
{
    static const char *const name[] = {"train", "valid", "test"};
    const sid__field *field = &records->value[COLUMN_SPLIT];
    *part = SID__PART_TRAIN;
    if (!sid__records_has(records, COLUMN_SPLIT))
        return SID_OK;
    for (*part = 0; *part < 3; (*part)++)
        if (field->size == strlen(name[*part]) && memcmp(field->text, name[*part], field->size) == 0)
            return SID_OK;
    return sid__fail_at(err, SID_EDATA, sid__records_place(records, COLUMN_SPLIT),
                        "split is \"%.*s\"; train, valid or test is expected", field->size < 60 ? (int)field->size : 60,
                        field->text);
}

/* A weight must be one, though nothing here uses it yet: a file that says nonsense is not read in silence. */
static sid_status check_weight(const sid__records *records, sid_error *err)
{
    const sid__field *field = &records->value[COLUMN_WEIGHT];
    double weight = 0;
    if (!sid__records_has(records, COLUMN_WEIGHT) ||
        (sid__event_number(field->text, field->size, &weight) && weight >= 0))
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, sid__records_place(records, COLUMN_WEIGHT),
                        "weight is \"%.*s\"; a number of 0 or more is expected",
                        field->size < 60 ? (int)field->size : 60, field->text);
}

static sid_status take_record(sid__records *records, sid_events *events, int64_t row, bool *has_record, sid_error *err)
{
    double time = 0;
    int part = 0;
    SID_TRY(sid__records_next(records, has_record, err));
    if (!*has_record)
        return SID_OK;
    SID_TRY(take_time(records, row, &time, err));
    SID_TRY(take_part(records, &part, err));
    SID_TRY(check_weight(records, err));
    bool has_time = sid__records_has(records, COLUMN_TIME), has_split = sid__records_has(records, COLUMN_SPLIT);
    if (events->count > 0 && (has_time != events->has_time || has_split != events->has_split))
        return sid__fail_at(err, SID_EDATA, sid__records_place(records, COLUMN_USER),
                            "the object %s a \"%s\", the ones before %s; all or none is expected",
                            (has_time != events->has_time ? has_time : has_split) ? "has" : "lacks",
                            has_time != events->has_time ? "timestamp" : "split",
                            (has_time != events->has_time ? has_time : has_split) ? "do not" : "do");
    SID_TRY(sid__events_add(events, &records->value[COLUMN_USER], &records->value[COLUMN_ITEM], time, part,
                            sid__records_place(records, COLUMN_ITEM), err));
    events->has_time = has_time;
    events->has_split = has_split;
    return SID_OK;
}

static sid_status read_rows(sid__records *records, sid_events *events, sid_error *err)
{
    sid_error why = {0};
    bool has_record = true;
    for (int64_t row = 1; has_record; row++) {
        sid_status status = take_record(records, events, row, &has_record, &why);
        if (status != SID_OK) {
            SID_TRY(sid__records_pass(records, &why, err));
            has_record = true;
        }
        if (row % CHECK_EVERY == 0) {
            SID_TRY(sid__ctx_check(events->ctx, err));
            sid__ctx_progress(events->ctx, "reading events", row, 0, "rows", (double)NAN);
        }
    }
    events->skipped = records->bad.skipped;
    return SID_OK;
}

/* ---- The items that events may be of ---- */

static sid_status add_catalog_items(sid_events *events, sid_catalog *catalog, sid_error *err)
{
    sid_hits hits = {0};
    sid_status status = sid_catalog_items(catalog, &hits, err);
    for (int64_t i = 0; status == SID_OK && i < hits.count; i++)
        status = sid__events_add_item(events, hits.row[i].item_id, err);
    sid_hits_drop(&hits);
    return status;
}

static sid_status add_items(sid_events *events, const sid_events_options *options, sid_error *err)
{
    int given = (options->catalog != NULL) + (options->items != NULL) + (options->vectors != NULL) +
                (options->item_ids != NULL);
    if (given > 1)
        return sid__fail(err, SID_EUSAGE,
                         "the items of events come from a catalogue, items, vectors or a list; %d of "
                         "them were given",
                         given);
    if (options->catalog)
        return add_catalog_items(events, options->catalog, err);
    for (int64_t i = 0; options->items && i < sid_items_count(options->items); i++)
        SID_TRY(sid__events_add_item(events, sid_items_id(options->items, i), err));
    for (int64_t i = 0; options->vectors && i < sid_vectors_count(options->vectors); i++)
        SID_TRY(sid__events_add_item(events, sid_vectors_id(options->vectors, i), err));
    for (int64_t i = 0; options->item_ids && i < options->item_count; i++)
        SID_TRY(sid__events_add_item(events, options->item_ids[i], err));
    return SID_OK;
}

/* ---- The whole ---- */

static sid_status parse_repeats(const char *text, int *out, sid_error *err)
{
    static const char *const name[] = {"keep", "first", "no-consecutive"};
    for (*out = 0; *out < 3; (*out)++)
        if (!text || strcmp(text, name[*out]) == 0)
            return SID_OK;
    return sid__fail(err, SID_EUSAGE, "repeats is \"%s\"; keep, first or no-consecutive is expected", text);
}

static sid_status check_rows(const sid_events *events, sid_error *err)
{
    sid__place place = {.file = events->path, .byte = -1};
    if (events->count == 0 && events->skipped > 0)
        return sid__fail_at(err, SID_EDATA, place, "no events: all %" PRId64 " rows are bad%s", events->skipped,
                            events->has_catalog ? "; are these the items of these events?" : "");
    if (events->skipped > 0)
        sid__ctx_warn(events->ctx, "%s: %" PRId64 " bad rows left out, %" PRId64 " events read", events->path,
                      events->skipped, events->count);
    return SID_OK;
}

static sid_status fill(sid_events *events, sid__source *source, const char *path, const sid_events_options *options,
                       sid_error *err)
{
    int repeats = 0;
    sid__records records = {0};
    SID_TRY(parse_repeats(options->repeats, &repeats, err));
    if (options->core < 0)
        return sid__fail(err, SID_EUSAGE, "core is %" PRId64 "; 0 (off) or more is expected", options->core);
    SID_TRY(add_items(events, options, err));
    sid_status status = sid__records_open(events->ctx, source, path, &columns, &options->read, &records, err);
    if (status == SID_OK)
        status = read_rows(&records, events, err);
    SID_TRY(sid__records_close(&records, status, err));
    SID_TRY(check_rows(events, err));
    return sid__events_finish(events, repeats, options->core, err);
}

sid_status sid__events_parse(sid_ctx *ctx, sid__source *source, const char *path, const sid_events_options *options,
                             sid_events **out, sid_error *err)
{
    static const sid_events_options defaults;
    sid_events *events = NULL;
    SID_TRY(sid__events_create(ctx, source->path, &events, err));
    sid_status status = fill(events, source, path, options ? options : &defaults, err);
    if (status != SID_OK) {
        sid_events_free(events);
        return status;
    }
    *out = events;
    return SID_OK;
}

sid_status sid_events_read(sid_ctx *ctx, const char *path, const sid_events_options *options, sid_events **out,
                           sid_error *err)
{
    sid__source source;
    SID_TRY(sid__source_open(path, &source, err));
    sid_status status = sid__events_parse(ctx, &source, path, options, out, err);
    sid__source_close(&source);
    return status;
}
