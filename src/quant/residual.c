/* residual.c: see residual.h. */
#include "quant/residual.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

sid_status sid__residual_create(const sid_quantizer *q, sid__residual **out, sid_error *err)
{
    sid__residual *r = NULL;
    SID_TRY(sid__alloc(&r, 1, sizeof *r, "a residual quantizer", err));
    r->levels = (int)q->options.levels;
    r->dim = q->prepared_dim;
    sid_status status = SID_OK;
    for (int l = 0; l < r->levels && status == SID_OK; l++) {
        status = sid__codebook_create(&r->book[l], q->options.codes[l], r->dim, err);
        if (status == SID_OK)
            status = sid__alloc(&r->count[l], (size_t)q->options.codes[l], sizeof(int64_t), "code counts", err);
        r->norm[l] = 1;
    }
    if (status != SID_OK) {
        sid__residual_free(r);
        return status;
    }
    *out = r;
    return SID_OK;
}

void sid__residual_free(sid__residual *r)
{
    for (int l = 0; r && l < r->levels; l++) {
        sid__codebook_drop(&r->book[l]);
        sid__free(r->count[l]);
        sid__free(r->price[l]);
    }
    sid__free(r);
}

double sid__residual_normalize(float *row, int dim)
{
    double norm = sqrt(sid__dot_exact(row, row, dim));
    for (int d = 0; d < dim && norm > 0; d++)
        row[d] = (float)((double)row[d] / norm);
    return norm;
}

/* ---- Encoding */

typedef struct encode_job {
    const sid__kernels *kernels;
    const sid__residual *r;
    const float *x;
    uint16_t *codes;
    double *margins;
    float *residual; /* SID__BLOCK_ROWS x dim a worker */
    sid__assign_scratch scratch;
} encode_job;

static void encode_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const encode_job *job = arg;
    const sid__residual *r = job->r;
    int rows = (int)(end - begin);
    float *residual = job->residual + (int64_t)worker * SID__BLOCK_ROWS * r->dim;
    uint16_t label[SID__BLOCK_ROWS];
    memcpy(residual, job->x + begin * r->dim, (size_t)rows * (size_t)r->dim * sizeof(float));
    for (int l = 0; l < r->levels; l++) {
        for (int i = 0; i < rows && r->normalize; i++)
            (void)sid__residual_normalize(residual + (int64_t)i * r->dim, r->dim);
        if (!job->margins)
            sid__assign_rows(job->kernels, &r->book[l], residual, rows,
                             job->scratch.score + (size_t)worker * job->scratch.score_count,
                             job->scratch.index + (size_t)worker * job->scratch.index_count, label);
        for (int i = 0; i < rows; i++) {
            float *row = residual + (int64_t)i * r->dim;
            if (job->margins)
                label[i] = sid__assign_reference(&r->book[l], row, &job->margins[(begin + i) * r->levels + l]);
            const float *code = r->book[l].code + (int64_t)label[i] * r->dim;
            for (int d = 0; d < r->dim; d++)
                row[d] -= code[d];
            job->codes[(begin + i) * r->levels + l] = label[i];
        }
    }
}

static int largest_codes(const sid__residual *r)
{
    int largest = 0;
    for (int l = 0; l < r->levels; l++)
        largest = r->book[l].codes > largest ? r->book[l].codes : largest;
    return largest;
}

sid_status sid__residual_encode(sid_ctx *ctx, const sid__residual *r, const float *x, int64_t count, int beam,
                                uint16_t *codes, double *margins, sid_error *err)
{
    if (beam > 1 && !margins)
        return sid__residual_encode_beam(ctx, r, x, count, beam, codes, err);
    encode_job job = {.kernels = sid__kernels_of(ctx), .r = r, .x = x, .codes = codes, .margins = margins};
    SID_TRY(sid__assign_scratch_create(ctx, largest_codes(r), &job.scratch, err));
    sid_status status = sid__alloc(&job.residual, (size_t)job.scratch.workers * SID__BLOCK_ROWS,
                                   (size_t)r->dim * sizeof(float), "residuals of a block", err);
    if (status == SID_OK)
        sid__ctx_for(ctx, count, SID__BLOCK_ROWS, encode_chunk, &job);
    sid__assign_scratch_drop(&job.scratch);
    sid__free(job.residual);
    return status;
}

