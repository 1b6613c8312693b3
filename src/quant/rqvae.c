/* rqvae.c: the family `rqvae`: residual codes of a learned latent space (TIGER, 2305.05065; RQ-VAE, 2203.01941).
 *
 * The training stands in rqvae_train.c, its end in rqvae_finish.c, with their departures; what is fitted in rqvae_codec.c.
 * Here are the options, and settings that others published as presets.
 */
#include "linalg/sinkhorn.h"
#include "quant/families.h"
#include "quant/rqvae_fit.h"

typedef struct rqvae_options {
    sid__rqvae_training training;
    int64_t dim, warm_steps, init_sample;
    double sinkhorn_eps;
    int preset, optimizer, standardize, reduction, init, precision;
} rqvae_options;

#define AT(field) offsetof(rqvae_options, field)
static const sid_option option_table[] = {
    {"preset", SID_OPTION_CHOICE, "none", 0, 0, "none|tiger|lcrec|grid|liger",
     "published settings; options that are given besides win", AT(preset)},
    {"hidden", SID_OPTION_TEXT, "512,256,128", 0, 0, NULL,
     "widths of the encoder's inner layers; the decoder mirrors them", AT(training.hidden)},
    {"dim", SID_OPTION_INT, "32", 1, SID__MLP_WIDTH_MAX, NULL, "width of the latent space, which bounds the error",
     AT(dim)},
    {"steps", SID_OPTION_INT, "1500", 1, 1e9, NULL, "training steps at most", AT(training.steps)},
    {"batch", SID_OPTION_INT, "1024", 1, 1 << 20, NULL, "rows a step", AT(training.batch)},
    {"optimizer", SID_OPTION_CHOICE, "adamw", 0, 0, "adamw|adagrad", "what makes steps of gradients", AT(optimizer)},
    {"lr", SID_OPTION_FLOAT, "0.001", 0, 10, NULL, "learning rate at its highest", AT(training.lr)},
    {"warmup", SID_OPTION_INT, "300", 0, 1e9, NULL, "steps over which lr rises; then it falls along a cosine",
     AT(training.warmup)},
    {"wd", SID_OPTION_FLOAT, "0.0001", 0, 10, NULL, "weight decay of the networks' matrices", AT(training.wd)},
    {"clip", SID_OPTION_FLOAT, "1", 0, 1e30, NULL, "largest norm of a step's gradients; 0: any", AT(training.clip)},
    {"beta", SID_OPTION_FLOAT, "0.25", 0, 1e6, NULL, "weight of the commitment of latent vectors to their codes",
     AT(training.beta)},
    {"standardize", SID_OPTION_CHOICE, "scale", 0, 0, "feature|scale|none",
     "divide each column by its deviation, all by one, or none", AT(standardize)},
    {"reduction", SID_OPTION_CHOICE, "sum", 0, 0, "sum|mean", "losses over dimensions; mean is known to collapse",
     AT(reduction)},
    {"estimator", SID_OPTION_CHOICE, "ste", 0, 0, "ste|rotation|gumbel|dense",
     "how gradients pass the codes: straight, turned, through soft codes, or to all codes", AT(training.estimator)},
    {"codebook", SID_OPTION_CHOICE, "grad", 0, 0, "grad|ema|simvq",
     "codes learn by their loss, as running means, or as a learned map of fixed points", AT(training.codebook)},
    {"sinkhorn_eps", SID_OPTION_FLOAT, "0", 0, 10, NULL,
     "spread the last level's training codes by transport of this entropy, 0.003 or more; 0: nearest",
     AT(sinkhorn_eps)},
    {"init", SID_OPTION_CHOICE, "kmeans", 0, 0, "kmeans|equal", "codes start by k-means, or all alike (for drills)",
     AT(init)},
    {"init_sample", SID_OPTION_INT, "0", 0, 1e15, NULL, "rows that codes start from; 0: max(8192, 32 x codes)",
     AT(init_sample)},
    {"warm_steps", SID_OPTION_INT, "300", 0, 1e9, NULL, "steps without codes before they start", AT(warm_steps)},
    {"revive_every", SID_OPTION_INT, "100", 0, 1e9, NULL, "steps after which codes without rows are moved; 0: never",
     AT(training.revive_every)},
    {"watch_every", SID_OPTION_INT, "250", 1, 1e9, NULL, "steps between looks at the held-out rows",
     AT(training.watch_every)},
    {"patience", SID_OPTION_INT, "8", 0, 1e9, NULL, "looks without gain that end the training; 0: none do",
     AT(training.patience)},
    {"settle", SID_OPTION_INT, "20", 0, 100000, NULL, "k-means sweeps of the codes over all rows at the end",
     AT(training.settle)},
    {"tune_steps", SID_OPTION_INT, "1000", 0, 1e9, NULL, "steps of the decoder alone at the end",
     AT(training.tune_steps)},
    {"precision", SID_OPTION_CHOICE, "fp32", 0, 0, SID__PRECISION_CHOICES,
     "of the matrix products of training; encoding is fp32 either way", AT(precision)},
};
#undef AT

