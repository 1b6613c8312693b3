/* test_balanced_greedy.c: codes that take their nearest rows in turn. */
#include "balanced_case.h"

/* Fails when capacity, turns or ties change: spec/quantizers.md §8: 0..3 with 1.6, 3: 1,0,0,1, error 9.52, then both
 * centroids 1.5; 0..6 with 0, 3, 6: 0,0,0,1,1,2,2, error 7. */
static void golden_lines(void **state)
{
    const float four[] = {0, 1, 2, 3}, two_codes[] = {1.6f, 3}, seven[] = {0, 1, 2, 3, 4, 5, 6}, codes[] = {0, 3, 6};
    const uint16_t first[] = {1, 0, 0, 1}, second[] = {0, 0, 0, 1, 1, 2, 2}, backwards[] = {0, 0, 1, 1, 0, 2, 2};
    const int order[] = {0, 1, 2}, reversed[] = {2, 1, 0};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__lloyd lloyd;
    (void)state;
    make_level(ctx, &lloyd, four, 4, 1, two_codes, 2);
    TEST_OK(sid__greedy_round(ctx, &lloyd, order, err));
    assert_memory_equal(lloyd.label, first, sizeof first);
    assert_near(level_error(&lloyd), 9.52, 1e-5);
    sid__balanced_means(ctx, &lloyd);
    assert_near(lloyd.book.code[0], 1.5, 0);
    assert_near(lloyd.book.code[1], 1.5, 0);
    sid__lloyd_drop(&lloyd);
    make_level(ctx, &lloyd, seven, 7, 1, codes, 3);
    TEST_OK(sid__greedy_round(ctx, &lloyd, order, err));
    assert_memory_equal(lloyd.label, second, sizeof second);
    assert_near(level_error(&lloyd), 7, 1e-9);
    TEST_OK(sid__greedy_round(ctx, &lloyd, reversed, err));
    assert_memory_equal(lloyd.label, backwards, sizeof backwards);
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
}

enum { ROWS = 907, DIM = 9, CODES = 37 };

/* The definition, slowly: each code sorts what is left. */
static void reference_round(const sid__lloyd *lloyd, const int *order, uint16_t *label)
{
    bool taken[ROWS] = {false};
    for (int turn = 0; turn < CODES; turn++) {
        int code = order[turn], room = ROWS / CODES + (code < ROWS % CODES);
        for (; room > 0; room--) {
            int nearest = -1;
            for (int i = 0; i < ROWS; i++)
                if (!taken[i] && (nearest < 0 || level_distance(lloyd, i, code) < level_distance(lloyd, nearest, code)))
                    nearest = i;
            taken[nearest] = true;
            label[nearest] = (uint16_t)code;
        }
    }
}

/* Fails when the heap keeps another set than the nearest rows, on lattice points full of ties (exact in fp32). */
static void rounds_are_as_defined(void **state)
{
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    uint16_t label[ROWS];
    int order[CODES];
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__lloyd lloyd;
    (void)state;
    fill_lattice(x, ROWS * DIM, 1, 4, 1);
    fill_lattice(code, CODES * DIM, 2, 4, 1);
    for (int k = 0; k < CODES; k++)
        order[k] = k * 5 % CODES;
    make_level(ctx, &lloyd, x, ROWS, DIM, code, CODES);
    TEST_OK(sid__greedy_round(ctx, &lloyd, order, err));
    reference_round(&lloyd, order, label);
    assert_memory_equal(lloyd.label, label, sizeof label);
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(code);
}

/* Fails when the order of turns is not used or not seeded, when sizes are uneven, or rounds go on after the last change. */
static void fits_stop_and_stay_even(void **state)
{
    float *x = new_floats(ROWS * DIM);
    double error[3];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    for (int i = 0; i < 3; i++) {
        const sid__greedy_options options = {
            .rounds = 30, .is_random = i > 0, .seed = i == 2 ? 8 : 7, .stage = "level 1"};
        sid__lloyd lloyd;
        int64_t least, most;
        TEST_OK(sid__lloyd_create(ctx, x, ROWS, DIM, CODES, &lloyd, err));
        TEST_OK(sid__greedy_fit(ctx, &options, &lloyd, err));
        level_sizes(&lloyd, &least, &most);
        assert_int_equal(least, ROWS / CODES);
        assert_int_equal(most, ROWS / CODES + 1);
        error[i] = level_error(&lloyd);
        sid__lloyd_drop(&lloyd);
    }
    assert_true(error[0] < error[1] || error[0] > error[1]);
    assert_true(error[1] < error[2] || error[1] > error[2]);
    sid_ctx_cancel(ctx);
    sid__lloyd lloyd;
    TEST_OK(sid__lloyd_create(ctx, x, ROWS, DIM, CODES, &lloyd, err));
    TEST_FAILS(sid__greedy_fit(ctx, &(sid__greedy_options){.rounds = 2, .stage = "level 1"}, &lloyd, err),
               SID_ECANCELED, "interrupted");
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
    sid__free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_lines), cmocka_unit_test(rounds_are_as_defined),
                                       cmocka_unit_test(fits_stop_and_stay_even)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
