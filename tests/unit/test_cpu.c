/* test_cpu.c: kernel paths by name, and how many CPUs the process may use. */
#define _GNU_SOURCE
#include "base/cpu.h"

#include <sched.h>
#include <unistd.h>

#include "test.h"

/* Fails when names change: scripts and SEMID_ISA use them. */
static void test_names(void **state)
{
    (void)state;
    assert_string_equal(sid__isa_name(SID__ISA_PORTABLE), "portable");
    assert_string_equal(sid__isa_name(SID__ISA_AVX2), "avx2");
    assert_string_equal(sid__isa_name(SID__ISA_AVX512), "avx512");
}

/* Fails when the best path is not the last supported one, or the reference path is ever missing. */
static void test_best(void **state)
{
    (void)state;
    assert_true(sid__isa_is_supported(SID__ISA_PORTABLE));
    assert_true(sid__isa_is_supported(sid__isa_best()));
    for (int isa = (int)sid__isa_best() + 1; isa < SID__ISA_COUNT; isa++)
        assert_false(sid__isa_is_supported((sid__isa)isa));
    assert_false(sid__isa_is_supported(SID__ISA_COUNT));
}

/* Fails when a path that this CPU lacks is taken, no name is not the best, or a failure sets the output. */
static void test_parse(void **state)
{
    (void)state;
    for (int i = 0; i < SID__ISA_COUNT; i++) {
        sid__isa isa = SID__ISA_COUNT;
        if (sid__isa_is_supported((sid__isa)i)) {
            TEST_OK(sid__isa_parse(sid__isa_name((sid__isa)i), &isa, err));
            assert_int_equal(isa, i);
        } else {
            TEST_FAILS(sid__isa_parse(sid__isa_name((sid__isa)i), &isa, err), SID_EUSAGE,
                       "is not on this CPU; its best is");
            assert_int_equal(isa, SID__ISA_COUNT);
        }
    }
    sid__isa isa = SID__ISA_COUNT;
    TEST_FAILS(sid__isa_parse("AVX2", &isa, err), SID_EUSAGE, "\"AVX2\" is unknown; known are portable, avx2, avx512");
    assert_int_equal(isa, SID__ISA_COUNT);
    TEST_OK(sid__isa_parse(NULL, &isa, err));
    assert_int_equal(isa, sid__isa_best());
    TEST_OK(sid__isa_parse("", &isa, err));
    assert_int_equal(isa, sid__isa_best());
}

/* Fails when affinity is not honoured: a process bound to one CPU would run as many threads as the machine has. */
static void test_allowed(void **state)
{
    (void)state;
    cpu_set_t before, one;
    int all = sid__cpu_allowed_count();
    assert_in_range(all, 1, sysconf(_SC_NPROCESSORS_ONLN));
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_true(all <= CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(sid__cpu_allowed_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(sid__cpu_allowed_count(), all);
}

/* Fails when a limit larger than the machine, such as version 1's "none", is taken for one. */
static void test_memory_limit(void **state)
{
    (void)state;
    assert_true((double)sid__memory_cgroup_limit() < 1e18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),   cmocka_unit_test(test_best),         cmocka_unit_test(test_parse),
        cmocka_unit_test(test_allowed), cmocka_unit_test(test_memory_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
