/* test_catalog_place.c: the SIDs of new items under every policy. SEMID_CHANGES=10000 makes the long run of the decision
 * (docs/decisions/015) of the sampled one.
 */
#include "catalog_fixture.h"

#include "base/strbuf.h"
#include "catalog/catalog.h"

enum { POOL = 400, BATCH = 10, CHECKS = 10 };

static const struct {
    const char *name, *style, *options;
    int most; /* items that share a whole SID at most; 0: no promise */
} cases[] = {{"keep", NULL, NULL, 0},
             {"digit", "tiger", NULL, 1},
             {"digit", "grid", NULL, 1},
             {"suffix", NULL, NULL, 1},
             {"reassign", NULL, NULL, 1},
             {"reassign", NULL, "overflow=beam", 1},
             {"reassign", NULL, "overflow=digit", 1},
             {"sinkhorn", NULL, "then=digit", 1},
             {"sinkhorn", NULL, "then=reassign", 1},
             {"sinkhorn", NULL, "overflow=digit", 0},
             {"capacity", NULL, NULL, 5},
             {"capacity", NULL, "cap=2,overflow=beam", 2}};
enum { CASES = sizeof cases / sizeof *cases };

/* What is known of each id: its SID while it lives. */
typedef struct known {
    char sid[POOL][SID_SID_TEXT_MAX];
    int live;
} known;

static int pool_index(const char *id)
{
    return (int)strtol(id + 1, NULL, 10);
}

/* All SIDs are as known, and no more than `most` items share one. */
static void check_all(sid_catalog *catalog, const known *k, int most)
{
    sid_hits all = {0};
    int seen = 0;
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int64_t i = 0; i < all.count; i++) {
        int holders = 0;
        for (int64_t j = 0; most && j < all.count; j++)
            holders += strcmp(all.row[i].sid, all.row[j].sid) == 0;
        assert_true(holders <= most);
        if (all.row[i].item_id[0] != 'n')
            continue;
        assert_string_equal(all.row[i].sid, k->sid[pool_index(all.row[i].item_id)]);
        seen++;
    }
    assert_int_equal(seen, k->live);
    sid_hits_drop(&all);
}

static void add_some(fixture *f, sid_catalog *catalog, const sid_vectors *pool, const int *at, int count, known *k)
{
    float x[BATCH * FIXTURE_DIM];
    const char *id[BATCH];
    sid_vectors *some = NULL;
    sid_hits hits = {0};
    if (count == 0)
        return;
    for (int i = 0; i < count; i++) {
        id[i] = sid_vectors_id(pool, at[i]);
        memcpy(x + i * FIXTURE_DIM, sid_vectors_data(pool) + at[i] * FIXTURE_DIM, FIXTURE_DIM * sizeof *x);
    }
    TEST_OK(sid_vectors_create(f->ctx, x, count, FIXTURE_DIM, id, &some, err));
    TEST_OK(sid_catalog_add(catalog, some, NULL, &hits, err));
    for (int i = 0; i < count; i++)
        (void)snprintf(k->sid[at[i]], sizeof k->sid[at[i]], "%s", hits.row[i].sid);
    k->live += count;
    sid_hits_drop(&hits);
    sid_vectors_free(some);
}

/* BATCH changes: an id of the pool is added when it is not there, else removed. */
static void change(fixture *f, sid_catalog *catalog, const sid_vectors *pool, int step, known *k)
{
    int add[BATCH], add_count = 0, remove_count = 0;
    const char *remove[BATCH];
    bool is_met[POOL] = {false};
    for (int i = 0; i < BATCH; i++) {
        int at = (int)sid__philox_below(3, SID__STREAM_TEST, (uint64_t)(step * BATCH + i), POOL);
        if (is_met[at])
            continue;
        is_met[at] = true;
        if (!k->sid[at][0]) {
            add[add_count++] = at;
            continue;
        }
        remove[remove_count++] = sid_vectors_id(pool, at);
        k->sid[at][0] = 0;
        k->live--;
    }
    TEST_OK(sid_catalog_remove(catalog, remove, remove_count, err));
    add_some(f, catalog, pool, add, add_count, k);
}

