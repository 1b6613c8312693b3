/* sequence_body.h: the loops of sequence.h, included once per ISA with LANES, numbers a register, which divides 16, and
 * SEQUENCE_TABLE, the name of the table to define.
 */
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

/* By halves: the largest is the same in any order. */
static inline sid__real largest_lane(vector most)
{
    sid__real lane[LANES];
    store(lane, most);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            lane[i] = lane[i + half] > lane[i] ? lane[i + half] : lane[i];
    return lane[0];
}

/* y = scale y + bias; gives the largest. bias NULL: none. */
static inline sid__real shift_row(int count, sid__real scale, const sid__real *bias, sid__real *row)
{
    vector most = all(-REAL_MAX);
    for (int j = 0; j < count; j += LANES) {
        vector x = load(row + j) * all(scale);
        if (bias)
            x += load(bias + j);
        most = choose((bits)(x > most), x, most);
        store(row + j, x);
    }
    return largest_lane(most);
}

static inline sid__real largest(int count, const sid__real *row)
{
    vector most[TURNS];
    const int turns = TURNS;
    int j = 0;
    EACH_TURN most[t] = all(-REAL_MAX);
    for (; j + TURNS * LANES <= count; j += TURNS * LANES)
        EACH_TURN
        {
            vector x = load(row + j + t * LANES);
            most[t] = choose((bits)(x > most[t]), x, most[t]);
        }
    for (; j < count; j += LANES)
        most[0] = choose((bits)(load(row + j) > most[0]), load(row + j), most[0]);
    for (int t = 1; t < turns; t++)
        most[0] = choose((bits)(most[t] > most[0]), most[t], most[0]);
    return largest_lane(most[0]);
}

enum { SWEEP = TURNS * LANES }; /* numbers at a time, a multiple of 16 */

/* `turns` registers of exponentials. */
__attribute__((always_inline)) static inline void some_exponentials(const int turns, sid__real most, sid__real *row,
                                                                    vector sum[VECTORS])
{
    vector x[TURNS];
    EACH_TURN x[t] = load(row + t * LANES) - all(most);
    exponentials_below(turns, x);
    EACH_TURN
    {
        sum[t % VECTORS] += x[t];
        store(row + t * LANES, x[t]);
    }
}

/* row = exp(row - most); gives the sums of sixteen lanes. */
static inline void exponentiate_lanes(int count, sid__real most, sid__real *row, sid__real lane[STRIDE])
{
    vector sum[VECTORS] = {0};
    int j = 0;
    for (; j + SWEEP <= count; j += SWEEP)
        some_exponentials(TURNS, most, row + j, sum);
    for (; j < count; j += STRIDE)
        some_exponentials(VECTORS, most, row + j, sum);
    memcpy(lane, sum, sizeof sum);
}

static inline sid__real exponentiate(int count, sid__real most, sid__real *row)
{
    sid__real lane[STRIDE], total = 0;
    exponentiate_lanes(count, most, row, lane);
    for (int i = 0; i < STRIDE; i++)
        total += lane[i];
    return total;
}

/* Scores of the visible to where exponentials of them are to be taken, up to the next multiple of 16; gives the largest. */
static inline sid__real prepare_row(int visible, sid__real scale, const sid__real *bias, sid__real *row)
{
    int group = visible / STRIDE * STRIDE;
    sid__real tail[STRIDE] = {0}, most = shift_row(group, scale, bias, row);
    if (group == visible)
        return most;
    /* the last group apart: what stands after the end is to be far below */
    memcpy(tail, row + group, sizeof tail);
    for (int j = 0; j < visible - group; j++)
        tail[j] = bias ? tail[j] * scale + bias[group + j] : tail[j] * scale;
    for (int j = 0; j < visible - group; j++)
        most = tail[j] > most ? tail[j] : most;
    fill(visible - group, STRIDE, -REAL_MAX, tail);
    memcpy(row + group, tail, sizeof tail);
    return most;
}

enum { SOFTMAX_ROWS = 4 }; /* at a time: sums of lanes wait for themselves */

