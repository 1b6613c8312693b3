/* fault_headers.c: fault 3 of docs/reliability.md. Files whose headers promise 2^63 rows, a million tensors or more pages
 * than there are: a named error within 100 ms (a second where the header itself is 50 MB) and less than 64 MB
 * of memory.
 */
#define _GNU_SOURCE
#include "fault.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { MEMORY_KIB = 64 * 1024, QUICK_MS = 100, LARGE_MS = 1000, TENSORS = 1000000, SANITIZED_TIMES = 20 };

typedef struct attempt {
    fixture *f;
    const char *path;
    bool is_catalog, may_succeed;
    int limit_ms;
} attempt;

static long peak_kib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

/* The processor's time of this child, which other work on the machine does not add to. */
static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static sid_status read_it(const attempt *a, sid_error *why)
{
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    sid_verify_result result;
    if (!a->is_catalog) {
        sid_status status = sid_vectors_read(a->f->ctx, a->path, NULL, &vectors, why);
        sid_vectors_free(vectors);
        return status;
    }
    sid_status status = sid_catalog_open(a->f->ctx, a->f->path, SID_OPEN_READ, &catalog, why);
    sid_catalog_close(catalog);
    return status == SID_OK ? sid_catalog_verify(a->f->ctx, a->f->path, true, &result, why) : status;
}

/* In a child of its own, so that its peak is that of this file; what it found is the exit code. */
static int measure(const attempt *a)
{
    sid_error why = {0};
    struct rlimit space = {.rlim_cur = (rlim_t)1 << 30, .rlim_max = (rlim_t)1 << 30};
    if (!IS_SANITIZED && setrlimit(RLIMIT_AS, &space) != 0)
        return 2;
    long before_kib = peak_kib();
    double start_ms = now_ms();
    sid_status status = read_it(a, &why);
    double took_ms = now_ms() - start_ms;
    if (status == SID_OK && !a->may_succeed)
        return 3;
    if (status != SID_OK && (status == SID_ENOMEM || !strstr(why.message, a->f->root))) {
        (void)fprintf(stderr, "%s: %s\n", sid_status_name(status), why.message);
        return 4;
    }
    if (took_ms > a->limit_ms * (IS_SANITIZED ? SANITIZED_TIMES : 1)) {
        (void)fprintf(stderr, "%.0f ms: %s\n", took_ms, why.message);
        return 5;
    }
    if (!IS_SANITIZED && peak_kib() - before_kib > MEMORY_KIB) {
        (void)fprintf(stderr, "%ld KiB: %s\n", peak_kib() - before_kib, why.message);
        return 6;
    }
    return 0;
}

static void try_file(const attempt *a, const char *name)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(measure(a));
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: the reader ends with %d (3: accepted, 4: unnamed, 5: slow, 6: large)", name,
                 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    TEST_OK(sid__replace_whole(path, bytes, size, err));
}

/* ---- npy ---------------------------------------------------------------------------------------------------------- */

/* Fails when a shape is believed before the file's size was asked. */
static void test_npy(void **state)
{
    static const char *const shape[] = {"(9223372036854775807, 2)",
                                        "(1099511627776, 1099511627776)",
                                        "(18446744073709551617, 1)",
                                        "(-1, 3)",
                                        "(4611686018427387905, 4)",
                                        "(1000000000, 65536)",
                                        "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"};
    fixture *f = *state;
    char path[PATH_MAX + 16], bytes[512];
    (void)snprintf(path, sizeof path, "%s/lying.npy", f->root);
    const attempt a = {.f = f, .path = path, .limit_ms = QUICK_MS};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        int length = snprintf(bytes + 10, sizeof bytes - 10,
                              "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }\n", shape[i]);
        memcpy(bytes, "\x93NUMPY\x01\x00", 8);
        bytes[8] = (char)(length & 0xff);
        bytes[9] = (char)(length >> 8);
        write_file(path, bytes, 10 + (size_t)length + 64);
        try_file(&a, shape[i]);
    }
    memcpy(bytes, "\x93NUMPY\x02\x00\xff\xff\xff\xff{", 13); /* a header of 4 GiB */
    write_file(path, bytes, 100);
    try_file(&a, "a header of 4 GiB");
}

