/* rkmeans.c: residual k-means (RQ-KMeans; GRID, 2507.22224): k-means on the rows, subtract, k-means on what is left.
 *
 * Departures: (1) the k-means start is `progressive` by default, which keeps later levels in use (docs/decisions/001);
 * (2) `refine` rounds fit all codebooks at once (residual_refine.c); (3) labels, sums and codebooks are bit-equal on any
 * machine. `normalize_residual` is GRID's: residuals to unit length before each level; decoding is then approximate.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quant/families.h"
#include "quant/kmeans.h"
#include "quant/kmeans_follow.h"
#include "quant/kmeans_slice.h"
#include "quant/residual.h"

typedef struct rkmeans_options {
    int64_t iters, stage_iters, n_init, refine;
    double tol;
    int init;
    bool normalize_residual;
    char groups[SID__OPTION_TEXT_SIZE];
} rkmeans_options;

#define AT(field) offsetof(rkmeans_options, field)
static const sid_option option_table[] = {
    {"init", SID_OPTION_CHOICE, "progressive", 0, 0, "progressive|greedy|random",
     "k-means start: few principal directions first, k-means++ with trials, or random rows", AT(init)},
    {"iters", SID_OPTION_INT, "50", 1, 100000, NULL, "k-means sweeps a level at most", AT(iters)},
    {"stage_iters", SID_OPTION_INT, "20", 1, 100000, NULL, "sweeps a stage of the progressive start", AT(stage_iters)},
    {"tol", SID_OPTION_FLOAT, "0.0001", 0, 1, NULL, "stop when the relative gain in squared error is below", AT(tol)},
    {"n_init", SID_OPTION_INT, "1", 1, 1000, NULL, "k-means starts a level; the best one is kept", AT(n_init)},
    {"refine", SID_OPTION_INT, "0", 0, 1000, NULL,
     "rounds of fitting all codebooks together: lower error, slightly fewer unique SIDs", AT(refine)},
    {"normalize_residual", SID_OPTION_FLAG, "false", 0, 0, NULL,
     "residuals to unit length before each level; decoding becomes approximate", AT(normalize_residual)},
    {"groups", SID_OPTION_TEXT, "", 0, 0, NULL,
     "widths of groups of dimensions, 128:64: the first levels code the first group alone, and so on (not given: every "
     "level codes all)",
     AT(groups)},
};
#undef AT

static sid_status settle(sid_quantizer *q, bool has_levels, bool has_codes, sid_error *err)
{
    const rkmeans_options *options = q->family_options;
    int groups = options->groups[0] ? 1 : 0;
    (void)has_levels;
    (void)has_codes;
    for (const char *at = options->groups; *at; at++)
        groups += *at == ':';
    q->group_levels = groups ? (int)q->options.levels / groups : 0;
    return sid__quantizer_parse_codes(&q->options, err);
}

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    const rkmeans_options *options = q->family_options;
    sid__groups groups;
    (void)count;
    if (prepared_dim > 0) /* known once there are rows */
        SID_TRY(sid__groups_parse(options->groups, prepared_dim, (int)q->options.levels, &groups, err));
    if (options->groups[0] && (options->normalize_residual || options->refine > 0 || q->options.pca > 0))
        return sid__fail(err, SID_EUSAGE,
                         "groups of dimensions stay apart; leave out normalize_residual, refine and pca");
    if (options->normalize_residual && q->options.beam > 1)
        return sid__fail(err, SID_EUSAGE, "beam is %lld with normalize_residual; only beam 1 is possible there",
                         (long long)q->options.beam);
    if (options->normalize_residual && options->refine > 0)
        return sid__fail(err, SID_EUSAGE, "refine is %lld with normalize_residual; only refine 0 is possible there",
                         (long long)options->refine);
    return SID_OK;
}

static float mean_norm(const float *x, int64_t count, int dim)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += sqrt(sid__dot_exact(x + i * dim, x + i * dim, dim));
    return (float)(sum / (double)count);
}

static sid_status fit_level(sid_ctx *ctx, const sid_quantizer *q, sid__residual *r, int level, float *residual,
                            int64_t count, uint16_t *label, sid_error *err)
{
    const rkmeans_options *options = q->family_options;
    char stage[32];
    (void)snprintf(stage, sizeof stage, "level %d of %d", level + 1, r->levels);
    sid__kmeans_options kmeans = {.init = (sid__kmeans_init)options->init,
                                  .iters = (int)options->iters,
                                  .stage_iters = (int)options->stage_iters,
                                  .tol = options->tol,
                                  .n_init = (int)options->n_init,
                                  .seed = (uint64_t)q->options.seed,
                                  .index = (uint64_t)level,
                                  .stage = stage};
    if (r->normalize) {
        r->norm[level] = mean_norm(residual, count, r->dim);
        for (int64_t i = 0; i < count; i++)
            (void)sid__residual_normalize(residual + i * r->dim, r->dim);
    }
    const sid__residual *start = q->start ? q->start->state : NULL;
    sid__groups groups;
    SID_TRY(sid__groups_parse(options->groups, r->dim, r->levels, &groups, err));
    int group = groups.count ? level / (r->levels / groups.count) : 0;
    if (groups.count)
        SID_TRY(sid__kmeans_fit_slice(ctx, &kmeans, start ? &start->book[level] : NULL, residual, count,
                                      groups.begin[group], groups.begin[group + 1], &r->book[level], label, err));
    else if (start)
        SID_TRY(sid__kmeans_follow(ctx, &kmeans, &start->book[level], residual, count, &r->book[level], label, err));
    else
        SID_TRY(sid__kmeans_fit(ctx, &kmeans, residual, count, r->dim, &r->book[level], label, err));
    for (int64_t i = 0; i < count; i++)
        r->count[level][label[i]]++;
    sid__subtract_codes(ctx, &r->book[level], label, count, residual);
    return SID_OK;
}

