/* rqvae_model.c: see rqvae_model.h. */
#include "quant/rqvae_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "linalg/scalar.h"
#include "linalg/sinkhorn.h"

#define EMA_SMOOTHING 1e-5

enum { PART_ENCODER = 1, PART_DECODER, PART_CODES, CHOOSE_ROWS = 128 };

/* ---- Making it ---------------------------------------------------------------------------------------------------- */

static sid_status declare_level(sid__rqvae_model *m, int level, sid_error *err)
{
    const sid__rqvae_options *o = &m->options;
    char name[SID__PARAM_NAME_SIZE];
    sid__param codes = {.value = {.rows = o->codes[level], .columns = o->latent},
                        .is_fixed = o->update != SID__CODES_GRAD};
    sid__param turn = {.value = {.rows = o->latent, .columns = o->latent}};
    m->book[level] = m->params.count;
    m->turn[level] = -1;
    if (o->update == SID__CODES_STEPS)
        return SID_OK;
    (void)snprintf(name, sizeof name, "codes.%d", level + 1);
    SID_TRY(sid__params_add(&m->params, &codes, name, err));
    if (o->update != SID__CODES_SIMVQ)
        return SID_OK;
    m->turn[level] = m->params.count;
    (void)snprintf(name, sizeof name, "turn.%d", level + 1);
    return sid__params_add(&m->params, &turn, name, err);
}

static sid_status declare(sid__rqvae_model *m, sid_error *err)
{
    m->decoder_shape = sid__mlp_shape_mirror(&m->options.encoder);
    SID_TRY(sid__mlp_declare(&m->params, "encoder", &m->options.encoder, false, &m->encoder, err));
    SID_TRY(sid__mlp_declare(&m->params, "decoder", &m->decoder_shape, false, &m->decoder, err));
    for (int l = 0; l < m->options.levels; l++)
        SID_TRY(declare_level(m, l, err));
    return sid__params_seal(&m->params, err);
}

static sid_status allocate_levels(const sid_ctx *ctx, sid__rqvae_model *m, sid_error *err)
{
    const sid__rqvae_options *o = &m->options;
    int most = 0;
    for (int l = 0; l < o->levels; l++) {
        size_t codes = (size_t)o->codes[l];
        most = o->codes[l] > most ? o->codes[l] : most;
        if (o->update == SID__CODES_STEPS)
            continue;
        SID_TRY(sid__codebook_create(&m->packed[l], o->codes[l], o->latent, err));
        if (o->update != SID__CODES_EMA)
            continue;
        SID_TRY(sid__alloc(&m->hits[l], codes, sizeof(double), "hits of codes", err));
        SID_TRY(sid__alloc(&m->sums[l], codes * (size_t)o->latent, sizeof(double), "sums of codes", err));
    }
    return sid__assign_scratch_create(ctx, most, &m->scratch, err);
}

sid_status sid__rqvae_model_create(const sid_ctx *ctx, const sid__rqvae_options *options, sid__rqvae_model *out,
                                   sid_error *err)
{
    *out = (sid__rqvae_model){.options = *options};
    sid_status status = declare(out, err);
    if (status == SID_OK)
        status = allocate_levels(ctx, out, err);
    if (status != SID_OK)
        sid__rqvae_model_drop(out);
    return status;
}

void sid__rqvae_model_drop(sid__rqvae_model *m)
{
    for (int l = 0; l < m->options.levels; l++) {
        sid__codebook_drop(&m->packed[l]);
        sid__free(m->hits[l]);
        sid__free(m->sums[l]);
    }
    sid__assign_scratch_drop(&m->scratch);
    sid__params_drop(&m->params);
    *m = (sid__rqvae_model){0};
}

