/* test_sequence_scores.c: which items of a history are read, and what comes last. */
#include "model/sequence_scores.h"

#include "model_case.h"

/* Items 0 .. 4 of which 1 and 3 have no train event. */
static const int32_t row[] = {0, -1, 1, -1, 2};

static sid_model *five_items(void)
{
    sid_model *m = NULL;
    int64_t at = 0;
    TEST_OK(sid__model_create(ctx, "gru4rec", NULL, &m, err));
    for (int i = 0; i < 5; i++)
        TEST_OK(sid__id_list_add(&m->items, (char[]){(char)('a' + i), 0}, 1, &at, err));
    return m;
}

static sid__item_table warm_table(void)
{
    return (sid__item_table){.has_id = true, .dim = 2, .items = 5, .rows = 3, .row = (int32_t *)(uintptr_t)row};
}

/* Fails when an unknown item is read, more than the last ones are, or a history of none has no token. */
static void test_histories(void **state)
{
    (void)state;
    static const int32_t long_one[] = {0, 1, 2, 3, 4, 1}, cold[] = {3, 1};
    const sid__history history[] = {{.item = long_one, .count = 6}, {.item = cold, .count = 2}};
    sid_model *m = five_items();
    const sid__item_table table = warm_table();
    sid__memory memory = {0};
    for (int with_mask = 0; with_mask < 2; with_mask++) {
        static const int32_t plain[] = {2, 4, 1}, masked[] = {2, 4, -1, -1};
        sid__asked asked;
        sid__tape tape = sid__tape_begin(ctx, &memory, false);
        assert_int_equal(sid__take_histories(m, &table, history, 2, 2, with_mask, &tape, &asked), SID_OK);
        assert_int_equal(asked.sequences.begin[1], with_mask ? 3 : 2);
        assert_int_equal(asked.sequences.begin[2], with_mask ? 4 : 3);
        assert_int_equal(asked.last[1], with_mask ? 3 : 2);
        assert_memory_equal(asked.item, with_mask ? masked : plain, (with_mask ? 4 : 3) * sizeof(int32_t));
        const int32_t *place = sid__places_from_end(&tape, &asked.sequences);
        assert_int_equal(place[0], with_mask ? 2 : 1);
        static const float embedding[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, mask[2] = {-1, -2};
        const sid__value *x = sid__embed_asked(&tape, &asked, embedding, 2, mask);
        assert_true(x->data[0] == 4 && x->data[3] == 9 && x->data[5] == (with_mask ? -2 : 3));
        const int32_t *rows = sid__table_rows(&table, &tape, masked, 4);
        assert_true(rows[0] == 1 && rows[1] == 2 && rows[2] == -1);
    }
    sid__memory_drop(&memory);
    sid_model_close(m);
}

/* Fails when an item without a train event stands before one that has some, or the bias is left out. */
static void test_unknown_last(void **state)
{
    (void)state;
    static const float embedding[10] = {-3, 0, 0, 0, -1, 0, 0, 0, -2, 0}, bias[5] = {0, 0, 5, 0, 0};
    float hidden[2] = {1, 0}, score[5];
    sid_model *m = five_items();
    const sid__item_table table = warm_table();
    const sid__value x = sid__value_of(hidden, 1, 2);
    sid__score_items(ctx, m, &table, &x, embedding, NULL, score);
    assert_memory_equal(score, ((const float[]){-3, -4, -1, -4, -2}), sizeof score);
    sid__score_items(ctx, m, &table, &x, embedding, bias, score);
    assert_memory_equal(score, ((const float[]){-3, -4, 4, -4, -2}), sizeof score);
    sid_model_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories), cmocka_unit_test(test_unknown_last)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
