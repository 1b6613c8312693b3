/* test_metrics.c: expected values under ties, against all orders. */
#include <math.h>

#include "eval/metrics.h"
#include "test.h"

enum { ITEMS = 7 };

typedef struct trial {
    int score[ITEMS];
    bool is_target[ITEMS];
    int order[ITEMS], target_count, k;
    double sum[SID_METRIC_COUNT];
    int64_t orders;
} trial;

/* Metrics of one order, by their definitions. */
static void add_order(trial *t)
{
    int hits = 0, first = 0;
    double gain = 0, best = 0;
    for (int place = 1; place <= t->k && place <= ITEMS; place++)
        if (t->is_target[t->order[place - 1]]) {
            hits++;
            gain += 1 / log2(place + 1);
            first = first ? first : place;
        }
    for (int place = 1; place <= t->k && place <= t->target_count; place++)
        best += 1 / log2(place + 1);
    t->sum[SID_METRIC_RECALL] += (double)hits / t->target_count;
    t->sum[SID_METRIC_HIT_RATE] += hits > 0;
    t->sum[SID_METRIC_NDCG] += gain / best;
    t->sum[SID_METRIC_MRR] += first ? 1. / first : 0;
    t->orders++;
}

/* All orders that the scores allow, place by place. */
static void walk(trial *t, int place, unsigned used)
{
    int best = -1;
    if (place == ITEMS) {
        add_order(t);
        return;
    }
    for (int i = 0; i < ITEMS; i++)
        if (!(used >> i & 1) && t->score[i] > best)
            best = t->score[i];
    for (int i = 0; i < ITEMS; i++)
        if (!(used >> i & 1) && t->score[i] == best) {
            t->order[place] = i;
            walk(t, place + 1, used | 1U << i);
        }
}

static int64_t stand(const trial *t, sid__standing *out)
{
    int64_t n = 0;
    for (int above = 0; above <= ITEMS; above++) /* rising */
        for (int i = 0; i < ITEMS; i++) {
            int better = 0, tied = 0;
            for (int j = 0; j < ITEMS; j++) {
                better += t->score[j] > t->score[i];
                tied += t->score[j] == t->score[i];
            }
            if (t->is_target[i] && better == above)
                out[n++] = (sid__standing){.above = better, .tied = tied};
        }
    return n;
}

static void check(trial *t, const sid__discounts *discounts)
{
    sid__standing standing[ITEMS];
    double value[SID_METRIC_COUNT];
    walk(t, 0, 0);
    sid__metrics_of(standing, stand(t, standing), t->k, discounts, value);
    for (int m = 0; m < SID_METRIC_COUNT; m++)
        if (fabs(value[m] - t->sum[m] / (double)t->orders) > 1e-12)
            fail_msg("metric %d at k %d of %d targets: %.15g, over all orders %.15g", m, t->k, t->target_count,
                     value[m], t->sum[m] / (double)t->orders);
}

/* Fails when an expected value is not the mean over all orders, for any ties, targets and cut-off. */
static void test_all_orders(void **state)
{
    (void)state;
    static sid__discounts discounts;
    sid__discounts_init(&discounts);
    unsigned long draw = 12345;
    for (int round = 0; round < 400; round++) {
        trial t = {.k = 1 + round % 8};
        int levels = 1 + round / 8 % 4;
        for (int i = 0; i < ITEMS; i++) {
            draw = draw * 6364136223846793005UL + 1442695040888963407UL;
            t.score[i] = (int)(draw >> 33) % levels;
            t.is_target[i] = draw >> 60 < 6 || (i == ITEMS - 1 && t.target_count == 0);
            t.target_count += t.is_target[i];
        }
        check(&t, &discounts);
    }
}

/* Fails when a target that is not in the list counts for more than nothing. */
static void test_not_in_list(void **state)
{
    (void)state;
    static sid__discounts discounts;
    double value[SID_METRIC_COUNT];
    const sid__standing standing[] = {{.above = -1, .tied = 1}, {.above = 1, .tied = 1}};
    sid__discounts_init(&discounts);
    sid__metrics_of(standing, 1, 10, &discounts, value);
    for (int m = 0; m < SID_METRIC_COUNT; m++)
        assert_true(value[m] == 0);
    sid__metrics_of(standing, 2, 10, &discounts, value);
    assert_true(value[SID_METRIC_RECALL] == .5 && value[SID_METRIC_HIT_RATE] == 1 && value[SID_METRIC_MRR] == .5);
    assert_true(fabs(value[SID_METRIC_NDCG] - (1 / log2(3)) / (1 + 1 / log2(3))) < 1e-14);
    assert_true(fabs(discounts.sum[3] - (1 + 1 / log2(3) + .5)) < 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_orders), cmocka_unit_test(test_not_in_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
