/* balanced_price.c: prices that even the sizes of codes out (ours): code = argmin d_k + lambda_k.
 *
 * Equal sizes are a transport from N rows to K codes of room N / K; its smoothed dual is solved by Sinkhorn's steps
 * (Cuturi, 1306.0895): with p = softmax(-(d + lambda) / epsilon), lambda_k += epsilon ln(K sum p_k / N) makes the soft
 * sizes equal. SWEEPS times: prices for falling epsilon, from twice the median gap between a row's best and second code
 * down to a sixteenth of it; then labels by argmin and centroids as their means. Hard labels leave the sizes uneven by
 * a third at most, at an error 1 % above plain k-means. Since the prices are kept, encoding gives the labels of the fit again.
 *
 * All in units of scores (half squared distances), times the products' unit. Sums over rows run in at most PARTS chunks
 * that depend on N alone, and are added in order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/softmin.h"
#include "linalg/scalar.h"
#include "quant/balanced.h"

enum { SWEEPS = 12, WIDTHS = 6, STEPS_A_WIDTH = 4, PARTS = 64 };
/* Products of all rows and codes are kept up to here; beyond, or over the memory limit, they are made in every step. */
#define TABLE_SIZE_MAX ((size_t)2 << 30)

#define PADDING 1e300 /* base of a code that is none */

typedef struct prices {
    sid_ctx *ctx;
    sid__lloyd *lloyd;
    sid__products products;
    sid__softmin_fn *softmin;
    int padded;        /* groups * SID__GROUP */
    int64_t part_rows; /* a chunk; a multiple of SID__BLOCK_ROWS */
    size_t table_size; /* reserved; 0: no table */
    float *table;      /* (count, padded) products; NULL: made when needed */
    float *block;      /* (workers, SID__BLOCK_ROWS, padded) when there is no table */
    double *weight;    /* (workers, padded) */
    double *part;      /* (PARTS, padded) soft sizes by chunk */
    double *base;      /* (padded) half norm + price */
    double *bias;      /* (codes) the prices */
    double *gap, inverse;
} prices;

/* Products of `rows` <= SID__BLOCK_ROWS rows from `begin` on with all codes. */
static const float *products_of(const prices *p, int64_t begin, int rows, int worker)
{
    const sid__lloyd *lloyd = p->lloyd;
    if (p->table)
        return p->table + begin * p->padded;
    float *out = p->block + (int64_t)worker * SID__BLOCK_ROWS * p->padded;
    p->products.kernels->project(lloyd->x + begin * lloyd->dim, rows, lloyd->dim, p->products.packed,
                                 p->products.groups, out);
    return out;
}

static void table_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const prices *p = arg;
    const sid__lloyd *lloyd = p->lloyd;
    (void)worker;
    p->products.kernels->project(lloyd->x + begin * lloyd->dim, (int)(end - begin), lloyd->dim, p->products.packed,
                                 p->products.groups, p->table + begin * p->padded);
}

static void gap_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const prices *p = arg;
    const float *dot = products_of(p, begin, (int)(end - begin), worker);
    for (int64_t i = begin; i < end; i++, dot += p->padded) {
        double least;
        sid__least_two(dot, p->base, p->lloyd->codes, &least, &p->gap[i]);
    }
}

static void soften_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const prices *p = arg;
    double *total = p->part + begin / p->part_rows * p->padded;
    memset(total, 0, (size_t)p->padded * sizeof *total);
    for (int64_t at = begin; at < end; at += SID__BLOCK_ROWS) {
        int rows = (int)(end - at < SID__BLOCK_ROWS ? end - at : SID__BLOCK_ROWS);
        const float *dot = products_of(p, at, rows, worker);
        for (int i = 0; i < rows; i++, dot += p->padded)
            p->softmin(dot, p->base, p->padded, p->inverse, p->weight + (int64_t)worker * p->padded, total);
    }
}

static void set_base(prices *p)
{
    for (int k = 0; k < p->padded; k++)
        p->base[k] = k < p->lloyd->codes ? p->lloyd->book.half_exact[k] * p->products.unit + p->bias[k] : PADDING;
}

