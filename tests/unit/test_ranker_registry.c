/* test_ranker_registry.c: the list of families of rankers. */

#include "rank_case.h"
#include "semid_rank.h"

/* Fails when the list and what introspection shows differ, or a typo is not helped. */
static void test_names(void **state)
{
    const sid__ranker_class *found = NULL;
    (void)state;
    assert_int_equal(sid_ranker_family_count(), sid__ranker_registry_count);
    for (int i = 0; i < sid_ranker_family_count(); i++) {
        TEST_OK(sid__ranker_find(sid_ranker_family(i)->name, &found, err));
        assert_ptr_equal(&found->info, sid_ranker_family(i));
    }
    assert_null(sid_ranker_family(-1));
    assert_null(sid_ranker_family(sid_ranker_family_count()));
    TEST_FAILS(sid__ranker_find("dcn2", &found, err), SID_EUSAGE, "did you mean \"dcnv2\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
