/* work_queue.h: what is too long for the loop waits here for a worker, in order, in a bounded queue. The door refuses what the
 * queue has no place for and what could not be done by its deadline, going by how long jobs took of late; a worker drops what
 * has passed its deadline or whose client has gone.
 */
#ifndef SEMID_SERVE_WORK_QUEUE_H
#define SEMID_SERVE_WORK_QUEUE_H

#include <pthread.h>

#include "request.h"

/* Answers them, then gives each back by srv_request_done. */
typedef void srv_work_fn(srv_request **batch, int count);
/* Whether `next` may be in the batch that `first` begins. */
typedef bool srv_join_fn(const srv_request *first, const srv_request *next);

typedef enum srv_door { SRV_DOOR_OPEN, SRV_DOOR_FULL, SRV_DOOR_LATE } srv_door;

/* Invariant: count requests lie from head on, around the end of the ring; only the loop pushes. What the door looks at changes under
 * the lock and is read without: a loop that refuses must not wait for a worker that holds the lock and has no core. */
typedef struct srv_queue {
    pthread_mutex_t lock;
    pthread_cond_t more;
    srv_request **ring; /* (capacity) */
    int capacity, worker_count, head, batch_max, batch_wait_ms;
    atomic_int count, running;
    _Atomic int64_t job_us; /* a job's time of late, batches divided by their size */
    bool is_closed, steps_back;
    srv_work_fn *work;
    srv_join_fn *joins; /* NULL: all do */
    pthread_t thread[SRV_WORKERS_MAX];
    int thread_count; /* that run */
} srv_queue;

typedef struct srv_queue_plan {
    int capacity, worker_count, batch_max, batch_wait_ms;
    srv_work_fn *work;
    srv_join_fn *joins;
    bool steps_back; /* workers leave a core that is short to others */
} srv_queue_plan;

/* SID_ENOMEM; drop it in any case. */
sid_status srv_queue_open(srv_queue *queue, const srv_queue_plan *plan);
/* Lets the workers finish what waits, then ends them. */
void srv_queue_close(srv_queue *queue);
void srv_queue_drop(srv_queue *queue);
/* Whether a push may follow; *retry_s: when there will be room, by the rate of late. */
srv_door srv_queue_door(srv_queue *queue, int64_t now_us, int64_t deadline_us, int *retry_s);
bool srv_queue_push(srv_queue *queue, srv_request *request); /* false: it is closed */
int srv_queue_waiting(srv_queue *queue, int *running);

#endif
