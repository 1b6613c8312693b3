/* test_ctx.c: threads, kernel path, memory limit, cancelling, progress and log of a context. */
#include "base/ctx.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>

#include "base/mem.h"
#include "test.h"

static sid_ctx *make(void)
{
    sid_ctx *ctx = NULL;
    TEST_OK(sid_ctx_create(&ctx, err));
    return ctx;
}

/* Fails when a new context does not use what the process may use, or an allocation that fails leaks. */
static void test_create(void **state)
{
    (void)state;
    sid_ctx *ctx = make();
    assert_int_equal(sid_ctx_threads(ctx), sid__cpu_allowed_count());
    assert_string_equal(sid_ctx_isa(ctx), sid__isa_name(sid__isa_best()));
    TEST_OK(sid__ctx_reserve(ctx, (size_t)1 << 50, "no limit", err));
    sid_ctx_free(ctx);
    sid_ctx_free(NULL);
    for (int after = 0; after < 2; after++) {
        ctx = NULL;
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_ctx_create(&ctx, err), SID_ENOMEM, after ? "the thread pool" : "the context");
        sid__mem_fail(-1, 0);
        assert_null(ctx);
    }
}

/* Fails when the number is not taken, a wrong one is, or a failure changes the context. */
static void test_threads(void **state)
{
    (void)state;
    sid_ctx *ctx = make();
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    assert_int_equal(sid_ctx_threads(ctx), 3);
    TEST_FAILS(sid_ctx_set_threads(ctx, -1, err), SID_EUSAGE, "threads is -1; 1 to 1024 are possible");
    TEST_FAILS(sid_ctx_set_threads(ctx, 1025, err), SID_EUSAGE, "threads is 1025");
    sid__mem_fail(0, 1);
    TEST_FAILS(sid_ctx_set_threads(ctx, 2, err), SID_ENOMEM, "the thread pool");
    sid__mem_fail(-1, 0);
    assert_int_equal(sid_ctx_threads(ctx), 3);
    TEST_OK(sid_ctx_set_threads(ctx, 0, err));
    assert_int_equal(sid_ctx_threads(ctx), sid__cpu_allowed_count());
    sid_ctx_free(ctx);
}

/* Fails when a path is not taken, an unknown one is, SEMID_ISA is not read at creation, or an empty one counts. */
static void test_isa(void **state)
{
    (void)state;
    sid_ctx *ctx = make();
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        TEST_OK(sid_ctx_set_isa(ctx, sid__isa_name((sid__isa)isa), err));
        assert_string_equal(sid_ctx_isa(ctx), sid__isa_name((sid__isa)isa));
    }
    TEST_OK(sid_ctx_set_isa(ctx, "portable", err));
    TEST_FAILS(sid_ctx_set_isa(ctx, "avx1024", err), SID_EUSAGE, "\"avx1024\" is unknown");
    assert_string_equal(sid_ctx_isa(ctx), "portable");
    TEST_OK(sid_ctx_set_isa(ctx, NULL, err));
    assert_string_equal(sid_ctx_isa(ctx), sid__isa_name(sid__isa_best()));
    sid_ctx_free(ctx);

    assert_int_equal(setenv("SEMID_ISA", "portable", 1), 0);
    ctx = make();
    assert_string_equal(sid_ctx_isa(ctx), "portable");
    sid_ctx_free(ctx);
    assert_int_equal(setenv("SEMID_ISA", "sse9", 1), 0);
    ctx = NULL;
    TEST_FAILS(sid_ctx_create(&ctx, err), SID_EUSAGE, "\"sse9\" is unknown");
    assert_null(ctx);
    assert_int_equal(setenv("SEMID_ISA", "", 1), 0);
    sid_ctx_free(make());
    assert_int_equal(unsetenv("SEMID_ISA"), 0);
}

