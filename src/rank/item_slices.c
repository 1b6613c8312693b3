/* item_slices.c: see item_slices.h. */
#include "rank/item_slices.h"

#include <stdlib.h>

typedef struct shown_item {
    int64_t shown, row;
} shown_item;

static int most_first(const void *left, const void *right)
{
    const shown_item *a = left, *b = right;
    return a->shown != b->shown ? (a->shown < b->shown ? 1 : -1) : (a->row > b->row) - (a->row < b->row);
}

sid_status sid__item_slices(const int64_t *shown, int64_t items, uint8_t *slice, sid_error *err)
{
    shown_item *sorted = NULL;
    int64_t count = 0;
    double total = 0, before = 0;
    SID_TRY(sid__alloc(&sorted, (size_t)items, sizeof *sorted, "items by impressions", err));
    for (int64_t i = 0; i < items; i++) {
        slice[i] = SID_RANK_SLICE_NEW;
        if (shown[i] > 0)
            sorted[count++] = (shown_item){.shown = shown[i], .row = i};
        total += (double)shown[i];
    }
    qsort(sorted, (size_t)count, sizeof *sorted, most_first);
    for (int64_t i = 0; i < count; i++) {
        slice[sorted[i].row] = before < .25 * total   ? SID_RANK_SLICE_HEAD
                               : before < .75 * total ? SID_RANK_SLICE_TORSO
                                                      : SID_RANK_SLICE_TAIL;
        before += (double)sorted[i].shown;
    }
    sid__free(sorted);
    return SID_OK;
}
