/* test_positions.c: buckets against the formula of T5 in float32, angles against libm. */
#include "tensor/positions.h"

#include "quant_help.h"

/* Hugging Face's T5Attention._relative_position_bucket, 32 buckets to distance 128, in single precision as there. */
static int formula(int distance, bool is_causal)
{
    int buckets = is_causal ? 32 : 16, first = !is_causal && distance > 0 ? 16 : 0;
    int span = is_causal ? (distance < 0 ? -distance : 0) : abs(distance), exact = buckets / 2;
    if (span < exact)
        return first + span;
    float scaled = logf((float)span / (float)exact) / (float)log(128.0 / exact) * (float)(buckets - exact);
    int large = exact + (int)scaled;
    return first + (large < buckets - 1 ? large : buckets - 1);
}

/* Fails when an edge of the tables is off by one, or a side is the other. */
static void buckets_as_the_formula(void **state)
{
    (void)state;
    for (int distance = -300; distance <= 300; distance++)
        for (int is_causal = 0; is_causal < 2; is_causal++)
            if (sid__relative_bucket(distance, is_causal) != formula(distance, is_causal))
                fail_msg("distance %d, causal %d: bucket %d, not %d", distance, is_causal,
                         sid__relative_bucket(distance, is_causal), formula(distance, is_causal));
}

/* Fails when angles are of another position or frequency, or the way back does not undo the way there. */
static void angles(void **state)
{
    enum { POSITIONS = 400, SIZE = 6 };
    static float cosine[POSITIONS * SIZE / 2], sine[POSITIONS * SIZE / 2];
    float x[2 * SIZE], turned[2 * SIZE], back[2 * SIZE];
    (void)state;
    sid__rotary_table(10000, POSITIONS, SIZE, cosine, sine);
    for (int t = 0; t < POSITIONS; t++)
        for (int i = 0; i < SIZE / 2; i++) {
            double angle = t * pow(10000, -2.0 * i / SIZE);
            assert_near(cosine[t * 3 + i], cos(angle), 1e-7);
            assert_near(sine[t * 3 + i], sin(angle), 1e-7);
        }
    fill_uniform(x, 2L * SIZE, 1);
    sid__rotate_rows(x, SIZE, 2, SIZE, cosine + 21, sine + 21, turned);
    assert_near(turned[1], x[1] * cosine[22] - x[4] * sine[22], 1e-7);
    assert_near(turned[4], x[4] * cosine[22] + x[1] * sine[22], 1e-7);
    sid__rotate_back(turned, 2, SIZE, cosine + 21, sine + 21, false, back, SIZE);
    sid__rotate_back(turned, 2, SIZE, cosine + 21, sine + 21, true, back, SIZE);
    for (int i = 0; i < 2 * SIZE; i++)
        assert_near(back[i], 2 * x[i], 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(buckets_as_the_formula), cmocka_unit_test(angles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
