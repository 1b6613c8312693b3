/* split.c: see split.h. */
#include "data/split.h"

#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "sid/sort_rows.h"

/* ---- The order of a user's events ---- */

/* Fisher-Yates over the events of one moment, keyed by seed, user and place. */
static void shuffle_run(sid__event *event, int64_t count, uint64_t key, uint64_t seed)
{
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = (int64_t)sid__philox_below(seed, SID__STREAM_TIES, key + (uint64_t)i, (uint64_t)i + 1);
        int32_t swapped = event[i].item;
        event[i].item = event[j].item;
        event[j].item = swapped;
    }
}

static bool is_tied(const sid__event *a, const sid__event *b)
{
    return !(a->time < b->time) && !(a->time > b->time);
}

static void shuffle_ties(sid__event *event, int64_t count, bool is_by_part, uint64_t key, uint64_t seed)
{
    for (int64_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && is_tied(&event[begin], &event[end]) &&
                              (!is_by_part || event[begin].part == event[end].part);)
            end++;
        shuffle_run(event + begin, end - begin, key + (uint64_t)begin, seed);
    }
}

/* What the file says is train comes first, then valid, then test, each by time. */
static void order_by_part(sid__event *event, int64_t count, sid__event *room)
{
    int64_t n = 0;
    memcpy(room, event, (size_t)count * sizeof *event);
    for (int part = SID__PART_TRAIN; part <= SID__PART_TEST; part++)
        for (int64_t i = 0; i < count; i++)
            if (room[i].part == part)
                event[n++] = room[i];
}

static sid_status order_events(const sid_events *events, const sid__split_plan *plan, sid__event *event, sid_error *err)
{
    sid__event *room = NULL;
    bool is_by_part = plan->kind == SID__SPLIT_COLUMN;
    SID_TRY(sid__alloc(&room, (size_t)events->count, sizeof *room, "events of a user", err));
    for (int64_t u = 0; u < events->users.count; u++) {
        int64_t begin = events->begin[u], count = events->begin[u + 1] - begin;
        if (is_by_part)
            order_by_part(event + begin, count, room);
        if (plan->ties == SID__TIES_SHUFFLE)
            shuffle_ties(event + begin, count, is_by_part, (uint64_t)u << 32, plan->seed);
    }
    sid__free(room);
    return SID_OK;
}

/* ---- Where a user's runs end ---- */

static int by_time(const void *context, int64_t a, int64_t b)
{
    const sid__event *event = context;
    return (event[a].time > event[b].time) - (event[a].time < event[b].time);
}

/* Shares to times: the event at that place of all, by time, is the first of the next part. */
static sid_status find_times(const sid_events *events, const sid__split_plan *plan, double *valid, double *test,
                             sid_error *err)
{
    int64_t *order = NULL, at = (int64_t)((double)events->count * plan->first),
            after = (int64_t)((double)events->count * (plan->first + plan->second));
    *valid = plan->first;
    *test = plan->second;
    if (plan->kind != SID__SPLIT_TIME || plan->has_times)
        return SID_OK;
    SID_TRY(sid__alloc(&order, (size_t)events->count, sizeof *order, "an order of events", err));
    sid_status status = sid__sort_rows(order, events->count, by_time, events->event, err);
    if (status == SID_OK) {
        *valid = at < events->count ? events->event[order[at]].time : (double)INFINITY;
        *test = after < events->count ? events->event[order[after]].time : (double)INFINITY;
    }
    sid__free(order);
    return status;
}

/* Events in front of the first that `part` says belongs to a later part. */
static int part_of(const sid__event *event, sid__split_kind kind, double valid, double test)
{
    if (kind == SID__SPLIT_COLUMN)
        return event->part;
    return event->time < valid ? SID__PART_TRAIN : event->time < test ? SID__PART_VALID : SID__PART_TEST;
}

static void cut(sid__split *split, const sid__event *event, const sid__split_plan *plan, double valid, double test)
{
    for (int64_t u = 0; u < split->user_count; u++) {
        int64_t begin = split->begin[u], end = split->begin[u + 1], at = begin;
        if (plan->kind == SID__SPLIT_LOO || plan->kind == SID__SPLIT_ALL) {
            bool is_asked = plan->kind == SID__SPLIT_LOO && end - begin >= 3;
            split->train_end[u] = end - 2 * is_asked;
            split->valid_end[u] = end - is_asked;
            continue;
        }
        while (at < end && part_of(&event[at], plan->kind, valid, test) == SID__PART_TRAIN)
            at++;
        split->train_end[u] = at;
        while (at < end && part_of(&event[at], plan->kind, valid, test) <= SID__PART_VALID)
            at++;
        split->valid_end[u] = at;
    }
}

