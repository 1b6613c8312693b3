/* params.h: the parameters of a model: named matrices that lie one after the other in one block of memory, as do their
 * gradients, so that an optimiser's step is one loop.
 *
 *     sid__params_add(&params, "encoder.0.weight", 512, 768, true, err); ..  // declare
 *     sid__params_seal(&params, err);                                        // allocate, zeroed
 *     sid__op_linear(tape, x, &params.param[0].value, ..)                    // use
 */
#ifndef SEMID_TENSOR_PARAMS_H
#define SEMID_TENSOR_PARAMS_H

#include "io/tensor_set.h"
#include "tensor/tape.h"

enum { SID__PARAM_NAME_SIZE = 48 };

typedef struct sid__param {
    char name[SID__PARAM_NAME_SIZE];
    sid__value value;
    int64_t at;      /* of its first element in the block; a multiple of 16 */
    bool is_decayed; /* weight decay applies: matrices, not biases or codebooks */
    bool is_vector;  /* saved with rank 1 */
    bool is_fixed;   /* takes no gradient */
} sid__param;

/* Invariant once sealed: param[i].value.data == data + param[i].at; what lies between parameters is 0. */
typedef struct sid__params {
    sid__param *param;
    int64_t capacity, size; /* size: elements of the block */
    int count;
    sid__real *data, *grad; /* (size) */
    sid__real *packed;      /* of all matrices, once settled; else NULL */
} sid__params;

/* rows x columns; a vector has one row. Not after seal. */
sid_status sid__params_add(sid__params *params, const sid__param *like, const char *name, sid_error *err);
sid_status sid__params_seal(sid__params *params, sid_error *err);
void sid__params_drop(sid__params *params);
/* Of a model that learns no more: gradients are given back, and matrices laid out for sid__op_linear, once for all its calls. data must
 * not change from here on. */
sid_status sid__params_settle(const sid_ctx *ctx, sid__params *params, sid_error *err);
/* Before each step: no gradients yet. */
void sid__params_clear(sid__params *params);
/* Index, or -1. */
int sid__params_find(const sid__params *params, const char *name);

#ifndef SEMID_REAL_IS_DOUBLE
/* Adds a tensor "<prefix><name>" a parameter, with the numbers at its place in `block` (params->data, or an array like
 * it). */
sid_status sid__params_save(const sid__params *params, const char *prefix, const float *block, sid__tensor_set *set,
                            sid_error *err);
/* The way back; SID_EDATA names a tensor that is absent, of another shape, or not finite. */
sid_status sid__params_load(const sid__params *params, const char *prefix, const sid__tensor_set *set, float *block,
                            sid_error *err);
#endif

#endif