/* Fails when a change moves an old SID, uniqueness that a policy promises is lost, or verify finds fault. */
static void random_changes_move_no_old_sid(void **state)
{
    fixture *f = *state;
    const char *wanted = getenv("SEMID_CHANGES");
    int changes = wanted ? (int)strtol(wanted, NULL, 10) : 120;
    sid_vectors *pool = fixture_vectors(f, POOL, 9, "n");
    for (int c = 0; c < CASES; c++) {
        sid_catalog *catalog = NULL;
        sid_verify_result result;
        known *k = test_calloc(1, sizeof *k);
        const sid_fit_options options = {.codes = "8,8,64",
                                         .collisions = cases[c].name,
                                         .digit_style = cases[c].style,
                                         .collision_options = cases[c].options,
                                         .force = true};
        fixture_fit(f, &options, &catalog);
        for (int step = 0; step * BATCH < changes; step++) {
            change(f, catalog, pool, step, k);
            if (step % (changes / (BATCH * CHECKS) + 1) == 0)
                check_all(catalog, k, cases[c].most);
        }
        check_all(catalog, k, cases[c].most);
        sid_catalog_close(catalog);
        TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
        assert_int_equal(result.items_walked, FIXTURE_ITEMS + k->live);
        test_free(k);
    }
    sid_vectors_free(pool);
}

/* `count` equal items of 1 dimension on level 1 of `codes` codes. */
static sid_status fit_equal(fixture *f, int64_t count, const sid_fit_options *options, sid_catalog **out,
                            sid_error *why)
{
    float same[64] = {0};
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(f->ctx, same, count, 1, NULL, &vectors, err));
    sid_status status = sid_catalog_fit(f->ctx, options, vectors, f->path, out, why);
    sid_vectors_free(vectors);
    return status;
}

static sid_status add_at(fixture *f, sid_catalog *catalog, const char *id, float value, char *sid, sid_error *why)
{
    sid_vectors *one = NULL;
    sid_hits hits = {0};
    TEST_OK(sid_vectors_create(f->ctx, &value, 1, 1, &id, &one, err));
    sid_status status = sid_catalog_add(catalog, one, NULL, &hits, why);
    if (status == SID_OK)
        (void)snprintf(sid, SID_SID_TEXT_MAX, "%s/%s", hits.row[0].sid, hits.row[0].assigned);
    sid_hits_drop(&hits);
    sid_vectors_free(one);
    return status;
}

/* Fails when a full prefix is not named with how full it is, or a way out of it is not taken. */
static void full_prefixes(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    char sid[SID_SID_TEXT_MAX];
    sid_fit_options options = {.levels = 1, .codes = "4", .collisions = "reassign", .force = true};
    TEST_FAILS(fit_equal(f, 5, &options, NULL, err), SID_EDATA, "the only level is full: 5 items for 4 last codes");
    TEST_OK(fit_equal(f, 3, &options, &catalog, err));
    TEST_OK(add_at(f, catalog, "a", 0, sid, err));
    assert_string_equal(sid, "3/policy");
    TEST_FAILS(add_at(f, catalog, "b", 0, sid, err), SID_EDATA,
               "the only level is full: 4 items for 4 last codes of 1 each; \"b\" was not added");
    TEST_OK(sid_catalog_remove(catalog, (const char *const[]){"1"}, 1, err));
    TEST_OK(add_at(f, catalog, "b", 0, sid, err));
    sid_catalog_close(catalog);
    options.collision_options = "overflow=digit";
    TEST_OK(fit_equal(f, 5, &options, &catalog, err));
    TEST_OK(add_at(f, catalog, "b", 0, sid, err));
    assert_string_equal(sid, "0-2/argmin");
    sid_catalog_close(catalog);
    options.collision_options = "overflow=beam";
    TEST_FAILS(fit_equal(f, 5, &options, NULL, err), SID_EDATA, "and so are the 4 SIDs nearest");
    TEST_OK(fit_equal(f, 4, &options, &catalog, err));
    TEST_FAILS(add_at(f, catalog, "b", 0, sid, err), SID_EDATA, "and so are the 4 SIDs nearest to \"b\"");
    sid_catalog_close(catalog);
    options.collisions = "capacity";
    options.collision_options = "cap=2";
    TEST_OK(fit_equal(f, 8, &options, &catalog, err));
    TEST_FAILS(add_at(f, catalog, "b", 0, sid, err), SID_EDATA, "8 items for 4 last codes of 2 each");
    sid_catalog_close(catalog);
}

