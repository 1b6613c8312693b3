/* test_cgroup.c: limits read from trees like those of containers, systemd units and cluster jobs. */
#define _GNU_SOURCE
#include "base/cgroup.h"

#include <ftw.h>
#include <sys/stat.h>

#include "io_help.h"

/* Makes the directories of `name` below the test's root, and the file with `text`. */
static void put(const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s", temporary_path("root"));
    (void)mkdir(path, 0777);
    (void)snprintf(path, sizeof path, "%s/%s", temporary_path("root"), name);
    for (char *slash = path + strlen(temporary_path("root/")); (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        (void)mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* cpus are compared in hundredths. */
static void expect(const char *membership, int cpus_percent, size_t memory_size)
{
    char path[512];
    sid__cgroup got = {-1, 1};
    (void)snprintf(path, sizeof path, "%s", write_temporary("membership", membership, strlen(membership)));
    sid__cgroup_read(temporary_path("root"), path, &got);
    assert_int_equal((int)(got.cpus * 100 + 0.5), cpus_percent);
    assert_int_equal(got.memory_size, memory_size);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(temporary_path("root"), remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Fails when a machine without limits gets one, or missing files are an error. */
static void test_no_limits(void **state)
{
    (void)state;
    expect("", 0, 0);
    expect("0::/\n", 0, 0);
    put("cpu.max", "max 100000\n");
    put("memory.max", "max\n");
    put("cpu/cpu.cfs_quota_us", "-1\n");
    put("cpu/cpu.cfs_period_us", "100000\n");
    put("memory/memory.limit_in_bytes", "9223372036854771712\n");
    expect("0::/\n4:cpu,cpuacct:/\n9:memory:/\n", 0, 0);
    sid__cgroup got = {-1, 1};
    sid__cgroup_read(temporary_path("none"), temporary_path("none"), &got);
    assert_true(got.cpus <= 0 && got.cpus >= 0 && got.memory_size == 0);
}

/* Fails when a container's own root (version 2) is not read. */
static void test_container(void **state)
{
    (void)state;
    put("cpu.max", "150000 100000\n");
    put("memory.max", "1073741824\n");
    expect("0::/\n", 150, 1073741824);
    expect("", 150, 1073741824);
    expect("0::/../../other\n", 150, 1073741824);
}

/* Fails when the limit of a unit, or a smaller one of a slice above it, is not found, or another unit's is. */
static void test_systemd_unit(void **state)
{
    (void)state;
    put("system.slice/semid.service/cpu.max", "200000 100000\n");
    put("system.slice/semid.service/memory.max", "max\n");
    put("system.slice/cpu.max", "50000 100000\n");
    put("system.slice/memory.max", "2000\n");
    put("user.slice/memory.max", "1\n");
    put("system.slice/semid.service/deeper/memory.max", "2\n");
    expect("0::/system.slice/semid.service\n", 50, 2000);
    expect("0::/system.slice/gone/gone\n", 50, 2000);
    expect("0::/system.slice/\n", 50, 2000);
    expect("0::/\n", 0, 0);
}

/* Fails when version 1's controllers are mixed up, or a host's path inside a container ends the search. */
static void test_version_1(void **state)
{
    (void)state;
    put("cpu/jobs/7/cpu.cfs_quota_us", "30000\n");
    put("cpu/jobs/7/cpu.cfs_period_us", "100000\n");
    put("memory/jobs/7/memory.limit_in_bytes", "4096\n");
    put("memory/memory.limit_in_bytes", "8192\n");
    expect("9:memory:/jobs/7\n8:pids:/x\n4:cpu,cpuacct:/jobs/7\n1:name=systemd:/y\n0::/z\n", 30, 4096);
    expect("9:memory:/docker/abc\n4:cpuacct,cpu:/docker/abc\n", 0, 8192);
    expect("4:cpuset,cpuacct:/jobs/7\n", 0, 0);
}

/* Fails when lines or files that are none of ours crash or count. */
static void test_odd_files(void **state)
{
    (void)state;
    put("cpu.max", "garbage\n");
    put("memory.max", "-5\n");
    put("cpu/cpu.cfs_quota_us", "");
    put("cpu/cpu.cfs_period_us", "0\n");
    expect("nothing here\n:\n::\n0:::\n\n4:cpu\n", 0, 0);
    static char line[9000];
    memset(line, 'p', sizeof line - 1);
    memcpy(line, "0::/", 4);
    expect(line, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_no_limits, remove_root),
        cmocka_unit_test_teardown(test_container, remove_root),
        cmocka_unit_test_teardown(test_systemd_unit, remove_root),
        cmocka_unit_test_teardown(test_version_1, remove_root),
        cmocka_unit_test_teardown(test_odd_files, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
