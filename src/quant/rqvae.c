/* rqvae.c: the family `rqvae`: residual codes of a learned latent space (TIGER, 2305.05065; RQ-VAE, 2203.01941).
 *
 * A row is standardised, the encoder (an MLP) makes a latent vector of it, residual codes stand for that, the decoder makes
 * the row again. Encoding is canonical: the encoder's products are fp32 chains, the codes are chosen by the exact kernel.
 * Departures of the training stand in rqvae_train.c and rqvae_finish.c; here: codes are numbered by falling count.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "quant/families.h"
#include "quant/residual.h"
#include "quant/rqvae_train.h"

enum { DECODE_ROWS = 8, ENCODE_ROWS = 1024 };

/* Beyond, what a network is fed or gives is not meant: it keeps sums finite whatever the file held. */
#define INPUT_MOST 1e6

enum { STANDARDIZE_FEATURE, STANDARDIZE_SCALE, STANDARDIZE_NONE };

typedef struct rqvae_options {
    char hidden[SID__OPTION_TEXT_SIZE];
    int64_t dim, steps, warm_steps, batch, warmup, init_sample, revive_every, watch_every, patience, settle, tune_steps;
    double lr, wd, clip, beta;
    int standardize, reduction, estimator, codebook, init;
} rqvae_options;

#define AT(field) offsetof(rqvae_options, field)
static const sid_option option_table[] = {
    {"hidden", SID_OPTION_TEXT, "512,256,128", 0, 0, NULL,
     "widths of the encoder's inner layers; the decoder mirrors them", AT(hidden)},
    {"dim", SID_OPTION_INT, "32", 1, SID__MLP_WIDTH_MAX, NULL, "width of the latent space, which bounds the error",
     AT(dim)},
    {"steps", SID_OPTION_INT, "1500", 1, 1e9, NULL, "training steps at most", AT(steps)},
    {"batch", SID_OPTION_INT, "1024", 1, 1 << 20, NULL, "rows a step", AT(batch)},
    {"lr", SID_OPTION_FLOAT, "0.001", 0, 10, NULL, "learning rate of AdamW at its highest", AT(lr)},
    {"warmup", SID_OPTION_INT, "300", 0, 1e9, NULL, "steps over which lr rises; then it falls along a cosine",
     AT(warmup)},
    {"wd", SID_OPTION_FLOAT, "0.0001", 0, 10, NULL, "weight decay of the networks' matrices", AT(wd)},
    {"clip", SID_OPTION_FLOAT, "1", 0, 1e30, NULL, "largest norm of a step's gradients; 0: any", AT(clip)},
    {"beta", SID_OPTION_FLOAT, "0.25", 0, 1e6, NULL, "weight of the commitment of latent vectors to their codes",
     AT(beta)},
    {"standardize", SID_OPTION_CHOICE, "scale", 0, 0, "feature|scale|none",
     "divide each column by its deviation, all by one, or none", AT(standardize)},
    {"reduction", SID_OPTION_CHOICE, "sum", 0, 0, "sum|mean", "losses over dimensions; mean is known to collapse",
     AT(reduction)},
    {"estimator", SID_OPTION_CHOICE, "ste", 0, 0, "ste|rotation", "how gradients pass the codes", AT(estimator)},
    {"codebook", SID_OPTION_CHOICE, "grad", 0, 0, "grad|ema|simvq",
     "codes learn by their loss, as running means, or as a learned map of fixed points", AT(codebook)},
    {"init", SID_OPTION_CHOICE, "kmeans", 0, 0, "kmeans|equal", "codes start by k-means, or all alike (for drills)",
     AT(init)},
    {"init_sample", SID_OPTION_INT, "0", 0, 1e15, NULL, "rows that codes start from; 0: max(8192, 32 x codes)",
     AT(init_sample)},
    {"warm_steps", SID_OPTION_INT, "300", 0, 1e9, NULL, "steps without codes before they start", AT(warm_steps)},
    {"revive_every", SID_OPTION_INT, "100", 0, 1e9, NULL, "steps after which codes without rows are moved; 0: never",
     AT(revive_every)},
    {"watch_every", SID_OPTION_INT, "250", 1, 1e9, NULL, "steps between looks at the held-out rows", AT(watch_every)},
    {"patience", SID_OPTION_INT, "8", 0, 1e9, NULL, "looks without gain that end the training; 0: none do",
     AT(patience)},
    {"settle", SID_OPTION_INT, "20", 0, 100000, NULL, "k-means sweeps of the codes over all rows at the end",
     AT(settle)},
    {"tune_steps", SID_OPTION_INT, "1000", 0, 1e9, NULL, "steps of the decoder alone at the end", AT(tune_steps)},
};
#undef AT

