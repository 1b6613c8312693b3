/* gradcheck.c: every op's backward against central differences. kernel/neural* and tensor/ are compiled once more for it with
 * sid__real double. Fails when a gradient is off by more than 1e-6 of its norm, or when an op of the table has no case.
 *
 * A case makes a loss from its parameters. Where the op stops a gradient on purpose, the loss differentiated is another
 * function of the parameters, with what is stopped held where it was: the case's `held`.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "tensor/ops_codes.h"
#include "tensor/ops_rank.h"
#include "tensor/ops_sequence.h"
#include "tensor/params.h"

#define STEP 1e-5
#define TOLERANCE 1e-6

enum { PARAMS_MAX = 8, ROWS = 70 }; /* more rows than a task has: partial sums are added */

typedef struct shape {
    int rows, columns;
} shape;

typedef struct check_case {
    const char *name;
    shape shape[PARAMS_MAX]; /* until rows 0 */
    sid__value *(*loss)(sid__tape *tape, sid__value *const *in);
    double (*held)(const sid__value *const *in, const sid__value *const *base); /* NULL: the loss itself */
} check_case;

/* A fixed value that takes no gradient: numbers of no pattern. */
static sid__value *constant(sid__tape *tape, int64_t rows, int columns)
{
    sid__value *value = sid__tape_value(tape, rows, columns, false);
    for (int64_t i = 0; value && i < rows * columns; i++)
        value->data[i] = 2 * sid__philox_uniform(9, SID__STREAM_TEST, (uint64_t)i) - 1;
    return value;
}

/* A loss that gives every element of y a gradient of its own. */
static sid__value *loss_of(sid__tape *tape, sid__value *y)
{
    return y ? sid__op_square_error(tape, y, constant(tape, y->rows, y->columns), 0.7) : NULL;
}

static double held_loss(const double *y, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = y[i] - (2 * sid__philox_uniform(9, SID__STREAM_TEST, (uint64_t)i) - 1);
        sum += d * d;
    }
    return 0.7 * sum;
}

static sid__value *linear(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, sid__op_linear(tape, in[0], in[1], in[2], SID__NO_ACTIVATION));
}

static sid__value *linear_relu(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, sid__op_linear(tape, in[0], in[1], in[2], SID__RELU));
}

static sid__value *linear_no_bias(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, sid__op_linear(tape, in[0], in[1], NULL, SID__NO_ACTIVATION));
}

/* One weight and one bias in two layers, and a value with two uses: gradients are added to. */
static sid__value *linear_shared(sid__tape *tape, sid__value *const *in)
{
    sid__value *y = sid__op_linear(tape, in[0], in[1], in[2], SID__RELU);
    return loss_of(tape, sid__op_add(tape, y, sid__op_linear(tape, y, in[1], in[2], SID__RELU)));
}

static sid__value *add(sid__tape *tape, sid__value *const *in)
{
    sid__value *once = sid__op_add(tape, in[0], in[1]);
    return sid__op_add(tape, loss_of(tape, once), loss_of(tape, in[0]));
}

static sid__value *square_error(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(tape, sid__op_square_error(tape, in[0], in[1], 0.3),
                       sid__op_square_error(tape, in[0], in[0], 1)); /* a - a: nothing */
}

static sid__value *straight_through(sid__tape *tape, sid__value *const *in)
{
    sid__value *q = constant(tape, ROWS, 3);
    sid__value *twice =
        sid__op_add(tape, sid__op_straight_through(tape, in[0], q), sid__op_straight_through(tape, in[0], q));
    return loss_of(tape, twice);
}

static void held_constant(double *q, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        q[i] = 2 * sid__philox_uniform(9, SID__STREAM_TEST, (uint64_t)i) - 1;
}

static double straight_through_held(const sid__value *const *in, const sid__value *const *base)
{
    double y[ROWS * 3];
    held_constant(y, ROWS * 3L);
    for (int i = 0; i < ROWS * 3; i++)
        y[i] = 2 * (in[0]->data[i] + (y[i] - base[0]->data[i]));
    return held_loss(y, ROWS * 3L);
}

static sid__value *rotation(sid__tape *tape, sid__value *const *in)
{
    sid__value *q = constant(tape, ROWS, 3);
    sid__value *twice = sid__op_add(tape, sid__op_rotation(tape, in[0], q), sid__op_rotation(tape, in[0], q));
    return loss_of(tape, twice);
}

