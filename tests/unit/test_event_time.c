/* test_event_time.c: times of events as text. */
#include <math.h>

#include "data/event_time.h"
#include "test.h"

static void check(const char *text, double wanted)
{
    double time = 0;
    if (!sid__event_time(text, strlen(text), &time))
        fail_msg("\"%s\" is no time", text);
    if (fabs(time - wanted) > 1e-6)
        fail_msg("\"%s\" is %.9g, not %.9g", text, time, wanted);
}

static void test_numbers(void **state)
{
    /* Fails when a sign, a point, an exponent or long digits are read wrongly. */
    (void)state;
    check("1318896000", 1318896000);
    check("0", 0);
    check("-5.25", -5.25);
    check("+7", 7);
    check("1.318896e+09", 1318896000);
    check("5E-1", .5);
    check(".5", .5);
    check("3.", 3);
    check("1318896000.123456789012345678", 1318896000.123456789);
    check("100000000000000000000", 1e20);
    check("0e999", 0);
    check("9007199254740991", 9007199254740991.0);
}

static void test_dates(void **state)
{
    /* Fails when days of a month, leap years, offsets or fractions are counted wrongly (values of GNU date). */
    (void)state;
    check("1970-01-01", 0);
    check("2011-10-18", 1318896000);
    check("2011-10-18T00:00:00Z", 1318896000);
    check("2011-10-18 02:00:00.5+02:00", 1318896000.5);
    check("2011-10-17t19:30:00-04:30", 1318896000);
    check("2000-02-29T23:59:60z", 951868800);
    check("1969-12-31T23:59:59Z", -1);
    check("1900-03-01", -2203891200);
    check("2100-03-01", 4107542400);
}

static void test_others(void **state)
{
    /* Fails when something that is no time passes for one. */
    (void)state;
    static const char *const bad[] = {"",
                                      "-",
                                      ".",
                                      "e5",
                                      "1e",
                                      "1e+",
                                      "1 ",
                                      "0x10",
                                      "inf",
                                      "nan",
                                      "1e301",
                                      "1e-301",
                                      "2011-13-01",
                                      "2011-02-29",
                                      "1900-02-29",
                                      "2011-00-01",
                                      "2011-1-01",
                                      "2011-01-00",
                                      "2011-10-18X",
                                      "2011-10-18T",
                                      "2011-10-18T24:00:00Z",
                                      "2011-10-18T10:60:00Z",
                                      "2011-10-18T10:00:61Z",
                                      "2011-10-18T10:00:00.Z",
                                      "2011-10-18T10:00:00+2:00",
                                      "2011-10-18T10:00:00+24:00",
                                      "2011-10-18T10:00:00Zx",
                                      "2011-10-18T10:00",
                                      "99999999999999999e300"};
    double time = 1;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (sid__event_time(bad[i], strlen(bad[i]), &time))
            fail_msg("\"%s\" is %g", bad[i], time);
        assert_true(time == 1);
    }
    assert_false(sid__event_number("2011-10-18", 10, &time));
    assert_true(sid__event_number("2.5", 3, &time) && time == 2.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_dates),
                                       cmocka_unit_test(test_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