/* The state. Invariant: mlps are packed from params. */
typedef struct rqvae {
    int dim, latent;
    sid__mlp_shape encoder_shape, decoder_shape;
    sid__params params; /* encoder, then decoder */
    int encoder_first, decoder_first;
    sid__mlp encoder, decoder;
    double *mean, *scale; /* (dim) of the scaler: (x - mean) / scale */
    sid__residual *codes;
    sid_ctx *alone; /* one thread: decode gets no context */
} rqvae;

static void rqvae_free(rqvae *r)
{
    if (!r)
        return;
    sid__mlp_drop(&r->encoder);
    sid__mlp_drop(&r->decoder);
    sid__params_drop(&r->params);
    sid__residual_free(r->codes);
    sid__free(r->mean);
    sid__free(r->scale);
    sid_ctx_free(r->alone);
    sid__free(r);
}

/* The codes lie in the latent space: books of its width. */
static sid_status create_codes(const sid_quantizer *q, rqvae *r, sid_error *err)
{
    sid_quantizer latent = *q;
    latent.prepared_dim = r->latent;
    return sid__residual_create(&latent, &r->codes, err);
}

static sid_status declare(const sid_quantizer *q, rqvae *r, sid_error *err)
{
    const rqvae_options *o = q->family_options;
    SID_TRY(sid__mlp_shape_parse("hidden", o->hidden, r->dim, r->latent, &r->encoder_shape, err));
    r->decoder_shape = sid__mlp_shape_mirror(&r->encoder_shape);
    SID_TRY(sid__mlp_declare(&r->params, "encoder", &r->encoder_shape, true, &r->encoder_first, err));
    SID_TRY(sid__mlp_declare(&r->params, "decoder", &r->decoder_shape, true, &r->decoder_first, err));
    SID_TRY(sid__params_seal(&r->params, err));
    SID_TRY(sid__alloc(&r->mean, (size_t)r->dim, sizeof *r->mean, "the scaler", err));
    SID_TRY(sid__alloc(&r->scale, (size_t)r->dim, sizeof *r->scale, "the scaler", err));
    SID_TRY(sid_ctx_create(&r->alone, err));
    return sid_ctx_set_threads(r->alone, 1, err);
}

static sid_status rqvae_create(const sid_quantizer *q, rqvae **out, sid_error *err)
{
    const rqvae_options *o = q->family_options;
    rqvae *r = NULL;
    SID_TRY(sid__alloc(&r, 1, sizeof *r, "an rqvae", err));
    r->dim = q->prepared_dim;
    r->latent = (int)o->dim;
    sid_status status = declare(q, r, err);
    if (status != SID_OK) {
        rqvae_free(r);
        return status;
    }
    *out = r;
    return SID_OK;
}

static sid_status pack(rqvae *r, sid_error *err)
{
    SID_TRY(sid__mlp_pack(r->alone, &r->params, r->encoder_first, &r->encoder_shape, &r->encoder, err));
    return sid__mlp_pack(r->alone, &r->params, r->decoder_first, &r->decoder_shape, &r->decoder, err);
}

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    const rqvae_options *o = q->family_options;
    sid__mlp_shape shape;
    (void)count;
    if (o->warm_steps >= o->steps)
        return sid__fail(err, SID_EUSAGE,
                         "warm_steps is %lld of %lld steps; fewer are expected, since codes start after them",
                         (long long)o->warm_steps, (long long)o->steps);
    return sid__mlp_shape_parse("hidden", o->hidden, prepared_dim, (int)o->dim, &shape, err);
}

/* ---- The scaler --------------------------------------------------------------------------------------------------- */

