/* hits.c: lists of items as callers get them: an array of rows and one arena that holds every string. */
#include "catalog/catalog.h"

#include <string.h>

sid__arena *sid__hits_arena(sid_hits *hits, sid_error *err)
{
    sid__arena *arena = hits->memory;
    if (!arena && sid__alloc(&arena, 1, sizeof *arena, "a list of items", err) != SID_OK)
        return NULL;
    hits->memory = arena;
    return arena;
}

static sid_status keep(sid__arena *arena, const char *text, const char **out, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__arena_text(arena, text, strlen(text), &copy, err));
    *out = copy;
    return SID_OK;
}

sid_status sid__hits_push(sid_hits *hits, int64_t *capacity, const sid__db_item *item, double distance, int shared,
                          sid_error *err)
{
    char sid[SID_SID_TEXT_MAX];
    sid__arena *arena = sid__hits_arena(hits, err);
    if (!arena)
        return SID_ENOMEM;
    SID_TRY(sid__grow(&hits->row, capacity, hits->count + 1, sizeof *hits->row, "a list of items", err));
    sid_item hit = {.state = sid__state_name(item->state),
                    .assigned = sid__assigned_name(item->assigned),
                    .row = item->row,
                    .distance = distance,
                    .shared = shared};
    sid_format(item->codes, sid__db_item_width(item), sid);
    SID_TRY(keep(arena, item->item_id, &hit.item_id, err));
    SID_TRY(keep(arena, sid, &hit.sid, err));
    SID_TRY(keep(arena, item->title, &hit.title, err));
    SID_TRY(keep(arena, item->metadata, &hit.metadata, err));
    hits->row[hits->count++] = hit;
    return SID_OK;
}

void sid_hits_drop(sid_hits *hits)
{
    if (!hits)
        return;
    if (hits->memory)
        sid__arena_drop(hits->memory);
    sid__free(hits->memory);
    sid__free(hits->row);
    *hits = (sid_hits){0};
}
