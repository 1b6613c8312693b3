/* kernels_portable.c: the reference, on every CPU. `scores` multiplies and adds (it only proposes); `project` must fuse, as
 * every other path does, so it calls fmaf.
 */
#include <math.h>

enum { LANES = 4, ROWS = 2, GROUPS = 1 };
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#define SMALLER(a, b) smaller(a, b)
#define LARGER(a, b) (-smaller(-(a), -(b)))
#define NOT_ABOVE_BITS(v, limit) not_above_bits(v, limit)
typedef float four_floats __attribute__((vector_size(16)));
typedef int four_ints __attribute__((vector_size(16)));
static inline four_floats smaller(four_floats a, four_floats b)
{
    four_ints is_less = a < b;
    return (four_floats)(((four_ints)a & is_less) | ((four_ints)b & ~is_less));
}
static inline unsigned not_above_bits(four_floats v, four_floats limit)
{
    four_ints is_above = v > limit;
    unsigned bits = 0;
    for (int lane = 0; lane < 4; lane++)
        bits |= (unsigned)(is_above[lane] == 0) << lane;
    return bits;
}
#include "kernel/kernels_body.h"

static void project(const float *x, int rows, int dim, const float *packed, int groups, float *out)
{
    for (int i = 0; i < rows; i++) {
        for (int g = 0; g < groups; g++) {
            float sum[SID__GROUP] = {0};
            for (int d = 0; d < dim; d++) {
                const float *code = packed + ((int64_t)g * dim + d) * SID__GROUP;
                for (int lane = 0; lane < SID__GROUP; lane++)
                    sum[lane] = fmaf(x[(int64_t)i * dim + d], code[lane], sum[lane]);
            }
            memcpy(out + ((int64_t)i * groups + g) * SID__GROUP, sum, sizeof sum);
        }
    }
}

const sid__kernels sid__kernels_portable = {.scores = scores,
                                            .project = project,
                                            .intervals = intervals,
                                            .at_most = at_most,
                                            .measure = measure,
                                            .dot = dot,
                                            .two_least = two_least,
                                            .accumulate = accumulate};
