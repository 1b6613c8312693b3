/* test_pair_model.c: a model that is item pairs. test_itemknn.c and test_last.c ask it; here it is kept and dropped. */
#include "model/pair_model.h"

#include "model_case.h"

/* Fails when what was learned is not what is kept, or a failed load leaks. */
static void test_kept(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 40, 20);
    sid_model *m = NULL, *back = NULL;
    sid__tensor_set set = {0}, empty = {0};
    int64_t row = 0;
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "last"}, events, NULL, &m, err));
    TEST_OK(sid__pair_model_save(m, &set, err));
    for (int full = 0; full < 2; full++) {
        TEST_OK(sid__model_create(ctx, "last", NULL, &back, err));
        for (int64_t i = 0; i < m->items.count; i++)
            TEST_OK(sid__id_list_add(&back->items, m->items.id[i], strlen(m->items.id[i]), &row, err));
        assert_int_equal(sid__pair_model_load(back, full ? &set : &empty, NULL) == SID_OK, full);
        if (full) {
            const sid__item_pairs *a = m->state, *b = back->state;
            assert_memory_equal(a->similarity, b->similarity, (size_t)a->begin[20] * sizeof *a->similarity);
        }
        sid_model_close(back);
    }
    sid__tensor_set_drop(&set);
    sid_model_close(m);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
