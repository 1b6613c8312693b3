/* test_row_update.c: the steps of table rows: the same bits on each path, and finite whatever the gradient. */
#include "kernel/row_update.h"

#include "quant_help.h"

enum { DIM_MAX = 70, STATE_MAX = 2 * DIM_MAX + 1 };

static void run(sid__isa isa, sid__row_update update, const sid__row_rule *rule, int dim, float *w, float *state)
{
    float g[DIM_MAX];
    fill_uniform(w, dim, 1);
    for (int i = 0; i < STATE_MAX; i++)
        state[i] = update == SID__ROW_ADAGRAD || update == SID__ROW_ADAGRAD_ROW ? 0.1F : 0;
    for (int step = 0; step < 5; step++) {
        fill_uniform(g, dim, (uint64_t)(10 + step));
        sid__row_update_for(isa, update)(rule, dim, g, w, state);
    }
}

/* Fails when a path sums in another order, or fuses a product and a sum: required test 3, decay and group included. */
static void every_path_gives_the_same_bits(void **state)
{
    const sid__row_rule rule = {.rate = 0.05F,
                                .decay = 0.01F,
                                .l1 = 0.02F,
                                .l2 = 0.1F,
                                .beta = 1,
                                .group = 0.03F,
                                .epsilon = 1e-8F,
                                .beta1 = 0.9,
                                .beta2 = 0.999};
    (void)state;
    for (int isa = SID__ISA_AVX2; isa < SID__ISA_COUNT; isa++)
        for (int update = 0; update < SID__ROW_UPDATE_COUNT && sid__isa_is_supported((sid__isa)isa); update++)
            for (int dim = 1; dim <= DIM_MAX; dim++) {
                float w[2][DIM_MAX], kept[2][STATE_MAX];
                run(SID__ISA_PORTABLE, (sid__row_update)update, &rule, dim, w[0], kept[0]);
                run((sid__isa)isa, (sid__row_update)update, &rule, dim, w[1], kept[1]);
                assert_memory_equal(w[0], w[1], (size_t)dim * sizeof(float));
                assert_memory_equal(kept[0], kept[1], sizeof kept[0]);
            }
}

/* Fails when large gradients, summed for long, make a state infinite and then weights no numbers. */
static void rows_stay_finite(void **state)
{
    const sid__row_rule rule = {
        .rate = 0.05F, .l1 = 0.02F, .beta = 1, .group = 0.03F, .epsilon = 1e-8F, .beta1 = 0.9, .beta2 = 0.999};
    (void)state;
    for (int update = 0; update < SID__ROW_UPDATE_COUNT; update++) {
        float w[8], kept[STATE_MAX];
        run(SID__ISA_PORTABLE, (sid__row_update)update, &rule, 8, w, kept);
        for (int step = 0; step < 300; step++) {
            float g[8];
            for (int d = 0; d < 8; d++)
                g[d] = step % 3 == 0 ? 0 : step % 3 == 1 ? 1e18F : -1e18F;
            sid__row_update_for(sid__isa_best(), (sid__row_update)update)(&rule, 8, g, w, kept);
        }
        for (int d = 0; d < 8; d++)
            assert_true(isfinite(w[d]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_gives_the_same_bits),
        cmocka_unit_test(rows_stay_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
