/* ops.h: what a tape can do. Each op runs at once and gives its value; its backward stands beside its forward in ops_*.c.
 *
 * An op takes NULL for NULL (tape.h). Gradients go to those inputs that take one (value->grad); the others cost nothing.
 */
#ifndef SEMID_TENSOR_OPS_H
#define SEMID_TENSOR_OPS_H

#include "tensor/tape.h"

/* gelu(x) = x/2 (1 + erf(x / sqrt 2)); silu(x) = x / (1 + exp -x). */
typedef enum sid__activation { SID__NO_ACTIVATION, SID__RELU, SID__GELU, SID__SILU } sid__activation;

/* x (N, I), w (O, I), b (1, O) or NULL -> act(x w^T + b), (N, O), act none or relu. Weights stand as PyTorch keeps
 * them. */
sid__value *sid__op_linear(sid__tape *tape, sid__value *x, sid__value *w, sid__value *b, sid__activation activation);

sid__value *sid__op_activation(sid__tape *tape, sid__value *x, sid__activation activation);

/* Which elements of a step are dropped: a function of these and of the element alone. */
typedef struct sid__dropout {
    double rate; /* 0 <= rate < 1; what is kept is divided by 1 - rate */
    uint64_t seed;
    uint32_t layer; /* < 2^16: tells the dropouts of a model apart */
    int64_t step;   /* < 2^32 */
} sid__dropout;
sid__value *sid__op_dropout(sid__tape *tape, sid__value *x, const sid__dropout *dropout);

/* Layer normalisation: rows less their mean by sqrt(variance + epsilon); rms: rows by sqrt(mean square + epsilon). Then times
 * gain (1, D), plus bias (1, D) or NULL. */
typedef enum sid__norm_kind { SID__LAYER_NORM, SID__RMS_NORM } sid__norm_kind;
sid__value *sid__op_norm(sid__tape *tape, sid__value *x, sid__value *gain, sid__value *bias, sid__norm_kind kind,
                         double epsilon);
/* Rows to unit length; a row of zeroes stays, and passes no gradient. */
sid__value *sid__op_unit_length(sid__tape *tape, sid__value *x);

/* Rows row[i] of table (V, D), (N, D). Gradients of a row used twice are added, first use first. `row` must live as long as
 * the tape's memory. */
sid__value *sid__op_gather(sid__tape *tape, sid__value *table, const int32_t *row, int64_t count);

/* scale * sum_i -log softmax(logits_i)[target_i], logits (N, V); a target below 0 does not count. `target` must live as long
 * as the tape's memory. */
sid__value *sid__op_cross_entropy(sid__tape *tape, sid__value *logits, const int32_t *target, double scale);

/* a + b of equal shape; losses among them. */
sid__value *sid__op_add(sid__tape *tape, sid__value *a, sid__value *b);

/* scale * sum (a - b)^2, (1, 1). The sum is in double. */
sid__value *sid__op_square_error(sid__tape *tape, sid__value *a, sid__value *b, double scale);

/* z + sg(q - z): the value of q (N, D), with its gradient to z. q takes none. */
sid__value *sid__op_straight_through(sid__tape *tape, sid__value *z, sid__value *q);

/* The rotation trick (2410.06424): the value of q, reached from each row of z by the rotation and scaling that carries z to
 * q, taken as constant: with u = z/|z|, v = q/|q|, w = (u + v)/|u + v| the gradient of z is |q|/|z| (g - 2 w (w.g) + 2 u (v.g)).
 * Where 1 + u.v < 1e-6, and where z or q is zero, as straight_through. q takes no gradient. */
sid__value *sid__op_rotation(sid__tape *tape, sid__value *z, sid__value *q);

/* ---- Residual codes ----------------------------------------------------------------------------------------------- */

/* What residual quantization of z (N, D) by the books of each level gave: r_1 = z, r_{l+1} = r_l - e_{l, code_l}. Nothing in
 * here takes a gradient: codes are a choice. */
typedef struct sid__quantized {
    int levels;
    sid__value *z;
    sid__value *sum;                  /* (N, D) e_1 + e_2 + .. in level order */
    sid__value *book[SID_LEVELS_MAX]; /* (K, D) */
    sid__real *rest[SID_LEVELS_MAX];  /* (N, D) r_{l+1} */
    uint16_t *code[SID_LEVELS_MAX];   /* (N) */
    double square[SID_LEVELS_MAX];    /* sum |r_{l+1}|^2 */
} sid__quantized;

/* Codes of residuals rest (rows, D) at a level. Must be the same for any split of the rows. */
typedef void sid__choose_fn(void *user, int level, const sid__real *rest, int64_t rows, uint16_t *code);

/* NULL: no memory. */
sid__quantized *sid__residual_quantize(sid__tape *tape, sid__value *z, sid__value *const *book, int levels,
                                       sid__choose_fn *choose, void *user);

typedef struct sid__residual_weights {
    double codebook, commitment; /* of sum_l |sg r_l - e_l|^2 and of sum_l |z - sg sum_{j <= l} e_j|^2 */
} sid__residual_weights;

/* Both sums over all rows and levels, weighted, (1, 1). The commitment is that of the partial sums: every level's reaches z.
 * Common code subtracts a vector that is straight-through already, so that but the first level's does. */
sid__value *sid__op_residual_loss(sid__tape *tape, const sid__quantized *quantized,
                                  const sid__residual_weights *weights);

#endif
