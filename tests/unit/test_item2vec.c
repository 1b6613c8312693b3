/* test_item2vec.c: vectors beside an independent loop in numpy; what Beauty gives. */
#include "base/mem.h"
#include "item2vec_golden.h"
#include "model_case.h"
#include "tripwire.h"

enum { USERS = 9, ITEMS = 11, DIM = 5 };
#define OPTIONS "dim=5,epochs=3,window=3,negatives=6,rate=0.4,power=0.7,decay=0.5"

/* The histories of tests/golden/make_item2vec.py. */
static sid_events *golden_events(void)
{
    sid_events *events = NULL;
    TEST_OK(sid__events_create(ctx, "golden", &events, err));
    for (int i = 0; i < ITEMS; i++)
        TEST_OK(sid__events_add_item(events, (char[]){(char)('a' + i), 0}, err));
    for (int u = 0; u < USERS; u++)
        for (int e = 0; e < 3 + u % 5; e++) {
            char user = (char)('A' + u), item = (char)('a' + (7 * u + 3 * e + e * u) % ITEMS);
            TEST_OK(sid__events_add(events, &(sid__field){.text = &user, .size = 1},
                                    &(sid__field){.text = &item, .size = 1}, e, 0, (sid__place){.byte = -1}, err));
        }
    events->has_time = true;
    TEST_OK(sid__events_finish(events, SID__REPEATS_KEEP, 0, err));
    return events;
}

static sid_model *golden_model(const sid_events *events, const char *options)
{
    sid_model *m = NULL;
    const sid_train_options train = {.family = "item2vec", .options = options, .seed = 7, .split = {.split = "all"}};
    TEST_OK(sid_model_train(ctx, &train, events, NULL, &m, err));
    return m;
}

static void read_tensors(const sid_model *m, const float **in, const float **out, sid__tensor_set *set)
{
    TEST_OK(m->family->save(m, set, err));
    *in = sid__tensor_find(set, "item2vec.in")->data;
    *out = sid__tensor_find(set, "item2vec.out")->data;
}

/* Fails when a pair, a draw, a step or the rate is another than the file's head says, or a kernel path rounds differently. */
static void test_golden(void **state)
{
    (void)state;
    sid_events *events = golden_events();
    char id[SID__MODEL_ID_SIZE] = "";
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        const float *in, *out;
        sid__tensor_set set = {0};
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        TEST_OK(sid_ctx_set_isa(ctx, sid__isa_name((sid__isa)isa), err));
        sid_model *m = golden_model(events, OPTIONS);
        read_tensors(m, &in, &out, &set);
        for (int i = 0; i < ITEMS * DIM; i++)
            assert_true(fabsf(in[i] - golden_in[i]) < 2e-6F && fabsf(out[i] - golden_out[i]) < 2e-6F);
        assert_true(!*id || strcmp(id, m->id) == 0);
        (void)snprintf(id, sizeof id, "%s", m->id);
        sid__tensor_set_drop(&set);
        sid_model_close(m);
    }
    TEST_OK(sid_ctx_set_isa(ctx, NULL, err));
    sid_events_free(events);
}

/* Fails when a score is not in . out, the past counts otherwise than by decay, or more of it than history_max. */
static void test_scores(void **state)
{
    (void)state;
    sid_events *events = golden_events();
    sid_model *m = golden_model(events, OPTIONS ",history_max=3");
    const int32_t history[] = {9, 1, 4, 7};
    float *score = scores_of(m, history, 4);
    for (int j = 0; j < ITEMS; j++) {
        double wanted = 0;
        for (int age = 0; age < 3; age++)
            for (int d = 0; d < DIM; d++)
                wanted +=
                    pow(.5, age) * (double)golden_in[history[3 - age] * DIM + d] * (double)golden_out[j * DIM + d];
        assert_true(fabs((double)score[j] - wanted) < 1e-5);
    }
    free(score);
    sid_model_close(m);
    sid_events_free(events);
}

/* Fails when a file's vectors are taken without a look, or a rate that ends in infinities gives a model. */
static void test_refused(void **state)
{
    (void)state;
    sid_events *events = golden_events();
    sid_model *m = golden_model(events, OPTIONS), *other = NULL;
    const float *in, *out;
    sid__tensor_set set = {0};
    float bad = (float)NAN;
    read_tensors(m, &in, &out, &set);
    TEST_OK(sid__model_create(ctx, "item2vec", "dim=6", &other, err));
    TEST_FAILS(other->family->load(other, &set, err), SID_EDATA, "item2vec.in");
    sid_model_close(other);
    TEST_OK(sid__model_create(ctx, "item2vec", OPTIONS, &other, err));
    for (int64_t i = 0, row = 0; i < m->items.count; i++)
        TEST_OK(sid__id_list_add(&other->items, m->items.id[i], strlen(m->items.id[i]), &row, err));
    memcpy((char *)(uintptr_t)out + 12, &bad, sizeof bad);
    TEST_FAILS(other->family->load(other, &set, err), SID_ECORRUPT, "no number");
    sid_model_close(other);
    sid__tensor_set_drop(&set);
    sid_model_close(m);
    const sid_train_options wild = {.family = "item2vec", .options = "rate=10,epochs=3000,dim=2,power=0"};
    other = NULL;
    sid_status status = sid_model_train(ctx, &wild, events, NULL, &other, NULL);
    assert_true(status == SID_OK || status == SID_EDATA);
    sid_model_close(other);
    sid_events_free(events);
}

/* Fails when memory that is missing leaks or crashes. */
static void test_no_memory(void **state)
{
    (void)state;
    sid_events *events = golden_events();
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after += 2) {
        sid_model *m = NULL;
        const sid_train_options train = {.family = "item2vec", .options = OPTIONS, .split = {.split = "all"}};
        sid__mem_fail(after, -1);
        status = sid_model_train(ctx, &train, events, NULL, &m, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || (status == SID_ENOMEM && !m));
        sid_model_close(m);
    }
    sid_events_free(events);
}

/* Fails when a short training on real data gives another figure than the record. */
static void test_results(void **state)
{
    (void)state;
    sid_items *items = NULL;
    sid_events *events = NULL;
    sid_model *m = NULL;
    sid_evaluation e = {0};
    TEST_OK(sid_items_read(ctx, real_data("beauty/items.tsv"), NULL, &items, err));
    TEST_OK(sid_events_read(ctx, real_data("beauty/events.tsv"), &(sid_events_options){.items = items}, &events, err));
    const sid_train_options train = {.family = "item2vec", .options = "dim=16,epochs=6,negatives=4,rate=0.4"};
    TEST_OK(sid_model_train(ctx, &train, events, NULL, &m, err));
    TEST_OK(sid_evaluate(ctx, events, &(sid_eval_options){.bootstrap = -1, .no_baselines = true},
                         (const sid_model *const *)&m, 1, &e, err));
    assert_int_equal(check_tripwires("item2vec_beauty", "loo", "file", &e), 1);
    sid_evaluation_drop(&e);
    sid_model_close(m);
    sid_events_free(events);
    sid_items_free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_scores),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_no_memory),
                                       cmocka_unit_test(test_results)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
