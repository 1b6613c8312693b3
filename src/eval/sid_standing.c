/* sid_standing.c: see sid_standing.h. Lists are short, so each item is compared with those before it. */
#include "eval/sid_standing.h"

#include <string.h>

bool sid__same_codes(const sid__item_sids *sids, int64_t a, int64_t b)
{
    return memcmp(sids->code + a * sids->width, sids->code + b * sids->width,
                  (size_t)sids->levels * sizeof *sids->code) == 0;
}

static bool is_first(const sid__item_sids *sids, const int32_t *item, int64_t at)
{
    for (int64_t i = at - 1; i >= 0; i--)
        if (sid__same_codes(sids, item[i], item[at]))
            return false;
    return true;
}

sid__standing sid__standing_by_sid(const sid__item_sids *sids, const int32_t *item, int64_t count, int most,
                                   int32_t target)
{
    int64_t above = 0;
    for (int64_t i = 0; sids->is_known[target] && i < count && above < most; i++) {
        if (sid__same_codes(sids, item[i], target))
            return (sid__standing){.above = above, .tied = 1};
        above += is_first(sids, item, i);
    }
    return (sid__standing){.above = -1, .tied = 1};
}
