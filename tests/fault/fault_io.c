/* fault_io.c: faults 9 and 12 of docs/reliability.md. Each read, write, open, fsync and rename of fit, add, remove, open
 * and verify fails once or for good, is cut short or interrupted: afterwards the catalogue is the old one or the new one,
 * whole; what was acknowledged is there; the error names a file; the same call then works.
 */
#include "fault.h"

#include <errno.h>

enum { NEW_ITEMS = 20, SAMPLED_POINTS = 50 };

/* `saved`: the catalogue that every trial starts from. */
typedef struct trial {
    fixture *f;
    char saved[PATH_MAX];
    sid_vectors *fitted, *added;
} trial;

typedef struct operation {
    const char *name;
    bool from_nothing; /* starts without a catalogue */
    bool changes;
    sid_status (*run)(trial *t, bool has_fault, sid_error *err);
} operation;

static const struct fault_case {
    const char *name;
    sid__io_fault fault;
    bool is_harmless; /* the call goes on as if nothing had been */
} fault_case[] = {
    {"EIO once", {.kinds = SID__IO_ANY, .times = 1, .error = EIO}, false},
    {"EIO for good", {.kinds = SID__IO_ANY, .times = -1, .error = EIO}, false},
    {"ENOSPC for good", {.kinds = SID__IO_WRITE | SID__IO_SYNC, .times = -1, .error = ENOSPC}, false},
    {"EINTR once", {.kinds = SID__IO_OPEN | SID__IO_READ | SID__IO_WRITE, .times = 1, .error = EINTR}, true},
    {"short once", {.kinds = SID__IO_READ | SID__IO_WRITE, .times = 1, .error = 0}, true},
    {"short for good", {.kinds = SID__IO_READ | SID__IO_WRITE, .times = 40, .error = 0}, true},
    {"EMFILE for good", {.kinds = SID__IO_OPEN, .times = -1, .error = EMFILE}, false},
    {"fsync once", {.kinds = SID__IO_SYNC, .times = 1, .error = EIO}, false},
};
enum { CASES = sizeof fault_case / sizeof *fault_case };

static sid__io_fault pending;

static int64_t seen_calls;

static void fault_on(bool has_fault)
{
    if (has_fault)
        sid__io_fail(&pending);
}

static void fault_off(void)
{
    if (sid__io_calls() > 0)
        seen_calls = sid__io_calls();
    sid__io_fail(NULL);
}

/* ---- Operations: the fault is on during the call that the name says ------------------------------------------------- */

static sid_status run_fit(trial *t, bool has_fault, sid_error *why)
{
    fault_on(has_fault);
    return sid_catalog_fit(t->f->ctx, &(sid_fit_options){.levels = 3, .codes = "4"}, t->fitted, t->f->path, NULL, why);
}

static sid_status run_refit(trial *t, bool has_fault, sid_error *why)
{
    fault_on(has_fault);
    return sid_catalog_fit(t->f->ctx, &(sid_fit_options){.levels = 2, .codes = "8", .force = true}, t->fitted,
                           t->f->path, NULL, why);
}

static sid_status run_add(trial *t, bool has_fault, sid_error *why)
{
    sid_catalog *catalog = NULL;
    TEST_OK(sid_catalog_open(t->f->ctx, t->f->path, SID_OPEN_WRITE, &catalog, err));
    fault_on(has_fault);
    sid_status status = sid_catalog_add(catalog, t->added, NULL, NULL, why);
    fault_off();
    sid_catalog_close(catalog);
    return status;
}

static sid_status run_remove(trial *t, bool has_fault, sid_error *why)
{
    static const char *const ids[] = {"i3", "i77", "i150"};
    sid_catalog *catalog = NULL;
    TEST_OK(sid_catalog_open(t->f->ctx, t->f->path, SID_OPEN_WRITE, &catalog, err));
    fault_on(has_fault);
    sid_status status = sid_catalog_remove(catalog, ids, 3, why);
    fault_off();
    sid_catalog_close(catalog);
    return status;
}

