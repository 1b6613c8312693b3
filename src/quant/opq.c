/* opq.c: optimized product quantization (Ge, He, Ke, Sun, TPAMI 36, 2014; as semantic IDs: RPG, 2506.05781): pq on rows
 * turned by a rotation that was learned with the codebooks.
 *
 *     start: principal directions, dealt so that the slices' eigenvalue products balance
 *     `rounds` times: Y = X R; one Lloyd sweep a slice; R = U V^T from the decomposition of X^T Yhat
 *     then k-means a slice on X R
 *
 * Departures: (1) X^T Yhat is had from the sums of X by code, which are fixed point, hence the same bits on any machine;
 * (2) U V^T comes from Newton-Schulz steps (linalg/polar.c); (3) `whiten` gives all principal directions the variance of
 * the weakest one rather than 1, so that entries stay small; nearest codes are the same.
 */
#include <stdio.h>
#include <string.h>

#include "linalg/linalg.h"
#include "linalg/matmul.h"
#include "quant/families.h"
#include "quant/kmeans_init.h"
#include "quant/rotation.h"

enum { STRIP_CODES = 256 }; /* codes whose sums of X are held at once */

typedef struct opq_options {
    int64_t rounds, iters;
    double tol;
    int init;
    bool whiten;
} opq_options;

#define AT(field) offsetof(opq_options, field)
static const sid_option option_table[] = {
    {"rounds", SID_OPTION_INT, "20", 0, 100000, NULL, "rounds of {k-means sweep, better rotation}", AT(rounds)},
    {"init", SID_OPTION_CHOICE, "random", 0, 0, "progressive|greedy|random",
     "k-means start: few principal directions first, k-means++ with trials, or random rows", AT(init)},
    {"iters", SID_OPTION_INT, "50", 1, 100000, NULL, "k-means sweeps a slice at most, after the rounds", AT(iters)},
    {"tol", SID_OPTION_FLOAT, "0.0001", 0, 1, NULL, "stop when the relative gain in squared error is below", AT(tol)},
    {"whiten", SID_OPTION_FLAG, "false", 0, 0, NULL,
     "all directions to equal variance first: codes in use evenly, higher error", AT(whiten)},
};
#undef AT

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    (void)count;
    SID_TRY(sid__slices_check(q, prepared_dim, err));
    if (prepared_dim > SID__ROTATION_DIM_MAX)
        return sid__fail(
            err, SID_EUSAGE,
            "opq learns a rotation of at most %d dimensions, there are %d; lower them with pca=%d, or take "
            "quantizer pq",
            SID__ROTATION_DIM_MAX, prepared_dim, SID__ROTATION_DIM_MAX);
    const opq_options *options = q->family_options, *before = q->start ? q->start->family_options : options;
    if (options->whiten != before->whiten)
        return sid__fail(err, SID_EUSAGE, "whiten is %s; the quantizer to start from has %s, and its rotation is kept",
                         options->whiten ? "given" : "left out", before->whiten ? "it" : "none");
    return SID_OK;
}

typedef struct training {
    sid_ctx *ctx;
    const sid_quantizer *q;
    const opq_options *options;
    sid__slices *s;
    const float *raw, *x; /* (count, dim): the rows, and what the rounds turn: the rows, or whitened */
    float *white;         /* (count, dim) x when whitened, else NULL */
    int64_t count;
    int dim;
    double *gain;            /* (dim) of each principal direction, NULL: not whitened */
    sid__directions found;   /* of raw */
    double *r, *cross;       /* (dim, dim) the rotation of x; X^T Yhat */
    float *rotation, *back;  /* (dim, dim) r in fp32; of raw at the end, back only when whitened */
    float *y;                /* (count, dim) x r, slice after slice */
    int64_t *sum;            /* (STRIP_CODES, dim) sums of x by code */
    double *mean_sum, scale; /* (STRIP_CODES, dim) the same in double; fixed point of x */
    bool is_started;         /* codebooks hold codes */
} training;

/* ---- Start */

