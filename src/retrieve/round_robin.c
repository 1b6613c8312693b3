/* round_robin.c: see round_robin.h. */
#include "retrieve/round_robin.h"

/* Where a prefix has come to. run.depth 0: nothing is left. */
typedef struct walk {
    sid__run run;
    int64_t given;
} walk;

static sid_status enter(const sid__round_robin_request *request, walk *w, int depth, sid_error *err)
{
    sid__run_end(&w->run);
    w->run.depth = depth;
    w->run.seed = request->seed;
    w->run.query = request->query;
    return depth > 0 ? sid__run_begin(&w->run, request->resolver, err) : SID_OK;
}

/* The next item that may come, of the prefix or of those above it down to one code; -1: none. */
static sid_status next_item(const sid__round_robin_request *request, walk *w, int32_t *out, sid_error *err)
{
    *out = -1;
    while (w->run.depth > 0) {
        for (int32_t item = request->resolver->next(&w->run); item >= 0; item = request->resolver->next(&w->run))
            if (!request->is_out[item]) {
                *out = item;
                return SID_OK;
            }
        SID_TRY(enter(request, w, w->run.depth - 1, err));
    }
    return SID_OK;
}

static sid_status take_turns(const sid__round_robin_request *request, walk *walks, int64_t count, int32_t *item,
                             int32_t *from, int64_t *found, sid_error *err)
{
    const sid__budget *b = &request->budget;
    for (int64_t walking = count; walking > 0 && *found < b->k;) {
        walking = 0;
        for (int64_t i = 0; i < count && *found < b->k; i++) {
            int32_t next = -1;
            if (walks[i].given < b->items)
                SID_TRY(next_item(request, &walks[i], &next, err));
            if (next < 0)
                continue;
            request->is_out[next] = 2;
            item[*found] = next;
            from[(*found)++] = (int32_t)i;
            walks[i].given++;
            walking++;
        }
    }
    return SID_OK;
}

sid_status sid__round_robin(const sid__lists *lists, const sid__round_robin_request *request, int32_t *item,
                            int32_t *from, int64_t *found, sid_error *err)
{
    int64_t count = request->prefix_count < request->budget.prefixes ? request->prefix_count : request->budget.prefixes;
    walk *walks = NULL;
    *found = 0;
    SID_TRY(sid__alloc(&walks, (size_t)count, sizeof *walks, "prefixes of a request", err));
    sid_status status = SID_OK;
    for (int64_t i = 0; status == SID_OK && i < count; i++) {
        walks[i].run = (sid__run){.lists = lists, .prefix = request->prefix + i * SID_LEVELS_MAX};
        status = enter(request, &walks[i], request->depth, err);
    }
    if (status == SID_OK)
        status = take_turns(request, walks, count, item, from, found, err);
    for (int64_t i = 0; i < count; i++)
        sid__run_end(&walks[i].run);
    sid__free(walks);
    return status;
}
