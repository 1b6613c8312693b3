#include "test.h"

#include "catalog/advise.h"

static int trials(int64_t count, int dim, int64_t sample, sid__arena *arena, sid_trial *out)
{
    int n = 0;
    TEST_OK(sid__advise_trials(count, dim, sample, arena, out, &n, err));
    assert_in_range(n, 1, SID__TRIALS_MAX);
    return n;
}

/* Fails when a small catalogue is tried with codes it cannot fill, or a large one with few. */
static void codes_suit_the_number_of_items(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        int codes;
    } wanted[] = {{1, 4}, {25, 8}, {64, 16}, {200, 64}, {767, 128}, {768, 256}, {2048, 256}, {100000000, 256}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        sid__arena arena = {0};
        sid_trial trial[SID__TRIALS_MAX];
        int64_t sample = wanted[i].count < 1000 ? wanted[i].count : 1000;
        (void)trials(wanted[i].count, 64, sample, &arena, trial);
        assert_string_equal(trial[0].quantizer, "rkmeans");
        assert_int_equal(strtol(trial[0].codes, NULL, 10), wanted[i].codes);
        sid__arena_drop(&arena);
    }
}

/* Fails when 1,024 codes are tried on a sample that gives a code less than 16 rows, or never. */
static void large_codebooks_want_a_large_sample(void **state)
{
    (void)state;
    const int64_t sample[] = {16383, 16384};
    for (int i = 0; i < 2; i++) {
        sid__arena arena = {0};
        sid_trial trial[SID__TRIALS_MAX];
        int found = 0, n = trials(1000000, 64, sample[i], &arena, trial);
        for (int t = 0; t < n; t++)
            found += trial[t].codes && strcmp(trial[t].codes, "1024") == 0;
        assert_int_equal(found, i);
        sid__arena_drop(&arena);
    }
}

/* Fails when vectors of few dimensions are cut into more slices than they have, or of one into any. */
static void slices_are_at_most_the_dimensions(void **state)
{
    (void)state;
    for (int dim = 1; dim <= 9; dim++) {
        sid__arena arena = {0};
        sid_trial trial[SID__TRIALS_MAX];
        int n = trials(500, dim, 500, &arena, trial), slices = 0;
        for (int t = 0; t < n; t++)
            if (strstr(trial[t].quantizer, "pq"))
                slices = trial[t].levels;
        assert_int_equal(slices, dim == 1 ? 0 : dim < 8 ? dim : 8);
        sid__arena_drop(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_suit_the_number_of_items),
        cmocka_unit_test(large_codebooks_want_a_large_sample),
        cmocka_unit_test(slices_are_at_most_the_dimensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