static void softmax_rows(int64_t rows, int64_t step, const sid__softmax_rows *of, sid__real *row)
{
    for (int64_t first = 0; first < rows; first += SOFTMAX_ROWS) {
        sid__real lane[SOFTMAX_ROWS][STRIDE] = {{0}}, total[SOFTMAX_ROWS] = {0};
        int count = rows - first < SOFTMAX_ROWS ? (int)(rows - first) : SOFTMAX_ROWS;
        for (int r = 0; r < count; r++) {
            int visible = of->visible + (int)(first + r) * of->visible_step;
            sid__real *own = row + (first + r) * step;
            const sid__real *bias = of->bias ? of->bias + (first + r) * of->bias_step : NULL;
            exponentiate_lanes(padded(visible), prepare_row(visible, of->scale, bias, own), own, lane[r]);
        }
        for (int i = 0; i < STRIDE; i++)
            for (int r = 0; r < SOFTMAX_ROWS; r++)
                total[r] += lane[r][i];
        for (int r = 0; r < count; r++) {
            int visible = of->visible + (int)(first + r) * of->visible_step;
            sid__real *own = row + (first + r) * step;
            vector share = all(1 / total[r]);
            for (int j = 0; j < padded(visible); j += LANES)
                store(own + j, load(own + j) * share);
            fill(visible, padded(of->columns), 0, own);
        }
    }
}

static void softmax(int visible, int columns, sid__real scale, const sid__real *bias, sid__real *row)
{
    softmax_rows(1, 0, &(sid__softmax_rows){.visible = visible, .columns = columns, .scale = scale, .bias = bias}, row);
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
    now = largest(end, row);
    *most = now > before ? now : before;
    sid__real earlier[LANES] = {before - *most}, factor[LANES];
    store(factor, exponential_below(load(earlier)));
    factor[0] = *sum > 0 ? factor[0] : 0;
    *sum = *sum * (double)factor[0] + (double)exponentiate(end, *most, row);
    return factor[0];
}

/* `turns` registers of shares. */
__attribute__((always_inline)) static inline void some_shares(const int turns, sid__real bias, const sid__real *most,
                                                              const sid__real *share, sid__real *row,
                                                              vector sum[VECTORS])
{
    vector x[TURNS];
    EACH_TURN x[t] = load(row + t * LANES) + all(bias) - load(most + t * LANES);
    exponentials_below(turns, x);
    EACH_TURN
    {
        x[t] *= load(share + t * LANES);
        sum[t % VECTORS] += x[t];
        store(row + t * LANES, x[t]);
    }
}

static sid__real shares(int columns, sid__real bias, const sid__real *most, const sid__real *share, sid__real *row)
{
    vector sum[VECTORS] = {0};
    int j = 0, end = padded(columns);
    fill(columns, end, 0, row);
    for (; j + SWEEP <= end; j += SWEEP)
        some_shares(TURNS, bias, most + j, share + j, row + j, sum);
    for (; j < end; j += STRIDE)
        some_shares(VECTORS, bias, most + j, share + j, row + j, sum);
    return sum_of_lanes(sum);
}

/* ---- Draws -------------------------------------------------------------------------------------------------------- */

/* Philox draws at a time, four words each; as base/philox.c, which a test compares with. */
enum { DRAW_LANES = LANES * sizeof(sid__real) / sizeof(uint64_t), DRAW_GROUPS = 16 / DRAW_LANES, DRAWS = 16 };
typedef uint64_t counters __attribute__((vector_size(DRAW_LANES * sizeof(uint64_t))));
#ifndef wide_product /* of the low halves; an ISA may have an instruction that compilers do not find */
#define wide_product(a, b) (((a)&0xFFFFFFFFu) * (b))
#endif
#define EACH_GROUP _Pragma("GCC unroll 8") for (int g = 0; g < DRAW_GROUPS; g++)

/* Words of elements first_element .. + 63, which begin a draw, in the order of the elements. A register holds a word of some
 * draws in the low halves of its lanes; what stands in the high halves does not count. */
