/* codebook.h: codebooks that own their memory, and the parallel loops over rows that every k-means family shares. */
#ifndef SEMID_QUANT_CODEBOOK_H
#define SEMID_QUANT_CODEBOOK_H

#include "base/ctx.h"
#include "base/mem.h"
#include "io/tensor_set.h"
#include "kernel/narrow.h"

/* Allocates everything for `codes` x `dim`; book->code points to memory the caller may write before packing (cast by
 * sid__codebook_code). Free with sid__codebook_drop. */
sid_status sid__codebook_create(sid__codebook *book, int codes, int dim, sid_error *err);
void sid__codebook_drop(sid__codebook *book);
static inline float *sid__codebook_code(sid__codebook *book)
{
    return (float *)(uintptr_t)book->code;
}

/* Scratch of one worker: rows of a block, their scores, and the codes that survive the filter. */
typedef struct sid__assign_scratch {
    int workers;
    size_t score_count, index_count; /* a worker */
    float *score;
    int *index;
} sid__assign_scratch;

sid_status sid__assign_scratch_create(const sid_ctx *ctx, int codes, sid__assign_scratch *out, sid_error *err);
void sid__assign_scratch_drop(sid__assign_scratch *scratch);

/* Labels of x (count, dim) by the packed book. Gives how many labels differ from those in `label` before. */
int64_t sid__assign_all(const sid_ctx *ctx, const sid__codebook *book, const float *x, int64_t count,
                        sid__assign_scratch *scratch, uint16_t *label);

/* x[i] -= code[label[i]], elementwise in fp32. */
void sid__subtract_codes(const sid_ctx *ctx, const sid__codebook *book, const uint16_t *label, int64_t count, float *x);

/* The rows of each code: members of k are order[begin[k]] .. order[begin[k+1]-1], ascending. begin has codes + 1. */
void sid__group_rows(const uint16_t *label, int64_t count, int codes, int64_t *begin, int64_t *order);

/* The scale of fixed-point sums: the power of two that brings max |x| to at most 2^50, and count * max to at most 2^62. */
double sid__fixed_scale(const sid_ctx *ctx, const float *x, int64_t count, int dim, sid_error *err, sid_status *status);

/* The same for a largest magnitude already known. */
double sid__fixed_scale_for(float largest, int64_t count);

/* sum (codes, dim): exact integer sums of round_half_even(x * scale) by code: associative, hence the same bits in any
 * order. `begin` and `order` from sid__group_rows. */
void sid__sum_by_code(const sid_ctx *ctx, const float *x, int dim, double scale, int codes, const int64_t *begin,
                      const int64_t *order, int64_t *sum);

/* Rows that change codes. */
typedef struct sid__moves {
    const float *x; /* (.., dim) */
    int dim, codes;
    double scale;
    const int64_t *row; /* (count) which rows; NULL: 0 .. count - 1 */
    int64_t count;
    const uint16_t *before, *label; /* by row; before NULL: they had no code; label NULL: code 0 */
    int64_t *sum;                   /* (codes, dim) */
} sid__moves;

/* Takes round_half_even(x * scale) of each row from the sum of its code before and adds it to that of its label: the same
 * integers as summing anew. */
void sid__sum_moved(const sid_ctx *ctx, const sid__moves *moves);

/* Renumbers codes by falling members (codes), ties by centroid; members is reordered with them. A code without members
 * becomes a copy of the new code 0, which no row is nearest to (ties go to the lowest index). Packs the book. now (codes),
 * NULL allowed: the new number of each code. */
sid_status sid__codebook_renumber(sid__codebook *book, int64_t *members, uint16_t *now, sid_error *err);

/* Adds price[k] to the deciding score of every code: assignment is then argmin 1/2 |c|^2 - x . c + price. The packed book
 * has no prices yet. 0 <= price <= SID__PRICE_MAX: the filter's bound grows with it and stays proven. */
#define SID__PRICE_MAX 1e36
void sid__codebook_add_price(sid__codebook *book, const double *price);

/* Tensors codebook.<level+1> [K, D] and count.<level+1> [K], members (K) being fit rows by code. */
sid_status sid__codebook_save(const sid__codebook *book, const int64_t *members, int level, sid__tensor_set *set,
                              sid_error *err);
/* Into a created book of the same size, which is packed; magnitudes of at most `most` are expected. Quantizers made
 * elsewhere have no counts: members are left alone. */
sid_status sid__codebook_load(sid__codebook *book, int64_t *members, int level, double most, const sid__tensor_set *set,
                              sid_error *err);

#endif