static sid_status allocate(training *t, sid_error *err)
{
    size_t dim = (size_t)t->dim, square = dim * dim, rows = (size_t)t->count;
    SID_TRY(sid__alloc(&t->r, square, sizeof(double), "a rotation", err));
    SID_TRY(sid__alloc(&t->cross, square, sizeof(double), "the rotation's products", err));
    SID_TRY(sid__alloc(&t->rotation, square, sizeof(float), "a rotation", err));
    SID_TRY(sid__alloc(&t->y, rows, dim * sizeof(float), "rotated rows", err));
    SID_TRY(sid__alloc(&t->sum, STRIP_CODES, dim * sizeof(int64_t), "sums by code", err));
    SID_TRY(sid__alloc(&t->mean_sum, STRIP_CODES, dim * sizeof(double), "sums by code", err));
    if (!t->options->whiten)
        return SID_OK;
    SID_TRY(sid__alloc(&t->gain, dim, sizeof(double), "gains", err));
    SID_TRY(sid__alloc(&t->back, square, sizeof(float), "the inverse of a rotation", err));
    return sid__alloc(&t->white, rows, dim * sizeof(float), "whitened rows", err);
}

static void drop_training(training *t)
{
    sid__directions_drop(&t->found);
    sid__free(t->r);
    sid__free(t->cross);
    sid__free(t->rotation);
    sid__free(t->back);
    sid__free(t->y);
    sid__free(t->sum);
    sid__free(t->mean_sum);
    sid__free(t->gain);
    sid__free(t->white);
}

static void to_floats(const double *from, int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)from[i];
}

/* white = raw v diag(gain) */
static sid_status whiten(training *t, sid_error *err)
{
    sid__slices whole = {.levels = 1, .dim = t->dim, .begin = {0, t->dim}};
    sid__whitening_gain(t->found.value, t->dim, t->gain);
    for (int d = 0; d < t->dim; d++)
        for (int i = 0; i < t->dim; i++)
            t->rotation[(int64_t)d * t->dim + i] = (float)(t->found.v[(int64_t)d * t->dim + i] * t->gain[i]);
    t->x = t->white;
    return sid__rotate_slices(t->ctx, &whole, t->rotation, t->raw, t->count, t->white, err);
}

/* r: principal directions (whitened rows have them as axes already) in their dealt places. */
static sid_status start(training *t, sid_error *err)
{
    int *place = NULL;
    SID_TRY(sid__directions_create(t->ctx, t->raw, t->count, t->dim, (uint64_t)t->q->options.seed, &t->found, err));
    SID_TRY(sid__alloc(&place, (size_t)t->dim, sizeof *place, "places of directions", err));
    sid__deal_directions(t->s, t->found.value, place);
    for (int d = 0; d < t->dim; d++)
        for (int i = 0; i < t->dim; i++)
            t->r[(int64_t)d * t->dim + place[i]] = t->gain ? d == i : t->found.v[(int64_t)d * t->dim + i];
    sid__free(place);
    if (t->gain)
        SID_TRY(whiten(t, err));
    sid_status status = SID_OK;
    t->scale = sid__fixed_scale(t->ctx, t->x, t->count, t->dim, err, &status);
    return status;
}

/* ---- Rounds */

/* cross[:, slice] = sum over codes of (sum of the code's rows of x)^T code, which is X^T Yhat of that slice. */
static void add_products(training *t, int level, const sid__lloyd *lloyd)
{
    int slice_dim = lloyd->dim;
    for (int first = 0; first < lloyd->codes; first += STRIP_CODES) {
        int codes = lloyd->codes - first < STRIP_CODES ? lloyd->codes - first : STRIP_CODES;
        sid__sum_by_code(t->ctx, t->x, t->dim, t->scale, codes, lloyd->begin + first, lloyd->order, t->sum);
        for (int64_t i = 0; i < (int64_t)codes * t->dim; i++)
            t->mean_sum[i] = (double)t->sum[i] / t->scale;
        sid__multiply(t->ctx, &(sid__product){.a = {.f64 = t->mean_sum, .depth_step = t->dim, .lane_step = 1},
                                              .b = {.f32 = lloyd->book.code + (int64_t)first * slice_dim,
                                                    .depth_step = slice_dim,
                                                    .lane_step = 1},
                                              .m = t->dim,
                                              .n = slice_dim,
                                              .depth = codes,
                                              .c = t->cross + t->s->begin[level],
                                              .c_step = t->dim,
                                              .is_added = first > 0});
    }
}