static inline void draw_elements(const sid__drop *how, uint64_t first_element, uint32_t out[4 * DRAWS])
{
    uint64_t first = how->first + first_element / 4, pair[2][DRAWS];
    uint32_t key_0 = (uint32_t)how->seed, key_1 = (uint32_t)(how->seed >> 32);
    static const uint64_t place[DRAWS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    counters word[4][DRAW_GROUPS];
    EACH_GROUP
    {
        memcpy(&word[0][g], place + g * (int)DRAW_LANES, sizeof word[0][g]);
        word[0][g] += first;
        word[1][g] = word[0][g] >> 32;
        word[2][g] = (uint64_t)how->stream - (counters){0};
        word[3][g] = (counters){0};
    }
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++, key_0 += 0x9E3779B9u, key_1 += 0xBB67AE85u)
        EACH_GROUP
        {
            counters p0 = wide_product(word[0][g], 0xD2511F53u - (counters){0});
            counters p1 = wide_product(word[2][g], 0xCD9E8D57u - (counters){0});
            word[0][g] = p1 >> 32 ^ word[1][g] ^ key_0;
            word[2][g] = p0 >> 32 ^ word[3][g] ^ key_1;
            word[1][g] = p1;
            word[3][g] = p0;
        }
    EACH_GROUP
    for (int half = 0; half < 2; half++) {
        counters both = (word[2 * half][g] & 0xFFFFFFFFu) | word[2 * half + 1][g] << 32;
        memcpy(&pair[half][g * (int)DRAW_LANES], &both, sizeof both);
    }
    for (int i = 0; i < DRAWS; i++)
        for (int w = 0; w < 4; w++)
            out[4 * i + w] = (uint32_t)(pair[w / 2][i] >> (w % 2 * 32));
}

static inline void mark_some(int count, const uint32_t *word, uint32_t least, sid__real *p)
{
    for (int i = 0; i < count; i++)
        p[i] = word[i] < least ? -p[i] : p[i];
}

static void mark(int columns, const sid__drop *how, uint64_t first_element, sid__real *p)
{
    uint32_t word[4 * DRAWS];
    for (int j = 0; j < columns; j += 4 * DRAWS) {
        draw_elements(how, first_element + (uint64_t)j, word);
        if (columns - j >= 4 * DRAWS)
            mark_some(4 * DRAWS, word, how->least, p + j);
        else
            mark_some(columns - j, word, how->least, p + j);
    }
}

__attribute__((always_inline)) static inline void keep_some(int64_t count, const uint32_t *word, uint32_t least,
                                                            sid__real keep, bool is_added, const sid__real *restrict x,
                                                            sid__real *restrict y)
{
    for (int64_t i = 0; i < count; i++) {
        sid__real kept = keep * x[i], before = is_added ? y[i] : 0;
        y[i] = before + (word[i] < least ? 0 : kept);
    }
}

static void dropout(int64_t count, const sid__drop *how, uint64_t first_element, sid__real keep, bool is_added,
                    const sid__real *restrict x, sid__real *restrict y)
{
    uint32_t word[4 * DRAWS];
    uint64_t before = first_element % 4;
    for (int64_t j = -(int64_t)before; j < count; j += 4 * DRAWS) {
        int64_t begin = j < 0 ? 0 : j, end = j + 4 * DRAWS < count ? j + 4 * DRAWS : count;
        draw_elements(how, first_element + (uint64_t)j, word);
        if (end - begin < 4 * DRAWS)
            keep_some(end - begin, word + (begin - j), how->least, keep, is_added, x + begin, y + begin);
        else if (is_added)
            keep_some(4 * DRAWS, word, how->least, keep, true, x + j, y + j);
        else
            keep_some(4 * DRAWS, word, how->least, keep, false, x + j, y + j);
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

/* ---- Norms -------------------------------------------------------------------------------------------------------- */

/* x less `mean`; what stands past the row's end 0. */
static inline vector centred(const sid__real *x, int at, int columns, vector mean)
{
    sid__real part[LANES] = {0};
    if (at + LANES <= columns)
        return load(x + at) - mean;
    for (int i = 0; at + i < columns; i++)
        part[i] = x[at + i] - mean[0];
    return load(part);
}

static inline vector get(const sid__real *x, int at, int columns)
{
    return centred(x, at, columns, all(0));
}

static inline void put(sid__real *y, int at, int columns, vector value)
{
    sid__real part[LANES];
    if (at + LANES <= columns) {
        store(y + at, value);
        return;
    }
    store(part, value);
    for (int i = 0; at + i < columns; i++)
        y[at + i] = part[i];
}

static void norm(int columns, bool is_centered, double epsilon, const sid__real *x, const sid__real *gain,
                 const sid__real *shift, sid__norm_row *of, sid__real *y)
{
    vector sum[VECTORS] = {0}, square[VECTORS] = {0};
    for (int j = 0; j < columns && is_centered; j += STRIDE)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            sum[v] += get(x, j + v * LANES, columns);
    of->mean = is_centered ? sum_of_lanes(sum) / (sid__real)columns : 0;
    vector mean = all(of->mean);
    for (int j = 0; j < columns; j += STRIDE)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            vector d = centred(x, j + v * LANES, columns, mean);
            square[v] += d * d;
        }
    of->inverse = (sid__real)(1 / sqrt((double)sum_of_lanes(square) / columns + epsilon));
    for (int j = 0; j < columns; j += LANES) {
        vector value = centred(x, j, columns, mean) * all(of->inverse) * get(gain, j, columns);
        put(y, j, columns, shift ? value + get(shift, j, columns) : value);
    }
}

/* to (+)= inverse (g' - mean g' - x' mean(g' x')), g' = gain g, x' the normalised row; without centring no mean g'. */
static void norm_back(int columns, bool is_centered, bool is_added, const sid__real *x, const sid__real *gain,
                      const sid__real *g, const sid__norm_row *of, sid__real *to)
{
    vector along[VECTORS] = {0}, sum[VECTORS] = {0}, mean = all(of->mean), inverse = all(of->inverse);
    for (int j = 0; j < columns; j += STRIDE)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            int at = j + v * LANES;
            vector scaled = get(g, at, columns) * get(gain, at, columns);
            along[v] += scaled * (centred(x, at, columns, mean) * inverse);
            sum[v] += scaled;
        }
    vector mean_along = all(sum_of_lanes(along) / (sid__real)columns);
    vector mean_sum = all(is_centered ? sum_of_lanes(sum) / (sid__real)columns : 0);
    for (int j = 0; j < columns; j += LANES) {
        vector scaled = get(g, j, columns) * get(gain, j, columns), normal = centred(x, j, columns, mean) * inverse;
        vector value = inverse * (scaled - mean_sum - normal * mean_along);
        put(to, j, columns, is_added ? get(to, j, columns) + value : value);
    }
}