/* ---- safetensors -------------------------------------------------------------------------------------------------- */

static void write_tensors(const char *path, uint64_t told, const char *header, size_t size)
{
    char *bytes = malloc(size + 8 + 16);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(told >> (8 * i) & 0xff);
    memcpy(bytes + 8, header, size);
    memset(bytes + 8 + size, 0, 16);
    write_file(path, bytes, size + 8 + 16);
    free(bytes);
}

/* A million empty tensors: some 50 MB of header. */
static void try_a_million_tensors(const attempt *a, const char *path)
{
    sid__strbuf header = {0};
    TEST_OK(sid__strbuf_printf(&header, err, "{"));
    for (int i = 0; i < TENSORS; i++)
        TEST_OK(sid__strbuf_printf(&header, err, "%s\"%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}",
                                   i ? "," : "", i));
    TEST_OK(sid__strbuf_append(&header, "}", 1, err));
    write_tensors(path, (uint64_t)header.length, header.text, (size_t)header.length);
    sid__strbuf_drop(&header);
    attempt large = *a;
    large.limit_ms = LARGE_MS;
    try_file(&large, "a million tensors");
}

/* Fails when sizes, ranks, counts or places of tensors are believed. */
static void test_safetensors(void **state)
{
    static const char *const header[] = {
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,4],\"data_offsets\":[0,16]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,16]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,18446744073709551615]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
        "\"y\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[8,16]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
        "1,1,"
        "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4],\"data_offsets\":[0,16]}}",
    };
    static const uint64_t told[] = {UINT64_MAX, (uint64_t)1 << 63, (uint64_t)1 << 40, 99 << 20};
    fixture *f = *state;
    char path[PATH_MAX + 32], named[PATH_MAX + 40];
    (void)snprintf(path, sizeof path, "%s/lying.safetensors", f->root);
    (void)snprintf(named, sizeof named, "%s:x", path);
    const attempt a = {.f = f, .path = named, .limit_ms = QUICK_MS};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
        write_tensors(path, strlen(header[i]), header[i], strlen(header[i]));
        try_file(&a, header[i]);
    }
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        write_tensors(path, told[i], header[0], strlen(header[0]));
        try_file(&a, "a header longer than the file");
    }
    try_a_million_tensors(&a, path);
}

/* ---- items.db and index.bin ----------------------------------------------------------------------------------------- */

/* Fails when a catalogue is opened by what its files' headers say without a look at the files. */
static void test_catalog_files(void **state)
{
    static const struct {
        const char *name, *file;
        int64_t offset;
        unsigned char bytes[8];
        size_t size;
    } lie[] = {
        {"2^32 pages", "items.db", 28, {0xff, 0xff, 0xff, 0xff}, 4},
        {"a page", "items.db", 28, {0, 0, 0, 1}, 4},
        {"pages of 64 KiB", "items.db", 16, {0, 1}, 2},
        {"2^31 free pages", "items.db", 36, {0x7f, 0xff, 0xff, 0xff}, 4},
        {"2^32 positions", "index.bin", 24, {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 8},
        {"2^63 positions", "index.bin", 24, {0, 0, 0, 0, 0, 0, 0, 0x80}, 8},
        {"65,535 levels", "index.bin", 12, {0xff, 0xff, 0, 0}, 4},
    };
    fixture *f = *state;
    char saved[PATH_MAX];
    (void)snprintf(saved, sizeof saved, "%s/saved", f->root);
    fixture_fit(f, NULL, NULL);
    copy_tree(f->path, saved);
    for (size_t i = 0; i < sizeof lie / sizeof *lie; i++) {
        copy_tree(saved, f->path);
        int fd = open(fixture_file(f, lie[i].file), O_RDWR);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, lie[i].bytes, lie[i].size, lie[i].offset), lie[i].size);
        (void)close(fd);
        /* A lying index is rebuilt. */
        const attempt a = {.f = f, .is_catalog = true, .may_succeed = lie[i].file[1] == 'n', .limit_ms = LARGE_MS};
        try_file(&a, lie[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_npy), FIXTURE_TEST(test_safetensors),
                                       FIXTURE_TEST(test_catalog_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