/* Open, add and close, as the command line does; a fault while closing is no failure of the call. */
static sid_status run_session(trial *t, bool has_fault, sid_error *why)
{
    sid_catalog *catalog = NULL;
    fault_on(has_fault);
    sid_status status = sid_catalog_open(t->f->ctx, t->f->path, SID_OPEN_WRITE, &catalog, why);
    if (status == SID_OK)
        status = sid_catalog_add(catalog, t->added, NULL, NULL, why);
    sid_catalog_close(catalog);
    return status;
}

static sid_status run_read(trial *t, bool has_fault, sid_error *why)
{
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    fault_on(has_fault);
    sid_status status = sid_catalog_open(t->f->ctx, t->f->path, SID_OPEN_READ, &catalog, why);
    if (status == SID_OK)
        status = sid_catalog_neighbors(catalog, &(sid_query){.item = "i5", .k = 20}, &hits, why);
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    return status;
}

static sid_status run_verify(trial *t, bool has_fault, sid_error *why)
{
    sid_verify_result result;
    fault_on(has_fault);
    return sid_catalog_verify(t->f->ctx, t->f->path, true, &result, why);
}

static const operation operations[] = {
    {"fit", true, true, run_fit},         {"fit --force", false, true, run_refit},     {"add", false, true, run_add},
    {"remove", false, true, run_remove},  {"open to close", false, true, run_session}, {"read", false, false, run_read},
    {"verify", false, false, run_verify},
};

/* ---- One trial ---------------------------------------------------------------------------------------------------- */

static void start(trial *t, const operation *o)
{
    if (o->from_nothing)
        TEST_OK(sid__remove_tree(t->f->path, err));
    else
        copy_tree(t->saved, t->f->path);
}

static void check_error(const trial *t, const sid_error *seen, const char *where)
{
    /* SQLite opens for reading what it cannot open for writing, and keeps why to itself. */
    bool is_named = seen->status == SID_EIO || strstr(seen->message, "items.db: cannot be opened for writing");
    if (!is_named || !strstr(seen->message, t->f->root))
        fail_msg("%s: %s: \"%s\"", where, sid_status_name(seen->status), seen->message);
}

/* NULL: no catalogue there. */
static char *text_at(trial *t)
{
    return sid__path_exists(t->f->path) ? whole_text(t->f, t->f->path) : NULL;
}

static bool is_same(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* `before`, `after`: what the catalogue lists without and with the change. */
static void try_point(trial *t, const operation *o, const struct fault_case *c, int64_t n, const char *before,
                      const char *after)
{
    char where[128];
    sid_error seen = {0};
    (void)snprintf(where, sizeof where, "%s, %s, call %d", o->name, c->name, (int)n);
    start(t, o);
    pending = c->fault;
    pending.after = n;
    sid_status status = o->run(t, true, &seen);
    sid__io_fail(NULL);
    if (status != SID_OK)
        check_error(t, &seen, where);
    if (c->is_harmless && status != SID_OK)
        fail_msg("%s: not gone on with: %s", where, seen.message);
    /* Where going back fails as well, the old catalogue is left for the next writer to clear. */
    bool may_stay = c->fault.times < 0 && o->run == run_refit;
    if (temporaries_of(t->f->root) > (may_stay ? 1 : 0))
        fail_msg("%s: a temporary directory stays (%s)", where, seen.message);
    char *text = text_at(t);
    bool is_old = is_same(text, before), is_new = is_same(text, after);
    /* What reached the disk but could not be synced may be there, whole; it was not acknowledged. */
    if (status == SID_OK ? !is_new : !is_old && !is_new)
        fail_msg("%s: the catalogue is neither as before nor as after (%s)", where, sid_status_name(status));
    sid__free(text);
    if (is_new && o->changes)
        return;
    TEST_OK(o->run(t, false, err));
    text = text_at(t);
    if (!is_same(text, after) || temporaries_of(t->f->root) > 0)
        fail_msg("%s: the retry gives something else", where);
    sid__free(text);
}

static int64_t calls_of(trial *t, const operation *o, unsigned kinds)
{
    start(t, o);
    pending = (sid__io_fault){.kinds = kinds, .after = INT64_MAX, .times = 1, .error = EIO};
    TEST_OK(o->run(t, true, err));
    fault_off();
    return seen_calls;
}

/* Before and after, as fault-free runs give them. Either may be NULL: no catalogue. */
static void expected_texts(trial *t, const operation *o, char **before, char **after)
{
    start(t, o);
    *before = text_at(t);
    TEST_OK(o->run(t, false, err));
    *after = text_at(t);
}

/* Fails when a failed call leaves something half done or a temporary directory, when an acknowledged change is lost, when
 * an interrupted or short call is not gone on with, or when the error is another than SID_EIO with the file's name. */
static void test_each_call_fails(void **state)
{
    trial *t = *state;
    int64_t tried = 0;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        const operation *o = &operations[i];
        char *before, *after;
        int64_t total[CASES];
        expected_texts(t, o, &before, &after);
        for (int c = 0; c < CASES; c++)
            total[c] = calls_of(t, o, fault_case[c].fault.kinds);
        for (int c = 0; c < CASES; c++) {
            int64_t points = fault_points(total[c], (SAMPLED_POINTS + CASES - 1) / CASES);
            for (int64_t point = 0; point < points; point++, tried++)
                try_point(t, o, &fault_case[c], fault_place(i * CASES + (uint64_t)c, point, total[c]), before, after);
        }
        print_message("%s: %d calls to fail in %d ways\n", o->name, (int)total[0], CASES);
        sid__free(before);
        sid__free(after);
    }
    print_message("%d points tried\n", (int)tried);
}

