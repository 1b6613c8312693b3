#include "test.h"

#include "sid/categories.h"

/* Fails when a path and its beginnings are not one tree, or spaces and empty parts make new nodes. */
static void paths_are_one_tree(void **state)
{
    (void)state;
    sid__categories c = {.separator = ">"};
    const char *const path[] = {"Beauty > Makeup > Nails", "Beauty", NULL, "", " Beauty>Makeup ",
                                ">Beauty>>Makeup>Nails>",  " > "};
    for (int i = 0; i < 7; i++)
        TEST_OK(sid__categories_add(&c, path[i], err));
    assert_int_equal(c.count, 3);
    assert_int_equal(c.item_count, 7);
    assert_string_equal(c.node[0].path, "Beauty");
    assert_string_equal(c.node[2].path, "Beauty>Makeup>Nails");
    assert_string_equal(c.node[2].name, "Nails");
    assert_int_equal(c.node[2].depth, 3);
    assert_int_equal(c.node[0].parent, -1);
    const int32_t wanted[] = {2, 0, -1, -1, 1, 2, -1};
    assert_memory_equal(c.item, wanted, sizeof wanted);
    assert_int_equal(sid__categories_at(&c, 2, 1), 0);
    assert_int_equal(sid__categories_at(&c, 2, 2), 1);
    assert_int_equal(sid__categories_at(&c, 0, 3), 0);
    assert_int_equal(sid__categories_at(&c, -1, 3), -1);
    sid__categories_drop(&c);
}

/* Fails when equal names under different parents are taken for one category. */
static void a_name_belongs_to_its_parent(void **state)
{
    (void)state;
    sid__categories c = {.separator = SID__CATEGORY_SEPARATOR};
    TEST_OK(sid__categories_add(&c, "Hair > Tools", err));
    TEST_OK(sid__categories_add(&c, "Nails > Tools", err));
    assert_int_equal(c.count, 4);
    assert_true(c.item[0] != c.item[1]);
    sid__categories_drop(&c);
}

/* Fails when a path of a thousand parts makes a thousand levels. */
static void deep_paths_end_at_the_limit(void **state)
{
    (void)state;
    sid__categories c = {.separator = "/"};
    char path[2001] = "";
    for (int i = 0; i < 1000; i++)
        memcpy(path + 2 * i, "a/", 3);
    TEST_OK(sid__categories_add(&c, path, err));
    assert_int_equal(c.count, SID__CATEGORY_DEPTH_MAX);
    sid__categories_drop(&c);
}

/* Fails when what all paths begin with is taken for a category, or a path that ends there hides it. */
static void what_all_share_is_no_category(void **state)
{
    (void)state;
    sid__categories c = {.separator = "/"};
    assert_int_equal(sid__categories_common(&c), 0);
    TEST_OK(sid__categories_add(&c, "Beauty/All/Hair", err));
    TEST_OK(sid__categories_add(&c, NULL, err));
    assert_int_equal(sid__categories_common(&c), 2); /* the last part tells, as far as one path can */
    TEST_OK(sid__categories_add(&c, "Beauty/All/Nails", err));
    TEST_OK(sid__categories_add(&c, "Beauty/All", err));
    assert_int_equal(sid__categories_common(&c), 2);
    TEST_OK(sid__categories_add(&c, "Beauty", err));
    assert_int_equal(sid__categories_common(&c), 1);
    TEST_OK(sid__categories_add(&c, "Toys", err));
    assert_int_equal(sid__categories_common(&c), 0);
    sid__categories_drop(&c);
}

/* Fails when a lack of memory leaks or counts an item that was not added. */
static void memory_may_lack_anywhere(void **state)
{
    (void)state;
    for (int fail = 0; fail < 20; fail++) {
        sid__categories c = {.separator = ">"};
        sid__mem_fail(fail, -1);
        sid_status status = sid__categories_add(&c, "a>b>c", NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || (status == SID_ENOMEM && c.item_count == 0));
        sid__categories_drop(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_one_tree),
        cmocka_unit_test(a_name_belongs_to_its_parent),
        cmocka_unit_test(what_all_share_is_no_category),
        cmocka_unit_test(deep_paths_end_at_the_limit),
        cmocka_unit_test(memory_may_lack_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