static void start_simvq(sid__rqvae_model *m, int level, uint64_t seed)
{
    const sid__value *codes = &m->params.param[m->book[level]].value, *turn = &m->params.param[m->turn[level]].value;
    uint64_t from = (uint64_t)(PART_CODES + level) << 48;
    double spread = 1 / sqrt((double)m->options.latent);
    for (int64_t i = 0; i < codes->rows * codes->columns; i++)
        codes->data[i] = (float)(spread * sid__gaussian(seed, SID__STREAM_WEIGHTS, from + (uint64_t)i));
    for (int d = 0; d < m->options.latent; d++)
        turn->data[(int64_t)d * turn->columns + d] = 1;
}

void sid__rqvae_model_start(sid__rqvae_model *m, uint64_t seed)
{
    sid__mlp_start(&m->params, m->encoder, &m->options.encoder, seed, PART_ENCODER);
    sid__mlp_start(&m->params, m->decoder, &m->decoder_shape, seed, PART_DECODER);
    for (int l = 0; l < m->options.levels && m->options.update == SID__CODES_SIMVQ; l++)
        start_simvq(m, l, seed);
}

/* ---- Forward ------------------------------------------------------------------------------------------------------ */

typedef struct choose_job {
    sid__isa isa;
    const sid__codebook *book;
    sid__narrow_book narrow; /* where the codes are narrow */
    sid__assign_scratch *scratch;
    const float *rest;
    uint16_t *code;
} choose_job;

static void choose_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const choose_job *job = arg;
    const float *rest = job->rest + begin * job->book->dim;
    float *score = job->scratch->score + (size_t)worker * job->scratch->score_count;
    int *index = job->scratch->index + (size_t)worker * job->scratch->index_count;
    if (job->book->dim <= SID__NARROW_DIM_MAX)
        sid__assign_narrow(job->isa, &job->narrow, rest, job->book->dim, end - begin, score, index, job->code + begin);
    else
        sid__assign_rows(sid__kernels_for(job->isa), job->book, rest, end - begin, score, index, job->code + begin);
}

typedef struct distance_job {
    const sid__neural *kernels;
    const sid__value *book;
    const float *rest;
    double *distance; /* (rows, K) */
} distance_job;

static void distance_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const distance_job *job = arg;
    int dim = job->book->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        for (int64_t k = 0; k < job->book->rows; k++)
            job->distance[i * job->book->rows + k] =
                job->kernels->square_distance(dim, job->rest + i * dim, job->book->data + k * dim);
}

/* Codes that use the whole book evenly: those of most mass in the transport plan (LC-Rec, 2311.09049). */
static void choose_by_transport(sid__rqvae_model *m, int level, const float *rest, int64_t rows, uint16_t *code)
{
    distance_job job = {
        .kernels = sid__neural_for(m->ctx->isa), .book = m->live[level], .rest = rest, .distance = m->transport};
    int codes = m->options.codes[level];
    sid__ctx_for(m->ctx, rows, CHOOSE_ROWS, distance_task, &job);
    sid__sinkhorn(m->transport, m->weight, rows, codes, m->options.sinkhorn_epsilon);
    for (int64_t i = 0; i < rows; i++)
        code[i] = (uint16_t)sid__sinkhorn_code(m->transport + i * codes, codes);
}

/* The nearest codes, by the kernels that encode; a batch is small, so are its tasks. */
static void choose_nearest(void *user, int level, const float *rest, int64_t rows, uint16_t *code)
{
    sid__rqvae_model *m = user;
    if (m->transport && level + 1 == m->options.levels) {
        choose_by_transport(m, level, rest, rows, code);
        return;
    }
    sid__codebook *book = &m->packed[level];
    choose_job job = {.isa = m->ctx->isa, .book = book, .scratch = &m->scratch, .rest = rest, .code = code};
    memcpy(sid__codebook_code(book), m->live[level]->data, (size_t)book->codes * (size_t)book->dim * sizeof(float));
    sid__codebook_pack(book);
    if (book->dim <= SID__NARROW_DIM_MAX)
        job.narrow = sid__narrow_book_of(book);
    sid__ctx_for(m->ctx, rows, CHOOSE_ROWS, choose_task, &job);
}

