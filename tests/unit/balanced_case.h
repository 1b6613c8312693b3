/* balanced_case.h: one level of the family `balanced`, for its tests. */
#ifndef SEMID_BALANCED_CASE_H
#define SEMID_BALANCED_CASE_H

#include "quant/balanced.h"
#include "quant_help.h"

/* A level of rows x (count, dim) and the centroids code (codes, dim). */
static inline void make_level(sid_ctx *ctx, sid__lloyd *lloyd, const float *x, int64_t count, int dim,
                              const float *code, int codes)
{
    TEST_OK(sid__lloyd_create(ctx, x, count, dim, codes, lloyd, err));
    memcpy(sid__codebook_code(&lloyd->book), code, (size_t)codes * (size_t)dim * sizeof(float));
    sid__codebook_pack(&lloyd->book);
}

/* |x_row - code|^2 */
static inline double level_distance(const sid__lloyd *lloyd, int64_t row, int code)
{
    double sum = 0;
    for (int d = 0; d < lloyd->dim; d++) {
        double step = (double)lloyd->x[row * lloyd->dim + d] - (double)lloyd->book.code[code * lloyd->dim + d];
        sum += step * step;
    }
    return sum;
}

static inline double level_error(const sid__lloyd *lloyd)
{
    double sum = 0;
    for (int64_t i = 0; i < lloyd->count; i++)
        sum += level_distance(lloyd, i, lloyd->label[i]);
    return sum;
}

/* Least and largest number of rows of a code. */
static inline void level_sizes(const sid__lloyd *lloyd, int64_t *least, int64_t *most)
{
    *least = lloyd->count;
    *most = 0;
    for (int k = 0; k < lloyd->codes; k++) {
        int64_t size = 0;
        for (int64_t i = 0; i < lloyd->count; i++)
            size += lloyd->label[i] == k;
        *least = size < *least ? size : *least;
        *most = size > *most ? size : *most;
    }
}

#endif
