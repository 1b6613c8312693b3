/* openblas.h: the OpenBLAS inside numpy's wheel, called directly, so that the peer pays for no Python. */
#ifndef SEMID_BENCH_OPENBLAS_H
#define SEMID_BENCH_OPENBLAS_H

#include <stdbool.h>
#include <stdint.h>

/* One product c = a b, row-major; b is (depth, columns), or (columns, depth) where is_b_transposed. `count` > 1: that many,
 * one behind the other in memory. */
typedef struct blas_product {
    const float *a, *b;
    float *c;
    int64_t rows, columns, depth, count;
    bool is_b_transposed;
} blas_product;

/* Loads the library with that many threads; core "": its own choice. `version` (160 bytes) gets version and kernels. */
void blas_open(const char *path, const char *core, int threads, char *version);
/* A loop over cblas_sgemm. (cblas_sgemm_batch of 0.3.31 calls a null pointer for small products on SkylakeX.) */
void blas_multiply(const blas_product *product);

#endif
