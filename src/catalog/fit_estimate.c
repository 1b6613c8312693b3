/* fit_estimate.c: time, memory and disk of a fit, from the sizes alone. A guess: within a factor of two or so for time, a
 * little above what is used for memory, since a limit that is too small is to be told in the first second.
 */
#include "catalog/fit_estimate.h"

#include <inttypes.h>
#include <stdio.h>

#include "io/vectors.h"

/* Seconds. Sweeps of k-means with its start; multiply-adds and doubles of exact search a second that a core of this decade
 * gives, and those of a training step; bytes a second from the page cache, each with what is done to them; times that a file of vectors is read, and
 * that anything else is gone through; bytes a second through SHA-256; items a second into SQLite. */
static const double sweeps_guess = 30, flop_rate_guess = 4e10, search_rate_guess = 3e10, byte_rate_guess = 1e9,
                    passes_guess = 8, hash_rate_guess = 2e8, item_rate_guess = 3e5, train_rate_guess = 1e11;

enum {
    SEARCH_QUERIES = 2000, /* of the health report */
    ENCODE_ROWS = 8192,
    WORKER_ROWS = 256,
    BUFFER_MAX = 32 << 20,
    PAGES_SIZE = 4 << 20
};

typedef struct sizes {
    double count, dim, sample, all_codes;
    double code_dim; /* of a code: parallel ones share out the dimensions */
    double train_flop;
    size_t fit_size, item_size; /* at the peak of each; one follows the other */
} sizes;

static sizes sizes_of(const sid_quantizer *q, const sid_vectors *vectors, int64_t fit_count)
{
    int64_t sample = sid__quantizer_sample_count(q, fit_count), count = sid_vectors_count(vectors);
    sizes s = {.count = (double)count, .dim = sid_vectors_dim(vectors), .sample = (double)sample};
    s.train_flop = q->family->train_flop ? q->family->train_flop(q, sid_vectors_dim(vectors)) : 0;
    s.code_dim = q->family->is_ordered ? s.dim : s.dim / sid_quantizer_levels(q);
    for (int l = 0; l < sid_quantizer_levels(q); l++)
        s.all_codes += sid_quantizer_codes(q, l);
    s.fit_size = sid__quantizer_fit_size(q, sample, sid_vectors_dim(vectors));
    s.item_size = (size_t)count * sid__draft_item_size(sid_quantizer_levels(q));
    return s;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* Rows that are prepared, or queries of the search; a few rows a worker; SQLite's pages. */
static size_t buffers_size(const sid_ctx *ctx, const sizes *s)
{
    double encode = least(least(s->count, ENCODE_ROWS) * s->dim * sizeof(float), BUFFER_MAX);
    double queries = least(least(s->count, SEARCH_QUERIES) * s->dim * sizeof(double), BUFFER_MAX);
    double workers = least(s->count, WORKER_ROWS * sid_ctx_threads(ctx)) * s->dim * (sizeof(double) + sizeof(float));
    return (size_t)((encode > queries ? encode : queries) + workers) + PAGES_SIZE;
}

static size_t peak_size(const sid_ctx *ctx, const sizes *s)
{
    return (s->fit_size > s->item_size ? s->fit_size : s->item_size) + buffers_size(ctx, s);
}

static double seconds(const sid_ctx *ctx, const sizes *s, const sid_fit_options *options)
{
    double cores = sid_ctx_threads(ctx), size = s->count * s->dim * sizeof(float);
    double flop = 2 * s->code_dim * s->all_codes * (s->sample * sweeps_guess + s->count);
    double search = 2 * s->dim * s->count * (SEARCH_QUERIES < s->count ? SEARCH_QUERIES : s->count);
    double hashed = options->drop_vectors ? 0 : 2 * size; /* when written, and when opened */
    return s->train_flop / (train_rate_guess * cores) + flop / (flop_rate_guess * cores) +
           search / (search_rate_guess * cores) + passes_guess * size / byte_rate_guess + hashed / hash_rate_guess +
           s->count / item_rate_guess;
}

void sid__fit_estimate(const sid_ctx *ctx, const sid_quantizer *q, const sid_fit_options *options,
                       const sid_vectors *vectors, int64_t fit_count, sid_fit_estimate *out)
{
    sizes s = sizes_of(q, vectors, fit_count);
    double item_size = 2.0 * sid_quantizer_levels(q) + 160; /* on disk */
    *out = (sid_fit_estimate){.items = sid_vectors_count(vectors),
                              .dim = sid_vectors_dim(vectors),
                              .fit_s = seconds(ctx, &s, options),
                              .memory_size = peak_size(ctx, &s),
                              .disk_size = (size_t)(s.all_codes * s.code_dim * sizeof(float) +
                                                    s.count * (options->items ? 3 : 1) * item_size +
                                                    (options->drop_vectors ? 0 : s.count * s.dim * sizeof(float)))};
}

/* The largest sample that fits into `room`, in round numbers; 0: none of use. */
static int64_t fitting_sample(const sid_quantizer *q, const sizes *s, double room)
{
    double none = (double)sid__quantizer_fit_size(q, 0, (int)s->dim), least = 0, unit = 1;
    double row_size = ((double)s->fit_size - none) / s->sample, fitting = (room - none) / row_size;
    for (int l = 0; l < sid_quantizer_levels(q); l++)
        least = sid_quantizer_codes(q, l) > least ? sid_quantizer_codes(q, l) : least;
    while (fitting / unit >= 100)
        unit *= 10;
    return fitting >= least && fitting >= 1 ? (int64_t)(fitting / unit) * (int64_t)unit : 0;
}

sid_status sid__fit_estimate_check(const sid_ctx *ctx, const sid_quantizer *q, const sid_vectors *vectors,
                                   int64_t fit_count, sid_error *err)
{
    sizes s = sizes_of(q, vectors, fit_count);
    size_t used = atomic_load(&ctx->reserved_size), peak = peak_size(ctx, &s);
    char sample[64] = "";
    if (ctx->limit_size == 0 || (used <= ctx->limit_size && peak <= ctx->limit_size - used))
        return SID_OK;
    double room = (double)ctx->limit_size - (double)used - (double)buffers_size(ctx, &s);
    int64_t fitting = (double)s.item_size <= room ? fitting_sample(q, &s, room) : 0;
    if (fitting > 0)
        (void)snprintf(sample, sizeof sample, ", or pass --sample %" PRId64, fitting);
    return sid__fail(err, SID_ENOMEM,
                     "the fit needs %zu MiB (%zu for a sample of %.0f rows, then %zu for %.0f items) beside %zu MiB in "
                     "use, over the memory limit of %zu MiB; raise --memory-limit to %zuM%s",
                     (peak >> 20) + 1, (s.fit_size >> 20) + 1, s.sample, (s.item_size >> 20) + 1, s.count, used >> 20,
                     ctx->limit_size >> 20, ((peak + used) >> 20) + 1, sample);
}
