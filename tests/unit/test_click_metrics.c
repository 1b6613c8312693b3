/* test_click_metrics.c: the specification's golden values, and the definitions by pairs. */
#include <math.h>

#include "base/philox.h"
#include "rank/click_metrics.h"
#include "test.h"

/* Fails when equal scores count other than half, or when NE is divided by another entropy: scores .1 .4 .4 .8, labels 0 0 1 1
 * have AUC .875 and NE .633206 (spec ranking, section 4). */
static void test_golden(void **state)
{
    const double p[] = {.1, .4, .4, .8};
    const uint8_t label[] = {0, 0, 1, 1};
    sid__click_metrics m;
    (void)state;
    TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = p, .label = label, .count = 4}, &m, err));
    assert_true(m.auc == .875);
    assert_true(fabs(m.ne - .633206) < 5e-7);
    assert_true(isnan(m.gauc));
    assert_int_equal(m.positives, 2);
}

static double auc_by_pairs(const double *p, const uint8_t *label, const int32_t *user, int32_t who, int n)
{
    double right = 0, pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if ((who < 0 || (user[i] == who && user[j] == who)) && label[i] && !label[j]) {
                right += p[i] > p[j] ? 1 : p[i] == p[j] ? .5 : 0;
                pairs++;
            }
    return right / pairs;
}

/* Fails when a rank, a user's weight or the mask goes wrong: AUC is the share of pairs in order, overall and by user. */
static void test_pairs(void **state)
{
    enum { N = 300, USERS = 7 };
    double p[N], sum = 0, weight = 0;
    uint8_t label[N], mask[N];
    int32_t user[N];
    sid__click_metrics m, half;
    (void)state;
    for (int i = 0; i < N; i++) {
        p[i] = (double)sid__philox_below(1, SID__STREAM_TEST, (uint64_t)i, 20) / 20 + .01; /* many ties */
        label[i] = sid__philox_uniform(2, SID__STREAM_TEST, (uint64_t)i) < .3;
        user[i] = (int32_t)sid__philox_below(3, SID__STREAM_TEST, (uint64_t)i, USERS);
        mask[i] = i < N / 2;
        if (user[i] == USERS - 1)
            label[i] = 0; /* this user has one class and does not count */
    }
    TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = p, .label = label, .user = user, .count = N}, &m, err));
    assert_true(fabs(m.auc - auc_by_pairs(p, label, user, -1, N)) < 1e-12);
    for (int u = 0; u < USERS - 1; u++) {
        double count = 0;
        for (int i = 0; i < N; i++)
            count += user[i] == u;
        sum += count * auc_by_pairs(p, label, user, u, N);
        weight += count;
    }
    assert_int_equal(m.users, USERS - 1);
    assert_true(fabs(m.gauc - sum / weight) < 1e-12);
    TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = p, .label = label, .mask = mask, .count = N}, &half, err));
    assert_true(fabs(half.auc - auc_by_pairs(p, label, user, -1, N / 2)) < 1e-12);
}

/* Fails when one class gives a number where there is none, or when a certain prediction gives an infinite loss. */
static void test_does_not_apply(void **state)
{
    const double p[] = {0, 1, .5};
    const uint8_t ones[] = {1, 1, 1};
    sid__click_metrics m;
    (void)state;
    TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = p, .label = ones, .count = 3}, &m, err));
    assert_true(isnan(m.auc) && isnan(m.ne));
    assert_true(fabs(m.log_loss - (-log(1e-7) - log(.5)) / 3) < 1e-6);
    TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = p, .label = ones, .count = 0}, &m, err));
    assert_true(isnan(m.auc) && isnan(m.log_loss));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_pairs),
                                       cmocka_unit_test(test_does_not_apply)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