/* Sums in the order of the rows. A column without spread, or of spread 0 in double, is left as long as it is. */
static void fit_scaler(rqvae *r, int kind, const float *x, int64_t count)
{
    double total = 0;
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < r->dim; d++)
            r->mean[d] += (double)x[i * r->dim + d];
    for (int d = 0; d < r->dim; d++)
        r->mean[d] = kind == STANDARDIZE_NONE ? 0 : r->mean[d] / (double)count;
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < r->dim; d++) {
            double rest = (double)x[i * r->dim + d] - r->mean[d];
            r->scale[d] += rest * rest;
        }
    for (int d = 0; d < r->dim; d++)
        total += r->scale[d];
    for (int d = 0; d < r->dim; d++) {
        double square = kind == STANDARDIZE_SCALE ? total / r->dim : r->scale[d];
        double scale = kind == STANDARDIZE_NONE ? 1 : sqrt(square / (double)count);
        r->scale[d] = scale > 0 ? scale : 1;
    }
}

static float clamp(double value, double most)
{
    return (float)(value > most ? most : value < -most ? -most : value == value ? value : 0);
}

static void standardize(const rqvae *r, const float *x, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++)
        for (int d = 0; d < r->dim; d++)
            out[i * r->dim + d] = clamp(((double)x[i * r->dim + d] - r->mean[d]) / r->scale[d], INPUT_MOST);
}

/* ---- Encoding ----------------------------------------------------------------------------------------------------- */

typedef struct latent_job {
    const rqvae *r;
    const float *x;
    bool is_standardized;
    float *input, *scratch, *z; /* input (rows, dim), scratch of the mlp, z (rows, latent) */
} latent_job;

static void standardize_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const latent_job *job = arg;
    int64_t dim = job->r->dim;
    (void)worker;
    standardize(job->r, job->x + begin * dim, end - begin, job->input + begin * dim);
}

static void latent_rows(sid_ctx *ctx, latent_job *job, int64_t rows)
{
    int64_t values = rows * job->r->latent;
    if (!job->is_standardized)
        sid__ctx_for(ctx, rows, SID__BLOCK_ROWS, standardize_chunk, job);
    sid__mlp_apply(ctx, &job->r->encoder, job->is_standardized ? job->x : job->input, rows, job->scratch, job->z);
    for (int64_t i = 0; i < values; i++)
        job->z[i] = clamp((double)job->z[i], SID_VALUE_MAX);
}

static sid_status encode_blocks(sid_ctx *ctx, const sid_quantizer *q, latent_job *job, const float *x, int64_t count,
                                uint16_t *codes, double *margins, sid_error *err)
{
    int64_t levels = q->options.levels;
    for (int64_t begin = 0; begin < count; begin += ENCODE_ROWS) {
        int64_t rows = count - begin < ENCODE_ROWS ? count - begin : ENCODE_ROWS;
        job->x = x + begin * job->r->dim;
        latent_rows(ctx, job, rows);
        SID_TRY(sid__residual_encode(ctx, job->r->codes, job->z, rows, (int)q->options.beam, codes + begin * levels,
                                     margins ? margins + begin * levels : NULL, err));
    }
    return SID_OK;
}

static sid_status encode_with(sid_ctx *ctx, const sid_quantizer *q, latent_job job, const float *x, int64_t count,
                              uint16_t *codes, double *margins, sid_error *err)
{
    const rqvae *r = job.r;
    size_t rows = (size_t)(count < ENCODE_ROWS ? count : ENCODE_ROWS);
    sid_status status = sid__alloc(&job.input, rows, (size_t)r->dim * sizeof(float), "standardised rows", err);
    if (status == SID_OK)
        status = sid__alloc(&job.scratch, 2 * rows, (size_t)r->encoder.widest * sizeof(float), "hidden rows", err);
    if (status == SID_OK)
        status = sid__alloc(&job.z, rows, (size_t)r->latent * sizeof(float), "latent rows", err);
    if (status == SID_OK)
        status = encode_blocks(ctx, q, &job, x, count, codes, margins, err);
    sid__free(job.input);
    sid__free(job.scratch);
    sid__free(job.z);
    return status;
}

static sid_status encode(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                         double *margins, sid_error *err)
{
    return encode_with(ctx, q, (latent_job){.r = q->state}, x, count, codes, margins, err);
}

/* ---- Decoding ----------------------------------------------------------------------------------------------------- */

