/* pool.c: a job is an atomic chunk counter that all workers draw from until it runs out.
 *
 * Threads sleep on `wake` between jobs and are numbered 1..threads-1; the caller is worker 0. `epoch` tells a sleeping
 * worker that a job is new. `running` counts workers inside the job: the caller returns when it is 0 again, so that no
 * worker can touch a job that has ended.
 */
#include "base/pool.h"

#include <pthread.h>
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
    pid_t pid;            /* of the process the threads belong to */
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
    pool->pid = getpid();
    pool->started = pool->running = 0;
    pool->epoch = 0;
    pool->is_open = pool->is_ending = false;
}

/* Fewer threads than asked for is slower, not wrong: a loop also ends with the caller alone. */
static void start_threads(sid__pool *pool)
{
    for (int i = 1; i < pool->threads; i++) {
        worker *next = &pool->worker[i - 1];
        *next = (worker){.pool = pool, .index = i};
        if (pthread_create(&next->thread, NULL, worker_main, next) != 0)
            break;
        pool->started = i;
    }
}

sid_status sid__pool_create(int threads, sid__pool **out, sid_error *err)
{
    sid__pool *pool = NULL;
    SID_TRY(sid__alloc(&pool, 1, sizeof *pool + (size_t)threads * sizeof(worker), "the thread pool", err));
    pool->threads = threads;
    init_state(pool);
    start_threads(pool);
    *out = pool;
    return SID_OK;
}

void sid__pool_free(sid__pool *pool)
{
    if (!pool)
        return;
    if (pool->pid == getpid()) {
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
    return pool->threads;
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
    if (count <= 0)
        return;
    if (!pool || is_inside_loop || pool->threads == 1 || count <= grain) {
        run_alone(count, grain, fn, arg);
        return;
    }
    if (pool->pid != getpid()) {
        init_state(pool);
        start_threads(pool);
    }
    if (pthread_mutex_trylock(&pool->one_job) != 0) {
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
