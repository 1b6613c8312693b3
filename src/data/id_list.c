/* id_list.c: see id_list.h. */
#include "data/id_list.h"

#include <string.h>

static sid__names names_of(const sid__id_list *list)
{
    return (sid__names){.first = list->id, .stride = sizeof *list->id};
}

int64_t sid__id_list_find(const sid__id_list *list, const char *id)
{
    return sid__id_index_find(&list->index, names_of(list), id);
}

int64_t sid__id_list_find_text(const sid__id_list *list, const char *text, size_t size)
{
    char id[SID_ITEM_ID_MAX + 1];
    memcpy(id, text, size);
    id[size] = 0;
    return sid__id_list_find(list, id);
}

sid_status sid__id_list_add(sid__id_list *list, const char *text, size_t size, int64_t *row, sid_error *err)
{
    char *copy = NULL;
    int64_t seen = -1;
    *row = sid__id_list_find_text(list, text, size);
    if (*row >= 0)
        return SID_OK;
    if (list->count >= INT32_MAX)
        return sid__fail(err, SID_EDATA, "more than %d ids", INT32_MAX);
    SID_TRY(sid__grow(&list->id, &list->capacity, list->count + 1, sizeof *list->id, "a list of ids", err));
    SID_TRY(sid__arena_text(&list->arena, text, size, &copy, err));
    list->id[list->count] = copy;
    SID_TRY(sid__id_index_add(&list->index, names_of(list), list->count, &seen, err));
    *row = list->count++;
    return SID_OK;
}

void sid__id_list_drop(sid__id_list *list)
{
    sid__free(list->id);
    sid__id_index_drop(&list->index);
    sid__arena_drop(&list->arena);
    *list = (sid__id_list){0};
}

sid_status sid__id_list_compact(sid__id_list *list, const int32_t *keep, sid_error *err)
{
    sid__id_list kept = {0};
    sid_status status = SID_OK;
    int64_t row = 0;
    for (int64_t i = 0; status == SID_OK && i < list->count; i++)
        if (keep[i] >= 0)
            status = sid__id_list_add(&kept, list->id[i], strlen(list->id[i]), &row, err);
    if (status != SID_OK) {
        sid__id_list_drop(&kept);
        return status;
    }
    sid__id_list_drop(list);
    *list = kept;
    return SID_OK;
}
