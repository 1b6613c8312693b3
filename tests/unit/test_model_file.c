/* test_model_file.c: models as directories. */
#include "io_help.h"
#include "model_case.h"

static void train_to(const char *family, const sid_events *events, const sid_vectors *vectors, const char *path)
{
    sid_model *m = NULL;
    const sid_train_options options = {.family = family, .vectors = vectors, .force = true};
    TEST_OK(sid_model_train(ctx, &options, events, path, &m, err));
    sid_model_close(m);
}

/* Fails when a model that was kept scores otherwise than it did, in any family. */
static void test_round(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 20);
    sid_vectors *vectors = made_vectors(ctx, 20, 4);
    char path[512];
    (void)snprintf(path, sizeof path, "%s", temporary_path("model"));
    for (int f = 0; f < sid_model_family_count(); f++) {
        const char *family = sid_model_family(f)->name;
        sid_model *m = NULL, *back = NULL;
        const int32_t history[] = {1, 5, 3};
        if (sid__model_registry[f]->needs_sids)
            continue; /* test_sidgpt.c keeps one of those */
        train_to(family, events, vectors, path);
        TEST_OK(
            sid_model_train(ctx, &(sid_train_options){.family = family, .vectors = vectors}, events, NULL, &m, err));
        TEST_OK(sid_model_open(ctx, path, &back, err));
        assert_string_equal(back->id, m->id);
        float *a = scores_of(m, history, 3), *b = scores_of(back, history, 3);
        assert_memory_equal(a, b, 20 * sizeof *a);
        free(a);
        free(b);
        sid_model_close(m);
        sid_model_close(back);
    }
    TEST_FAILS(sid_model_train(ctx, &(sid_train_options){.family = "pop"}, events, path, NULL, err), SID_EEXISTS,
               "exists already");
    sid_vectors_free(vectors);
    sid_events_free(events);
    TEST_OK(sid__remove_tree(path, err));
}

/* Fails when a flipped bit in any file is not found. */
static void test_damage(void **state)
{
    (void)state;
    static const char *const name[] = {"manifest.json", "items.txt", "model.safetensors"};
    sid_events *events = made_events(ctx, 30, 10);
    sid_vectors *vectors = made_vectors(ctx, 10, 4);
    char path[512], file[600];
    (void)snprintf(path, sizeof path, "%s", temporary_path("damaged"));
    for (int f = 0; f < 3; f++)
        for (int part = 0; part < 3; part++) {
            sid_model *m = NULL;
            size_t size = 0;
            train_to("itemknn", events, vectors, path);
            (void)snprintf(file, sizeof file, "%s/%s", path, name[f]);
            char *bytes = read_bytes(file, &size);
            bytes[(size - 1) * (size_t)part / 2] ^= 4;
            TEST_OK(sid__replace_whole(file, bytes, size, err));
            free(bytes);
            TEST_FAILS(sid_model_open(ctx, path, &m, err), SID_ECORRUPT, name[f]);
            assert_null(m);
        }
    sid_vectors_free(vectors);
    sid_events_free(events);
    TEST_OK(sid__remove_tree(path, err));
}

/* Fails when what is no model is taken for one, or the message does not say what it is. */
static void test_no_model(void **state)
{
    (void)state;
    sid_model *m = NULL;
    char path[512];
    (void)snprintf(path, sizeof path, "%s", temporary_path("nothing"));
    TEST_FAILS(sid_model_open(ctx, path, &m, err), SID_ENOTFOUND, "there is no such model");
    TEST_OK(sid__directory_create(path, err));
    TEST_FAILS(sid_model_open(ctx, path, &m, err), SID_EDATA, "holds no manifest.json");
    TEST_OK(sid__remove_tree(path, err));
    TEST_FAILS(sid_model_open(ctx, write_temporary("file", "x", 1), &m, err), SID_ENOTFOUND, "is no directory");
    TEST_FAILS(sid_model_open(ctx, TEST_TREE "/tests/golden/catalog-1", &m, err), SID_EDATA, "is a catalogue");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_no_model)};
    int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    return remove_temporary(NULL) == 0 ? failed : failed + 1;
}