/* One Sinkhorn step of width epsilon. */
static void step(prices *p, double epsilon)
{
    int codes = p->lloyd->codes;
    double count = (double)p->lloyd->count;
    int64_t parts = (p->lloyd->count + p->part_rows - 1) / p->part_rows;
    set_base(p);
    p->inverse = 1 / epsilon;
    sid__ctx_for(p->ctx, p->lloyd->count, p->part_rows, soften_chunk, p);
    for (int k = 0; k < codes; k++) {
        double size = 0,
               least = count * 1e-20; /* a step lowers a price by 46 epsilon at most, as far as softmin sees */
        for (int64_t i = 0; i < parts; i++)
            size += p->part[i * p->padded + k];
        p->bias[k] += epsilon * sid__log((double)codes * (size > least ? size : least) / count);
    }
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The median gap; where half of the rows are ties, the mean. 0: all are. */
static double usual_gap(prices *p)
{
    int64_t count = p->lloyd->count;
    double sum = 0;
    set_base(p);
    sid__ctx_for(p->ctx, count, SID__BLOCK_ROWS, gap_chunk, p);
    qsort(p->gap, (size_t)count, sizeof *p->gap, by_value);
    if (p->gap[count / 2] > 0)
        return p->gap[count / 2];
    for (int64_t i = 0; i < count; i++)
        sum += p->gap[i];
    return sum / (double)count;
}

/* Prices for the centroids as they are. */
static void find_prices(prices *p)
{
    sid__codebook_pack(&p->lloyd->book);
    sid__products_pack(&p->products, p->lloyd, NULL);
    if (p->table)
        sid__ctx_for(p->ctx, p->lloyd->count, SID__BLOCK_ROWS, table_chunk, p);
    double gap = usual_gap(p);
    for (int width = 0; width < WIDTHS && gap > 0; width++)
        for (int i = 0; i < STEPS_A_WIDTH; i++)
            step(p, 2 * gap / (double)(1 << width));
}

/* Prices in units of scores, the least of them 0: a constant more for every code changes no choice. */
static void to_scores(const prices *p, double *price)
{
    double least = p->bias[0];
    for (int k = 1; k < p->lloyd->codes; k++)
        least = p->bias[k] < least ? p->bias[k] : least;
    for (int k = 0; k < p->lloyd->codes; k++)
        price[k] = (p->bias[k] - least) / p->products.unit;
}

void sid__price_assign(sid_ctx *ctx, sid__lloyd *lloyd, const double *price)
{
    sid__codebook_pack(&lloyd->book);
    sid__codebook_add_price(&lloyd->book, price);
    (void)sid__assign_all(ctx, &lloyd->book, lloyd->x, lloyd->count, &lloyd->scratch, lloyd->label);
}

/* ---- Memory */

static sid_status create(sid_ctx *ctx, sid__lloyd *lloyd, prices *out, sid_error *err)
{
    size_t workers = (size_t)sid_ctx_threads(ctx), rows = (size_t)lloyd->count, size = 0;
    int64_t blocks = (lloyd->count + SID__BLOCK_ROWS - 1) / SID__BLOCK_ROWS;
    *out = (prices){.ctx = ctx,
                    .lloyd = lloyd,
                    .softmin = sid__softmin_for(ctx->isa),
                    .part_rows = (blocks + PARTS - 1) / PARTS * SID__BLOCK_ROWS};
    SID_TRY(sid__products_create(ctx, lloyd, &out->products, err));
    out->padded = out->products.groups * SID__GROUP;
    size_t padded = (size_t)out->padded;
    if (sid__mul_size(rows, padded * sizeof(float), &size) && size <= TABLE_SIZE_MAX &&
        sid__ctx_reserve(ctx, size, "products of rows and codes", NULL) == SID_OK) {
        out->table_size = size;
        SID_TRY(sid__alloc(&out->table, rows, padded * sizeof(float), "products of rows and codes", err));
    } else {
        SID_TRY(sid__alloc(&out->block, workers * SID__BLOCK_ROWS, padded * sizeof(float), "products of a block", err));
    }
    SID_TRY(sid__alloc(&out->weight, workers, padded * sizeof(double), "soft choices of a row", err));
    SID_TRY(sid__alloc(&out->part, PARTS, padded * sizeof(double), "soft sizes", err));
    SID_TRY(sid__alloc(&out->base, padded, sizeof(double), "prices", err));
    SID_TRY(sid__alloc(&out->bias, padded, sizeof(double), "prices", err));
    return sid__alloc(&out->gap, rows, sizeof(double), "gaps", err);
}

static void drop(prices *p)
{
    sid__products_drop(&p->products);
    sid__free(p->table);
    sid__ctx_release(p->ctx, p->table_size);
    sid__free(p->block);
    sid__free(p->weight);
    sid__free(p->part);
    sid__free(p->base);
    sid__free(p->bias);
    sid__free(p->gap);
}

static sid_status run(prices *p, const char *stage, double *price, sid_error *err)
{
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        SID_TRY(sid__ctx_check(p->ctx, err));
        find_prices(p);
        to_scores(p, price);
        sid__price_assign(p->ctx, p->lloyd, price);
        if (sweep + 1 < SWEEPS)
            sid__balanced_means(p->ctx, p->lloyd);
        sid__ctx_progress(p->ctx, stage, sweep + 1, SWEEPS, "sweeps of prices", (double)NAN);
    }
    return SID_OK;
}

sid_status sid__price_fit(sid_ctx *ctx, sid__lloyd *lloyd, const char *stage, double *price, sid_error *err)
{
    prices p;
    sid_status status = create(ctx, lloyd, &p, err);
    if (status == SID_OK)
        status = run(&p, stage, price, err);
    drop(&p);
    return status;
}
