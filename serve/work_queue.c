/* work_queue.c: see work_queue.h. */
#define _GNU_SOURCE
#include "work_queue.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

enum { SMOOTH = 8, FIRST_JOB_US = 1000, STEP_BACK = 5 /* of nice */ };

/* ---- Workers ------------------------------------------------------------------------------------------------------ */

/* A share of what waits: other workers come for theirs. */
static int take(srv_queue *queue, srv_request **batch, int count)
{
    int waiting = queue->count, share = (waiting + queue->worker_count - 1) / queue->worker_count;
    for (int most = count + share; count < most && count < queue->batch_max; queue->count--) {
        srv_request *next = queue->ring[queue->head];
        if (count > 0 && queue->joins && !queue->joins(batch[0], next))
            break;
        batch[count++] = next;
        queue->head = (queue->head + 1) % queue->capacity;
    }
    return count;
}

/* Others may join the batch for a little while. Under the lock. */
static int wait_for_more(srv_queue *queue, srv_request **batch, int count)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += queue->batch_wait_ms * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    while (count < queue->batch_max && !queue->is_closed &&
           pthread_cond_timedwait(&queue->more, &queue->lock, &end) == 0)
        count = take(queue, batch, count);
    return take(queue, batch, count);
}

static bool is_gone(const srv_request *request)
{
    char byte;
    return recv(request->connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Answers what is not worth working on, and gives how many are left. */
static int sift(srv_request **batch, int count)
{
    int left = 0;
    int64_t now_us = srv_now_us();
    for (int i = 0; i < count; i++) {
        srv_request *request = batch[i];
        if (is_gone(request)) {
            srv_metrics_count(&request->server->metrics, SRV_COUNT_GONE);
            (void)srv_fail(request, 503, SID_ECANCELED, "the client has gone");
            request->answer.must_close = true;
        } else if (now_us >= request->deadline_us) {
            srv_metrics_count(&request->server->metrics, SRV_COUNT_LATE);
            (void)srv_fail(request, 504, SID_ECANCELED,
                           "the deadline of %lld ms passed before a worker was free; ask again, or with a longer "
                           "Semid-Deadline-Ms",
                           (long long)(request->deadline_us - request->begin_us) / 1000);
        } else {
            batch[left++] = request;
            continue;
        }
        srv_request_done(request);
    }
    return left;
}

static void work_on(srv_queue *queue, srv_request **batch, int count)
{
    int64_t begin_us = srv_now_us();
    int left = sift(batch, count);
    if (left > 0)
        queue->work(batch, left);
    int64_t each_us = left > 0 ? (srv_now_us() - begin_us) / left : 0;
    (void)pthread_mutex_lock(&queue->lock);
    queue->running -= count;
    if (left > 0)
        queue->job_us += (each_us - queue->job_us) / SMOOTH;
    (void)pthread_mutex_unlock(&queue->lock);
}

/* Where threads outnumber cores the loop goes first: it refuses in microseconds what would wait for a worker's milliseconds. */
static void step_back(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), STEP_BACK); /* of the calling thread */
}

static void *run_worker(void *arg)
{
    srv_queue *queue = arg;
    srv_request **batch = calloc((size_t)queue->batch_max, sizeof *batch);
    srv_request *single[1] = {NULL};
    if (queue->steps_back)
        step_back();
    for (;;) {
        (void)pthread_mutex_lock(&queue->lock);
        while (queue->count == 0 && !queue->is_closed)
            (void)pthread_cond_wait(&queue->more, &queue->lock);
        int batch_max = queue->batch_max;
        if (!batch)
            queue->batch_max = 1;
        int count = take(queue, batch ? batch : single, 0);
        if (batch && count > 0 && count < batch_max && queue->batch_wait_ms > 0)
            count = wait_for_more(queue, batch, count);
        queue->batch_max = batch_max;
        queue->running += count;
        (void)pthread_mutex_unlock(&queue->lock);
        if (count == 0)
            break;
        work_on(queue, batch ? batch : single, count);
    }
    free(batch);
    return NULL;
}

/* ---- The loop's side ---------------------------------------------------------------------------------------------- */

sid_status srv_queue_open(srv_queue *queue, const srv_queue_plan *plan)
{
    pthread_condattr_t attributes;
    *queue = (srv_queue){.capacity = plan->capacity,
                         .worker_count = plan->worker_count,
                         .steps_back = plan->steps_back,
                         .batch_max = plan->batch_max,
                         .batch_wait_ms = plan->batch_wait_ms,
                         .job_us = FIRST_JOB_US,
                         .work = plan->work,
                         .joins = plan->joins};
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&queue->more, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    queue->ring = calloc((size_t)plan->capacity, sizeof(srv_request *));
    while (queue->ring && queue->thread_count < plan->worker_count) {
        if (pthread_create(&queue->thread[queue->thread_count], NULL, run_worker, queue) != 0)
            return SID_ENOMEM;
        queue->thread_count++;
    }
    return queue->ring ? SID_OK : SID_ENOMEM;
}

void srv_queue_close(srv_queue *queue)
{
    if (queue->capacity == 0)
        return;
    (void)pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    (void)pthread_cond_broadcast(&queue->more);
    (void)pthread_mutex_unlock(&queue->lock);
    for (int i = 0; i < queue->thread_count; i++)
        (void)pthread_join(queue->thread[i], NULL);
    queue->thread_count = 0;
}

void srv_queue_drop(srv_queue *queue)
{
    if (queue->capacity == 0)
        return;
    (void)pthread_cond_destroy(&queue->more);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue->ring);
    *queue = (srv_queue){0};
}

srv_door srv_queue_door(srv_queue *queue, int64_t now_us, int64_t deadline_us, int *retry_s)
{
    int count = atomic_load(&queue->count), running = atomic_load(&queue->running);
    int64_t job_us = atomic_load(&queue->job_us);
    int64_t ahead_us = (count + running) * job_us / (queue->worker_count > 0 ? queue->worker_count : 1);
    bool is_full = count >= queue->capacity;
    /* The guess must not lock out for ever where nothing waits. */
    bool is_late = count > 0 && now_us + ahead_us + job_us > deadline_us;
    *retry_s = (int)(ahead_us / 1000000) + 1;
    return is_full ? SRV_DOOR_FULL : is_late ? SRV_DOOR_LATE : SRV_DOOR_OPEN;
}

bool srv_queue_push(srv_queue *queue, srv_request *request)
{
    (void)pthread_mutex_lock(&queue->lock);
    bool is_open = !queue->is_closed;
    if (is_open)
        queue->ring[(queue->head + queue->count++) % queue->capacity] = request;
    (void)pthread_cond_signal(&queue->more);
    (void)pthread_mutex_unlock(&queue->lock);
    return is_open;
}

int srv_queue_waiting(srv_queue *queue, int *running)
{
    *running = atomic_load(&queue->running);
    return atomic_load(&queue->count);
}
