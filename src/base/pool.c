/* pool.c: a job is an atomic chunk counter that all workers draw from until it runs out.
 *
 * Threads sleep on `wake` between jobs and are numbered 1..threads-1; the caller is worker 0. `epoch` tells a sleeping
 * worker that a job is new. `running` counts workers inside the job: the caller returns when it is 0 again, so that no
 * worker can touch a job that has ended.
 */
#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"

typedef struct pool_job {
    sid__pool_fn *fn;
    void *arg;
    int64_t count, grain;
    _Atomic int64_t next;
} pool_job;

typedef struct worker {
    sid__pool *pool;
    pthread_t thread;
    int index;
} worker;

struct sid__pool {
    int threads, started; /* started: threads that exist, <= threads - 1 */
    _Atomic pid_t owner;  /* the process that the threads belong to; -p: process p is making itself new ones */
    pthread_mutex_t lock, one_job;
    pthread_cond_t wake, idle;
    uint64_t epoch; /* of the newest job */
    int running;    /* workers inside the job */
    bool is_open;   /* a job takes workers; a worker that wakes late finds it closed and sleeps on */
    bool is_ending;
    pool_job job;
    worker worker[];
};

static _Thread_local bool is_inside_loop;

static void run_chunks(pool_job *job, int worker_index)
{
    is_inside_loop = true;
    for (;;) {
        int64_t begin = atomic_fetch_add_explicit(&job->next, job->grain, memory_order_relaxed);
        if (begin >= job->count)
            break;
        int64_t end = job->count - begin < job->grain ? job->count : begin + job->grain;
        job->fn(job->arg, begin, end, worker_index);
    }
    is_inside_loop = false;
}

static void *worker_main(void *arg)
{
    worker *self = arg;
    sid__pool *pool = self->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->is_ending && (!pool->is_open || pool->epoch == seen))
            pthread_cond_wait(&pool->wake, &pool->lock);
        if (pool->is_ending)
            break;
        seen = pool->epoch;
        pool->running++;
        pthread_mutex_unlock(&pool->lock);
        run_chunks(&pool->job, self->index);
        pthread_mutex_lock(&pool->lock);
        if (--pool->running == 0)
            pthread_cond_signal(&pool->idle);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void init_state(sid__pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pthread_mutex_init(&pool->one_job, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->idle, NULL);
    pool->started = pool->running = 0;
    pool->epoch = 0;
    pool->is_open = pool->is_ending = false;
}

/* The program's signals are for its own threads. Faults stay open: they belong to the thread that makes them. */
static void mask_signals(sigset_t *old)
{
    static const int open_signal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
    sigset_t masked;
    (void)sigfillset(&masked);
    for (size_t i = 0; i < sizeof open_signal / sizeof *open_signal; i++)
        (void)sigdelset(&masked, open_signal[i]);
    (void)pthread_sigmask(SIG_SETMASK, &masked, old);
}

/* Fewer threads than asked for is slower, not wrong: a loop also ends with the caller alone. */
static void start_threads(sid__pool *pool)
{
    sigset_t old;
    mask_signals(&old); /* threads inherit it */
    for (int i = 1; i < pool->threads; i++) {
        worker *next = &pool->worker[i - 1];
        *next = (worker){.pool = pool, .index = i};
        if (pthread_create(&next->thread, NULL, worker_main, next) != 0)
            break;
        pool->started = i;
    }
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* After fork the child has the pool's memory but none of its threads, and locks as they happened to be: all is made
 * anew. False while another thread of this process does so. The claim names the process, so that a child forked during
 * it makes its own.
 */
static bool own_threads(sid__pool *pool)
{
    pid_t self = getpid(), owner = atomic_load(&pool->owner);
    if (owner == self)
        return true;
    if (owner == -self || !atomic_compare_exchange_strong(&pool->owner, &owner, -self))
        return false;
    init_state(pool);
    start_threads(pool);
    atomic_store(&pool->owner, self);
    return true;
}

sid_status sid__pool_create(int threads, sid__pool **out, sid_error *err)
{
    sid__pool *pool = NULL;
    assert(threads > 0);
    SID_TRY(sid__alloc(&pool, 1, sizeof *pool + (size_t)threads * sizeof(worker), "the thread pool", err));
    pool->threads = threads;
    init_state(pool);
    start_threads(pool);
    atomic_store(&pool->owner, getpid());
    *out = pool;
    return SID_OK;
}

void sid__pool_free(sid__pool *pool)
{
    if (!pool)
        return;
    if (atomic_load(&pool->owner) == getpid()) {
        pthread_mutex_lock(&pool->lock);
        pool->is_ending = true;
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
        for (int i = 0; i < pool->started; i++)
            pthread_join(pool->worker[i].thread, NULL);
        pthread_cond_destroy(&pool->idle);
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->one_job);
        pthread_mutex_destroy(&pool->lock);
    }
    sid__free(pool);
}

int sid__pool_threads(const sid__pool *pool)
{
    return pool ? pool->threads : 1;
}

static void run_alone(int64_t count, int64_t grain, sid__pool_fn *fn, void *arg)
{
    bool was_inside = is_inside_loop;
    pool_job alone = {.fn = fn, .arg = arg, .count = count, .grain = grain};
    run_chunks(&alone, 0);
    is_inside_loop = was_inside;
}

void sid__pool_for(sid__pool *pool, int64_t count, int64_t grain, sid__pool_fn *fn, void *arg)
{
    assert(grain > 0);
    if (count <= 0)
        return;
    if (!pool || is_inside_loop || pool->threads == 1 || count <= grain || !own_threads(pool) ||
        pthread_mutex_trylock(&pool->one_job) != 0) {
        run_alone(count, grain, fn, arg);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->job.fn = fn;
    pool->job.arg = arg;
    pool->job.count = count;
    pool->job.grain = grain;
    atomic_store(&pool->job.next, 0);
    pool->epoch++;
    pool->is_open = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    run_chunks(&pool->job, 0);
    pthread_mutex_lock(&pool->lock);
    pool->is_open = false;
    while (pool->running > 0)
        pthread_cond_wait(&pool->idle, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    pthread_mutex_unlock(&pool->one_job);
}
