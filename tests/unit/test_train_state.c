/* test_train_state.c: checkpoints that are not this training's, or damaged. */
#include "train_case.h"

/* Leaves the checkpoints of a training that was interrupted after 12 steps. */
static const char *leave_checkpoints(const sid_events *events)
{
    const char *path = train_path("state");
    int64_t steps = 12;
    sid_train_options options = small_options(SMALL);
    sid_error error;
    options.checkpoint_steps = 5;
    remove_training(path);
    sid_ctx_on_progress(ctx, cancel_at, &steps);
    assert_int_equal(sid_model_train(ctx, &options, events, path, NULL, &error), SID_ECANCELED);
    sid_ctx_on_progress(ctx, NULL, NULL);
    sid_ctx_resume(ctx);
    return path;
}

/* Fails when a checkpoint of other options, seed, split or events is gone on from. */
static void test_another_training(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 30), *others = made_events(ctx, 41, 30);
    const char *path = leave_checkpoints(events);
    sid_train_options options = small_options(SMALL);
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EEXISTS, "--resume goes on from it");
    options.resume = true;
    TEST_FAILS(sid_model_train(ctx, &options, others, path, NULL, err), SID_EUSAGE, "other data");
    options.seed = 5;
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EUSAGE, "seed=5");
    options.seed = 0;
    options.split.ties = "shuffle";
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EUSAGE, "ties=shuffle 42");
    options.split.ties = NULL;
    options.options = SMALL ",lr=0.01";
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EUSAGE, "lr=0.01");
    remove_training(path);
    sid_events_free(events);
    sid_events_free(others);
}

static void damage(const char *path, const char *suffix)
{
    char file[600];
    (void)snprintf(file, sizeof file, "%s%s", path, suffix);
    TEST_OK(sid__replace_whole(file, "no checkpoint", 13, err));
}

/* Fails when the checkpoint before is not taken where the newest is damaged or gone, or gives other bytes. */
static void test_damaged(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 30);
    sid_train_options options = small_options(SMALL);
    sid_model *whole = NULL, *m = NULL;
    char file[600];
    TEST_OK(sid_model_train(ctx, &options, events, NULL, &whole, err));
    options.resume = true;
    for (int is_gone = 0; is_gone < 2; is_gone++) {
        const char *path = leave_checkpoints(events);
        damage(path, ".checkpoint");
        (void)snprintf(file, sizeof file, "%s.checkpoint", path);
        if (is_gone)
            TEST_OK(sid__remove_tree(file, err));
        TEST_OK(sid_model_train(ctx, &options, events, path, &m, err));
        assert_string_equal(whole->id, m->id);
        sid_model_close(m);
        assert_false(sid__path_exists(file));
        remove_training(path);
    }
    const char *path = leave_checkpoints(events);
    damage(path, ".checkpoint");
    damage(path, ".checkpoint.old");
    TEST_FAILS(sid_model_train(ctx, &options, events, path, NULL, err), SID_EDATA, "checkpoint");
    remove_training(path);
    sid_model_close(whole);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_another_training), cmocka_unit_test(test_damaged)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
