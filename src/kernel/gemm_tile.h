/* gemm_tile.h: the loops of the fp32 matrix product. Every output element is one chain acc = fma(a, b, acc) in rising
 * depth from the value it starts with, vectorised across outputs and never along the depth: all paths, tilings and thread
 * counts give the same bits.
 *
 * One body (gemm_tile_body.h) on compiler vector extensions, compiled per ISA by gemm_tile_portable.c, gemm_tile_avx2.c
 * and gemm_tile_avx512.c; gemm_tile.c picks. linalg/gemm.h is the whole product.
 */
#ifndef SEMID_KERNEL_GEMM_TILE_H
#define SEMID_KERNEL_GEMM_TILE_H

#include "base/cpu.h"

enum {
    SID__GEMM_GROUP = 16,   /* columns of a packed panel: one AVX-512 register of floats */
    SID__GEMM_DEPTH = 512,  /* depth of a step: a strip of two panels, 64 KiB, is read from the second-level cache */
    SID__GEMM_A_STEP = 528, /* row step of copied A: off powers of two, so that its rows do not share cache sets */
};

/* c (rows, columns), row step c_step, = (is_added ? c : 0) + a b, depth <= SID__GEMM_DEPTH. */
typedef struct sid__gemm_block {
    const float *a; /* (rows, depth), row step a_step */
    int64_t a_step;
    const float *b; /* (ceil(columns / 16), depth, 16), zeroes beyond the columns */
    int64_t b_step; /* floats from one group of b to the next */
    float *c;
    int64_t c_step;
    int rows, columns, depth;
    bool is_added;
} sid__gemm_block;

typedef struct sid__gemm_tile {
    void (*block)(const sid__gemm_block *block);
    /* to[i * to_step + j] = from[i * from_step + j], i < rows, j < columns; columns from there to the next multiple of 16
     * become 0. */
    void (*copy)(const float *from, int64_t from_step, int64_t rows, int columns, float *to, int64_t to_step);
    /* to[j * to_step + i] = from[i * from_step + j], i < rows <= 16, j < columns <= 16; to[j * to_step + rows .. 15]
     * become 0, and nothing is said of rows of `to` past the columns, which are not written. */
    void (*transpose)(const float *from, int64_t from_step, int rows, int columns, float *to, int64_t to_step);
} sid__gemm_tile;

const sid__gemm_tile *sid__gemm_tile_for(sid__isa isa);

extern const sid__gemm_tile sid__gemm_tile_portable, sid__gemm_tile_avx2, sid__gemm_tile_avx512;

#endif
