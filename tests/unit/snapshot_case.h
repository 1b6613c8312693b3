/* snapshot_case.h: tables with something in them, and their files as bytes. */
#ifndef SEMID_SNAPSHOT_CASE_H
#define SEMID_SNAPSHOT_CASE_H

#include <unistd.h>

#include "base/vfs.h"
#include "io/sha256.h"
#include "table/snapshot.h"
#include "table_case.h"

/* Seeded visits and steps `from` .. `to` - 1, an hour each. */
static inline void train_table(sid_table *table, int from, int to)
{
    enum { BATCH = 20, DIM_MAX = 32 };
    for (int i = from; i < to; i++) {
        uint64_t key[BATCH];
        float gradient[BATCH * DIM_MAX];
        for (int k = 0; k < BATCH; k++)
            key[k] = draw_u64(21, (int64_t)(draw_u64(22, i * BATCH + k) % 90));
        fill_uniform(gradient, BATCH * DIM_MAX, (uint64_t)i);
        TEST_OK(sid_table_visit(table, key, BATCH, i * 3600, NULL, err));
        TEST_OK(sid_table_apply(table, key, BATCH, gradient, err));
        if (table->setup.ttl_s > 0 && i % 16 == 15)
            TEST_OK(sid_table_expire(table, i * 3600, NULL, err));
    }
}

typedef struct table_bytes {
    char *bytes;
    int64_t size;
} table_bytes;

static inline table_bytes bytes_of_file(const char *path)
{
    table_bytes file = {0};
    TEST_OK(sid__read_whole(path, INT64_C(1) << 30, &file.bytes, &file.size, err));
    return file;
}

static inline void write_bytes(const char *path, const char *bytes, int64_t size)
{
    TEST_OK(sid__replace_whole(path, bytes, (size_t)size, err));
}

static inline table_bytes saved(const sid_table *table, const char *path)
{
    TEST_OK(sid_table_save(table, path, err));
    return bytes_of_file(path);
}

/* Puts the digits right after a change. */
static inline void hash_again(table_bytes file)
{
    char hex[SID__SHA256_HEX_SIZE];
    size_t end = (size_t)file.size - SID__SNAPSHOT_TAIL;
    sid__sha256_bytes(file.bytes, end, hex);
    memcpy(file.bytes + end, hex, 64);
}

#endif
