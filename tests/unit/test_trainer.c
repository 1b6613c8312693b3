/* test_trainer.c: the loop: the same bytes for any threads and any interruption; what ends it. */
#include "train_case.h"

static void id_of(const sid_events *events, const sid_train_options *options, int threads, char id[SID__MODEL_ID_SIZE])
{
    sid_model *m = NULL;
    TEST_OK(sid_ctx_set_threads(ctx, threads, err));
    TEST_OK(sid_model_train(ctx, options, events, NULL, &m, err));
    (void)snprintf(id, SID__MODEL_ID_SIZE, "%s", m->id);
    sid_model_close(m);
}

/* Fails when the number of threads changes a bit of what is learned, or the seed does not. */
static void test_threads(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 30);
    char one[SID__MODEL_ID_SIZE], two[SID__MODEL_ID_SIZE];
    sid_train_options options = small_options(SMALL ",ema=0.9");
    id_of(events, &options, 1, one);
    id_of(events, &options, 2, two);
    assert_string_equal(one, two);
    options.seed = 7;
    id_of(events, &options, 2, two);
    assert_string_not_equal(one, two);
    sid_events_free(events);
}

/* Interrupts after `steps` steps; the id once it was resumed. */
static void interrupt(const sid_events *events, sid_train_options options, int64_t steps, char id[SID__MODEL_ID_SIZE])
{
    const char *path = train_path("interrupt");
    sid_model *m = NULL;
    sid_error error;
    remove_training(path);
    options.checkpoint_steps = 5;
    sid_ctx_on_progress(ctx, cancel_at, &steps);
    assert_int_equal(sid_model_train(ctx, &options, events, path, NULL, &error), SID_ECANCELED);
    assert_non_null(strstr(error.message, "--resume goes on"));
    sid_ctx_on_progress(ctx, NULL, NULL);
    sid_ctx_resume(ctx);
    options.resume = true;
    TEST_OK(sid_model_train(ctx, &options, events, path, &m, err));
    (void)snprintf(id, SID__MODEL_ID_SIZE, "%s", m->id);
    sid_model_close(m);
    remove_training(path);
}

/* Fails when anything that a step depends on is not in the checkpoint: at any step, epochs' ends among them. */
static void test_resume_at_any_step(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 30);
    sid_train_options options = small_options(SMALL ",ema=0.9,patience=2,batch_tokens=30,ties_augment=true");
    char whole[SID__MODEL_ID_SIZE], resumed[SID__MODEL_ID_SIZE];
    id_of(events, &options, 1, whole);
    for (int64_t step = 1; step < 16; step += 2) {
        interrupt(events, options, step, resumed);
        assert_string_equal(whole, resumed);
    }
    sid_events_free(events);
}

/* Fails when minutes change anything but the number of epochs. */
static void test_minutes(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 20, 12);
    sid__split split;
    sid_model *m = NULL, *again = NULL;
    char options[256];
    int64_t epochs;
    const sid__train_plan plan = {0};
    TEST_OK(sid__split_make(events, NULL, &split, err));
    TEST_OK(sid__model_begin(ctx, &(sid_train_options){.family = "sasrec", .options = SMALL ",minutes=0.0003"}, &split,
                             &m, err));
    TEST_OK(sid__train(ctx, m, &split, &plan, err));
    epochs = sid__model_training(m)->epochs;
    assert_in_range(epochs, 1, 1000000);
    (void)snprintf(options, sizeof options, "dim=8,blocks=1,heads=2,batch_users=8,history_max=8,dropout=0.2,epochs=%d",
                   (int)epochs);
    TEST_OK(sid__model_begin(ctx, &(sid_train_options){.family = "sasrec", .options = options}, &split, &again, err));
    TEST_OK(sid__train(ctx, again, &split, &plan, err));
    assert_memory_equal(m->params.data, again->params.data, (size_t)m->params.size * sizeof(float));
    assert_string_equal(m->options_text, again->options_text);
    sid_model_close(m);
    sid_model_close(again);
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when a loss that is not finite is learned from, or the message does not say where it was. */
static void test_broken(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 30);
    sid_train_options options = small_options(SMALL ",lr=10,wd=10,clip=0,warmup=0,epochs=400,patience=0");
    sid_error error;
    sid_model *m = NULL;
    assert_int_equal(sid_model_train(ctx, &options, events, NULL, &m, &error), SID_EINTERNAL);
    assert_non_null(strstr(error.message, "training broke at step "));
    assert_non_null(strstr(error.message, ", epoch "));
    assert_null(m);
    sid_events_free(events);
}

/* Fails when a limit of memory is passed by, or what would fit is not said. */
static void test_memory(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 200, 30);
    sid_train_options options = small_options("dim=64,blocks=1,heads=2,batch_users=128,epochs=1");
    sid_model *m = NULL;
    sid_error error;
    sid_ctx_set_memory_limit(ctx, 3 << 20);
    assert_int_equal(sid_model_train(ctx, &options, events, NULL, &m, &error), SID_ENOMEM);
    const char *fits = strstr(error.message, "--batch-tokens ");
    assert_non_null(fits);
    char text[128];
    (void)snprintf(text, sizeof text, "%s,batch_tokens=%d", options.options,
                   (int)strtol(fits + strlen("--batch-tokens "), NULL, 10));
    options.options = text;
    TEST_OK(sid_model_train(ctx, &options, events, NULL, &m, err));
    sid_model_close(m);
    sid_ctx_set_memory_limit(ctx, 1 << 16);
    TEST_FAILS(sid_model_train(ctx, &options, events, NULL, &m, err), SID_ENOMEM, "training");
    sid_ctx_set_memory_limit(ctx, 0);
    sid_events_free(events);
}

/* Fails when patience does not end a training, or not with the weights of the best validation. */
static void test_patience(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 30);
    sid_model *m = NULL;
    const char *path = train_path("patience");
    char log[600], *bytes = NULL;
    int64_t size = 0;
    int lines = 0;
    remove_training(path);
    sid_train_options options = small_options(SMALL ",epochs=60,patience=2,lr=0");
    TEST_OK(sid_model_train(ctx, &options, events, path, &m, err));
    sid_model_close(m);
    (void)snprintf(log, sizeof log, "%s/metrics.jsonl", path);
    TEST_OK(sid__read_whole(log, 1 << 20, &bytes, &size, err));
    for (const char *at = bytes; (at = strstr(at, "valid_ndcg@10")); at++)
        lines++;
    assert_int_equal(lines, 3); /* the first is the best; two more without gain */
    sid__free(bytes);
    remove_training(path);
    sid_events_free(events);
}

/* Fails when memory that is missing leaks, crashes or gives a model. */
static void test_no_memory(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 10, 10);
    sid_train_options options = small_options("dim=4,blocks=1,heads=1,batch_users=8,epochs=1");
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    for (int64_t after = 0;; after += 1 + after / 16) {
        sid_model *m = NULL;
        sid__mem_fail(after, -1);
        sid_status status = sid_model_train(ctx, &options, events, NULL, &m, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            sid_model_close(m);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(m);
    }
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads),  cmocka_unit_test(test_resume_at_any_step),
                                       cmocka_unit_test(test_minutes),  cmocka_unit_test(test_broken),
                                       cmocka_unit_test(test_memory),   cmocka_unit_test(test_patience),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
