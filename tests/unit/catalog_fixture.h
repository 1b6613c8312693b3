/* catalog_fixture.h: what the tests of catalog/ share: a temporary directory, seeded vectors, a small catalogue. */
#ifndef SEMID_CATALOG_FIXTURE_H
#define SEMID_CATALOG_FIXTURE_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/philox.h"
#include "base/vfs.h"

enum { FIXTURE_DIM = 6, FIXTURE_ITEMS = 200, FIXTURE_CENTERS = 12 };

/* `path` is a catalogue's place in the fresh directory `root`; `warnings` counts what the log was told. */
typedef struct fixture {
    sid_ctx *ctx;
    char root[PATH_MAX - 64], path[PATH_MAX];
    int warnings, infos;
    char warning[1024];
} fixture;

__attribute__((unused)) static void fixture_log(void *user, sid_log_level level, const char *message)
{
    fixture *f = user;
    f->warnings += level == SID_LOG_WARNING;
    f->infos += level == SID_LOG_INFO;
    if (level == SID_LOG_WARNING)
        (void)snprintf(f->warning, sizeof f->warning, "%s", message);
}

__attribute__((unused)) static int fixture_setup(void **state)
{
    fixture *f = test_calloc(1, sizeof *f);
    const char *base = getenv("TMPDIR");
    (void)snprintf(f->root, sizeof f->root, "%s/semid-test-XXXXXX", base && base[0] ? base : "/tmp");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->path, sizeof f->path, "%s/catalog", f->root);
    TEST_OK(sid_ctx_create(&f->ctx, err));
    TEST_OK(sid_ctx_set_threads(f->ctx, 2, err));
    sid_ctx_on_log(f->ctx, fixture_log, f);
    *state = f;
    return 0;
}

/* Removes root, the catalogues in it and what killed writers left. */
__attribute__((unused)) static int fixture_teardown(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX];
    DIR *root = opendir(f->root);
    for (struct dirent *entry; root && (entry = readdir(root));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            snprintf(path, sizeof path, "%s/%s", f->root, entry->d_name) > 0)
            TEST_OK(sid__remove_tree(path, err));
    if (root)
        (void)closedir(root);
    (void)rmdir(f->root);
    sid_ctx_free(f->ctx);
    test_free(f);
    return 0;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* `count` points round FIXTURE_CENTERS centres, drawn from `seed`; ids are PREFIX0, PREFIX1, .. */
__attribute__((unused)) static sid_vectors *fixture_vectors(fixture *f, int64_t count, uint64_t seed,
                                                            const char *prefix)
{
    float *x = test_calloc((size_t)count * FIXTURE_DIM, sizeof *x);
    char(*text)[32] = test_calloc((size_t)count, sizeof *text);
    const char **ids = test_calloc((size_t)count, sizeof *ids);
    sid_vectors *vectors = NULL;
    for (int64_t i = 0; i < count; i++) {
        uint64_t center = sid__philox_below(seed, SID__STREAM_TEST, (uint64_t)i, FIXTURE_CENTERS);
        for (int d = 0; d < FIXTURE_DIM; d++)
            x[i * FIXTURE_DIM + d] = (float)(4 * sid__philox_uniform(1, SID__STREAM_TEST, 1000 * center + (uint64_t)d) +
                                             sid__philox_uniform(seed, SID__STREAM_SYNTH, (uint64_t)(i * 64 + d)));
        (void)snprintf(text[i], sizeof text[i], "%s%d", prefix, (int)i);
        ids[i] = text[i];
    }
    TEST_OK(sid_vectors_create(f->ctx, x, count, FIXTURE_DIM, ids, &vectors, err));
    test_free(x);
    test_free(text);
    test_free(ids);
    return vectors;
}

/* Fits FIXTURE_ITEMS items "i0".. into f->path; `options` NULL: 3 levels of 4 codes. */
__attribute__((unused)) static void fixture_fit(fixture *f, const sid_fit_options *options, sid_catalog **out)
{
    const sid_fit_options small = {.levels = 3, .codes = "4"};
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    TEST_OK(sid_catalog_fit(f->ctx, options ? options : &small, vectors, f->path, out, err));
    sid_vectors_free(vectors);
}

__attribute__((unused)) static char *fixture_file(const fixture *f, const char *name)
{
    static char path[PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/%s", f->path, name);
    return path;
}

__attribute__((unused)) static void flip_bit(const char *path, int64_t offset, int bit)
{
    unsigned char byte = 0;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte = (unsigned char)(byte ^ 1u << bit);
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    (void)close(fd);
}

__attribute__((unused)) static int64_t file_size(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_size;
}

/* Entries of a directory without "." and "..". */
__attribute__((unused)) static int count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(directory);
    return count;
}

#endif