/* Items that are drawn lose their train events, so that they are as cold as one that is new; what is asked stays. */
static sid_status leave_out_cold(sid__split *split, const sid__split_plan *plan, sid__event *event, sid_error *err)
{
    int64_t kept = 0;
    if (!(plan->cold > 0))
        return SID_OK;
    SID_TRY(sid__alloc(&split->begin_own, (size_t)split->user_count + 1, sizeof(int64_t), "where users begin", err));
    for (int64_t u = 0; u < split->user_count; u++) {
        int64_t begin = split->begin[u], end = split->begin[u + 1], train_end = split->train_end[u];
        split->begin_own[u] = kept;
        for (int64_t i = begin; i < train_end; i++)
            if (sid__philox_uniform(plan->seed, SID__STREAM_COLD, (uint64_t)event[i].item) >= plan->cold)
                event[kept++] = event[i];
        memmove(event + kept, event + train_end, (size_t)(end - train_end) * sizeof *event);
        split->train_end[u] = kept;
        split->valid_end[u] += kept - train_end;
        kept += end - train_end;
    }
    split->begin_own[split->user_count] = kept;
    split->begin = split->begin_own;
    return SID_OK;
}

/* ---- Cases ---- */

/* Adds the case of targets begin .. end-1, when there is one; `info` NULL: nobody counts. */
static void add_case(const sid__split *split, sid__cases *cases, const sid__event *event, const sid__split_plan *plan,
                     int64_t user, int64_t begin, int64_t end, sid_split_info *info)
{
    if (begin == end)
        return;
    bool has_history = begin > split->begin[user], is_tie = has_history && is_tied(&event[begin - 1], &event[begin]);
    bool is_excluded = is_tie && plan->ties == SID__TIES_EXCLUDE;
    if (info) {
        info->users_without_history += !has_history;
        info->users_excluded += is_excluded;
        info->tied_targets_rate += is_tie;
    }
    if (!has_history || is_excluded)
        return;
    cases->row[cases->count++] = (sid__case){.history_begin = split->begin[user],
                                             .target_begin = begin,
                                             .user = (int32_t)user,
                                             .target_count = (int32_t)(plan->takes_all_targets ? end - begin : 1),
                                             .is_tied = is_tie};
}

static sid_status make_cases(sid__split *split, const sid__event *event, const sid__split_plan *plan, sid_error *err)
{
    sid_split_info *info = &split->info;
    SID_TRY(sid__alloc(&split->valid.row, (size_t)split->user_count, sizeof(sid__case), "validation cases", err));
    SID_TRY(sid__alloc(&split->test.row, (size_t)split->user_count, sizeof(sid__case), "test cases", err));
    for (int64_t u = 0; u < split->user_count; u++) {
        add_case(split, &split->valid, event, plan, u, split->train_end[u], split->valid_end[u], NULL);
        add_case(split, &split->test, event, plan, u, split->valid_end[u], split->begin[u + 1], info);
    }
    info->valid_users = split->valid.count;
    info->test_users = split->test.count;
    if (split->test.count + info->users_excluded > 0)
        info->tied_targets_rate /= (double)(split->test.count + info->users_excluded);
    return SID_OK;
}

/* ---- Facts ---- */

/* Runs of one moment within the train, valid or test events of a user. */
static void mark_ties(const sid__split *split, const sid__event *event)
{
    for (int64_t u = 0; u < split->user_count; u++)
        for (int64_t i = split->begin[u] + 1; i < split->begin[u + 1]; i++)
            split->is_tied[i] =
                i != split->train_end[u] && i != split->valid_end[u] && is_tied(&event[i - 1], &event[i]);
}

static void count_events(sid__split *split, const sid__event *event)
{
    sid_split_info *info = &split->info;
    int64_t tied = 0, neighbours = 0;
    for (int64_t u = 0; u < split->user_count; u++) {
        int64_t begin = split->begin[u], end = split->begin[u + 1];
        for (int64_t i = begin; i < split->train_end[u]; i++)
            split->train_count[split->item[i]]++;
        for (int64_t i = begin + 1; i < end; i++)
            tied += is_tied(&event[i - 1], &event[i]);
        neighbours += end > begin ? end - begin - 1 : 0;
        info->train_events += split->train_end[u] - begin;
        info->valid_events += split->valid_end[u] - split->train_end[u];
        info->test_events += end - split->valid_end[u];
    }
    info->tied_events_rate = neighbours > 0 ? (double)tied / (double)neighbours : 0;
}

