/* rqkmeans_plus.c: the family `rqkmeans-plus` (RQ-KMeans+, 2511.10138): residual k-means whose input learns to fit its codes
 * better. z = x + MLP(x), the MLP's last layer at zero: training starts from residual k-means itself and departs from it as far
 * as that lowers the error.
 *
 * Departures (the paper has z = x + MLP(x) and an ordinary decoder): (1) the decoder mirrors the encoder whole, x^ = q +
 * MLP(q), so that the first step's error is that of k-means; (2) dead codes are revived and the end is rqvae's
 * (rqvae_finish.c); (3) rows are scaled by one number, so that lr means the same for any data.
 */
#include "quant/families.h"
#include "quant/rqvae_fit.h"

typedef struct rqkmeans_plus_options {
    sid__rqvae_training training;
    int start;
} rqkmeans_plus_options;

#define AT(field) offsetof(rqkmeans_plus_options, field)
static const sid_option option_table[] = {
    {"start", SID_OPTION_CHOICE, "rkmeans", 0, 0, "rkmeans|balanced", "whose codebooks are gone on from", AT(start)},
    {"hidden", SID_OPTION_TEXT, "512,256,128", 0, 0, NULL,
     "widths of the encoder's inner layers; the decoder mirrors them", AT(training.hidden)},
    {"steps", SID_OPTION_INT, "1500", 1, 1e9, NULL, "training steps at most", AT(training.steps)},
    {"batch", SID_OPTION_INT, "1024", 1, 1 << 20, NULL, "rows a step", AT(training.batch)},
    {"lr", SID_OPTION_FLOAT, "0.0001", 0, 10, NULL, "learning rate of AdamW at its highest", AT(training.lr)},
    {"warmup", SID_OPTION_INT, "300", 0, 1e9, NULL, "steps over which lr rises; then it falls along a cosine",
     AT(training.warmup)},
    {"wd", SID_OPTION_FLOAT, "0.0001", 0, 10, NULL, "weight decay of the networks' matrices", AT(training.wd)},
    {"clip", SID_OPTION_FLOAT, "1", 0, 1e30, NULL, "largest norm of a step's gradients; 0: any", AT(training.clip)},
    {"beta", SID_OPTION_FLOAT, "0.25", 0, 1e6, NULL, "weight of the commitment of latent vectors to their codes",
     AT(training.beta)},
    {"estimator", SID_OPTION_CHOICE, "ste", 0, 0, "ste|rotation|gumbel|dense",
     "how gradients pass the codes: straight, turned, through soft codes, or to all codes", AT(training.estimator)},
    {"codebook", SID_OPTION_CHOICE, "grad", 0, 0, "grad|ema", "codes learn by their loss, or as running means",
     AT(training.codebook)},
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
};
#undef AT

static sid__rqvae_recipe recipe_of(const sid_quantizer *q, int dim)
{
    const rqkmeans_plus_options *o = q->family_options;
    sid__rqvae_recipe recipe = sid__rqvae_recipe_of(q, &o->training, dim, dim, 0);
    recipe.codes_of = o->start ? "balanced" : "rkmeans";
    recipe.encoder.skip = SID__SKIP_INPUT;
    return recipe;
}

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    const rqkmeans_plus_options *o = q->family_options;
    sid__mlp_shape shape;
    (void)count;
    SID_TRY(sid__mlp_shape_parse("hidden", o->training.hidden, prepared_dim, prepared_dim, &shape, err));
    shape.skip = SID__SKIP_INPUT;
    if (prepared_dim > SID__MLP_WIDTH_MAX)
        return sid__fail(err, SID_EUSAGE,
                         "vectors have %d dimensions; rqkmeans-plus takes at most %d: lower them by pca", prepared_dim,
                         SID__MLP_WIDTH_MAX);
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

const sid__family_class sid__rqkmeans_plus = {.info = {.name = "rqkmeans-plus",
                                                       .summary = "residual k-means of vectors that learn to fit it",
                                                       .paper = "RQ-KMeans+, arXiv 2511.10138",
                                                       .options = option_table,
                                                       .option_count = sizeof option_table / sizeof *option_table},
                                              .options_size = sizeof(rqkmeans_plus_options),
                                              .is_ordered = true,
                                              .can_start = true,
                                              .can_resume = true,
                                              .check = check,
                                              .train_flop = train_flop,
                                              .fit_size = fit_size,
                                              .fit = fit,
                                              .encode = sid__rqvae_encode_rows,
                                              .decode = sid__rqvae_decode_rows,
                                              .save = sid__rqvae_save,
                                              .load = load,
                                              .drop = sid__rqvae_drop};
