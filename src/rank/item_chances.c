/* item_chances.c: see item_chances.h. */
#include "rank/item_chances.h"

#include "linalg/scalar.h"

static const double share = .01; /* of the newest gap */

sid_status sid__item_chances_reserve(sid__item_chances *chances, int64_t items, sid_error *err)
{
    if (items <= chances->items)
        return SID_OK;
    int64_t capacity = chances->items, gap_capacity = chances->items;
    SID_TRY(sid__grow(&chances->last, &capacity, items, sizeof *chances->last, "chances of items", err));
    SID_TRY(sid__grow(&chances->gap, &gap_capacity, items, sizeof *chances->gap, "chances of items", err));
    for (int64_t i = chances->items; i < capacity && i < gap_capacity; i++) {
        chances->last[i] = 0;
        chances->gap[i] = 0;
    }
    chances->items = capacity < gap_capacity ? capacity : gap_capacity;
    return SID_OK;
}

void sid__item_chances_drop(sid__item_chances *chances)
{
    sid__free(chances->last);
    sid__free(chances->gap);
    *chances = (sid__item_chances){0};
}

void sid__item_chances_step(sid__item_chances *chances, const int32_t *item, const uint8_t *label, int64_t count,
                            double *log_chance)
{
    int64_t t = ++chances->step;
    for (int64_t i = 0; i < count; i++) {
        int32_t j = item[i];
        if (!label[i] || chances->last[j] == t)
            continue;
        double gap = (double)(t - chances->last[j]);
        chances->gap[j] = chances->last[j] == 0 ? gap : (1 - share) * chances->gap[j] + share * gap;
        chances->last[j] = t;
    }
    for (int64_t i = 0; i < count; i++)
        log_chance[i] = chances->gap[item[i]] > 1 ? -sid__log(chances->gap[item[i]]) : 0;
}