/* In fp32 always: the codes that training chooses are those that encoding will. */
static void make_books(sid__tape *tape, sid__rqvae_model *m)
{
    sid__precision precision = tape->precision;
    tape->precision = SID__PRECISION_FP32;
    for (int l = 0; l < m->options.levels; l++) {
        sid__value *codes = &m->params.param[m->book[l]].value;
        m->live[l] = m->turn[l] < 0
                         ? codes
                         : sid__op_linear(tape, codes, &m->params.param[m->turn[l]].value, NULL, SID__NO_ACTIVATION);
    }
    tape->precision = precision;
}

/* Digits (rows, latent) to the code of a level, the first channel's the lowest. */
static void codes_of_digits(const sid__rqvae_options *o, int level, const int *digit, int64_t rows, uint16_t *code)
{
    for (int64_t i = 0; i < rows; i++) {
        int place = 1, sum = 0;
        for (int c = o->begin[level]; c < o->begin[level + 1]; c++) {
            sum += place * digit[i * o->latent + c];
            place *= o->channel[c].steps;
        }
        code[i] = (uint16_t)sum;
    }
}

static sid__quantized *quantize_steps(sid__tape *tape, const sid__rqvae_model *m, sid__value *z)
{
    if (!z)
        return NULL;
    const sid__rqvae_options *o = &m->options;
    int *digit = sid__tape_push(tape, (size_t)z->rows * (size_t)z->columns, sizeof *digit);
    sid__quantized *of = sid__tape_push(tape, 1, sizeof *of);
    if (!digit || !of)
        return NULL;
    *of = (sid__quantized){.levels = o->levels, .z = z, .sum = sid__op_round_steps(tape, z, o->channel, digit)};
    for (int l = 0; l < o->levels; l++) {
        of->code[l] = sid__tape_push(tape, (size_t)z->rows, sizeof *of->code[l]);
        if (tape->status != SID_OK)
            return NULL;
        codes_of_digits(o, l, digit, z->rows, of->code[l]);
    }
    return of;
}

/* What stands for z. */
static sid__quantized *quantize(sid__tape *tape, sid__rqvae_model *m, sid__value *z, sid__choose_fn *choose)
{
    const sid__rqvae_options *o = &m->options;
    m->ctx = tape->ctx;
    if (o->update == SID__CODES_STEPS)
        return quantize_steps(tape, m, z);
    make_books(tape, m);
    return sid__residual_quantize(tape, z, m->live, o->levels, choose ? choose : choose_nearest, m);
}

sid__value *sid__rqvae_encode(sid__tape *tape, sid__rqvae_model *m, sid__value *x)
{
    return sid__mlp_forward(tape, &m->params, m->encoder, &m->options.encoder, x);
}

static sid__value *decode(sid__tape *tape, sid__rqvae_model *m, sid__value *latent, sid__value *x, sid__rqvae_step *out)
{
    double weight = 1.0 / (double)x->rows / (m->options.is_mean ? m->options.dim : 1);
    out->decoded = sid__mlp_forward(tape, &m->params, m->decoder, &m->decoder_shape, latent); /* no layers: latent */
    sid__value *error = sid__op_square_error(tape, out->decoded, x, weight);
    out->reconstruction = error ? (double)error->data[0] / weight : 0;
    return error;
}

void sid__rqvae_forward_plain(sid__tape *tape, sid__rqvae_model *m, sid__value *x, sid__rqvae_step *out)
{
    *out = (sid__rqvae_step){.z = sid__rqvae_encode(tape, m, x)};
    out->loss = decode(tape, m, out->z, x, out);
}

sid__value *sid__rqvae_stand_in(sid__tape *tape, sid__rqvae_model *m, sid__value *x)
{
    const sid__quantized *quantized = quantize(tape, m, sid__rqvae_encode(tape, m, x), NULL);
    return quantized ? quantized->sum : NULL;
}

void sid__rqvae_forward_decoder(sid__tape *tape, sid__rqvae_model *m, sid__value *stand_in, sid__value *x,
                                sid__rqvae_step *out)
{
    *out = (sid__rqvae_step){0};
    out->loss = decode(tape, m, stand_in, x, out);
}

