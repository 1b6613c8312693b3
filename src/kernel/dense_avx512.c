/* dense_avx512.c: 8 lanes; 16 of the 32 registers accumulate. */
#if defined(__AVX512F__)
#define DENSE_TABLE sid__dense_avx512
#define VEC_LANES 8
#define TILE_ROWS 8
#define TILE_VECS 2
#include "kernel/dense_body.h"
#else
typedef int sid__dense_avx512_is_absent; /* another architecture */
#endif