/* y = |q|/|z0| (z - 2 w (w.z) + 2 v (u.z)) with u, v, w of z0 and q, as the paper writes it. */
static void rotate(const double z[3], const double z0[3], const double q[3], double y[3])
{
    double z_norm = sqrt(z0[0] * z0[0] + z0[1] * z0[1] + z0[2] * z0[2]);
    double q_norm = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]);
    double w[3], w_norm = 0, w_z = 0, u_z = 0;
    for (int d = 0; d < 3; d++) {
        w[d] = z0[d] / z_norm + q[d] / q_norm;
        w_norm += w[d] * w[d];
        u_z += z0[d] / z_norm * z[d];
    }
    for (int d = 0; d < 3; d++)
        w_z += w[d] / sqrt(w_norm) * z[d];
    for (int d = 0; d < 3; d++)
        y[d] = q_norm / z_norm * (z[d] - 2 * w[d] / sqrt(w_norm) * w_z + 2 * q[d] / q_norm * u_z);
}

static double rotation_held(const sid__value *const *in, const sid__value *const *base)
{
    double q[ROWS * 3], y[ROWS * 3];
    held_constant(q, ROWS * 3L);
    for (int i = 0; i < ROWS; i++) {
        double row[3];
        rotate(in[0]->data + i * 3L, base[0]->data + i * 3L, q + i * 3L, row);
        for (int d = 0; d < 3; d++)
            y[i * 3 + d] = 2 * row[d];
    }
    return held_loss(y, ROWS * 3L);
}

/* ---- Residual losses ---------------------------------------------------------------------------------------------- */

enum { DIM = 3, LEVELS = 3, CODES = 4 };
static const sid__residual_weights weights = {.codebook = 0.4, .commitment = 0.1};

static uint16_t code_of(int level, int64_t row)
{
    return (uint16_t)((row * 7 + level * 3) % (CODES - 1)); /* the last code is never chosen */
}

static void choose(void *user, int level, const sid__real *rest, int64_t rows, uint16_t *code)
{
    (void)user;
    (void)rest;
    for (int64_t i = 0; i < rows; i++)
        code[i] = code_of(level, i);
}

static sid__value *residual_loss(sid__tape *tape, sid__value *const *in)
{
    sid__quantized *quantized = sid__residual_quantize(tape, in[0], in + 1, LEVELS, choose, NULL);
    return sid__op_add(tape, sid__op_residual_loss(tape, quantized, &weights), loss_of(tape, in[0]));
}

/* sum_l codebook |sg r_l - e_l|^2 + commitment |z - sg sum_{j<=l} e_j|^2 */
static double residual_loss_held(const sid__value *const *in, const sid__value *const *base)
{
    double sum = 0;
    for (int64_t i = 0; i < ROWS; i++)
        for (int d = 0; d < DIM; d++) {
            double rest = base[0]->data[i * DIM + d], partial = 0;
            for (int l = 0; l < LEVELS; l++) {
                int64_t at = (int64_t)code_of(l, i) * DIM + d;
                double to_code = rest - in[l + 1]->data[at];
                partial += base[l + 1]->data[at];
                double to_partial = in[0]->data[i * DIM + d] - partial;
                sum += weights.codebook * to_code * to_code + weights.commitment * to_partial * to_partial;
                rest -= base[l + 1]->data[at];
            }
        }
    return sum + held_loss(in[0]->data, (int64_t)ROWS * DIM);
}

/* ---- The others --------------------------------------------------------------------------------------------------- */

/* Two uses of one input: gradients are added. */
static sid__value *both(sid__tape *tape, sid__value *a, sid__value *b)
{
    return loss_of(tape, sid__op_add(tape, a, b));
}

static sid__value *activations(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(
        tape, both(tape, sid__op_activation(tape, in[0], SID__GELU), sid__op_activation(tape, in[0], SID__SILU)),
        both(tape, sid__op_activation(tape, in[1], SID__RELU), sid__op_activation(tape, in[1], SID__NO_ACTIVATION)));
}

