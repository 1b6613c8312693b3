#include "test.h"

#include <math.h>

#include "catalog/advise.h"

enum { CHECKS_MAX = 4 };

/* `checks`: a letter each, h, l, b or n. */
static sid_advice_row row(const char *verdict, const char *checks, bool is_ordered, double error, int bits,
                          sid_check *room)
{
    int count = (int)strlen(checks);
    for (int i = 0; i < count; i++)
        room[i] = (sid_check){.name = i ? "gini" : "unique_rate",
                              .verdict = checks[i] == 'h'   ? "healthy"
                                         : checks[i] == 'l' ? "look"
                                         : checks[i] == 'b' ? "broken"
                                                            : "n/a"};
    return (sid_advice_row){
        .quantizer = "rkmeans",
        .codes = "256",
        .options = "",
        .is_ordered = is_ordered,
        .sid_bits = bits,
        .report = {.verdict = verdict, .checks = room, .check_count = count, .relative_mse = error}};
}

static int chosen(sid_advice_row *rows, int count, bool any_order, const char *why)
{
    sid__arena arena = {0};
    sid_advice advice = {.items = 100, .sample = 100, .counted = 100, .row = rows, .row_count = count};
    TEST_OK(sid__advise_choose(&advice, any_order, &arena, err));
    if (!strstr(advice.why, why))
        fail_msg("why is \"%s\", \"%s\" is expected in it", advice.why, why);
    sid__arena_drop(&arena);
    return advice.chosen;
}

/* Fails when a lesser error outweighs health, a broken check counts as one to look at, or order is given up unasked. */
static void health_comes_before_error(void **state)
{
    (void)state;
    sid_check room[5][CHECKS_MAX];
    sid_advice_row rows[] = {row("look", "lh", true, .2, 24, room[0]), row("healthy", "hh", true, .5, 32, room[1]),
                             row("healthy", "hn", false, .1, 64, room[2])};
    assert_int_equal(chosen(rows, 3, false, "the only one with prefixes that is healthy"), 1);
    assert_int_equal(chosen(rows, 3, true, "2 are healthy; of these it has the least error (0.100)"), 2);
    sid_advice_row failing[] = {row("broken", "bh", true, .2, 24, room[0]), row("look", "ll", true, .3, 24, room[1]),
                                row("look", "hl", true, .4, 24, room[2])};
    assert_int_equal(
        chosen(failing, 3, false, "none with prefixes is healthy, and this one fails the fewest checks (gini)"), 2);
    sid_advice_row parallel[] = {row("broken", "bh", false, .2, 24, room[0]),
                                 row("look", "lh", false, .3, 24, room[1])};
    assert_int_equal(chosen(parallel, 2, false, "none that was tried has prefixes; none is healthy"), 1);
}

/* Fails when a longer SID is taken for a gain of less than a tenth, or a shorter one for a loss of more. */
static void short_sids_win_within_a_tenth(void **state)
{
    (void)state;
    sid_check room[3][CHECKS_MAX];
    sid_advice_row rows[] = {row("healthy", "h", true, .40, 32, room[0]), row("healthy", "h", true, .43, 24, room[1]),
                             row("healthy", "h", true, .45, 16, room[2])};
    assert_int_equal(chosen(rows, 3, false, "the shortest SIDs (24 bits)"), 1);
    rows[1].report.relative_mse = .45;
    assert_int_equal(chosen(rows, 3, false, "the least error (0.400)"), 0);
    rows[1].report.relative_mse = rows[0].report.relative_mse;
    rows[1].sid_bits = 32;
    assert_int_equal(chosen(rows, 3, false, "the least error"), 0); /* equal: the first of the list */
}

/* Fails when refused rows are chosen, or something is advised for rows that nothing tells apart. */
static void none_is_chosen_where_none_helps(void **state)
{
    (void)state;
    sid_check room[2][CHECKS_MAX];
    sid_advice_row rows[] = {row("broken", "b", true, (double)NAN, 24, room[0]),
                             row("broken", "bb", true, (double)NAN, 24, room[1])};
    assert_int_equal(chosen(rows, 2, false, "fewest checks"), 0);
    rows[0].refused = "no";
    assert_int_equal(chosen(rows, 2, false, "fewest checks"), 1);
    rows[1].report.duplicate_vectors = 99;
    assert_int_equal(chosen(rows, 2, false, "all vectors are equal"), -1);
    rows[1].refused = "no";
    assert_int_equal(chosen(rows, 2, false, "every quantizer refused"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_comes_before_error),
        cmocka_unit_test(short_sids_win_within_a_tenth),
        cmocka_unit_test(none_is_chosen_where_none_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
