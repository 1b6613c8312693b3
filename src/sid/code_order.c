/* code_order.c: see code_order.h. */
#include "sid/code_order.h"

#include "base/mem.h"
#include "sid/sort_rows.h"

static int compare(const void *context, int64_t a, int64_t b)
{
    const sid__code_order *by = context;
    return sid__codes_compare(by->codes + a * by->levels, by->codes + b * by->levels, by->levels);
}

sid_status sid__code_order_create(const uint16_t *codes, int64_t count, int levels, sid__code_order *out,
                                  sid_error *err)
{
    sid__code_order by = {.codes = codes, .count = count, .levels = levels};
    SID_TRY(sid__alloc(&by.order, (size_t)count, sizeof *by.order, "the order of items by codes", err));
    sid_status status = sid__sort_rows(by.order, count, compare, &by, err); /* stable, so ties are by row */
    if (status != SID_OK) {
        sid__code_order_free(&by);
        return status;
    }
    *out = by;
    return SID_OK;
}

void sid__code_order_free(sid__code_order *by)
{
    sid__free(by->order);
    *by = (sid__code_order){0};
}

int64_t sid__code_order_run(const sid__code_order *by, int64_t begin, int depth)
{
    const uint16_t *first = by->codes + by->order[begin] * by->levels;
    int64_t end = begin + 1;
    while (end < by->count && sid__codes_compare(first, by->codes + by->order[end] * by->levels, depth) == 0)
        end++;
    return end;
}

double sid__code_order_pairs(const sid__code_order *by, int depth)
{
    double pairs = 0; /* whole numbers below 2^53 for up to 9e7 items; beyond, rounded in a fixed order */
    for (int64_t begin = 0, end; begin < by->count; begin = end) {
        end = sid__code_order_run(by, begin, depth);
        pairs += (double)(end - begin) * (double)(end - begin - 1);
    }
    return pairs;
}
