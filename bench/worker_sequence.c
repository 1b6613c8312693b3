/* worker_sequence.c: our half of bench_sequence.py: training steps of two sequence models, made of the tape's ops, on request.
 *
 *     worker_sequence THREADS [ISA]   then a line "sasrec fp32" or "tiger bf16" runs some steps and prints seconds a step and
 *                                     the loss; "peak" prints the limit of the path in flop/s
 *
 * sasrec: D 64, 2 blocks of 1 head, FF 64, dropout .2, 128 sequences of 50, softmax over 12,001 items at every position.
 * tiger: T5 of 4 + 4 layers, D 128, 6 heads of 64, FF 1024, 256 samples of 80 tokens and 4 targets among 1,100.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "line.h"
#include "peak.h"
#include "tensor/ops_sequence.h"
#include "tensor/optim.h"
#include "tensor/params.h"

enum { STEPS_SASREC = 4, STEPS_TIGER = 1, TOKENS_MAX = 256 * 80, SEQUENCES_MAX = 256, LAYERS = 4 };

typedef struct worker {
    sid_ctx *ctx;
    char model; /* its first letter; 0: none yet */
    sid__precision precision;
    sid__params params;
    sid__optim optim;
    sid__memory memory;
    int next; /* parameter that the forward pass takes next */
    int64_t begin[SEQUENCES_MAX + 1], target_begin[SEQUENCES_MAX + 1];
    int32_t token[TOKENS_MAX], target[TOKENS_MAX], position[TOKENS_MAX], start[TOKENS_MAX];
    int64_t step;
    sid_error *err;
} worker;

/* ---- Parameters: declared by the first forward pass of a model, in its order -------------------------------------- */

static sid_status declare(worker *w, int64_t rows, int columns)
{
    const sid__param like = {
        .value = {.rows = rows, .columns = columns}, .is_decayed = rows > 1, .is_vector = rows == 1};
    return sid__params_add(&w->params, &like, "w", w->err);
}

static sid__value *take(worker *w)
{
    return &w->params.param[w->next++].value;
}

static sid_status declare_sasrec(worker *w)
{
    SID_TRY(declare(w, 12001, 64));
    SID_TRY(declare(w, 50, 64));
    for (int l = 0; l < 2; l++) {
        static const int rows[] = {1, 1, 192, 1, 64, 1, 1, 1, 64, 1, 64, 1},
                         columns[] = {64, 64, 64, 192, 64, 64, 64, 64, 64, 64, 64, 64};
        for (int i = 0; i < 12; i++)
            SID_TRY(declare(w, rows[i], columns[i]));
    }
    SID_TRY(declare(w, 1, 64));
    return declare(w, 1, 64);
}

static sid_status declare_tiger(worker *w)
{
    static const int encoder[][2] = {{1, 128}, {1152, 128}, {128, 384}, {1, 128}, {1024, 128}, {128, 1024}};
    static const int decoder[][2] = {{1, 128},   {1152, 128}, {128, 384}, {1, 128},    {384, 128},
                                     {768, 128}, {128, 384},  {1, 128},   {1024, 128}, {128, 1024}};
    SID_TRY(declare(w, 1100, 128));
    SID_TRY(declare(w, 32, 6));
    SID_TRY(declare(w, 32, 6));
    for (int i = 0; i < LAYERS * 6; i++)
        SID_TRY(declare(w, encoder[i % 6][0], encoder[i % 6][1]));
    SID_TRY(declare(w, 1, 128));
    for (int i = 0; i < LAYERS * 10; i++)
        SID_TRY(declare(w, decoder[i % 10][0], decoder[i % 10][1]));
    SID_TRY(declare(w, 1, 128));
    return declare(w, 1100, 128);
}

static void fill_params(worker *w)
{
    for (int p = 0; p < w->params.count; p++) {
        const sid__value *value = &w->params.param[p].value;
        int64_t count = value->rows * value->columns;
        for (int64_t i = 0; i < count; i++)
            value->data[i] = value->rows == 1
                                 ? 1
                                 : (float)((2 * sid__philox_uniform((uint64_t)p, SID__STREAM_TEST, (uint64_t)i) - 1) /
                                           sqrt(value->columns));
    }
}

/* ---- SASRec ------------------------------------------------------------------------------------------------------- */

static const sid__dropout *dropout(worker *w, sid__dropout *how)
{
    how->rate = 0.2;
    how->seed = 1;
    how->step = w->step;
    how->layer++;
    return how;
}

