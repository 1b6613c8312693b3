/* stack.c: see stack.h. */
#include "model/stack.h"

#include <stdio.h>

const double sid__stack_rope_base = 10000, sid__stack_epsilon = 1e-6;

/* ---- Parameters ---- */

static sid_status declare(sid__params *params, const char *name, int layer, const char *part, int64_t rows, int columns,
                          int *index, sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    sid__param like = {
        .value = {.rows = rows > 0 ? rows : 1, .columns = columns}, .is_decayed = rows > 0, .is_vector = rows == 0};
    if (layer > 0)
        (void)snprintf(text, sizeof text, "%s.%d.%s.weight", name, layer, part);
    else
        (void)snprintf(text, sizeof text, "%s.%s.weight", name, part);
    *index = params->count;
    return sid__params_add(params, &like, text, err);
}

sid_status sid__stack_declare(sid__stack *stack, sid__params *params, const char *name, sid_error *err)
{
    int dim = stack->dim, hidden = stack->hidden;
    if (dim % stack->heads != 0 || dim / stack->heads % 2 != 0)
        return sid__fail(err, SID_EUSAGE, "dim is %d and heads is %d; heads must divide dim into even parts", dim,
                         stack->heads);
    for (int l = 0; l < stack->layers; l++) {
        sid__stack_layer *layer = &stack->layer[l];
        SID_TRY(declare(params, name, l + 1, "norm1", 0, dim, &layer->norm1, err));
        SID_TRY(declare(params, name, l + 1, "qkv", 3 * dim, dim, &layer->qkv, err));
        SID_TRY(declare(params, name, l + 1, "out", dim, dim, &layer->out, err));
        SID_TRY(declare(params, name, l + 1, "norm2", 0, dim, &layer->norm2, err));
        SID_TRY(declare(params, name, l + 1, "up", 2 * hidden, dim, &layer->up, err));
        SID_TRY(declare(params, name, l + 1, "down", dim, hidden, &layer->down, err));
    }
    return declare(params, name, 0, "norm", 0, dim, &stack->last_norm, err);
}

/* ---- Forward ---- */

static sid__value *param(const sid__stack_pass *pass, int index)
{
    return &pass->params->param[index].value;
}

static sid__value *norm(const sid__stack_pass *pass, sid__value *x, int gain)
{
    return sid__op_norm(pass->tape, x, param(pass, gain), NULL, SID__RMS_NORM, sid__stack_epsilon);
}

sid__value *sid__stack_drop(sid__stack_pass *pass, sid__value *x)
{
    const sid__dropout dropout = pass->dropout;
    pass->dropout.layer++;
    return dropout.rate > 0 && x ? sid__op_dropout(pass->tape, x, &dropout) : x;
}

sid__value *sid__stack_qkv(const sid__stack *stack, sid__stack_pass *pass, int layer, sid__value *x)
{
    const sid__stack_layer *own = &stack->layer[layer];
    return sid__op_linear(pass->tape, norm(pass, x, own->norm1), param(pass, own->qkv), NULL, SID__NO_ACTIVATION);
}

sid__value *sid__stack_finish(const sid__stack *stack, sid__stack_pass *pass, int layer, sid__value *x,
                              sid__value *attended)
{
    const sid__stack_layer *own = &stack->layer[layer];
    sid__tape *tape = pass->tape;
    sid__value *out = sid__op_linear(tape, attended, param(pass, own->out), NULL, SID__NO_ACTIVATION);
    x = sid__op_add(tape, x, sid__stack_drop(pass, out));
    sid__value *up = sid__op_linear(tape, norm(pass, x, own->norm2), param(pass, own->up), NULL, SID__NO_ACTIVATION);
    sid__value *down = sid__op_linear(tape, sid__op_swiglu(tape, up), param(pass, own->down), NULL, SID__NO_ACTIVATION);
    return sid__op_add(tape, x, sid__stack_drop(pass, down));
}

sid__value *sid__stack_last(const sid__stack *stack, sid__stack_pass *pass, sid__value *x)
{
    return norm(pass, x, stack->last_norm);
}

sid__value *sid__stack_run(const sid__stack *stack, sid__stack_pass *pass, sid__value *x, sid__value **qkv)
{
    const sid__attention how = {
        .heads = stack->heads, .is_causal = true, .queries = pass->sequences, .rope_base = sid__stack_rope_base};
    for (int l = 0; l < stack->layers; l++) {
        sid__value *in = sid__stack_qkv(stack, pass, l, x);
        if (qkv)
            qkv[l] = in;
        x = sid__stack_finish(stack, pass, l, x, sid__op_attention(pass->tape, in, &how));
    }
    return sid__stack_last(stack, pass, x);
}
