/* pool.h: our own threads. One loop over rows at a time; the caller works too.
 *
 *     sid__pool_for(pool, row_count, 256, assign_rows, &job);   // assign_rows(&job, begin, end, worker)
 *
 * Rules: (1) what a chunk writes must not depend on which worker runs it; (2) chunk borders depend on count and grain
 * alone, never on the number of threads, so that per-chunk results can be added in chunk order; (3) a loop started
 * inside a loop, or while another thread's loop runs, is run by its caller alone, as worker 0: scratch memory belongs to
 * one call of sid__pool_for; (4) after fork the child makes itself new threads at its first loop; a chunk that forks must
 * not return in the child, which has no threads to end the loop with; (5) pool threads take none of the program's signals.
 */
#ifndef SEMID_BASE_POOL_H
#define SEMID_BASE_POOL_H

#include "base/error.h"

typedef struct sid__pool sid__pool;

/* worker: 0 .. threads-1, for scratch memory. Rows begin <= i < end, end - begin <= grain. */
typedef void sid__pool_fn(void *arg, int64_t begin, int64_t end, int worker);

/* threads > 0 */
sid_status sid__pool_create(int threads, sid__pool **out, sid_error *err);
void sid__pool_free(sid__pool *pool);
/* pool NULL, here and below: the caller alone. */
int sid__pool_threads(const sid__pool *pool);
/* grain > 0 */
void sid__pool_for(sid__pool *pool, int64_t count, int64_t grain, sid__pool_fn *fn, void *arg);

#endif
