/* test_policy_groups.c: which groups need work, and that each is visited once. */
#include "policy_case.h"

#include "sid/policy_groups.h"

static sid__moving moving_of(policy_case *c)
{
    TEST_OK(sid__policy_create("reassign", NULL, NULL, &c->policy, err));
    memcpy(c->after, c->before, sizeof c->after);
    return (sid__moving){.ctx = c->ctx,
                         .policy = &c->policy,
                         .quantizer = c->quantizer,
                         .count = c->count,
                         .levels = 2,
                         .id = c->id,
                         .distance = c->distance,
                         .read = case_read,
                         .read_user = c,
                         .codes = c->after};
}

static void test_find(void **state)
{
    /* Fails when a crowded prefix is left out, another is not, or rows do not stand by id. */
    (void)state;
    policy_case *c = case_create(120, 4, 30, 3);
    for (int i = 0; i < c->count; i++) /* below 1 all are alone, below 2 there are three of one code */
        c->before[2 * i + 1] = (uint16_t)(c->before[2 * i] == 1 ? i % 30 : c->before[2 * i + 1]);
    sid__moving m = moving_of(c);
    for (int depth = 1; depth <= 2; depth++)
        for (int64_t room = 1; room < 6; room++) {
            sid__groups groups = {0};
            int64_t in_groups = 0, wanted = 0;
            TEST_OK(sid__groups_find(&m, depth, room, &groups, err));
            for (int64_t g = 0; g < groups.count; g++)
                for (int64_t i = groups.begin[g]; i < groups.end[g]; i++, in_groups++)
                    if (i > groups.begin[g])
                        assert_true(strcmp(c->id[groups.order[i - 1]], c->id[groups.order[i]]) < 0);
            for (int i = 0; i < c->count; i++) {
                bool is_crowded = false;
                for (int j = 0; j < c->count; j++)
                    is_crowded = is_crowded || (memcmp(c->after + 2 * i, c->after + 2 * j, (size_t)depth * 2) == 0 &&
                                                case_holders(c, j) > room);
                wanted += is_crowded;
            }
            assert_int_equal(in_groups, wanted);
            sid__groups_drop(&groups);
        }
    case_free(c);
}

static sid_status mark(sid__group *group, sid_error *err)
{
    SID_TRY(sid__group_distances(group, group->row[0], err));
    for (int64_t i = 0; i < group->count; i++)
        *sid__last_code(group->moving, group->row[i]) = (uint16_t)(1000 + group->count);
    return SID_OK;
}

static void test_run(void **state)
{
    /* Fails when a group is not visited, or its distances are not those to what the codes decode to. */
    (void)state;
    policy_case *c = case_create(90, 4, 10, 3);
    sid__moving m = moving_of(c);
    sid__groups groups = {0};
    TEST_OK(sid__groups_find(&m, 1, 1, &groups, err));
    TEST_OK(sid__groups_run(&m, &groups, mark, err));
    for (int64_t g = 0; g < groups.count; g++)
        for (int64_t i = groups.begin[g]; i < groups.end[g]; i++)
            assert_int_equal(c->after[2 * groups.order[i] + 1], 1000 + groups.end[g] - groups.begin[g]);
    memcpy(c->after, c->before, sizeof c->after);
    c->reads_left = 1;
    TEST_FAILS(sid__groups_run(&m, &groups, mark, err), SID_ENOMEM, "a row of the test");
    sid__groups_drop(&groups);
    case_free(c);
}

static void test_full_names_the_fullest(void **state)
{
    /* Fails when another prefix than the fullest is named, the others are not counted, or a way out is refused. */
    (void)state;
    policy_case *c = case_create(100, 1, 16, 3);
    for (int i = 0; i < c->count; i++)
        c->before[2 * i] = (uint16_t)(i < 20 ? 0 : i < 60 ? 2 : 3);
    c->before[0] = 3;
    sid__moving m = moving_of(c);
    sid__groups groups = {0};
    TEST_OK(sid__groups_find(&m, 1, 1, &groups, err));
    TEST_FAILS(sid__groups_check_full(&m, &groups, 1, err), SID_EDATA,
               "prefix 3 is full (as are 2 others): 41 items for 16 last codes of 1 each");
    TEST_FAILS(sid__groups_check_full(&m, &groups, 2, err), SID_EDATA, "(as is 1 other)");
    TEST_OK(sid__groups_check_full(&m, &groups, 3, err));
    TEST_OK(sid__groups_check_full(&m, &groups, INT64_MAX, err));
    c->policy.options.overflow = SID__OVERFLOW_BEAM;
    TEST_OK(sid__groups_check_full(&m, &groups, 1, err));
    sid__groups_drop(&groups);
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_full_names_the_fullest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
