/* ops.h: what a tape can do. Each op runs at once and gives its value; its backward stands beside its forward in ops_*.c.
 *
 * An op takes NULL for NULL (tape.h). Gradients go to those inputs that take one (value->grad); the others cost nothing.
 */
#ifndef SEMID_TENSOR_OPS_H
#define SEMID_TENSOR_OPS_H

#include "tensor/tape.h"

typedef enum sid__activation { SID__NO_ACTIVATION, SID__RELU } sid__activation;

/* x (N, I), w (O, I), b (1, O) or NULL -> act(x w^T + b), (N, O). Weights stand as PyTorch keeps them. */
sid__value *sid__op_linear(sid__tape *tape, sid__value *x, sid__value *w, sid__value *b, sid__activation activation);

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