/* Fails when a change is acknowledged, or a handle goes on writing, after a sync that failed: the kernel may have dropped
 * the bytes and call the pages clean. */
static void test_a_failed_sync_makes_the_handle_read_only(void **state)
{
    static const char *const ids[] = {"i1"};
    trial *t = *state;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    copy_tree(t->saved, t->f->path);
    TEST_OK(sid_catalog_open(t->f->ctx, t->f->path, SID_OPEN_WRITE, &catalog, err));
    sid__io_fail(&(sid__io_fault){.kinds = SID__IO_SYNC, .times = 1, .error = EIO});
    TEST_FAILS(sid_catalog_add(catalog, t->added, NULL, NULL, err), SID_EIO, "items.db");
    assert_int_equal(sid__io_calls(), 1); /* not tried again */
    sid__io_fail(NULL);
    TEST_FAILS(sid_catalog_add(catalog, t->added, NULL, NULL, err), SID_EREADONLY, "open the catalogue anew");
    TEST_FAILS(sid_catalog_remove(catalog, ids, 1, err), SID_EREADONLY, "open the catalogue anew");
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.item = "i1", .k = 3}, &hits, err));
    assert_int_equal(hits.count, 3);
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_open(t->f->ctx, t->f->path, SID_OPEN_WRITE, &catalog, err));
    TEST_OK(sid_catalog_add(catalog, t->added, &(sid_add_options){.if_exists = SID_IF_EXISTS_REPLACE}, NULL, err));
    TEST_OK(sid_catalog_remove(catalog, ids, 1, err));
    sid_catalog_close(catalog);
    sid__free(whole_text(t->f, t->f->path));
}

static int setup(void **state)
{
    trial *t = test_calloc(1, sizeof *t);
    void *f = NULL;
    if (fixture_setup(&f) != 0)
        return -1;
    t->f = f;
    (void)snprintf(t->saved, sizeof t->saved, "%s/saved-catalog", t->f->root);
    sqlite_faults_install();
    fixture_fit(t->f, NULL, NULL);
    copy_tree(t->f->path, t->saved);
    t->fitted = fixture_vectors(t->f, FIXTURE_ITEMS, 7, "i");
    t->added = fixture_vectors(t->f, NEW_ITEMS, 9, "n");
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    trial *t = *state;
    void *f = t->f;
    sid_vectors_free(t->fitted);
    sid_vectors_free(t->added);
    test_free(t);
    return fixture_teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_fails),
        cmocka_unit_test(test_a_failed_sync_makes_the_handle_read_only),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
