/* test_pool.c: threads, chunks, nesting, sharing and fork. Run it under ThreadSanitizer too. */
#define _GNU_SOURCE
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "test.h"

#if defined(__SANITIZE_THREAD__)
#define IS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_TSAN 1
#endif
#endif
#ifndef IS_TSAN
#define IS_TSAN 0
#endif

#if IS_TSAN
/* Or it ends a child of fork that starts threads. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}
enum { FORK_ROUNDS = 100 };
#else
enum { FORK_ROUNDS = 1000 };
#endif

enum { ROWS = 1000, GRAIN = 7, CHUNKS = (ROWS + GRAIN - 1) / GRAIN, WORKERS_MAX = 16 };

typedef struct sum_job {
    int64_t chunk_sum[CHUNKS];
    int64_t chunk_end[CHUNKS];
    int visits[ROWS];
    _Atomic int worker_busy[WORKERS_MAX]; /* 1 while a chunk runs as that worker */
    _Atomic int errors;
    sid__pool *inner;
} sum_job;

/* Plain writes, so that ThreadSanitizer sees any row or chunk that two workers share, or that the caller reads early. */
static void sum_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    sum_job *job = arg;
    if (worker < 0 || worker >= WORKERS_MAX || atomic_exchange(&job->worker_busy[worker], 1))
        atomic_fetch_add(&job->errors, 1);
    int64_t sum = 0;
    for (int64_t i = begin; i < end; i++) {
        job->visits[i]++;
        sum += i * i;
    }
    job->chunk_sum[begin / GRAIN] = sum;
    job->chunk_end[begin / GRAIN] = begin % GRAIN == 0 ? end : -1;
    atomic_store(&job->worker_busy[worker], 0);
}

static bool is_sum_right(const sum_job *job)
{
    int64_t sum = 0, wanted = (int64_t)(ROWS - 1) * ROWS * (2 * ROWS - 1) / 6;
    for (int c = 0; c < CHUNKS; c++) {
        sum += job->chunk_sum[c];
        if (job->chunk_end[c] != (c + 1 < CHUNKS ? (c + 1) * GRAIN : ROWS))
            return false;
    }
    for (int i = 0; i < ROWS; i++)
        if (job->visits[i] != 1)
            return false;
    return sum == wanted && atomic_load(&job->errors) == 0;
}

static bool sum_works(sid__pool *pool)
{
    sum_job job = {0};
    sid__pool_for(pool, ROWS, GRAIN, sum_rows, &job);
    return is_sum_right(&job);
}

/* Fails when a row is left out or done twice, when a chunk's borders follow the thread count, when two chunks run as one
 * worker at a time, or when the caller returns before the last chunk ended. */
static void test_rows_and_chunks(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        sid__pool *pool = NULL;
        TEST_OK(sid__pool_create(threads[t], &pool, err));
        assert_int_equal(sid__pool_threads(pool), threads[t]);
        for (int round = 0; round < 100; round++)
            assert_true(sum_works(pool));
        sid__pool_free(pool);
    }
    assert_true(sum_works(NULL));
}

typedef struct border_job {
    _Atomic int calls;
    int64_t begin, end;
    int worker;
} border_job;

static void note_borders(void *arg, int64_t begin, int64_t end, int worker)
{
    border_job *job = arg;
    atomic_fetch_add(&job->calls, 1);
    job->begin = begin;
    job->end = end;
    job->worker = worker;
}

/* Fails when no rows call fn, or when one chunk is cut. */
static void test_small_counts(void **state)
{
    (void)state;
    sid__pool *pool = NULL;
    border_job job = {.begin = -1};
    TEST_OK(sid__pool_create(3, &pool, err));
    sid__pool_for(pool, 0, 4, note_borders, &job);
    sid__pool_for(pool, -5, 4, note_borders, &job);
    assert_int_equal(job.calls, 0);
    sid__pool_for(pool, 4, 4, note_borders, &job);
    assert_int_equal(job.calls, 1);
    assert_int_equal(job.begin, 0);
    assert_int_equal(job.end, 4);
    assert_int_equal(job.worker, 0);
    sid__pool_free(pool);
}

