/* test_report_json.c: the JSON of `inspect`. */
#include "test.h"

#include <jansson.h>

#include "base/mem.h"
#include "sid/health.h"

/* Every member of spec/interfaces.md §1.3, in its order. */
static const char *const members[] = {"format",
                                      "id",
                                      "version",
                                      "parent",
                                      "quantizer",
                                      "collisions",
                                      "dim",
                                      "verdict",
                                      "items",
                                      "items_without_text",
                                      "levels",
                                      "codes",
                                      "unique_sids",
                                      "unique_rate",
                                      "changed_items",
                                      "resolved_by",
                                      "colliding_items_rate",
                                      "colliding_distinct_rate",
                                      "duplicate_vectors",
                                      "largest_bucket",
                                      "largest_bucket_sid",
                                      "bucket_seen",
                                      "bucket_p99",
                                      "mse",
                                      "relative_mse",
                                      "lcp_ratio",
                                      "warnings",
                                      "checks",
                                      "at_creation",
                                      "added",
                                      "level"};
static const char *const level_members[] = {"index",
                                            "codes",
                                            "used",
                                            "dead",
                                            "perplexity",
                                            "entropy",
                                            "entropy_given_prefix",
                                            "gini",
                                            "gini_used",
                                            "top_rate",
                                            "top1pct_rate",
                                            "prefixes",
                                            "relative_mse",
                                            "cosine",
                                            "residual_ratio",
                                            "knn_recall",
                                            "knn_lift",
                                            "purity",
                                            "purity_shuffled",
                                            "nmi",
                                            "ami"};
static const char *const check_members[] = {"name", "value", "verdict", "next"};
static const char *const added_members[] = {"items", "residual_ratio", "largest_bucket_growth", "advice"};

static void check_members_of(json_t *object, const char *const *names, size_t count)
{
    size_t i = 0;
    const char *name;
    json_t *value;
    assert_int_equal(json_object_size(object), count);
    json_object_foreach(object, name, value)
    {
        assert_string_equal(name, names[i]);
        i++;
    }
}

static json_t *parse(const sid_report *report)
{
    char *json = NULL;
    json_error_t error;
    TEST_OK(sid_report_json(report, &json, err));
    json_t *tree = json_loads(json, JSON_REJECT_DUPLICATES, &error);
    if (!tree)
        fail_msg("%s: %s", error.text, json);
    sid__free(json);
    return tree;
}

static void test_members_and_order(void **state)
{
    /* Fails when a member is missing, added, renamed or moved, or the text is not JSON. */
    (void)state;
    static const uint16_t codes[] = {0, 0, 0, 1, 1, 1};
    sid__health_input in = {.codes = codes, .count = 3, .levels = 2, .level_codes = (const int[]){2, 3}};
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 2, err));
    TEST_OK(sid__health_counts(&in, &report, err));
    TEST_OK(sid__health_judge(&report, err));
    json_t *tree = parse(&report);
    check_members_of(tree, members, sizeof members / sizeof *members);
    check_members_of(json_object_get(tree, "added"), added_members, 4);
    assert_int_equal(json_array_size(json_object_get(tree, "level")), 2);
    assert_int_equal(json_array_size(json_object_get(tree, "checks")), report.check_count);
    for (size_t l = 0; l < 2; l++)
        check_members_of(json_array_get(json_object_get(tree, "level"), l), level_members,
                         sizeof level_members / sizeof *level_members);
    for (size_t c = 0; c < (size_t)report.check_count; c++)
        check_members_of(json_array_get(json_object_get(tree, "checks"), c), check_members, 4);
    assert_int_equal(json_integer_value(json_object_get(tree, "codes")), 3);
    assert_true(json_is_null(json_object_get(tree, "mse")));
    assert_true(json_is_null(json_object_get(tree, "parent")));
    assert_true(json_is_null(json_object_get(tree, "duplicate_vectors")));
    json_decref(tree);
    sid_report_drop(&report);
}

