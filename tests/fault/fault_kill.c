/* fault_kill.c: fault 10 of docs/reliability.md. This program runs itself as a child that changes a catalogue by a seeded
 * list of changes, acknowledging each through a pipe, or fits one; the parent kills it (SIGKILL) at a seeded moment,
 * opens, verifies, and compares with the list: every acknowledged change is there, at most one more, nothing half done,
 * and no SID ever moves.
 *
 *     fault_kill                          200 cycles; with SEMID_SOAK 2,000; SEMID_KILL_CYCLES says another number
 *     fault_kill --change PATH SEED STEP  the child: change STEP, STEP + 1, ..
 *     fault_kill --fit PATH SEED          the other child
 */
#define _GNU_SOURCE
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum {
    STEP_ITEMS = 4,      /* items of one add */
    CATALOG_CYCLES = 50, /* then a fresh catalogue, so that comparing stays quick */
    LIFE_STEPS = 40,     /* changes of one child at most */
    SESSION_STEPS = 5,   /* then the child closes and opens again, so that closing is killed too */
    FITS_PER_CYCLE = 10, /* one kill of fit for so many of add and remove */
    STEPS_MAX = CATALOG_CYCLES * LIFE_STEPS
};

static const char *self;

/* ---- The list of changes ------------------------------------------------------------------------------------------ */

/* Step s adds STEP_ITEMS items "s<s>-<i>", or, one in three, removes two items of an earlier step that is still there. */
typedef struct model {
    uint64_t seed;
    int steps;
    bool is_add[STEPS_MAX];
    int removes[STEPS_MAX]; /* the step whose items 0 and 1 go */
    bool is_there[STEPS_MAX][STEP_ITEMS];
} model;

/* The same steps in the child and in the parent. `there` becomes that after `steps` of them. */
static void model_replay(model *m, uint64_t seed, int steps)
{
    memset(m, 0, sizeof *m);
    m->seed = seed;
    m->steps = steps;
    for (int s = 0; s < steps; s++) {
        int earlier = s > 0 ? (int)sid__philox_below(seed, SID__STREAM_TEST, (uint64_t)s, (uint64_t)s) : 0;
        m->is_add[s] = sid__philox_below(seed, SID__STREAM_SAMPLE, (uint64_t)s, 3) > 0 || !m->is_there[earlier][0];
        m->removes[s] = earlier;
        for (int i = 0; i < STEP_ITEMS; i++) {
            if (m->is_add[s])
                m->is_there[s][i] = true;
            else if (i < 2)
                m->is_there[earlier][i] = false;
        }
    }
}

/* ---- Child -------------------------------------------------------------------------------------------------------- */

static sid_status add_step(sid_ctx *ctx, sid_catalog *catalog, uint64_t seed, int step, sid_error *why)
{
    float x[STEP_ITEMS * FIXTURE_DIM];
    char text[STEP_ITEMS][32];
    const char *ids[STEP_ITEMS];
    sid_vectors *vectors = NULL;
    for (int i = 0; i < STEP_ITEMS * FIXTURE_DIM; i++)
        x[i] = (float)(5 * sid__philox_uniform(seed, SID__STREAM_SYNTH, (uint64_t)(step * 1000 + i)));
    for (int i = 0; i < STEP_ITEMS; i++) {
        (void)snprintf(text[i], sizeof text[i], "s%d-%d", step, i);
        ids[i] = text[i];
    }
    sid_status status = sid_vectors_create(ctx, x, STEP_ITEMS, FIXTURE_DIM, ids, &vectors, why);
    if (status == SID_OK)
        status = sid_catalog_add(catalog, vectors, NULL, NULL, why);
    sid_vectors_free(vectors);
    return status;
}

static sid_status remove_step(sid_catalog *catalog, int earlier, sid_error *why)
{
    char text[2][32];
    const char *const ids[] = {text[0], text[1]};
    for (int i = 0; i < 2; i++)
        (void)snprintf(text[i], sizeof text[i], "s%d-%d", earlier, i);
    return sid_catalog_remove(catalog, ids, 2, why);
}

