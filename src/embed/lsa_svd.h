/* lsa_svd.h: the leading right singular vectors of a sparse matrix. */
#ifndef SEMID_EMBED_LSA_SVD_H
#define SEMID_EMBED_LSA_SVD_H

#include "embed/lsa_matrix.h"

typedef struct sid__svd_options {
    int rank;  /* <= min(rows, columns) */
    int power; /* rounds */
    uint64_t seed;
} sid__svd_options;

/* sigma (rank) falling, v (columns, rank) with orthonormal columns; where sigma is 0 the column is zero. Each column's
 * entry of largest magnitude (ties: lowest row) is positive. */
sid_status sid__sparse_svd(sid_ctx *ctx, const sid__sparse *a, const sid__svd_options *options, double *sigma,
                           double *v, sid_error *err);

#endif
