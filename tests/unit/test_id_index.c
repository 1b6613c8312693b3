/* test_id_index.c: names to rows. */
#include "io/id_index.h"
#include "test.h"

enum { COUNT = 5000 };

/* Fails when a name is lost as the index grows, or an absent one is found. */
static void test_many(void **state)
{
    (void)state;
    static char text[COUNT][8];
    static struct {
        const char *name;
        int other;
    } row[COUNT];
    sid__names names = {.first = row, .stride = sizeof *row};
    sid__id_index index = {0};
    assert_int_equal(sid__id_index_find(&index, names, "0"), -1);
    for (int i = 0; i < COUNT; i++) {
        int64_t seen = 0;
        (void)snprintf(text[i], sizeof text[i], "%d", i);
        row[i].name = text[i];
        TEST_OK(sid__id_index_add(&index, names, i, &seen, err));
        assert_int_equal(seen, -1);
        assert_true(2 * index.count <= index.slot_count);
    }
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(sid__id_index_find(&index, names, text[i]), i);
    assert_int_equal(sid__id_index_find(&index, names, "5000"), -1);
    assert_int_equal(sid__id_index_find(&index, names, ""), -1);
    sid__id_index_drop(&index);
    assert_int_equal(sid__id_index_find(&index, names, "0"), -1);
}

/* Fails when a repeated name replaces the first, or a failed allocation loses names. */
static void test_repeated_and_no_memory(void **state)
{
    (void)state;
    const char *text[] = {"a", "b", "a"};
    sid__names names = {.first = text, .stride = sizeof *text};
    sid__id_index index = {0};
    int64_t seen = 0;
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__id_index_add(&index, names, 0, &seen, err), SID_ENOMEM, "the index of ids");
    sid__mem_fail(-1, 0);
    TEST_OK(sid__id_index_add(&index, names, 0, &seen, err));
    TEST_OK(sid__id_index_add(&index, names, 1, &seen, err));
    TEST_OK(sid__id_index_add(&index, names, 2, &seen, err));
    assert_int_equal(seen, 0);
    assert_int_equal(index.count, 2);
    assert_int_equal(sid__id_index_find(&index, names, "a"), 0);
    TEST_FAILS(sid__id_index_add(&index, names, UINT32_MAX, &seen, err), SID_EDATA, "too many");
    sid__id_index_drop(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many), cmocka_unit_test(test_repeated_and_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
