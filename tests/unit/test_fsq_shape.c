/* test_fsq_shape.c: levels, codes and fsq_levels agree or are refused by name. */
#include "quant/fsq_shape.h"
#include "quant_help.h"

/* Fails when groups are split or multiplied wrongly. */
static void groups_are_parsed(void **state)
{
    sid__fsq_shape shape;
    (void)state;
    TEST_OK(sid__fsq_shape_parse("8,6,5;5,5,5,5;65536", &shape, err));
    assert_int_equal(shape.groups, 3);
    assert_int_equal(shape.begin[1], 3);
    assert_int_equal(shape.begin[3], 8);
    assert_int_equal(sid__fsq_shape_codes(&shape, 0), 240);
    assert_int_equal(sid__fsq_shape_codes(&shape, 1), 625);
    assert_int_equal(sid__fsq_shape_codes(&shape, 2), 65536);
    assert_false(sid__fsq_shape_is_even(&shape));
    TEST_OK(sid__fsq_shape_parse("4,3", &shape, err));
    sid__fsq_shape_repeat(&shape, 64);
    assert_int_equal(shape.groups, 64);
    assert_int_equal(shape.begin[64], 128);
    assert_int_equal(shape.steps[127], 3);
    assert_true(sid__fsq_shape_is_even(&shape));
    sid__fsq_shape_repeat(&shape, 2); /* more than one group stays */
    assert_int_equal(shape.groups, 64);
}

/* Fails when impossible text is taken, or refused without naming what is wrong. */
static void bad_groups_are_named(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {{"8,2", "2 steps; at least 3 are needed, since tanh saturates"},
               {"1", "1 steps"},
               {"8,,5", "\",5\""},
               {"8,6;", "expected at \"\""},
               {"8 6", "expected at \"8 6\""},
               {"-8", "expected at \"-8\""},
               {"8,x", "expected at \"x\""},
               {"256,257", "more than 65536 codes"},
               {"99999999999999999999", "more than 65536 codes"}};
    sid__fsq_shape shape = {.groups = 7};
    char many[300] = "3";
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid__fsq_shape_parse(bad[i].text, &shape, err), SID_EUSAGE, bad[i].words);
    for (int i = 0; i < 64; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), ";3");
    TEST_FAILS(sid__fsq_shape_parse(many, &shape, err), SID_EUSAGE, "more than 64 levels");
    assert_int_equal(shape.groups, 7);
}

static void levels_and_codes(int levels, const char *codes, const char *options, int expected_levels,
                             const char *expected_codes, const char *expected_text)
{
    sid_quantizer *q = NULL;
    sid__strbuf text = {0};
    char seen[400] = "";
    TEST_OK(sid__quantizer_create(
        &(sid_quantizer_options){.quantizer = "fsq", .levels = levels, .codes = codes, .options = options}, &q, err));
    assert_int_equal(q->options.levels, expected_levels);
    for (int l = 0; l < expected_levels; l++)
        (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%d", l ? "," : "", q->options.codes[l]);
    assert_string_equal(seen, expected_codes);
    TEST_OK(sid__quantizer_options_text(q, &text, err));
    if (!strstr(text.text, expected_text))
        fail_msg("options are %s", text.text);
    sid__strbuf_drop(&text);
    sid_quantizer_free(q);
}

/* Fails when what is given does not settle the rest: the defaults, one of the three options, or agreeing ones. */
static void the_rest_follows(void **state)
{
    (void)state;
    levels_and_codes(0, NULL, NULL, 3, "240,240,240", "fsq_levels=(8,6,5)");
    levels_and_codes(2, NULL, NULL, 2, "240,240", "fsq_levels=(8,6,5)");
    levels_and_codes(0, NULL, "fsq_levels=(8,6,5;5,5)", 2, "240,25", "fsq_levels=(8,6,5;5,5)");
    levels_and_codes(0, NULL, "fsq_levels=7", 3, "7,7,7", "fsq_levels=7");
    levels_and_codes(2, "240,25", "fsq_levels=(8,6,5;5,5)", 2, "240,25", "fsq_levels=(8,6,5;5,5)");
    levels_and_codes(0, "256", NULL, 3, "256,256,256", "fsq_levels=(8,8,4)");
    levels_and_codes(0, "1024,16,12", NULL, 3, "1024,16,12", "fsq_levels=(8,8,4,4;4,4;4,3)");
    levels_and_codes(1, "34", NULL, 1, "34", "fsq_levels=34");
    levels_and_codes(1, "65536", NULL, 1, "65536", "fsq_levels=(8,8,8,8,4,4)");
    levels_and_codes(1, "59049", NULL, 1, "59049", "fsq_levels=(3,3,3,3,3,3,3,3,3,3)");
    levels_and_codes(0, NULL, "kmeans_levels=1", 3, "256,240,240", "kmeans_levels=1");
    levels_and_codes(0, NULL, "kmeans_levels=2,fsq_levels=(8,5;5,5)", 4, "256,256,40,25", "kmeans_levels=2");
    levels_and_codes(2, "64,27", "kmeans_levels=1", 2, "64,27", "fsq_levels=(3,3,3)");
}

static void refused(int levels, const char *codes, const char *options, const char *words)
{
    sid_quantizer *q = NULL;
    TEST_FAILS(sid__quantizer_create(
                   &(sid_quantizer_options){.quantizer = "fsq", .levels = levels, .codes = codes, .options = options},
                   &q, err),
               SID_EUSAGE, words);
}

/* Fails when a contradiction is settled in silence, or told without both sides. */
static void contradictions_are_named(void **state)
{
    char many[SID__OPTION_TEXT_SIZE] = "codes=(59049";
    (void)state;
    refused(3, NULL, "fsq_levels=(8,5;5,5)", "levels is 3, but fsq_levels \"8,5;5,5\" has 2 levels;");
    refused(3, NULL, "kmeans_levels=1,fsq_levels=(8,5;5,5;5,5)", "3 levels after the k-means ones");
    refused(0, "256", "fsq_levels=(8,6,5)", "codes is 256 at level 1, but fsq_levels \"8,6,5\" makes 240 there");
    refused(0, "40,24", "fsq_levels=(8,5;5,5)", "codes is 24 at level 2, but fsq_levels \"8,5;5,5\" makes 25 there");
    refused(0, "2", NULL, "codes is 2 at level 1");
    refused(0, NULL, "fsq_levels=(8,2)", "2 steps");
    refused(0, NULL, "kmeans_levels=3", "kmeans_levels is 3 of 3 levels");
    refused(0, "16", "kmeans_levels=3", "kmeans_levels is 3 of 3 levels");
    refused(0, NULL, "kmeans_levels=63,fsq_levels=(8,5;5,5)", "make 65 levels; at most 64");
    refused(0, NULL, "residual,fsq_levels=(8,5;5,8)", "equal groups are needed");
    refused(0, NULL, "beam=2", "beam is 2; fsq finds its codes one by one");
    for (int l = 1; l < 64; l++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), l == 1 ? ",19683" : ",59049");
    (void)snprintf(many + strlen(many), sizeof many - strlen(many), ")");
    refused(64, NULL, many, "do not fit an option");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(groups_are_parsed), cmocka_unit_test(bad_groups_are_named),
                                       cmocka_unit_test(the_rest_follows), cmocka_unit_test(contradictions_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