static sid__value *dropout(sid__tape *tape, sid__value *const *in)
{
    const sid__dropout how = {.rate = 0.3, .seed = 5, .layer = 2, .step = 7}, other = {.rate = 0.6, .seed = 6};
    return both(tape, sid__op_dropout(tape, in[0], &how), sid__op_dropout(tape, in[0], &other));
}

static sid__value *norms(sid__tape *tape, sid__value *const *in)
{
    return both(tape, sid__op_norm(tape, in[0], in[1], in[2], SID__LAYER_NORM, 1e-5),
                sid__op_norm(tape, in[0], in[1], NULL, SID__RMS_NORM, 1e-6));
}

static sid__value *unit_length(sid__tape *tape, sid__value *const *in)
{
    return both(tape, sid__op_unit_length(tape, in[0]), sid__op_unit_length(tape, in[0]));
}

static sid__value *gather(sid__tape *tape, sid__value *const *in)
{
    static const int32_t row[] = {3, 1, 3, 0, 3}, other[] = {2, 2, 1, 0, 3};
    return both(tape, sid__op_gather(tape, in[0], row, 5), sid__op_gather(tape, in[0], other, 5));
}

static sid__value *cross_entropy(sid__tape *tape, sid__value *const *in)
{
    static const int32_t target[ROWS] = {0, 1, 2, -1, 3, 4, 5, 5, 0}; /* then 0 */
    return sid__op_add(tape, sid__op_cross_entropy(tape, in[0], target, 0.3),
                       sid__op_cross_entropy(tape, in[0], target, 0.2));
}

/* ---- Sequences ---------------------------------------------------------------------------------------------------- */

/* Of one row, of none, of more than a group of sixteen. */
static const int64_t begins[] = {0, 1, 1, 20, 25}, key_begins[] = {0, 3, 3, 3, 20};
static const sid__ragged sequences = {begins, 4}, key_sequences = {key_begins, 4};
enum { QUERIES = 25, KEYS = 20 };

static sid__value *attend(sid__tape *tape, sid__value *qkv, sid__value *bias, double rope_base, bool is_causal)
{
    static const sid__dropout weights_drop = {.rate = 0.3, .seed = 5, .layer = 2, .step = 7};
    return sid__op_attention(tape, qkv,
                             &(sid__attention){.heads = 2,
                                               .is_causal = is_causal,
                                               .queries = &sequences,
                                               .bias = bias,
                                               .scale = bias ? 1 : 0,
                                               .rope_base = rope_base,
                                               .dropout = rope_base > 0 ? &weights_drop : NULL});
}

static sid__value *attention_causal(sid__tape *tape, sid__value *const *in)
{
    return both(tape, attend(tape, in[0], NULL, 0, true), attend(tape, in[0], NULL, 0, false));
}

static sid__value *attention_rotary(sid__tape *tape, sid__value *const *in)
{
    return both(tape, attend(tape, in[0], NULL, 50, true), attend(tape, in[0], NULL, 100, false));
}

static sid__value *attention_bias(sid__tape *tape, sid__value *const *in)
{
    return both(tape, attend(tape, in[0], in[1], 0, true), attend(tape, in[0], in[1], 0, false));
}

static sid__value *attention_rotary_bias(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, attend(tape, in[0], in[1], 20, false));
}

static sid__value *cross_attention(sid__tape *tape, sid__value *const *in)
{
    const sid__attention how = {.heads = 3, .queries = &sequences, .keys = &key_sequences};
    return both(tape, sid__op_cross_attention(tape, in[0], in[1], &how),
                sid__op_cross_attention(tape, in[0], in[1], &how));
}

/* More rows than a task has; items beyond a tile of them. */
enum { STATES = 130, ITEMS = 514 };

static const int32_t *targets(int count)
{
    static int32_t target[STATES];
    for (int i = 0; i < STATES; i++)
        target[i] = i % 7 == 3 ? -1 : (i * 37 + 5) % count;
    return target;
}

static sid__value *catalog_loss(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(tape, sid__op_catalog_loss(tape, in[0], in[1], in[2], targets(ITEMS), 0.3),
                       sid__op_catalog_loss(tape, in[0], in[1], in[2], targets(ITEMS), 0.2));
}

static sid__value *catalog_loss_plain(sid__tape *tape, sid__value *const *in)
{
    return sid__op_catalog_loss(tape, in[0], in[1], NULL, targets(17), 0.3);
}

