/* dense_avx2.c: 4 lanes; 8 of the 16 registers accumulate. */
#if defined(__AVX2__)
#define DENSE_TABLE sid__dense_avx2
#define VEC_LANES 4
#define TILE_ROWS 4
#define TILE_VECS 2
#include "kernel/dense_body.h"
#else
typedef int sid__dense_avx2_is_absent; /* another architecture */
#endif
