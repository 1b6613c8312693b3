/* top_items.c: for lists of some tens a sorted list is quicker than a heap: after the first few hundred items hardly one gets
 * in, and the pass is one comparison an item. */
#include "model/top_items.h"

#include <math.h>

int sid__top_items(const float *score, int64_t count, int k, int32_t *item)
{
    int n = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!(score[i] > -INFINITY) || (n == k && !(score[i] > score[item[n - 1]])))
            continue;
        int at = n < k ? n++ : n - 1;
        for (; at > 0 && score[item[at - 1]] < score[i]; at--)
            item[at] = item[at - 1];
        item[at] = (int32_t)i;
    }
    return n;
}
