/* test_step_size.c: what a training says that its steps take, beside what they took. */
#include "io/json.h"
#include "sids_case.h"
#include "train/trainer.h"

enum { USERS = 80, ITEMS = 60 };

/* Of the line "..; training takes about 12 MiB". */
static void read_said(void *user, sid_log_level level, const char *message)
{
    const char *said = strstr(message, "training takes about ");
    (void)level;
    if (said)
        *(double *)user = strtod(said + strlen("training takes about "), NULL);
}

/* step_mb of the one line about steps. */
static double step_mb(const char *log)
{
    char *bytes = NULL;
    int64_t size = 0;
    TEST_OK(sid__read_whole(log, 1 << 20, &bytes, &size, err));
    const char *at = strstr(bytes, "\"step_mb\":");
    assert_non_null(at);
    double found = strtod(at + strlen("\"step_mb\":"), NULL);
    sid__free(bytes);
    return found;
}

static const struct {
    const char *family, *options;
} trained[] = {{"sasrec", "dim=64,batch_tokens=400,augment=none"},
               {"sasrec", "dim=64,batch_tokens=400,augment=none,precision=bf16"},
               {"sasrec", "dim=64,batch_tokens=400,augment=none,item_embedding=(id,sid)"},
               {"sasrec", "dim=64,batch_tokens=400,augment=none,loss=ce-sampled"},
               {"sasrec", "dim=64,batch_tokens=400,augment=none,loss=bce"},
               {"gru4rec", "batch_tokens=400,augment=none"},
               {"bert4rec", "batch_tokens=400,augment=none"},
               {"sidgpt", "batch_users=0,batch_tokens=400,augment=none"},
               {"sidgpt", "batch_users=0,batch_tokens=400,augment=none,precision=bf16"},
               {"sidgpt", "batch_users=0,batch_tokens=100,augment=none,layout=flat"},
               {"sidgpt", "batch_users=0,batch_tokens=400,augment=none,item_embedding=(sid),dense=1"},
               {"tiger", "batch_users=24,history_max=8"},
               {"tiger", "batch_users=24,history_max=8,precision=bf16"},
               {"tiger", "batch_users=8,history_max=8,preset=paper"}};

/* Fails when a family says much less or much more than its steps hold: the limit of memory goes by what it says. */
static void steps_take_what_was_said(void **state)
{
    fixture *f = *state;
    sid_events *events = case_events(f, USERS, ITEMS);
    sid_catalog *catalog = case_catalog(f, "digit");
    sid__split split;
    double said = 0;
    char log[PATH_MAX], options[200];
    const sid__train_plan plan = {.log = log};
    (void)snprintf(log, sizeof log, "%s/steps.jsonl", f->root);
    sid_ctx_on_log(f->ctx, read_said, &said);
    TEST_OK(sid__split_make(events, NULL, &split, err));
    for (size_t i = 0; i < sizeof trained / sizeof *trained; i++) {
        sid_model *m = NULL;
        (void)snprintf(options, sizeof options, "epochs=1,valid_every=9,%s", trained[i].options);
        const sid_train_options train = {.family = trained[i].family, .options = options, .catalog = catalog};
        TEST_OK(sid__model_begin(f->ctx, &train, &split, &m, err));
        TEST_OK(sid__train(f->ctx, m, &split, &plan, err));
        double weights = 5.0 * (double)m->params.size * sizeof(float) / (1 << 20), took = step_mb(log) + weights;
        print_message("%-8s %-60s said %5.1f MiB, took %5.1f, %.2f\n", trained[i].family, options, said, took,
                      said / took);
        assert_true(said > 0.75 * took - 1 && said < 1.3 * took + 1); /* what is said is whole */
        sid_model_close(m);
    }
    sid__split_drop(&split);
    sid_catalog_close(catalog);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_take_what_was_said, fixture_setup, fixture_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
