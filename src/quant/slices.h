/* slices.h: product codebooks: the dimensions are cut into slices, each with a codebook of its own; what pq and opq share.
 *
 *     y = x rotation (or x), code_l = nearest in slice l of y, x^ = [e_1, e_2, ...] back (spec/quantizers.md §3)
 *
 * The D mod M first slices have one dimension more than the others. Slices know nothing of each other, so the order of
 * the codes means nothing and a beam would find what the nearest codes already are.
 */
#ifndef SEMID_QUANT_SLICES_H
#define SEMID_QUANT_SLICES_H

#include "quant/codebook.h"
#include "quant/quantizer.h"

enum {
    SID__SLICES_LEAST = 2,       /* one slice is k-means, which rkmeans has */
    SID__ROTATION_DIM_MAX = 4096 /* its training is cubic in it, and decoding rotates rows on the stack */
};

typedef struct sid__slices {
    int levels, dim;
    int begin[SID_LEVELS_MAX + 1];           /* slice l: dimensions begin[l] .. begin[l + 1] - 1 */
    sid__codebook book[SID_LEVELS_MAX];      /* (K_l, begin[l + 1] - begin[l]) */
    sid__narrow_book narrow[SID_LEVELS_MAX]; /* of book[l], by sid__slices_pack; unused for wide slices */
    int64_t *count[SID_LEVELS_MAX];          /* (K_l) fit rows of each code */
    float *rotation;                         /* (dim, dim), columns are directions; NULL: none */
    float *back;                             /* (dim, dim) its inverse; NULL: its transpose */
    float *packed, *packed_back;             /* of both, for kernels' `project`; NULL without rotation */
} sid__slices;

/* Options that every family of slices checks: levels, and dimensions enough for them (prepared_dim 0: not known yet). */
sid_status sid__slices_check(const sid_quantizer *q, int prepared_dim, sid_error *err);

/* Books of q's level sizes over q->prepared_dim dimensions. Free with sid__slices_free. */
sid_status sid__slices_create(const sid_quantizer *q, sid__slices **out, sid_error *err);
void sid__slices_free(sid__slices *s);
static inline int sid__slice_dim(const sid__slices *s, int level)
{
    return s->begin[level + 1] - s->begin[level];
}

/* part (count, dim) = x's first `dim` columns, x being rows of `stride`: what k-means wants of a slice. */
void sid__slice_rows(const float *x, int64_t stride, int64_t count, int dim, float *part);

/* Takes copies of rotation and back (NULL: its transpose), (dim, dim). */
sid_status sid__slices_rotate(sid__slices *s, const float *rotation, const float *back, sid_error *err);
/* Once all books are packed and before rows are encoded. */
void sid__slices_pack(sid__slices *s);
/* Counts the fit rows of level's codes in label (count). */
void sid__slices_count(sid__slices *s, int level, const uint16_t *label, int64_t count);
/* The same, and renumbers them, most rows first. */
sid_status sid__slices_number(sid__slices *s, int level, const uint16_t *label, int64_t count, sid_error *err);

/* x (count, dim) -> codes (count, levels). margins: NULL, or (count, levels), then the scalar reference decides. */
sid_status sid__slices_encode(sid_ctx *ctx, const sid__slices *s, const float *x, int64_t count, uint16_t *codes,
                              double *margins, sid_error *err);
/* Slices from `depth` on are taken as zero. */
void sid__slices_decode(const sid__slices *s, const uint16_t *codes, int64_t count, int depth, float *x);

/* Tensors codebook.<l> [K, d_l], count.<l> [K], rotation [D, D], rotation.back [D, D]. */
sid_status sid__slices_save(const sid__slices *s, sid__tensor_set *set, sid_error *err);
sid_status sid__slices_load(const sid_quantizer *q, const sid__tensor_set *set, bool has_rotation, bool has_back,
                            sid__slices **out, sid_error *err);

/* A matrix m (dim, columns) as kernels' `project` takes it: packed (ceil(columns / 16), dim, 16), zeroes past columns. */
void sid__pack_columns(const float *m, int dim, int columns, float *packed);

#endif
