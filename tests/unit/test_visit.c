/* test_visit.c: who gets a row, and that a failure leaves the table as it was. */
#include "table_case.h"

static const sid_slice slice = {.dim = 4};

/* Fails when rows depend on the order in which keys arrive, or on the number of threads. */
static void rows_depend_on_keys_alone(void **state)
{
    enum { KEYS = 6000 };
    uint64_t key[2][KEYS];
    float out[2][KEYS][4];
    (void)state;
    for (int run = 0; run < 2; run++) {
        sid_ctx *ctx = new_ctx(run ? 3 : 1, NULL);
        sid_table *table = new_growing(ctx, 4, NULL, NULL);
        for (int i = 0; i < KEYS; i++)
            key[run][i] = draw_u64(1, run ? KEYS - 1 - i : i);
        TEST_OK(sid_table_visit(table, key[run], KEYS, 0, NULL, err));
        TEST_OK(sid_table_lookup(table, key[0], KEYS, SID_UNSEEN_ZERO, out[run][0], err));
        assert_int_equal(rows_of(table), KEYS);
        sid_table_free(table);
        sid_ctx_free(ctx);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    double sum = 0, most = 0;
    for (int i = 0; i < KEYS; i++)
        for (int d = 0; d < 4; d++) {
            sum += (double)out[0][i][d];
            most = fabs((double)out[0][i][d]) > most ? fabs((double)out[0][i][d]) : most;
        }
    assert_near(sum / (4 * KEYS), 0, 0.001);
    assert_true(most <= 0.05 && most > 0.0499);
}

/* Fails when a key gets its row before or after its third sight, or when one call's sights are not summed. */
static void the_third_sight_admits(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_table(ctx, &(sid_table_options){.slice = &slice, .slice_count = 1, .admit_count = 3});
    const uint64_t twice[2] = {9, 9};
    float out[2 * 4];
    (void)state;
    see(table, 5, 0);
    see(table, 5, 0);
    TEST_OK(sid_table_visit(table, twice, 1, 0, out, err));
    assert_true(out[0] == 0 && rows_of(table) == 0);
    see(table, 5, 0);
    assert_int_equal(rows_of(table), 1);
    TEST_OK(sid_table_visit(table, twice, 2, 0, out, err));
    assert_int_equal(rows_of(table), 2);
    assert_true(out[0] != 0);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when the chance of a sight is not 1 - .05^(1/T): 95 of 100 keys are in after T sights, and a share of 1 - .05^(k/T) after
 * k; or when the draws depend on how sights are cut into calls. */
static void chance_admits_as_specified(void **state)
{
    enum { KEYS = 4000, T = 10 };
    uint64_t key[KEYS];
    int64_t rows[2][T];
    (void)state;
    for (int i = 0; i < KEYS; i++)
        key[i] = draw_u64(3, i);
    for (int run = 0; run < 2; run++) {
        sid_ctx *ctx = new_ctx(1, NULL);
        sid_table *table = new_table(ctx, &(sid_table_options){.slice = &slice, .slice_count = 1, .admit_prob = T});
        for (int round = 0; round < T; round++) {
            for (int i = 0; i < KEYS; i += run ? 500 : KEYS)
                TEST_OK(sid_table_visit(table, key + i, run ? 500 : KEYS, 0, NULL, err));
            rows[run][round] = rows_of(table);
        }
        sid_table_free(table);
        sid_ctx_free(ctx);
    }
    assert_memory_equal(rows[0], rows[1], sizeof rows[0]);
    assert_near((double)rows[0][0] / KEYS, 1 - pow(0.05, 0.1), 0.02);
    assert_near((double)rows[0][T - 1] / KEYS, 0.95, 0.012);
}

/* What a capped table of the spec does, by looking at all rows: the least (score, key) goes, unless this visit saw it. */
typedef struct capped_row {
    uint64_t key;
    int64_t count, last_use, seen;
} capped_row;

enum { CAP = 40 };

static void plain_capped(capped_row *row, int *rows, uint64_t key, int64_t time_s, int64_t visit)
{
    int least = -1;
    double score = 0;
    for (int i = 0; i < *rows; i++)
        if (row[i].key == key) {
            row[i].count++;
            row[i].last_use = time_s;
            row[i].seen = visit;
            return;
        }
    for (int i = 0; i < CAP && *rows == CAP; i++) {
        double own = log2((double)row[i].count) + (double)row[i].last_use / 86400;
        if (least < 0 || own < score - 1e-12 || (own < score + 1e-12 && row[i].key < row[least].key)) {
            least = i;
            score = own;
        }
    }
    if (least >= 0 && row[least].seen == visit)
        return;
    row[least >= 0 ? least : (*rows)++] = (capped_row){key, 1, time_s, visit};
}

/* Fails when another row goes than the least, or when the table grows beyond its rows. */
static void the_least_row_goes(void **state)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_table *table = new_table(
        ctx,
        &(sid_table_options){.kind = "capped", .rows = CAP, .half_life_days = 1, .slice = &slice, .slice_count = 1});
    capped_row row[CAP];
    int rows = 0;
    (void)state;
    for (int64_t visit = 1; visit < 3000; visit++) {
        uint64_t key = draw_u64(5, visit) % 100 * (draw_u64(6, visit) % 100) / 100, listed[CAP];
        int64_t count = 0;
        see(table, key, visit * 5000);
        plain_capped(row, &rows, key, visit * 5000, visit);
        TEST_OK(sid_table_keys(table, listed, CAP, &count, err));
        assert_int_equal(count, rows);
        for (int i = 0; i < rows; i++)
            assert_non_null(sid__cuckoo_find(&table->shard[sid__shard_of(sid__mix64(row[i].key))], row[i].key,
                                             sid__mix64(row[i].key)));
    }
    uint64_t many[3 * CAP];
    for (int i = 0; i < 3 * CAP; i++)
        many[i] = 1000 + (uint64_t)i;
    TEST_OK(sid_table_visit(table, many, 3 * CAP, INT64_C(3000) * 5000 + 86400 * 60, NULL, err));
    assert_int_equal(rows_of(table), CAP);
    for (int i = 0; i < 3 * CAP; i++) /* the first CAP took all rows; none goes for those behind them */
        assert_true((first_of(table, many[i]) != 0) == (i < CAP));
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when a visit that finds no memory leaves some of its keys, loses others, or does not say what helps: required test 4,
 * within one process. */
static void without_memory_nothing_changes(void **state)
{
    enum { KEYS = 50000 };
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_growing(ctx, 64, NULL, NULL);
    uint64_t *key = malloc(KEYS * sizeof *key);
    sid_error why = {0};
    sid_table_info before, after;
    (void)state;
    assert_non_null(key);
    for (int i = 0; i < KEYS; i++)
        key[i] = draw_u64(1, i);
    TEST_OK(sid_table_visit(table, key, 1000, 0, NULL, err));
    sid_table_get_info(table, &before);
    sid_ctx_set_memory_limit(ctx, 24 << 20);
    assert_int_equal(sid_table_visit(table, key, KEYS, 5, NULL, &why), SID_ENOMEM);
    assert_non_null(strstr(why.message, "over the memory limit"));
    assert_non_null(strstr(why.message, "nothing was changed"));
    assert_non_null(strstr(why.message, "ttl_days"));
    sid_ctx_set_memory_limit(ctx, 0);
    int64_t failures = 0;
    for (int64_t at = 0; at < 3000; at += at / 4 + 1) {
        sid__mem_fail(at, 1);
        sid_status status = sid_table_visit(table, key, KEYS, 5, NULL, &why);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        failures++;
        assert_int_equal(status, SID_ENOMEM);
        sid_table_get_info(table, &after);
        assert_int_equal(after.rows, 1000);
        assert_int_equal(after.sights, before.sights);
        for (int i = 0; i < KEYS; i += 97)
            assert_true((first_of(table, key[i]) != 0) == (i < 1000));
    }
    assert_true(failures > 10);
    TEST_OK(sid_table_visit(table, key, KEYS, 5, NULL, err));
    assert_int_equal(rows_of(table), KEYS);
    free(key);
    sid_table_free(table);
    assert_int_equal(atomic_load(&ctx->reserved_size), 0);
    sid_ctx_free(ctx);
}

/* Fails when a time that does not fit is taken, or touching makes a row or a sight. */
static void times_are_checked_and_touched(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_table(ctx, &(sid_table_options){.slice = &slice, .slice_count = 1, .ttl_days = 1});
    const uint64_t key[2] = {1, 2};
    int64_t dropped = 0;
    (void)state;
    TEST_FAILS(sid_table_visit(table, key, 1, -1, NULL, err), SID_EUSAGE, "the time is -1");
    TEST_FAILS(sid_table_touch(table, key, 1, INT64_C(1) << 32, err), SID_EUSAGE, "0 to 4294967295");
    TEST_OK(sid_table_visit(table, key, 2, 100, NULL, err));
    TEST_OK(sid_table_touch(table, key, 1, 200, err));
    TEST_OK(sid_table_touch(table, key, 1, 50, err));
    TEST_OK(sid_table_touch(table, (const uint64_t[]){77}, 1, 200, err));
    assert_int_equal(rows_of(table), 2);
    TEST_OK(sid_table_expire(table, 86400 + 199, &dropped, err));
    assert_int_equal(dropped, 1);
    assert_true(first_of(table, 1) != 0);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_depend_on_keys_alone),      cmocka_unit_test(the_third_sight_admits),
        cmocka_unit_test(chance_admits_as_specified),     cmocka_unit_test(the_least_row_goes),
        cmocka_unit_test(without_memory_nothing_changes), cmocka_unit_test(times_are_checked_and_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
