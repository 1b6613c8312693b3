/* row_update_body.h: the loops of row_update.h, compiled once an instruction set. The including file defines UPDATES, the name of
 * its table. Plain C: the compiler vectorises what has no order, and may not change what has one.
 *
 * ftrl: McMahan et al., "Ad click prediction", KDD 2013. Group lasso: Ni et al., "Feature selection for FTRL", and the rows of
 * adagrad likewise. adam (1412.6980) counts the steps of each row, as only rows that were seen take one.
 */
#include "kernel/row_update.h"

#include <math.h>
#include <string.h>

enum { SUMS = 16 };
#define SQUARES_MOST 1e37F /* a state that only grows stays finite */

static inline float at_most(float x, float most)
{
    return x < most ? x : most;
}

/* Square sum of x (dim). */
static float squares(const float *x, int dim)
{
    float sum[SUMS] = {0}, all = 0;
    int d = 0;
    for (; d + SUMS <= dim; d += SUMS)
        for (int i = 0; i < SUMS; i++)
            sum[i] += x[d + i] * x[d + i];
    for (int i = 0; d + i < dim; i++)
        sum[i] += x[d + i] * x[d + i];
    for (int i = 0; i < SUMS; i++)
        all += sum[i];
    return all;
}

static void add_decay(const sid__row_rule *rule, int dim, float *restrict g, const float *restrict w)
{
    float decay = rule->decay;
    if (decay > 0)
        for (int d = 0; d < dim; d++)
            g[d] += decay * w[d];
}

/* w * max(0, 1 - pull / |w|) */
static void shrink(float pull, int dim, float *w)
{
    float norm = sqrtf(squares(w, dim));
    float keep = norm > pull ? 1.0F - pull / norm : 0.0F;
    for (int d = 0; d < dim; d++)
        w[d] *= keep;
}

static void sgd(const sid__row_rule *rule, int dim, float *restrict g, float *restrict w, float *restrict state)
{
    float rate = rule->rate;
    (void)state;
    add_decay(rule, dim, g, w);
    for (int d = 0; d < dim; d++)
        w[d] -= rate * g[d];
}

static void adagrad(const sid__row_rule *rule, int dim, float *restrict g, float *restrict w, float *restrict n)
{
    float rate = rule->rate;
    add_decay(rule, dim, g, w);
    for (int d = 0; d < dim; d++) {
        n[d] = at_most(n[d] + g[d] * g[d], SQUARES_MOST);
        w[d] -= rate * g[d] / sqrtf(n[d]);
    }
    if (rule->group > 0) {
        float all = 0;
        for (int d = 0; d < dim; d++)
            all += n[d] / (float)dim;
        shrink(rate * rule->group / sqrtf(all), dim, w);
    }
}

static void adagrad_row(const sid__row_rule *rule, int dim, float *restrict g, float *restrict w, float *restrict n)
{
    add_decay(rule, dim, g, w);
    *n = at_most(*n + squares(g, dim) / (float)dim, SQUARES_MOST);
    float root = sqrtf(*n), rate = rule->rate;
    for (int d = 0; d < dim; d++)
        w[d] -= rate * g[d] / root;
    if (rule->group > 0)
        shrink(rate * rule->group / root, dim, w);
}

static inline float soft(float z, float l1)
{
    float size = fabsf(z) - l1;
    return size > 0 ? copysignf(size, z) : 0.0F;
}

/* g becomes soft(z, l1). */
static void ftrl(const sid__row_rule *rule, int dim, float *restrict g, float *restrict w, float *restrict state)
{
    float *restrict z = state, *restrict n = state + dim, keep = 1.0F;
    float rate = rule->rate, l1 = rule->l1, l2 = rule->l2, beta = rule->beta;
    for (int d = 0; d < dim; d++) {
        float squared = at_most(n[d] + g[d] * g[d], SQUARES_MOST);
        z[d] += g[d] - w[d] * (sqrtf(squared) - sqrtf(n[d])) / rate;
        n[d] = squared;
        g[d] = soft(z[d], l1);
    }
    if (rule->group > 0) {
        float norm = sqrtf(squares(g, dim)), pull = rule->group * sqrtf((float)dim);
        keep = norm > pull ? 1.0F - pull / norm : 0.0F;
    }
    for (int d = 0; d < dim; d++)
        w[d] = 0.0F - keep * g[d] / ((beta + sqrtf(n[d])) / rate + l2);
}

/* base^count */
static double power(double base, uint32_t count)
{
    double result = 1;
    while (count) {
        if (count & 1)
            result *= base;
        base *= base;
        count >>= 1;
    }
    return result;
}

/* Counts a step; gives what m and the root of v are multiplied with. */
static void correct(const sid__row_rule *rule, float *at, float *first, float *second)
{
    uint32_t steps;
    memcpy(&steps, at, sizeof steps);
    steps += steps < UINT32_MAX;
    memcpy(at, &steps, sizeof steps);
    *first = (float)((double)rule->rate / (1 - power(rule->beta1, steps)));
    *second = (float)(1 / sqrt(1 - power(rule->beta2, steps)));
}

static void adam(const sid__row_rule *rule, int dim, float *restrict g, float *restrict w, float *restrict state)
{
    float *restrict m = state, *restrict v = state + dim;
    float beta1 = (float)rule->beta1, beta2 = (float)rule->beta2, epsilon = rule->epsilon, first, second;
    float rest1 = (float)(1 - rule->beta1), rest2 = (float)(1 - rule->beta2);
    correct(rule, state + 2 * (int64_t)dim, &first, &second);
    add_decay(rule, dim, g, w);
    for (int d = 0; d < dim; d++) {
        m[d] = beta1 * m[d] + rest1 * g[d];
        v[d] = at_most(beta2 * v[d] + rest2 * (g[d] * g[d]), SQUARES_MOST);
        w[d] -= first * m[d] / (sqrtf(v[d]) * second + epsilon);
    }
}

static void adam_row(const sid__row_rule *rule, int dim, float *restrict g, float *restrict w, float *restrict state)
{
    float *restrict m = state, *v = state + dim;
    float beta1 = (float)rule->beta1, beta2 = (float)rule->beta2, first, second;
    float rest1 = (float)(1 - rule->beta1), rest2 = (float)(1 - rule->beta2);
    correct(rule, state + dim + 1, &first, &second);
    add_decay(rule, dim, g, w);
    *v = at_most(beta2 * *v + rest2 * (squares(g, dim) / (float)dim), SQUARES_MOST);
    float divisor = sqrtf(*v) * second + rule->epsilon;
    for (int d = 0; d < dim; d++) {
        m[d] = beta1 * m[d] + rest1 * g[d];
        w[d] -= first * m[d] / divisor;
    }
}

#define ENTRY(name, function) [SID__ROW_##name] = function,
sid__row_update_fn *const UPDATES[SID__ROW_UPDATE_COUNT] = {SID__ROW_UPDATE_LIST(ENTRY)};