/* Widths are bounded, so a few rows fit on the stack, and decoding cannot fail. */
static void decode_rows(const rqvae *r, const uint16_t *codes, int64_t rows, int depth, float *x)
{
    float latent[DECODE_ROWS * SID__MLP_WIDTH_MAX], scratch[2 * DECODE_ROWS * SID__MLP_WIDTH_MAX];
    sid__residual_decode(r->codes, codes, rows, depth, latent);
    sid__mlp_apply(r->alone, &r->decoder, latent, rows, scratch, x);
    for (int64_t i = 0; i < rows; i++)
        for (int d = 0; d < r->dim; d++) {
            float *value = &x[i * r->dim + d];
            *value = clamp((double)*value * r->scale[d] + r->mean[d], SID_VALUE_MAX);
        }
}

static void decode(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x)
{
    const rqvae *r = q->state;
    for (int64_t begin = 0; begin < count; begin += DECODE_ROWS) {
        int64_t rows = count - begin < DECODE_ROWS ? count - begin : DECODE_ROWS;
        decode_rows(r, codes + begin * q->options.levels, rows, depth, x + begin * r->dim);
    }
}

/* ---- Fitting ------------------------------------------------------------------------------------------------------ */

static sid__rqvae_options model_options(const sid_quantizer *q, const rqvae *r)
{
    const rqvae_options *o = q->family_options;
    sid__rqvae_options model = {.levels = (int)q->options.levels,
                                .dim = r->dim,
                                .latent = r->latent,
                                .encoder = r->encoder_shape,
                                .estimator = (sid__estimator)o->estimator,
                                .update = (sid__code_update)o->codebook,
                                .is_mean = o->reduction == 1,
                                .beta = o->beta,
                                .decay = 0.99};
    memcpy(model.codes, q->options.codes, sizeof model.codes);
    return model;
}

static sid__rqvae_plan plan_of(const sid_quantizer *q)
{
    const rqvae_options *o = q->family_options;
    int64_t sample = 8192;
    for (int l = 0; l < q->options.levels; l++)
        sample = 32 * q->options.codes[l] > sample ? 32 * q->options.codes[l] : sample;
    sid__rqvae_plan plan = {.steps = o->steps,
                            .warm_steps = o->warm_steps,
                            .batch = o->batch,
                            .init_sample = o->init_sample ? o->init_sample : sample,
                            .revive_every = o->revive_every,
                            .watch_every = o->watch_every,
                            .patience = o->patience,
                            .settle = o->settle,
                            .tune_steps = o->tune_steps,
                            .no_init = o->init == 1,
                            .optim = sid__optim_default(),
                            .seed = (uint64_t)q->options.seed,
                            .checkpoint = q->checkpoint,
                            .resume = q->resume};
    plan.optim.rate = o->lr;
    plan.optim.decay = o->wd;
    plan.optim.clip = o->clip;
    plan.optim.warmup = o->warmup < o->steps ? o->warmup : o->steps / 2;
    plan.optim.steps = o->steps;
    plan.optim.rate_least = 0.01;
    return plan;
}

/* The trained model into the state. */
static sid_status take_model(sid_ctx *ctx, const sid_quantizer *q, rqvae *r, const sid__rqvae_model *model,
                             sid_error *err)
{
    for (int i = 0; i < r->params.count; i++) {
        const sid__value *from = &model->params.param[i].value, *to = &r->params.param[i].value;
        memcpy(to->data, from->data, (size_t)(to->rows * to->columns) * sizeof *to->data);
    }
    SID_TRY(create_codes(q, r, err));
    for (int l = 0; l < r->codes->levels; l++) {
        sid__rqvae_codes(ctx, model, l, sid__codebook_code(&r->codes->book[l]));
        sid__codebook_pack(&r->codes->book[l]);
    }
    return pack(r, err);
}

/* x (count, dim): prepared rows, standardised in place. */
static sid_status train(sid_ctx *ctx, const sid_quantizer *q, rqvae *r, float *x, int64_t count, sid_error *err)
{
    const sid__rqvae_options options = model_options(q, r);
    sid__rqvae_plan plan = plan_of(q);
    sid__rqvae_model model;
    sid__strbuf text = {0};
    standardize(r, x, count, x);
    SID_TRY(sid__rqvae_model_create(ctx, &options, &model, err));
    sid_status status = sid__rqvae_describe(q, &text, err);
    plan.options = text.text;
    if (status == SID_OK)
        status = sid__rqvae_train(ctx, &plan, &model, x, count, err);
    if (status == SID_OK)
        status = take_model(ctx, q, r, &model, err);
    sid__strbuf_drop(&text);
    sid__rqvae_model_drop(&model);
    return status;
}

