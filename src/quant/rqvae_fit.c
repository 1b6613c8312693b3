/* rqvae_fit.c: see rqvae_fit.h.
 *
 * Codes are numbered by falling count, unless they go on from another quantizer's: then its scaler and encoder stay as they are,
 * code k stays code k and moves to where its rows have gone, and the decoder alone is trained.
 */
#include "quant/rqvae_fit.h"

#include <stdio.h>
#include <string.h>

#include "quant/quantizer.h"

sid__rqvae_plan sid__rqvae_plan_of(const sid_quantizer *q, int64_t init_sample)
{
    int64_t sample = 8192;
    for (int l = 0; l < q->options.levels; l++)
        sample = 32 * q->options.codes[l] > sample ? 32 * q->options.codes[l] : sample;
    return (sid__rqvae_plan){.init_sample = init_sample ? init_sample : sample,
                             .optim = sid__optim_default(),
                             .seed = (uint64_t)q->options.seed,
                             .checkpoint = q->checkpoint,
                             .resume = q->resume};
}

sid__rqvae_recipe sid__rqvae_recipe_of(const sid_quantizer *q, const sid__rqvae_training *o, int dim, int latent,
                                       int64_t init_sample)
{
    sid__rqvae_recipe recipe = {.scaling = SID__SCALE_ALL,
                                .model = {.estimator = (sid__estimator)o->estimator,
                                          .update = (sid__code_update)o->codebook,
                                          .beta = o->beta,
                                          .decay = 0.99},
                                .plan = sid__rqvae_plan_of(q, init_sample)};
    sid__rqvae_plan *plan = &recipe.plan;
    (void)sid__mlp_shape_parse("hidden", o->hidden, dim, latent, &recipe.encoder, NULL); /* the family's `check` has */
    plan->steps = o->steps;
    plan->batch = o->batch;
    plan->revive_every = o->revive_every;
    plan->watch_every = o->watch_every;
    plan->patience = o->patience;
    plan->settle = o->settle;
    plan->tune_steps = o->tune_steps;
    plan->optim.rate = o->lr;
    plan->optim.decay = o->wd;
    plan->optim.clip = o->clip;
    plan->optim.warmup = o->warmup < o->steps ? o->warmup : o->steps / 2;
    plan->optim.steps = o->steps;
    plan->optim.rate_least = 0.01;
    return recipe;
}

static bool is_same_shape(const sid__mlp_shape *a, const sid__mlp_shape *b)
{
    bool is_same = a->layers == b->layers && a->skip == b->skip;
    for (int i = 0; i <= a->layers && is_same; i++)
        is_same = a->width[i] == b->width[i];
    return is_same;
}

sid_status sid__rqvae_check_start(const sid_quantizer *q, const sid__mlp_shape *encoder, sid_error *err)
{
    const sid__rqvae_codec *start = q->start ? q->start->state : NULL;
    if (!start || is_same_shape(&start->encoder_shape, encoder))
        return SID_OK;
    return sid__fail(err, SID_EUSAGE,
                     "the networks are not those of the quantizer to start from, which are kept; leave out hidden and "
                     "dim");
}

/* ---- Where codes and networks start -------------------------------------------------------------------------------- */

/* Codes of another family, fitted to the rows: a quantizer of its own on a copy, since fitting overwrites. */
static sid_status fit_codes(sid_ctx *ctx, const sid_quantizer *q, const char *family, const float *x, int64_t count,
                            sid_quantizer **out, sid_error *err)
{
    float *rows = NULL;
    sid_quantizer *codes = NULL;
    const sid_quantizer_options options = {
        .quantizer = family, .levels = (int)q->options.levels, .codes = q->options.codes_text, .options = "no_center"};
    SID_TRY(sid__quantizer_create(&options, &codes, err));
    codes->options.seed = q->options.seed; /* as a number: 0 among the public options would mean 42 */
    codes->dim = codes->prepared_dim = q->prepared_dim;
    size_t size = (size_t)count * (size_t)q->prepared_dim;
    sid_status status = sid__alloc(&rows, size, sizeof *rows, "rows", err);
    if (status == SID_OK) {
        memcpy(rows, x, size * sizeof *rows);
        status = codes->family->fit(ctx, codes, rows, count, err);
    }
    sid__free(rows);
    if (status != SID_OK) {
        sid_quantizer_free(codes);
        return status;
    }
    *out = codes;
    return SID_OK;
}

/* code (K, latent) of a level */
static void set_level(sid__rqvae_model *model, int level, const float *code)
{
    for (int k = 0; k < model->options.codes[level]; k++)
        sid__rqvae_set_code(model, NULL, level, k, code + (int64_t)k * model->options.latent);
}

