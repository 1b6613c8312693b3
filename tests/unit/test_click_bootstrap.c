/* test_click_bootstrap.c: resampled metrics against metrics of the resample written out. */
#include <math.h>

#include "base/philox.h"
#include "eval/bootstrap.h"
#include "rank/click_bootstrap.h"
#include "test.h"

enum { COUNT = 200, USERS = 12, RESAMPLES = 20 };

/* Fails when a user's weight, a tie, the mask or the entropy of a resample goes wrong, or when it depends on threads. */
static void test_written_out(void **state)
{
    double p[COUNT], auc[RESAMPLES], ne[RESAMPLES], again[RESAMPLES], again_ne[RESAMPLES];
    uint8_t label[COUNT], mask[COUNT];
    int32_t user[COUNT];
    sid_ctx *ctx = NULL;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        p[i] = (1 + (double)sid__philox_below(1, SID__STREAM_TEST, (uint64_t)i, 9)) / 11;
        label[i] = sid__philox_uniform(2, SID__STREAM_TEST, (uint64_t)i) < p[i];
        user[i] = (int32_t)sid__philox_below(3, SID__STREAM_TEST, (uint64_t)i, USERS);
        mask[i] = i % 5 != 0;
    }
    const sid__clicks clicks = {.p = p, .label = label, .user = user, .mask = mask, .count = COUNT};
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    TEST_OK(sid__click_bootstrap(ctx, &clicks, USERS, RESAMPLES, 5, auc, ne, err));
    for (int s = 0; s < RESAMPLES; s++) {
        uint16_t weight[USERS];
        double written[COUNT * USERS];
        uint8_t written_label[COUNT * USERS];
        int64_t n = 0;
        sid__click_metrics m;
        sid__bootstrap_draw(5, USERS, s, weight);
        for (int i = 0; i < COUNT; i++)
            for (int w = 0; mask[i] && w < weight[user[i]]; w++) {
                written[n] = p[i];
                written_label[n++] = label[i];
            }
        TEST_OK(sid__click_metrics_of(&(sid__clicks){.p = written, .label = written_label, .count = n}, &m, err));
        assert_true(fabs(auc[s] - m.auc) < 1e-12 && fabs(ne[s] - m.ne) < 1e-12);
    }
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    TEST_OK(sid__click_bootstrap(ctx, &clicks, USERS, RESAMPLES, 5, again, again_ne, err));
    assert_memory_equal(auc, again, sizeof auc);
    assert_memory_equal(ne, again_ne, sizeof ne);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_written_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
