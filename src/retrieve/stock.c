/* stock.c: how good items are and when they were born: from impressions, events or columns of the catalogue. */
#include <math.h>
#include <string.h>

#include "data/event_time.h"
#include "data/events.h"
#include "data/impressions.h"
#include "io/json.h"
#include "retrieve/retriever.h"

enum { DAY_S = 86400, PRIOR_SHOWS = 10 };

/* Of each item: shows and clicks, or events. */
typedef struct counts {
    double *shows, *clicks; /* (items) */
    double *birth;          /* (items) days; infinite: not seen */
    double all_shows, all_clicks, last_day;
} counts;

static void count_one(counts *c, int64_t item, double day, bool is_click)
{
    c->all_shows++;
    c->all_clicks += is_click;
    c->last_day = day > c->last_day ? day : c->last_day;
    if (item < 0)
        return;
    c->shows[item]++;
    c->clicks[item] += is_click;
    c->birth[item] = day < c->birth[item] ? day : c->birth[item];
}

/* Rows of another list of ids to items; -1: not in the catalogue. */
static sid_status join_ids(const sid__id_list *known, const sid__id_list *ids, int64_t **out, sid_error *err)
{
    SID_TRY(sid__alloc(out, (size_t)ids->count, sizeof **out, "items of events", err));
    for (int64_t i = 0; i < ids->count; i++)
        (*out)[i] = sid__id_list_find(known, ids->id[i]);
    return SID_OK;
}

static sid_status count_impressions(const sid__id_list *known, const sid_impressions *im, counts *c, sid_error *err)
{
    int64_t *item = NULL;
    SID_TRY(join_ids(known, &im->items, &item, err));
    for (int64_t i = 0; i < im->count; i++)
        count_one(c, item[im->row[i].item], im->row[i].day, im->row[i].label);
    sid__free(item);
    return SID_OK;
}

static sid_status count_events(const sid__id_list *known, const sid_events *events, counts *c, sid_error *err)
{
    int64_t *item = NULL;
    SID_TRY(join_ids(known, &events->items, &item, err));
    for (int64_t i = 0; i < events->count; i++)
        count_one(c, item[events->event[i].item], events->has_time ? events->event[i].time / DAY_S : 0, true);
    sid__free(item);
    return SID_OK;
}

/* ---- Columns -------------------------------------------------------------------------------------------------------------- */

/* A number of an item's metadata; NaN: there is none. */
static sid_status column_value(const sid_item *item, const char *column, double *out, sid_error *err)
{
    json_t *columns = NULL;
    *out = (double)NAN;
    if (!*item->metadata)
        return SID_OK;
    SID_TRY(sid__json_parse(item->metadata, strlen(item->metadata), item->item_id, &columns, err));
    const json_t *value = json_object_get(columns, column);
    if (json_is_number(value))
        *out = json_number_value(value);
    else if (json_is_string(value) && json_string_length(value) > 0 &&
             !sid__event_number(json_string_value(value), json_string_length(value), out)) {
        sid_status status = sid__fail(err, SID_EDATA, "item \"%s\" has %s \"%.60s\"; a number is expected",
                                      item->item_id, column, json_string_value(value));
        json_decref(columns);
        return status;
    }
    json_decref(columns);
    return SID_OK;
}

/* Where an item lacks the column, `value` stays. */
static sid_status read_column(const sid_hits *hits, const char *column, double *value, sid_error *err)
{
    int64_t found = 0;
    for (int64_t i = 0; i < hits->count; i++) {
        double number = 0;
        SID_TRY(column_value(&hits->row[i], column, &number, err));
        if (isnan(number))
            continue;
        value[i] = number;
        found++;
    }
    return found > 0 ? SID_OK : sid__fail(err, SID_EUSAGE, "not one item of the catalogue has \"%s\"", column);
}

/* ---- Both ------------------------------------------------------------------------------------------------------------------ */

static void judge(const sid_hits *hits, const sid_retriever_options *o, const counts *c, double *quality, double *birth,
                  int64_t *unseen)
{
    double rate = c->all_shows > 0 ? c->all_clicks / c->all_shows : 1;
    for (int64_t i = 0; i < hits->count; i++) {
        bool is_seen = isfinite(c->birth[i]);
        *unseen += !is_seen;
        birth[i] = is_seen ? c->birth[i] : c->last_day;
        quality[i] = o->impressions ? (c->clicks[i] + PRIOR_SHOWS * rate + 1e-9) / (c->shows[i] + PRIOR_SHOWS)
                                    : c->clicks[i] + 1;
    }
}

sid_status sid__stock_read(const sid_hits *hits, const sid__id_list *ids, const sid_retriever_options *o,
                           double *quality, double *birth, int64_t *unseen, sid_error *err)
{
    *unseen = 0;
    counts c = {.last_day = o->impressions || o->events ? -(double)INFINITY : 0};
    size_t count = (size_t)hits->count;
    sid_status status = sid__alloc(&c.shows, count, sizeof *c.shows, "shows of items", err);
    if (status == SID_OK)
        status = sid__alloc(&c.clicks, count, sizeof *c.clicks, "clicks of items", err);
    if (status == SID_OK)
        status = sid__alloc(&c.birth, count, sizeof *c.birth, "births of items", err);
    for (size_t i = 0; status == SID_OK && i < count; i++)
        c.birth[i] = (double)INFINITY;
    if (status == SID_OK && o->impressions)
        status = count_impressions(ids, o->impressions, &c, err);
    else if (status == SID_OK && o->events)
        status = count_events(ids, o->events, &c, err);
    if (status == SID_OK)
        judge(hits, o, &c, quality, birth, unseen);
    sid__free(c.shows);
    sid__free(c.clicks);
    sid__free(c.birth);
    if (status == SID_OK && o->quality)
        status = read_column(hits, o->quality, quality, err);
    if (status == SID_OK && o->birth)
        status = read_column(hits, o->birth, birth, err);
    return status;
}