static sid__value *row_dot(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(tape, loss_of(tape, sid__op_row_dot(tape, in[0], in[1])),
                       loss_of(tape, sid__op_row_dot(tape, in[0], in[0])));
}

static sid__value *columns(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(tape, loss_of(tape, sid__op_columns(tape, in[0], 1, 3)),
                       loss_of(tape, sid__op_columns(tape, in[0], 2, 2)));
}

static sid__value *concat(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, sid__op_concat(tape, sid__op_concat(tape, in[0], in[1]), in[0]));
}

static sid__value *prelu(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, sid__op_prelu(tape, sid__op_prelu(tape, in[0], in[1]), in[1]));
}

static sid__value *weigh_rows(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, sid__op_weigh_rows(tape, sid__op_weigh_rows(tape, in[0], in[1]), in[1]));
}

static sid__value *softmax(sid__tape *tape, sid__value *const *in)
{
    return loss_of(tape, sid__op_add(tape, sid__op_softmax(tape, in[0]), in[0]));
}

static sid__value *pair_dots(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(tape, loss_of(tape, sid__op_pair_dots(tape, in[0], 3)),
                       loss_of(tape, sid__op_pair_dots(tape, in[0], 2)));
}

static sid__value *click_loss(sid__tape *tape, sid__value *const *in)
{
    static const uint8_t label[ROWS] = {1, 0, 0, 1, 1};
    return sid__op_add(tape, sid__op_click_loss(tape, in[0], label, 0.3), sid__op_click_loss(tape, in[0], label, 0.2));
}

/* ---- Codes: soft ones, dense gradients, steps ---------------------------------------------------------------------- */

/* What an earlier level, of fixed codes, leaves of z. */
static sid__real *rest_of(sid__tape *tape, const sid__value *z)
{
    const sid__value *code = constant(tape, z->rows, z->columns);
    sid__real *rest = sid__tape_push(tape, (size_t)z->rows * (size_t)z->columns, sizeof *rest);
    for (int64_t i = 0; rest && i < z->rows * z->columns; i++)
        rest[i] = z->data[i] - 0.3 * code->data[i];
    return rest;
}

static sid__value *soft_codes(sid__tape *tape, sid__value *const *in)
{
    const sid__value *noise = constant(tape, ROWS, CODES);
    return both(tape, sid__op_soft_codes(tape, in[0], in[0]->data, in[1], NULL, 0.5),
                sid__op_soft_codes(tape, in[0], rest_of(tape, in[0]), in[1], noise->data, 0.8));
}

static sid__value *dense_codes(sid__tape *tape, sid__value *const *in)
{
    sid__value *once = sid__op_dense_codes(tape, in[0], in[1], in[1]->data, in[2]);
    return both(tape, in[0], sid__op_dense_codes(tape, once, in[1], in[1]->data, in[2]));
}

/* cos(z, E) E of one row */
static void cosines(const double *z, const double *codes, double out[DIM])
{
    memset(out, 0, DIM * sizeof *out);
    for (int k = 0; k < CODES; k++) {
        double dot = 0, z_square = 0, code_square = 0;
        for (int d = 0; d < DIM; d++) {
            dot += z[d] * codes[k * DIM + d];
            z_square += z[d] * z[d];
            code_square += codes[k * DIM + d] * codes[k * DIM + d];
        }
        for (int d = 0; d < DIM; d++)
            out[d] += dot / sqrt(z_square * code_square) * codes[k * DIM + d];
    }
}

static double dense_codes_held(const sid__value *const *in, const sid__value *const *base)
{
    double y[ROWS * DIM], now[DIM], then[DIM];
    for (int i = 0; i < ROWS * DIM; i += DIM) {
        cosines(in[1]->data + i, in[2]->data, now);
        cosines(base[1]->data + i, base[2]->data, then);
        for (int d = 0; d < DIM; d++)
            y[i + d] = 2 * (in[0]->data[i + d] + now[d] - then[d]);
    }
    return held_loss(y, ROWS * DIM);
}

static const sid__steps channels[DIM] = {{5, -2, 2.002, 0, 0}, {4, -2, 1.5015, 0.5, 0.35}, {3, -1, 1.001, 0, 0}};