static sid_status start_codes(const training *t, int level, const char *stage, sid__lloyd *lloyd, sid_error *err)
{
    sid__kmeans_options kmeans = {.init = (sid__kmeans_init)t->options->init,
                                  .stage_iters = 1,
                                  .seed = (uint64_t)t->q->options.seed,
                                  .index = (uint64_t)level,
                                  .stage = stage};
    return sid__kmeans_start(t->ctx, &kmeans, 0, lloyd, err);
}

/* `iters` Lloyd sweeps of one slice from the codes it has. In the last pass its codes are numbered. */
static sid_status sweep_slice(training *t, int level, int iters, bool is_last, const char *stage, sid_error *err)
{
    sid__codebook *book = &t->s->book[level];
    size_t size = (size_t)book->codes * (size_t)book->dim * sizeof(float);
    sid__lloyd lloyd;
    SID_TRY(
        sid__lloyd_create(t->ctx, t->y + t->count * t->s->begin[level], t->count, book->dim, book->codes, &lloyd, err));
    sid_status status = SID_OK;
    if (t->is_started)
        memcpy(sid__codebook_code(&lloyd.book), book->code, size);
    else
        status = start_codes(t, level, stage, &lloyd, err);
    if (status == SID_OK)
        status = sid__lloyd_run(t->ctx, &lloyd, iters, t->options->tol, stage, err);
    if (status == SID_OK)
        memcpy(sid__codebook_code(book), lloyd.book.code, size);
    if (status == SID_OK && is_last) {
        sid__lloyd_assign(t->ctx, &lloyd);
        if (t->q->start)
            sid__slices_count(t->s, level, lloyd.label, t->count);
        else
            status = sid__slices_number(t->s, level, lloyd.label, t->count, err);
    } else if (status == SID_OK) {
        add_products(t, level, &lloyd);
    }
    sid__lloyd_drop(&lloyd);
    return status;
}

static sid_status sweep_slices(training *t, int iters, bool is_last, const char *stage, sid_error *err)
{
    for (int l = 0; l < t->s->levels; l++)
        SID_TRY(sweep_slice(t, l, iters, is_last, stage, err));
    t->is_started = true;
    return SID_OK;
}

static sid_status run_rounds(training *t, sid_error *err)
{
    char stage[64];
    int64_t square = (int64_t)t->dim * t->dim;
    for (int64_t round = 0; round < t->options->rounds; round++) {
        (void)snprintf(stage, sizeof stage, "rotation, round %lld of %lld", (long long)round + 1,
                       (long long)t->options->rounds);
        to_floats(t->r, square, t->rotation);
        SID_TRY(sid__rotate_slices(t->ctx, t->s, t->rotation, t->x, t->count, t->y, err));
        SID_TRY(sweep_slices(t, 1, false, stage, err));
        SID_TRY(sid__nearest_rotation(t->ctx, t->cross, t->dim, t->r, NULL, err));
    }
    return SID_OK;
}

/* ---- End */

/* With whitening, y = x v diag(gain) r and back = r^T diag(1 / gain) v^T. */
static void combine(training *t)
{
    int64_t n = t->dim, square = n * n;
    double *v = t->found.v;
    for (int64_t i = 0; i < square; i++)
        v[i] *= t->gain[i % n];
    sid__multiply(t->ctx, &(sid__product){.a = {.f64 = v, .depth_step = 1, .lane_step = n},
                                          .b = {.f64 = t->r, .depth_step = n, .lane_step = 1},
                                          .m = n,
                                          .n = n,
                                          .depth = n,
                                          .c = t->cross,
                                          .c_step = n});
    to_floats(t->cross, square, t->rotation);
    for (int64_t i = 0; i < square; i++)
        v[i] /= t->gain[i % n] * t->gain[i % n];
    sid__multiply(t->ctx, &(sid__product){.a = {.f64 = t->r, .depth_step = n, .lane_step = 1},
                                          .b = {.f64 = v, .depth_step = 1, .lane_step = n},
                                          .m = n,
                                          .n = n,
                                          .depth = n,
                                          .c = t->cross,
                                          .c_step = n});
    to_floats(t->cross, square, t->back);
}

