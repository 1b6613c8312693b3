/* test_snapshot.c: equal tables give equal bytes; files appear whole or not at all; what is served is near what was trained. */
#include "io/safetensors.h"
#include "snapshot_case.h"

static const char path[] = "test_snapshot.safetensors";
static const sid_slice slice[] = {{.dim = 8, .serving = "int8"},
                                  {.dim = 6, .optimizer = "adam", .serving = "fp16"},
                                  {.dim = 1, .initializer = "zero", .optimizer = "ftrl"}};
static const sid_table_options options = {
    .slice = slice, .slice_count = 3, .admit_count = 2, .admit_cells = 4096, .ttl_days = 2};

/* Fails when row numbers, the order of arrival within a call or threads reach the file: rows are numbered anew by evictions in one
 * of the two tables, and come in another order. */
static void equal_tables_give_equal_bytes(void **state)
{
    const sid_slice one = {.dim = 4};
    table_bytes file[2];
    (void)state;
    for (int run = 0; run < 2; run++) {
        sid_ctx *ctx = new_ctx(1 + 2 * run, NULL);
        sid_table *table = new_table(ctx, &(sid_table_options){.slice = &one, .slice_count = 1});
        uint64_t key[500];
        if (run == 0)
            for (uint64_t i = 0; i < 3; i++) /* rows 0 to 2 go when others have come */
                key[i] = 1000000 + i;
        for (int i = 0; i < 497; i++)
            key[3 + i] = draw_u64(1, run ? 496 - i : i);
        TEST_OK(sid_table_visit(table, key + 3 * run, 500 - 3 * run, 7, NULL, err));
        if (run == 0)
            TEST_OK(sid_table_evict(table, key, 3, NULL, err));
        table->sights = 0; /* these differ, and are saved */
        file[run] = saved(table, path);
        sid_table_free(table);
        sid_ctx_free(ctx);
    }
    assert_int_equal(file[0].size, file[1].size);
    assert_memory_equal(file[0].bytes, file[1].bytes, (size_t)file[0].size);
    sid__free(file[0].bytes);
    sid__free(file[1].bytes);
    (void)unlink(path);
}

/* Fails when the file is no safetensors, or a tensor of it changes name, type or shape without a new format. */
static void the_file_is_safetensors(void **state)
{
    static const char *const name[] = {
        "keys",          "last_use",        "slice.0.weights", "slice.0.state", "slice.1.weights",
        "slice.1.state", "slice.2.weights", "slice.2.state",   "filter",        "filter.newest",
        "about"};
    static const char *const dtype[] = {"U64", "U32", "F32", "F32", "F32", "F32", "F32", "F32", "U32", "U8", "U8"};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_table(ctx, &options);
    sid__safetensors_header header = {0};
    (void)state;
    train_table(table, 0, 30);
    table_bytes file = saved(table, path);
    TEST_OK(sid__safetensors_parse_header(file.bytes, (size_t)file.size, file.size, path, &header, err));
    assert_int_equal(header.count, 11);
    for (int i = 0; i < 11; i++) {
        assert_string_equal(header.entry[i].name, name[i]);
        assert_string_equal(header.entry[i].dtype_name, dtype[i]);
    }
    assert_int_equal(header.entry[5].shape[1], 13);
    assert_int_equal(header.data_offset % 64, 0);
    sid__safetensors_header_drop(&header);
    sid__free(file.bytes);
    sid_table_free(table);
    sid_ctx_free(ctx);
    (void)unlink(path);
}