/* Fails when a digit policy whose digits are used up does not go to the next best SID. */
static void digits_used_up(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    char sid[SID_SID_TEXT_MAX], id[8];
    const sid_fit_options options = {
        .levels = 1, .codes = "2", .collisions = "digit", .collision_options = "overflow=beam", .force = true};
    TEST_OK(fit_equal(f, 8, &options, &catalog, err));
    for (int i = 0; i < 24; i++) {
        (void)snprintf(id, sizeof id, "n%d", i);
        TEST_OK(add_at(f, catalog, id, 0, sid, err));
        (void)snprintf(id, sizeof id, "%d-%d", i >= 8, (i + 8) % 16);
        assert_int_equal(strncmp(sid, id, strlen(id)), 0);
        assert_string_equal(strchr(sid, '/'), i >= 8 ? "/policy" : "/argmin");
    }
    TEST_FAILS(add_at(f, catalog, "m", 0, sid, err), SID_EDATA, "0 is full, and so are the 2 SIDs nearest to \"m\"");
    sid_catalog_close(catalog);
}

/* Fails when a new item of an equal vector does not share the SID, or is not refused, as `duplicates` says. */
static void equal_vectors(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    char first[SID_SID_TEXT_MAX], second[SID_SID_TEXT_MAX];
    static const char *const policy[] = {"digit", "reassign", "capacity"};
    static const char *const merge[] = {"duplicates=merge", "duplicates=merge,overflow=beam", "cap=1,duplicates=merge"};
    sid_fit_options options = {.levels = 1, .codes = "4", .force = true};
    for (int p = 0; p < 3; p++) {
        options.collisions = policy[p];
        options.collision_options = merge[p];
        TEST_OK(fit_equal(f, 30, &options, &catalog, err));
        TEST_OK(add_at(f, catalog, "a", 1e-3F, first, err));
        TEST_OK(add_at(f, catalog, "b", 1e-3F, second, err));
        assert_string_equal(first, second);
        TEST_OK(add_at(f, catalog, "c", 2e-3F, second, err));
        assert_string_not_equal(first, second);
        sid_catalog_close(catalog);
    }
    options.collision_options = "duplicates=error";
    TEST_FAILS(fit_equal(f, 2, &options, NULL, err), SID_EDATA, "the vectors of \"0\" and \"1\" are equal");
    TEST_OK(fit_equal(f, 1, &options, &catalog, err));
    TEST_FAILS(add_at(f, catalog, "b", 0, first, err), SID_EDATA, "\"b\" has the vector of \"0\"");
    sid_catalog_close(catalog);
    options.drop_vectors = true;
    TEST_FAILS(fit_equal(f, 1, &options, NULL, err), SID_EUSAGE, "keep the vectors");
}

/* Fails when failing memory leaks (under ASan), is not reported, or leaves the catalogue changed. */
static void failing_memory_changes_nothing(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    char sid[SID_SID_TEXT_MAX];
    const sid_fit_options options = {.levels = 1,
                                     .codes = "4",
                                     .collisions = "capacity",
                                     .collision_options = "cap=1,overflow=beam,duplicates=merge",
                                     .force = true};
    TEST_OK(fit_equal(f, 1, &options, &catalog, err));
    TEST_OK(add_at(f, catalog, "a", 1e-3F, sid, err));
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        sid__mem_fail(after, 1);
        float value = 2e-3F;
        sid_vectors *one = NULL;
        const char *const id[] = {"b"};
        status = sid_vectors_create(f->ctx, &value, 1, 1, id, &one, NULL);
        if (status == SID_OK)
            status = sid_catalog_add(catalog, one, NULL, NULL, NULL);
        sid__mem_fail(-1, 0);
        sid_vectors_free(one);
        sid_catalog_get_info(catalog, &info);
        assert_int_equal(info.items, status == SID_OK ? 3 : 2);
        assert_true(after < 1000);
    }
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(random_changes_move_no_old_sid),
        FIXTURE_TEST(full_prefixes),
        FIXTURE_TEST(digits_used_up),
        FIXTURE_TEST(equal_vectors),
        FIXTURE_TEST(failing_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
