/* assign.c: see assign.h.
 *
 * The bound. u = 2^-24, gamma_n = n u / (1 - n u). A sum of `dim` products in fp32, in any order, fused or not, is off by
 * at most gamma_dim |x||c| (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1, with Cauchy-Schwarz).
 * Rounding 1/2 |c|^2 to fp32, subtracting, and computing the bound and its sum with the score in fp32 add a few u of
 * |x||c| and of 1/2 |c|^2: 8 of each cover them. Denormal products add at most dim * 2^-149.
 */
#include "kernel/assign.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const float NEVER = 8.0e37f; /* half norm of a padding code: above every score of values <= SID_VALUE_MAX */

void sid__codebook_pack(sid__codebook *book)
{
    for (int k = 0; k < book->groups * SID__GROUP; k++) {
        bool is_code = k < book->codes;
        float *lane = book->packed + (int64_t)(k / SID__GROUP) * book->dim * SID__GROUP + k % SID__GROUP;
        const float *code = book->code + (int64_t)k * book->dim;
        for (int d = 0; d < book->dim; d++)
            lane[(int64_t)d * SID__GROUP] = is_code ? code[d] : 0;
        double square = is_code ? sid__dot_exact(code, code, book->dim) : 0;
        book->half[k] = is_code ? (float)(square / 2) : NEVER;
        book->norm[k] = (float)(sqrt(square) * (1 + 0x1p-22));
        if (is_code)
            book->half_exact[k] = square / 2;
    }
}

double sid__dot_exact(const float *a, const float *b, int dim)
{
    double sum = 0;
    for (int d = 0; d < dim; d++)
        sum += (double)a[d] * (double)b[d];
    return sum;
}

double sid__score_exact(const sid__codebook *book, const float *x, int code)
{
    return book->half_exact[code] - sid__dot_exact(x, book->code + (int64_t)code * book->dim, book->dim);
}

sid__bound sid__score_bound(int dim, double norm)
{
    const double u = 0x1p-24;
    double n = (double)dim + 8, gamma = n * u / (1 - n * u);
    return (sid__bound){.norm_factor = (float)(gamma * norm * 1.01),
                        .half_factor = (float)(8 * u),
                        .floor = (float)((double)dim * 0x1p-148)};
}

/* Four sums of a row's squares: the norm only scales a bound, so its order of addition is free. */
static double norm_above(const float *x, int dim)
{
    double sum[4] = {0};
    int d = 0;
    for (; d + 4 <= dim; d += 4)
        for (int lane = 0; lane < 4; lane++)
            sum[lane] += (double)x[d + lane] * (double)x[d + lane];
    for (; d < dim; d++)
        sum[0] += (double)x[d] * (double)x[d];
    return sqrt(sum[0] + sum[1] + sum[2] + sum[3]) * (1 + 0x1p-20);
}

static uint16_t decide(const sid__codebook *book, const float *x, const int *index, int count)
{
    int best = 0;
    double best_score = (double)INFINITY;
    if (count == 1)
        return (uint16_t)index[0];
    for (int i = 0; i < count; i++) {
        if (index[i] >= book->codes)
            break;
        double score = sid__score_exact(book, x, index[i]);
        if (score < best_score) {
            best = index[i];
            best_score = score;
        }
    }
    return (uint16_t)best;
}

void sid__assign_rows(const sid__kernels *kernels, const sid__codebook *book, const float *x, int64_t rows,
                      float *scratch, int *index, uint16_t *label)
{
    for (int64_t begin = 0; begin < rows; begin += SID__BLOCK_ROWS) {
        int block = (int)(rows - begin < SID__BLOCK_ROWS ? rows - begin : SID__BLOCK_ROWS);
        const float *row = x + begin * book->dim;
        kernels->dots(row, block, book->dim, book->packed, book->groups, scratch);
        for (int i = 0; i < block; i++, row += book->dim) {
            const float *dot = scratch + (int64_t)i * book->groups * SID__GROUP;
            sid__bound bound = sid__score_bound(book->dim, norm_above(row, book->dim));
            int count = kernels->filter(dot, book->half, book->norm, book->groups, bound, index);
            label[begin + i] = decide(book, row, index, count);
        }
    }
}

uint16_t sid__assign_reference(const sid__codebook *book, const float *x, double *margin)
{
    int best = 0;
    double best_score = (double)INFINITY, second_score = (double)INFINITY;
    for (int k = 0; k < book->codes; k++) {
        double score = sid__score_exact(book, x, k);
        if (score < best_score) {
            second_score = best_score;
            best_score = score;
            best = k;
        } else if (score < second_score) {
            second_score = score;
        }
    }
    if (margin)
        *margin = second_score - best_score;
    return (uint16_t)best;
}
