/* diversity.c: the sum of the cosines of all pairs of a list is |sum of v|^2 less the squares, so a list costs its length times
 * the dimension. Lists are shared out; their values are added in order. */
#include "eval/diversity.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

typedef struct measuring {
    const sid__lists *lists;
    const float *vectors;
    const int *k;
    double *sum;   /* (threads, dim) */
    double *value; /* (lists, k_count), NaN: no pair */
    int dim, k_count;
} measuring;

static double dot(const double *a, int dim)
{
    double sum = 0;
    for (int d = 0; d < dim; d++)
        sum = fma(a[d], a[d], sum);
    return sum;
}

/* Adds a vector; gives its square. */
static double add(double *sum, const float *v, int dim)
{
    double square = 0;
    for (int d = 0; d < dim; d++) {
        sum[d] += (double)v[d];
        square = fma((double)v[d], (double)v[d], square);
    }
    return square;
}

static void measure_list(const measuring *w, int64_t list, double *sum)
{
    const int32_t *item = w->lists->item + list * w->lists->most;
    int count = w->lists->items[list], at = 0;
    double squares = 0;
    memset(sum, 0, (size_t)w->dim * sizeof *sum);
    for (int i = 0; i < w->k_count; i++) {
        for (; at < count && at < w->k[i]; at++)
            squares += add(sum, w->vectors + (int64_t)item[at] * w->dim, w->dim);
        w->value[list * w->k_count + i] =
            at > 1 ? 1 - (dot(sum, w->dim) - squares) / ((double)at * (at - 1)) : (double)NAN;
    }
}

static void measure_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const measuring *w = arg;
    for (int64_t list = begin; list < end; list++)
        measure_list(w, list, w->sum + (int64_t)worker * w->dim);
}

static void average(const measuring *w, double *out)
{
    for (int i = 0; i < w->k_count; i++) {
        double sum = 0;
        int64_t lists = 0;
        for (int64_t list = 0; list < w->lists->count; list++) {
            double value = w->value[list * w->k_count + i];
            if (isnan(value))
                continue;
            sum += value;
            lists++;
        }
        out[i] = lists > 0 ? sum / (double)lists : (double)NAN;
    }
}

sid_status sid__diversity_of(const sid_ctx *ctx, const sid__lists *lists, const float *vectors, int dim, const int *k,
                             int k_count, double *out, sid_error *err)
{
    measuring w = {.lists = lists, .vectors = vectors, .k = k, .dim = dim, .k_count = k_count};
    size_t threads = (size_t)sid__pool_threads(ctx->pool);
    sid_status status = sid__alloc(&w.sum, threads, (size_t)dim * sizeof *w.sum, "sums of vectors", err);
    if (status == SID_OK)
        status =
            sid__alloc(&w.value, (size_t)lists->count, (size_t)k_count * sizeof *w.value, "diversity of lists", err);
    if (status == SID_OK) {
        sid__ctx_for(ctx, lists->count, 64, measure_chunk, &w);
        status = sid__ctx_check(ctx, err);
    }
    if (status == SID_OK)
        average(&w, out);
    sid__free(w.sum);
    sid__free(w.value);
    return status;
}