/* As published, but for what no option says: tiger trains 20,000 epochs of its data; lcrec's rate stays; grid has batch
 * normalisation of its input, which with the statistics of all rows is standardize=feature. */
static const sid__preset presets[] = {
    {"tiger", 0, "optimizer=adagrad,lr=0.4,wd=0,hidden=(512,256,128),dim=32,batch=1024,steps=20000,patience=0"},
    {"lcrec", 4,
     "hidden=(2048,1024,512,256,128,64),dim=32,batch=1024,reduction=mean,sinkhorn_eps=0.003,steps=6000,patience=0"},
    {"grid", 0, "normalize=l2,standardize=feature,dim=64,steps=3000,patience=0"},
    {"liger", 0, "hidden=(768,512,256),dim=128,codebook=ema,wd=0.1"},
    {NULL, 0, NULL}};

static sid__rqvae_recipe recipe_of(const sid_quantizer *q, int dim)
{
    const rqvae_options *o = q->family_options;
    sid__rqvae_recipe recipe = sid__rqvae_recipe_of(q, &o->training, dim, (int)o->dim, o->init_sample);
    recipe.scaling = (sid__scaling)o->standardize;
    recipe.model.is_mean = o->reduction == 1;
    recipe.model.sinkhorn_epsilon = o->sinkhorn_eps;
    recipe.plan.warm_steps = o->warm_steps;
    recipe.plan.no_init = o->init == 1;
    recipe.plan.precision = (sid__precision)o->precision;
    recipe.plan.optim.kind = o->optimizer ? SID__ADAGRAD : SID__ADAMW;
    return recipe;
}

/* What a preset stood for is in the options by now: they alone are kept. */
static sid_status settle(sid_quantizer *q, bool has_levels, bool has_codes, sid_error *err)
{
    rqvae_options *o = q->family_options;
    (void)has_levels;
    (void)has_codes;
    o->preset = 0;
    return sid__quantizer_parse_codes(&q->options, err);
}

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    const rqvae_options *o = q->family_options;
    sid__mlp_shape shape;
    (void)count;
    if (o->warm_steps >= o->training.steps)
        return sid__fail(err, SID_EUSAGE,
                         "warm_steps is %lld of %lld steps; fewer are expected, since codes start after them",
                         (long long)o->warm_steps, (long long)o->training.steps);
    if (o->sinkhorn_eps > 0 && o->sinkhorn_eps < SID__SINKHORN_EPSILON_MIN)
        return sid__fail(err, SID_EUSAGE, "sinkhorn_eps is %g; 0, or %g and more, is expected", o->sinkhorn_eps,
                         SID__SINKHORN_EPSILON_MIN);
    if (q->start && o->training.codebook == SID__CODES_SIMVQ)
        return sid__fail(err, SID_EUSAGE,
                         "codebook is simvq, whose map is not kept; another catalogue can be gone on from with grad or "
                         "ema");
    SID_TRY(sid__mlp_shape_parse("hidden", o->training.hidden, prepared_dim, (int)o->dim, &shape, err));
    return sid__rqvae_check_start(q, &shape, err);
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    const sid__rqvae_recipe recipe = recipe_of(q, q->prepared_dim);
    return sid__rqvae_fit(ctx, q, &recipe, x, count, err);
}

static double train_flop(const sid_quantizer *q, int dim)
{
    const sid__rqvae_recipe recipe = recipe_of(q, dim);
    return sid__rqvae_flop(&recipe);
}

static double fit_size(const sid_quantizer *q, int64_t count, int dim)
{
    const sid__rqvae_recipe recipe = recipe_of(q, dim);
    return sid__rqvae_size(&recipe, q->options.codes, (int)q->options.levels, count);
}

static sid_status load(sid_quantizer *q, const sid__tensor_set *set, sid_error *err)
{
    const sid__rqvae_recipe recipe = recipe_of(q, q->prepared_dim);
    return sid__rqvae_load(q, &recipe.encoder, set, err);
}

const sid__family_class sid__rqvae = {.info = {.name = "rqvae",
                                               .summary = "residual codes of a learned latent space",
                                               .paper = "TIGER, arXiv 2305.05065; RQ-VAE, arXiv 2203.01941",
                                               .options = option_table,
                                               .option_count = sizeof option_table / sizeof *option_table},
                                      .options_size = sizeof(rqvae_options),
                                      .presets = presets,
                                      .is_ordered = true,
                                      .can_start = true,
                                      .can_resume = true,
                                      .settle = settle,
                                      .check = check,
                                      .train_flop = train_flop,
                                      .fit_size = fit_size,
                                      .fit = fit,
                                      .encode = sid__rqvae_encode_rows,
                                      .decode = sid__rqvae_decode_rows,
                                      .save = sid__rqvae_save,
                                      .load = load,
                                      .drop = sid__rqvae_drop};