/* Fails when more than the limit is given, what was given back is not given again, or the message lacks the numbers. */
static void test_memory_limit(void **state)
{
    (void)state;
    const size_t mib = 1 << 20;
    sid_ctx *ctx = make();
    sid_ctx_set_memory_limit(ctx, 100 * mib);
    TEST_OK(sid__ctx_reserve(ctx, 60 * mib, "rows", err));
    TEST_FAILS(sid__ctx_reserve(ctx, 41 * mib, "the sample", err), SID_ENOMEM,
               "the sample needs 42 MiB beside 60 MiB in use, over the memory limit of 100 MiB; raise --memory-limit");
    TEST_FAILS(sid__ctx_reserve(ctx, SIZE_MAX, "a wrap", err), SID_ENOMEM, "a wrap");
    TEST_OK(sid__ctx_reserve(ctx, 40 * mib, "exactly the rest", err));
    TEST_FAILS(sid__ctx_reserve(ctx, 1, "a byte", err), SID_ENOMEM, "a byte");
    sid__ctx_release(ctx, 40 * mib);
    TEST_OK(sid__ctx_reserve(ctx, 1, "a byte", err));
    sid__ctx_release(ctx, 60 * mib + 1);
    assert_int_equal(ctx->reserved_size, 0);
    sid_ctx_set_memory_limit(ctx, 0);
    TEST_OK(sid__ctx_reserve(ctx, 1000 * mib, "rows", err));
    sid_ctx_free(ctx);
}

static void *ask_too_much(void *arg)
{
    intptr_t granted = 0;
    for (int i = 0; i < 20000; i++)
        granted += sid__ctx_reserve(arg, 1000, "too much", NULL) == SID_OK;
    return (void *)granted;
}

static void *ask_little(void *arg)
{
    intptr_t refused = 0;
    for (int i = 0; i < 20000; i++) {
        if (sid__ctx_reserve(arg, 10, "little", NULL) == SID_OK)
            sid__ctx_release(arg, 10);
        else
            refused++;
    }
    return (void *)refused;
}

/* Fails when a request that is refused holds memory for a moment: one beside it, which fits, is then refused too. */
static void test_memory_limit_among_threads(void **state)
{
    (void)state;
    sid_ctx *ctx = make();
    pthread_t much, little;
    void *granted = NULL, *refused = NULL;
    sid_ctx_set_memory_limit(ctx, 500);
    assert_int_equal(pthread_create(&much, NULL, ask_too_much, ctx), 0);
    assert_int_equal(pthread_create(&little, NULL, ask_little, ctx), 0);
    assert_int_equal(pthread_join(much, &granted), 0);
    assert_int_equal(pthread_join(little, &refused), 0);
    assert_null(granted);
    assert_null(refused);
    assert_int_equal(ctx->reserved_size, 0);
    sid_ctx_free(ctx);
}

static sid_ctx *interrupted;

static void cancel_it(int number)
{
    (void)number;
    sid_ctx_cancel(interrupted);
}

/* Fails when a context stays canceled once its cancellation is taken back, or can be canceled once only. */
static void test_resume(void **state)
{
    (void)state;
    sid_ctx *ctx = make();
    for (int i = 0; i < 2; i++) {
        sid_ctx_cancel(ctx);
        TEST_FAILS(sid__ctx_check(ctx, err), SID_ECANCELED, "interrupted");
        sid_ctx_resume(ctx);
        TEST_OK(sid__ctx_check(ctx, err));
    }
    sid_ctx_free(ctx);
}

/* Fails when cancelling, also from a signal handler, is not seen by the next check. */
static void test_cancel(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = cancel_it}, old;
    interrupted = make();
    TEST_OK(sid__ctx_check(interrupted, err));
    assert_int_equal(sigaction(SIGINT, &action, &old), 0);
    assert_int_equal(raise(SIGINT), 0);
    assert_int_equal(sigaction(SIGINT, &old, NULL), 0);
    TEST_FAILS(sid__ctx_check(interrupted, err), SID_ECANCELED, "interrupted");
    assert_int_equal(sid__ctx_check(interrupted, NULL), SID_ECANCELED);
    sid_ctx_free(interrupted);
}

typedef struct heard {
    int progress_count, log_count;
    sid_progress progress;
    sid_log_level level;
    char line[2048];
} heard;

static void hear_progress(void *user, const sid_progress *progress)
{
    heard *h = user;
    h->progress = *progress;
    h->progress_count++;
}

static void hear_log(void *user, sid_log_level level, const char *message)
{
    heard *h = user;
    h->level = level;
    (void)snprintf(h->line, sizeof h->line, "%s", message);
    h->log_count++;
}

