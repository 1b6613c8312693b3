/* ctx.h: the inside of sid_ctx, what long calls share. Reading it from many threads is fine; only `canceled` and
 * `reserved_size` change during calls, and they are atomic.
 */
#ifndef SEMID_BASE_CTX_H
#define SEMID_BASE_CTX_H

#include <stdatomic.h>

#include "base/cpu.h"
#include "base/pool.h"

struct sid_ctx {
    sid__pool *pool;
    sid__isa isa;
    size_t limit_size;            /* 0: none */
    _Atomic size_t reserved_size; /* <= limit_size when there is one */
    atomic_int canceled;
    sid_progress_fn *on_progress;
    void *progress_user;
    sid_log_fn *on_log;
    void *log_user;
};

/* SID_ECANCELED once sid_ctx_cancel was called, until sid_ctx_resume. Long loops call it between steps. */
sid_status sid__ctx_check(const sid_ctx *ctx, sid_error *err);
/* done, total in `unit`; loss NaN: none. */
void sid__ctx_progress(const sid_ctx *ctx, const char *stage, int64_t done, int64_t total, const char *unit,
                       double loss);
/* With what else is to be said; NULL or empty: nothing. */
void sid__ctx_progress_note(const sid_ctx *ctx, const char *stage, int64_t done, int64_t total, const char *unit,
                            double loss, const char *note);
__attribute__((format(printf, 2, 3))) void sid__ctx_warn(const sid_ctx *ctx, const char *format, ...);
__attribute__((format(printf, 2, 3))) void sid__ctx_info(const sid_ctx *ctx, const char *format, ...);

/* Takes `size` bytes of the memory limit for `what`, or SID_ENOMEM with the numbers. Give them back with release. */
sid_status sid__ctx_reserve(sid_ctx *ctx, size_t size, const char *what, sid_error *err);
void sid__ctx_release(sid_ctx *ctx, size_t size);

/* sid__pool_for on the context's pool. */
void sid__ctx_for(const sid_ctx *ctx, int64_t count, int64_t grain, sid__pool_fn *fn, void *arg);
/* The same for chunks that can fail, such as those that read a file. After a failure, or once canceled, no chunk begins
 * any more; of the failures that were, that of the lowest rows is given. */
typedef sid_status sid__try_fn(void *arg, int64_t begin, int64_t end, int worker, sid_error *err);
sid_status sid__ctx_try_for(const sid_ctx *ctx, int64_t count, int64_t grain, sid__try_fn *fn, void *arg,
                            sid_error *err);

#endif
