/* test_json_where.c: lines of members. */
#include "io/json_where.h"

#include "test.h"

static const char text[] = "{\n\"a\": {\"x\": [1,\n {\"y\": \"}\",\n  \"z\": [2, 3]}],\n \"b\": 1},\n\"b\": [\n4]}\n";

static int64_t line_of(const char *path)
{
    return sid__json_where(text, sizeof text - 1, path, "f").row;
}

/* Fails when a member of another object is taken, a bracket in a text counts, or lists are counted from 1. */
static void test_lines(void **state)
{
    (void)state;
    assert_int_equal(line_of(""), 1);
    assert_int_equal(line_of("a"), 2);
    assert_int_equal(line_of("a/x/1"), 3);
    assert_int_equal(line_of("a/x/1/y"), 3);
    assert_int_equal(line_of("a/x/1/z/1"), 4);
    assert_int_equal(line_of("a/b"), 5);
    assert_int_equal(line_of("b"), 6);
    assert_int_equal(line_of("b/0"), 7);
    assert_string_equal(sid__json_where(text, sizeof text - 1, "b", "f").file, "f");
}

/* Fails when what is not there has no place at all: the last part that is. */
static void test_not_there(void **state)
{
    (void)state;
    assert_int_equal(line_of("a/none"), 2);
    assert_int_equal(line_of("b/3"), 6);
    assert_int_equal(line_of("a/b/c"), 5);
    assert_int_equal(line_of("none"), 1);
    assert_int_equal(sid__json_where("[", 1, "0", "f").row, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_not_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
