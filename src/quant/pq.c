/* pq.c: product quantization (Jegou, Douze, Schmid, TPAMI 33, 2011; as semantic IDs: VQ-Rec, 2210.12316): the dimensions
 * are cut into `levels` slices, and k-means runs in each.
 *
 * Departures: labels, sums and codebooks are bit-equal on any machine; codes are numbered by falling count.
 */
#include <stdio.h>

#include "quant/families.h"
#include "quant/kmeans_follow.h"
#include "quant/slices.h"

typedef struct pq_options {
    int64_t iters, stage_iters, n_init;
    double tol;
    int init;
} pq_options;

#define AT(field) offsetof(pq_options, field)
static const sid_option option_table[] = {
    {"init", SID_OPTION_CHOICE, "progressive", 0, 0, "progressive|greedy|random",
     "k-means start: few principal directions first, k-means++ with trials, or random rows", AT(init)},
    {"iters", SID_OPTION_INT, "50", 1, 100000, NULL, "k-means sweeps a slice at most", AT(iters)},
    {"stage_iters", SID_OPTION_INT, "20", 1, 100000, NULL, "sweeps a stage of the progressive start", AT(stage_iters)},
    {"tol", SID_OPTION_FLOAT, "0.0001", 0, 1, NULL, "stop when the relative gain in squared error is below", AT(tol)},
    {"n_init", SID_OPTION_INT, "1", 1, 1000, NULL, "k-means starts a slice; the best one is kept", AT(n_init)},
};
#undef AT

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    (void)count;
    return sid__slices_check(q, prepared_dim, err);
}

static sid_status fit_slice(sid_ctx *ctx, const sid_quantizer *q, sid__slices *s, int level, const float *part,
                            int64_t count, uint16_t *label, sid_error *err)
{
    const pq_options *options = q->family_options;
    char stage[32];
    (void)snprintf(stage, sizeof stage, "slice %d of %d", level + 1, s->levels);
    sid__kmeans_options kmeans = {.init = (sid__kmeans_init)options->init,
                                  .iters = (int)options->iters,
                                  .stage_iters = (int)options->stage_iters,
                                  .tol = options->tol,
                                  .n_init = (int)options->n_init,
                                  .seed = (uint64_t)q->options.seed,
                                  .index = (uint64_t)level,
                                  .stage = stage};
    const sid__slices *start = q->start ? q->start->state : NULL;
    if (start) {
        SID_TRY(sid__kmeans_follow(ctx, &kmeans, &start->book[level], part, count, &s->book[level], label, err));
        sid__slices_count(s, level, label, count);
        return SID_OK;
    }
    SID_TRY(sid__kmeans_fit(ctx, &kmeans, part, count, sid__slice_dim(s, level), &s->book[level], label, err));
    return sid__slices_number(s, level, label, count, err);
}

static sid_status fit_slices(sid_ctx *ctx, const sid_quantizer *q, sid__slices *s, const float *x, int64_t count,
                             sid_error *err)
{
    float *part = NULL;
    uint16_t *label = NULL;
    sid_status status =
        sid__alloc(&part, (size_t)count, (size_t)sid__slice_dim(s, 0) * sizeof(float), "a slice of the rows", err);
    if (status == SID_OK)
        status = sid__alloc(&label, (size_t)count, sizeof *label, "labels", err);
    for (int l = 0; l < s->levels && status == SID_OK; l++) {
        sid__slice_rows(x + s->begin[l], s->dim, count, sid__slice_dim(s, l), part);
        status = fit_slice(ctx, q, s, l, part, count, label, err);
    }
    sid__free(part);
    sid__free(label);
    return status;
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    sid__slices *s = NULL;
    SID_TRY(sid__slices_create(q, &s, err));
    sid_status status = fit_slices(ctx, q, s, x, count, err);
    if (status != SID_OK) {
        sid__slices_free(s);
        return status;
    }
    sid__slices_pack(s);
    q->state = s;
    return SID_OK;
}

static sid_status encode(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                         double *margins, sid_error *err)
{
    return sid__slices_encode(ctx, q->state, x, count, codes, margins, err);
}

static void decode(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x)
{
    sid__slices_decode(q->state, codes, count, depth, x);
}

static sid_status save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err)
{
    return sid__slices_save(q->state, set, err);
}

static sid_status load(sid_quantizer *q, const sid__tensor_set *set, sid_error *err)
{
    sid__slices *s = NULL;
    SID_TRY(sid__slices_load(q, set, false, false, &s, err));
    q->state = s;
    return SID_OK;
}

static void drop(sid_quantizer *q)
{
    sid__slices_free(q->state);
    q->state = NULL;
}

const sid__family_class sid__pq = {
    .info = {.name = "pq",
             .summary = "product quantization: each level codes dimensions of its own; no prefixes",
             .paper = "Jegou et al., TPAMI 2011; VQ-Rec, arXiv 2210.12316",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(pq_options),
    .is_ordered = false,
    .no_beam = true,
    .can_start = true,
    .check = check,
    .fit = fit,
    .encode = encode,
    .decode = decode,
    .save = save,
    .load = load,
    .drop = drop};