/* ---- How gradients pass the codes --------------------------------------------------------------------------------- */

typedef struct noise_job {
    const sid__rqvae_model *m;
    int64_t columns;
    uint64_t first; /* of this level and step */
    sid__real *noise;
} noise_job;

/* Gumbel's: -log(-log u), u within (0, 1). */
static void noise_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const noise_job *job = arg;
    (void)worker;
    for (int64_t at = begin * job->columns; at < end * job->columns; at++) {
        double u = sid__philox_uniform(job->m->seed, SID__STREAM_NOISE, job->first + (uint64_t)at) + 0x1p-54;
        job->noise[at] = (sid__real)-sid__log(-sid__log(u));
    }
}

static sid__value *soft_sum(sid__tape *tape, const sid__rqvae_model *m, const sid__quantized *q)
{
    sid__value *sum = NULL;
    int64_t rows = q->z->rows;
    for (int l = 0; l < q->levels; l++) {
        noise_job job = {.m = m, .columns = m->options.codes[l]};
        job.first = ((uint64_t)m->step * SID_LEVELS_MAX + (uint64_t)l) << 32;
        job.noise = sid__tape_push(tape, (size_t)(rows * job.columns), sizeof *job.noise);
        if (!job.noise)
            return NULL;
        sid__ctx_for(tape->ctx, rows, CHOOSE_ROWS, noise_task, &job);
        sid__value *soft =
            sid__op_soft_codes(tape, q->z, l ? q->rest[l - 1] : q->z->data, q->book[l], job.noise, m->temperature);
        sum = l ? sid__op_add(tape, sum, soft) : soft;
    }
    return sum;
}

static sid__value *dense(sid__tape *tape, const sid__quantized *q, sid__value *passed)
{
    for (int l = 0; l < q->levels; l++)
        passed = sid__op_dense_codes(tape, passed, q->z, l ? q->rest[l - 1] : q->z->data, q->book[l]);
    return passed;
}

/* What the decoder gets; a look gets what the codes stand for, as encoding does. */
static sid__value *pass(sid__tape *tape, const sid__rqvae_model *m, const sid__quantized *q)
{
    if (!q || !tape->is_recording || m->options.update == SID__CODES_STEPS)
        return q ? q->sum : NULL;
    switch (m->options.estimator) {
    case SID__ROTATION:
        return sid__op_rotation(tape, q->z, q->sum);
    case SID__GUMBEL:
        return soft_sum(tape, m, q);
    case SID__DENSE:
        return dense(tape, q, sid__op_straight_through(tape, q->z, q->sum));
    default:
        return sid__op_straight_through(tape, q->z, q->sum);
    }
}

static void prepare_transport(sid__tape *tape, sid__rqvae_model *m, int64_t rows)
{
    int codes = m->options.codes[m->options.levels - 1];
    m->transport = NULL;
    if (!tape->is_recording || !(m->options.sinkhorn_epsilon > 0))
        return;
    m->weight = sid__tape_push(tape, (size_t)rows, sizeof *m->weight);
    m->transport = sid__tape_push(tape, (size_t)rows * (size_t)codes, sizeof *m->transport);
    for (int64_t i = 0; i < rows && m->weight; i++)
        m->weight[i] = 1;
}

void sid__rqvae_forward(sid__tape *tape, sid__rqvae_model *m, sid__value *x, sid__choose_fn *choose,
                        sid__rqvae_step *out)
{
    const sid__rqvae_options *o = &m->options;
    double code_weight = 1.0 / (double)x->rows / (o->is_mean ? o->latent : 1) / o->levels;
    *out = (sid__rqvae_step){0};
    prepare_transport(tape, m, x->rows);
    out->z = sid__rqvae_encode(tape, m, x);
    out->quantized = quantize(tape, m, out->z, choose);
    m->transport = NULL;
    sid__value *error = decode(tape, m, pass(tape, m, out->quantized), x, out);
    if (o->update == SID__CODES_STEPS) {
        out->loss = error;
        return;
    }
    const sid__residual_weights weights = {.codebook = o->update == SID__CODES_EMA ? 0 : code_weight,
                                           .commitment = o->beta * code_weight};
    out->loss = sid__op_add(tape, error, sid__op_residual_loss(tape, out->quantized, &weights));
}

