/* test_machine.c: sid_machine_get against what the system says by other ways. */
#include <ctype.h>
#include <jansson.h>
#include <sqlite3.h>
#include <unistd.h>
#include <utf8proc.h>
#include <zlib.h>

#include "base/cpu.h"
#include "catalog/machine.h"
#include "io_help.h"

/* Fails when a member is left unset, or the text holds what a terminal or JSON must not see. */
static void test_all_is_filled(void **state)
{
    (void)state;
    sid_machine machine;
    memset(&machine, 0xff, sizeof machine);
    sid_machine_get(&machine);
    assert_true(strlen(machine.cpu) > 0 && strlen(machine.cpu) < sizeof machine.cpu);
    for (const char *at = machine.cpu; *at; at++)
        assert_true(isprint((unsigned char)*at));
    assert_int_equal(machine.cpus_online, sysconf(_SC_NPROCESSORS_ONLN));
    assert_in_range(machine.cpus_allowed, 1, machine.cpus_online);
    assert_int_equal(machine.cpus_allowed, sid__cpu_allowed_count());
    assert_int_equal(machine.memory_size, (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE));
    assert_int_equal(machine.memory_limit_size, sid__memory_cgroup_limit());
}

/* Fails when the list and the best disagree, or the list names a path that sid_ctx_set_isa refuses. */
static void test_isa_list_can_be_used(void **state)
{
    (void)state;
    sid_machine machine;
    sid_ctx *ctx = NULL;
    sid_machine_get(&machine);
    TEST_OK(sid_ctx_create(&ctx, err));
    const char *last = NULL;
    int count = 0, supported = 0;
    for (char *rest = NULL, *isa = strtok_r(machine.isa_list, " ", &rest); isa; isa = strtok_r(NULL, " ", &rest)) {
        TEST_OK(sid_ctx_set_isa(ctx, isa, err));
        last = isa;
        count++;
    }
    for (int isa = 0; isa < SID__ISA_COUNT; isa++)
        supported += sid__isa_is_supported((sid__isa)isa);
    assert_int_equal(count, supported);
    assert_string_equal(last, machine.isa_best);
    sid_ctx_free(ctx);
}

/* Fails when a version is the header's instead of the loaded library's, or two are swapped. */
static void test_libraries_are_those_loaded(void **state)
{
    (void)state;
    sid_machine machine;
    sid_machine_get(&machine);
    char sqlite[32] = "", jansson[32] = "", utf8proc[32] = "", zlib[32] = "";
    assert_int_equal(sscanf(machine.libraries, "sqlite %31[^,], jansson %31[^,], utf8proc %31[^,], zlib %31s", sqlite,
                            jansson, utf8proc, zlib),
                     4);
    assert_string_equal(sqlite, sqlite3_libversion());
    assert_string_equal(jansson, jansson_version_str());
    assert_string_equal(utf8proc, utf8proc_version());
    assert_string_equal(zlib, zlibVersion());
}

static void expect_name(const char *cpuinfo, const char *wanted, size_t size)
{
    char name[128] = "untouched";
    const char *path = write_temporary("cpuinfo", cpuinfo, strlen(cpuinfo));
    assert_int_equal(sid__cpu_name_read(path, name, size), strcmp(wanted, "untouched") != 0);
    assert_string_equal(name, wanted);
}

/* Fails when another key is taken for the name, blanks stay, control bytes pass, or a long name overruns. */
static void test_names_in_cpuinfo(void **state)
{
    (void)state;
    expect_name("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some(R) CPU   @ 2.00GHz \nmodel name\t: other\n",
                "Some(R) CPU @ 2.00GHz", 128);
    expect_name("model name : a\033[31mb\xc3\xa9\n", "a?[31mb??", 128);
    expect_name("model name\t: 0123456789\n", "012345678", 10);
    expect_name("model name\t: 0 123456789\n", "0", 3);
    expect_name("processor\t: 0\nBogoMIPS\t: 50.00\nCPU part\t: 0xd0c\n", "untouched", 128);
    expect_name("model name\t:  \nmodel name\n", "untouched", 128);
    expect_name("model name\t: no end of line", "no end of line", 128);
    expect_name("", "untouched", 128);
    char name[8] = "same";
    assert_false(sid__cpu_name_read(temporary_path("none"), name, sizeof name));
    assert_string_equal(name, "same");
}

/* Fails when the way without /proc gives nothing; on real x86 both ways name one processor. */
static void test_name_without_proc(void **state)
{
    (void)state;
    char asked[128] = "", read[128] = "", tiny[4];
    sid__cpu_name_ask(asked, sizeof asked);
    assert_true(strlen(asked) > 0);
    sid__cpu_name_ask(tiny, sizeof tiny);
    assert_int_equal(strncmp(tiny, asked, strlen(tiny)), 0);
#if defined(__x86_64__)
    if (sid__cpu_name_read("/proc/cpuinfo", read, sizeof read))
        assert_string_equal(asked, read);
#else
    (void)read;
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_filled),
        cmocka_unit_test(test_isa_list_can_be_used),
        cmocka_unit_test(test_libraries_are_those_loaded),
        cmocka_unit_test(test_names_in_cpuinfo),
        cmocka_unit_test(test_name_without_proc),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
