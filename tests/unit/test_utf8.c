/* test_utf8.c: which bytes are text. */
#include "io/utf8.h"
#include "test.h"

/* Fails when a surrogate, an overlong form, a value beyond U+10FFFF or a cut character passes, or text is refused. */
static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size, valid;
    } cases[] = {
        {"", 0, 0},
        {"plain ASCII, longer than eight bytes", 36, 36},
        {"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\x84!", 12, 12},
        {"12345678\x80", 9, 8},
        {"1234567\xff", 8, 7},
        {"\xc0\x80", 2, 0},
        {"a\xe0\x80\x80", 4, 1},
        {"\xed\xa0\x80", 3, 0},
        {"\xf4\x90\x80\x80", 4, 0},
        {"ab\xe2\x82", 4, 2},
        {"ab\xe2\x82"
         "c",
         5, 2},
        {"a\0b", 3, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = malloc(cases[i].size + 1);
        memcpy(copy + 1, cases[i].bytes, cases[i].size); /* ends where ASan looks */
        assert_int_equal(sid__utf8_valid_size(copy + 1, cases[i].size), cases[i].valid);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
