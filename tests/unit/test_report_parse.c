/* test_report_parse.c: metrics.json read back. */
#include "test.h"

#include <math.h>

#include "../fuzz/fuzz_report.c"
#include "base/philox.h"

/* A report with figures of every kind, as JSON; the caller frees it with sid__free. */
static char *make_json(void)
{
    static const uint16_t codes[] = {0, 0, 0, 0, 0, 1, 1, 0, 1, 2, 1, 2, 1, 2, 2, 3};
    static const char *const at_creation[] = {"mse", "level.knn_recall"};
    sid__health_input in = {.codes = codes, .count = 8, .levels = 2, .level_codes = (const int[]){256, 4}};
    sid_report report = {0};
    char *json = NULL;
    TEST_OK(sid__report_init(&report, 2, err));
    report.id = "9f3c";
    report.quantizer = "rkmeans";
    report.collisions = "keep";
    report.version = INT64_C(1) << 50;
    report.mse = .25;
    report.duplicate_vectors = 3;
    report.level[1].knn_recall = 1. / 3;
    report.at_creation = at_creation;
    report.at_creation_count = 2;
    report.added_advice = "fit again";
    TEST_OK(sid__health_counts(&in, &report, err));
    TEST_OK(sid__health_judge(&report, err));
    TEST_OK(sid_report_json(&report, &json, err));
    sid_report_drop(&report);
    return json;
}

static void test_round_trip(void **state)
{
    /* Fails when a member is read into another place, or lost. */
    (void)state;
    char *json = make_json(), *again = NULL;
    sid_report report = {0};
    TEST_OK(sid__report_parse(json, strlen(json), "metrics.json", &report, err));
    assert_string_equal(report.id, "9f3c");
    assert_null(report.parent);
    assert_int_equal(report.version, INT64_C(1) << 50);
    assert_int_equal(report.duplicate_vectors, 3);
    assert_true(report.mse == .25 && isnan(report.relative_mse));
    assert_true(fabs(report.level[1].knn_recall - 1. / 3) < 1e-9);
    assert_string_equal(report.at_creation[1], "level.knn_recall");
    assert_string_equal(report.added_advice, "fit again");
    TEST_OK(sid_report_json(&report, &again, err));
    assert_string_equal(json, again);
    sid__free(json);
    sid__free(again);
    sid_report_drop(&report);
}

static void test_live_counts_on_old_figures(void **state)
{
    /* Fails when a report that was read cannot take new counts and a new verdict, or loses figures from creation. */
    (void)state;
    static const uint16_t codes[] = {0, 0, 255, 3};
    sid__health_input in = {.codes = codes, .count = 2, .levels = 2, .level_codes = (const int[]){256, 4}};
    char *json = make_json();
    sid_report report = {0};
    TEST_OK(sid__report_parse(json, strlen(json), "metrics.json", &report, err));
    TEST_OK(sid__health_counts(&in, &report, err));
    TEST_OK(sid__health_judge(&report, err));
    assert_int_equal(report.items, 2);
    assert_true(report.unique_rate == 1 && report.mse == .25);
    assert_string_equal(report.verdict, "broken");
    sid__free(json);
    sid_report_drop(&report);
}

/* The good text with `from` replaced by `to`: refused with `part`. */
static void check_refused(const char *from, const char *to, const char *part)
{
    char *json = make_json(), changed[16384];
    sid_report report = {0};
    const char *at = strstr(json, from);
    assert_non_null(at);
    (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - json), json, to, at + strlen(from));
    TEST_FAILS(sid__report_parse(changed, strlen(changed), "metrics.json", &report, err), SID_EDATA, part);
    assert_null(report.memory);
    sid__free(json);
}