static void norm_sums(int64_t rows, int columns, const sid__real *x, const sid__real *g, const sid__norm_row *of,
                      sid__real *restrict gains, sid__real *restrict shifts)
{
    fill(0, columns, 0, gains);
    fill(0, columns, 0, shifts);
    for (int64_t i = 0; i < rows; i++, x += columns, g += columns) {
        sid__real mean = of[i].mean, inverse = of[i].inverse;
        for (int j = 0; j < columns; j++) {
            gains[j] = gains[j] + g[j] * ((x[j] - mean) * inverse);
            shifts[j] = shifts[j] + g[j];
        }
    }
}

/* ---- Sums of exponentials in double ------------------------------------------------------------------------------- */

enum { WIDE = LANES * sizeof(sid__real) / sizeof(double), SUMS = 8 / WIDE };
typedef double wide __attribute__((vector_size(WIDE * sizeof(double))));
typedef uint64_t wide_bits __attribute__((vector_size(WIDE * sizeof(double))));
typedef sid__real narrow __attribute__((vector_size(WIDE * sizeof(sid__real))));

static inline wide load_wide(const sid__real *at)
{
    narrow value;
    memcpy(&value, at, sizeof value);
    return __builtin_convertvector(value, wide);
}

/* exp x for x <= 0, 0 below -700: as exponential_below, to r^13. */
static inline wide wide_exponential(wide x)
{
    static const double c[] = {0x1.6124613a86d09p-33,
                               0x1.1eed8eff8d898p-29,
                               0x1.ae64567f544e4p-26,
                               0x1.27e4fb7789f5cp-22,
                               0x1.71de3a556c734p-19,
                               0x1.a01a01a01a01ap-16,
                               0x1.a01a01a01a01ap-13,
                               0x1.6c16c16c16c17p-10,
                               0x1.1111111111111p-7,
                               0x1.5555555555555p-5,
                               0x1.5555555555555p-3,
                               0x1p-1,
                               1,
                               1};
    const wide zero = {0};
    wide_bits is_in = (wide_bits)(x >= zero - 700);
    x = (wide)((wide_bits)x & is_in);
    wide shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52, k = shifted - 0x1.8p52;
    wide r = (x - k * 0x1.62e42fefa3800p-1) - k * 0x1.ef35793c76730p-45, y = zero + c[0];
#pragma GCC unroll 13
    for (int i = 1; i < (int)(sizeof c / sizeof *c); i++)
        y = y * r + c[i];
    y *= (wide)(((wide_bits)shifted + 1023) << 52);
    return (wide)((wide_bits)y & is_in);
}

