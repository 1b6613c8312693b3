/* fsq_mlp.c: see fsq_mlp.h (2309.15505: an encoder, rounding with a straight-through gradient, a decoder, squared error).
 *
 * Departures: (1) the encoder is a matrix plus an mlp whose last layer starts at zero, the matrix being the principal directions:
 * training starts from what `projection` pca gives, so that the first level keeps the directions of most variance and prefixes
 * go on to mean something; (2) the decoder gets (q + o) / h, q's place between the bounds of tanh; (3) at the end the encoder
 * stays and the decoder alone is tuned, as rqvae's (rqvae_finish.c).
 */
#include "quant/fsq_mlp.h"

#include <string.h>

#include "quant/rqvae_fit.h"

sid_status sid__fsq_mlp_shape(const sid__fsq_mlp_options *options, int dim, int channels, sid__mlp_shape *out,
                              sid_error *err)
{
    SID_TRY(sid__mlp_shape_parse("hidden", options->hidden, dim, channels, out, err));
    out->skip = SID__SKIP_MATRIX;
    return SID_OK;
}

double sid__fsq_mlp_value(const sid__fsq_channel *c, int digit)
{
    return (digit + c->lowest + c->o) / c->h;
}

static sid__rqvae_plan plan_of(const sid_quantizer *q, const sid__fsq_mlp_task *task)
{
    const sid__fsq_mlp_options *o = task->options;
    sid__rqvae_plan plan = sid__rqvae_plan_of(q, 1);
    plan.steps = o->steps;
    plan.batch = o->batch;
    plan.watch_every = o->watch_every;
    plan.patience = o->patience;
    plan.tune_steps = o->tune_steps;
    plan.levels_before = task->levels_before;
    plan.has_codes = true;
    plan.has_networks = task->start != NULL;
    plan.optim.rate = o->lr;
    plan.optim.decay = 1e-4;
    plan.optim.clip = 1;
    plan.optim.warmup = o->warmup < o->steps ? o->warmup : o->steps / 2;
    plan.optim.steps = o->steps;
    plan.optim.rate_least = 0.01;
    return plan;
}

static void copy_params(const sid__params *from, sid__params *to, int count)
{
    for (int i = 0; i < count; i++) {
        const sid__value *source = &from->param[i].value, *target = &to->param[i].value;
        memcpy(target->data, source->data, (size_t)(target->rows * target->columns) * sizeof *target->data);
    }
}

/* The encoder's matrix: principal directions of the standardised rows at unit variance. */
static void start_matrix(const sid__fsq_mlp_task *task, const sid__rqvae_codec *codec, sid__rqvae_model *model)
{
    const sid__value *matrix = &model->params.param[model->encoder + 2 * codec->encoder_shape.layers].value;
    for (int c = 0; c < task->channels; c++)
        for (int d = 0; d < codec->dim; d++) {
            double along = (double)task->direction[(int64_t)d * task->channels + c] * codec->scale[d];
            matrix->data[(int64_t)c * codec->dim + d] = (float)(task->spread[c] > 0 ? along / task->spread[c] : 0);
        }
}

static sid_status train(sid_ctx *ctx, const sid_quantizer *q, const sid__fsq_mlp_task *task, sid__rqvae_codec *codec,
                        const float *x, int64_t count, sid_error *err)
{
    sid__steps channel[SID__FSQ_CHANNELS_MAX];
    sid__rqvae_options options = {.levels = task->shape->groups,
                                  .dim = codec->dim,
                                  .latent = codec->latent,
                                  .encoder = codec->encoder_shape,
                                  .update = SID__CODES_STEPS,
                                  .channel = channel,
                                  .begin = task->shape->begin};
    sid__rqvae_plan plan = plan_of(q, task);
    sid__rqvae_model model;
    sid__strbuf text = {0};
    for (int c = 0; c < task->channels; c++) {
        const sid__fsq_channel *of = &task->channel[c];
        channel[c] = (sid__steps){.steps = of->steps, .lowest = of->lowest, .h = of->h, .o = of->o, .s = of->s};
    }
    for (int g = 0; g < task->shape->groups; g++)
        options.codes[g] = sid__fsq_shape_codes(task->shape, g);
    SID_TRY(sid__rqvae_model_create(ctx, &options, &model, err));
    sid_status status = sid__rqvae_describe(q, &text, err);
    plan.options = text.text;
    if (task->start)
        copy_params(&task->start->params, &model.params, codec->params.count);
    else
        start_matrix(task, codec, &model);
    if (status == SID_OK)
        status = sid__rqvae_train(ctx, &plan, &model, x, count, err);
    if (status == SID_OK)
        copy_params(&model.params, &codec->params, codec->params.count);
    sid__strbuf_drop(&text);
    sid__rqvae_model_drop(&model);
    return status == SID_OK ? sid__rqvae_codec_pack(codec, err) : status;
}