static void test_golden_text(void **state)
{
    /* Fails when a value is written otherwise: %.9g, null for NaN, escapes, no spaces. */
    (void)state;
    static const char wanted[] =
        "{\"format\":1,\"id\":\"9f\",\"version\":3,\"parent\":null,\"quantizer\":\"rkmeans\",\"collisions\":\"keep\","
        "\"dim\":384,\"verdict\":\"look\",\"items\":7,\"items_without_text\":0,\"levels\":1,\"codes\":256,"
        "\"unique_sids\":6,\"unique_rate\":0.980910009,\"changed_items\":2,\"resolved_by\":null,"
        "\"colliding_items_rate\":null,\"colliding_distinct_rate\":null,"
        "\"duplicate_vectors\":0,\"largest_bucket\":2,\"largest_bucket_sid\":\"12\",\"bucket_seen\":1.05,"
        "\"bucket_p99\":2,\"mse\":1e-20,\"relative_mse\":null,\"lcp_ratio\":24.1,\"warnings\":[\"a \\\"b\\\"\"],"
        "\"checks\":[{\"name\":\"unique_rate\",\"value\":0.98091,\"verdict\":\"healthy\",\"next\":null}],"
        "\"at_creation\":[\"mse\"],\"added\":{\"items\":4,\"residual_ratio\":1.5,\"largest_bucket_growth\":null,"
        "\"advice\":\"fit again\"},\"level\":[{\"index\":1,\"codes\":256,\"used\":250,\"dead\":6,\"perplexity\":231.4,"
        "\"entropy\":null,\"entropy_given_prefix\":null,\"gini\":null,\"gini_used\":null,\"top_rate\":null,"
        "\"top1pct_rate\":null,\"prefixes\":250,\"relative_mse\":null,\"cosine\":null,\"residual_ratio\":null,"
        "\"knn_recall\":null,\"knn_lift\":null,\"purity\":null,\"purity_shuffled\":null,\"nmi\":null,\"ami\":null}]}";
    sid_check check = {.name = "unique_rate", .value = .98091, .verdict = "healthy"};
    const char *warnings[] = {"a \"b\""};
    static const char *const at_creation[] = {"mse"};
    sid_report report = {0};
    char *json = NULL;
    TEST_OK(sid__report_init(&report, 1, err));
    report.id = "9f";
    report.version = 3;
    report.quantizer = "rkmeans";
    report.collisions = "keep";
    report.dim = 384;
    report.verdict = "look";
    report.items = 7;
    report.codes = 256;
    report.unique_sids = 6;
    report.unique_rate = .9809100091;
    report.changed_items = 2;
    report.duplicate_vectors = 0;
    report.largest_bucket = 2;
    report.largest_bucket_sid = "12";
    report.bucket_seen = 1.05;
    report.bucket_p99 = 2;
    report.mse = 1e-20;
    report.lcp_ratio = 24.1;
    report.warnings = warnings;
    report.warning_count = 1;
    report.checks = &check;
    report.check_count = 1;
    report.at_creation = at_creation;
    report.at_creation_count = 1;
    report.added_items = 4;
    report.added_residual_ratio = 1.5;
    report.added_advice = "fit again";
    report.level[0].codes = 256;
    report.level[0].used = 250;
    report.level[0].dead = 6;
    report.level[0].perplexity = 231.4;
    report.level[0].prefixes = 250;
    TEST_OK(sid_report_json(&report, &json, err));
    assert_string_equal(json, wanted);
    sid__free(json);
    sid_report_drop(&report);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaks or gives half a text. */
    (void)state;
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 40, err));
    for (int64_t after = 0;; after++) {
        char *json = NULL;
        sid__mem_fail(after, 1);
        sid_status status = sid_report_json(&report, &json, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after > 3);
            sid__free(json);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(json);
    }
    sid_report_drop(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_and_order),
        cmocka_unit_test(test_golden_text),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
