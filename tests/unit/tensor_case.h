/* tensor_case.h: contexts, numbers and values for the tests of tensor/. */
#ifndef SEMID_TENSOR_CASE_H
#define SEMID_TENSOR_CASE_H

#include "quant_help.h"
#include "tensor/ops.h"
#include "tensor/params.h"

/* Declares a parameter and gives its index. */
static inline int add_param(sid__params *params, const char *name, int64_t rows, int columns)
{
    const sid__param like = {
        .value = {.rows = rows, .columns = columns}, .is_decayed = rows > 1, .is_vector = rows == 1};
    TEST_OK(sid__params_add(params, &like, name, err));
    return params->count - 1;
}

static inline void seal_uniform(sid__params *params, uint64_t seed)
{
    TEST_OK(sid__params_seal(params, err));
    for (int i = 0; i < params->count; i++) {
        const sid__value *value = &params->param[i].value;
        fill_uniform(value->data, value->rows * value->columns, seed + (uint64_t)i);
    }
}

/* Every kernel path of this CPU, with 1, 2 and 7 threads. */
#define FOR_EACH_CTX(ctx)                                                                                              \
    for (int isa_ = 0; isa_ < SID__ISA_COUNT; isa_++)                                                                  \
        for (int threads_ = 1; threads_ <= 7 && sid__isa_is_supported((sid__isa)isa_); threads_ = threads_ * 3 + 1)    \
            for (sid_ctx *ctx = new_ctx(threads_, sid__isa_name((sid__isa)isa_)); ctx; sid_ctx_free(ctx), ctx = NULL)

#endif