/* Standard output is the pipe: a byte when the catalogue is open, then one a change that was acknowledged. */
static int child_change(const char *path, uint64_t seed, int step)
{
    static model m;
    sid_ctx *ctx = NULL;
    sid_catalog *catalog = NULL;
    sid_error why = {0};
    int end = step + LIFE_STEPS;
    model_replay(&m, seed, end);
    if (sid_ctx_create(&ctx, &why) != SID_OK || sid_ctx_set_threads(ctx, 1, &why) != SID_OK ||
        sid_catalog_open(ctx, path, SID_OPEN_WRITE, &catalog, &why) != SID_OK || write(1, "o", 1) != 1) {
        (void)fprintf(stderr, "child: %s\n", why.message);
        return 1;
    }
    for (int done = 0; step < end; step++) {
        sid_status status =
            m.is_add[step] ? add_step(ctx, catalog, seed, step, &why) : remove_step(catalog, m.removes[step], &why);
        if (status != SID_OK || write(1, "a", 1) != 1) {
            (void)fprintf(stderr, "child: step %d: %s\n", step, why.message);
            return 1;
        }
        if (++done % SESSION_STEPS > 0)
            continue;
        sid_catalog_close(catalog);
        catalog = NULL;
        if (sid_catalog_open(ctx, path, SID_OPEN_WRITE, &catalog, &why) != SID_OK) {
            (void)fprintf(stderr, "child: %s\n", why.message);
            return 1;
        }
    }
    sid_catalog_close(catalog);
    sid_ctx_free(ctx);
    return 0;
}

/* Fits over and over, with 8 codes and 9 in turn, so that the parent can tell whole catalogues apart. */
static int child_fit(const char *path, uint64_t seed)
{
    fixture f = {0};
    sid_error why = {0};
    if (sid_ctx_create(&f.ctx, &why) != SID_OK || sid_ctx_set_threads(f.ctx, 1, &why) != SID_OK)
        return 1;
    sid_vectors *vectors = fixture_vectors(&f, FIXTURE_ITEMS, seed, "i");
    if (write(1, "o", 1) != 1)
        return 1;
    for (int i = 0; i < LIFE_STEPS; i++) {
        const sid_fit_options options = {.levels = 2, .codes = i % 2 ? "8" : "9", .force = true};
        if (sid_catalog_fit(f.ctx, &options, vectors, path, NULL, &why) != SID_OK || write(1, "a", 1) != 1) {
            (void)fprintf(stderr, "child: %s\n", why.message);
            return 1;
        }
    }
    sid_vectors_free(vectors);
    sid_ctx_free(f.ctx);
    return 0;
}

/* ---- Parent ------------------------------------------------------------------------------------------------------- */

/* Runs the child and kills it: `wait_us` after its start, or after it said that it is open. Returns how many changes it
 * acknowledged. */
static int run_and_kill(char *const arguments[], bool after_open, unsigned wait_us)
{
    int ends[2], status = 0, acknowledged = 0;
    char bytes[LIFE_STEPS + 1];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], 1);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execv(self, arguments);
        _exit(127);
    }
    (void)close(ends[1]);
    if (after_open)
        acknowledged += read(ends[0], bytes, 1) == 1 && bytes[0] == 'a';
    (void)usleep(wait_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < n; i++)
            acknowledged += bytes[i] == 'a';
    (void)close(ends[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("the child failed before it was killed (its message stands above)");
    return acknowledged;
}

/* What the catalogue lists must be what the list of changes says after version - 1 steps. */
static void compare(fixture *f, model *m, sid_catalog *catalog, const char *where)
{
    sid_hits all = {0};
    int64_t there = 0;
    (void)f;
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int s = 0; s < m->steps; s++)
        for (int i = 0; i < STEP_ITEMS; i++)
            there += m->is_there[s][i];
    if (all.count != FIXTURE_ITEMS + there)
        fail_msg("%s: %d items, the list says %d", where, (int)all.count, (int)(FIXTURE_ITEMS + there));
    for (int64_t at = 0; at < all.count; at++) {
        int s = 0, i = 0;
        if (all.row[at].item_id[0] == 'i')
            continue;
        assert_int_equal(sscanf(all.row[at].item_id, "s%d-%d", &s, &i), 2);
        if (s >= m->steps || i >= STEP_ITEMS || !m->is_there[s][i])
            fail_msg("%s: item %s is there, the list says not", where, all.row[at].item_id);
    }
    sid_hits_drop(&all);
}

/* Every old line of "id sid" that is still there is as it was. */
static void check_unmoved(const char *before, const char *after, const char *where)
{
    const char *at = after;
    for (const char *line = before; *line; line = strchr(line, '\n') + 1) {
        size_t length = (size_t)(strchr(line, '\n') - line) + 1, id_length = strcspn(line, " ") + 1;
        /* Both are by row, and rows are never given again: one walk finds them all. */
        const char *found = at;
        while (*found && strncmp(found, line, id_length) != 0)
            found = strchr(found, '\n') + 1;
        if (!*found)
            continue; /* removed */
        if (strncmp(found, line, length) != 0)
            fail_msg("%s: a SID moved: %.*s", where, (int)length - 1, line);
        at = found;
    }
}

