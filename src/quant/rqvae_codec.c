/* rqvae_codec.c: see rqvae_codec.h. */
#include "quant/rqvae_codec.h"

#include <math.h>
#include <string.h>

enum { DECODE_ROWS = 8, ENCODE_ROWS = 1024 };

/* Beyond, what a network is fed or gives is not meant: it keeps sums finite whatever the file held. */
#define INPUT_MOST 1e6

void sid__rqvae_codec_free(sid__rqvae_codec *c)
{
    if (!c)
        return;
    sid__mlp_drop(&c->encoder);
    sid__mlp_drop(&c->decoder);
    sid__params_drop(&c->params);
    sid__residual_free(c->codes);
    sid__free(c->mean);
    sid__free(c->scale);
    sid_ctx_free(c->alone);
    sid__free(c);
}

sid_status sid__rqvae_codec_create_codes(const sid_quantizer *q, sid__rqvae_codec *c, sid_error *err)
{
    sid_quantizer latent = *q;
    latent.prepared_dim = c->latent;
    return sid__residual_create(&latent, &c->codes, err);
}

static sid_status declare(sid__rqvae_codec *c, sid_error *err)
{
    SID_TRY(sid__mlp_declare(&c->params, "encoder", &c->encoder_shape, true, &c->encoder_first, err));
    SID_TRY(sid__mlp_declare(&c->params, "decoder", &c->decoder_shape, true, &c->decoder_first, err));
    SID_TRY(sid__params_seal(&c->params, err));
    SID_TRY(sid__alloc(&c->mean, (size_t)c->dim, sizeof *c->mean, "the scaler", err));
    SID_TRY(sid__alloc(&c->scale, (size_t)c->dim, sizeof *c->scale, "the scaler", err));
    SID_TRY(sid_ctx_create(&c->alone, err));
    return sid_ctx_set_threads(c->alone, 1, err);
}

sid_status sid__rqvae_codec_create(const sid__mlp_shape *encoder, sid__rqvae_codec **out, sid_error *err)
{
    sid__rqvae_codec *c = NULL;
    SID_TRY(sid__alloc(&c, 1, sizeof *c, "a learned quantizer", err));
    c->dim = encoder->width[0];
    c->latent = encoder->width[encoder->layers];
    c->encoder_shape = *encoder;
    c->decoder_shape = sid__mlp_shape_mirror(encoder);
    sid_status status = declare(c, err);
    if (status != SID_OK) {
        sid__rqvae_codec_free(c);
        return status;
    }
    *out = c;
    return SID_OK;
}

sid_status sid__rqvae_codec_pack(sid__rqvae_codec *c, sid_error *err)
{
    SID_TRY(sid__mlp_pack(c->alone, &c->params, c->encoder_first, &c->encoder_shape, &c->encoder, err));
    return sid__mlp_pack(c->alone, &c->params, c->decoder_first, &c->decoder_shape, &c->decoder, err);
}

/* ---- The scaler --------------------------------------------------------------------------------------------------- */

/* Sums in the order of the rows. A column without spread, or of spread 0 in double, is left as long as it is. */
void sid__rqvae_codec_fit_scaler(sid__rqvae_codec *c, sid__scaling kind, const float *x, int64_t count)
{
    double total = 0;
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < c->dim; d++)
            c->mean[d] += (double)x[i * c->dim + d];
    for (int d = 0; d < c->dim; d++)
        c->mean[d] = kind == SID__SCALE_NONE ? 0 : c->mean[d] / (double)count;
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < c->dim; d++) {
            double rest = (double)x[i * c->dim + d] - c->mean[d];
            c->scale[d] += rest * rest;
        }
    for (int d = 0; d < c->dim; d++)
        total += c->scale[d];
    for (int d = 0; d < c->dim; d++) {
        double square = kind == SID__SCALE_ALL ? total / c->dim : c->scale[d];
        double scale = kind == SID__SCALE_NONE ? 1 : sqrt(square / (double)count);
        c->scale[d] = scale > 0 ? scale : 1;
    }
}

static float clamp(double value, double most)
{
    return (float)(value > most ? most : value < -most ? -most : value == value ? value : 0);
}

