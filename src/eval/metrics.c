/* metrics.c: expected values over all orders of tied items.
 *
 * Recall and NDCG add over targets, so each target's own expectation is enough: it stands at each place of its group with
 * the same chance. Hit rate and MRR ask for the best of several targets; targets of one group are then a draw without
 * replacement. Groups do not overlap, so at most one of them is cut by k.
 */
#include "eval/metrics.h"

#include "linalg/scalar.h"

void sid__discounts_init(sid__discounts *out)
{
    double log_2 = sid__log(2);
    out->sum[0] = 0;
    for (int j = 1; j <= SID_K_MAX; j++)
        out->sum[j] = out->sum[j - 1] + log_2 / sid__log(j + 1);
}

/* Places of the group among the first k. */
static int64_t shown_of(const sid__standing *s, int k)
{
    int64_t left = k - s->above;
    return left < 0 ? 0 : left < s->tied ? left : s->tied;
}

static int64_t group_size(const sid__standing *s, int64_t count)
{
    int64_t m = 1;
    while (m < count && s[m].above == s[0].above)
        m++;
    return m;
}

/* That one of m targets is among the first `shown` of `tied` places: 1 - C(tied - m, shown) / C(tied, shown). */
static double any_shown(int64_t tied, int64_t m, int64_t shown)
{
    double none = 1;
    if (tied - shown < m)
        return 1;
    for (int64_t i = 0; i < m; i++)
        none *= (double)(tied - shown - i) / (double)(tied - i);
    return 1 - none;
}

/* 1 / place of the first of m targets, where it is among the first `shown`. P(first is place i) = C(tied - i, m - 1) /
 * C(tied, m), from one i to the next by a ratio. */
static double first_reciprocal(int64_t above, int64_t tied, int64_t m, int64_t shown)
{
    double chance = (double)m / (double)tied, sum = 0;
    for (int64_t i = 1; i <= shown && i <= tied - m + 1; i++) {
        sum += chance / (double)(above + i);
        if (i < tied)
            chance *= (double)(tied - i - m + 1) / (double)(tied - i);
    }
    return sum;
}

void sid__metrics_of(const sid__standing *standing, int64_t count, int k, const sid__discounts *discounts, double *out)
{
    int64_t all = count;
    double hits = 0, gain = 0;
    while (count > 0 && standing->above < 0) {
        standing++;
        count--;
    }
    for (int64_t t = 0; t < count; t++) {
        int64_t shown = shown_of(&standing[t], k), above = standing[t].above;
        if (shown == 0)
            break;
        hits += (double)shown / (double)standing[t].tied;
        gain += (discounts->sum[above + shown] - discounts->sum[above]) / (double)standing[t].tied;
    }
    int64_t shown = count > 0 ? shown_of(standing, k) : 0, m = count > 0 ? group_size(standing, count) : 0;
    out[SID_METRIC_RECALL] = all > 0 ? hits / (double)all : 0;
    out[SID_METRIC_NDCG] = all > 0 ? gain / discounts->sum[all < k ? all : k] : 0;
    out[SID_METRIC_HIT_RATE] = shown > 0 ? any_shown(standing->tied, m, shown) : 0;
    out[SID_METRIC_MRR] = shown > 0 ? first_reciprocal(standing->above, standing->tied, m, shown) : 0;
}
