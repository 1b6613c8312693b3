/* test_philox.c: the generator against its published answers and an independent program (tests/golden/make_philox.py,
 * which checks itself with all three vectors of the paper's library; our arguments can express the first).
 */
#include "base/philox.h"

#include "test.h"

enum { BOUND = 1000, DRAWS = 20000, BINS = 16 };

static const struct {
    uint64_t seed;
    uint32_t stream;
    uint64_t index;
    uint32_t word[4];
    double uniform;
    uint64_t below; /* BOUND */
} golden[] = {
    {0x0, 0x0, 0x0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, 0x1.c2d38b1acc4fdp-1, 880},
    {0x2a, 0x1, 0x0, {0x02933769, 0x2051e913, 0x3b68b038, 0xb62c409c}, 0x1.028f489814998p-3, 126},
    {0x2a, 0x1, 0x1, {0x20ff9139, 0xfdd21d94, 0x1b0af4ec, 0x39c6bd08}, 0x1.fba43b2841ff2p-1, 991},
    {0x2a, 0x2, 0x0, {0x65fe70a6, 0x852e5866, 0x6bef1d5a, 0xb11de8b5}, 0x1.0a5cb0cccbfcep-1, 520},
    {0x100000000, 0x1, 0x0, {0x7f6c13ff, 0x114b2447, 0x0550eced, 0xea1fc805}, 0x1.14b24477f6c10p-4, 67},
    {0x2a, 0x1, 0x100000000, {0x37aa0818, 0xc62e3494, 0xa8311910, 0xbcd3d8e5}, 0x1.8c5c69286f541p-1, 774},
    {0xffffffffffffffff,
     0xffffffff,
     0xffffffffffffffff,
     {0xeec03824, 0xe4c1e0f1, 0x3d16e5ca, 0xa00e8336},
     0x1.c983c1e3dd807p-1,
     893},
    {0x299f31d0a4093822,
     0x13198a2e,
     0x85a308d3243f6a88,
     {0xae120e9d, 0xa08a4cab, 0xd28ec6a2, 0x42d73c1f},
     0x1.411499575c241p-1,
     627},
    {0xdeadbeefcafebabe,
     0x9,
     0x7048860ddf79,
     {0x8cd62225, 0xf1a4abd6, 0xbc654d22, 0x42e52090},
     0x1.e34957ad19ac4p-1,
     943},
};

/* Fails when a constant, a round, the order of words, or the place of seed, stream or index in key and counter changes:
 * every SID would move. */
static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        uint32_t word[4] = {0};
        sid__philox(golden[i].seed, golden[i].stream, golden[i].index, word);
        assert_memory_equal(word, golden[i].word, sizeof word);
        uint64_t bits = (uint64_t)word[1] << 32 | word[0];
        assert_int_equal(sid__philox_u64(golden[i].seed, golden[i].stream, golden[i].index), bits);
        double uniform = sid__philox_uniform(golden[i].seed, golden[i].stream, golden[i].index);
        assert_memory_equal(&uniform, &golden[i].uniform, sizeof uniform);
        assert_int_equal(sid__philox_below(golden[i].seed, golden[i].stream, golden[i].index, BOUND), golden[i].below);
    }
}

/* Fails when draws leave their range or pile up: chi-square of 16 bins, 15 degrees of freedom, p about 1e-6. */
static void test_ranges_and_spread(void **state)
{
    (void)state;
    int uniform_bin[BINS] = {0}, below_bin[BINS] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        double u = sid__philox_uniform(7, SID__STREAM_TEST, i);
        uint64_t below = sid__philox_below(8, SID__STREAM_TEST, i, BINS);
        assert_true(u >= 0 && u < 1);
        assert_true(below < BINS);
        uniform_bin[(int)(u * BINS)]++;
        below_bin[below]++;
    }
    double uniform_chi = 0, below_chi = 0, wanted = (double)DRAWS / BINS;
    for (int b = 0; b < BINS; b++) {
        uniform_chi += (uniform_bin[b] - wanted) * (uniform_bin[b] - wanted) / wanted;
        below_chi += (below_bin[b] - wanted) * (below_bin[b] - wanted) / wanted;
    }
    assert_true(uniform_chi < 56);
    assert_true(below_chi < 56);
}

/* Fails when the multiply is cut to 64 bits or the bound itself can come out. */
static void test_bounds(void **state)
{
    (void)state;
    uint64_t largest = 0;
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(sid__philox_below(1, SID__STREAM_TEST, i, 1), 0);
        assert_int_equal(sid__philox_below(1, SID__STREAM_TEST, i, 0), 0);
        uint64_t n = sid__philox_below(1, SID__STREAM_TEST, i, UINT64_MAX);
        largest = n > largest ? n : largest;
        assert_true(n < UINT64_MAX);
    }
    assert_true(largest > UINT64_MAX / 10 * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_ranges_and_spread),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
