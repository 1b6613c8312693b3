/* test_knn_part.c: itemknn within sasrec, against the two alone. */
#include "model/knn_part.h"

#include "base/mem.h"
#include "io_help.h"
#include "model_case.h"

enum { ITEMS = 20 };
#define SMALL "dim=4,heads=2,blocks=1,epochs=1"

static sid_model *trained(const sid_events *events, const char *family, const char *options)
{
    sid_model *m = NULL;
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = family, .options = options}, events, NULL, &m, err));
    return m;
}

static const int32_t item[] = {0, 3, 5, 2, 1, 7, 0, 2};
static const sid__history history[] = {
    {.item = item, .count = 8}, {.item = item + 2, .count = 1}, {.item = item + 3, .count = 4}};

/* Fails when what is added is not itemknn's score, not so many times, or training is another for it. */
static void test_sum(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 30, ITEMS);
    float score[3 * ITEMS], plain[3 * ITEMS], knn[3 * ITEMS];
    sid_model *both = trained(events, "sasrec", SMALL ",itemknn=2"), *net = trained(events, "sasrec", SMALL);
    sid_model *counts = trained(events, "itemknn", NULL);
    TEST_OK(both->family->score(ctx, both, history, 3, score, err));
    TEST_OK(net->family->score(ctx, net, history, 3, plain, err));
    TEST_OK(counts->family->score(ctx, counts, history, 3, knn, err));
    float most = 0;
    for (int i = 0; i < 3 * ITEMS; i++) {
        assert_float_equal(score[i], plain[i] + 2 * knn[i], 1e-6);
        most = knn[i] > most ? knn[i] : most;
    }
    assert_true(most > .1F);
    sid_model_close(both);
    sid_model_close(net);
    sid_model_close(counts);
    sid_events_free(events);
}

/* Fails when a model that was read again has other neighbours, or one without memory is not refused. */
static void test_file(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 30, ITEMS);
    float score[3 * ITEMS], again[3 * ITEMS];
    sid_model *m = NULL, *read = NULL;
    const sid_train_options options = {.family = "sasrec", .options = SMALL ",itemknn=2"};
    char path[512];
    (void)snprintf(path, sizeof path, "%s", temporary_path("model"));
    TEST_OK(sid_model_train(ctx, &options, events, path, &m, err));
    TEST_OK(sid_model_open(ctx, path, &read, err));
    TEST_OK(m->family->score(ctx, m, history, 3, score, err));
    TEST_OK(read->family->score(ctx, read, history, 3, again, err));
    assert_memory_equal(score, again, sizeof score);
    sid_model_close(read);
    for (int64_t after = 0; after < 40; after++) {
        read = NULL;
        sid__mem_fail(after, 1);
        sid_status status = sid_model_open(ctx, path, &read, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        sid_model_close(read);
    }
    TEST_OK(sid__remove_tree(path, err));
    sid_model_close(m);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sum), cmocka_unit_test(test_file)};
    int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    return remove_temporary(NULL) == 0 ? failed : failed + 1;
}
