/* sequence_body.h: the loops of sequence.h, included once per ISA with LANES, numbers a register, which divides 16, and
 * SEQUENCE_TABLE, the name of the table to define.
 */
#include "base/philox.h"
#include "kernel/real_vector.h"
#include "kernel/sequence.h"

static int padded(int columns)
{
    return (int)sid__row_step(columns);
}

static void fill(int begin, int end, sid__real value, sid__real *row)
{
    for (int j = begin; j < end; j++)
        row[j] = value;
}

/* y = scale y + bias; gives the largest. bias NULL: none. */
static inline sid__real shift_row(int count, sid__real scale, const sid__real *bias, sid__real *row)
{
    vector most = all(-REAL_MAX);
    sid__real lane[LANES];
    for (int j = 0; j < count; j += LANES) {
        vector x = load(row + j) * all(scale);
        if (bias)
            x += load(bias + j);
        most = choose((bits)(x > most), x, most);
        store(row + j, x);
    }
    store(lane, most);
    for (int i = 1; i < LANES; i++)
        lane[0] = lane[i] > lane[0] ? lane[i] : lane[0];
    return lane[0];
}

/* row = exp(row - most); gives the sum. */
static inline sid__real exponentiate(int count, sid__real most, sid__real *row)
{
    vector sum[VECTORS] = {0};
    for (int j = 0; j < count; j += STRIDE) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            vector x = exponential_below(load(row + j + v * LANES) - all(most));
            sum[v] += x;
            store(row + j + v * LANES, x);
        }
    }
    return sum_of_lanes(sum);
}

static void softmax(int visible, int columns, sid__real scale, const sid__real *bias, sid__real *row)
{
    int end = padded(visible), group = visible / STRIDE * STRIDE;
    sid__real tail[STRIDE] = {0};
    /* the last group apart: what stands after the end is to be far below */
    sid__real most = shift_row(group, scale, bias, row);
    if (group < end) {
        memcpy(tail, row + group, sizeof tail);
        for (int j = 0; j < visible - group; j++)
            tail[j] = bias ? tail[j] * scale + bias[group + j] : tail[j] * scale;
        for (int j = 0; j < visible - group; j++)
            most = tail[j] > most ? tail[j] : most;
        fill(visible - group, STRIDE, -REAL_MAX, tail);
        memcpy(row + group, tail, sizeof tail);
    }
    sid__real sum = exponentiate(end, most, row);
    vector share = all(1 / sum);
    for (int j = 0; j < end; j += LANES)
        store(row + j, load(row + j) * share);
    fill(visible, padded(columns), 0, row);
}

static void softmax_back(int columns, const sid__real *p, sid__real *g)
{
    vector sum[VECTORS] = {0};
    fill(columns, padded(columns), 0, g);
    for (int j = 0; j < columns; j += STRIDE)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            sum[v] += load(p + j + v * LANES) * load(g + j + v * LANES);
    vector along = all(sum_of_lanes(sum));
    for (int j = 0; j < padded(columns); j += LANES)
        store(g + j, load(p + j) * (load(g + j) - along));
}

static sid__real absorb(int columns, const sid__real *bias, sid__real *row, sid__real *most, double *sum)
{
    int end = padded(columns);
    sid__real before = *most, now;
    if (bias)
        for (int j = 0; j < columns; j++)
            row[j] = row[j] + bias[j];
    fill(columns, end, -REAL_MAX, row);
    now = shift_row(end, 1, NULL, row);
    *most = now > before ? now : before;
    sid__real earlier[LANES] = {before - *most}, factor[LANES];
    store(factor, exponential_below(load(earlier)));
    factor[0] = *sum > 0 ? factor[0] : 0;
    *sum = *sum * (double)factor[0] + (double)exponentiate(end, *most, row);
    return factor[0];
}

static sid__real shares(int columns, sid__real bias, const sid__real *most, const sid__real *share, sid__real *row)
{
    vector sum[VECTORS] = {0};
    fill(columns, padded(columns), 0, row);
    for (int j = 0; j < columns; j += STRIDE) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            int at = j + v * LANES;
            vector x = exponential_below(load(row + at) + all(bias) - load(most + at)) * load(share + at);
            sum[v] += x;
            store(row + at, x);
        }
    }
    return sum_of_lanes(sum);
}

static void mark(int columns, const sid__drop *drop, uint64_t first_element, sid__real *p)
{
    uint32_t word[4];
    for (int j = 0; j < columns; j++) {
        if (j % 4 == 0)
            sid__philox(drop->seed, drop->stream, drop->first + (first_element + (uint64_t)j) / 4, word);
        p[j] = word[j % 4] < drop->least ? -p[j] : p[j];
    }
}

static void drop(int columns, sid__real keep, const sid__real *restrict p, sid__real *restrict out)
{
    for (int j = 0; j < columns; j++)
        out[j] = p[j] < 0 ? 0 : keep * p[j];
}

static void drop_back(int columns, sid__real keep, sid__real *restrict p, sid__real *restrict g)
{
    for (int j = 0; j < columns; j++) {
        g[j] = p[j] < 0 ? 0 : keep * g[j];
        p[j] = p[j] < 0 ? -p[j] : p[j];
    }
}

const sid__sequence_kernels SEQUENCE_TABLE = {
    .softmax = softmax,
    .softmax_back = softmax_back,
    .absorb = absorb,
    .shares = shares,
    .mark = mark,
    .drop = drop,
    .drop_back = drop_back,
};
