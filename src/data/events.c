/* events.c: see events.h. Ten million events are 240 MB here, and a sort of them takes seconds: nothing cleverer is needed. */
#include "data/events.h"

#include <inttypes.h>
#include <string.h>

#include "sid/sort_rows.h"

/* ---- Filling ---- */

sid_status sid__events_create(sid_ctx *ctx, const char *path, sid_events **out, sid_error *err)
{
    sid_events *events = NULL;
    SID_TRY(sid__alloc(&events, 1, sizeof *events, "events", err));
    events->ctx = ctx;
    sid_status status = sid__strdup(&events->path, path, err);
    if (status != SID_OK) {
        sid_events_free(events);
        return status;
    }
    *out = events;
    return SID_OK;
}

void sid_events_free(sid_events *events)
{
    if (!events)
        return;
    sid__id_list_drop(&events->users);
    sid__id_list_drop(&events->items);
    sid__free(events->event);
    sid__free(events->begin);
    sid__free(events->path);
    sid__ctx_release(events->ctx, events->reserved_size);
    sid__free(events);
}

sid_status sid__events_add_item(sid_events *events, const char *item_id, sid_error *err)
{
    int64_t row = 0, before = events->items.count;
    SID_TRY(sid__check_id(item_id, strlen(item_id), "item_id", (sid__place){.byte = -1}, err));
    SID_TRY(sid__id_list_add(&events->items, item_id, strlen(item_id), &row, err));
    if (row < before)
        return sid__fail(err, SID_EDATA, "item_id \"%s\" is there twice, at rows %" PRId64 " and %" PRId64, item_id,
                         row, before);
    events->has_catalog = true;
    return SID_OK;
}

/* Room for one more, and its share of the memory limit: the events, and what sorting them takes. */
static sid_status make_room(sid_events *events, sid_error *err)
{
    int64_t before = events->capacity;
    SID_TRY(sid__grow(&events->event, &events->capacity, events->count + 1, sizeof *events->event, "events", err));
    size_t more = (size_t)(events->capacity - before) * (sizeof *events->event + 3 * sizeof(int64_t));
    SID_TRY(sid__ctx_reserve(events->ctx, more, "events", err));
    events->reserved_size += more;
    return SID_OK;
}

sid_status sid__events_add(sid_events *events, const sid__field *user, const sid__field *item, double time, int part,
                           sid__place place, sid_error *err)
{
    int64_t user_row = 0, item_row = 0;
    SID_TRY(sid__check_id(user->text, user->size, "user_id", place, err));
    SID_TRY(sid__check_id(item->text, item->size, "item_id", place, err));
    item_row = sid__id_list_find_text(&events->items, item->text, item->size);
    if (item_row < 0 && events->has_catalog)
        return sid__fail_at(err, SID_EDATA, place,
                            "item_id \"%.*s\" is not among the %" PRId64 " items; add it, or pass --on-error skip",
                            (int)item->size, item->text, events->items.count);
    SID_TRY(make_room(events, err));
    if (item_row < 0)
        SID_TRY(sid__id_list_add(&events->items, item->text, item->size, &item_row, err));
    SID_TRY(sid__id_list_add(&events->users, user->text, user->size, &user_row, err));
    events->event[events->count++] =
        (sid__event){.time = time, .user = (int32_t)user_row, .item = (int32_t)item_row, .part = (uint8_t)part};
    return SID_OK;
}

/* ---- Order ---- */

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

static int by_time(const void *context, int64_t a, int64_t b)
{
    const sid__event *event = context;
    int users = (event[a].user > event[b].user) - (event[a].user < event[b].user);
    return users ? users : compare_numbers(event[a].time, event[b].time);
}

static int by_time_and_item(const void *context, int64_t a, int64_t b)
{
    const sid__event *event = context;
    int order = by_time(context, a, b);
    return order ? order : (event[a].item > event[b].item) - (event[a].item < event[b].item);
}

/* Writes the events of order (count) in that order, those that `is_dropped` (by old place) marks left out. */
static sid_status apply_order(sid_events *events, const int64_t *order, const uint8_t *is_dropped, sid_error *err)
{
    sid__event *sorted = NULL;
    int64_t kept = 0;
    SID_TRY(sid__alloc(&sorted, (size_t)events->count, sizeof *sorted, "events", err));
    for (int64_t i = 0; i < events->count; i++)
        if (!is_dropped[order[i]])
            sorted[kept++] = events->event[order[i]];
    sid__free(events->event);
    events->event = sorted;
    events->capacity = events->count;
    events->count = kept;
    return SID_OK;
}