/* Fails when a save that finds no disk or memory leaves half a file, or takes the old one away. */
static void a_failed_save_leaves_the_old_file(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_table(ctx, &options);
    int failures = 0;
    (void)state;
    train_table(table, 0, 5);
    table_bytes before = saved(table, path);
    train_table(table, 5, 10);
    for (int at = 0; at < 200; at++) {
        sid__mem_fail(at, 1);
        sid_status status = sid_table_save(table, path, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        failures++;
        table_bytes after = bytes_of_file(path);
        assert_true(after.size == before.size && memcmp(after.bytes, before.bytes, (size_t)before.size) == 0);
        sid__free(after.bytes);
    }
    assert_true(failures > 4);
    assert_int_equal(sid_table_save(table, "no/such/folder/t.safetensors", NULL), SID_EIO);
    sid__free(before.bytes);
    sid_table_free(table);
    sid_ctx_free(ctx);
    (void)unlink(path);
}

/* Fails when a served row is further from the trained one than its type allows, when an unseen key is read otherwise, or when a
 * served table can be changed. */
static void served_rows_are_near(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_table(ctx, &options), *served = NULL;
    uint64_t key[100];
    float trained[15], read[15];
    int64_t count = 0;
    sid_table_info info;
    (void)state;
    train_table(table, 0, 40);
    TEST_OK(sid_table_save_serving(table, path, err));
    table_bytes first = bytes_of_file(path);
    TEST_OK(sid_table_open_serving(ctx, path, &served, err));
    TEST_OK(sid_table_keys(table, key, 100, &count, err));
    assert_true(count > 20);
    sid_table_get_info(served, &info);
    assert_true(info.is_serving && info.rows == count && info.dim == 15 && info.row_size == 4 + 8 + 12 + 4);
    for (int64_t i = 0; i < count; i++) {
        float most = 0;
        TEST_OK(sid_table_lookup(table, &key[i], 1, SID_UNSEEN_ZERO, trained, err));
        TEST_OK(sid_table_gather_sum(served, &key[i], (const int64_t[]){0, 1}, 1, SID_UNSEEN_ZERO, read, err));
        for (int d = 0; d < 8; d++)
            most = fmaxf(most, fabsf(trained[d]));
        for (int d = 0; d < 8; d++)
            assert_near(trained[d], read[d], (double)most / 254 * (1 + 1e-5));
        for (int d = 8; d < 14; d++)
            assert_near(trained[d], read[d], fabs((double)trained[d]) / 2048 + 1e-7);
        assert_true(trained[14] == read[14]);
    }
    const uint64_t pair[2] = {key[0], key[1]}, unseen = 12345;
    TEST_OK(sid_table_lookup(served, &pair[0], 1, SID_UNSEEN_ZERO, trained, err));
    TEST_OK(sid_table_gather_sum(served, pair, (const int64_t[]){0, 2}, 1, SID_UNSEEN_ZERO, read, err));
    float second[15];
    TEST_OK(sid_table_lookup(served, &pair[1], 1, SID_UNSEEN_ZERO, second, err));
    for (int d = 0; d < 15; d++)
        assert_true(read[d] == trained[d] + second[d]);
    TEST_OK(sid_table_lookup(table, &unseen, 1, SID_UNSEEN_INIT, trained, err));
    TEST_OK(sid_table_lookup(served, &unseen, 1, SID_UNSEEN_INIT, read, err));
    assert_memory_equal(trained, read, sizeof read);
    TEST_FAILS(sid_table_visit(served, key, 1, 0, NULL, err), SID_EREADONLY, "opened for serving");
    TEST_FAILS(sid_table_apply(served, key, 1, trained, err), SID_EREADONLY, "opened for serving");
    TEST_FAILS(sid_table_save(served, path, err), SID_EREADONLY, "no state");
    TEST_OK(sid_table_save_serving(served, path, err));
    table_bytes again = bytes_of_file(path);
    assert_true(first.size == again.size && memcmp(first.bytes, again.bytes, (size_t)first.size) == 0);
    sid__free(first.bytes);
    sid__free(again.bytes);
    sid_table_free(served);
    sid_table_free(table);
    sid_ctx_free(ctx);
    (void)unlink(path);
}

/* Fails when tables of the other kinds are served otherwise than they read. */
static void other_kinds_are_served(void **state)
{
    static const char *const kind[] = {"capped", "hashed", "double"};
    const sid_slice plain = {.dim = 4};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int k = 0; k < 3; k++) {
        sid_table *table = new_table(
            ctx, &(sid_table_options){.kind = kind[k], .rows = 60, .hash_seed = 5, .slice = &plain, .slice_count = 1});
        sid_table *served = NULL;
        train_table(table, 0, 20);
        TEST_OK(sid_table_save_serving(table, path, err));
        TEST_OK(sid_table_open_serving(ctx, path, &served, err));
        for (int64_t i = 0; i < 90; i++) {
            uint64_t key = draw_u64(21, i);
            assert_true(first_of(table, key) == first_of(served, key));
        }
        sid_table_free(served);
        sid_table_free(table);
    }
    sid_ctx_free(ctx);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_tables_give_equal_bytes),
        cmocka_unit_test(the_file_is_safetensors),
        cmocka_unit_test(a_failed_save_leaves_the_old_file),
        cmocka_unit_test(served_rows_are_near),
        cmocka_unit_test(other_kinds_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
