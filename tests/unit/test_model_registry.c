/* test_model_registry.c: the list of families, and what each of them must be able to do. */
#include "model_case.h"

/* Fails when a family lacks a name, a summary or a function, or an option its help. */
static void test_table(void **state)
{
    (void)state;
    const sid__model_class *found = NULL;
    assert_true(sid_model_family_count() >= 3);
    assert_null(sid_model_family(-1));
    assert_null(sid_model_family(sid_model_family_count()));
    for (int f = 0; f < sid_model_family_count(); f++) {
        const sid_family *info = sid_model_family(f);
        TEST_OK(sid__model_family_find(info->name, &found, err));
        assert_ptr_equal(&found->info, info);
        assert_true(info->summary && info->summary[0] && info->paper);
        assert_true((found->train != NULL) != (found->learner != NULL) && found->drop);
        assert_true((found->score != NULL) != (found->generator != NULL));
        assert_true(found->learner || (found->save && found->load));
        for (int o = 0; o < info->option_count; o++)
            assert_true(info->options[o].help && info->options[o].default_text);
    }
    TEST_FAILS(sid__model_family_find("itemkn", &found, err), SID_EUSAGE, "did you mean \"itemknn\"?");
    TEST_FAILS(sid__model_family_find("x", &found, err), SID_EUSAGE, "known are pop, last, itemknn, item2vec");
}

/* Fails when a family's scores are not finite, or change with the block or the number of threads, or its id does. */
static void test_conformance(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 30);
    sid_vectors *vectors = made_vectors(ctx, 30, 6);
    for (int f = 0; f < sid_model_family_count(); f++) {
        char id[SID__MODEL_ID_SIZE] = "";
        float *first = NULL;
        if (sid__model_registry[f]->needs_sids) /* those have tests of their own, with a catalogue */
            continue;
        for (int threads = 1; threads <= 3; threads += 2) {
            sid_model *m = NULL;
            const int32_t history[] = {5, 2, 29};
            TEST_OK(sid_ctx_set_threads(ctx, threads, err));
            TEST_OK(sid_model_train(ctx,
                                    &(sid_train_options){.family = sid_model_family(f)->name,
                                                         .options = sid__model_registry[f]->learner ? "epochs=2" : NULL,
                                                         .vectors = vectors},
                                    events, NULL, &m, err));
            float *score = scores_of(m, history, 3);
            for (int i = 0; i < 30; i++)
                assert_true(isfinite(score[i]) && (!first || first[i] == score[i]));
            assert_true(!*id || strcmp(id, m->id) == 0);
            (void)snprintf(id, sizeof id, "%s", m->id);
            sid_model_close(m);
            free(first);
            first = score;
        }
        free(first);
    }
    sid_vectors_free(vectors);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_conformance)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