/* Fails when a figure is passed in another's place, or a context without listener crashes. */
static void test_progress(void **state)
{
    (void)state;
    heard h = {0};
    sid_ctx *ctx = make();
    sid__ctx_progress(ctx, "unheard", 1, 2, "rows", 0);
    sid_ctx_on_progress(ctx, hear_progress, &h);
    sid__ctx_progress(ctx, "level 2: k-means", 3, 10, "sweeps", 0.5);
    assert_string_equal(h.progress.stage, "level 2: k-means");
    assert_int_equal(h.progress.done, 3);
    assert_int_equal(h.progress.total, 10);
    assert_string_equal(h.progress.unit, "sweeps");
    assert_true(h.progress.loss > 0.49 && h.progress.loss < 0.51);
    sid__ctx_progress(ctx, "reading", 3, 0, "rows", (double)NAN);
    assert_true(isnan(h.progress.loss));
    sid_ctx_on_progress(ctx, NULL, NULL);
    sid__ctx_progress(ctx, "unheard", 1, 2, "rows", 0);
    assert_int_equal(h.progress_count, 2);
    sid_ctx_free(ctx);
}

/* Fails when levels are swapped, a long line overruns or ends in half a character, or no listener crashes. */
static void test_log(void **state)
{
    (void)state;
    heard h = {0};
    sid_ctx *ctx = make();
    sid__ctx_warn(ctx, "unheard");
    sid_ctx_on_log(ctx, hear_log, &h);
    sid__ctx_warn(ctx, "%d rows were %s", 5, "skipped");
    assert_int_equal(h.level, SID_LOG_WARNING);
    assert_string_equal(h.line, "5 rows were skipped");
    sid__ctx_info(ctx, "index rebuilt");
    assert_int_equal(h.level, SID_LOG_INFO);
    assert_string_equal(h.line, "index rebuilt");
    char text[2000] = "";
    for (int i = 0; i < 999; i++)
        memcpy(text + 2 * i, "\xc3\xa9", 3);
    sid__ctx_info(ctx, "%s", text);
    assert_int_equal(strlen(h.line), 1022);
    sid_ctx_on_log(ctx, NULL, NULL);
    sid__ctx_info(ctx, "unheard");
    assert_int_equal(h.log_count, 3);
    sid_ctx_free(ctx);
}

static void count_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    atomic_fetch_add((atomic_int *)arg, (int)(end - begin));
}

/* Fails when the loop does not reach all rows. */
static void test_for(void **state)
{
    (void)state;
    sid_ctx *ctx = make();
    atomic_int rows = 0;
    TEST_OK(sid_ctx_set_threads(ctx, 2, err));
    sid__ctx_for(ctx, 1001, 10, count_rows, &rows);
    assert_int_equal(rows, 1001);
    sid_ctx_free(ctx);
}

static sid_status fail_from_500(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    count_rows(arg, begin, end, worker);
    return begin < 500 ? SID_OK : sid__fail(err, SID_EDATA, "row %d", (int)begin);
}

/* Fails when a failure is lost, another one than the lowest of those met is told, chunks go on behind it, or a canceled
 * loop begins. */
static void test_try_for(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        sid_ctx *ctx = make();
        atomic_int rows = 0;
        TEST_OK(sid_ctx_set_threads(ctx, threads, err));
        TEST_OK(sid__ctx_try_for(ctx, 500, 10, fail_from_500, &rows, err));
        assert_int_equal(rows, 500);
        TEST_FAILS(sid__ctx_try_for(ctx, 100000, 10, fail_from_500, &rows, err), SID_EDATA, "row 500");
        assert_in_range(rows, 1010, 1500);
        assert_int_equal(sid__ctx_try_for(ctx, 1000, 10, fail_from_500, &rows, NULL), SID_EDATA);
        rows = 0;
        sid_ctx_cancel(ctx);
        TEST_FAILS(sid__ctx_try_for(ctx, 500, 10, fail_from_500, &rows, err), SID_ECANCELED, "interrupted");
        assert_int_equal(rows, 0);
        sid_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_isa),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_memory_limit_among_threads),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_for),
        cmocka_unit_test(test_try_for),
    };
    (void)unsetenv("SEMID_ISA"); /* the test scripts may set it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
