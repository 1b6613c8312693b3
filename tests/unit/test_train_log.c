/* test_train_log.c: metrics.jsonl as a program reads it. */
#include "io/json.h"
#include "train_case.h"

static double number(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* Reads the lines; how many are validations. */
static int check_lines(const char *path)
{
    char *bytes = NULL;
    int64_t size = 0;
    int valid = 0;
    double step = 0;
    TEST_OK(sid__read_whole(path, 1 << 20, &bytes, &size, err));
    for (char *at = bytes; *at; at += strlen(at) + 1) {
        json_t *line = NULL;
        at[strcspn(at, "\n")] = 0;
        TEST_OK(sid__json_parse(at, strlen(at), path, &line, err));
        assert_true(number(line, "step") >= step && number(line, "elapsed_s") >= 0);
        step = number(line, "step");
        if (json_object_get(line, "valid_ndcg@10")) {
            valid++;
            assert_true(number(line, "epoch") == valid && number(line, "best") >= number(line, "valid_ndcg@10"));
            assert_true(number(line, "best_epoch") >= 1 && number(line, "best_epoch") <= valid);
        } else {
            assert_true(number(line, "loss") > 0 && number(line, "lr") > 0 && number(line, "grad_norm") > 0);
            assert_true(number(line, "tokens_per_s") > 0 && number(line, "peak_mb") > number(line, "step_mb"));
            assert_true(number(line, "step_mb") > 0);
        }
        json_decref(line);
    }
    sid__free(bytes);
    return valid;
}

/* Fails when a line is no JSON, lacks a number, or a resumed training has validations twice or not at all. */
static void test_lines(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 30);
    const char *path = train_path("log");
    char log[600];
    int64_t steps = 13;
    sid_train_options options = small_options(SMALL);
    sid_error error;
    remove_training(path);
    sid_ctx_on_progress(ctx, cancel_at, &steps);
    assert_int_equal(sid_model_train(ctx, &options, events, path, NULL, &error), SID_ECANCELED);
    sid_ctx_on_progress(ctx, NULL, NULL);
    sid_ctx_resume(ctx);
    (void)snprintf(log, sizeof log, "%s.metrics.jsonl", path);
    assert_int_equal(check_lines(log), 2);
    options.resume = true;
    TEST_OK(sid_model_train(ctx, &options, events, path, NULL, err));
    assert_false(sid__path_exists(log));
    (void)snprintf(log, sizeof log, "%s/metrics.jsonl", path);
    assert_int_equal(check_lines(log), 4);
    remove_training(path);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
