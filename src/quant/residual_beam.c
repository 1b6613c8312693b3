/* residual_beam.c: keep the `beam` best paths a level instead of one (additive quantization's beam search, Babenko and
 * Lempitsky 2014), decided canonically.
 *
 * A path's cost after level l is |r|^2 + 2 score(code), both in float64 on the path's own fp32 residual; ties by cost,
 * then by code tuple. fp32 scores with the bound of kernel/assign.h only pick which candidates are worth deciding: one
 * is out when its least possible cost is above the beam-th smallest of all largest possible costs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quant/residual.h"

typedef struct path {
    uint16_t code[SID_LEVELS_MAX];
    int levels, parent;
    double cost;
} path;

/* What one worker needs. */
typedef struct beam_scratch {
    float *residual, *next; /* (beam, dim) */
    float *dot;             /* (beam, padded codes) */
    double *square;         /* (beam) |r|^2 */
    double *upper;          /* (beam * codes) */
    path *path, *candidate; /* (beam), (beam * codes) */
} beam_scratch;

typedef struct beam_job {
    const sid__kernels *kernels;
    const sid__residual *r;
    const float *x;
    uint16_t *codes;
    int beam;
    beam_scratch *scratch; /* (workers) */
} beam_job;

static int by_cost(const void *left, const void *right)
{
    const path *a = left, *b = right;
    if (a->cost < b->cost || a->cost > b->cost)
        return a->cost < b->cost ? -1 : 1;
    for (int l = 0; l < a->levels; l++)
        if (a->code[l] != b->code[l])
            return a->code[l] < b->code[l] ? -1 : 1;
    return 0;
}

static void swap_doubles(double *a, double *b)
{
    double keep = *a;
    *a = *b;
    *b = keep;
}

/* The `rank`-th smallest (0-based) of `count` values, which are reordered (Hoare's selection). */
static double select_smallest(double *value, int64_t count, int64_t rank)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = value[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (value[i] < pivot)
                i++;
            while (value[j] > pivot)
                j--;
            if (i <= j)
                swap_doubles(&value[i++], &value[j--]);
        }
        if (rank <= j)
            high = j;
        else if (rank >= i)
            low = i;
        else
            break;
    }
    return value[rank];
}

/* Half the width of the interval that holds the exact score of code k. */
static double slack(const sid__codebook *book, sid__bound bound, int k)
{
    return (double)bound.norm_factor * (double)book->norm[k] + (double)bound.half_factor * (double)book->half[k] +
           (double)bound.floor;
}

/* Largest cost that can still be among the best `beam`. */
static double find_limit(const sid__codebook *book, int paths, int beam, const sid__bound *bound, beam_scratch *s)
{
    int64_t count = 0, padded = (int64_t)book->groups * SID__GROUP;
    for (int p = 0; p < paths; p++)
        for (int k = 0; k < book->codes; k++)
            s->upper[count++] =
                s->square[p] + 2 * ((double)book->half[k] - (double)s->dot[p * padded + k] + slack(book, bound[p], k));
    return select_smallest(s->upper, count, beam < count ? beam - 1 : count - 1);
}

/* Dots, norms and bounds of `rows` paths from `first` on. */
static void propose(const sid__kernels *kernels, const sid__codebook *book, int rows, int first, beam_scratch *s,
                    sid__bound *bound)
{
    float rounding[SID__BLOCK_ROWS] = {0};
    const float *row = s->residual + (int64_t)first * book->dim;
    bool is_rounded = kernels->dots(book, row, rows, s->dot + (int64_t)first * book->groups * SID__GROUP, rounding);
    for (int i = 0; i < rows; i++, row += book->dim) {
        s->square[first + i] = sid__dot_exact(row, row, book->dim);
        bound[first + i] = sid__score_bound(book, sqrt(s->square[first + i]) * (1 + 0x1p-20), is_rounded, rounding[i]);
    }
}

