/* import_codebooks.c: codebooks for codes made elsewhere: level by level, a code's centroid is the mean of the residuals of
 * the rows that have it, which is the least-squares choice once the levels before are fixed. Sums are in double, in row
 * order, so the result depends on nothing but the input.
 */
#include <math.h>
#include <string.h>

#include "catalog/interchange.h"

enum { CHECK_ROWS = 4096 };

/* Means of one level. Invariant: K = the largest code seen + 1, at least 2. */
typedef struct level_means {
    const uint16_t *codes; /* the level's column, `stride` apart */
    int64_t count;
    int stride, dim, code_count;
    float *residual; /* (count, dim) */
    double *sum;     /* (code_count, dim) */
    int64_t *size;   /* (code_count) */
} level_means;

static int count_codes(const uint16_t *codes, int64_t count, int stride)
{
    int largest = 1;
    for (int64_t i = 0; i < count; i++)
        largest = codes[i * stride] > largest ? codes[i * stride] : largest;
    return largest + 1;
}

static void sum_rows(const level_means *m)
{
    for (int64_t i = 0; i < m->count; i++) {
        int code = m->codes[i * m->stride];
        const float *row = m->residual + i * m->dim;
        double *sum = m->sum + (int64_t)code * m->dim;
        m->size[code]++;
        for (int d = 0; d < m->dim; d++)
            sum[d] += (double)row[d];
    }
}

/* A code without rows must win no ties: behind the first used code it is its copy; before it, where a copy would win, it
 * lies farther away than any row. */
static void fill_dead(const level_means *m, float *codebook)
{
    int used = 0;
    float reach = 0;
    while (m->size[used] == 0)
        used++;
    for (int64_t i = 0; i < m->count * m->dim; i++)
        reach = fmaxf(reach, fabsf(m->residual[i]));
    for (int k = 0; k < m->code_count; k++) {
        float *centroid = codebook + (int64_t)k * m->dim;
        if (m->size[k] > 0)
            continue;
        memcpy(centroid, codebook + (int64_t)used * m->dim, (size_t)m->dim * sizeof *centroid);
        for (int d = 0; k < used && d < m->dim; d++)
            centroid[d] = 4 * reach + 1;
    }
}

static void subtract(const level_means *m, const float *codebook)
{
    for (int64_t i = 0; i < m->count; i++) {
        float *row = m->residual + i * m->dim;
        const float *centroid = codebook + (int64_t)m->codes[i * m->stride] * m->dim;
        for (int d = 0; d < m->dim; d++)
            row[d] -= centroid[d];
    }
}

static sid_status level_codebook(sid_ctx *ctx, level_means *m, float **out, sid_error *err)
{
    size_t codes = (size_t)m->code_count, dim = (size_t)m->dim, size = codes * dim * (sizeof *m->sum + sizeof **out);
    SID_TRY(sid__ctx_reserve(ctx, size, "sums of residuals", err));
    sid_status status = sid__alloc(&m->sum, codes, dim * sizeof *m->sum, "sums of residuals", err);
    if (status == SID_OK)
        status = sid__alloc(&m->size, codes, sizeof *m->size, "counts", err);
    if (status == SID_OK)
        status = sid__alloc(out, codes, dim * sizeof **out, "a codebook", err);
    if (status == SID_OK) {
        sum_rows(m);
        for (int k = 0; k < m->code_count; k++)
            for (int d = 0; d < m->dim && m->size[k] > 0; d++)
                (*out)[(int64_t)k * m->dim + d] = (float)(m->sum[(int64_t)k * m->dim + d] / (double)m->size[k]);
        fill_dead(m, *out);
        subtract(m, *out);
    }
    sid__free(m->sum);
    sid__free(m->size);
    m->sum = NULL;
    m->size = NULL;
    sid__ctx_release(ctx, size);
    return status;
}

/* residual = x - mean, and the mean itself. */
static sid_status center(const float *x, int64_t count, int dim, float *residual, float *mean, sid_error *err)
{
    double *sum = NULL;
    SID_TRY(sid__alloc(&sum, (size_t)dim, sizeof *sum, "the mean", err));
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < dim; d++)
            sum[d] += (double)x[i * dim + d];
    for (int d = 0; d < dim; d++)
        mean[d] = (float)(sum[d] / (double)count);
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < dim; d++)
            residual[i * dim + d] = x[i * dim + d] - mean[d];
    sid__free(sum);
    return SID_OK;
}

sid_status sid__codebooks_of_codes(sid_ctx *ctx, const float *x, int64_t count, int dim, const uint16_t *codes,
                                   int levels, sid_quantizer **out, sid_error *err)
{
    float *codebook[SID_LEVELS_MAX] = {0}, *residual = NULL, *mean = NULL;
    int code_count[SID_LEVELS_MAX] = {0};
    size_t size = (size_t)count * (size_t)dim * sizeof *residual;
    SID_TRY(sid__ctx_reserve(ctx, size, "residuals", err));
    sid_status status = sid__alloc(&residual, (size_t)count, (size_t)dim * sizeof *residual, "residuals", err);
    if (status == SID_OK)
        status = sid__alloc(&mean, (size_t)dim, sizeof *mean, "the mean", err);
    if (status == SID_OK)
        status = center(x, count, dim, residual, mean, err);
    for (int l = 0; l < levels && status == SID_OK; l++) {
        level_means m = {.codes = codes + l, .count = count, .stride = levels, .dim = dim, .residual = residual};
        m.code_count = code_count[l] = count_codes(m.codes, count, levels);
        status = sid__ctx_check(ctx, err);
        if (status == SID_OK)
            status = level_codebook(ctx, &m, &codebook[l], err);
    }
    if (status == SID_OK)
        status = sid__quantizer_from_codebooks((const float *const *)codebook, code_count, levels, dim, mean, out, err);
    for (int l = 0; l < levels; l++)
        sid__free(codebook[l]);
    sid__free(mean);
    sid__free(residual);
    sid__ctx_release(ctx, size);
    return status;
}