static sid__value *sasrec_block(worker *w, sid__tape *tape, sid__value *x, const sid__ragged *sequences,
                                sid__dropout *how)
{
    sid__value *gain = take(w), *shift = take(w), *w_in = take(w), *b_in = take(w), *w_out = take(w), *b_out = take(w);
    sid__value *y = sid__op_norm(tape, x, gain, shift, SID__LAYER_NORM, 1e-5);
    y = sid__op_linear(tape, y, w_in, b_in, SID__NO_ACTIVATION);
    y = sid__op_attention(
        tape, y, &(sid__attention){.heads = 1, .is_causal = true, .queries = sequences, .dropout = dropout(w, how)});
    y = sid__op_linear(tape, y, w_out, b_out, SID__NO_ACTIVATION);
    x = sid__op_add(tape, x, sid__op_dropout(tape, y, dropout(w, how)));
    gain = take(w), shift = take(w), w_in = take(w), b_in = take(w), w_out = take(w), b_out = take(w);
    y = sid__op_norm(tape, x, gain, shift, SID__LAYER_NORM, 1e-5);
    y = sid__op_dropout(tape, sid__op_linear(tape, y, w_in, b_in, SID__RELU), dropout(w, how));
    y = sid__op_linear(tape, y, w_out, b_out, SID__NO_ACTIVATION);
    return sid__op_add(tape, x, sid__op_dropout(tape, y, dropout(w, how)));
}

static sid__value *sasrec(worker *w, sid__tape *tape)
{
    enum { USERS = 128, LENGTH = 50 };
    const sid__ragged sequences = {w->begin, USERS};
    sid__dropout how = {0};
    sid__value *items = take(w), *positions = take(w);
    for (int i = 0; i <= USERS; i++)
        w->begin[i] = (int64_t)i * LENGTH;
    for (int i = 0; i < USERS * LENGTH; i++)
        w->position[i] = i % LENGTH;
    sid__value *x = sid__op_scale(tape, sid__op_gather(tape, items, w->token, (int64_t)USERS * LENGTH), 8);
    x = sid__op_add(tape, x, sid__op_gather(tape, positions, w->position, (int64_t)USERS * LENGTH));
    for (int l = 0; l < 2; l++)
        x = sasrec_block(w, tape, x, &sequences, &how);
    sid__value *gain = take(w), *shift = take(w);
    x = sid__op_norm(tape, x, gain, shift, SID__LAYER_NORM, 1e-5);
    return sid__op_catalog_loss(tape, x, items, NULL, w->token, 1.0 / (USERS * LENGTH));
}

/* ---- TIGER -------------------------------------------------------------------------------------------------------- */

static sid__value *norm(worker *w, sid__tape *tape, sid__value *x)
{
    return sid__op_norm(tape, x, take(w), NULL, SID__RMS_NORM, 1e-6);
}

static sid__value *linear(worker *w, sid__tape *tape, sid__value *x, sid__activation activation)
{
    return sid__op_linear(tape, x, take(w), NULL, activation);
}

static sid__value *self_part(worker *w, sid__tape *tape, sid__value *x, const sid__attention *how)
{
    sid__value *y = linear(w, tape, norm(w, tape, x), SID__NO_ACTIVATION);
    return sid__op_add(tape, x, linear(w, tape, sid__op_attention(tape, y, how), SID__NO_ACTIVATION));
}

static sid__value *cross_part(worker *w, sid__tape *tape, sid__value *x, sid__value *memory, const sid__attention *how)
{
    sid__value *q = linear(w, tape, norm(w, tape, x), SID__NO_ACTIVATION);
    sid__value *kv = linear(w, tape, memory, SID__NO_ACTIVATION);
    return sid__op_add(tape, x, linear(w, tape, sid__op_cross_attention(tape, q, kv, how), SID__NO_ACTIVATION));
}

static sid__value *wide_part(worker *w, sid__tape *tape, sid__value *x)
{
    sid__value *y = linear(w, tape, norm(w, tape, x), SID__RELU);
    return sid__op_add(tape, x, linear(w, tape, y, SID__NO_ACTIVATION));
}

