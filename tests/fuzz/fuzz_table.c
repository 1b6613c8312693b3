/* fuzz_table.c: snapshots of tables, for training and for serving, with the hash put right so that the code behind it is reached.
 * Oracle: a table that was taken saves, and what it saves is taken again and saves the same bytes.
 */
#include <string.h>

#include "fuzz.h"
#include "fuzz_file.h"
#include "io/sha256.h"
#include "semid_rank.h"
#include "table/snapshot.h"

static void put(const char *path, const uint8_t *data, size_t size)
{
    static uint8_t bytes[1 << 16];
    char hex[SID__SHA256_HEX_SIZE];
    if (size < SID__SNAPSHOT_TAIL || size > sizeof bytes) {
        fuzz_write(path, data, size);
        return;
    }
    size_t end = size - SID__SNAPSHOT_TAIL;
    memcpy(bytes, data, end);
    sid__sha256_bytes(bytes, end, hex);
    memcpy(bytes + end, hex, 64);
    memcpy(bytes + end + 64, "\"}", 2);
    fuzz_write(path, bytes, size);
}

static void check_training(sid_ctx *ctx, const char *path)
{
    static const sid_slice slice[] = {{.dim = 2}, {.dim = 1, .optimizer = "adam"}};
    const sid_table_options options = {.kind = "capped", .rows = 9, .slice = slice, .slice_count = 2};
    sid_table *table = NULL, *again = NULL;
    FUZZ_CHECK(sid_table_create(ctx, &options, &table, NULL) == SID_OK);
    FUZZ_CHECK(sid_table_create(ctx, &options, &again, NULL) == SID_OK);
    if (sid_table_restore(table, path, NULL) == SID_OK) {
        uint64_t key = 7;
        float row[3] = {1, 1, 1};
        FUZZ_CHECK(sid_table_save(table, fuzz_file("b"), NULL) == SID_OK);
        FUZZ_CHECK(sid_table_restore(again, fuzz_file("b"), NULL) == SID_OK);
        FUZZ_CHECK(sid_table_visit(table, &key, 1, 5, row, NULL) == SID_OK);
        FUZZ_CHECK(sid_table_apply(table, &key, 1, row, NULL) == SID_OK);
    }
    sid_table_free(table);
    sid_table_free(again);
}

static void check_serving(sid_ctx *ctx, const char *path)
{
    sid_table *table = NULL, *again = NULL;
    sid_table_info info;
    if (sid_table_open_serving(ctx, path, &table, NULL) != SID_OK)
        return;
    sid_table_get_info(table, &info);
    FUZZ_CHECK(info.is_serving && info.dim > 0 && info.dim <= SID_DIM_MAX);
    FUZZ_CHECK(sid_table_save_serving(table, fuzz_file("b"), NULL) == SID_OK);
    FUZZ_CHECK(sid_table_open_serving(ctx, fuzz_file("b"), &again, NULL) == SID_OK);
    sid_table_free(table);
    sid_table_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid_ctx *ctx = NULL;
    FUZZ_CHECK(sid_ctx_create(&ctx, NULL) == SID_OK);
    FUZZ_CHECK(sid_ctx_set_threads(ctx, 1, NULL) == SID_OK);
    put(fuzz_file("a"), data, size);
    check_training(ctx, fuzz_file("a"));
    check_serving(ctx, fuzz_file("a"));
    fuzz_remove("a", "b");
    sid_ctx_free(ctx);
    return 0;
}
