/* fault.h: what the fault programs share: SQLite's calls under the injector of base/io_fault, saved catalogues, and the
 * choice of points: sampled in CI, every one where SEMID_SOAK is set (./dev soak). SEMID_FAULT_SEED draws other samples.
 */
#ifndef SEMID_FAULT_H
#define SEMID_FAULT_H

#include "catalog_fixture.h"

#include "base/io_fault.h"
#include "base/mem.h"

/* Memory and time are measured, and most points tried, without a sanitizer. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* Puts open, read, write, truncate and sync of SQLite's unix VFS under sid__io_fail. */
void sqlite_faults_install(void);
/* Puts the memory of SQLite and jansson under counters of their own; before either is used. */
void library_memory_install(void);
typedef enum library { SQLITE, JANSSON } library;
/* As sid__mem_fail and sid__mem_calls, for what one of the two allocates. */
void library_memory_fail(library which, int64_t after, int64_t times);
int64_t library_memory_calls(void);

static inline bool is_soak(void)
{
    const char *text = getenv("SEMID_SOAK");
    return text && text[0] && strcmp(text, "0") != 0;
}

static inline uint64_t fault_seed(void)
{
    const char *text = getenv("SEMID_FAULT_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

/* Number `point` of `points`, of 0 .. total-1: drawn in CI, in order in soak. */
static inline int64_t fault_place(uint64_t stream, int64_t point, int64_t total)
{
    if (is_soak())
        return point;
    return (int64_t)sid__philox_below(fault_seed() + stream, SID__STREAM_TEST, (uint64_t)point, (uint64_t)total);
}

/* How many points to try of `total`: `sampled` of them in CI. */
static inline int64_t fault_points(int64_t total, int64_t sampled)
{
    return is_soak() || total < sampled ? total : sampled;
}

static inline void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 16];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
        assert_int_equal(write(out, bytes, (size_t)n), n);
    (void)close(in);
    (void)close(out);
}

/* Makes `to` the same plain files as `from`. */
static inline void copy_tree(const char *from, const char *to)
{
    char source[PATH_MAX + 300], target[PATH_MAX + 300];
    TEST_OK(sid__remove_tree(to, err));
    assert_int_equal(mkdir(to, 0777), 0);
    DIR *directory = opendir(from);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        (void)snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        copy_file(source, target);
    }
    (void)closedir(directory);
}

/* "id sid" of every item, one a line. Free with sid__free. */
static inline char *handle_text(sid_catalog *catalog)
{
    sid__strbuf text = {0};
    sid_hits all = {0};
    TEST_OK(sid_catalog_items(catalog, &all, err));
    TEST_OK(sid__strbuf_printf(&text, err, "%s", ""));
    for (int64_t i = 0; i < all.count; i++)
        TEST_OK(sid__strbuf_printf(&text, err, "%s %s\n", all.row[i].item_id, all.row[i].sid));
    sid_hits_drop(&all);
    return sid__strbuf_take(&text);
}

/* The same of the catalogue at `path`, which must be whole. */
static inline char *whole_text(fixture *f, const char *path)
{
    sid_verify_result result;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_catalog_verify(f->ctx, path, true, &result, err));
    TEST_OK(sid_catalog_open(f->ctx, path, SID_OPEN_READ, &catalog, err));
    char *text = handle_text(catalog);
    sid_catalog_close(catalog);
    return text;
}

/* What killed and failed writers of a new catalogue leave in `root`. */
static inline int temporaries_of(const char *root)
{
    int count = 0;
    DIR *directory = opendir(root);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += strstr(entry->d_name, ".tmp-") != NULL;
    (void)closedir(directory);
    return count;
}

#endif
