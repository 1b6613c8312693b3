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
