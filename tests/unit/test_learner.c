/* test_learner.c: parameters' first values; what a file of another shape gets. */
#include "model/learner.h"

#include "model_case.h"

/* Fails when values depend on the place of a parameter, not on its name, or the deviation is another. */
static void test_first_values(void **state)
{
    (void)state;
    sid__params a = {0}, b = {0};
    int index, first, second;
    double sum = 0, square = 0;
    TEST_OK(sid__learner_add(&a, "x", 40, 50, true, &first, err));
    TEST_OK(sid__params_seal(&a, err));
    TEST_OK(sid__learner_add(&b, "before", 0, 7, false, &index, err));
    TEST_OK(sid__learner_add(&b, "x", 40, 50, true, &second, err));
    TEST_OK(sid__learner_add(&b, "y", 40, 50, true, &index, err));
    TEST_OK(sid__params_seal(&b, err));
    assert_true(b.param[0].is_vector && !b.param[0].is_decayed && b.param[1].is_decayed && second == 1);
    sid__param_normal(&a, first, 3, 0.5);
    sid__param_normal(&b, second, 3, 0.5);
    sid__param_normal(&b, index, 3, 0.5);
    const float *x = a.param[first].value.data, *same = b.param[second].value.data;
    assert_memory_equal(x, same, 2000 * sizeof *x);
    assert_memory_not_equal(x, b.param[index].value.data, 2000 * sizeof *x);
    for (int i = 0; i < 2000; i++) {
        sum += (double)x[i];
        square += (double)x[i] * (double)x[i];
    }
    assert_true(fabs(sum / 2000) < .05 && fabs(sqrt(square / 2000) - .5) < .03);
    sid__param_uniform(&a, first, 3, 0.25);
    for (int i = 0; i < 2000; i++)
        assert_true(fabsf(x[i]) <= .25F);
    sid__param_fill(&b, 0, 2);
    assert_true(b.param[0].value.data[6] == 2);
    sid__params_drop(&a);
    sid__params_drop(&b);
}

/* Fails when a model is read from tensors that lack a parameter, or have one of another shape. */
static void test_other_shapes(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 20, 10);
    sid_model *m = NULL, *other = NULL;
    const sid_train_options options = {.family = "sasrec", .options = "dim=4,blocks=1,heads=1,epochs=1"};
    TEST_OK(sid_model_train(ctx, &options, events, NULL, &m, err));
    for (int wrong = 0; wrong < 2; wrong++) {
        sid__tensor_set set = {0};
        int64_t row = 0;
        TEST_OK(m->family->save(m, &set, err));
        if (wrong == 0)
            TEST_OK(sid__learner_save(m, &set, err));
        TEST_OK(sid__model_create(ctx, "sasrec", wrong ? options.options : "dim=8,blocks=1,heads=1", &other, err));
        for (int64_t i = 0; i < m->items.count; i++)
            TEST_OK(sid__id_list_add(&other->items, m->items.id[i], strlen(m->items.id[i]), &row, err));
        TEST_OK(other->family->load(other, &set, err));
        assert_int_not_equal(sid__learner_load(other, &set, NULL), SID_OK);
        sid__tensor_set_drop(&set);
        sid_model_close(other);
    }
    sid_model_close(m);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first_values), cmocka_unit_test(test_other_shapes)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
