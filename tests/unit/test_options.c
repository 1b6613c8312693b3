/* test_options.c: option tables read from text and written back. */
#include "base/options.h"

#include <locale.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vfs.h"
#include "io_help.h"

typedef struct trial_options {
    int64_t sweeps;
    double tolerance;
    bool no_center;
    int normalize;
    char fields[SID__OPTION_TEXT_SIZE];
} trial_options;

static const sid_option trial_table[] = {
    {"sweeps", SID_OPTION_INT, "25", 1, 1000, NULL, "", offsetof(trial_options, sweeps)},
    {"tolerance", SID_OPTION_FLOAT, "1e-4", 0, 1, NULL, "", offsetof(trial_options, tolerance)},
    {"no_center", SID_OPTION_FLAG, "false", 0, 0, NULL, "", offsetof(trial_options, no_center)},
    {"normalize", SID_OPTION_CHOICE, "none", 0, 0, "none|l2|whiten", "", offsetof(trial_options, normalize)},
    {"fields", SID_OPTION_TEXT, "title:2", 0, 0, NULL, "", offsetof(trial_options, fields)},
};
enum { SWEEPS, TOLERANCE, NO_CENTER, NORMALIZE, FIELDS, OPTION_COUNT };
static const sid_family trial = {"trial", "for tests", "", trial_table, OPTION_COUNT};

static trial_options defaults(void)
{
    trial_options options;
    memset(&options, 0x55, sizeof options);
    TEST_OK(sid__options_default(&trial, &options, err));
    return options;
}

/* Sets one option; the name must be known. */
static sid_status set(trial_options *options, const char *name, const char *value, sid_error *err)
{
    bool is_known = false;
    sid_status status = sid__options_set(&trial, options, name, value, &is_known, err);
    assert_true(is_known);
    return status;
}

/* Fails when a default is not read into its own field. */
static void test_defaults(void **state)
{
    (void)state;
    trial_options options = defaults();
    assert_int_equal(options.sweeps, 25);
    assert_true(options.tolerance > 0.99e-4 && options.tolerance < 1.01e-4);
    assert_false(options.no_center);
    assert_int_equal(options.normalize, 0);
    assert_string_equal(options.fields, "title:2");
    static const sid_option wrong[] = {{"k", SID_OPTION_INT, "0", 1, 2, NULL, "", 0}};
    const sid_family family = {"wrong", "", "", wrong, 1};
    TEST_FAILS(sid__options_default(&family, &options, err), SID_EUSAGE, "k is \"0\"");
}

/* Fails when a value at a border is refused, or - and _ in names differ, or a prefix counts as a name. */
static void test_set(void **state)
{
    (void)state;
    trial_options options = defaults();
    TEST_OK(set(&options, "sweeps", "1", err));
    assert_int_equal(options.sweeps, 1);
    TEST_OK(set(&options, "sweeps", "1000", err));
    assert_int_equal(options.sweeps, 1000);
    TEST_OK(set(&options, "tolerance", "0", err));
    TEST_OK(set(&options, "tolerance", "1", err));
    TEST_OK(set(&options, "tolerance", ".25", err));
    assert_true(options.tolerance > 0.24 && options.tolerance < 0.26);
    TEST_OK(set(&options, "no-center", "yes", err));
    assert_true(options.no_center);
    TEST_OK(set(&options, "no_center", "0", err));
    assert_false(options.no_center);
    TEST_OK(set(&options, "no_center", "", err));
    assert_true(options.no_center);
    TEST_OK(set(&options, "normalize", "whiten", err));
    assert_int_equal(options.normalize, 2);
    TEST_OK(set(&options, "normalize", "l2", err));
    assert_int_equal(options.normalize, 1);
    TEST_OK(set(&options, "fields", "", err));
    assert_string_equal(options.fields, "");
    static const char *const unknown[] = {"sweep", "sweepss", "", "nocenter", "Sweeps"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        bool is_known = true;
        TEST_OK(sid__options_set(&trial, &options, unknown[i], "1", &is_known, err));
        assert_false(is_known);
    }
}

