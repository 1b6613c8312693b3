/* test_evaluate.c: models and baselines in one table; the rows of tests/eval_results.csv on real data. */
#include "base/mem.h"
#include "model_case.h"
#include "tripwire.h"

/* Fails when rows, intervals or pairs are missing, unordered or not of one piece. */
static void test_table(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 120, 40);
    sid_model *m = NULL;
    sid_evaluation e = {0}, again = {0};
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.options = "decay=0.9"}, events, NULL, &m, err));
    const sid_eval_options options = {.k = {1, 5, 10}, .bootstrap = 200};
    TEST_OK(sid_evaluate(ctx, events, &options, (const sid_model *const *)&m, 1, &e, err));
    assert_true(e.row_count == 4 && e.pair_count == 6 && e.k_count == 3 && e.users > 100 && e.candidates == 40);
    assert_string_equal(e.row[0].options, "decay=0.9");
    assert_string_equal(e.row[1].family, "pop");
    assert_string_equal(e.row[3].family, "itemknn");
    assert_true(!e.row[0].is_baseline && e.row[1].is_baseline);
    for (int r = 0; r < 4; r++)
        for (int k = 0; k < 3; k++) {
            const sid_interval *v = &e.row[r].value[SID_METRIC_NDCG][k];
            assert_true(v->low <= v->mean && v->mean <= v->high);
        }
    for (int p = 0; p < 6; p++) {
        const sid_eval_pair *pair = &e.pair[p];
        double a = e.row[pair->a].value[SID_METRIC_MRR][1].mean, b = e.row[pair->b].value[SID_METRIC_MRR][1].mean;
        assert_true(pair->a < pair->b && pair->difference[SID_METRIC_MRR][1].mean == a - b);
    }
    TEST_OK(sid_ctx_set_threads(ctx, 5, err));
    TEST_OK(sid_evaluate(ctx, events, &options, (const sid_model *const *)&m, 1, &again, err));
    for (int r = 0; r < 4; r++)
        assert_memory_equal(e.row[r].value[0], again.row[r].value[0], 3 * sizeof(sid_interval));
    sid_evaluation_drop(&e);
    sid_evaluation_drop(&again);
    sid_model_close(m);
    sid_events_free(events);
}

/* Fails when the row of several seeds is not their mean, its interval not that of the users' means, or others are averaged. */
static void test_seeds(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 80, 30);
    sid_model *m[4] = {0};
    sid_evaluation e = {0};
    for (int i = 0; i < 3; i++)
        TEST_OK(sid_model_train(
            ctx,
            &(sid_train_options){.family = "item2vec", .options = "dim=4,epochs=2,rate=0.3", .seed = (uint64_t)i + 1},
            events, NULL, &m[i], err));
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "pop", .seed = 7}, events, NULL, &m[3], err));
    const sid_eval_options options = {.bootstrap = 100};
    TEST_OK(sid_evaluate(ctx, events, &options, (const sid_model *const *)m, 4, &e, err));
    assert_int_equal(e.row_count, 8);
    assert_int_equal(e.pair_count, 28);
    const sid_eval_row *mean = &e.row[7];
    assert_int_equal(mean->seeds, 3);
    assert_true(e.row[3].seeds == 0 && !mean->is_baseline && strcmp(mean->family, "item2vec") == 0);
    for (int k = 0; k < 2; k++) {
        double x[3], sum = 0, spread = 0;
        for (int i = 0; i < 3; i++)
            sum += x[i] = e.row[i].value[SID_METRIC_NDCG][k].mean;
        for (int i = 0; i < 3; i++)
            spread += (x[i] - sum / 3) * (x[i] - sum / 3) / 2;
        const sid_interval *value = &mean->value[SID_METRIC_NDCG][k];
        assert_true(fabs(value->mean - sum / 3) < 1e-12 && value->low <= value->mean && value->mean <= value->high);
        assert_true(fabs(mean->seed_deviation[SID_METRIC_NDCG][k] - sqrt(spread)) < 1e-12);
    }
    assert_true(fabs(mean->segment[6].mean[0][0] - (e.row[0].segment[6].mean[0][0] + e.row[1].segment[6].mean[0][0] +
                                                    e.row[2].segment[6].mean[0][0]) /
                                                       3) < 1e-12);
    sid_evaluation_drop(&e);
    for (int i = 0; i < 4; i++)
        sid_model_close(m[i]);
    sid_events_free(events);
}

/* Fails when the validation is asked for the test's events, or has the event before them in its history; when lists have no
 * diversity though items have vectors; when cold items that are drawn stand in no row. */