/* The largest, or NaN. */
static inline double largest_finite(int64_t count, const sid__real *row)
{
    sid__real lane[LANES];
    vector most = all(-REAL_MAX), rest = all(0);
    int64_t j = 0;
    for (; j + LANES <= count; j += LANES) {
        vector x = load(row + j);
        most = choose((bits)(x > most), x, most);
        rest += x - x; /* 0 of what is finite */
    }
    sid__real result = -REAL_MAX, others = 0;
    for (; j < count; j++) {
        result = row[j] > result ? row[j] : result;
        others += row[j] - row[j];
    }
    store(lane, most);
    for (int i = 0; i < LANES; i++)
        result = lane[i] > result ? lane[i] : result;
    store(lane, rest);
    for (int i = 0; i < LANES; i++)
        others += lane[i];
    return (double)(result + others);
}

static double exp_sum(int64_t count, const sid__real *row, double *most)
{
    wide sum[SUMS] = {0};
    double lane[8];
    sid__real tail[8];
    int64_t whole = count / 8 * 8;
    *most = largest_finite(count, row);
    for (int64_t j = 0; j < whole; j += 8)
#pragma GCC unroll 8
        for (int v = 0; v < SUMS; v++)
            sum[v] += wide_exponential(load_wide(row + j + v * WIDE) - *most);
    if (whole < count) {
        for (int i = 0; i < 8; i++)
            tail[i] = whole + i < count ? row[whole + i] : -REAL_MAX;
#pragma GCC unroll 8
        for (int v = 0; v < SUMS; v++)
            sum[v] += wide_exponential(load_wide(tail + v * WIDE) - *most);
    }
    for (int v = 0; v < SUMS; v++)
        memcpy(lane + v * WIDE, &sum[v], sizeof sum[v]);
    for (int half = 4; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            lane[i] += lane[i + half];
    return *most <= (double)REAL_MAX ? lane[0] : *most; /* NaN */
}

/* ---- Attention over a path ---------------------------------------------------------------------------------------- */

static inline sid__real fuse(sid__real a, sid__real b, sid__real c)
{
#ifdef SEMID_REAL_IS_DOUBLE
    return fma(a, b, c);
#else
    return fmaf(a, b, c);
#endif
}

/* Chains wait for themselves: several at a time, of `heads` (1 or 2) heads and of as many keys. */
enum { CHAINS = 4 };

static inline void some_scores(const int heads, int size, int keys, const sid__real *q, const sid__real *const *k,
                               int64_t step, sid__real *score)
{
    for (int j = 0; j < keys; j += CHAINS) {
        sid__real sum[2][CHAINS] = {{0}};
        for (int d = 0; d < size; d++)
#pragma GCC unroll 2
            for (int h = 0; h < heads; h++)
#pragma GCC unroll 4
                for (int c = 0; c < CHAINS; c++)
                    sum[h][c] = fuse(q[h * size + d], k[j + c < keys ? j + c : j][h * size + d], sum[h][c]);
        for (int h = 0; h < heads; h++)
            for (int c = 0; c < CHAINS && j + c < keys; c++)
                score[h * step + j + c] = sum[h][c];
    }
}

enum { PATH_KEYS_MAX = 64 };

static void path_scores(int heads, int size, int keys, const sid__real *q, const sid__real *const *k, int64_t step,
                        sid__real *score)
{
    const sid__real *own[PATH_KEYS_MAX];
    for (int h = 0; h < heads; h += 2, q += 2 * size, score += 2 * step) {
        for (int j = 0; j < keys; j++)
            own[j] = k[j] + (int64_t)h * size;
        if (h + 1 < heads)
            some_scores(2, size, keys, q, own, step, score);
        else
            some_scores(1, size, keys, q, own, step, score);
    }
}

static void path_sums(int heads, int size, int keys, const sid__real *weight, int64_t step, const sid__real *const *v,
                      sid__real *restrict out)
{
    for (int h = 0; h < heads; h++, out += size, weight += step)
        for (int j = 0; j < keys; j++) {
            const sid__real *value = v[j] + (int64_t)h * size, share = weight[j];
            for (int d = 0; d < size; d++)
                out[d] = fuse(share, value[d], j ? out[d] : 0);
        }
}

const sid__sequence_kernels SEQUENCE_TABLE = {
    .exp_sum = exp_sum,
    .path_scores = path_scores,
    .path_sums = path_sums,
    .softmax = softmax,
    .softmax_rows = softmax_rows,
    .softmax_back = softmax_back,
    .absorb = absorb,
    .shares = shares,
    .mark = mark,
    .drop = drop,
    .drop_back = drop_back,
    .dropout = dropout,
    .norm = norm,
    .norm_back = norm_back,
    .norm_sums = norm_sums,
};
