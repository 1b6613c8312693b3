/* kernels_portable.c: the reference, on every CPU. `dots` multiplies and adds (it only proposes); `project` must fuse, as
 * every other path does, so it calls fmaf.
 */
#include <math.h>

enum { LANES = 4, ROWS = 2, GROUPS = 1 };
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#define SIGN_BITS(m) sign_bits(m)
typedef int sign_mask __attribute__((vector_size(16)));
static inline unsigned sign_bits(sign_mask m)
{
    unsigned bits = 0;
    for (int lane = 0; lane < 4; lane++)
        bits |= (unsigned)(m[lane] < 0) << lane;
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

const sid__kernels sid__kernels_portable = {.dots = dots,
                                            .project = project,
                                            .filter = filter,
                                            .intervals = intervals,
                                            .at_most = at_most,
                                            .square = square,
                                            .accumulate = accumulate};
