/* policy_groups.c: see policy_groups.h. */
#include "sid/policy_groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sid/code_order.h"
#include "sid/sort_rows.h"

int sid__rank_compare(const sid__moving *moving, int64_t a, int64_t b)
{
    if (moving->distance[a] < moving->distance[b])
        return -1;
    if (moving->distance[a] > moving->distance[b])
        return 1;
    return strcmp(moving->id[a], moving->id[b]);
}

/* ---- Finding groups ----------------------------------------------------------------------------------------------- */

typedef struct grouping {
    const sid__moving *moving;
    int depth;
} grouping;

static int compare_prefix(const grouping *by, int64_t a, int64_t b)
{
    int levels = by->moving->levels;
    return sid__codes_compare(by->moving->codes + a * levels, by->moving->codes + b * levels, by->depth);
}

static int compare(const void *context, int64_t a, int64_t b)
{
    const grouping *by = context;
    const sid__moving *m = by->moving;
    int64_t first_a = m->first ? m->first[a] : a, first_b = m->first ? m->first[b] : b;
    if (sid__is_merged(m, a) != sid__is_merged(m, b))
        return sid__is_merged(m, a) ? 1 : -1;
    int by_prefix = compare_prefix(by, a, b);
    if (by_prefix == 0 && first_a != first_b)
        by_prefix = strcmp(m->id[first_a], m->id[first_b]);
    return by_prefix ? by_prefix : strcmp(m->id[a], m->id[b]);
}

/* Whether one SID of the group holds more than `room`. holds (codes): zeroes, before and after. */
static bool is_crowded(const sid__moving *m, const int64_t *row, int64_t count, int64_t room, int64_t *holds)
{
    bool is_over = false;
    for (int64_t i = 0; i < count; i++)
        is_over = ++holds[*sid__last_code(m, row[i])] > room || is_over;
    for (int64_t i = 0; i < count; i++)
        holds[*sid__last_code(m, row[i])] = 0;
    return is_over;
}

static void collect(const grouping *by, int64_t room, sid__groups *groups, int64_t *holds)
{
    for (int64_t begin = 0, end; begin < groups->rows; begin = end) {
        for (end = begin + 1; end < groups->rows && compare_prefix(by, groups->order[begin], groups->order[end]) == 0;)
            end++;
        if (end - begin <= room || !is_crowded(by->moving, groups->order + begin, end - begin, room, holds))
            continue;
        groups->begin[groups->count] = begin;
        groups->end[groups->count++] = end;
    }
}

sid_status sid__groups_find(const sid__moving *moving, int depth, int64_t room, sid__groups *out, sid_error *err)
{
    grouping by = {.moving = moving, .depth = depth};
    sid__groups groups = {0};
    size_t count = (size_t)moving->count;
    int64_t *holds = NULL;
    int codes = sid_quantizer_codes(moving->quantizer, moving->levels - 1);
    sid_status status = sid__alloc(&groups.order, count, sizeof *groups.order, "the order of items", err);
    if (status == SID_OK)
        status = sid__alloc(&groups.begin, count, sizeof *groups.begin, "prefixes", err);
    if (status == SID_OK)
        status = sid__alloc(&groups.end, count, sizeof *groups.end, "prefixes", err);
    if (status == SID_OK)
        status = sid__alloc(&holds, (size_t)codes, sizeof *holds, "counts of codes", err);
    if (status == SID_OK)
        status = sid__sort_rows(groups.order, moving->count, compare, &by, err);
    if (status == SID_OK) {
        for (int64_t row = 0; row < moving->count; row++)
            groups.rows += !sid__is_merged(moving, row);
        collect(&by, room, &groups, holds);
        *out = groups;
    } else {
        sid__groups_drop(&groups);
    }
    sid__free(holds);
    return status;
}

void sid__groups_drop(sid__groups *groups)
{
    sid__free(groups->order);
    sid__free(groups->begin);
    sid__free(groups->end);
    *groups = (sid__groups){0};
}

