/* round_robin.c: see round_robin.h. */
#include "retrieve/round_robin.h"

/* Where a prefix has come to. run.depth -1: nothing is left. */
typedef struct walk {
    const uint16_t *prefix;
    sid__run run;
    int64_t position, given;
} walk;

static void enter(const sid__inventory *inventory, walk *w, int depth)
{
    w->run.depth = depth;
    w->position = 0;
    if (depth >= 0 && !sid__inventory_find(inventory, w->prefix, depth, &w->run.begin, &w->run.end))
        w->run.begin = w->run.end = 0;
}

/* The next item that may come, of the prefix or of those above it down to one code; -1: none. */
static int32_t next_item(const sid__inventory *inventory, const sid__round_robin_request *request, walk *w)
{
    while (w->run.depth > 0) {
        while (w->run.begin + w->position < w->run.end) {
            int32_t item = request->resolver->at(inventory, &w->run, w->position++);
            if (!request->is_out[item])
                return item;
        }
        enter(inventory, w, w->run.depth - 1);
    }
    return -1;
}

sid_status sid__round_robin(const sid__inventory *inventory, const sid__round_robin_request *request, int32_t *item,
                            int32_t *from, int64_t *found, sid_error *err)
{
    const sid__budget *b = &request->budget;
    int64_t count = request->prefix_count < b->prefixes ? request->prefix_count : b->prefixes, walking = count;
    walk *walks = NULL;
    *found = 0;
    SID_TRY(sid__alloc(&walks, (size_t)count, sizeof *walks, "prefixes of a request", err));
    for (int64_t i = 0; i < count; i++) {
        walks[i] = (walk){.prefix = request->prefix + i * SID_LEVELS_MAX, .run = {.seed = request->seed}};
        enter(inventory, &walks[i], request->depth);
    }
    while (walking > 0 && *found < b->k) {
        walking = 0;
        for (int64_t i = 0; i < count && *found < b->k; i++) {
            int32_t next = walks[i].given < b->items ? next_item(inventory, request, &walks[i]) : -1;
            if (next < 0)
                continue;
            request->is_out[next] = 2;
            item[*found] = next;
            from[(*found)++] = (int32_t)i;
            walks[i].given++;
            walking++;
        }
    }
    sid__free(walks);
    return SID_OK;
}