/* ---- Codes -------------------------------------------------------------------------------------------------------- */

void sid__rqvae_codes(const sid_ctx *ctx, const sid__rqvae_model *m, int level, float *out)
{
    const sid__value *codes = &m->params.param[m->book[level]].value;
    if (m->turn[level] < 0) {
        memcpy(out, codes->data, (size_t)codes->rows * (size_t)codes->columns * sizeof *out);
        return;
    }
    const sid__value *turn = &m->params.param[m->turn[level]].value;
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(codes->data, codes->columns),
                                        .b = sid__gemm_by_lane(turn->data, turn->columns),
                                        .c = out,
                                        .c_step = codes->columns,
                                        .rows = codes->rows,
                                        .columns = codes->columns,
                                        .depth = codes->columns});
}

static void ema_start_code(sid__rqvae_model *m, int level, int64_t code, double hits)
{
    int dim = m->options.latent;
    const float *vector = m->params.param[m->book[level]].value.data + code * dim;
    m->hits[level][code] = hits;
    for (int d = 0; d < dim; d++)
        m->sums[level][code * dim + d] = hits * (double)vector[d];
}

void sid__rqvae_ema_start(sid__rqvae_model *m, double hits)
{
    for (int l = 0; l < m->options.levels && m->options.update == SID__CODES_EMA; l++)
        for (int k = 0; k < m->options.codes[l]; k++)
            ema_start_code(m, l, k, hits);
}

/* n = decay n + (1 - decay) hits, m likewise, rows from the first on; e = m / n, n smoothed as by one more row spread over all
 * codes (Laplace). */
static void ema_level(sid__rqvae_model *m, const sid__quantized *quantized, int level)
{
    int codes = m->options.codes[level], dim = m->options.latent;
    double *hits = m->hits[level], *sums = m->sums[level], total = 0, fresh = 1 - m->options.decay;
    float *book = m->params.param[m->book[level]].value.data;
    const float *rest = level ? quantized->rest[level - 1] : quantized->z->data;
    for (int k = 0; k < codes; k++)
        hits[k] *= m->options.decay;
    for (int64_t i = 0; i < (int64_t)codes * dim; i++)
        sums[i] *= m->options.decay;
    for (int64_t i = 0; i < quantized->z->rows; i++) {
        double *sum = sums + (int64_t)quantized->code[level][i] * dim;
        hits[quantized->code[level][i]] += fresh;
        for (int d = 0; d < dim; d++)
            sum[d] += fresh * (double)rest[i * dim + d];
    }
    for (int k = 0; k < codes; k++)
        total += hits[k];
    for (int k = 0; k < codes; k++) {
        double smooth = (hits[k] + EMA_SMOOTHING) / (total + codes * EMA_SMOOTHING) * total;
        for (int d = 0; d < dim; d++)
            book[(int64_t)k * dim + d] = (float)(sums[(int64_t)k * dim + d] / smooth);
    }
}

void sid__rqvae_ema_step(sid__rqvae_model *m, const sid__quantized *quantized)
{
    for (int l = 0; l < m->options.levels && m->options.update == SID__CODES_EMA; l++)
        ema_level(m, quantized, l);
}

void sid__rqvae_set_code(sid__rqvae_model *m, sid__optim *optim, int level, int code, const float *vector)
{
    int dim = m->options.latent;
    memcpy(m->params.param[m->book[level]].value.data + (int64_t)code * dim, vector, (size_t)dim * sizeof *vector);
    if (optim)
        sid__optim_forget(optim, m->book[level], code);
    if (m->options.update == SID__CODES_EMA) {
        double total = 0;
        for (int k = 0; k < m->options.codes[level]; k++)
            total += m->hits[level][k];
        ema_start_code(m, level, code, total / m->options.codes[level]);
    }
}
