/* test_sasrec.c: what it learns, and that blocks of histories do not change what it says. */
#include "model_case.h"
#include "tripwire.h"

/* Users walk a ring of items, so that the next item is certain. */
static sid_events *ring_events(int users, int items, int length)
{
    sid_events *events = NULL;
    TEST_OK(sid__events_create(ctx, "ring", &events, err));
    for (int i = 0; i < items + 2; i++) { /* two items that nobody has: cold */
        char id[16];
        (void)snprintf(id, sizeof id, "i%d", i);
        TEST_OK(sid__events_add_item(events, id, err));
    }
    for (int u = 0; u < users; u++)
        for (int e = 0; e < length; e++) {
            char user[16], item[16];
            sid__field uf = {.text = user}, itf = {.text = item};
            uf.size = (size_t)snprintf(user, sizeof user, "u%d", u);
            itf.size = (size_t)snprintf(item, sizeof item, "i%d", (u + e) % items);
            TEST_OK(sid__events_add(events, &uf, &itf, e, 0, (sid__place){.byte = -1}, err));
        }
    TEST_OK(sid__events_finish(events, SID__REPEATS_KEEP, 0, err));
    return events;
}

#define RING "dim=16,blocks=1,heads=2,batch_users=16,history_max=6,dropout=0,epochs=40,lr=0.01"

/* Fails when a model that could not be simpler is not learned: a shifted target, a loss that looks ahead, a lost gradient. */
static void test_learns(void **state)
{
    (void)state;
    sid_events *events = ring_events(40, 10, 8);
    sid_model *m = NULL;
    const sid_train_options options = {.family = "sasrec", .options = RING, .split = {.split = "all"}};
    TEST_OK(sid_model_train(ctx, &options, events, NULL, &m, err));
    for (int32_t i = 0; i < 10; i++) {
        const int32_t history[] = {(i + 7) % 10, (i + 8) % 10, (i + 9) % 10, i};
        float *score = scores_of(m, history, 4);
        for (int j = 0; j < 12; j++)
            assert_true(j == (i + 1) % 10 || score[j] < score[(i + 1) % 10]);
        for (int j = 0; j < 10; j++) /* what was never trained on comes last */
            assert_true(score[10] < score[j] && score[11] < score[j]);
        free(score);
    }
    sid_model_close(m);
    sid_events_free(events);
}

/* Fails when a block of histories, another order of them, or the number of threads changes a bit; when items before
 * history_max, or unknown ones, count. */
static void test_blocks(void **state)
{
    (void)state;
    enum { COUNT = 50, ITEMS = 12 };
    sid_events *events = ring_events(40, 10, 8);
    sid_model *m = NULL;
    sid__history history[COUNT];
    static int32_t item[COUNT][16];
    static float together[COUNT * ITEMS];
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "sasrec", .options = RING ",epochs=2"}, events, NULL,
                            &m, err));
    for (int h = 0; h < COUNT; h++) {
        history[h] = (sid__history){.item = item[h], .count = 1 + h % 16};
        for (int i = 0; i < 16; i++)
            item[h][i] = (h * 7 + i * i) % (h == 3 ? 10 : 12);
    }
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    TEST_OK(m->family->score(ctx, m, history, COUNT, together, err));
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    for (int h = 0; h < COUNT; h++) {
        float *alone = scores_of(m, item[h], history[h].count);
        assert_memory_equal(alone, together + h * ITEMS, ITEMS * sizeof *alone);
        free(alone);
    }
    const int32_t with[] = {3, 11, 1, 2, 10, 3, 4, 5, 11, 6, 7}, without[] = {2, 3, 4, 5, 6, 7}, none[] = {11, 10};
    float *a = scores_of(m, with, 11), *b = scores_of(m, without, 6), *c = scores_of(m, none, 2);
    assert_memory_equal(a, b, ITEMS * sizeof *a);
    for (int i = 0; i < ITEMS; i++)
        assert_true(isfinite(c[i]));
    free(a);
    free(b);
    free(c);
    sid_model_close(m);
    sid_events_free(events);
}

/* Fails when options that do not go together are trained with. */
static void test_refused(void **state)
{
    (void)state;
    sid_events *events = ring_events(4, 10, 8);
    sid_model *m = NULL;
    const sid_train_options heads = {.family = "sasrec", .options = "dim=10,heads=4"};
    const sid_train_options crop = {.family = "sasrec", .options = "augment=cut"};
    TEST_FAILS(sid_model_train(ctx, &heads, events, NULL, &m, err), SID_EUSAGE, "heads must divide dim");
    TEST_FAILS(sid_model_train(ctx, &crop, events, NULL, &m, err), SID_EUSAGE, "none|crop|prefix");
    sid_events_free(events);
}

/* Fails when a short training on real data gives another figure than the record. */
static void test_tripwire(void **state)
{
    (void)state;
    sid_items *items = NULL;
    sid_events *events = NULL;
    sid_model *m = NULL;
    sid_evaluation e = {0};
    TEST_OK(sid_items_read(ctx, real_data("beauty/items.tsv"), NULL, &items, err));
    TEST_OK(sid_events_read(ctx, real_data("beauty/events.tsv"), &(sid_events_options){.items = items}, &events, err));
    const sid_train_options train = {
        .family = "sasrec",
        .options = "epochs=6,batch_users=64,batch_tokens=0,lr=0.02,dropout=0.1,valid_every=6,dim=16,blocks=1,heads=1,"
                   "loss=ce-sampled,negatives=128"};
    TEST_OK(sid_model_train(ctx, &train, events, NULL, &m, err));
    TEST_OK(sid_evaluate(ctx, events, &(sid_eval_options){.bootstrap = -1, .no_baselines = true},
                         (const sid_model *const *)&m, 1, &e, err));
    assert_int_equal(check_tripwires("sasrec_beauty", "loo", "file", &e), 1);
    sid_evaluation_drop(&e);
    sid_model_close(m);
    sid_events_free(events);
    sid_items_free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_learns), cmocka_unit_test(test_blocks),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_tripwire)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
