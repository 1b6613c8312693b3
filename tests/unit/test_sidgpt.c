/* test_sidgpt.c: the family: what it learns, its files, and what it recommends as its catalogue changes. */
#include "decode/decode.h"

#include <math.h>

#include "sids_case.h"

#define SMALL                                                                                                          \
    "dim=16,heads=2,layers=1,batch_users=16,history_max=6,dropout=0,depth_dropout=0,lr=0.01,valid_every=20,augment="   \
    "none"

/* The trunk reads vectors too, and learns items. */
#define RICH ",item_embedding=(sid,content),dense=1"

enum { USERS = 30, RING = 12, LENGTH = 8 };

/* Users walk a ring of items, so that the next item is certain. */
static sid_events *ring_events(fixture *f)
{
    sid_events *events = NULL;
    TEST_OK(sid__events_create(f->ctx, "ring", &events, err));
    for (int i = 0; i < RING + 2; i++) { /* two that nobody has */
        char id[16];
        (void)snprintf(id, sizeof id, "i%d", i);
        TEST_OK(sid__events_add_item(events, id, err));
    }
    for (int u = 0; u < USERS; u++)
        for (int e = 0; e < LENGTH; e++) {
            char user[16], item[16];
            sid__field uf = {.text = user}, itf = {.text = item};
            uf.size = (size_t)snprintf(user, sizeof user, "u%d", u);
            itf.size = (size_t)snprintf(item, sizeof item, "i%d", (u + e) % RING);
            TEST_OK(sid__events_add(events, &uf, &itf, e, 0, (sid__place){.byte = -1}, err));
        }
    TEST_OK(sid__events_finish(events, SID__REPEATS_KEEP, 0, err));
    return events;
}

static sid_model *train_ring(fixture *f, sid_catalog *catalog, const char *options, const char *path)
{
    sid_events *events = ring_events(f);
    sid_model *m = NULL;
    const sid_train_options train = {
        .family = "sidgpt", .options = options, .split = {.split = "all"}, .catalog = catalog, .force = true};
    TEST_OK(sid_model_train(f->ctx, &train, events, path, &m, err));
    sid_events_free(events);
    return m;
}

/* Fails when a model that could not be simpler is not learned by either layout: a shifted target, a loss that looks ahead, a
 * lost gradient, other codes than the item's. */
static void test_learns(void **state)
{
    fixture *f = *state;
    static const char *const options[] = {SMALL ",epochs=80,layout=item", SMALL ",epochs=80,layout=flat",
                                          SMALL RICH ",epochs=80"};
    sid_catalog *catalog = case_catalog(f, "suffix");
    for (int o = 0; o < 3; o++) {
        sid_model *m = train_ring(f, catalog, options[o], NULL);
        for (int i = 0; i < RING; i++) {
            char id[3][16], next[16];
            const char *history[3];
            sid_recommendations found = {0};
            for (int h = 0; h < 3; h++) {
                (void)snprintf(id[h], sizeof id[h], "i%d", (i + h) % RING);
                history[h] = id[h];
            }
            (void)snprintf(next, sizeof next, "i%d", (i + 3) % RING);
            TEST_OK(
                sid_model_recommend(m, &(sid_request){.history = history, .history_count = 3, .k = 3}, &found, err));
            assert_string_equal(found.row[0].item_id, next);
            assert_true(found.row[0].sid && found.row[0].score > -1 && found.row[0].score <= 0);
            sid_recommendations_drop(&found);
        }
        sid_model_close(m);
    }
    sid_catalog_close(catalog);
}

static void same_answers(const sid_recommendations *a, const sid_recommendations *b)
{
    assert_int_equal(a->count, b->count);
    for (int64_t i = 0; i < a->count; i++) {
        assert_string_equal(a->row[i].item_id, b->row[i].item_id);
        assert_memory_equal(&a->row[i].score, &b->row[i].score, sizeof a->row[i].score);
        assert_string_equal(a->row[i].sid, b->row[i].sid);
    }
}

/* Fails when the searches differ on a real model, many requests differ from one, or the directory does not keep the model. */
static void check_searches(fixture *f, const char *options)
{
    char path[PATH_MAX + 16];
    sid_catalog *catalog = case_catalog(f, "keep");
    (void)snprintf(path, sizeof path, "%s/model", f->root);
    sid_model *m = train_ring(f, catalog, options, path), *read = NULL;
    TEST_OK(sid_model_open(f->ctx, path, &read, err));
    static const char *const search[] = {"beam", "exact", "oracle"};
    static const char *const history[][2] = {{"i0", "i5"}, {"i3", "i1"}, {"i11", "i12"}, {"i13", "i2"}};
    sid_request request[3][4];
    sid_recommendations found[3][4], alone = {0};
    for (int s = 0; s < 3; s++) {
        for (int h = 0; h < 4; h++)
            request[s][h] = (sid_request){
                .history = history[h], .history_count = 2, .k = 5, .search = {.search = search[s], .beam = 50}};
        TEST_OK(sid_model_recommend_many(s == 0 ? m : read, request[s], 4, found[s], err));
    }
    TEST_OK(sid_ctx_set_threads(f->ctx, 1, err));
    for (int h = 0; h < 4; h++) {
        assert_true(found[0][h].is_exact && found[0][h].count == 5);
        same_answers(&found[0][h], &found[1][h]);
        same_answers(&found[0][h], &found[2][h]);
        TEST_OK(sid_model_recommend(m, &request[0][h], &alone, err));
        same_answers(&found[0][h], &alone);
        sid_recommendations_drop(&alone);
        for (int s = 0; s < 3; s++)
            sid_recommendations_drop(&found[s][h]);
    }
    sid_model_close(m);
    sid_model_close(read);
    sid_catalog_close(catalog);
}

