/* rvq.c: the family `rvq`: additive codebooks learned by gradients or running means from batches, without networks (as
 * vector-quantize-pytorch's ResidualVQ; 2203.01941 without its encoder). Its training is rqvae's (rqvae_train.c), its codes are
 * rkmeans's: greedy, canonical, with a beam where wished.
 *
 * Departures: rows are scaled by a power of two near their deviation while training, so that lr means the same for any data;
 * all levels learn together; codes are numbered by falling count.
 */
#include <math.h>
#include <string.h>

#include "quant/families.h"
#include "quant/residual.h"
#include "quant/rqvae_train.h"

typedef struct rvq_options {
    int64_t steps, batch, init_sample, revive_every, watch_every, patience, settle;
    double lr;
    int update;
} rvq_options;

#define AT(field) offsetof(rvq_options, field)
static const sid_option option_table[] = {
    {"steps", SID_OPTION_INT, "3000", 1, 1e9, NULL, "training steps at most", AT(steps)},
    {"batch", SID_OPTION_INT, "2048", 1, 1 << 20, NULL, "rows a step", AT(batch)},
    {"lr", SID_OPTION_FLOAT, "0.001", 0, 10, NULL, "learning rate of AdamW, in deviations of the rows", AT(lr)},
    {"update", SID_OPTION_CHOICE, "grad", 0, 0, "grad|ema", "codes learn by their loss, or as running means",
     AT(update)},
    {"init_sample", SID_OPTION_INT, "0", 0, 1e15, NULL, "rows that codes start from; 0: max(8192, 32 x codes)",
     AT(init_sample)},
    {"revive_every", SID_OPTION_INT, "100", 0, 1e9, NULL, "steps after which codes without rows are moved; 0: never",
     AT(revive_every)},
    {"watch_every", SID_OPTION_INT, "250", 1, 1e9, NULL, "steps between looks at the held-out rows", AT(watch_every)},
    {"patience", SID_OPTION_INT, "4", 0, 1e9, NULL, "looks without gain that end the training; 0: none do",
     AT(patience)},
    {"settle", SID_OPTION_INT, "0", 0, 100000, NULL, "k-means sweeps of the codes over all rows at the end",
     AT(settle)},
};
#undef AT

static sid__rqvae_plan plan_of(const sid_quantizer *q, const char *described)
{
    const rvq_options *o = q->family_options;
    int64_t sample = 8192;
    for (int l = 0; l < q->options.levels; l++)
        sample = 32 * q->options.codes[l] > sample ? 32 * q->options.codes[l] : sample;
    sid__rqvae_plan plan = {.steps = o->steps,
                            .batch = o->batch,
                            .init_sample = o->init_sample ? o->init_sample : sample,
                            .revive_every = o->revive_every,
                            .watch_every = o->watch_every,
                            .patience = o->patience,
                            .settle = o->settle,
                            .optim = sid__optim_default(),
                            .seed = (uint64_t)q->options.seed,
                            .checkpoint = q->checkpoint,
                            .options = described,
                            .resume = q->resume};
    plan.optim.rate = o->lr;
    plan.optim.steps = o->steps;
    plan.optim.rate_least = 0.01;
    return plan;
}

/* The power of two next to the root mean square; 1 where all is zero. */
static double scale_of(const float *x, int64_t count)
{
    double sum = 0;
    int exponent = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)x[i] * (double)x[i];
    if (!(sum > 0))
        return 1;
    (void)frexp(sqrt(sum / (double)count), &exponent);
    return ldexp(1, exponent);
}

static void take_codes(sid_ctx *ctx, const sid__rqvae_model *model, double scale, sid__residual *r)
{
    for (int l = 0; l < r->levels; l++) {
        float *code = sid__codebook_code(&r->book[l]);
        sid__rqvae_codes(ctx, model, l, code);
        for (int64_t i = 0; i < (int64_t)r->book[l].codes * r->dim; i++)
            code[i] = (float)((double)code[i] * scale);
        sid__codebook_pack(&r->book[l]);
    }
}

/* x (count, dim) is scaled in place. */
static sid_status train(sid_ctx *ctx, const sid_quantizer *q, sid__residual *r, float *x, int64_t count, sid_error *err)
{
    const rvq_options *o = q->family_options;
    sid__rqvae_options options = {.levels = r->levels,
                                  .dim = r->dim,
                                  .latent = r->dim,
                                  .encoder = {.layers = 0, .width = {r->dim}},
                                  .update = o->update ? SID__CODES_EMA : SID__CODES_GRAD,
                                  .decay = 0.99};
    double scale = scale_of(x, count * r->dim);
    sid__rqvae_model model;
    sid__strbuf text = {0};
    memcpy(options.codes, q->options.codes, sizeof options.codes);
    for (int64_t i = 0; i < count * r->dim; i++)
        x[i] = (float)((double)x[i] / scale);
    SID_TRY(sid__rqvae_model_create(ctx, &options, &model, err));
    sid_status status = sid__rqvae_describe(q, &text, err);
    const sid__rqvae_plan plan = plan_of(q, text.text);
    if (status == SID_OK)
        status = sid__rqvae_train(ctx, &plan, &model, x, count, err);
    if (status == SID_OK)
        take_codes(ctx, &model, scale, r);
    sid__strbuf_drop(&text);
    sid__rqvae_model_drop(&model);
    for (int64_t i = 0; i < count * r->dim; i++)
        x[i] = (float)((double)x[i] * scale);
    return status;
}

static sid_status number(sid_ctx *ctx, sid__residual *r, const float *x, int64_t count, sid_error *err)
{
    uint16_t *codes = NULL;
    SID_TRY(sid__alloc(&codes, (size_t)count, (size_t)r->levels * sizeof *codes, "codes", err));
    sid_status status = sid__residual_encode(ctx, r, x, count, 1, codes, NULL, err);
    if (status == SID_OK)
        status = sid__residual_renumber(r, codes, count, err);
    sid__free(codes);
    return status;
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    sid__residual *r = NULL;
    SID_TRY(sid__residual_create(q, &r, err));
    sid_status status = train(ctx, q, r, x, count, err);
    if (status == SID_OK)
        status = number(ctx, r, x, count, err);
    if (status != SID_OK) {
        sid__residual_free(r);
        return status;
    }
    q->state = r;
    return SID_OK;
}

static sid_status encode(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                         double *margins, sid_error *err)
{
    return sid__residual_encode(ctx, q->state, x, count, (int)q->options.beam, codes, margins, err);
}

static void decode(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x)
{
    sid__residual_decode(q->state, codes, count, depth, x);
}

static sid_status save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err)
{
    return sid__residual_save(q->state, set, err);
}

static sid_status load(sid_quantizer *q, const sid__tensor_set *set, sid_error *err)
{
    sid__residual *r = NULL;
    SID_TRY(sid__residual_load(q, set, &r, err));
    q->state = r;
    return SID_OK;
}

static void drop(sid_quantizer *q)
{
    sid__residual_free(q->state);
    q->state = NULL;
}

const sid__family_class sid__rvq = {.info = {.name = "rvq",
                                             .summary = "residual codebooks learned from batches by gradients",
                                             .paper = "RQ-VAE without its networks, arXiv 2203.01941",
                                             .options = option_table,
                                             .option_count = sizeof option_table / sizeof *option_table},
                                    .options_size = sizeof(rvq_options),
                                    .is_ordered = true,
                                    .can_resume = true,
                                    .fit = fit,
                                    .encode = encode,
                                    .decode = decode,
                                    .save = save,
                                    .load = load,
                                    .drop = drop};
