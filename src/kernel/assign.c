/* assign.c: see assign.h.
 *
 * The bound. u = 2^-24, gamma_n = n u / (1 - n u). A sum of `dim` products in fp32, in any order, fused or not, is off by
 * at most gamma_dim |x||c| (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1, with Cauchy-Schwarz).
 * Rounding 1/2 |c|^2 to fp32, subtracting, and computing the bound and its sum with the score in fp32 add a few u of
 * |x||c| and of 1/2 |c|^2: 8 of each cover them. Denormal products add at most dim * 2^-149.
 *
 * On the bf16 path x + dx and c + dc were multiplied: |dx||c| + (|x| + |dx|)|dc| more, where |dc| <= bf16_rounding |c| is
 * measured when packing. There rows and codes have magnitudes of 2^-40 to 2^40 (else fp32 is used), so that what the
 * instruction flushes to zero is below 4 dim 2^-85.
 */
#include "kernel/assign.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const float NEVER = 8.0e37f; /* half norm of a padding code: above every score of values <= SID_VALUE_MAX */

static void pack_code(sid__codebook *book, int k)
{
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

/* Nearest bf16, ties to even: the upper half of the float's bits. */
static uint16_t to_bf16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static float from_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void pack_bf16(sid__codebook *book)
{
    int pairs = (book->dim + 1) / 2;
    float largest = 0;
    double worst = 0;
    for (int k = 0; k < book->codes; k++) {
        const float *code = book->code + (int64_t)k * book->dim;
        uint16_t *lane = book->packed_bf16 + ((int64_t)(k / SID__GROUP) * pairs * SID__GROUP + k % SID__GROUP) * 2;
        double lost = 0;
        for (int d = 0; d < book->dim; d++) {
            uint16_t rounded = to_bf16(code[d]);
            double rest = (double)code[d] - (double)from_bf16(rounded);
            lane[(int64_t)(d / 2) * SID__GROUP * 2 + d % 2] = rounded;
            lost += rest * rest;
            largest = fabsf(code[d]) > largest ? fabsf(code[d]) : largest;
        }
        double square = 2 * book->half_exact[k], ratio = square > 0 ? sqrt(lost / square) : 0;
        worst = ratio > worst ? ratio : worst;
    }
    book->bf16_rounding = worst * (1 + 0x1p-20);
    book->bf16_is_safe = !(largest > 0) || (largest >= 0x1p-40f && largest <= 0x1p40f);
}

void sid__codebook_pack(sid__codebook *book)
{
    for (int k = 0; k < book->groups * SID__GROUP; k++)
        pack_code(book, k);
    if (book->packed_bf16)
        pack_bf16(book);
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

sid__bound sid__score_bound(const sid__codebook *book, double norm, bool is_rounded, float rounding)
{
    const double u = 0x1p-24;
    double n = (double)book->dim + 8, gamma = n * u / (1 - n * u);
    double dx = is_rounded ? (double)rounding : 0, dc = is_rounded ? book->bf16_rounding : 0;
    double factor = gamma * (norm + dx) * (1 + dc) + dx + (norm + dx) * dc;
    return (sid__bound){.norm_factor = (float)(factor * 1.001),
                        .half_factor = (float)(8 * u),
                        .floor = (float)((double)book->dim * (is_rounded ? 0x1p-83 : 0x1p-148))};
}

double sid__norm_above(const sid__kernels *kernels, const float *x, int dim)
{
    double square = (double)kernels->square(x, dim);
    if (square < 1e-30) /* squares of small floats vanish in fp32 */
        square = sid__dot_exact(x, x, dim);
    return sqrt(square) * (1 + 0x1p-12 + (double)dim * 0x1p-24);
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
    float rounding[SID__BLOCK_ROWS] = {0};
    for (int64_t begin = 0; begin < rows; begin += SID__BLOCK_ROWS) {
        int block = (int)(rows - begin < SID__BLOCK_ROWS ? rows - begin : SID__BLOCK_ROWS);
        const float *row = x + begin * book->dim;
        bool is_rounded = kernels->dots(book, row, block, scratch, rounding);
        for (int i = 0; i < block; i++, row += book->dim) {
            const float *dot = scratch + (int64_t)i * book->groups * SID__GROUP;
            double norm = sid__norm_above(kernels, row, book->dim);
            sid__bound bound = sid__score_bound(book, norm, is_rounded, rounding[i]);
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
