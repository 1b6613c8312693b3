/* test_health_counts.c: figures from codes. Golden values: spec/quantizers.md §8 and numpy. */
#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "base/philox.h"
#include "sid/health.h"

static void check_near(double seen, double wanted)
{
    if (!(fabs(seen - wanted) <= 1e-9 * (1 + fabs(wanted))))
        fail_msg("%.12g instead of %.12g", seen, wanted);
}

/* 0-0 0-0 0-1 1-0 1-2 1-2 1-2 2-3 */
static const uint16_t golden[] = {0, 0, 0, 0, 0, 1, 1, 0, 1, 2, 1, 2, 1, 2, 2, 3};
static const sid__health_input golden_input = {
    .codes = golden, .count = 8, .levels = 2, .level_codes = (const int[]){4, 4}, .items_without_text = 3};

static void test_golden(void **state)
{
    /* Fails when a formula of the table is changed. */
    (void)state;
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 2, err));
    TEST_OK(sid__health_counts(&golden_input, &report, err));
    assert_int_equal(report.items, 8);
    assert_int_equal(report.items_without_text, 3);
    assert_int_equal(report.codes, 4);
    assert_int_equal(report.unique_sids, 5);
    check_near(report.unique_rate, .625);
    check_near(report.colliding_items_rate, .625);
    assert_int_equal(report.largest_bucket, 3);
    assert_string_equal(report.largest_bucket_sid, "1-2");
    check_near(report.bucket_seen, 16. / 8);
    check_near(report.bucket_p50, 1);
    check_near(report.bucket_p99, 3);
    const sid_level_report *level = report.level;
    assert_int_equal(level[0].index, 1);
    assert_int_equal(level[0].codes, 4);
    assert_int_equal(level[0].used, 3);
    assert_int_equal(level[0].dead, 1);
    assert_int_equal(level[0].prefixes, 3);
    assert_int_equal(level[1].prefixes, 5);
    assert_true(fabs(level[0].perplexity - 2.649351) < 5e-7);
    check_near(level[0].gini, .4375);
    check_near(level[0].gini_used, .25);
    check_near(level[0].top_rate, .5);
    check_near(level[0].top1pct_rate, .5);
    assert_true(isnan(level[0].entropy_given_prefix));
    assert_true(fabs(level[1].entropy_given_prefix - .519860) < 5e-7);
    sid_report_drop(&report);
}

enum { ORACLE_COUNT = 1000, ORACLE_LEVELS = 3 };

/* As in golden/make_health.py counts, which printed the values below. */
static void oracle_codes(uint16_t *codes)
{
    static const int k[ORACLE_LEVELS] = {5, 300, 17};
    for (int i = 0; i < ORACLE_COUNT; i++)
        for (int l = 0; l < ORACLE_LEVELS; l++)
            codes[i * ORACLE_LEVELS + l] = (uint16_t)(i < 200 ? l + 1 : (i * (7 + 4 * l) + i * i / (3 + l)) % k[l]);
}

