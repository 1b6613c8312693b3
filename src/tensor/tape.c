/* tape.c: see tape.h. Nodes form a list, newest first, in the step's memory. */
#include "tensor/tape.h"

#include <assert.h>
#include <string.h>

#include "tensor/rounded.h"

sid__tape sid__tape_begin(const sid_ctx *ctx, sid__memory *memory, bool is_recording)
{
    sid__memory_reset(memory);
    return (sid__tape){
        .ctx = ctx, .kernels = sid__neural_for(ctx->isa), .memory = memory, .is_recording = is_recording};
}

sid__value sid__value_of(sid__real *data, int64_t rows, int columns)
{
    return (sid__value){.data = data, .rows = rows, .columns = columns};
}

void *sid__tape_push(sid__tape *tape, size_t count, size_t size)
{
    void *bytes = NULL;
    if (tape->status == SID_OK)
        tape->status = sid__memory_push(tape->memory, count, size, &bytes, &tape->error);
    return tape->status == SID_OK ? bytes : NULL;
}

sid__value *sid__tape_value(sid__tape *tape, int64_t rows, int columns, bool wants_grad)
{
    size_t count = (size_t)rows * (size_t)columns;
    sid__value *value = sid__tape_push(tape, 1, sizeof *value);
    if (!value)
        return NULL;
    *value = sid__value_of(sid__tape_push(tape, count, sizeof *value->data), rows, columns);
    if (wants_grad && tape->is_recording)
        value->grad = sid__tape_push(tape, count, sizeof *value->grad);
    if (tape->precision == SID__PRECISION_BF16)
        value->rounded = sid__rounded_none(tape);
    return tape->status == SID_OK ? value : NULL;
}

void sid__tape_record(sid__tape *tape, const sid__node *node, size_t saved_size)
{
    if (!sid__wants_grad(node->out))
        return;
    sid__node *copy = sid__tape_push(tape, 1, sizeof *copy);
    void *saved = node->saved ? sid__tape_push(tape, 1, saved_size) : NULL;
    if (!copy || (node->saved && !saved))
        return;
    *copy = *node;
    copy->before = tape->newest;
    if (saved)
        memcpy(saved, node->saved, saved_size);
    copy->saved = saved;
    tape->newest = copy;
}

void sid__precision_warn(const sid_ctx *ctx, sid__precision precision)
{
    if (precision == SID__PRECISION_BF16 && ctx->isa != SID__ISA_AVX512BF16)
        sid__ctx_warn(
            ctx,
            "bf16 products on the path %s: the same bits as with AVX512-BF16, but slower than fp32; leave out "
            "--precision unless it is these bits that you want",
            sid__isa_name(ctx->isa));
}

sid_status sid__tape_status(const sid__tape *tape, sid_error *err)
{
    if (tape->status != SID_OK && err)
        *err = tape->error;
    return tape->status;
}

sid_status sid__tape_backward(const sid__tape *tape, sid__value *loss, sid_error *err)
{
    SID_TRY(sid__tape_status(tape, err));
    assert(loss && loss->rows == 1 && loss->columns == 1);
    if (!loss->grad)
        return SID_OK;
    loss->grad[0] = 1;
    loss->has_grad = true;
    for (const sid__node *node = tape->newest; node; node = node->before)
        if (node->out->has_grad) /* else nothing of the loss depends on it */
            node->backward(tape->ctx, node);
    return SID_OK;
}