static sid__value *round_steps(sid__tape *tape, sid__value *const *in)
{
    return both(tape, sid__op_round_steps(tape, in[0], channels, NULL),
                sid__op_round_steps(tape, in[0], channels, NULL));
}

static double round_steps_held(const sid__value *const *in, const sid__value *const *base)
{
    double y[ROWS * DIM];
    for (int i = 0; i < ROWS * DIM; i++) {
        const sid__steps *c = &channels[i % DIM];
        double t = tanh(base[0]->data[i] + c->s), q = nearbyint(c->h * t - c->o);
        y[i] = 2 * ((q + c->o) / c->h + tanh(in[0]->data[i] + c->s) - t);
    }
    return held_loss(y, ROWS * DIM);
}

static sid__value *products(sid__tape *tape, sid__value *const *in)
{
    sid__value *square = sid__op_multiply(tape, in[1], in[1]);
    return sid__op_add(tape, both(tape, sid__op_swiglu(tape, in[0]), sid__op_multiply(tape, in[1], in[2])),
                       both(tape, sid__op_scale(tape, square, 0.3),
                            sid__op_add(tape, sid__op_scale(tape, in[2], 2), sid__op_swiglu(tape, in[0]))));
}

static sid__value *pools(sid__tape *tape, sid__value *const *in)
{
    static const int32_t row[] = {3, 1, 3, 0, 3, -1, 2};
    static const int64_t bag_begins[] = {0, 3, 3, 7, 7};
    const sid__bags bags = {bag_begins, row, 4};
    sid__value *mean = sid__op_mean_pool(tape, in[1], &sequences);
    return sid__op_add(tape, both(tape, sid__op_bag(tape, in[0], &bags), sid__op_bag(tape, in[0], &bags)),
                       both(tape, mean, sid__op_mean_pool(tape, in[1], &sequences)));
}

static sid__value *gru(sid__tape *tape, sid__value *const *in)
{
    const sid__gru cell = {in[1], in[2], in[3], in[4]};
    return both(tape, sid__op_gru(tape, in[0], &cell, &sequences), sid__op_gru(tape, in[0], &cell, &sequences));
}

enum { SAMPLES = 9, CATALOG = 13 };

static sid__value *sampled(sid__tape *tape, sid__value *const *in, sid__sampled_kind kind, bool is_by_row)
{
    static int32_t target[ROWS], sample[ROWS * SAMPLES];
    static double log_expected[CATALOG];
    for (int i = 0; i < ROWS; i++)
        target[i] = i % 6 == 5 ? -1 : i * 5 % CATALOG;
    for (int i = 0; i < ROWS * SAMPLES; i++)
        sample[i] = i * 7 % CATALOG;
    for (int i = 0; i < CATALOG; i++)
        log_expected[i] = 0.1 * i - 1;
    return sid__op_sampled_loss(tape, in[0], in[1], target,
                                &(sid__negatives){.kind = kind,
                                                  .item = sample,
                                                  .count = SAMPLES,
                                                  .is_by_row = is_by_row,
                                                  .log_expected = is_by_row ? NULL : log_expected,
                                                  .calibration = 0.75,
                                                  .penalty = 0.5},
                                0.3);
}

static sid__value *sampled_softmax(sid__tape *tape, sid__value *const *in)
{
    return sid__op_scale(
        tape, sid__op_add(tape, sampled(tape, in, SID__SAMPLED_CE, false), sampled(tape, in, SID__SAMPLED_CE, true)),
        0.5);
}

static sid__value *sampled_binary(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(tape, sampled(tape, in, SID__SAMPLED_BCE, true), sampled(tape, in, SID__SAMPLED_GBCE, false));
}

static sid__value *sampled_max(sid__tape *tape, sid__value *const *in)
{
    return sid__op_add(tape, sampled(tape, in, SID__SAMPLED_BPR_MAX, false),
                       sampled(tape, in, SID__SAMPLED_BPR_MAX, true));
}

static sid__value *info_nce(sid__tape *tape, sid__value *const *in)
{
    return sid__op_info_nce(tape, in[0], in[1], 0.7, 0.2);
}

