/* bootstrap.c: see bootstrap.h. A resample is a count for each user; counts times values is then one pass in user order,
 * which no number of threads changes. */
#include "eval/bootstrap.h"

#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "sid/sort_rows.h"

typedef struct resampling {
    const double *value; /* (users, columns) */
    double *means;
    uint16_t *counts; /* (threads, users) */
    int64_t users;
    uint64_t seed;
    int columns;
} resampling;

/* Two draws a counter: below `users` by a multiply-shift of 64 bits. */
void sid__bootstrap_draw(uint64_t seed, int64_t users, int64_t resample, uint16_t *count)
{
    uint64_t all = (uint64_t)users, first = (uint64_t)resample * ((all + 1) / 2);
    memset(count, 0, (size_t)all * sizeof *count);
    for (uint64_t i = 0; i < all; i += 2) {
        uint32_t word[4];
        sid__philox(seed, SID__STREAM_RESAMPLE, first + i / 2, word);
        for (uint64_t j = 0; j < 2 && i + j < all; j++) {
            uint64_t bits = (uint64_t)word[2 * j] << 32 | word[2 * j + 1];
            uint16_t *of_user = &count[(uint64_t)(((unsigned __int128)bits * all) >> 64)];
            *of_user = (uint16_t)(*of_user + (*of_user < UINT16_MAX));
        }
    }
}

static void resample_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const resampling *r = arg;
    uint16_t *count = r->counts + worker * r->users;
    for (int64_t s = begin; s < end; s++) {
        double *mean = r->means + s * r->columns;
        sid__bootstrap_draw(r->seed, r->users, s, count);
        memset(mean, 0, (size_t)r->columns * sizeof *mean);
        for (int64_t u = 0; u < r->users; u++) {
            const double *value = r->value + u * r->columns;
            for (int c = 0; count[u] > 0 && c < r->columns; c++)
                mean[c] += count[u] * value[c];
        }
        for (int c = 0; c < r->columns; c++)
            mean[c] /= (double)r->users;
    }
}

sid_status sid__bootstrap_means(const sid_ctx *ctx, const double *value, int64_t users, int columns, int resamples,
                                uint64_t seed, double *means, sid_error *err)
{
    resampling r = {.value = value, .means = means, .users = users, .columns = columns, .seed = seed};
    SID_TRY(sid__alloc(&r.counts, (size_t)users * (size_t)sid__pool_threads(ctx->pool), sizeof *r.counts,
                       "counts of a bootstrap", err));
    sid__ctx_for(ctx, resamples, 4, resample_chunk, &r);
    sid__free(r.counts);
    return sid__ctx_check(ctx, err);
}

static int by_value(const void *context, int64_t a, int64_t b)
{
    const double *value = context;
    return (value[a] > value[b]) - (value[a] < value[b]);
}

/* Between the two nearest, in proportion. */
static double percentile(const double *value, const int64_t *order, int count, double share)
{
    double place = share * (count - 1);
    int at = (int)place;
    double below = value[order[at]], above = value[order[at + 1 < count ? at + 1 : at]];
    return below + (place - at) * (above - below);
}

sid_status sid__bootstrap_interval(const double *means, int resamples, int columns, int column, int less, double *low,
                                   double *high, sid_error *err)
{
    double *value = NULL;
    int64_t *order = NULL;
    sid_status status = sid__alloc(&value, (size_t)resamples, sizeof *value, "means of a bootstrap", err);
    if (status == SID_OK)
        status = sid__alloc(&order, (size_t)resamples, sizeof *order, "an order of means", err);
    for (int64_t s = 0; status == SID_OK && s < resamples; s++)
        value[s] = means[s * columns + column] - (less >= 0 ? means[s * columns + less] : 0);
    if (status == SID_OK)
        status = sid__sort_rows(order, resamples, by_value, value, err);
    if (status == SID_OK) {
        *low = percentile(value, order, resamples, .025);
        *high = percentile(value, order, resamples, .975);
    }
    sid__free(value);
    sid__free(order);
    return status;
}