/* x^ = e_1 + e_2 + ..., added in level order; normalised: s_1 (e_1 + s_2 (e_2 + ...)), from the inside out. */
void sid__residual_decode(const sid__residual *r, const uint16_t *codes, int64_t count, int depth, float *x)
{
    for (int64_t i = 0; i < count; i++) {
        float *row = x + i * r->dim;
        memset(row, 0, (size_t)r->dim * sizeof(float));
        for (int step = 0; step < depth; step++) {
            int l = r->normalize ? depth - 1 - step : step;
            const float *code = r->book[l].code + (int64_t)codes[i * r->levels + l] * r->dim;
            for (int d = 0; d < r->dim; d++)
                row[d] += code[d];
            for (int d = 0; d < r->dim && r->normalize; d++)
                row[d] *= r->norm[l];
        }
    }
}

/* ---- Renumbering */

sid_status sid__residual_renumber(sid__residual *r, const uint16_t *codes, int64_t count, sid_error *err)
{
    for (int l = 0; l < r->levels; l++) {
        memset(r->count[l], 0, (size_t)r->book[l].codes * sizeof(int64_t));
        for (int64_t i = 0; i < count; i++)
            r->count[l][codes[i * r->levels + l]]++;
        SID_TRY(sid__codebook_renumber(&r->book[l], r->count[l], NULL, err));
    }
    return SID_OK;
}

/* ---- Prices */

sid_status sid__residual_set_price(sid__residual *r, int level, const double *lambda, sid_error *err)
{
    int codes = r->book[level].codes;
    double *half = NULL;
    SID_TRY(sid__alloc(&half, (size_t)codes, sizeof *half, "prices of codes", err));
    sid_status status = sid__alloc(&r->price[level], (size_t)codes, sizeof(double), "prices of codes", err);
    for (int k = 0; k < codes && status == SID_OK; k++) {
        r->price[level][k] = lambda[k];
        half[k] = lambda[k] / 2; /* scores are half the squared distance */
    }
    if (status == SID_OK)
        sid__codebook_add_price(&r->book[level], half);
    sid__free(half);
    return status;
}

/* ---- Tensors: codebook.<l> [K, D], count.<l> [K], price.<l> [K], scale [L]; levels count from 1 */

static sid_status save_price(const sid__residual *r, int l, sid__tensor_set *set, sid_error *err)
{
    char name[32];
    int64_t codes = r->book[l].codes;
    double *price = NULL;
    (void)snprintf(name, sizeof name, "price.%d", l + 1);
    SID_TRY(sid__tensor_add(set, name, SID__F64, 1, &codes, &price, err));
    memcpy(price, r->price[l], (size_t)codes * sizeof(double));
    return SID_OK;
}

sid_status sid__residual_save(const sid__residual *r, sid__tensor_set *set, sid_error *err)
{
    for (int l = 0; l < r->levels; l++) {
        SID_TRY(sid__codebook_save(&r->book[l], r->count[l], l, set, err));
        if (r->price[l])
            SID_TRY(save_price(r, l, set, err));
    }
    if (!r->normalize)
        return SID_OK;
    int64_t levels = r->levels;
    float *norm = NULL;
    SID_TRY(sid__tensor_add(set, "scale", SID__F32, 1, &levels, &norm, err));
    memcpy(norm, r->norm, (size_t)levels * sizeof *norm);
    return SID_OK;
}

sid_status sid__residual_load(const sid_quantizer *q, const sid__tensor_set *set, sid__residual **out, sid_error *err)
{
    sid__residual *r = NULL;
    SID_TRY(sid__residual_create(q, &r, err));
    sid_status status = SID_OK;
    for (int l = 0; l < r->levels && status == SID_OK; l++)
        status = sid__codebook_load(&r->book[l], r->count[l], l, SID_VALUE_MAX, set, err);
    if (status != SID_OK) {
        sid__residual_free(r);
        return status;
    }
    *out = r;
    return SID_OK;
}