/* Numbers the codes by how often encoding the rows that were fitted gives them. */
static sid_status number(sid_ctx *ctx, const sid_quantizer *q, rqvae *r, const float *x, int64_t count, sid_error *err)
{
    uint16_t *codes = NULL;
    SID_TRY(sid__alloc(&codes, (size_t)count, (size_t)q->options.levels * sizeof *codes, "codes", err));
    const latent_job job = {.r = r, .is_standardized = true};
    sid_status status = encode_with(ctx, q, job, x, count, codes, NULL, err);
    if (status == SID_OK)
        status = sid__residual_renumber(r->codes, codes, count, err);
    sid__free(codes);
    return status;
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    const rqvae_options *o = q->family_options;
    rqvae *r = NULL;
    SID_TRY(rqvae_create(q, &r, err));
    fit_scaler(r, o->standardize, x, count);
    sid_status status = train(ctx, q, r, x, count, err);
    if (status == SID_OK)
        status = number(ctx, q, r, x, count, err);
    if (status != SID_OK) {
        rqvae_free(r);
        return status;
    }
    q->state = r;
    return SID_OK;
}

/* Forward once, back twice; a step of the decoder alone is half of one. */
static double train_flop(const sid_quantizer *q, int dim)
{
    const rqvae_options *o = q->family_options;
    sid__mlp_shape shape;
    double weights = 0;
    if (sid__mlp_shape_parse("hidden", o->hidden, dim, (int)o->dim, &shape, NULL) != SID_OK)
        return 0;
    for (int i = 0; i < shape.layers; i++)
        weights += 2.0 * shape.width[i] * shape.width[i + 1];
    return 6 * weights * (double)o->batch * ((double)o->steps + 0.5 * (double)o->tune_steps);
}

/* ---- Tensors: encoder.*, decoder.*, scaler.mean [D] f64, scaler.scale [D] f64, codebook.<l> [K, latent], count.<l> */

static sid_status save_scaler(sid__tensor_set *set, const char *name, const double *data, int dim, sid_error *err)
{
    int64_t shape = dim;
    double *copy = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__F64, 1, &shape, &copy, err));
    memcpy(copy, data, (size_t)dim * sizeof *copy);
    return SID_OK;
}

static sid_status save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err)
{
    const rqvae *r = q->state;
    SID_TRY(sid__params_save(&r->params, "", r->params.data, set, err));
    SID_TRY(save_scaler(set, "scaler.mean", r->mean, r->dim, err));
    SID_TRY(save_scaler(set, "scaler.scale", r->scale, r->dim, err));
    return sid__residual_save(r->codes, set, err);
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

static sid_status load_into(const sid_quantizer *q, rqvae *r, const sid__tensor_set *set, sid_error *err)
{
    sid_quantizer latent = *q;
    latent.prepared_dim = r->latent;
    SID_TRY(sid__params_load(&r->params, "", set, r->params.data, err));
    SID_TRY(load_scaler(set, "scaler.mean", -SID_VALUE_MAX, r->mean, r->dim, err));
    SID_TRY(load_scaler(set, "scaler.scale", 0x1p-1022, r->scale, r->dim, err));
    SID_TRY(sid__residual_load(&latent, set, &r->codes, err));
    return pack(r, err);
}

static sid_status load(sid_quantizer *q, const sid__tensor_set *set, sid_error *err)
{
    rqvae *r = NULL;
    SID_TRY(rqvae_create(q, &r, err));
    sid_status status = load_into(q, r, set, err);
    if (status != SID_OK) {
        rqvae_free(r);
        return status;
    }
    q->state = r;
    return SID_OK;
}

static void drop(sid_quantizer *q)
{
    rqvae_free(q->state);
    q->state = NULL;
}

const sid__family_class sid__rqvae = {.info = {.name = "rqvae",
                                               .summary = "residual codes of a learned latent space",
                                               .paper = "TIGER, arXiv 2305.05065; RQ-VAE, arXiv 2203.01941",
                                               .options = option_table,
                                               .option_count = sizeof option_table / sizeof *option_table},
                                      .options_size = sizeof(rqvae_options),
                                      .is_ordered = true,
                                      .can_resume = true,
                                      .check = check,
                                      .train_flop = train_flop,
                                      .fit = fit,
                                      .encode = encode,
                                      .decode = decode,
                                      .save = save,
                                      .load = load,
                                      .drop = drop};