static void test_searches(void **state)
{
    check_searches(*state, SMALL ",epochs=2");
    check_searches(*state, SMALL RICH ",epochs=2");
}

/* Fails when items of a later version are not recommended, removed ones are, or other codebooks pass. */
static void check_catalogue(fixture *f, const char *options)
{
    sid_catalog *catalog = case_catalog(f, "digit");
    sid_events *events = ring_events(f);
    sid_model *m = NULL;
    const sid_train_options without = {.family = "sidgpt", .options = SMALL ",epochs=1"};
    TEST_FAILS(sid_model_train(f->ctx, &without, events, NULL, &m, err), SID_EUSAGE, "--catalog DIR");
    m = train_ring(f, catalog, options, NULL);
    sid_vectors *more = fixture_vectors(f, 5, 9, "n");
    const char *const gone[] = {"i3"}, *const history[] = {"i0", "n2"};
    const sid_request all = {.history = history, .history_count = 2, .k = 1000};
    sid_recommendations found = {0};
    sid_model_info info;
    sid_model_get_info(m, &info);
    assert_true(info.levels == 4 && info.catalog_id && info.items_without_sid == 0);
    TEST_OK(sid_catalog_add(catalog, more, &(sid_add_options){0}, NULL, err));
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    for (int round = 0; round < 2; round++) { /* the second time nothing has changed */
        int added = 0;
        TEST_OK(sid_model_use_catalog(m, catalog, err));
        TEST_OK(sid_model_recommend(m, &all, &found, err));
        assert_int_equal(found.unknown, 0);
        assert_int_equal(found.count, FIXTURE_ITEMS - 1 + 5 - 2);
        for (int64_t i = 0; i < found.count; i++) {
            assert_string_not_equal(found.row[i].item_id, "i3");
            added += found.row[i].item_id[0] == 'n';
        }
        assert_int_equal(added, 4);
        sid_recommendations_drop(&found);
    }
    const sid_model *const asked[] = {m};
    sid_evaluation evaluation;
    TEST_FAILS(sid_evaluate(f->ctx, events, &(sid_eval_options){.split = {.split = "loo"}}, asked, 1, &evaluation, err),
               SID_EUSAGE, "split all");
    sid_catalog_close(catalog);
    fixture_fit(f, &(sid_fit_options){.levels = 3, .codes = "5", .force = true}, &catalog);
    TEST_FAILS(sid_model_use_catalog(m, catalog, err), SID_EDATA, "train again with --catalog");
    sid_vectors_free(more);
    sid_events_free(events);
    sid_model_close(m);
    sid_catalog_close(catalog);
}

static void test_catalogue(void **state)
{
    check_catalogue(*state, SMALL ",epochs=1");
    check_catalogue(*state, SMALL RICH ",epochs=1");
}

/* Fails when an evaluation does not ask the model, or what it shows is said not to exist. */
static void test_evaluated(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = case_catalog(f, "keep");
    sid_events *events = ring_events(f);
    sid_model *m = NULL;
    sid_evaluation beam = {0}, oracle = {0};
    const sid_train_options train = {.family = "sidgpt", .options = SMALL ",epochs=30", .catalog = catalog};
    TEST_OK(sid_model_train(f->ctx, &train, events, NULL, &m, err));
    const sid_model *const asked[] = {m};
    sid_eval_options options = {.no_baselines = true, .bootstrap = -1, .search = {.beam = 200}};
    TEST_OK(sid_evaluate(f->ctx, events, &options, asked, 1, &beam, err));
    options.search.search = "oracle";
    TEST_OK(sid_evaluate(f->ctx, events, &options, asked, 1, &oracle, err));
    assert_true(beam.row[0].invalid_rate == 0 && beam.row[0].exact_rate == 1);
    for (int metric = 0; metric < SID_METRIC_COUNT; metric++)
        assert_true(fabs(beam.row[0].value[metric][1].mean - oracle.row[0].value[metric][1].mean) < 1e-12);
    assert_true(beam.row[0].value[SID_METRIC_RECALL][1].mean > 0.5);
    sid_evaluation_drop(&beam);
    sid_evaluation_drop(&oracle);
    sid_model_close(m);
    sid_events_free(events);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_learns), FIXTURE_TEST(test_searches),
                                       FIXTURE_TEST(test_catalogue), FIXTURE_TEST(test_evaluated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