static void test_refuses(void **state)
{
    /* Fails when a wrong type or range is taken, or the message does not name the member and what it held. */
    (void)state;
    check_refused("\"format\":1", "\"format\":2", "member \"format\" is 2; a whole number from 1 to 1 is expected");
    check_refused("\"format\":1,", "", "member \"format\" is missing");
    check_refused("\"levels\":2", "\"levels\":65", "from 1 to 64");
    check_refused("\"levels\":2", "\"levels\":3", "member \"level\"");
    check_refused("\"levels\":2", "\"levels\":2.0", "member \"levels\" is 2.0");
    check_refused("\"items\":8", "\"items\":-1", "member \"items\" is -1");
    check_refused("\"unique_rate\":0.625", "\"unique_rate\":\"much\"",
                  "member \"unique_rate\" is \"much\"; a number or null");
    check_refused("\"id\":\"9f3c\"", "\"id\":7", "member \"id\" is 7; a text or null");
    check_refused("\"id\":\"9f3c\"", "\"id\":\"9\\u0000\"", "\\u0000 is not allowed");
    check_refused("\"verdict\":\"broken\",\"items\"", "\"verdict\":\"fine\",\"items\"", "healthy, look, broken or n/a");
    check_refused("\"at_creation\":[\"mse\"", "\"at_creation\":[4", "an array of texts");
    check_refused("\"at_creation\":[", "\"at_creation\":{},\"x\":[", "an array of at most 1024");
    check_refused("\"name\":\"unique_rate\"", "\"name\":null", "check 1: member \"name\" is null; a text");
    check_refused("\"index\":2", "\"index\":1", "level 2: member \"index\" is 1; a whole number from 2 to 2");
    check_refused("\"added\":{\"items\":0", "\"added\":{\"items\":false", "added: member \"items\" is false");
    check_refused("\"added\":{", "\"added\":7,\"x\":{", "added: member \"items\" is missing");
    check_refused("{\"format\"", "[1,{\"format\"", "");
}

static void test_not_an_object(void **state)
{
    /* Fails when another JSON value, or none, is taken for a report. */
    (void)state;
    sid_report report = {0};
    TEST_FAILS(sid__report_parse("[1]", 3, "metrics.json", &report, err), SID_EDATA, "a JSON object is expected");
    TEST_FAILS(sid__report_parse("", 0, "metrics.json", &report, err), SID_EDATA, "metrics.json");
}

static void test_newer_minor(void **state)
{
    /* Fails when a member of a later minor version is refused. */
    (void)state;
    char *json = make_json(), changed[16384];
    sid_report report = {0};
    (void)snprintf(changed, sizeof changed, "{\"new\":[1,{}],%s", json + 1);
    TEST_OK(sid__report_parse(changed, strlen(changed), "metrics.json", &report, err));
    sid__free(json);
    sid_report_drop(&report);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaks or leaves half a report. */
    (void)state;
    char *json = make_json();
    for (int64_t after = 0;; after++) {
        sid_report report = {0};
        sid__mem_fail(after, 1);
        sid_status status = sid__report_parse(json, strlen(json), "x", &report, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after >= 2);
            sid_report_drop(&report);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(report.memory);
    }
    sid__free(json);
}

static void test_fuzz_replay(void **state)
{
    /* Fails when changed bytes crash, or a report that is taken is not written back the same. */
    (void)state;
    static const char letters[] = "0129.-eE\"{}[],:nulx";
    char *json = make_json();
    size_t size = strlen(json);
    for (uint64_t i = 0; i < 3000; i++) {
        char *changed = malloc(size);
        memcpy(changed, json, size);
        for (uint64_t c = 0; c <= i % 2; c++)
            changed[sid__philox_below(41, SID__STREAM_TEST, 2 * i + c, size)] =
                letters[sid__philox_below(42, SID__STREAM_TEST, 2 * i + c, sizeof letters - 1)];
        assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)changed, size), 0);
        free(changed);
    }
    sid__free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_live_counts_on_old_figures),
        cmocka_unit_test(test_refuses),     cmocka_unit_test(test_not_an_object),
        cmocka_unit_test(test_newer_minor), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fuzz_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