static void test_numpy_oracle(void **state)
{
    /* Fails when a figure of a larger case differs from numpy's. */
    (void)state;
    static uint16_t codes[ORACLE_COUNT * ORACLE_LEVELS];
    oracle_codes(codes);
    sid__health_input in = {
        .codes = codes, .count = ORACLE_COUNT, .levels = ORACLE_LEVELS, .level_codes = (const int[]){5, 400, 17}};
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, ORACLE_LEVELS, err));
    TEST_OK(sid__health_counts(&in, &report, err));
    assert_int_equal(report.unique_sids, 694);
    check_near(report.colliding_items_rate, 0.40200000000000002);
    assert_int_equal(report.largest_bucket, 200);
    assert_string_equal(report.largest_bucket_sid, "1-2-3");
    check_near(report.bucket_seen, 41.039999999999999);
    check_near(report.bucket_p50, 1);
    check_near(report.bucket_p99, 3);
    assert_int_equal(report.level[0].used, 5);
    check_near(report.level[0].entropy, 1.5726150037383899);
    check_near(report.level[0].perplexity, 4.819234045623749);
    check_near(report.level[0].gini, 0.13280000000000003);
    check_near(report.level[0].gini_used, 0.13280000000000003);
    check_near(report.level[0].top_rate, 0.26600000000000001);
    check_near(report.level[0].top1pct_rate, 0.26600000000000001);
    assert_int_equal(report.level[0].prefixes, 5);
    assert_int_equal(report.level[1].used, 87);
    check_near(report.level[1].entropy, 3.9603770829366844);
    check_near(report.level[1].perplexity, 52.477110441581381);
    check_near(report.level[1].gini, 0.86949500000000013);
    check_near(report.level[1].gini_used, 0.39997701149425269);
    check_near(report.level[1].top_rate, 0.20000000000000001);
    check_near(report.level[1].top1pct_rate, 0.28399999999999997);
    assert_int_equal(report.level[1].prefixes, 231);
    check_near(report.level[1].entropy_given_prefix, 3.1334784398654456);
    assert_int_equal(report.level[2].used, 16);
    check_near(report.level[2].entropy, 2.612074009078563);
    check_near(report.level[2].perplexity, 13.627284675239819);
    check_near(report.level[2].gini, 0.33223529411764696);
    check_near(report.level[2].gini_used, 0.29049999999999998);
    check_near(report.level[2].top_rate, 0.20000000000000001);
    check_near(report.level[2].top1pct_rate, 0.20000000000000001);
    assert_int_equal(report.level[2].prefixes, 694);
    check_near(report.level[2].entropy_given_prefix, 0.9870460896301001);
    sid_report_drop(&report);
}

/* Reads `item_id c1 .. cL` rows with a header; the last column of the file is left out. Gives the number of rows. */
static int64_t read_sids(const char *path, int levels, uint16_t *codes, int64_t count_max)
{
    char line[256];
    int64_t count = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    assert_non_null(fgets(line, sizeof line, file));
    for (; count < count_max && fgets(line, sizeof line, file); count++) {
        char *at = strchr(line, '\t');
        for (int l = 0; l < levels; l++) {
            assert_non_null(at);
            codes[count * levels + l] = (uint16_t)strtol(at + 1, &at, 10);
        }
    }
    (void)fclose(file);
    return count;
}

static void test_published_sids(void **state)
{
    /* Fails when figures of SIDs made by others differ from the measured ones of spec/quantizers.md §9. */
    (void)state;
    enum { ITEMS = 12101, CODE_LEVELS = 4 };
    char path[512];
    const char *base = getenv("SEMID_DATA");
    uint16_t *codes = calloc((size_t)ITEMS * CODE_LEVELS, sizeof *codes);
    (void)snprintf(path, sizeof path, "%s/beauty/sids_rqkmeans.tsv", base ? base : TEST_TREE "/../shared/data");
    int64_t count = read_sids(path, CODE_LEVELS, codes, ITEMS);
    if (count == 0) {
        print_message("SKIPPED: %s is not there; set SEMID_DATA to the directory that holds beauty/\n", path);
        free(codes);
        skip();
    }
    sid__health_input in = {
        .codes = codes, .count = count, .levels = CODE_LEVELS, .level_codes = (const int[]){256, 256, 256, 256}};
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, CODE_LEVELS, err));
    TEST_OK(sid__health_counts(&in, &report, err));
    assert_int_equal(report.items, ITEMS);
    assert_int_equal(report.unique_sids, 10937);
    assert_true(fabs(report.colliding_items_rate - .160) < .0005);
    assert_int_equal(report.largest_bucket, 18);
    assert_true(fabs(report.level[1].perplexity / 256 - .22) < .005);
    sid_report_drop(&report);
    free(codes);
}