static void count_cold(sid__split *split)
{
    sid_split_info *info = &split->info;
    for (int64_t i = 0; i < split->item_count; i++)
        info->cold_items += split->train_count[i] == 0;
    for (int64_t u = 0; u < split->user_count; u++)
        for (int64_t i = split->valid_end[u]; i < split->begin[u + 1]; i++)
            info->cold_events += split->train_count[split->item[i]] == 0;
    for (int64_t c = 0; c < split->test.count; c++) {
        const sid__case *row = &split->test.row[c];
        info->test_targets += row->target_count;
        for (int64_t i = 0; i < row->target_count; i++)
            info->cold_targets += split->train_count[split->item[row->target_begin + i]] == 0;
    }
}

/* ---- The whole ---- */

static sid_status check_events(const sid_events *events, const sid__split_plan *plan, sid_error *err)
{
    if (plan->kind == SID__SPLIT_TIME && !events->has_time)
        return sid__fail(err, SID_EUSAGE, "%s: no column timestamp, so it cannot be split by time; --split loo can",
                         events->path);
    if (plan->kind == SID__SPLIT_COLUMN && !events->has_split)
        return sid__fail(err, SID_EUSAGE, "%s: no column split; --split loo or time=0.8,0.1 can do without",
                         events->path);
    return SID_OK;
}

static sid_status fill(sid__split *split, const sid__split_plan *plan, sid__event *event, sid_error *err)
{
    const sid_events *events = split->events;
    double valid = 0, test = 0;
    memcpy(event, events->event, (size_t)events->count * sizeof *event);
    SID_TRY(order_events(events, plan, event, err));
    SID_TRY(find_times(events, plan, &valid, &test, err));
    SID_TRY(sid__alloc(&split->train_end, (size_t)split->user_count, sizeof(int64_t), "ends of train", err));
    SID_TRY(sid__alloc(&split->valid_end, (size_t)split->user_count, sizeof(int64_t), "ends of valid", err));
    SID_TRY(sid__alloc(&split->item, (size_t)events->count, sizeof *split->item, "items of events", err));
    SID_TRY(sid__alloc(&split->train_count, (size_t)split->item_count, sizeof(int64_t), "counts of items", err));
    SID_TRY(sid__alloc(&split->is_tied, (size_t)events->count, sizeof *split->is_tied, "ties of events", err));
    cut(split, event, plan, valid, test);
    SID_TRY(leave_out_cold(split, plan, event, err));
    for (int64_t i = 0; i < split->begin[split->user_count]; i++)
        split->item[i] = event[i].item;
    mark_ties(split, event);
    count_events(split, event);
    SID_TRY(make_cases(split, event, plan, err));
    count_cold(split);
    return SID_OK;
}

sid_status sid__split_make(const sid_events *events, const sid_split_options *options, sid__split *out, sid_error *err)
{
    sid__split_plan plan;
    sid__event *event = NULL;
    SID_TRY(sid__split_plan_parse(options, &plan, err));
    SID_TRY(check_events(events, &plan, err));
    *out = (sid__split){
        .events = events, .begin = events->begin, .user_count = events->users.count, .item_count = events->items.count};
    sid_status status = sid__alloc(&event, (size_t)events->count, sizeof *event, "events", err);
    if (status == SID_OK)
        status = fill(out, &plan, event, err);
    sid__free(event);
    if (status != SID_OK)
        sid__split_drop(out);
    return status;
}

void sid__split_drop(sid__split *split)
{
    sid__free(split->begin_own);
    sid__free(split->train_end);
    sid__free(split->valid_end);
    sid__free(split->item);
    sid__free(split->is_tied);
    sid__free(split->train_count);
    sid__free(split->valid.row);
    sid__free(split->test.row);
    *split = (sid__split){0};
}

sid_status sid_split_check(const sid_events *events, const sid_split_options *options, sid_split_info *out,
                           sid_error *err)
{
    sid__split split;
    SID_TRY(sid__split_make(events, options, &split, err));
    *out = split.info;
    sid__split_drop(&split);
    return SID_OK;
}