typedef struct nest_job {
    sid__pool *pool;
    _Atomic int errors, inner_rows;
} nest_job;

static void inner_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    nest_job *job = arg;
    atomic_fetch_add(&job->inner_rows, (int)(end - begin));
    if (worker != 0)
        atomic_fetch_add(&job->errors, 1);
}

static void outer_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    nest_job *job = arg;
    for (int64_t i = begin; i < end; i++) {
        sid__pool_for(job->pool, 10, 3, inner_rows, job);
        sid__pool_for(job->pool, 10, 3, inner_rows, job); /* the first must not make this thread look free */
    }
}

/* Fails when a loop inside a loop waits for threads that wait for it, or leaves rows out. */
static void test_nested(void **state)
{
    (void)state;
    nest_job job = {0};
    TEST_OK(sid__pool_create(3, &job.pool, err));
    sid__pool_for(job.pool, 50, 1, outer_rows, &job);
    assert_int_equal(job.inner_rows, 50 * 2 * 10);
    assert_int_equal(job.errors, 0);
    assert_true(sum_works(job.pool));
    sid__pool_free(job.pool);
}

typedef struct user {
    pthread_t thread;
    sid__pool *pool;
    int wrong;
} user;

static void *user_main(void *arg)
{
    user *self = arg;
    for (int round = 0; round < 200; round++)
        self->wrong += !sum_works(self->pool);
    return NULL;
}

