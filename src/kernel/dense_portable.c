/* dense_portable.c: the reference path; two lanes are what SSE2 and NEON have. */
#define DENSE_TABLE sid__dense_portable
#define VEC_LANES 2
#define TILE_ROWS 4
#define TILE_VECS 2
#include "kernel/dense_body.h"