/* Equal user, item and time: the first of the file stays. Where times were not given, none are equal. */
static sid_status mark_duplicates(sid_events *events, int64_t *order, uint8_t *is_dropped, sid_error *err)
{
    if (!events->has_time)
        return SID_OK;
    SID_TRY(sid__sort_rows(order, events->count, by_time_and_item, events->event, err));
    for (int64_t i = 1; i < events->count; i++)
        if (by_time_and_item(events->event, order[i - 1], order[i]) == 0) {
            is_dropped[order[i]] = 1;
            events->duplicates++;
        }
    return SID_OK;
}

static sid_status sort_events(sid_events *events, sid_error *err)
{
    int64_t *order = NULL;
    uint8_t *is_dropped = NULL;
    sid_status status = sid__alloc(&order, (size_t)events->count, sizeof *order, "an order of events", err);
    if (status == SID_OK)
        status = sid__alloc(&is_dropped, (size_t)events->count, 1, "marks of events", err);
    if (status == SID_OK)
        status = mark_duplicates(events, order, is_dropped, err);
    if (status == SID_OK)
        status = sid__sort_rows(order, events->count, by_time, events->event, err);
    if (status == SID_OK)
        status = apply_order(events, order, is_dropped, err);
    sid__free(order);
    sid__free(is_dropped);
    return status;
}

/* ---- Repeats and core ---- */

static sid_status drop_repeats(sid_events *events, int repeats, sid_error *err)
{
    int64_t *last_user = NULL, kept = 0;
    if (repeats == SID__REPEATS_KEEP)
        return SID_OK;
    SID_TRY(sid__alloc(&last_user, (size_t)events->items.count, sizeof *last_user, "marks of items", err));
    for (int64_t i = 0; i < events->count; i++) {
        const sid__event event = events->event[i];
        const sid__event *before = kept > 0 ? &events->event[kept - 1] : NULL;
        bool is_seen = last_user[event.item] == (int64_t)event.user + 1;
        bool is_next = before && before->user == event.user && before->item == event.item;
        last_user[event.item] = (int64_t)event.user + 1;
        if (repeats == SID__REPEATS_FIRST ? is_seen : is_next)
            events->repeats++;
        else
            events->event[kept++] = event;
    }
    events->count = kept;
    sid__free(last_user);
    return SID_OK;
}

/* One pass: drops events of users and items that have fewer than `core`; how many went. */
static int64_t core_pass(sid_events *events, int64_t core, int64_t *user_count, int64_t *item_count)
{
    int64_t kept = 0, before = events->count;
    memset(user_count, 0, (size_t)events->users.count * sizeof *user_count);
    memset(item_count, 0, (size_t)events->items.count * sizeof *item_count);
    for (int64_t i = 0; i < events->count; i++) {
        user_count[events->event[i].user]++;
        item_count[events->event[i].item]++;
    }
    for (int64_t i = 0; i < events->count; i++)
        if (user_count[events->event[i].user] >= core && item_count[events->event[i].item] >= core)
            events->event[kept++] = events->event[i];
    events->count = kept;
    return before - kept;
}

static sid_status filter_core(sid_events *events, int64_t core, sid_error *err)
{
    int64_t *user_count = NULL, *item_count = NULL;
    if (core <= 1)
        return SID_OK;
    sid_status status = sid__alloc(&user_count, (size_t)events->users.count, sizeof *user_count, "counts", err);
    if (status == SID_OK)
        status = sid__alloc(&item_count, (size_t)events->items.count, sizeof *item_count, "counts", err);
    for (int64_t dropped = 1; status == SID_OK && dropped > 0;) {
        dropped = core_pass(events, core, user_count, item_count);
        events->filtered += dropped;
        status = sid__ctx_check(events->ctx, err);
    }
    sid__free(user_count);
    sid__free(item_count);
    return status;
}

/* ---- Rows ---- */

