/* test_policy.c: names, styles and options of the collision policies. */
#include "test.h"

#include "base/mem.h"
#include "sid/policy.h"

static sid__policy create(const char *name, const char *style, const char *options)
{
    sid__policy policy;
    TEST_OK(sid__policy_create(name, style, options, &policy, err));
    return policy;
}

static void test_names_and_styles(void **state)
{
    /* Fails when a default or a name is taken for another policy, or a wrong one without a word. */
    (void)state;
    sid__policy none = {0}, tiger = create("digit", NULL, NULL), grid = create("digit", "grid", NULL);
    assert_string_equal(create(NULL, NULL, NULL).class->info.name, "keep");
    assert_string_equal(create("keep", "tiger", NULL).class->info.name, "keep");
    assert_string_equal(sid__policy_style(&tiger), "tiger");
    assert_string_equal(sid__policy_style(&grid), "grid");
    tiger = create("digit", "", "");
    assert_string_equal(sid__policy_style(&tiger), "tiger");
    for (int i = 0; i < sid_policy_family_count(); i++)
        assert_ptr_equal(&create(sid_policy_family(i)->name, NULL, NULL).class->info, sid_policy_family(i));
    assert_null(sid_policy_family(-1));
    assert_null(sid_policy_family(sid__policy_count));
    TEST_FAILS(sid__policy_create("merge", NULL, NULL, &none, err), SID_EUSAGE,
               "there are: keep, digit, suffix, reassign, sinkhorn, capacity");
    TEST_FAILS(sid__policy_create("sufix", NULL, NULL, &none, err), SID_EUSAGE, "did you mean \"suffix\"");
    TEST_FAILS(sid__policy_create("digit", "gird", NULL, &none, err), SID_EUSAGE, "did you mean \"grid\"");
    TEST_FAILS(sid__policy_create("keep", "grid", NULL, &none, err), SID_EUSAGE, "needs collisions \"digit\"");
    TEST_FAILS(sid__policy_create("keep", "other", NULL, &none, err), SID_EUSAGE, "there are: tiger, grid");
    assert_null(none.class);
}

static void check_options(const char *name, const char *given, const char *kept)
{
    sid__policy policy = create(name, NULL, given);
    sid__strbuf text = {0};
    TEST_OK(sid__policy_options_text(&policy, &text, err));
    assert_string_equal(text.text, kept);
    sid__policy again = create(name, NULL, text.text);
    assert_int_equal(again.digits, policy.digits);
    assert_int_equal(again.room, policy.room);
    sid__strbuf_drop(&text);
}

static void test_options(void **state)
{
    /* Fails when an option is lost on its way to the manifest and back, a default is written, or a range is not held. */
    (void)state;
    sid__policy none = {0};
    check_options("keep", "duplicates=merge", "duplicates=merge");
    check_options("digit", "overflow=beam,duplicates=keep", "overflow=beam");
    check_options("capacity", "cap=5", "");
    check_options("capacity", "overflow=digit,cap=2", "cap=2,overflow=digit");
    check_options("sinkhorn", "epsilon=.05,then=reassign", "epsilon=0.05,then=reassign");
    TEST_FAILS(sid__policy_create("capacity", NULL, "cap=0", &none, err), SID_EUSAGE, "cap is \"0\"");
    TEST_FAILS(sid__policy_create("sinkhorn", NULL, "epsilon=.002", &none, err), SID_EUSAGE, "from 0.003 to 1000");
    TEST_FAILS(sid__policy_create("digit", NULL, "overflow=digit", &none, err), SID_EUSAGE, "error|beam");
    TEST_FAILS(sid__policy_create("reassign", NULL, "cap=3", &none, err), SID_EUSAGE, "reassign has no option \"cap\"");
    TEST_FAILS(sid__policy_create("capacity", NULL, "cup=3", &none, err), SID_EUSAGE, "did you mean \"cap\"");
}

static void test_digits_and_room(void **state)
{
    /* Fails when a policy adds a code unasked or none where it must, or holds another number of items a SID. */
    (void)state;
    static const struct {
        const char *name, *options, *digit;
        int64_t room;
    } wanted[] = {{"keep", NULL, NULL, INT64_MAX},
                  {"digit", NULL, "digit", 1},
                  {"suffix", NULL, "suffix", 1},
                  {"reassign", NULL, NULL, 1},
                  {"reassign", "overflow=digit", "digit", 1},
                  {"reassign", "overflow=beam", NULL, 1},
                  {"sinkhorn", NULL, NULL, 1},
                  {"sinkhorn", "then=digit", "digit", 1},
                  {"sinkhorn", "then=suffix", "suffix", 1},
                  {"sinkhorn", "then=reassign", NULL, 1},
                  {"sinkhorn", "overflow=digit", "digit", 1},
                  {"capacity", NULL, NULL, 5},
                  {"capacity", "cap=9,overflow=digit", "digit", 9}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        sid__policy policy = create(wanted[i].name, NULL, wanted[i].options);
        assert_int_equal(policy.room, wanted[i].room);
        assert_int_equal(sid__policy_adds_code(&policy), wanted[i].digit != NULL);
        if (wanted[i].digit)
            assert_string_equal(sid__policy_digit_name(&policy), wanted[i].digit);
        else
            assert_null(sid__policy_digit_name(&policy));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_styles),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_digits_and_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