/* Fails when a wrong value is taken, changes the field, or the message lacks what was seen and what is expected. */
static void test_wrong_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *message;
    } wrong[] = {
        {"sweeps", "0", "sweeps is \"0\"; a whole number from 1 to 1000 is expected"},
        {"sweeps", "1001", "from 1 to 1000"},
        {"sweeps", "2.5", "a whole number"},
        {"sweeps", "", "sweeps is \"\""},
        {"sweeps", "3x", "\"3x\""},
        {"sweeps", "99999999999999999999", "a whole number"},
        {"tolerance", "-0.1", "tolerance is \"-0.1\"; a number from 0 to 1 is expected"},
        {"tolerance", "1.0001", "a number from 0 to 1"},
        {"tolerance", "nan", "\"nan\""},
        {"tolerance", "inf", "\"inf\""},
        {"tolerance", "0,5", "\"0,5\""},
        {"tolerance", "", "a number"},
        {"no_center", "maybe", "no_center is \"maybe\"; true or false is expected"},
        {"normalize", "l", "normalize is \"l\"; one of none|l2|whiten is expected"},
        {"normalize", "l2|whiten", "one of none|l2|whiten"},
        {"normalize", "", "one of"},
    };
    trial_options options = defaults(), before = options;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        TEST_FAILS(set(&options, wrong[i].name, wrong[i].value, err), SID_EUSAGE, wrong[i].message);
    static char text[SID__OPTION_TEXT_SIZE + 1];
    memset(text, 't', SID__OPTION_TEXT_SIZE);
    TEST_FAILS(set(&options, "fields", text, err), SID_EUSAGE, "fields is longer than 1023 bytes");
    assert_memory_equal(&options, &before, sizeof options);
    text[SID__OPTION_TEXT_SIZE - 1] = 0;
    TEST_OK(set(&options, "fields", text, err));
    assert_string_equal(options.fields, text);
    const sid_option odd[] = {{"odd", (sid_option_type)99, "", 0, 0, NULL, "", 0}};
    const sid_family family = {"odd", "", "", odd, 1};
    TEST_FAILS(sid__options_default(&family, &options, err), SID_EINTERNAL, "option odd has an unknown type");
}

/* Collects "name=value;" of each call; "stop" fails. */
static sid_status collect(void *user, const char *name, const char *value, sid_error *err)
{
    char *all = user;
    size_t used = strlen(all);
    if (strcmp(name, "stop") == 0)
        return sid__fail(err, SID_EDATA, "stopped at %s", value);
    (void)snprintf(all + used, 4096 - used, "%s=%s;", name, value);
    return SID_OK;
}

static void expect_split(const char *text, const char *wanted)
{
    char all[4096] = "";
    TEST_OK(sid__options_split(text, collect, all, err));
    assert_string_equal(all, wanted);
}

static void expect_no_split(const char *text, const char *message)
{
    char all[4096] = "";
    TEST_FAILS(sid__options_split(text, collect, all, err), SID_EUSAGE, message);
}

/* Fails when commas in ( ) split, the outer ( ) stay or inner ones go, or a flag or an empty value is lost. */
static void test_split(void **state)
{
    (void)state;
    expect_split(NULL, "");
    expect_split("", "");
    expect_split("a=1", "a=1;");
    expect_split("refine=3,beam=4,no_center", "refine=3;beam=4;no_center=;");
    expect_split("flag,a=", "flag=;a=;");
    expect_split("a=1,", "a=1;");
    expect_split("a=b=c", "a=b=c;");
    expect_split("fields=(title:2,brand:1),k=5", "fields=title:2,brand:1;k=5;");
    expect_split("a=((x,y),z)", "a=(x,y),z;");
    expect_split("a=f(1,2),b=()", "a=f(1,2);b=;");
    expect_split("a=(x)(y)", "a=(x)(y);");
    expect_split("a=x),b=1", "a=x);b=1;");
}

/* Fails when text that is no list of pairs is taken, an open ( swallows the options behind it, or a failing call does
 * not end the walk. */
static void test_split_fails(void **state)
{
    (void)state;
    expect_no_split(",a=1", "name=value pairs separated by commas are expected at \",a=1\"");
    expect_no_split("a=1,,b=2", "at \",b=2\"");
    expect_no_split("=1", "at \"=1\"");
    expect_no_split("a=(x,b=1", "a ) is expected for the ( of \"a=(x,b=1\"");
    expect_no_split("b=f(x,c=2", "a ) is expected");
    static char text[2 * SID__OPTION_TEXT_SIZE];
    memset(text, 'n', 64);
    expect_no_split(text, "a name has at most 63 bytes");
    text[63] = 0;
    char all[4096] = "";
    TEST_OK(sid__options_split(text, collect, all, err));
    memset(text, 'v', sizeof text - 1);
    memcpy(text, "a=", 2);
    expect_no_split(text, "and a value 1023; longer at \"a=vvv");
    *all = 0;
    TEST_FAILS(sid__options_split("a=1,stop=2,b=3", collect, all, err), SID_EDATA, "stopped at 2");
    assert_string_equal(all, "a=1;");
}

static void expect_text(const trial_options *options, int option, const char *wanted)
{
    char text[SID__OPTION_TEXT_SIZE];
    sid__option_text(&trial_table[option], options, text);
    assert_string_equal(text, wanted);
}

