/* ctx.c: see ctx.h. */
#include "base/ctx.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/mem.h"

enum { THREADS_MAX = 1024, LOG_LINE_MAX = 1024 };

sid_status sid_ctx_create(sid_ctx **out, sid_error *err)
{
    sid_ctx *ctx = NULL;
    SID_TRY(sid__alloc(&ctx, 1, sizeof *ctx, "the context", err));
    sid_status status = sid__isa_parse(getenv("SEMID_ISA"), &ctx->isa, err);
    if (status == SID_OK)
        status = sid__pool_create(sid__cpu_allowed_count(), &ctx->pool, err);
    if (status != SID_OK) {
        sid_ctx_free(ctx);
        return status;
    }
    *out = ctx;
    return SID_OK;
}

void sid_ctx_free(sid_ctx *ctx)
{
    if (!ctx)
        return;
    sid__pool_free(ctx->pool);
    sid__free(ctx);
}

sid_status sid_ctx_set_threads(sid_ctx *ctx, int threads, sid_error *err)
{
    if (threads < 0 || threads > THREADS_MAX)
        return sid__fail(err, SID_EUSAGE, "threads is %d; 1 to %d are possible, 0 means all allowed CPUs", threads,
                         THREADS_MAX);
    sid__pool *pool = NULL;
    SID_TRY(sid__pool_create(threads ? threads : sid__cpu_allowed_count(), &pool, err));
    sid__pool_free(ctx->pool);
    ctx->pool = pool;
    return SID_OK;
}

int sid_ctx_threads(const sid_ctx *ctx)
{
    return sid__pool_threads(ctx->pool);
}

void sid_ctx_set_memory_limit(sid_ctx *ctx, size_t limit_size)
{
    ctx->limit_size = limit_size;
}

sid_status sid_ctx_set_isa(sid_ctx *ctx, const char *isa, sid_error *err)
{
    return sid__isa_parse(isa, &ctx->isa, err);
}

const char *sid_ctx_isa(const sid_ctx *ctx)
{
    return sid__isa_name(ctx->isa);
}

void sid_ctx_on_progress(sid_ctx *ctx, sid_progress_fn *fn, void *user)
{
    ctx->on_progress = fn;
    ctx->progress_user = user;
}

void sid_ctx_on_log(sid_ctx *ctx, sid_log_fn *fn, void *user)
{
    ctx->on_log = fn;
    ctx->log_user = user;
}

void sid_ctx_cancel(sid_ctx *ctx)
{
    atomic_store(&ctx->canceled, 1);
}

void sid_ctx_resume(sid_ctx *ctx)
{
    atomic_store(&ctx->canceled, 0);
}

sid_status sid__ctx_check(const sid_ctx *ctx, sid_error *err)
{
    if (!atomic_load_explicit(&ctx->canceled, memory_order_relaxed))
        return SID_OK;
    return sid__fail(err, SID_ECANCELED, "interrupted");
}

void sid__ctx_progress(const sid_ctx *ctx, const char *stage, int64_t done, int64_t total, const char *unit,
                       double loss)
{
    sid__ctx_progress_note(ctx, stage, done, total, unit, loss, NULL);
}

void sid__ctx_progress_note(const sid_ctx *ctx, const char *stage, int64_t done, int64_t total, const char *unit,
                            double loss, const char *note)
{
    if (ctx->on_progress)
        ctx->on_progress(ctx->progress_user,
                         &(sid_progress){stage, done, total, unit, loss, note && *note ? note : NULL});
}

__attribute__((format(printf, 3, 0))) static void log_line(const sid_ctx *ctx, sid_log_level level, const char *format,
                                                           va_list args)
{
    char line[LOG_LINE_MAX];
    if (!ctx->on_log)
        return;
    (void)vsnprintf(line, sizeof line, format, args);
    sid__utf8_mend(line);
    ctx->on_log(ctx->log_user, level, line);
}

void sid__ctx_warn(const sid_ctx *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(ctx, SID_LOG_WARNING, format, args);
    va_end(args);
}

void sid__ctx_info(const sid_ctx *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(ctx, SID_LOG_INFO, format, args);
    va_end(args);
}

sid_status sid__ctx_reserve(sid_ctx *ctx, size_t size, const char *what, sid_error *err)
{
    /* Not add, look and take back: another thread's small request would fail beside a large one that is refused. */
    size_t before = atomic_load(&ctx->reserved_size), after;
    while (sid__add_size(before, size, &after) && (ctx->limit_size == 0 || after <= ctx->limit_size))
        if (atomic_compare_exchange_weak(&ctx->reserved_size, &before, after))
            return SID_OK;
    return sid__fail(err, SID_ENOMEM,
                     "%s needs %zu MiB beside %zu MiB in use, over the memory limit of %zu MiB; raise --memory-limit",
                     what, (size >> 20) + 1, before >> 20, ctx->limit_size >> 20);
}

void sid__ctx_release(sid_ctx *ctx, size_t size)
{
    atomic_fetch_sub(&ctx->reserved_size, size);
}

void sid__ctx_for(const sid_ctx *ctx, int64_t count, int64_t grain, sid__pool_fn *fn, void *arg)
{
    sid__pool_for(ctx->pool, count, grain, fn, arg);
}

/* Invariant: has_failed means that status, begin and err tell of a failure; they change under the mutex. */
typedef struct try_job {
    const sid_ctx *ctx;
    sid__try_fn *fn;
    void *arg;
    pthread_mutex_t mutex;
    atomic_bool has_failed;
    sid_status status;
    int64_t begin;
    sid_error *err;
} try_job;

static void note_failure(try_job *job, int64_t begin, sid_status status, const sid_error *why)
{
    (void)pthread_mutex_lock(&job->mutex);
    if (!atomic_load(&job->has_failed) || begin < job->begin) {
        job->status = status;
        job->begin = begin;
        if (job->err)
            *job->err = *why;
        atomic_store(&job->has_failed, true);
    }
    (void)pthread_mutex_unlock(&job->mutex);
}

static void try_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    try_job *job = arg;
    sid_error why = {0};
    if (atomic_load_explicit(&job->has_failed, memory_order_relaxed))
        return;
    sid_status status = sid__ctx_check(job->ctx, &why);
    if (status == SID_OK)
        status = job->fn(job->arg, begin, end, worker, &why);
    if (status != SID_OK)
        note_failure(job, begin, status, &why);
}

sid_status sid__ctx_try_for(const sid_ctx *ctx, int64_t count, int64_t grain, sid__try_fn *fn, void *arg,
                            sid_error *err)
{
    try_job job = {.ctx = ctx, .fn = fn, .arg = arg, .mutex = PTHREAD_MUTEX_INITIALIZER, .err = err};
    sid__pool_for(ctx->pool, count, grain, try_chunk, &job);
    (void)pthread_mutex_destroy(&job.mutex);
    return job.status;
}