typedef struct center_job {
    const sid__fsq_mlp_task *task;
    double *sum;
} center_job;

static sid_status add_values(sid_ctx *ctx, void *user, int64_t begin, int64_t rows, float *z, sid_error *err)
{
    const center_job *job = user;
    int channels = job->task->channels;
    (void)ctx;
    (void)begin;
    (void)err;
    for (int64_t i = 0; i < rows * channels; i++) {
        const sid__fsq_channel *c = &job->task->channel[i % channels];
        double u = sid__fsq_bound(c, (double)z[i]);
        job->sum[i % channels] += sid__fsq_mlp_value(c, sid__fsq_round(c, 1, &u));
    }
    return SID_OK;
}

static sid_status fill(sid_ctx *ctx, const sid_quantizer *q, const sid__fsq_mlp_task *task, sid__rqvae_codec *codec,
                       float *x, int64_t count, double *center, sid_error *err)
{
    center_job job = {.task = task, .sum = center};
    size_t size = (size_t)codec->dim * sizeof *codec->mean;
    if (task->start) {
        memcpy(codec->mean, task->start->mean, size);
        memcpy(codec->scale, task->start->scale, size);
    } else {
        sid__rqvae_codec_fit_scaler(codec, SID__SCALE_ALL, x, count);
    }
    sid__rqvae_codec_standardize(codec, x, count, x);
    SID_TRY(train(ctx, q, task, codec, x, count, err));
    memset(center, 0, (size_t)task->channels * sizeof *center);
    SID_TRY(sid__rqvae_codec_visit(ctx, codec, true, x, count, add_values, &job, err));
    for (int c = 0; c < task->channels; c++)
        center[c] /= (double)count;
    return SID_OK;
}

sid_status sid__fsq_mlp_fit(sid_ctx *ctx, const sid_quantizer *q, const sid__fsq_mlp_task *task, float *x,
                            int64_t count, double *center, sid__rqvae_codec **out, sid_error *err)
{
    sid__mlp_shape shape;
    sid__rqvae_codec *codec = NULL;
    SID_TRY(sid__fsq_mlp_shape(task->options, q->prepared_dim, task->channels, &shape, err));
    SID_TRY(sid__rqvae_codec_create(&shape, &codec, err));
    sid_status status = fill(ctx, q, task, codec, x, count, center, err);
    if (status != SID_OK) {
        sid__rqvae_codec_free(codec);
        return status;
    }
    *out = codec;
    return SID_OK;
}

/* ---- What it takes ------------------------------------------------------------------------------------------------- */

static sid__rqvae_recipe recipe_of(const sid__fsq_mlp_options *o, int dim, int channels)
{
    sid__rqvae_recipe recipe = {.plan = {.steps = o->steps, .batch = o->batch, .tune_steps = o->tune_steps}};
    if (sid__fsq_mlp_shape(o, dim, channels, &recipe.encoder, NULL) != SID_OK)
        recipe.encoder = (sid__mlp_shape){.layers = 0, .width = {dim}};
    return recipe;
}

double sid__fsq_mlp_flop(const sid__fsq_mlp_options *options, int dim, int channels)
{
    const sid__rqvae_recipe recipe = recipe_of(options, dim, channels);
    return sid__rqvae_flop(&recipe);
}

double sid__fsq_mlp_size(const sid__fsq_mlp_options *options, int dim, int channels, int64_t count)
{
    const sid__rqvae_recipe recipe = recipe_of(options, dim, channels);
    return sid__rqvae_size(&recipe, NULL, 0, count);
}
