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
 *
 * Three sieves, each for the few codes that the last one leaves: the row's scores with the bound of the largest code;
 * after bf16 those codes again in fp32 with their own bounds; float64.
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
    double n = ((double)book->dim + 8) * 0x1p-24;
    book->gamma = n / (1 - n);
    book->half_max = book->norm_max = 0;
    for (int k = 0; k < book->groups * SID__GROUP; k++)
        pack_code(book, k);
    for (int k = 0; k < book->codes; k++) {
        book->half_max = book->half[k] > book->half_max ? book->half[k] : book->half_max;
        book->norm_max = book->norm[k] > book->norm_max ? book->norm[k] : book->norm_max;
    }
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

void sid__dot_four(const float *const a[4], const float *const b[4], int dim, double dot[4])
{
    double sum[4] = {0};
    for (int d = 0; d < dim; d++)
        for (int i = 0; i < 4; i++)
            sum[i] += (double)a[i][d] * (double)b[i][d];
    memcpy(dot, sum, sizeof sum);
}

/* Eight chains are under way together. */
void sid__squares_exact(const float *x, int64_t rows, int dim, double *square)
{
    for (int64_t begin = 0; begin < rows; begin += 8) {
        double sum[8] = {0};
        const float *row[8];
        for (int i = 0; i < 8; i++)
            row[i] = x + (begin + i < rows ? begin + i : rows - 1) * dim;
        for (int d = 0; d < dim; d++)
            for (int i = 0; i < 8; i++)
                sum[i] += (double)row[i][d] * (double)row[i][d];
        for (int i = 0; i < 8 && begin + i < rows; i++)
            square[begin + i] = sum[i];
    }
}

double sid__score_exact(const sid__codebook *book, const float *x, int code)
{
    return book->half_exact[code] - sid__dot_exact(x, book->code + (int64_t)code * book->dim, book->dim);
}

static bool is_bf16_safe(float largest)
{
    return !(largest > 0) || (largest >= 0x1p-40f && largest <= 0x1p40f);
}

sid__row_norm sid__row_norm_of(sid__row_size size, const float *x, int dim)
{
    double square = (double)size.square, above = 1 + 0x1p-12 + (double)dim * 0x1p-24;
    if (square < 1e-30) /* squares of small floats vanish in fp32 */
        square = sid__dot_exact(x, x, dim);
    return (sid__row_norm){.norm = (float)(sqrt(square) * above),
                           .rounding =
                               is_bf16_safe(size.largest) ? (float)(sqrt((double)size.lost) * above) : INFINITY};
}

sid__row_norm sid__measure_row(const sid__kernels *kernels, const float *x, int dim)
{
    return sid__row_norm_of(kernels->measure(x, dim), x, dim);
}

bool sid__may_round(const sid__kernels *kernels, const sid__codebook *book)
{
    return kernels->scores_bf16 && book->packed_bf16 && book->bf16_is_safe && book->dim <= SID__BF16_DIM_MAX;
}

bool sid__rows_may_round(const sid__row_norm *of, int rows)
{
    bool may = true;
    for (int i = 0; i < rows && may; i++)
        may = of[i].rounding < INFINITY;
    return may;
}

bool sid__measure_and_score(const sid__kernels *kernels, const sid__codebook *book, const float *const *row, int rows,
                            const float *const *next, sid__row_norm *of, float *out)
{
    sid__row_size size[SID__BLOCK_ROWS];
    bool is_rounded = sid__may_round(kernels, book);
    if (is_rounded)
        kernels->scores_bf16(book, row, rows, next, size, out);
    for (int i = 0; i < rows; i++)
        of[i] = sid__row_norm_of(is_rounded ? size[i] : kernels->measure(row[i], book->dim), row[i], book->dim);
    is_rounded = is_rounded && sid__rows_may_round(of, rows);
    if (!is_rounded)
        kernels->scores(book, row, rows, out);
    return is_rounded;
}

/* Factor of |c| in the bound of a row. */
static inline double norm_factor(const sid__codebook *book, sid__row_norm of, bool is_rounded)
{
    double dx = is_rounded ? (double)of.rounding : 0, dc = is_rounded ? book->bf16_rounding : 0;
    return ((double)of.norm + dx) * (book->gamma * (1 + dc) + dc) + dx;
}

static inline double floor_of(const sid__codebook *book, bool is_rounded)
{
    return (double)book->dim * (is_rounded ? 0x1p-83 : 0x1p-148);
}

sid__bound sid__score_bound(const sid__codebook *book, sid__row_norm of, bool is_rounded)
{
    return (sid__bound){.norm_factor = (float)(norm_factor(book, of, is_rounded) * 1.001),
                        .half_factor = 8 * 0x1p-24f,
                        .floor = (float)floor_of(book, is_rounded)};
}

static double slack_of(sid__bound bound, float norm, float half)
{
    return (double)bound.norm_factor * (double)norm + (double)bound.half_factor * (double)half + (double)bound.floor;
}