static const check_case cases[] = {
    {"linear", {{ROWS, 5}, {4, 5}, {1, 4}}, linear, NULL},
    {"linear, relu", {{ROWS, 5}, {4, 5}, {1, 4}}, linear_relu, NULL},
    {"linear, no bias", {{ROWS, 5}, {4, 5}}, linear_no_bias, NULL},
    {"linear, shared weights", {{ROWS, 4}, {4, 4}, {1, 4}}, linear_shared, NULL},
    {"add", {{ROWS, 3}, {ROWS, 3}}, add, NULL},
    {"square error", {{ROWS, 3}, {ROWS, 3}}, square_error, NULL},
    {"straight through", {{ROWS, 3}}, straight_through, straight_through_held},
    {"rotation", {{ROWS, 3}}, rotation, rotation_held},
    {"residual loss", {{ROWS, DIM}, {CODES, DIM}, {CODES, DIM}, {CODES, DIM}}, residual_loss, residual_loss_held},
    {"soft codes", {{ROWS, DIM}, {CODES, DIM}}, soft_codes, NULL},
    {"dense codes", {{ROWS, DIM}, {ROWS, DIM}, {CODES, DIM}}, dense_codes, dense_codes_held},
    {"round to steps", {{ROWS, DIM}}, round_steps, round_steps_held},
    {"activations", {{ROWS, 3}, {ROWS, 3}}, activations, NULL},
    {"dropout", {{ROWS, 5}}, dropout, NULL},
    {"layer and rms norm", {{ROWS, 5}, {1, 5}, {1, 5}}, norms, NULL},
    {"unit length", {{ROWS, 4}}, unit_length, NULL},
    {"gather", {{4, 3}}, gather, NULL},
    {"row dot", {{ROWS, 3}, {ROWS, 3}}, row_dot, NULL},
    {"columns", {{ROWS, 5}}, columns, NULL},
    {"concat", {{ROWS, 2}, {ROWS, 3}}, concat, NULL},
    {"prelu", {{ROWS, 3}, {1, 3}}, prelu, NULL},
    {"weigh rows", {{ROWS, 3}, {ROWS, 1}}, weigh_rows, NULL},
    {"softmax", {{ROWS, 4}}, softmax, NULL},
    {"pair dots", {{ROWS, 6}}, pair_dots, NULL},
    {"click loss", {{ROWS, 1}}, click_loss, NULL},
    {"cross-entropy", {{ROWS, 6}}, cross_entropy, NULL},
    {"attention", {{QUERIES, 18}}, attention_causal, NULL},
    {"attention, rotary, dropout", {{QUERIES, 24}}, attention_rotary, NULL},
    {"attention, relative bias", {{QUERIES, 6}, {32, 2}}, attention_bias, NULL},
    {"attention, rotary and bias", {{QUERIES, 12}, {32, 2}}, attention_rotary_bias, NULL},
    {"cross attention", {{QUERIES, 9}, {KEYS, 18}}, cross_attention, NULL},
    {"catalogue loss", {{STATES, 1}, {ITEMS, 1}, {1, ITEMS}}, catalog_loss, NULL},
    {"products", {{ROWS, 6}, {ROWS, 3}, {ROWS, 3}}, products, NULL},
    {"pools", {{4, 3}, {QUERIES, 3}}, pools, NULL},
    {"gru", {{QUERIES, 3}, {12, 3}, {12, 4}, {1, 12}, {1, 12}}, gru, NULL},
    {"sampled softmax", {{ROWS, 3}, {CATALOG, 3}}, sampled_softmax, NULL},
    {"sampled binary", {{ROWS, 3}, {CATALOG, 3}}, sampled_binary, NULL},
    {"bpr-max", {{ROWS, 3}, {CATALOG, 3}}, sampled_max, NULL},
    {"info nce", {{7, 3}, {7, 3}}, info_nce, NULL},
    {"catalogue loss, no bias", {{STATES, 3}, {17, 3}}, catalog_loss_plain, NULL},
};

/* ---- The check ---------------------------------------------------------------------------------------------------- */

typedef struct check {
    const sid_ctx *ctx;
    const check_case *of;
    sid__params params;
    sid__memory memory;
    sid__value *in[PARAMS_MAX], base[PARAMS_MAX];
    const sid__value *base_of[PARAMS_MAX];
    double *base_data;
    bool *is_seen; /* (SID__OP_COUNT) */
} check;