/* Numbers those with a mark 0, 1, .., the others -1; how many are left. */
static int64_t number_marked(int32_t *mark, int64_t count)
{
    int32_t next = 0;
    for (int64_t i = 0; i < count; i++)
        mark[i] = mark[i] ? next++ : -1;
    return next;
}

/* Users without events go, and so do items, unless they were given: then they are candidates all the same. */
static sid_status compact(sid_events *events, int32_t *user, int32_t *item, sid_error *err)
{
    for (int64_t i = 0; i < events->count; i++) {
        user[events->event[i].user] = 1;
        item[events->event[i].item] = 1;
    }
    if (number_marked(user, events->users.count) < events->users.count)
        SID_TRY(sid__id_list_compact(&events->users, user, err));
    bool has_fewer_items = !events->has_catalog && number_marked(item, events->items.count) < events->items.count;
    if (has_fewer_items)
        SID_TRY(sid__id_list_compact(&events->items, item, err));
    for (int64_t i = 0; i < events->count; i++) {
        events->event[i].user = user[events->event[i].user];
        if (has_fewer_items)
            events->event[i].item = item[events->event[i].item];
    }
    return SID_OK;
}

static sid_status drop_empty(sid_events *events, sid_error *err)
{
    int32_t *user = NULL, *item = NULL;
    sid_status status = sid__alloc(&user, (size_t)events->users.count, sizeof *user, "marks of users", err);
    if (status == SID_OK)
        status = sid__alloc(&item, (size_t)events->items.count, sizeof *item, "marks of items", err);
    if (status == SID_OK)
        status = compact(events, user, item, err);
    sid__free(user);
    sid__free(item);
    return status;
}

static sid_status find_users(sid_events *events, sid_error *err)
{
    SID_TRY(sid__alloc(&events->begin, (size_t)events->users.count + 1, sizeof *events->begin, "rows of users", err));
    for (int64_t i = 0; i < events->count; i++)
        events->begin[events->event[i].user + 1]++;
    for (int64_t u = 0; u < events->users.count; u++)
        events->begin[u + 1] += events->begin[u];
    return SID_OK;
}

sid_status sid__events_finish(sid_events *events, int repeats, int64_t core, sid_error *err)
{
    sid__place place = {.file = events->path, .byte = -1};
    if (events->count == 0)
        return sid__fail_at(err, SID_EDATA, place, "no events; at least one row is expected");
    SID_TRY(sort_events(events, err));
    SID_TRY(drop_repeats(events, repeats, err));
    SID_TRY(filter_core(events, core, err));
    if (events->count == 0)
        return sid__fail_at(err, SID_EDATA, place, "no events are left with --core %" PRId64 "; take a smaller one",
                            core);
    SID_TRY(drop_empty(events, err));
    return find_users(events, err);
}

/* ---- What is asked of it ---- */

void sid_events_get_info(const sid_events *events, sid_events_info *out)
{
    *out = (sid_events_info){.users = events->users.count,
                             .items = events->items.count,
                             .events = events->count,
                             .skipped = events->skipped,
                             .duplicates = events->duplicates,
                             .repeats = events->repeats,
                             .filtered = events->filtered,
                             .has_time = events->has_time,
                             .has_split = events->has_split,
                             .shortest = INT64_MAX};
    for (int64_t u = 0; u < events->users.count; u++) {
        int64_t length = events->begin[u + 1] - events->begin[u];
        out->shortest = length < out->shortest ? length : out->shortest;
        out->longest = length > out->longest ? length : out->longest;
    }
}

const char *sid_events_user_id(const sid_events *events, int64_t user)
{
    return user >= 0 && user < events->users.count ? events->users.id[user] : NULL;
}

const char *sid_events_item_id(const sid_events *events, int64_t item)
{
    return item >= 0 && item < events->items.count ? events->items.id[item] : NULL;
}

int64_t sid_events_find_item(const sid_events *events, const char *item_id)
{
    return sid__id_list_find(&events->items, item_id);
}

void sid_events_count_items(const sid_events *events, int64_t *count)
{
    memset(count, 0, (size_t)events->items.count * sizeof *count);
    for (int64_t i = 0; i < events->begin[events->users.count]; i++)
        count[events->event[i].item]++;
}

int64_t sid_events_find_user(const sid_events *events, const char *user_id)
{
    return sid__id_list_find(&events->users, user_id);
}
