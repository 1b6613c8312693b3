/* test_catalog_place.c: the SIDs of new items under every policy. SEMID_CHANGES=10000 makes the sampled run the long one of
 * docs/decisions/015, on Beauty.
 */
#include "catalog_fixture.h"

#include "base/strbuf.h"
#include "catalog/catalog.h"

enum { POOL = 600, FITTED = 200, CHANGES = 120, BATCH = 10, CHECKS = 10 };
enum { LONG_FITTED = 11000, LONG_BATCH = 100 };

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

/* A catalogue under random changes, and what is known of it: all items are rows of `all`, by whose number they go. */
typedef struct life {
    fixture *f;
    sid_catalog *catalog;
    sid_vectors *all;
    int count, dim, most, live;
    char (*sid)[SID_SID_TEXT_MAX]; /* (count) "": not there */
} life;

static sid_vectors *rows_of(const life *l, const int *row, int count)
{
    float *x = test_calloc((size_t)count * (size_t)l->dim, sizeof *x);
    const char **id = test_calloc((size_t)count, sizeof *id);
    sid_vectors *some = NULL;
    for (int i = 0; i < count; i++) {
        id[i] = sid_vectors_id(l->all, row[i]);
        memcpy(x + (int64_t)i * l->dim, sid_vectors_data(l->all) + (int64_t)row[i] * l->dim,
               (size_t)l->dim * sizeof *x);
    }
    TEST_OK(sid_vectors_create(l->f->ctx, x, count, l->dim, id, &some, err));
    test_free(x);
    test_free(id);
    return some;
}

static void learn(life *l, const sid_hits *hits)
{
    for (int64_t i = 0; i < hits->count; i++) {
        long row = strtol(hits->row[i].item_id, NULL, 10);
        (void)snprintf(l->sid[row], sizeof l->sid[row], "%s", hits->row[i].sid);
    }
    l->live += (int)hits->count;
}

static void begin_life(life *l, int fitted, const sid_fit_options *options)
{
    int *row = test_calloc((size_t)fitted, sizeof *row);
    sid_hits hits = {0};
    for (int i = 0; i < fitted; i++)
        row[i] = i;
    sid_vectors *first = rows_of(l, row, fitted);
    TEST_OK(sid_catalog_fit(l->f->ctx, options, first, l->f->path, &l->catalog, err));
    TEST_OK(sid_catalog_items(l->catalog, &hits, err));
    l->sid = test_calloc((size_t)l->count, sizeof *l->sid);
    l->live = 0;
    learn(l, &hits);
    sid_hits_drop(&hits);
    sid_vectors_free(first);
    test_free(row);
}

static int by_sid(const void *a, const void *b)
{
    return strcmp(((const sid_item *)a)->sid, ((const sid_item *)b)->sid);
}

/* All SIDs are as known, and no more than `most` items share one. */
static void check_all(const life *l)
{
    sid_hits all = {0};
    int64_t run = 0;
    TEST_OK(sid_catalog_items(l->catalog, &all, err));
    assert_int_equal(all.count, l->live);
    for (int64_t i = 0; i < all.count; i++)
        assert_string_equal(all.row[i].sid, l->sid[strtol(all.row[i].item_id, NULL, 10)]);
    qsort(all.row, (size_t)all.count, sizeof *all.row, by_sid);
    for (int64_t i = 0; l->most && i < all.count; i++) {
        run = i > 0 && strcmp(all.row[i].sid, all.row[i - 1].sid) == 0 ? run + 1 : 1;
        assert_true(run <= l->most);
    }
    sid_hits_drop(&all);
}

/* `count` rows: those that are there are removed, the others added. */
static void change(life *l, int step, int count)
{
    int *add = test_calloc((size_t)count, sizeof *add), add_count = 0, remove_count = 0;
    const char **removed = test_calloc((size_t)count, sizeof *removed);
    uint8_t *is_met = test_calloc((size_t)l->count, 1);
    sid_hits hits = {0};
    for (int i = 0; i < count; i++) {
        uint64_t draw = (uint64_t)step * (uint64_t)count + (uint64_t)i;
        int row = (int)sid__philox_below(3, SID__STREAM_TEST, draw, (uint64_t)l->count);
        if (is_met[row]++)
            continue;
        if (!l->sid[row][0])
            add[add_count++] = row;
        else
            removed[remove_count++] = sid_vectors_id(l->all, row);
        l->sid[row][0] = 0;
    }
    TEST_OK(sid_catalog_remove(l->catalog, removed, remove_count, err));
    l->live -= remove_count;
    sid_vectors *more = rows_of(l, add, add_count);
    TEST_OK(sid_catalog_add(l->catalog, more, NULL, &hits, err));
    learn(l, &hits);
    sid_hits_drop(&hits);
    sid_vectors_free(more);
    test_free(add);
    test_free(removed);
    test_free(is_met);
}

static void live_through(life *l, int fitted, int changes, int batch, const sid_fit_options *options)
{
    sid_verify_result result;
    begin_life(l, fitted, options);
    for (int step = 0; step * batch < changes; step++) {
        change(l, step, batch);
        if (step % (changes / (batch * CHECKS) + 1) == 0)
            check_all(l);
    }
    check_all(l);
    sid_catalog_close(l->catalog);
    TEST_OK(sid_catalog_verify(l->f->ctx, l->f->path, true, &result, err));
    assert_int_equal(result.items_walked, l->live);
    test_free(l->sid);
}

/* Fails when a change moves an old SID, uniqueness that a policy promises is lost, or verify finds fault. */
static void random_changes_move_no_old_sid(void **state)
{
    fixture *f = *state;
    const char *wanted = getenv("SEMID_CHANGES");
    life l = {.f = f, .count = POOL};
    if (wanted)
        TEST_OK(sid_vectors_read(f->ctx, TEST_TREE "/../shared/data/beauty/text_minilm.npy", NULL, &l.all, err));
    else
        l.all = fixture_vectors(f, POOL, 9, "");
    l.count = (int)sid_vectors_count(l.all);
    l.dim = sid_vectors_dim(l.all);
    for (int c = 0; c < CASES; c++) {
        const sid_fit_options options = {.codes = wanted ? "256" : "8,8,64",
                                         .collisions = cases[c].name,
                                         .digit_style = cases[c].style,
                                         .collision_options = cases[c].options,
                                         .force = true};
        l.most = cases[c].most;
        live_through(&l, wanted ? LONG_FITTED : FITTED, wanted ? (int)strtol(wanted, NULL, 10) : CHANGES,
                     wanted ? LONG_BATCH : BATCH, &options);
        if (wanted)
            print_message("%s %s: %d items at the end\n", cases[c].name, cases[c].options ? cases[c].options : "",
                          l.live);
    }
    sid_vectors_free(l.all);
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