sid_status sid__groups_check_full(const sid__moving *moving, const sid__groups *groups, int64_t room, sid_error *err)
{
    int codes = sid_quantizer_codes(moving->quantizer, moving->levels - 1);
    int64_t full = 0, fullest = 0;
    char prefix[SID_SID_TEXT_MAX] = "", others[64] = "";
    for (int64_t i = 0; i < groups->count; i++) {
        int64_t size = groups->end[i] - groups->begin[i];
        /* room may be as large as int64_t: a product of it would overflow */
        if ((size - 1) / codes < room)
            continue;
        full++;
        if (size > fullest)
            sid_format(moving->codes + groups->order[groups->begin[i]] * moving->levels, moving->levels - 1, prefix);
        fullest = size > fullest ? size : fullest;
    }
    if (full == 0 || moving->policy->options.overflow != SID__OVERFLOW_ERROR)
        return SID_OK;
    if (full > 1)
        (void)snprintf(others, sizeof others, full > 2 ? " (as are %" PRId64 " others)" : " (as is %" PRId64 " other)",
                       full - 1);
    return sid__fail(err, SID_EDATA,
                     "%s%s is full%s: %" PRId64 " items for %d last codes of %" PRId64
                     " each; take more levels or codes, --collisions-overflow beam or digit, or --collisions digit",
                     *prefix ? "prefix " : "the only level", prefix, others, fullest, codes, room);
}

/* ---- Running over groups ------------------------------------------------------------------------------------------ */

sid_status sid__group_distances(sid__group *group, int64_t row, sid_error *err)
{
    SID_TRY(group->moving->read(group->moving->read_user, row, group->x, err));
    sid__last_codes_distances(&group->last, group->x, group->distance);
    return SID_OK;
}

typedef struct worker {
    sid__group group;
    sid_status status;
    sid_error err;
} worker;

typedef struct run {
    sid__moving *moving;
    const sid__groups *groups;
    sid__group_fn *fn;
    worker *worker; /* (threads) */
} run;

static void run_chunk(void *arg, int64_t begin, int64_t end, int worker_index)
{
    run *r = arg;
    worker *own = &r->worker[worker_index];
    sid__group *group = &own->group;
    for (int64_t i = begin; i < end && own->status == SID_OK; i++) {
        group->row = r->groups->order + r->groups->begin[i];
        group->count = r->groups->end[i] - r->groups->begin[i];
        memset(group->holds, 0, (size_t)group->last.codes * sizeof *group->holds);
        for (int64_t j = 0; j < group->count; j++)
            group->holds[*sid__last_code(r->moving, group->row[j])]++;
        sid__last_codes_set(&group->last, r->moving->codes + group->row[0] * r->moving->levels);
        own->status = sid__ctx_check(r->moving->ctx, &own->err);
        if (own->status == SID_OK)
            own->status = r->fn(group, &own->err);
    }
}

static sid_status worker_init(sid__moving *moving, worker *own, sid_error *err)
{
    sid__group *group = &own->group;
    group->moving = moving;
    SID_TRY(sid__last_codes_init(moving->quantizer, &group->last, err));
    SID_TRY(sid__alloc(&group->x, (size_t)moving->quantizer->dim, sizeof *group->x, "a vector", err));
    SID_TRY(sid__alloc(&group->distance, (size_t)group->last.codes, sizeof *group->distance, "distances", err));
    return sid__alloc(&group->holds, (size_t)group->last.codes, sizeof *group->holds, "counts of codes", err);
}

static void worker_drop(worker *own)
{
    sid__last_codes_drop(&own->group.last);
    sid__free(own->group.x);
    sid__free(own->group.distance);
    sid__free(own->group.holds);
}

sid_status sid__groups_run(sid__moving *moving, const sid__groups *groups, sid__group_fn *fn, sid_error *err)
{
    int threads = sid_ctx_threads(moving->ctx);
    run r = {.moving = moving, .groups = groups, .fn = fn};
    if (groups->count == 0)
        return SID_OK;
    SID_TRY(sid__alloc(&r.worker, (size_t)threads, sizeof *r.worker, "the threads' scratch", err));
    sid_status status = SID_OK;
    for (int i = 0; i < threads && status == SID_OK; i++)
        status = worker_init(moving, &r.worker[i], err);
    if (status == SID_OK)
        sid__ctx_for(moving->ctx, groups->count, 1, run_chunk, &r);
    for (int i = 0; i < threads; i++) {
        if (status == SID_OK && r.worker[i].status != SID_OK) {
            status = r.worker[i].status;
            if (err)
                *err = r.worker[i].err;
        }
        worker_drop(&r.worker[i]);
    }
    sid__free(r.worker);
    return status;
}