/* Fails when a value is written longer than it must be, or as another. */
static void test_text(void **state)
{
    (void)state;
    trial_options options = defaults();
    expect_text(&options, SWEEPS, "25");
    expect_text(&options, TOLERANCE, "0.0001");
    expect_text(&options, NO_CENTER, "false");
    expect_text(&options, NORMALIZE, "none");
    expect_text(&options, FIELDS, "title:2");
    options = (trial_options){.sweeps = INT64_MIN, .tolerance = 0.1, .no_center = true, .normalize = 2};
    expect_text(&options, SWEEPS, "-9223372036854775808");
    expect_text(&options, TOLERANCE, "0.1");
    expect_text(&options, NO_CENTER, "true");
    expect_text(&options, NORMALIZE, "whiten");
    expect_text(&options, FIELDS, "");
    options.normalize = 3; /* of a damaged struct: no name, and no read beyond the list */
    expect_text(&options, NORMALIZE, "");
    options.normalize = 300;
    expect_text(&options, NORMALIZE, "");
}

/* Fails when any number that an option can hold comes back as another one. */
static void test_round_trip(void **state)
{
    (void)state;
    static const double number[] = {0,     1,      0.1,     1.0 / 3, 0x1p-1074, 0x1.fffffffffffffp-1, 1e-300, 0.25,
                                    1e-17, 5e-324, 0x1p-53, 0.3,     0.1 + 0.2};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        trial_options options = defaults(), back = options;
        char text[SID__OPTION_TEXT_SIZE];
        options.tolerance = number[i];
        sid__option_text(&trial_table[TOLERANCE], &options, text);
        TEST_OK(set(&back, "tolerance", text, err));
        assert_memory_equal(&back.tolerance, &options.tolerance, sizeof back.tolerance);
    }
    for (int i = 0; i < OPTION_COUNT; i++) {
        trial_options options = defaults(), back = defaults();
        TEST_OK(set(&options, "sweeps", "77", err));
        TEST_OK(set(&options, "normalize", "l2", err));
        TEST_OK(set(&options, "no_center", "1", err));
        TEST_OK(set(&options, "fields", "a,(b)", err));
        char text[SID__OPTION_TEXT_SIZE], again[SID__OPTION_TEXT_SIZE];
        sid__option_text(&trial_table[i], &options, text);
        TEST_OK(set(&back, trial_table[i].name, text, err));
        sid__option_text(&trial_table[i], &back, again);
        assert_string_equal(text, again);
    }
}

/* glibc's newlocale does not free its copy of LOCPATH; LeakSanitizer asks here what to leave out. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:argz_add_sep\n";
}

/* A locale whose decimal point is a comma, made here, since bare systems have none; (locale_t)0: not possible. */
static locale_t comma_locale(void)
{
    static const char source[] = "comment_char %\nescape_char /\nLC_CTYPE\ncopy \"POSIX\"\nEND LC_CTYPE\nLC_NUMERIC\n"
                                 "decimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n";
    char home[512], target[600];
    const char *path = write_temporary("xx", source, sizeof source - 1);
    (void)snprintf(home, sizeof home, "%s", path);
    *strrchr(home, '/') = 0;
    (void)snprintf(target, sizeof target, "%s/xx_XX.UTF-8", home);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDOUT_FILENO); /* it warns about what the source leaves out */
        (void)close(STDERR_FILENO);
        (void)execlp("localedef", "localedef", "-c", "-i", path, "-f", "UTF-8", target, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(setenv("LOCPATH", home, 1), 0);
    return newlocale(LC_NUMERIC_MASK, "xx_XX.UTF-8", (locale_t)0);
}

/* Fails when numbers are read or written by the program's locale: catalogues made under one could not be read under
 * another. */
static void test_locale(void **state)
{
    (void)state;
    locale_t comma = comma_locale();
    if (!comma) {
        print_message("skipped: localedef is not there or makes no locale\n");
        skip();
    }
    locale_t old = uselocale(comma);
    trial_options options = defaults();
    TEST_OK(set(&options, "tolerance", "0.5", err));
    TEST_FAILS(set(&options, "tolerance", "0,25", err), SID_EUSAGE, "\"0,25\"");
    assert_true(options.tolerance > 0.49 && options.tolerance < 0.51);
    expect_text(&options, TOLERANCE, "0.5");
    char text[16];
    (void)snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5"); /* the program's own locale is back */
    (void)uselocale(old);
    freelocale(comma);
}

static int remove_locale(void **state)
{
    (void)state;
    static const char *const part[] = {"xx_XX.UTF-8/LC_MESSAGES", "xx_XX.UTF-8"};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (sid__remove_tree(temporary_path(part[i]), NULL) != SID_OK)
            return -1;
    return remove_temporary(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_set),         cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_split),      cmocka_unit_test(test_split_fails), cmocka_unit_test(test_text),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests(tests, NULL, remove_locale);
}