void sid__rqvae_codec_standardize(const sid__rqvae_codec *c, const float *x, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < c->dim; d++)
            out[i * c->dim + d] = clamp(((double)x[i * c->dim + d] - c->mean[d]) / c->scale[d], INPUT_MOST);
}

/* ---- Encoding ----------------------------------------------------------------------------------------------------- */

typedef struct latent_job {
    const sid__rqvae_codec *codec;
    const float *x;
    bool is_standardized;
    float *input, *scratch, *z; /* input (rows, dim), scratch of the mlp, z (rows, latent) */
} latent_job;

static void standardize_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const latent_job *job = arg;
    int64_t dim = job->codec->dim;
    (void)worker;
    sid__rqvae_codec_standardize(job->codec, job->x + begin * dim, end - begin, job->input + begin * dim);
}

static void latent_rows(sid_ctx *ctx, latent_job *job, int64_t rows)
{
    int64_t values = rows * job->codec->latent;
    if (!job->is_standardized)
        sid__ctx_for(ctx, rows, SID__BLOCK_ROWS, standardize_chunk, job);
    sid__mlp_apply(ctx, &job->codec->encoder, job->is_standardized ? job->x : job->input, rows, job->scratch, job->z);
    for (int64_t i = 0; i < values; i++)
        job->z[i] = clamp((double)job->z[i], SID_VALUE_MAX);
}

static sid_status visit_blocks(sid_ctx *ctx, latent_job *job, const float *x, int64_t count, sid__latent_fn *visit,
                               void *user, sid_error *err)
{
    for (int64_t begin = 0; begin < count; begin += ENCODE_ROWS) {
        int64_t rows = count - begin < ENCODE_ROWS ? count - begin : ENCODE_ROWS;
        job->x = x + begin * job->codec->dim;
        latent_rows(ctx, job, rows);
        SID_TRY(visit(ctx, user, begin, rows, job->z, err));
    }
    return SID_OK;
}

sid_status sid__rqvae_codec_visit(sid_ctx *ctx, const sid__rqvae_codec *c, bool is_standardized, const float *x,
                                  int64_t count, sid__latent_fn *visit, void *user, sid_error *err)
{
    latent_job job = {.codec = c, .is_standardized = is_standardized};
    size_t rows = (size_t)(count < ENCODE_ROWS ? count : ENCODE_ROWS);
    sid_status status = sid__alloc(&job.input, rows, (size_t)c->dim * sizeof(float), "standardised rows", err);
    if (status == SID_OK)
        status = sid__alloc(&job.scratch, 2 * rows, (size_t)c->encoder.widest * sizeof(float), "hidden rows", err);
    if (status == SID_OK)
        status = sid__alloc(&job.z, rows, (size_t)c->latent * sizeof(float), "latent rows", err);
    if (status == SID_OK)
        status = visit_blocks(ctx, &job, x, count, visit, user, err);
    sid__free(job.input);
    sid__free(job.scratch);
    sid__free(job.z);
    return status;
}

typedef struct encode_job {
    const sid_quantizer *q;
    const sid__rqvae_codec *codec;
    uint16_t *codes;
    double *margins;
} encode_job;

static sid_status encode_rows(sid_ctx *ctx, void *user, int64_t begin, int64_t rows, float *z, sid_error *err)
{
    const encode_job *job = user;
    int64_t at = begin * job->q->options.levels;
    return sid__residual_encode(ctx, job->codec->codes, z, rows, (int)job->q->options.beam, job->codes + at,
                                job->margins ? job->margins + at : NULL, err);
}

sid_status sid__rqvae_codec_encode(sid_ctx *ctx, const sid_quantizer *q, const sid__rqvae_codec *codec,
                                   bool is_standardized, const float *x, int64_t count, uint16_t *codes,
                                   double *margins, sid_error *err)
{
    encode_job job = {.q = q, .codec = codec, .codes = codes, .margins = margins};
    return sid__rqvae_codec_visit(ctx, codec, is_standardized, x, count, encode_rows, &job, err);
}

/* ---- Decoding ----------------------------------------------------------------------------------------------------- */

