/* test_item_model.c: what sasrec, gru4rec and bert4rec share. Their bits are compared with PyTorch's in their own tests. */
#include "model/item_model.h"

#include "base/mem.h"
#include "model_case.h"

static const char *const family[] = {"sasrec", "gru4rec", "bert4rec"};
static const char *const options[] = {"dim=4,heads=2,blocks=1,epochs=1", "dim=4,hidden=4,epochs=1",
                                      "dim=4,heads=2,blocks=1,epochs=1"};

/* Fails when a second beginning loses a state, or one is not zeroed. */
static void test_begin(void **state)
{
    (void)state;
    sid_model m = {0};
    TEST_OK(sid__item_model_begin(&m, sizeof(sid__item_model) + 8, err));
    sid__item_model *first = m.state;
    assert_true(!first->table && !first->bias);
    TEST_OK(sid__item_model_begin(&m, sizeof(sid__item_model) + 8, err));
    assert_ptr_equal(m.state, first);
    sid__item_model_drop(&m);
    sid_model none = {0};
    sid__mem_fail(0, -1);
    assert_int_equal(sid__item_model_begin(&none, 64, NULL), SID_ENOMEM);
    sid__mem_fail(-1, 0);
    assert_null(none.state);
}

/* Fails when names, shapes or first values of a layer are others: files would not be read, decay would reach gains. */
static void test_layers(void **state)
{
    (void)state;
    sid__params params = {0};
    sid__linear layer, norm;
    TEST_OK(sid__linear_add(&params, "block.1.", "up", 6, 4, &layer, err));
    TEST_OK(sid__linear_add(&params, "", "norm", 0, 4, &norm, err));
    assert_string_equal(params.param[layer.weight].name, "block.1.up.weight");
    assert_string_equal(params.param[norm.bias].name, "norm.bias");
    assert_true(params.param[layer.weight].is_decayed && !params.param[norm.weight].is_decayed);
    assert_true(params.param[layer.bias].value.columns == 6 && params.param[norm.bias].value.columns == 4);
    sid__params_drop(&params);
}

/* Fails when a score depends on which histories are asked beside one, in any family. */
static void test_alone_or_together(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 30, 20);
    static const int32_t item[] = {0, 3, 5, 2, 1, 7, 0, 2};
    const sid__history history[] = {
        {.item = item, .count = 8}, {.item = item + 2, .count = 1}, {.item = item + 3, .count = 4}};
    for (int f = 0; f < 3; f++) {
        sid_model *m = NULL;
        float score[3 * 20], one[20];
        TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = family[f], .options = options[f]}, events, NULL, &m,
                                err));
        TEST_OK(m->family->score(ctx, m, history, 3, score, err));
        for (int h = 0; h < 3; h++) {
            TEST_OK(m->family->score(ctx, m, &history[h], 1, one, err));
            assert_memory_equal(one, score + 20 * h, sizeof one);
        }
        for (int64_t after = 0; after < 6; after++) {
            sid__mem_fail(after, -1);
            sid_status status = m->family->score(ctx, m, history, 3, score, NULL);
            sid__mem_fail(-1, 0);
            assert_true(status == SID_ENOMEM || status == SID_OK);
        }
        sid_model_close(m);
    }
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_begin), cmocka_unit_test(test_layers),
                                       cmocka_unit_test(test_alone_or_together)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