static int wrong_sums_of_users(sid__pool *pool)
{
    user users[3];
    int wrong = 0;
    for (int i = 0; i < 3; i++) {
        users[i] = (user){.pool = pool};
        assert_int_equal(pthread_create(&users[i].thread, NULL, user_main, &users[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(users[i].thread, NULL), 0);
        wrong += users[i].wrong;
    }
    return wrong;
}

/* Fails when a second loop overwrites the first one's job, or takes its threads. */
static void test_shared_by_user_threads(void **state)
{
    (void)state;
    sid__pool *pool = NULL;
    TEST_OK(sid__pool_create(2, &pool, err));
    assert_int_equal(wrong_sums_of_users(pool), 0);
    sid__pool_free(pool);
}

/* A child that hangs is killed by its own alarm. */
static int exit_code_of(pid_t child)
{
    int status = 0;
    assert_true(child > 0);
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

typedef struct background {
    pthread_t thread;
    sid__pool *pool;
    atomic_bool is_ending;
    int wrong;
} background;

static void *background_main(void *arg)
{
    background *self = arg;
    while (!atomic_load(&self->is_ending))
        self->wrong += !sum_works(self->pool);
    return NULL;
}

/* gcc 12's ThreadSanitizer ends a child that starts threads ("dup thread with used id"); clang's lets it. */
static void skip_where_children_have_no_threads(void)
{
#if IS_TSAN && !defined(__clang__)
    print_message("skipped: this ThreadSanitizer knows no threads after fork; clang's does\n");
    skip();
#endif
}

/* Fails (the child's alarm ends it) when a child waits for its parent's threads, or for a lock that one of them held at
 * the fork; when the parent's pool suffers; when the child's free joins threads that are not there. */
static void test_fork_in_the_middle(void **state)
{
    (void)state;
    skip_where_children_have_no_threads();
    background other = {0};
    TEST_OK(sid__pool_create(2, &other.pool, err));
    assert_int_equal(pthread_create(&other.thread, NULL, background_main, &other), 0);
    for (int round = 0; round < FORK_ROUNDS; round++) {
        pid_t child = fork();
        if (child == 0) {
            (void)alarm(20);
            bool is_right = sum_works(other.pool);
            if (round % 2 == 0)
                sid__pool_free(other.pool);
            _exit(is_right ? 0 : 1);
        }
        assert_int_equal(exit_code_of(child), 0);
        if (round % 50 == 0)
            assert_true(sum_works(other.pool));
    }
    atomic_store(&other.is_ending, true);
    assert_int_equal(pthread_join(other.thread, NULL), 0);
    assert_int_equal(other.wrong, 0);
    sid__pool_free(other.pool);
}

/* Fails when the child's first loops, started by several threads at a time, make the threads twice, or when a child of
 * a child, or one that never loops before it frees, is forgotten. */
static void test_children_of_fork(void **state)
{
    (void)state;
    skip_where_children_have_no_threads();
    sid__pool *pool = NULL;
    TEST_OK(sid__pool_create(3, &pool, err));
    assert_true(sum_works(pool));
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();
        if (child == 0) {
            (void)alarm(20);
            if (round % 4 == 0) {
                sid__pool_free(pool);
                _exit(0);
            }
            int wrong = wrong_sums_of_users(pool);
            pid_t grandchild = fork();
            if (grandchild == 0) {
                (void)alarm(20);
                _exit(sum_works(pool) ? 0 : 1);
            }
            _exit(wrong + (exit_code_of(grandchild) != 0));
        }
        assert_int_equal(exit_code_of(child), 0);
    }
    assert_true(sum_works(pool));
    sid__pool_free(pool);
}

/* Fails when a thread stays after the free (the process would run out of them), or an unused pool cannot be freed. */
static void test_threads_end(void **state)
{
    (void)state;
    sid__pool_free(NULL);
    for (int round = 0; round < 300; round++) {
        sid__pool *pool = NULL;
        TEST_OK(sid__pool_create(1 + round % 8, &pool, err));
        if (round % 3 == 0)
            assert_true(sum_works(pool));
        sid__pool_free(pool);
    }
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    int threads = 0;
    assert_non_null(status);
    while (fgets(line, sizeof line, status) && sscanf(line, "Threads: %d", &threads) != 1)
        ;
    (void)fclose(status);
    assert_in_range(threads, 1, IS_TSAN ? 2 : 1); /* ThreadSanitizer has one of its own */
}

/* Fails when creation leaks or leaves *out half made without memory, or needs threads that the system refuses. */
static void test_without_memory_or_threads(void **state)
{
    (void)state;
    sid__pool *pool = NULL;
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__pool_create(2, &pool, err), SID_ENOMEM, "the thread pool");
    sid__mem_fail(-1, 0);
    assert_null(pool);
#if !IS_TSAN
    pthread_attr_t before, huge;
    assert_int_equal(pthread_getattr_default_np(&before), 0);
    assert_int_equal(pthread_attr_init(&huge), 0);
    assert_int_equal(pthread_attr_setstacksize(&huge, (size_t)1 << 50), 0);
    assert_int_equal(pthread_setattr_default_np(&huge), 0);
    pthread_t none;
    assert_int_not_equal(pthread_create(&none, NULL, background_main, NULL), 0);
    TEST_OK(sid__pool_create(4, &pool, err));
    assert_int_equal(pthread_setattr_default_np(&before), 0);
    assert_true(sum_works(pool));
    sid__pool_free(pool);
#endif
}

static void ignore_signal(int number)
{
    (void)number;
}

/* Fails when pool threads take the program's signals: with the main thread's mask closed, one must stay pending. */
static void test_signals_stay_with_the_program(void **state)
{
    (void)state;
    sid__pool *pool = NULL;
    struct sigaction action = {.sa_handler = ignore_signal}, old_action;
    sigset_t masked, old, pending;
    assert_int_equal(sigaction(SIGUSR1, &action, &old_action), 0);
    TEST_OK(sid__pool_create(3, &pool, err));
    assert_true(sum_works(pool));
    (void)sigemptyset(&masked);
    (void)sigaddset(&masked, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &masked, &old), 0);
    assert_false(sigismember(&old, SIGUSR1)); /* creation put the caller's mask back */
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    (void)usleep(20000);
    assert_int_equal(sigpending(&pending), 0);
    assert_true(sigismember(&pending, SIGUSR1));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &old_action, NULL), 0);
    sid__pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_chunks),
        cmocka_unit_test(test_small_counts),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_shared_by_user_threads),
        cmocka_unit_test(test_threads_end),
        cmocka_unit_test(test_without_memory_or_threads),
        cmocka_unit_test(test_signals_stay_with_the_program),
        cmocka_unit_test(test_fork_in_the_middle),
        cmocka_unit_test(test_children_of_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