/* latent (rows, latent), at most DECODE_ROWS: widths are bounded, so they fit on the stack, and decoding cannot fail. */
static void decode_rows(const sid__rqvae_codec *c, const float *latent, int64_t rows, float *x)
{
    float scratch[2 * DECODE_ROWS * SID__MLP_WIDTH_MAX];
    sid__mlp_apply(c->alone, &c->decoder, latent, rows, scratch, x);
    for (int64_t i = 0; i < rows; i++)
        for (int d = 0; d < c->dim; d++) {
            float *value = &x[i * c->dim + d];
            *value = clamp((double)*value * c->scale[d] + c->mean[d], SID_VALUE_MAX);
        }
}

void sid__rqvae_codec_decode_latent(const sid__rqvae_codec *codec, const float *z, float *x)
{
    decode_rows(codec, z, 1, x);
}

void sid__rqvae_codec_decode(const sid__rqvae_codec *c, const uint16_t *codes, int levels, int64_t count, int depth,
                             float *x)
{
    float latent[DECODE_ROWS * SID__MLP_WIDTH_MAX];
    for (int64_t begin = 0; begin < count; begin += DECODE_ROWS) {
        int64_t rows = count - begin < DECODE_ROWS ? count - begin : DECODE_ROWS;
        sid__residual_decode(c->codes, codes + begin * levels, rows, depth, latent);
        decode_rows(c, latent, rows, x + begin * c->dim);
    }
}

/* ---- Tensors ------------------------------------------------------------------------------------------------------ */

static sid_status save_scaler(sid__tensor_set *set, const char *name, const double *data, int dim, sid_error *err)
{
    int64_t shape = dim;
    double *copy = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__F64, 1, &shape, &copy, err));
    memcpy(copy, data, (size_t)dim * sizeof *copy);
    return SID_OK;
}

sid_status sid__rqvae_codec_save(const sid__rqvae_codec *c, sid__tensor_set *set, sid_error *err)
{
    SID_TRY(sid__params_save(&c->params, "", c->params.data, set, err));
    SID_TRY(save_scaler(set, "scaler.mean", c->mean, c->dim, err));
    SID_TRY(save_scaler(set, "scaler.scale", c->scale, c->dim, err));
    return c->codes ? sid__residual_save(c->codes, set, err) : SID_OK;
}

static sid_status load_scaler(const sid__tensor_set *set, const char *name, double least, double *data, int dim,
                              sid_error *err)
{
    int64_t shape = dim;
    const sid__tensor *tensor = NULL;
    SID_TRY(sid__tensor_get(set, name, SID__F64, 1, &shape, &tensor, err));
    memcpy(data, tensor->data, (size_t)dim * sizeof *data);
    for (int d = 0; d < dim; d++)
        if (!(data[d] >= least && data[d] <= SID_VALUE_MAX))
            return sid__fail(err, SID_EDATA, "tensor %s: element %d is %g; %g to %g is expected", name, d, data[d],
                             least, SID_VALUE_MAX);
    return SID_OK;
}

static sid_status load_into(const sid_quantizer *q, sid__rqvae_codec *c, bool has_codes, const sid__tensor_set *set,
                            sid_error *err)
{
    sid_quantizer latent = *q;
    latent.prepared_dim = c->latent;
    SID_TRY(sid__params_load(&c->params, "", set, c->params.data, err));
    SID_TRY(load_scaler(set, "scaler.mean", -SID_VALUE_MAX, c->mean, c->dim, err));
    SID_TRY(load_scaler(set, "scaler.scale", 0x1p-1022, c->scale, c->dim, err));
    if (has_codes)
        SID_TRY(sid__residual_load(&latent, set, &c->codes, err));
    return sid__rqvae_codec_pack(c, err);
}

sid_status sid__rqvae_codec_load(const sid_quantizer *q, const sid__mlp_shape *encoder, bool has_codes,
                                 const sid__tensor_set *set, sid__rqvae_codec **out, sid_error *err)
{
    sid__rqvae_codec *c = NULL;
    SID_TRY(sid__rqvae_codec_create(encoder, &c, err));
    sid_status status = load_into(q, c, has_codes, set, err);
    if (status != SID_OK) {
        sid__rqvae_codec_free(c);
        return status;
    }
    *out = c;
    return SID_OK;
}
