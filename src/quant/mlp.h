/* mlp.h: linear layers with ReLU between them, as trained and as used: parameters of a tape, then packed weights. Every row
 * is its own chain of fp32 products, so that its output does not depend on the rows beside it.
 */
#ifndef SEMID_QUANT_MLP_H
#define SEMID_QUANT_MLP_H

#include "linalg/gemm.h"
#include "tensor/ops.h"
#include "tensor/params.h"

enum { SID__MLP_LAYERS_MAX = 8, SID__MLP_WIDTH_MAX = 4096 };

/* What is added to the output of the layers: nothing, the input (of the same width), or a matrix times the input. */
typedef enum sid__mlp_skip { SID__NO_SKIP, SID__SKIP_INPUT, SID__SKIP_MATRIX } sid__mlp_skip;

/* Layer i is width[i] -> width[i + 1]; the last one has no ReLU. Widths between the ends are at most
 * SID__MLP_WIDTH_MAX. */
typedef struct sid__mlp_shape {
    int layers, width[SID__MLP_LAYERS_MAX + 1];
    sid__mlp_skip skip;
} sid__mlp_shape;

/* "512,256,128" between `in` and `out`; "" is one layer. SID_EUSAGE names `option`. */
sid_status sid__mlp_shape_parse(const char *option, const char *hidden, int in, int out, sid__mlp_shape *shape,
                                sid_error *err);
/* The widths from the other end; a matrix that is skipped by has no mirror, the input has. */
sid__mlp_shape sid__mlp_shape_mirror(const sid__mlp_shape *shape);
/* How many parameters it has. */
int sid__mlp_param_count(const sid__mlp_shape *shape);

/* Declares "<name>.<2i>.weight" (out, in) and ".bias", as PyTorch's Sequential numbers them with a ReLU in between, then
 * "<name>.skip.weight"; *first is the index of the first. */
sid_status sid__mlp_declare(sid__params *params, const char *name, const sid__mlp_shape *shape, bool is_fixed,
                            int *first, sid_error *err);
/* PyTorch's start of a linear layer: uniform within 1/sqrt(in). `part` keeps networks of one seed apart. With a skip, the last
 * layer starts at zero, so that the output is what skips; a matrix is left as it is. */
void sid__mlp_start(sid__params *params, int first, const sid__mlp_shape *shape, uint64_t seed, uint64_t part);
sid__value *sid__mlp_forward(sid__tape *tape, sid__params *params, int first, const sid__mlp_shape *shape,
                             sid__value *x);

/* Ready for use; borrows the biases of the parameters it was packed from. */
typedef struct sid__mlp {
    sid__mlp_shape shape;
    int widest; /* of the widths between the ends, at least 1; of the output too where a matrix skips */
    sid__gemm_packed weight[SID__MLP_LAYERS_MAX], skip;
    const float *bias[SID__MLP_LAYERS_MAX];
} sid__mlp;

sid_status sid__mlp_pack(const sid_ctx *ctx, const sid__params *params, int first, const sid__mlp_shape *shape,
                         sid__mlp *out, sid_error *err);
void sid__mlp_drop(sid__mlp *mlp);
/* x (rows, width[0]) -> y (rows, width[layers]). scratch: 2 * rows * widest floats. */
void sid__mlp_apply(const sid_ctx *ctx, const sid__mlp *mlp, const float *x, int64_t rows, float *scratch, float *y);

#endif