static sid_status train(training *t, sid_error *err)
{
    SID_TRY(allocate(t, err));
    SID_TRY(start(t, err));
    SID_TRY(run_rounds(t, err));
    if (t->gain)
        combine(t);
    else
        to_floats(t->r, (int64_t)t->dim * t->dim, t->rotation);
    SID_TRY(sid__slices_rotate(t->s, t->rotation, t->back, err));
    SID_TRY(sid__rotate_slices(t->ctx, t->s, t->rotation, t->raw, t->count, t->y, err));
    SID_TRY(sweep_slices(t, (int)t->options->iters, true, "codebooks", err));
    sid__slices_pack(t->s);
    return SID_OK;
}

/* Goes on from q->start: its rotation, which gives every slice its meaning, stays; its codes move to fit the rows. */
static sid_status follow(training *t, sid_error *err)
{
    const sid__slices *start = t->q->start->state;
    SID_TRY(sid__alloc(&t->y, (size_t)t->count, (size_t)t->dim * sizeof(float), "rotated rows", err));
    SID_TRY(sid__slices_rotate(t->s, start->rotation, start->back, err));
    SID_TRY(sid__rotate_slices(t->ctx, t->s, start->rotation, t->raw, t->count, t->y, err));
    for (int l = 0; l < t->s->levels; l++) {
        const sid__codebook *book = &start->book[l];
        memcpy(sid__codebook_code(&t->s->book[l]), book->code, (size_t)book->codes * (size_t)book->dim * sizeof(float));
    }
    t->is_started = true;
    SID_TRY(sweep_slices(t, (int)t->options->iters, true, "codebooks", err));
    for (int l = 0; l < t->s->levels; l++)
        sid__codebook_pack(&t->s->book[l]);
    sid__slices_pack(t->s);
    return SID_OK;
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    training t = {
        .ctx = ctx, .q = q, .options = q->family_options, .raw = x, .x = x, .count = count, .dim = q->prepared_dim};
    /* One copy of the rows is in what quantizer.c reserves; square matrices and whitened rows come on top. */
    size_t size = (size_t)t.dim * (size_t)t.dim * 6 * sizeof(double) +
                  (t.options->whiten ? (size_t)count * (size_t)t.dim * sizeof(float) : 0);
    SID_TRY(sid__ctx_reserve(ctx, size, "a rotation", err));
    sid_status status = sid__slices_create(q, &t.s, err);
    if (status == SID_OK)
        status = q->start ? follow(&t, err) : train(&t, err);
    drop_training(&t);
    sid__ctx_release(ctx, size);
    if (status != SID_OK) {
        sid__slices_free(t.s);
        return status;
    }
    q->state = t.s;
    return SID_OK;
}

/* ---- The family */

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
    const opq_options *options = q->family_options;
    sid__slices *s = NULL;
    SID_TRY(sid__slices_load(q, set, true, options->whiten, &s, err));
    q->state = s;
    return SID_OK;
}

static void drop(sid_quantizer *q)
{
    sid__slices_free(q->state);
    q->state = NULL;
}

/* Matrices of all dimensions: the rotation and its inverse, what it is found from, the principal directions it starts from. */
static double fit_size(const sid_quantizer *q, int64_t count, int dim)
{
    enum { SQUARE_SIZE = 5 * sizeof(double) };
    const opq_options *options = q->family_options;
    double whitened = options->whiten ? (double)count * dim * sizeof(float) : 0;
    return (double)dim * dim * SQUARE_SIZE + whitened;
}

const sid__family_class sid__opq = {
    .info = {.name = "opq",
             .summary = "product quantization after a learned rotation: many parallel codes; no prefixes",
             .paper = "Ge et al., TPAMI 2014; RPG, arXiv 2506.05781",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(opq_options),
    .is_ordered = false,
    .no_beam = true,
    .can_start = true,
    .check = check,
    .fit_size = fit_size,
    .fit = fit,
    .encode = encode,
    .decode = decode,
    .save = save,
    .load = load,
    .drop = drop};
