/* test_status.c: the list of statuses as names, texts and exit codes. */
#include "test.h"

/* Fails when a status changes its exit code, which scripts depend on, or loses its row. */
static void test_exit_codes(void **state)
{
    (void)state;
    static const struct {
        sid_status status;
        const char *name;
        int exit_code;
    } wanted[] = {
        {SID_OK, "SID_OK", 0},
        {SID_EIO, "SID_EIO", 1},
        {SID_ENOMEM, "SID_ENOMEM", 1},
        {SID_ELOCKED, "SID_ELOCKED", 1},
        {SID_EREADONLY, "SID_EREADONLY", 1},
        {SID_EINTERNAL, "SID_EINTERNAL", 1},
        {SID_EUSAGE, "SID_EUSAGE", 2},
        {SID_EEXISTS, "SID_EEXISTS", 2},
        {SID_EDATA, "SID_EDATA", 3},
        {SID_ENOTFOUND, "SID_ENOTFOUND", 3},
        {SID_ECORRUPT, "SID_ECORRUPT", 3},
        {SID_EVERSION, "SID_EVERSION", 3},
        {SID_ECANCELED, "SID_ECANCELED", 4},
    };
    assert_int_equal(SID_OK, 0);
    assert_int_equal(sizeof wanted / sizeof *wanted, SID_STATUS_COUNT);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_int_equal(wanted[i].status, i);
        assert_string_equal(sid_status_name(wanted[i].status), wanted[i].name);
        assert_int_equal(sid_status_exit_code(wanted[i].status), wanted[i].exit_code);
    }
}

/* Fails when two statuses read alike, or one has no text. */
static void test_texts_differ(void **state)
{
    (void)state;
    for (int i = 0; i < SID_STATUS_COUNT; i++) {
        assert_true(strlen(sid_status_message((sid_status)i)) > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(sid_status_message((sid_status)i), sid_status_message((sid_status)j));
    }
}

/* Fails when a number from a newer library, or a damaged one, is looked up beyond the table. */
static void test_unknown(void **state)
{
    (void)state;
    const int unknown[] = {-1, SID_STATUS_COUNT, 1 << 20};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_string_equal(sid_status_name((sid_status)unknown[i]), "unknown status");
        assert_string_equal(sid_status_message((sid_status)unknown[i]), "unknown status");
        assert_int_equal(sid_status_exit_code((sid_status)unknown[i]), 1);
    }
}

/* Fails when the text and the three numbers of the header part ways. */
static void test_version(void **state)
{
    (void)state;
    int major = -1, minor = -1, patch = -1, end = 0;
    assert_int_equal(sscanf(sid_version(), "%d.%d.%d%n", &major, &minor, &patch, &end), 3);
    assert_int_equal(end, strlen(sid_version()));
    assert_int_equal(major, SID_VERSION_MAJOR);
    assert_int_equal(minor, SID_VERSION_MINOR);
    assert_int_equal(patch, SID_VERSION_PATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_texts_differ),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
