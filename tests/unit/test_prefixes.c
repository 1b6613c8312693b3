/* test_prefixes.c: prefixes as a filter of items, against a look at every item. */
#include "decode/prefixes.h"

#include "decode_case.h"

static bool is_below_slowly(const sid_model *m, const char *prefix, int64_t row)
{
    char text[SID_SID_TEXT_MAX];
    size_t length = strlen(prefix);
    if (!m->sids.is_known[row])
        return false;
    sid__item_sids_text(&m->sids, row, text);
    return strncmp(text, prefix, length) == 0 && (text[length] == 0 || text[length] == '-');
}

static void check(sid_model *m, const char *const *text, int64_t count)
{
    sid__arena arena = {0};
    sid__prefixes prefixes;
    bool is_found[CASE_ITEMS] = {0};
    TEST_OK(sid__prefixes_parse(m, "within", text, count, &arena, &prefixes, err));
    int64_t rows = sid__rows_below(m, &prefixes, NULL);
    int32_t *row = test_calloc((size_t)rows + 1, sizeof *row);
    assert_int_equal(sid__rows_below(m, &prefixes, row), rows);
    for (int64_t i = 0; i < rows; i++)
        is_found[row[i]] = true;
    for (int64_t i = 0; i < CASE_ITEMS; i++) {
        bool is_below = false;
        for (int64_t p = 0; p < count; p++)
            is_below |= is_below_slowly(m, text[p], i);
        assert_int_equal(is_found[i], is_below);
        assert_int_equal(sid__is_below(&m->sids, &prefixes, i), is_below);
    }
    test_free(row);
    sid__arena_drop(&arena);
}

/* Fails when an item below a prefix is missed, another is taken, or a prefix that nothing has is an error; with the trie of a
 * generator and without. */
static void test_rows(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    static const char *const one[] = {"2"}, *const two[] = {"0-1", "5"}, *const over[] = {"3", "3-0", "9-9-9"},
                             *const none[] = {"0-999"};
    char sid[SID_SID_TEXT_MAX];
    const char *whole[] = {sid};
    sid__item_sids_text(&m->sids, 17, sid);
    for (int pass = 0; pass < 2; pass++) {
        check(m, one, 1);
        check(m, two, 2);
        check(m, over, 3);
        check(m, none, 1);
        check(m, whole, 1);
        check(m, NULL, 0);
        sid__trie_free(m->trie);
        m->trie = NULL;
    }
    fake_model_free(m);
}

/* Fails when a SID that ends before its digit, and one that has it, are taken for another: class 0 is the end. */
static void test_digit(void **state)
{
    (void)state;
    uint16_t code[] = {1, 2, 0, 1, 2, 1, 1, 2, 2};
    uint8_t is_known[] = {1, 1, 1};
    sid_model m = {.sids = {.count = 3, .levels = 2, .width = 3, .has_end = true, .code = code, .is_known = is_known}};
    static const char *const text[] = {"1-2-0"}, *const all[] = {"1-2"};
    sid__arena arena = {0};
    sid__prefixes prefixes;
    int32_t row[3];
    TEST_OK(sid__prefixes_parse(&m, "within", text, 1, &arena, &prefixes, err));
    assert_int_equal(sid__rows_below(&m, &prefixes, row), 1);
    assert_int_equal(row[0], 1);
    TEST_OK(sid__prefixes_parse(&m, "within", all, 1, &arena, &prefixes, err));
    assert_int_equal(sid__rows_below(&m, &prefixes, row), 3);
    sid__arena_drop(&arena);
}

/* Fails when a word that is no prefix passes, or a model without SIDs answers as if all were within. */
static void test_refused(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    sid_model without = {.family = m->family};
    static const char *const bad[] = {"1-"}, *const deep[] = {"1-2-3-4"}, *const good[] = {"1"};
    sid__arena arena = {0};
    sid__prefixes prefixes;
    TEST_FAILS(sid__prefixes_parse(m, "within", bad, 1, &arena, &prefixes, err), SID_EUSAGE, "not a SID");
    TEST_FAILS(sid__prefixes_parse(m, "within", deep, 1, &arena, &prefixes, err), SID_EUSAGE, "more than 3 codes");
    TEST_FAILS(sid__prefixes_parse(&without, "without", good, 1, &arena, &prefixes, err), SID_EUSAGE,
               "without is \"1\", and the model fake knows no SIDs");
    sid__arena_drop(&arena);
    fake_model_free(m);
}

/* Fails when a request does not join its filters: within and allow, without and deny. */
static void test_request(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    char ids[CASE_ITEMS][8];
    int64_t row;
    for (int i = 0; i < CASE_ITEMS; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "i%d", i);
        TEST_OK(sid__id_list_add(&m->items, ids[i], strlen(ids[i]), &row, err));
    }
    const char *allow[CASE_ITEMS / 2];
    for (int i = 0; i < CASE_ITEMS / 2; i++)
        allow[i] = ids[2 * i];
    static const char *const within[] = {"1", "2"}, *const without[] = {"2-1"}, *const history[] = {"i0"};
    sid_request request = {.history = history, .history_count = 1, .k = CASE_ITEMS, .keep_history = true};
    for (int kind = 0; kind < 4; kind++) {
        sid_recommendations found = {0};
        int64_t expected = 0;
        bool has_allow = kind & 1, has_without = kind & 2;
        request.within = within;
        request.within_count = 2;
        request.without = without;
        request.without_count = has_without;
        request.allow = has_allow ? allow : NULL;
        request.allow_count = has_allow ? CASE_ITEMS / 2 : 0;
        TEST_OK(sid_model_recommend(m, &request, &found, err));
        for (int64_t i = 0; i < CASE_ITEMS; i++)
            expected += (is_below_slowly(m, "1", i) || is_below_slowly(m, "2", i)) && (!has_allow || i % 2 == 0) &&
                        !(has_without && is_below_slowly(m, "2-1", i));
        assert_int_equal(found.count, expected);
        assert_true(expected > 0);
        for (int64_t i = 0; i < found.count; i++)
            assert_true(found.row[i].sid[0] == '1' || found.row[i].sid[0] == '2');
        sid_recommendations_drop(&found);
    }
    sid__id_list_drop(&m->items);
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_rows), DECODE_TEST(test_digit), DECODE_TEST(test_refused),
                                       DECODE_TEST(test_request)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