/* Codes of any quantizer with books of the model's shape, as it saves them. */
static sid_status set_codes(sid__rqvae_model *model, const sid_quantizer *from, sid_error *err)
{
    sid__tensor_set set = {0};
    sid_status status = from->family->save(from, &set, err);
    for (int l = 0; l < model->options.levels && status == SID_OK; l++) {
        char name[32];
        const sid__tensor *book = NULL;
        const int64_t shape[] = {model->options.codes[l], model->options.latent};
        (void)snprintf(name, sizeof name, "codebook.%d", l + 1);
        status = sid__tensor_get(&set, name, SID__F32, 2, shape, &book, err);
        if (status == SID_OK)
            set_level(model, l, book->data);
    }
    sid__tensor_set_drop(&set);
    return status;
}

static void copy_networks(const sid__params *from, sid__params *to, int count)
{
    for (int i = 0; i < count; i++) {
        const sid__value *source = &from->param[i].value, *target = &to->param[i].value;
        memcpy(target->data, source->data, (size_t)(target->rows * target->columns) * sizeof *target->data);
    }
}

static sid_status start(sid_ctx *ctx, const sid_quantizer *q, const sid__rqvae_recipe *recipe, sid__rqvae_plan *plan,
                        sid__rqvae_model *model, const float *x, int64_t count, sid_error *err)
{
    const sid__rqvae_codec *before = q->start ? q->start->state : NULL;
    sid_quantizer *other = NULL;
    if (before) {
        copy_networks(&before->params, &model->params, before->params.count);
        for (int l = 0; l < before->codes->levels; l++)
            set_level(model, l, before->codes->book[l].code);
        plan->has_networks = plan->has_codes = true;
    } else if (recipe->codes_of && !plan->resume) {
        SID_TRY(fit_codes(ctx, q, recipe->codes_of, x, count, &other, err));
        plan->has_codes = true;
        sid_status status = set_codes(model, other, err);
        sid_quantizer_free(other);
        return status;
    }
    return SID_OK;
}

/* ---- Training ------------------------------------------------------------------------------------------------------ */

/* The trained model into the codec. */
static sid_status take_model(sid_ctx *ctx, const sid_quantizer *q, sid__rqvae_codec *codec,
                             const sid__rqvae_model *model, sid_error *err)
{
    copy_networks(&model->params, &codec->params, codec->params.count);
    SID_TRY(sid__rqvae_codec_create_codes(q, codec, err));
    for (int l = 0; l < codec->codes->levels; l++) {
        sid__rqvae_codes(ctx, model, l, sid__codebook_code(&codec->codes->book[l]));
        sid__codebook_pack(&codec->codes->book[l]);
    }
    return sid__rqvae_codec_pack(codec, err);
}

static sid__rqvae_options model_options(const sid_quantizer *q, const sid__rqvae_recipe *recipe)
{
    sid__rqvae_options options = recipe->model;
    options.levels = (int)q->options.levels;
    options.encoder = recipe->encoder;
    options.dim = recipe->encoder.width[0];
    options.latent = recipe->encoder.width[recipe->encoder.layers];
    memcpy(options.codes, q->options.codes, sizeof options.codes);
    return options;
}

/* x (count, dim): standardised rows. */
static sid_status train(sid_ctx *ctx, const sid_quantizer *q, const sid__rqvae_recipe *recipe, sid__rqvae_codec *codec,
                        const float *x, int64_t count, sid_error *err)
{
    const sid__rqvae_options options = model_options(q, recipe);
    sid__rqvae_plan plan = recipe->plan;
    sid__rqvae_model model;
    sid__strbuf text = {0};
    SID_TRY(sid__rqvae_model_create(ctx, &options, &model, err));
    sid_status status = sid__rqvae_describe(q, &text, err);
    plan.options = text.text;
    if (status == SID_OK)
        status = start(ctx, q, recipe, &plan, &model, x, count, err);
    if (status == SID_OK)
        status = sid__rqvae_train(ctx, &plan, &model, x, count, err);
    if (status == SID_OK)
        status = take_model(ctx, q, codec, &model, err);
    sid__strbuf_drop(&text);
    sid__rqvae_model_drop(&model);
    return status;
}

