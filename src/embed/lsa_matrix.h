/* lsa_matrix.h: the sparse item-by-word matrix A, by rows and by columns, and its products with dense blocks. */
#ifndef SEMID_EMBED_LSA_MATRIX_H
#define SEMID_EMBED_LSA_MATRIX_H

#include "base/ctx.h"

/* Compressed rows. Invariant: start[0] = 0, start[i] <= start[i + 1], start[rows] elements, ids rising in a row. */
typedef struct sid__sparse {
    int64_t rows, columns;
    int64_t *start; /* (rows + 1) */
    int32_t *index;
    double *weight;
} sid__sparse;

/* Room for `elements`; zeroed. */
sid_status sid__sparse_init(sid__sparse *a, int64_t rows, int64_t columns, int64_t elements, sid_error *err);
void sid__sparse_drop(sid__sparse *a);
/* out becomes a^T. */
sid_status sid__sparse_transpose(const sid__sparse *a, sid__sparse *out, sid_error *err);
/* out (rows, width) = a x, x (columns, width); each sum in rising id order. */
void sid__sparse_multiply(const sid_ctx *ctx, const sid__sparse *a, const double *x, int width, double *out);

#endif