/* residual (count, dim): the rows, and what is left of them afterwards. */
static sid_status fit_levels(sid_ctx *ctx, const sid_quantizer *q, sid__residual *r, float *residual, int64_t count,
                             sid_error *err)
{
    uint16_t *label = NULL;
    sid_status status = sid__alloc(&label, (size_t)count, sizeof(uint16_t), "labels", err);
    for (int l = 0; l < r->levels && status == SID_OK; l++)
        status = fit_level(ctx, q, r, l, residual, count, label, err);
    sid__free(label);
    return status;
}

/* The rows are asked for again. */
static sid_status fit_and_refine(sid_ctx *ctx, const sid_quantizer *q, sid__residual *r, const float *x, int64_t count,
                                 int rounds, sid_error *err)
{
    float *residual = NULL;
    size_t row_size = (size_t)r->dim * sizeof(float);
    SID_TRY(sid__alloc(&residual, (size_t)count, row_size, "residuals", err));
    memcpy(residual, x, (size_t)count * row_size);
    sid_status status = fit_levels(ctx, q, r, residual, count, err);
    sid__free(residual);
    return status == SID_OK ? sid__residual_refine(ctx, r, x, count, rounds, err) : status;
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    const rkmeans_options *options = q->family_options;
    sid__residual *r = NULL;
    SID_TRY(sid__residual_create(q, &r, err));
    r->normalize = options->normalize_residual;
    bool is_refined = options->refine > 0 && !q->start;
    if (options->refine > 0 && q->start)
        sid__ctx_info(ctx, "refine is left out: it would number the codes anew, and another catalogue's are kept");
    sid_status status = is_refined ? fit_and_refine(ctx, q, r, x, count, (int)options->refine, err)
                                   : fit_levels(ctx, q, r, x, count, err);
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
    const rkmeans_options *options = q->family_options;
    sid__residual *r = NULL;
    SID_TRY(sid__residual_load(q, set, &r, err));
    r->normalize = options->normalize_residual;
    int64_t levels = r->levels;
    const sid__tensor *scale = NULL;
    sid_status status = r->normalize ? sid__tensor_get(set, "scale", SID__F32, 1, &levels, &scale, err) : SID_OK;
    if (status != SID_OK) {
        sid__residual_free(r);
        return status;
    }
    if (scale)
        memcpy(r->norm, scale->data, (size_t)levels * sizeof(float));
    q->state = r;
    return SID_OK;
}

static void drop(sid_quantizer *q)
{
    sid__residual_free(q->state);
    q->state = NULL;
}

const sid__family_class sid__rkmeans = {.info = {.name = "rkmeans",
                                                 .summary = "residual k-means: fast, strong, the default",
                                                 .paper = "GRID, arXiv 2507.22224",
                                                 .options = option_table,
                                                 .option_count = sizeof option_table / sizeof *option_table},
                                        .options_size = sizeof(rkmeans_options),
                                        .is_ordered = true,
                                        .can_start = true,
                                        .settle = settle,
                                        .check = check,
                                        .fit = fit,
                                        .encode = encode,
                                        .decode = decode,
                                        .save = save,
                                        .load = load,
                                        .drop = drop};

sid_status sid__quantizer_from_codebooks(const float *const *codebook, const int *codes, int levels, int dim,
                                         const float *mean, sid_quantizer **out, sid_error *err)
{
    char text[SID_LEVELS_MAX * 6 + 1];
    size_t used = 0;
    for (int l = 0; l < levels && l < SID_LEVELS_MAX; l++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", l ? "," : "", codes[l]);
    sid_quantizer *q = NULL;
    SID_TRY(sid__quantizer_create(
        &(sid_quantizer_options){.levels = levels, .codes = text, .options = mean ? "" : "no_center"}, &q, err));
    q->dim = q->prepared_dim = dim;
    sid__residual *r = NULL;
    sid_status status = sid__residual_create(q, &r, err);
    q->state = r;
    for (int l = 0; l < levels && status == SID_OK; l++) {
        memcpy(sid__codebook_code(&r->book[l]), codebook[l], (size_t)codes[l] * (size_t)dim * sizeof(float));
        sid__codebook_pack(&r->book[l]);
    }
    if (status == SID_OK && mean)
        status = sid__alloc(&q->mean, (size_t)dim, sizeof(float), "the mean", err);
    if (status != SID_OK) {
        sid_quantizer_free(q);
        return status;
    }
    if (mean)
        memcpy(q->mean, mean, (size_t)dim * sizeof(float));
    *out = q;
    return SID_OK;
}
