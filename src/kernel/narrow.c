/* narrow.c: see narrow.h.
 *
 * The bound. u = 2^-24, gamma_n = n u / (1 - n u). The fp32 score starts at fl32(1/2 |c|^2) and subtracts `dim` products,
 * fused or not: it is off by at most gamma_{dim+2} (1/2 |c|^2 + |x||c|), and |x||c| <= 1/2 |x|^2 + 1/2 |c|^2 (Higham,
 * Accuracy and Stability of Numerical Algorithms, section 3.1, with Cauchy-Schwarz). So with C = max |c_k|^2 every score
 * is within B = gamma (1/2 |x|^2 + C) + dim 2^-149 of the exact one; the last term is for denormal products. When the
 * second least score is above the least by more than 2 B, no other code can be nearer in exact arithmetic, nor tie.
 * gamma_{dim+8} covers the rounding of |x|^2, of C, of the float64 score that decides and of this comparison.
 *
 * Dead codes are copies of code 0 at the end of a codebook. A copy scores what code 0 scores and ties go to the lowest
 * index, so they are left out; left in, every row of code 0 would look undecided.
 */
#include "kernel/narrow.h"

#include <string.h>

sid__narrow_fn *sid__narrow_for(sid__isa isa)
{
#if defined(__x86_64__)
    if (isa >= SID__ISA_AVX512)
        return sid__narrow_avx512;
    if (isa == SID__ISA_AVX2)
        return sid__narrow_avx2;
#endif
    (void)isa;
    return sid__narrow_portable;
}

sid__narrow_book sid__narrow_book_of(const sid__codebook *book)
{
    const double u = 0x1p-24;
    double n = book->dim + 8, gamma = n * u / (1 - n * u), most = 0;
    size_t code_size = (size_t)book->dim * sizeof(float);
    int live = book->codes;
    while (live > 1 && memcmp(book->code + (int64_t)(live - 1) * book->dim, book->code, code_size) == 0 &&
           book->half_exact[live - 1] >= book->half_exact[0]) /* a copy may have a lower price */
        live--;
    for (int k = 0; k < live; k++)
        most = book->half_exact[k] > most ? book->half_exact[k] : most;
    return (sid__narrow_book){.book = book,
                              .live = live,
                              .square_max = (float)(2 * most * (1 + 0x1p-20)),
                              .gamma = (float)(2 * gamma * 1.001),
                              .floor = (float)((double)book->dim * 0x1p-147)};
}

/* x (dim, SID__NARROW_ROWS) = `rows` rows, the rest zeroes. */
static void transpose(const float *const *row, int rows, int dim, float *x)
{
    if (rows < SID__NARROW_ROWS)
        memset(x, 0, (size_t)dim * SID__NARROW_ROWS * sizeof *x);
    for (int i = 0; i < rows; i++)
        for (int d = 0; d < dim; d++)
            x[d * SID__NARROW_ROWS + i] = row[i][d];
}

/* A row that fp32 leaves undecided. */
static void decide_again(sid__isa isa, const sid__codebook *book, const float *x, float *scratch, int *index,
                         uint16_t *label, sid__nearest *nearest)
{
    const sid__kernels *kernels = sid__kernels_for(isa);
    sid__row_norm of = sid__measure_row(kernels, x, book->dim);
    sid__assign_block(kernels, book, &x, &of, 1, scratch, index, label, nearest);
}

void sid__assign_narrow_block(sid__isa isa, const sid__narrow_book *narrow, const float *const *row, int rows,
                              float *scratch, int *index, uint16_t *label, sid__nearest *nearest)
{
    _Alignas(64) float block[SID__NARROW_DIM_MAX * SID__NARROW_ROWS];
    _Alignas(64) float least[SID__NARROW_ROWS], second[SID__NARROW_ROWS], square[SID__NARROW_ROWS];
    _Alignas(64) int32_t first[SID__NARROW_ROWS];
    const sid__codebook *book = narrow->book;
    transpose(row, rows, book->dim, block);
    sid__narrow_for(isa)(block, book->dim, book->code, book->half, narrow->live, least, second, first, square);
    for (int i = 0; i < rows; i++) {
        float needed = narrow->gamma * (square[i] / 2 + narrow->square_max) + narrow->floor;
        label[i] = (uint16_t)first[i];
        /* "not above" rather than "below", so that what is no number is decided exactly too. */
        if (!(second[i] - least[i] > needed) && narrow->live > 1) {
            decide_again(isa, book, row[i], scratch, index, &label[i], nearest ? &nearest[i] : NULL);
        } else if (nearest) {
            bool has_copies = label[i] == 0 && narrow->live < book->codes; /* as near as code 0 itself */
            nearest[i].best_high = (double)least[i] + (double)needed;
            nearest[i].others_low = (double)(has_copies ? least[i] : second[i]) - (double)needed;
        }
    }
}

void sid__assign_narrow(sid__isa isa, const sid__narrow_book *narrow, const float *x, int64_t stride, int64_t rows,
                        float *scratch, int *index, uint16_t *label)
{
    const float *row[SID__NARROW_ROWS];
    for (int64_t begin = 0; begin < rows; begin += SID__NARROW_ROWS) {
        int count = (int)(rows - begin < SID__NARROW_ROWS ? rows - begin : SID__NARROW_ROWS);
        for (int i = 0; i < count; i++)
            row[i] = x + (begin + i) * stride;
        sid__assign_narrow_block(isa, narrow, row, count, scratch, index, label + begin, NULL);
    }
}