/* Keeps the codes of index (count) that fp32 scores with their own bounds leave; gives their number. */
static int sieve_again(const sid__kernels *kernels, const sid__codebook *book, const float *x, sid__row_norm of,
                       float *score, int *index, int count)
{
    sid__bound bound = sid__score_bound(book, of, false);
    double limit = (double)INFINITY;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        int k = index[i];
        score[k] = book->half[k] - kernels->dot(x, book->code + (int64_t)k * book->dim, book->dim);
        double high = (double)score[k] + slack_of(bound, book->norm[k], book->half[k]);
        limit = high < limit ? high : limit;
    }
    for (int i = 0; i < count; i++) {
        int k = index[i];
        if ((double)score[k] - slack_of(bound, book->norm[k], book->half[k]) <= limit)
            index[kept++] = k;
    }
    return kept;
}

/* The least canonical score among index (count), ascending. */
static int decide(const sid__codebook *book, const float *x, const int *index, int count)
{
    int best = index[0];
    double best_score = (double)INFINITY, dot[4];
    const float *const row[4] = {x, x, x, x}, *code[4];
    for (int begin = 0; begin < count && count > 1; begin += 4) {
        for (int i = 0; i < 4; i++)
            code[i] = book->code + (int64_t)index[begin + i < count ? begin + i : count - 1] * book->dim;
        sid__dot_four(row, code, book->dim, dot);
        for (int i = 0; i < 4 && begin + i < count; i++) {
            double score = book->half_exact[index[begin + i]] - dot[i];
            if (score < best_score) {
                best = index[begin + i];
                best_score = score;
            }
        }
    }
    return best;
}

/* What a row's scores leave open; score (padded), slack: the bound of every score. */
static uint16_t choose(const sid__kernels *kernels, const sid__codebook *book, const float *x, sid__row_norm of,
                       bool is_rounded, double slack, float *score, int *index, sid__nearest *nearest)
{
    int padded = book->groups * SID__GROUP;
    sid__two_least two = kernels->two_least(score, padded);
    double limit = (double)two.least + 2 * slack;
    bool is_alone = (double)two.second > limit;
    if (nearest) {
        nearest->best_high = is_alone ? (double)two.least + slack : limit + slack;
        nearest->others_low = (double)(is_alone ? two.second : two.least) - slack;
    }
    if (is_alone)
        return (uint16_t)two.index;
    int count = kernels->at_most(score, padded, nextafterf((float)limit, INFINITY), index);
    while (count > 1 && index[count - 1] >= book->codes)
        count--; /* padding; index is ascending */
    if (is_rounded && count > 1)
        count = sieve_again(kernels, book, x, of, score, index, count);
    return (uint16_t)decide(book, x, index, count);
}

/* Labels from the rows' scores. */
static void choose_all(const sid__kernels *kernels, const sid__codebook *book, const float *const *row,
                       const sid__row_norm *of, int rows, bool is_rounded, float *score, int *index, uint16_t *label,
                       sid__nearest *nearest)
{
    double wide = 1.001 * (double)book->norm_max;
    double always = 8 * 0x1p-24 * (double)book->half_max + floor_of(book, is_rounded);
    for (int i = 0; i < rows; i++) {
        double slack = norm_factor(book, of[i], is_rounded) * wide + always;
        label[i] = choose(kernels, book, row[i], of[i], is_rounded, slack,
                          score + (int64_t)i * book->groups * SID__GROUP, index, nearest ? &nearest[i] : NULL);
    }
}

void sid__assign_block(const sid__kernels *kernels, const sid__codebook *book, const float *const *row,
                       const sid__row_norm *of, int rows, float *scratch, int *index, uint16_t *label,
                       sid__nearest *nearest)
{
    bool is_rounded = sid__may_round(kernels, book) && sid__rows_may_round(of, rows);
    if (is_rounded)
        kernels->scores_bf16(book, row, rows, NULL, NULL, scratch);
    else
        kernels->scores(book, row, rows, scratch);
    choose_all(kernels, book, row, of, rows, is_rounded, scratch, index, label, nearest);
}

void sid__assign_rows(const sid__kernels *kernels, const sid__codebook *book, const float *x, int64_t rows,
                      float *scratch, int *index, uint16_t *label)
{
    const float *row[SID__BLOCK_ROWS + SID__TILE_ROWS];
    sid__row_norm of[SID__BLOCK_ROWS];
    for (int64_t begin = 0; begin < rows; begin += SID__BLOCK_ROWS) {
        int block = (int)(rows - begin < SID__BLOCK_ROWS ? rows - begin : SID__BLOCK_ROWS);
        for (int i = 0; i < block + SID__TILE_ROWS; i++)
            row[i] = x + (begin + i < rows ? begin + i : rows - 1) * book->dim;
        bool is_rounded = sid__measure_and_score(kernels, book, row, block, row + block, of, scratch);
        choose_all(kernels, book, row, of, block, is_rounded, scratch, index, label + begin, NULL);
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