static void test_parts(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 120, 40);
    sid_vectors *vectors = made_vectors(ctx, 40, 6);
    sid_evaluation valid = {0}, test = {0}, cold = {0}, none = {0};
    TEST_OK(sid_evaluate(ctx, events, &(sid_eval_options){.part = "valid", .bootstrap = -1}, NULL, 0, &valid, err));
    TEST_OK(sid_evaluate(ctx, events, &(sid_eval_options){.bootstrap = -1, .vectors = vectors}, NULL, 0, &test, err));
    assert_string_equal(valid.part, "valid");
    assert_string_equal(test.part, "test");
    assert_int_equal(valid.users, valid.split.valid_users);
    assert_true(valid.row[1].value[0][1].mean != test.row[1].value[0][1].mean);
    assert_true(isnan(valid.row[0].diversity[0]) && test.row[0].diversity[1] > 0 && test.row[0].diversity[1] < 2);
    assert_true(isnan(test.row[2].sid_value[0][0]) && isnan(test.row[2].collisions));
    TEST_OK(sid_evaluate(
        ctx, events,
        &(sid_eval_options){.split.cold_fraction = .3, .bootstrap = -1, .vectors = vectors, .no_baselines = false},
        NULL, 0, &cold, err));
    assert_true(cold.cold_targets > test.cold_targets && cold.targets == cold.users);
    assert_true(cold.row[0].segment[0].targets + cold.row[0].segment[10].targets == cold.targets);
    assert_true(cold.row[2].cold_items[1] > 0 && cold.row[2].cold_share[1] > 0); /* by likeness */
    TEST_FAILS(sid_evaluate(ctx, events, &(sid_eval_options){.part = "train"}, NULL, 0, &none, err), SID_EUSAGE,
               "the part to ask is \"train\"");
    sid_evaluation_drop(&valid);
    sid_evaluation_drop(&test);
    sid_evaluation_drop(&cold);
    sid_vectors_free(vectors);
    sid_events_free(events);
}

/* Fails when a model is asked what it was trained on, or of items it does not know, or options that are none pass. */
static void test_refused(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 30, 20), *other = made_events(ctx, 30, 21);
    sid_model *m = NULL, *all = NULL;
    sid_evaluation e = {0};
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "pop"}, events, NULL, &m, err));
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "pop", .split = {.split = "all"}}, events, NULL, &all,
                            err));
    const sid_model *const trained = m, *const seen = all;
    TEST_FAILS(sid_evaluate(ctx, events, NULL, &seen, 1, &e, err), SID_EUSAGE, "it may have seen the answers");
    TEST_FAILS(sid_evaluate(ctx, events, &(sid_eval_options){.split = {.ties = "shuffle"}}, &trained, 1, &e, err),
               SID_EUSAGE, "it may have seen the answers");
    TEST_FAILS(sid_evaluate(ctx, other, NULL, &trained, 1, &e, err), SID_EUSAGE, "the model pop");
    TEST_FAILS(sid_evaluate(ctx, events, &(sid_eval_options){.k = {5, 5}}, NULL, 0, &e, err), SID_EUSAGE, "rising");
    TEST_FAILS(sid_evaluate(ctx, events, &(sid_eval_options){.k = {1001}}, NULL, 0, &e, err), SID_EUSAGE, "1 to 1000");
    TEST_FAILS(sid_evaluate(ctx, events, &(sid_eval_options){.bootstrap = 1}, NULL, 0, &e, err), SID_EUSAGE,
               "bootstrap");
    TEST_FAILS(sid_evaluate(ctx, events, &(sid_eval_options){.no_baselines = true}, NULL, 0, &e, err), SID_EUSAGE,
               "1 to 61");
    TEST_FAILS(sid_evaluate(ctx, events, &(sid_eval_options){.split = {.split = "all"}}, NULL, 0, &e, err), SID_EDATA,
               "nobody is asked");
    assert_null(e.row);
    sid_model_close(m);
    sid_model_close(all);
    sid_events_free(events);
    sid_events_free(other);
}

/* Fails when memory that is missing leaks, crashes or gives a table. */
static void test_no_memory(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 12, 10);
    const sid_eval_options options = {.bootstrap = 2};
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    for (int64_t after = 0;; after += 3) {
        sid_evaluation e = {0};
        sid__mem_fail(after, -1);
        sid_status status = sid_evaluate(ctx, events, &options, NULL, 0, &e, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            sid_evaluation_drop(&e);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(e.row);
    }
    sid_events_free(events);
}

/* Fails when a value of the record moves, or leaves what is possible: better than that is a leak. */
static void test_results(void **state)
{
    (void)state;
    static const char *const asked[][2] = {{"loo", "file"}, {"loo", "shuffle"}, {"time=0.8 0.1", "file"}};
    sid_items *items = NULL;
    sid_vectors *vectors = NULL;
    sid_events *events = NULL;
    int checked = 0;
    const char *items_path = real_data("beauty/items.tsv");
    TEST_OK(sid_items_read(ctx, items_path, NULL, &items, err));
    TEST_OK(sid_vectors_read_with(ctx, real_data("beauty/text_minilm.npy"), NULL, items, NULL, &vectors, NULL, err));
    TEST_OK(sid_events_read(ctx, real_data("beauty/events.tsv"), &(sid_events_options){.items = items}, &events, err));
    TEST_OK(sid_ctx_set_threads(ctx, 0, err));
    for (int a = 0; a < 3; a++) {
        sid_evaluation e = {0};
        const sid_eval_options options = {
            .split = {.split = a == 2 ? "time=0.8,0.1" : asked[a][0], .ties = asked[a][1]},
            .vectors = vectors,
            .bootstrap = -1};
        TEST_OK(sid_evaluate(ctx, events, &options, NULL, 0, &e, err));
        checked += check_tripwires("eval_beauty", asked[a][0], asked[a][1], &e);
        sid_evaluation_drop(&e);
    }
    assert_int_equal(checked, 9);
    sid_events_free(events);
    sid_vectors_free(vectors);
    sid_items_free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),     cmocka_unit_test(test_seeds),
                                       cmocka_unit_test(test_parts),     cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_no_memory), cmocka_unit_test(test_results)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
