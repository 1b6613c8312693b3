/* gram.c: x^T x of the rows of x, the start of every PCA. */
#include "linalg/factor.h"
#include "linalg/linalg.h"
#include "linalg/matmul.h"

static void mirror(double *c, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = 0; j < i; j++)
            c[(int64_t)i * n + j] = c[(int64_t)j * n + i];
}

static void gram(const sid_ctx *ctx, sid__operand x, int64_t count, int n, double *c)
{
    sid__multiply(
        ctx, &(sid__product){.a = x, .b = x, .m = n, .n = n, .depth = count, .c = c, .c_step = n, .is_upper = true});
    mirror(c, n);
}

void sid__gram_f32(const sid_ctx *ctx, const float *x, int64_t count, int n, double *c)
{
    gram(ctx, (sid__operand){.f32 = x, .depth_step = n, .lane_step = 1}, count, n, c);
}

void sid__gram_f64(const sid_ctx *ctx, const double *x, int64_t count, int n, double *c)
{
    gram(ctx, (sid__operand){.f64 = x, .depth_step = n, .lane_step = 1}, count, n, c);
}
