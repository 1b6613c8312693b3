/* test_model.c: options, vectors and training of all families. */
#include "base/mem.h"
#include "model_case.h"

/* Fails when options are not taken, not written back, or wrong ones pass. */
static void test_options(void **state)
{
    (void)state;
    sid_model *m = NULL;
    TEST_OK(sid__model_create(ctx, NULL, "decay=0.8,neighbors=200,forward=0", &m, err));
    assert_string_equal(m->family->info.name, "itemknn");
    assert_string_equal(m->options_text, "forward=0,decay=0.8");
    sid_model_close(m);
    TEST_FAILS(sid__model_create(ctx, "itemknn", "decai=1", &m, err), SID_EUSAGE, "did you mean \"decay\"?");
    TEST_FAILS(sid__model_create(ctx, "itemknn", "decay=2", &m, err), SID_EUSAGE, "from 0 to 1");
    TEST_FAILS(sid__model_create(ctx, "pop", "decay=1", &m, err), SID_EUSAGE, "model pop has no option");
}

/* Fails when vectors are not joined by id, not of unit length, or ids that never match pass. */
static void test_vectors(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 30, 20);
    sid_vectors *vectors = made_vectors(ctx, 20, 4), *other = NULL;
    const float x[] = {1, 2};
    sid_model *m = NULL;
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.vectors = vectors}, events, NULL, &m, err));
    for (int i = 0; i < 20; i++) {
        double square = 0;
        for (int d = 0; d < 4; d++)
            square += (double)m->vectors[4 * i + d] * (double)m->vectors[4 * i + d];
        assert_true(i % 5 == 4 ? square == 0 : fabs(square - 1) < 1e-6);
    }
    sid_model_close(m);
    TEST_OK(sid_vectors_create(ctx, x, 1, 2, NULL, &other, err));
    TEST_FAILS(sid_model_train(ctx, &(sid_train_options){.vectors = other}, events, NULL, &m, err), SID_EDATA,
               "not one of the 20 items has a vector");
    sid_vectors_free(other);
    sid_vectors_free(vectors);
    sid_events_free(events);
}

/* Fails when what a model says of itself is not how it was trained. */
static void test_info(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 30, 20);
    sid_model *m = NULL;
    sid_model_info info;
    const sid_train_options options = {.family = "pop", .split = {.split = "time", .ties = "shuffle", .seed = 9}};
    TEST_OK(sid_model_train(ctx, &options, events, NULL, &m, err));
    sid_model_get_info(m, &info);
    assert_string_equal(info.split, "time=0.8,0.1");
    assert_string_equal(info.ties, "shuffle 9");
    assert_string_equal(info.family, "pop");
    assert_true(info.items == 20 && info.seed == 42 && info.dim == 0 && strlen(info.id) == 32);
    assert_string_equal(sid_model_item_ids(m)[3], "i3");
    assert_true(sid__model_block(m) >= 1);
    sid_model_close(m);
    TEST_FAILS(sid_model_train(ctx, &options, events, NULL, NULL, err), SID_EUSAGE, "goes nowhere");
    const sid_train_options early = {.split = {.split = "time=-5,-4"}};
    TEST_FAILS(sid_model_train(ctx, &early, events, NULL, &m, err), SID_EDATA, "no event trains");
    sid_events_free(events);
}

/* Fails when what a request leaves is lost, given twice, or asked of a model that has no place for it. */
static void test_spare(void **state)
{
    (void)state;
    sid_model *m = NULL, bare = {0};
    int one, two;
    TEST_OK(sid__model_create(ctx, "pop", NULL, &m, err));
    assert_null(sid__model_swap_spare(m, &one));
    assert_ptr_equal(sid__model_swap_spare(m, &two), &one);
    assert_ptr_equal(sid__model_swap_spare(m, NULL), &two);
    assert_null(sid__model_swap_spare(m, NULL));
    assert_ptr_equal(sid__model_swap_spare(&bare, &one), &one);
    sid_model_close(m);
}

/* Fails when memory that is missing leaks, crashes or gives a model. */
static void test_no_memory(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 10, 10);
    sid_vectors *vectors = made_vectors(ctx, 10, 4);
    for (int64_t after = 0;; after++) {
        sid_model *m = NULL;
        sid__mem_fail(after, -1);
        sid_status status = sid_model_train(ctx, &(sid_train_options){.vectors = vectors}, events, NULL, &m, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            sid_model_close(m);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(m);
    }
    sid_vectors_free(vectors);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_options), cmocka_unit_test(test_vectors),
                                       cmocka_unit_test(test_info), cmocka_unit_test(test_spare),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
