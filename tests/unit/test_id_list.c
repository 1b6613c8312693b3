/* test_id_list.c: ids by row. */
#include "data/id_list.h"
#include "test.h"

/* Fails when an id is found at another row, taken twice, or lost when others go. */
static void test_rows(void **state)
{
    (void)state;
    sid__id_list list = {0};
    int32_t keep[300];
    int64_t row = 0;
    char id[16];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            size_t size = (size_t)snprintf(id, sizeof id, "id%d", i);
            TEST_OK(sid__id_list_add(&list, id, size, &row, err));
            assert_int_equal(row, i);
        }
    assert_int_equal(list.count, 300);
    assert_int_equal(sid__id_list_find(&list, "id7"), 7);
    assert_int_equal(sid__id_list_find(&list, "id300"), -1);
    assert_int_equal(sid__id_list_find_text(&list, "id17x", 4), 17);
    for (int i = 0; i < 300; i++)
        keep[i] = i % 3 ? -1 : i / 3;
    TEST_OK(sid__id_list_compact(&list, keep, err));
    assert_int_equal(list.count, 100);
    assert_int_equal(sid__id_list_find(&list, "id9"), 3);
    assert_int_equal(sid__id_list_find(&list, "id10"), -1);
    sid__id_list_drop(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