/* Decides the candidates of one level; gives how many paths are kept, sorted, in s->path. */
static int step(const beam_job *job, int level, int paths, beam_scratch *s)
{
    const sid__residual *r = job->r;
    const sid__codebook *book = &r->book[level];
    int64_t padded = (int64_t)book->groups * SID__GROUP, found = 0;
    sid__bound bound[1024];
    for (int p = 0; p < paths; p += SID__BLOCK_ROWS)
        propose(job->kernels, book, paths - p < SID__BLOCK_ROWS ? paths - p : SID__BLOCK_ROWS, p, s, bound);
    double limit = find_limit(book, paths, job->beam, bound, s);
    for (int p = 0; p < paths; p++) {
        for (int k = 0; k < book->codes; k++) {
            double score = (double)book->half[k] - (double)s->dot[p * padded + k];
            /* 1e-12 of the terms covers the float64 rounding of the costs compared here. */
            double least = s->square[p] + 2 * (score - slack(book, bound[p], k));
            if (least - 1e-12 * (s->square[p] + fabs(score)) > limit)
                continue;
            path *candidate = &s->candidate[found++];
            *candidate = s->path[p];
            candidate->code[level] = (uint16_t)k;
            candidate->levels = level + 1;
            candidate->parent = p;
            candidate->cost = s->square[p] + 2 * sid__score_exact(book, s->residual + (int64_t)p * r->dim, k);
        }
    }
    qsort(s->candidate, (size_t)found, sizeof(path), by_cost);
    int kept = found < job->beam ? (int)found : job->beam;
    memcpy(s->path, s->candidate, (size_t)kept * sizeof(path));
    return kept;
}

static void subtract(const sid__residual *r, int level, int paths, beam_scratch *s)
{
    for (int p = 0; p < paths; p++) {
        const float *from = s->residual + (int64_t)s->path[p].parent * r->dim;
        const float *code = r->book[level].code + (int64_t)s->path[p].code[level] * r->dim;
        for (int d = 0; d < r->dim; d++)
            s->next[(int64_t)p * r->dim + d] = from[d] - code[d];
    }
    float *keep = s->residual;
    s->residual = s->next;
    s->next = keep;
}

static void encode_row(void *arg, int64_t begin, int64_t end, int worker)
{
    const beam_job *job = arg;
    const sid__residual *r = job->r;
    beam_scratch *s = &job->scratch[worker];
    for (int64_t i = begin; i < end; i++) {
        int paths = 1;
        memcpy(s->residual, job->x + i * r->dim, (size_t)r->dim * sizeof(float));
        s->path[0] = (path){0};
        for (int l = 0; l < r->levels; l++) {
            paths = step(job, l, paths, s);
            subtract(r, l, paths, s);
        }
        memcpy(job->codes + i * r->levels, s->path[0].code, (size_t)r->levels * sizeof(uint16_t));
    }
}

static sid_status alloc_scratch(const sid__residual *r, int beam, beam_scratch *s, sid_error *err)
{
    size_t paths = (size_t)beam, wide = (size_t)r->dim * sizeof(float), codes = 0;
    for (int l = 0; l < r->levels; l++)
        codes = (size_t)r->book[l].groups * SID__GROUP > codes ? (size_t)r->book[l].groups * SID__GROUP : codes;
    SID_TRY(sid__alloc(&s->residual, paths, wide, "residuals of the beam", err));
    SID_TRY(sid__alloc(&s->next, paths, wide, "residuals of the beam", err));
    SID_TRY(sid__alloc(&s->dot, paths, codes * sizeof(float), "scores of the beam", err));
    SID_TRY(sid__alloc(&s->square, paths, sizeof(double), "norms of the beam", err));
    SID_TRY(sid__alloc(&s->upper, paths, codes * sizeof(double), "costs of the beam", err));
    SID_TRY(sid__alloc(&s->path, paths, sizeof(path), "the beam", err));
    return sid__alloc(&s->candidate, paths, codes * sizeof(path), "candidates of the beam", err);
}

static void drop_scratch(beam_scratch *s)
{
    sid__free(s->residual);
    sid__free(s->next);
    sid__free(s->dot);
    sid__free(s->square);
    sid__free(s->upper);
    sid__free(s->path);
    sid__free(s->candidate);
}

sid_status sid__residual_encode_beam(sid_ctx *ctx, const sid__residual *r, const float *x, int64_t count, int beam,
                                     uint16_t *codes, sid_error *err)
{
    int workers = sid_ctx_threads(ctx);
    beam_job job = {.kernels = sid__kernels_of(ctx), .r = r, .x = x, .codes = codes, .beam = beam};
    SID_TRY(sid__alloc(&job.scratch, (size_t)workers, sizeof(beam_scratch), "beam memory", err));
    sid_status status = SID_OK;
    for (int w = 0; w < workers && status == SID_OK; w++)
        status = alloc_scratch(r, beam, &job.scratch[w], err);
    if (status == SID_OK)
        sid__ctx_for(ctx, count, 16, encode_row, &job);
    for (int w = 0; w < workers; w++)
        drop_scratch(&job.scratch[w]);
    sid__free(job.scratch);
    return status;
}
