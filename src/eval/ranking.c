/* ranking.c: see ranking.h. */
#include "eval/ranking.h"

#include <math.h>

sid__standing sid__standing_of(const float *score, int64_t count, int64_t target)
{
    const float own = score[target];
    int64_t above = 0, tied = 0;
    if (!(own > -INFINITY))
        return (sid__standing){.above = -1, .tied = 1};
    for (int64_t i = 0; i < count; i++) {
        above += score[i] > own;
        tied += score[i] >= own;
    }
    return (sid__standing){.above = above, .tied = tied - above};
}

sid__standing sid__standing_in(const int32_t *item, const double *score, int64_t count, int32_t target)
{
    int64_t at = 0, above, end;
    while (at < count && item[at] != target)
        at++;
    if (at == count)
        return (sid__standing){.above = -1, .tied = 1};
    for (above = at; above > 0 && score[above - 1] <= score[at];)
        above--;
    for (end = at + 1; end < count && score[end] >= score[at];)
        end++;
    return (sid__standing){.above = above, .tied = end - above};
}