/* One cycle on the catalogue of `seed`, of which *steps changes are known to be there. */
static void change_cycle(fixture *f, uint64_t seed, int cycle, int *steps, char **text)
{
    static model m;
    char seed_text[32], step_text[32], where[64];
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_verify_result result;
    struct timespec start, end;
    (void)snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)seed);
    (void)snprintf(step_text, sizeof step_text, "%d", *steps);
    (void)snprintf(where, sizeof where, "seed %s, cycle %d", seed_text, cycle);
    char *const arguments[] = {(char *)self, "--change", f->path, seed_text, step_text, NULL};
    /* One in four is killed while it starts, opens and recovers. */
    bool after_open = sid__philox_below(seed, SID__STREAM_QUERY, (uint64_t)cycle, 4) > 0;
    unsigned wait_us = (unsigned)sid__philox_below(seed, SID__STREAM_VERIFY, (uint64_t)cycle, 12000);
    int acknowledged = run_and_kill(arguments, after_open, wait_us);
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    if (end.tv_sec - start.tv_sec > 2)
        fail_msg("%s: opening took more than 2 s", where);
    sid_catalog_get_info(catalog, &info);
    int seen = (int)info.version - 1;
    if (seen != *steps + acknowledged && seen != *steps + acknowledged + 1)
        fail_msg("%s: %d changes are there, %d were, %d more acknowledged", where, seen, *steps, acknowledged);
    *steps = seen;
    model_replay(&m, seed, *steps);
    compare(f, &m, catalog, where);
    char *now = handle_text(catalog);
    if (*text)
        check_unmoved(*text, now, where);
    sid__free(*text);
    *text = now;
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
}

static int cycle_count(void)
{
    const char *text = getenv("SEMID_KILL_CYCLES");
    return text ? (int)strtol(text, NULL, 10) : is_soak() ? 2000 : 200;
}

/* Fails when a change that was acknowledged is lost, one is half there, a SID moves, or a killed writer leaves a catalogue
 * that does not open or verify. */
static void test_killed_changes(void **state)
{
    fixture *f = *state;
    int cycles = cycle_count(), steps = 0, all_steps = 0;
    char *text = NULL;
    for (int cycle = 0; cycle < cycles; cycle++) {
        uint64_t seed = fault_seed() * 1000 + (uint64_t)(cycle / CATALOG_CYCLES);
        if (cycle % CATALOG_CYCLES == 0) {
            fixture_fit(f, &(sid_fit_options){.levels = 3, .codes = "4", .force = true}, NULL);
            all_steps += steps;
            steps = 0;
            sid__free(text);
            text = NULL;
        }
        change_cycle(f, seed, cycle, &steps, &text);
    }
    sid__free(text);
    print_message("%d kills, %d changes survived\n", cycles, all_steps + steps);
}

/* Fails when a killed fit leaves a catalogue that is not whole, or what it leaves is not cleared by the next fit. */
static void test_killed_fits(void **state)
{
    fixture *f = *state;
    int cycles = (cycle_count() + FITS_PER_CYCLE - 1) / FITS_PER_CYCLE, none = 0, left = 0;
    char *const arguments[] = {(char *)self, "--fit", f->path, "7", NULL};
    for (int cycle = 0; cycle < cycles; cycle++) {
        /* Every other time nothing is there before. */
        if (cycle % 2 == 0)
            TEST_OK(sid__remove_tree(f->path, err));
        unsigned wait_us =
            (unsigned)sid__philox_below(fault_seed(), SID__STREAM_INIT, (uint64_t)cycle, cycle % 4 < 2 ? 5000 : 25000);
        int acknowledged = run_and_kill(arguments, true, wait_us);
        left += temporaries_of(f->root);
        if (sid__path_exists(f->path))
            sid__free(whole_text(f, f->path));
        else
            none++;
        assert_true(acknowledged == 0 || sid__path_exists(f->path));
    }
    fixture_fit(f, &(sid_fit_options){.codes = "4", .force = true}, NULL);
    sid__free(whole_text(f, f->path));
    assert_int_equal(temporaries_of(f->root), 0);
    print_message("%d kills of fit: %d left no catalogue, the others a whole one; %d temporary directories cleared\n",
                  cycles, none, left);
}

int main(int count, char **argument)
{
    static char path[PATH_MAX];
    if (count == 5 && strcmp(argument[1], "--change") == 0)
        return child_change(argument[2], strtoull(argument[3], NULL, 10), (int)strtol(argument[4], NULL, 10));
    if (count == 4 && strcmp(argument[1], "--fit") == 0)
        return child_fit(argument[2], strtoull(argument[3], NULL, 10));
    self = realpath("/proc/self/exe", path);
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_killed_changes), FIXTURE_TEST(test_killed_fits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