static sid_status check_create(check *c, sid_error *err)
{
    for (int i = 0; i < PARAMS_MAX && c->of->shape[i].rows; i++) {
        sid__param like = {.value = {.rows = c->of->shape[i].rows, .columns = c->of->shape[i].columns}};
        SID_TRY(sid__params_add(&c->params, &like, "p", err));
    }
    SID_TRY(sid__params_seal(&c->params, err));
    SID_TRY(sid__alloc(&c->base_data, (size_t)c->params.size, sizeof(double), "parameters", err));
    for (int64_t i = 0; i < c->params.size; i++)
        c->base_data[i] = c->params.data[i] = 2 * sid__philox_uniform(3, SID__STREAM_TEST, (uint64_t)i) - 1;
    for (int i = 0; i < c->params.count; i++) {
        c->in[i] = &c->params.param[i].value;
        c->base[i] = *c->in[i];
        c->base[i].data = c->base_data + c->params.param[i].at;
        c->base_of[i] = &c->base[i];
    }
    return SID_OK;
}

static void check_drop(check *c)
{
    sid__params_drop(&c->params);
    sid__memory_drop(&c->memory);
    sid__free(c->base_data);
}

static double value_of(check *c)
{
    if (c->of->held)
        return c->of->held((const sid__value *const *)c->in, c->base_of);
    sid__tape tape = sid__tape_begin(c->ctx, &c->memory, false);
    const sid__value *loss = c->of->loss(&tape, c->in);
    return loss ? loss->data[0] : (double)NAN;
}

static bool param_is_right(check *c, const sid__param *param)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < param->value.rows * param->value.columns; i++) {
        double *at = &param->value.data[i], kept = *at;
        *at = kept + STEP;
        double above = value_of(c);
        *at = kept - STEP;
        double below = value_of(c);
        *at = kept;
        double expected = (above - below) / (2 * STEP), seen = param->value.has_grad ? param->value.grad[i] : 0;
        error += (seen - expected) * (seen - expected);
        norm += expected * expected;
    }
    if (sqrt(error) <= TOLERANCE * sqrt(norm) && norm > 0)
        return true;
    (void)fprintf(stderr, "gradcheck: %s: parameter %d: the gradient is off by %.3g of its norm %.3g\n", c->of->name,
                  (int)(param - c->params.param), sqrt(error / norm), sqrt(norm));
    return false;
}

static bool run(check *c, sid_error *err)
{
    if (check_create(c, err) != SID_OK)
        return false;
    sid__tape tape = sid__tape_begin(c->ctx, &c->memory, true);
    sid__value *loss = c->of->loss(&tape, c->in);
    if (sid__tape_backward(&tape, loss, err) != SID_OK)
        return false;
    for (const sid__node *node = tape.newest; node; node = node->before)
        c->is_seen[node->op] = true;
    bool is_right = true;
    for (int i = 0; i < c->params.count; i++)
        is_right = param_is_right(c, &c->params.param[i]) && is_right;
    return is_right;
}

int main(void)
{
    static const char *const op_name[] = {
#define OP_NAME(name, text) text,
        SID__OP_LIST(OP_NAME)
#undef OP_NAME
    };
    bool is_seen[SID__OP_COUNT] = {0}, is_right = true;
    sid_ctx *ctx = NULL;
    sid_error err = {0};
    if (sid_ctx_create(&ctx, &err) != SID_OK) {
        (void)fprintf(stderr, "gradcheck: %s\n", err.message);
        return 1;
    }
    int count = (int)(sizeof cases / sizeof *cases);
    for (int i = 0; i < count; i++) {
        check c = {.ctx = ctx, .of = &cases[i], .is_seen = is_seen};
        if (!run(&c, &err)) {
            (void)fprintf(stderr, "gradcheck: %s failed %s\n", cases[i].name, err.message);
            is_right = false;
        }
        check_drop(&c);
    }
    for (int op = 0; op < SID__OP_COUNT; op++)
        if (!is_seen[op]) {
            (void)fprintf(stderr, "gradcheck: op %s has no case\n", op_name[op]);
            is_right = false;
        }
    sid_ctx_free(ctx);
    if (is_right)
        (void)printf("gradcheck: %d ops, %d cases\n", SID__OP_COUNT, count);
    return is_right ? 0 : 1;
}