static sid__value *tiger(worker *w, sid__tape *tape)
{
    enum { SAMPLES = 256, LENGTH = 80, TARGETS = 4 };
    const sid__ragged inputs = {w->begin, SAMPLES}, outputs = {w->target_begin, SAMPLES};
    sid__value *tokens = take(w);
    sid__attention encoder = {.heads = 6, .scale = 1, .queries = &inputs, .bias = take(w)};
    sid__attention decoder = {.heads = 6, .scale = 1, .queries = &outputs, .is_causal = true, .bias = take(w)};
    const sid__attention cross = {.heads = 6, .scale = 1, .queries = &outputs, .keys = &inputs};
    for (int i = 0; i <= SAMPLES; i++) {
        w->begin[i] = (int64_t)i * LENGTH;
        w->target_begin[i] = (int64_t)i * TARGETS;
    }
    for (int i = 0; i < SAMPLES * TARGETS; i++)
        w->start[i] = i % TARGETS == 0 ? 0 : w->target[i - 1];
    sid__value *x = sid__op_gather(tape, tokens, w->token, (int64_t)SAMPLES * LENGTH);
    for (int l = 0; l < LAYERS; l++)
        x = wide_part(w, tape, self_part(w, tape, x, &encoder));
    sid__value *memory = norm(w, tape, x);
    x = sid__op_gather(tape, tokens, w->start, (int64_t)SAMPLES * TARGETS);
    for (int l = 0; l < LAYERS; l++)
        x = wide_part(w, tape, cross_part(w, tape, self_part(w, tape, x, &decoder), memory, &cross));
    x = norm(w, tape, x);
    return sid__op_catalog_loss(tape, x, take(w), NULL, w->target, 1.0 / (SAMPLES * TARGETS));
}

/* ---- Steps -------------------------------------------------------------------------------------------------------- */

static void model_drop(worker *w)
{
    if (!w->model)
        return;
    sid__optim_drop(&w->optim);
    sid__params_drop(&w->params);
    sid__memory_drop(&w->memory);
    w->model = 0;
}

static sid_status run_steps(worker *w, int steps, double *loss)
{
    for (int i = 0; i < steps; i++) {
        sid__tape tape = sid__tape_begin(w->ctx, &w->memory, true);
        tape.precision = w->precision;
        sid__params_clear(&w->params);
        w->next = 0;
        w->step++;
        sid__value *y = w->model == 's' ? sasrec(w, &tape) : tiger(w, &tape);
        SID_TRY(sid__tape_backward(&tape, y, w->err));
        (void)sid__optim_step(w->ctx, &w->optim);
        *loss = (double)y->data[0];
    }
    return SID_OK;
}

static sid_status model_start(worker *w, char model)
{
    const sid__optim_options adamw = sid__optim_default();
    uint64_t items = model == 's' ? 12000 : 1099;
    double loss;
    SID_TRY(model == 's' ? declare_sasrec(w) : declare_tiger(w));
    SID_TRY(sid__params_seal(&w->params, w->err));
    fill_params(w);
    for (int i = 0; i < TOKENS_MAX; i++) {
        w->token[i] = 1 + (int32_t)sid__philox_below(1, SID__STREAM_TEST, (uint64_t)i, items);
        w->target[i] = 1 + (int32_t)sid__philox_below(2, SID__STREAM_TEST, (uint64_t)i, items);
    }
    SID_TRY(sid__optim_create(&adamw, &w->params, &w->optim, w->err));
    w->model = model;
    return run_steps(w, 2, &loss); /* pages, caches */
}

static sid_status run_case(worker *w, const char *line)
{
    double loss = 0, seconds = 0;
    if (strncmp(line, "peak", 4) == 0) {
        seconds = bench_peak(w->ctx, sid_ctx_isa(w->ctx));
    } else {
        if (line[0] != 's' && line[0] != 't')
            return sid__fail(w->err, SID_EUSAGE, "\"%s\": sasrec or tiger is expected", line);
        w->precision = strstr(line, "bf16") ? SID__PRECISION_BF16 : SID__PRECISION_FP32;
        if (line[0] != w->model) {
            model_drop(w);
            SID_TRY(model_start(w, line[0]));
        }
        int steps = line[0] == 's' ? STEPS_SASREC : STEPS_TIGER;
        double begin = bench_now();
        SID_TRY(run_steps(w, steps, &loss));
        seconds = (bench_now() - begin) / steps;
    }
    printf("%.9g %.9g\n", seconds, loss);
    (void)fflush(stdout);
    return SID_OK;
}

int main(int count, char **argument)
{
    static worker w;
    sid_error err = {0};
    char line[256];
    w.err = &err;
    sid_status status = sid_ctx_create(&w.ctx, &err);
    if (status == SID_OK)
        status = sid_ctx_set_threads(w.ctx, bench_threads(count, argument, 1), &err);
    if (status == SID_OK && count > 2)
        status = sid_ctx_set_isa(w.ctx, argument[2], &err);
    if (status == SID_OK)
        printf("ready %s\n", sid_ctx_isa(w.ctx));
    (void)fflush(stdout);
    while (status == SID_OK && fgets(line, sizeof line, stdin))
        status = run_case(&w, line);
    if (status != SID_OK)
        (void)fprintf(stderr, "worker: %s\n", err.message);
    model_drop(&w);
    sid_ctx_free(w.ctx);
    return status == SID_OK ? 0 : 1;
}
