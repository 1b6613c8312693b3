/* gemm_tile_portable.c: the reference path; four lanes are what SSE and NEON have. */
#define GEMM_TABLE sid__gemm_tile_portable
enum { LANES = 4, ROWS = 4, GROUPS = 1, WIDE_ROWS = 1 };
#define EACH_ROWS(X) X(1) X(2) X(3) X(4)
#define LANE_LIST LIST4
#define TRANSPOSE_STEPS STEP(2) STEP(1)
#include "kernel/gemm_tile_body.h"