static void test_one_bucket(void **state)
{
    /* Fails when constant codes divide by zero or get a wrong figure. */
    (void)state;
    static const uint16_t codes[] = {2, 2, 2};
    sid__health_input in = {.codes = codes, .count = 3, .levels = 1, .level_codes = (const int[]){256}};
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 1, err));
    TEST_OK(sid__health_counts(&in, &report, err));
    assert_int_equal(report.unique_sids, 1);
    check_near(report.colliding_items_rate, 1);
    check_near(report.level[0].perplexity, 1);
    check_near(report.level[0].entropy, 0);
    check_near(report.level[0].gini_used, 0);
    check_near(report.level[0].gini, 255. / 256);
    assert_int_equal(report.level[0].dead, 255);
    check_near(report.bucket_p50, 3);
    sid_report_drop(&report);
}

static void test_no_items(void **state)
{
    /* Fails when no items crash, or give a figure that is not NaN; also after a report that had figures. */
    (void)state;
    sid__health_input in = {.count = 0, .levels = 2, .level_codes = (const int[]){4, 4}};
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 2, err));
    TEST_OK(sid__health_counts(&golden_input, &report, err));
    TEST_OK(sid__health_counts(&in, &report, err));
    assert_int_equal(report.items, 0);
    assert_true(isnan(report.unique_rate) && isnan(report.colliding_items_rate) && isnan(report.bucket_p99));
    assert_null(report.largest_bucket_sid);
    assert_int_equal(report.level[1].used, 0);
    assert_int_equal(report.level[1].dead, 4);
    assert_int_equal(report.level[1].prefixes, 0);
    assert_true(isnan(report.level[1].perplexity) && isnan(report.level[1].entropy_given_prefix));
    sid_report_drop(&report);
}

static void test_row_order_is_free(void **state)
{
    /* Fails when a bit of a figure depends on the order of the rows. */
    (void)state;
    enum { COUNT = 5000 };
    static uint16_t codes[COUNT * 2], turned[COUNT * 2];
    for (int i = 0; i < COUNT; i++) {
        codes[2 * i] = turned[2 * (COUNT - 1 - i)] =
            (uint16_t)sid__philox_below(31, SID__STREAM_TEST, (uint64_t)i, 1 + (uint64_t)i % 256);
        codes[2 * i + 1] = turned[2 * (COUNT - 1 - i) + 1] =
            (uint16_t)sid__philox_below(32, SID__STREAM_TEST, (uint64_t)i, 64);
    }
    sid__health_input in = {.codes = codes, .count = COUNT, .levels = 2, .level_codes = (const int[]){256, 64}};
    sid_report a = {0}, b = {0};
    TEST_OK(sid__report_init(&a, 2, err));
    TEST_OK(sid__report_init(&b, 2, err));
    TEST_OK(sid__health_counts(&in, &a, err));
    in.codes = turned;
    TEST_OK(sid__health_counts(&in, &b, err));
    assert_memory_equal(&a.unique_rate, &b.unique_rate, sizeof a.unique_rate);
    assert_memory_equal(&a.bucket_seen, &b.bucket_seen, sizeof a.bucket_seen);
    assert_memory_equal(a.level, b.level, 2 * sizeof *a.level);
    assert_string_equal(a.largest_bucket_sid, b.largest_bucket_sid);
    sid_report_drop(&a);
    sid_report_drop(&b);
}

static void test_code_out_of_range(void **state)
{
    /* Fails when a code that the level does not have is counted somewhere. */
    (void)state;
    sid__health_input in = golden_input;
    in.level_codes = (const int[]){4, 3};
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 2, err));
    TEST_FAILS(sid__health_counts(&in, &report, err), SID_EDATA, "item 7 has code 3 on level 2; 0 to 2");
    assert_int_equal(report.items, 0);
    assert_true(isnan(report.level[0].perplexity));
    sid_report_drop(&report);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaks or leaves half the figures. */
    (void)state;
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 2, err));
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__health_counts(&golden_input, &report, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after >= 8);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_int_equal(report.items, 0);
        assert_true(isnan(report.level[0].entropy) && isnan(report.unique_rate));
    }
    sid_report_drop(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_numpy_oracle),
        cmocka_unit_test(test_published_sids),
        cmocka_unit_test(test_one_bucket),
        cmocka_unit_test(test_no_items),
        cmocka_unit_test(test_row_order_is_free),
        cmocka_unit_test(test_code_out_of_range),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
