/* test_train.c: sid_model_train: where a model goes, and what lies beside it meanwhile. */
#include "train_case.h"

/* Fails when a trained model does not open, answers otherwise than before, or leaves files beside it. */
static void test_on_disk(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 30);
    const char *path = train_path("disk");
    char beside[600];
    sid_model *m = NULL, *opened = NULL;
    sid_train_options options = small_options(SMALL);
    const int32_t history[] = {3, 1, 7};
    remove_training(path);
    options.checkpoint_steps = 3;
    TEST_OK(sid_model_train(ctx, &options, events, path, &m, err));
    TEST_OK(sid_model_open(ctx, path, &opened, err));
    assert_string_equal(m->id, opened->id);
    float *before = scores_of(m, history, 3), *after = scores_of(opened, history, 3);
    assert_memory_equal(before, after, 30 * sizeof *before);
    free(before);
    free(after);
    (void)snprintf(beside, sizeof beside, "%s.checkpoint", path);
    assert_false(sid__path_exists(beside));
    (void)snprintf(beside, sizeof beside, "%s.checkpoint.old", path);
    assert_false(sid__path_exists(beside));
    (void)snprintf(beside, sizeof beside, "%s/metrics.jsonl", path);
    assert_true(sid__path_exists(beside));
    sid_model_close(opened);
    sid_model_close(m);
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EEXISTS, "");
    options.force = true;
    TEST_OK(sid_model_train(ctx, &options, events, path, NULL, err));
    remove_training(path);
    sid_events_free(events);
}

/* Fails when resume passes where there is nothing to resume, or a model that goes nowhere is trained. */
static void test_refused(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 20, 10);
    const char *path = train_path("refused");
    sid_train_options options = small_options(SMALL);
    remove_training(path);
    TEST_FAILS(sid_model_train(ctx, &options, events, NULL, NULL, err), SID_EUSAGE, "goes nowhere");
    options.resume = true;
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EUSAGE, "there is no checkpoint");
    options.family = "pop";
    options.options = NULL;
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EUSAGE, "pop keeps no checkpoint");
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_on_disk), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
