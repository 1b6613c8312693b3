/* test_item_table.c: items as sums of parts, warm and cold. */
#include "model/item_table.h"

#include "model_case.h"

enum { ITEMS = 12, DIM = 6, LEVELS = 2 };

/* A model of items i0 .. i11 with vectors and SIDs made by hand; i3 has no SID, every fifth no vector. */
static sid_model *made_model(const sid__split *split, const sid_vectors *vectors)
{
    sid_model *m = NULL;
    TEST_OK(sid__model_begin(
        ctx, &(sid_train_options){.family = "sasrec", .options = "item_embedding=content", .vectors = vectors}, split,
        &m, err));
    m->sids = (sid__item_sids){.count = ITEMS, .levels = LEVELS, .width = LEVELS, .codes = {4, 3}, .missing = 1};
    TEST_OK(sid__alloc(&m->sids.code, ITEMS * LEVELS, sizeof(uint16_t), "codes", err));
    TEST_OK(sid__alloc(&m->sids.is_known, ITEMS, 1, "codes", err));
    for (int i = 0; i < ITEMS; i++) {
        m->sids.is_known[i] = i != 3;
        for (int l = 0; l < LEVELS && i != 3; l++)
            m->sids.code[i * LEVELS + l] = (uint16_t)((i * (l + 1)) % m->sids.codes[l]);
    }
    return m;
}

/* Fails when the training's table and that of all items differ on a warm item, or a part is not in the sum. */
static void test_sums(void **state)
{
    (void)state;
    static const char *const parts[] = {"id", "sid", "content", "id,sid", "sid,content", "content,id,sid"};
    sid_events *events = made_events(ctx, 3, ITEMS);
    sid_vectors *vectors = made_vectors(ctx, ITEMS, 5);
    sid__split split;
    TEST_OK(sid__split_make(events, NULL, &split, err));
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        sid_model *m = made_model(&split, vectors);
        sid__item_table table = {0};
        sid__memory memory = {0};
        float all[ITEMS * DIM];
        TEST_OK(sid__item_table_build(&table, m, parts[p], DIM, &split, &m->params, err));
        TEST_OK(sid__params_seal(&m->params, err));
        sid__item_table_start(&table, &m->params, 4, 1);
        sid__tape tape = sid__tape_begin(ctx, &memory, true);
        const sid__value *value = sid__item_table_value(&table, &m->params, &tape);
        TEST_OK(sid__item_table_all(&table, m, all, err));
        assert_true(value && value->rows == table.rows && value->columns == DIM && table.rows < ITEMS);
        for (int i = 0; i < ITEMS; i++) {
            double size = 0;
            for (int d = 0; d < DIM; d++) {
                size += fabs((double)all[i * DIM + d]);
                assert_true(table.row[i] < 0 || fabsf(all[i * DIM + d] - value->data[table.row[i] * DIM + d]) < 1e-5F);
            }
            assert_true(sid__item_table_knows(&table, m, i) || !(size > 0));
            assert_true((split.train_count[i] > 0) == (table.row[i] >= 0));
        }
        sid__memory_drop(&memory);
        sid__item_table_drop(&table);
        sid_model_close(m);
    }
    sid__split_drop(&split);
    sid_vectors_free(vectors);
    sid_events_free(events);
}

/* Fails when parts that are not known, or that nothing is given for, pass, or rows that are no rows are read. */
static void test_refused(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 8, ITEMS);
    sid_model *m = NULL;
    sid__item_table table = {0};
    sid__tensor_set set = {0};
    const int64_t count = 3;
    int32_t *warm = NULL;
    const sid_train_options words = {.family = "sasrec", .options = "item_embedding=(id,text)"};
    const sid_train_options sids = {.family = "sasrec", .options = "item_embedding=sid"};
    const sid_train_options content = {.family = "sasrec", .options = "item_embedding=content"};
    TEST_FAILS(sid_model_train(ctx, &words, events, NULL, &m, err), SID_EUSAGE, "a part \"text\"");
    TEST_FAILS(sid_model_train(ctx, &sids, events, NULL, &m, err), SID_EUSAGE, "--catalog DIR");
    TEST_FAILS(sid_model_train(ctx, &content, events, NULL, &m, err), SID_EUSAGE, "--vectors FILE");
    TEST_OK(sid__tensor_add(&set, "items.warm", SID__I32, 1, &count, &warm, err));
    memcpy(warm, ((int32_t[]){0, 2, 2}), 3 * sizeof *warm);
    TEST_FAILS(sid__item_table_load(&table, ITEMS, &set, err), SID_ECORRUPT, "items.warm[2] is 2");
    warm[2] = ITEMS;
    TEST_FAILS(sid__item_table_load(&table, ITEMS, &set, err), SID_ECORRUPT, "items.warm[2] is 12");
    warm[2] = 3;
    TEST_OK(sid__item_table_load(&table, ITEMS, &set, err));
    assert_true(table.row[3] == 2 && table.row[1] == -1);
    sid__item_table_drop(&table);
    sid__tensor_set_drop(&set);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