/* Numbers the codes by how often encoding the rows that were fitted gives them, or counts that alone. */
static sid_status number(sid_ctx *ctx, const sid_quantizer *q, sid__rqvae_codec *codec, const float *x, int64_t count,
                         sid_error *err)
{
    uint16_t *codes = NULL;
    int levels = (int)q->options.levels;
    SID_TRY(sid__alloc(&codes, (size_t)count, (size_t)levels * sizeof *codes, "codes", err));
    sid_status status = sid__rqvae_codec_encode(ctx, q, codec, true, x, count, codes, NULL, err);
    if (status == SID_OK && !q->start)
        status = sid__residual_renumber(codec->codes, codes, count, err);
    for (int64_t i = 0; i < count * levels && status == SID_OK && q->start; i++)
        codec->codes->count[i % levels][codes[i]]++;
    sid__free(codes);
    return status;
}

static sid_status fill(sid_ctx *ctx, const sid_quantizer *q, const sid__rqvae_recipe *recipe, sid__rqvae_codec *codec,
                       float *x, int64_t count, sid_error *err)
{
    const sid__rqvae_codec *before = q->start ? q->start->state : NULL;
    size_t size = (size_t)codec->dim * sizeof *codec->mean;
    if (before) { /* what the networks were fed must go on to mean the same */
        memcpy(codec->mean, before->mean, size);
        memcpy(codec->scale, before->scale, size);
    } else {
        sid__rqvae_codec_fit_scaler(codec, recipe->scaling, x, count);
    }
    sid__rqvae_codec_standardize(codec, x, count, x);
    SID_TRY(train(ctx, q, recipe, codec, x, count, err));
    return number(ctx, q, codec, x, count, err);
}

sid_status sid__rqvae_fit(sid_ctx *ctx, sid_quantizer *q, const sid__rqvae_recipe *recipe, float *x, int64_t count,
                          sid_error *err)
{
    sid__rqvae_codec *codec = NULL;
    SID_TRY(sid__rqvae_codec_create(&recipe->encoder, &codec, err));
    sid_status status = fill(ctx, q, recipe, codec, x, count, err);
    if (status != SID_OK) {
        sid__rqvae_codec_free(codec);
        return status;
    }
    q->state = codec;
    return SID_OK;
}

/* ---- What it takes ------------------------------------------------------------------------------------------------- */

static double weights_of(const sid__mlp_shape *encoder)
{
    double weights = 0;
    for (int i = 0; i < encoder->layers; i++)
        weights += 2.0 * encoder->width[i] * encoder->width[i + 1];
    return weights;
}

/* Forward once, back twice; a step of the decoder alone is half of one. */
double sid__rqvae_flop(const sid__rqvae_recipe *recipe)
{
    const sid__rqvae_plan *plan = &recipe->plan;
    return 6 * weights_of(&recipe->encoder) * (double)plan->batch *
           ((double)plan->steps + 0.5 * (double)plan->tune_steps);
}

/* A parameter has its number, gradient, two moments and the best number so far; the fitted codec holds it twice more. A row of
 * the batch has the values of every layer with their gradients, and of every level what is left. */
double sid__rqvae_size(const sid__rqvae_recipe *recipe, const int *codes, int levels, int64_t count)
{
    enum { PER_PARAM = 7 };
    const sid__mlp_shape *shape = &recipe->encoder;
    double latent = shape->width[shape->layers], params = weights_of(shape), row = 2.0 * shape->width[0];
    double rows = (double)(recipe->plan.batch < count ? recipe->plan.batch : count);
    for (int l = 0; l < levels; l++)
        params += codes[l] * latent;
    for (int i = 0; i <= shape->layers; i++)
        row += 4.0 * shape->width[i];
    row += (levels + 4.0) * latent;
    double settled = recipe->plan.settle > 0 ? (double)count * latent : 0;
    return (params * PER_PARAM + rows * row + settled) * sizeof(float);
}

/* ---- Functions of a family whose state is a codec ------------------------------------------------------------------ */

sid_status sid__rqvae_encode_rows(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                                  double *margins, sid_error *err)
{
    return sid__rqvae_codec_encode(ctx, q, q->state, false, x, count, codes, margins, err);
}

void sid__rqvae_decode_rows(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x)
{
    sid__rqvae_codec_decode(q->state, codes, (int)q->options.levels, count, depth, x);
}

sid_status sid__rqvae_load(sid_quantizer *q, const sid__mlp_shape *encoder, const sid__tensor_set *set, sid_error *err)
{
    sid__rqvae_codec *codec = NULL;
    SID_TRY(sid__rqvae_codec_load(q, encoder, true, set, &codec, err));
    q->state = codec;
    return SID_OK;
}

sid_status sid__rqvae_save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err)
{
    return sid__rqvae_codec_save(q->state, set, err);
}

void sid__rqvae_drop(sid_quantizer *q)
{
    sid__rqvae_codec_free(q->state);
    q->state = NULL;
}
