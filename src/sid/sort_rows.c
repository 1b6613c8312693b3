/* sort_rows.c: bottom-up merge sort over short runs made by insertion. */
#include "sid/sort_rows.h"

#include <string.h>

#include "base/mem.h"

enum { RUN = 12 };

static void insert_run(int64_t *order, int64_t begin, int64_t end, sid__row_compare *compare, const void *context)
{
    for (int64_t i = begin + 1; i < end; i++) {
        int64_t row = order[i], at = i;
        for (; at > begin && compare(context, order[at - 1], row) > 0; at--)
            order[at] = order[at - 1];
        order[at] = row;
    }
}

static void merge(const int64_t *from, int64_t begin, int64_t middle, int64_t end, int64_t *to,
                  sid__row_compare *compare, const void *context)
{
    int64_t left = begin, right = middle;
    for (int64_t at = begin; at < end; at++) {
        bool is_left = left < middle && (right == end || compare(context, from[left], from[right]) <= 0);
        to[at] = is_left ? from[left++] : from[right++];
    }
}

sid_status sid__sort_rows(int64_t *order, int64_t count, sid__row_compare *compare, const void *context, sid_error *err)
{
    int64_t *scratch = NULL;
    SID_TRY(sid__alloc(&scratch, (size_t)count, sizeof *scratch, "the rows to sort", err));
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    for (int64_t begin = 0; begin < count; begin += RUN)
        insert_run(order, begin, begin + RUN < count ? begin + RUN : count, compare, context);
    int64_t *from = order, *to = scratch;
    for (int64_t width = RUN; width < count; width *= 2) {
        for (int64_t begin = 0; begin < count; begin += 2 * width) {
            int64_t middle = begin + width < count ? begin + width : count;
            int64_t end = middle + width < count ? middle + width : count;
            merge(from, begin, middle, end, to, compare, context);
        }
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != order)
        memcpy(order, from, (size_t)count * sizeof *order);
    sid__free(scratch);
    return SID_OK;
}
