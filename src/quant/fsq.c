/* fsq.c: finite scalar quantization (FSQ, 2309.15505): principal components at unit variance, each rounded by itself
 * (fsq_channel.h), a group of them to a code (fsq_shape.h). Nothing is learned beyond the directions, so nothing can die.
 *
 * Departures: (1) by default no encoder network: channels are principal components, the leading ones in the first level, so
 * that prefixes mean something; `projection` mlp trains one from there (fsq_mlp.c); (2) h and s as in fsq_channel.h, the
 * paper's by `shift` tan; (3) decoding gives the mean y of a cell's rows (`fsq.value`), which is nearer than inverting tanh:
 * the outermost cells reach to infinity. A cell without rows is inverted. `residual` rounds the same channels again and
 * again, finer at each level; there a cell is the channel's digits so far (docs/decisions/014). What is fitted: fsq_state.h.
 * `kmeans_levels` puts levels of residual k-means in front (2602.09458) and works on what they leave.
 *
 * All is double, in a fixed order, from prepared fp32 rows: products of two floats are exact in double.
 */
#include <math.h>
#include <string.h>

#include "linalg/linalg.h"
#include "quant/families.h"
#include "quant/fsq_state.h"
#include "quant/residual.h"

enum { FIT_ROWS = 4096, CHUNK_ROWS = 256 };

#define AT(field) offsetof(sid__fsq_options, field)
static const sid_option option_table[] = {
    {"fsq_levels", SID_OPTION_TEXT, "", 0, 0, NULL,
     "steps of the channels of each level, such as 8,6,5;8,6,5;8,6,5, or one group for all; codes are their products "
     "(not given: 8,6,5 at every level, or --codes split into steps)",
     AT(fsq_levels)},
    {"shift", SID_OPTION_CHOICE, "atanh", 0, 0, "atanh|tan", "centring of even step counts: exact, or as in the paper",
     AT(shift)},
    {"residual", SID_OPTION_FLAG, "false", 0, 0, NULL,
     "round the same channels at every level, finer each time; all groups must be equal", AT(residual)},
    {"kmeans_levels", SID_OPTION_INT, "0", 0, SID_LEVELS_MAX - 1, NULL, "levels of residual k-means before fsq's",
     AT(kmeans_levels)},
    {"projection", SID_OPTION_CHOICE, "pca", 0, 0, "pca|mlp",
     "what is rounded: principal components, or what a network learned from there; the options below are its own",
     AT(projection)},
    {"hidden", SID_OPTION_TEXT, "512,256,128", 0, 0, NULL,
     "widths of the encoder's inner layers; the decoder mirrors them", AT(mlp.hidden)},
    {"steps", SID_OPTION_INT, "1500", 1, 1e9, NULL, "training steps at most", AT(mlp.steps)},
    {"batch", SID_OPTION_INT, "1024", 1, 1 << 20, NULL, "rows a step", AT(mlp.batch)},
    {"lr", SID_OPTION_FLOAT, "0.001", 0, 10, NULL, "learning rate of AdamW at its highest", AT(mlp.lr)},
    {"warmup", SID_OPTION_INT, "300", 0, 1e9, NULL, "steps over which lr rises; then it falls along a cosine",
     AT(mlp.warmup)},
    {"watch_every", SID_OPTION_INT, "250", 1, 1e9, NULL, "steps between looks at the held-out rows",
     AT(mlp.watch_every)},
    {"patience", SID_OPTION_INT, "8", 0, 1e9, NULL, "looks without gain that end the training; 0: none do",
     AT(mlp.patience)},
    {"tune_steps", SID_OPTION_INT, "1000", 0, 1e9, NULL, "steps of the decoder alone at the end", AT(mlp.tune_steps)},
};
#undef AT

/* One row on its way through the groups. */
typedef struct fsq_row {
    double y[SID__FSQ_CHANNELS_MAX], rest[SID__FSQ_CHANNELS_MAX], center[SID__FSQ_CHANNELS_MAX];
} fsq_row;

/* ---- Options */

static sid_status settle(sid_quantizer *q, bool has_levels, bool has_codes, sid_error *err)
{
    sid__fsq_options *options = q->family_options;
    return sid__fsq_settle(q, (int)options->kmeans_levels, options->fsq_levels, has_levels, has_codes, err);
}

/* A grid to go on from is kept as it is. */
static sid_status check_start(const sid__fsq_options *options, const sid__fsq_options *before, sid_error *err)
{
    const char *differs = strcmp(options->fsq_levels, before->fsq_levels) != 0   ? "fsq_levels"
                          : options->shift != before->shift                      ? "shift"
                          : options->residual != before->residual                ? "residual"
                          : options->kmeans_levels != before->kmeans_levels      ? "kmeans_levels"
                          : options->projection != before->projection            ? "projection"
                          : strcmp(options->mlp.hidden, before->mlp.hidden) != 0 ? "hidden"
                                                                                 : NULL;
    if (!differs)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "%s is not that of the quantizer to start from, whose grid is kept; leave it out",
                     differs);
}

static sid_status check(const sid_quantizer *q, int64_t count, int prepared_dim, sid_error *err)
{
    const sid__fsq_options *options = q->family_options;
    sid__fsq_shape shape;
    sid__mlp_shape network;
    (void)count;
    SID_TRY(sid__fsq_shape_of(q, &shape, err));
    if (options->projection)
        SID_TRY(sid__fsq_mlp_shape(&options->mlp, prepared_dim, shape.begin[shape.groups], &network, err));
    if (options->projection && prepared_dim > SID__MLP_WIDTH_MAX)
        return sid__fail(err, SID_EUSAGE,
                         "vectors have %d dimensions; projection mlp takes at most %d: lower them by pca", prepared_dim,
                         SID__MLP_WIDTH_MAX);
    if (options->projection && options->residual)
        return sid__fail(err, SID_EUSAGE,
                         "projection is mlp with residual; a network learns the channels of one rounding each, so "
                         "leave one of them out");
    if (options->residual && !sid__fsq_shape_is_even(&shape))
        return sid__fail(err, SID_EUSAGE,
                         "fsq_levels is \"%s\" with residual; equal groups are needed there, such as %s",
                         options->fsq_levels, "8,6,5 for every level");
    return q->start ? check_start(options, q->start->family_options, err) : SID_OK;
}

/* ---- Rows to channels */

/* y (channels) of a row; a constant channel is 0. */
static void project(const sid__fsq_state *f, const float *row, double *y)
{
    for (int c = 0; c < f->channels; c++)
        y[c] = 0;
    for (int d = 0; d < f->dim; d++)
        for (int c = 0; c < f->channels; c++)
            y[c] += (double)row[d] * (double)f->direction[(int64_t)d * f->channels + c];
    for (int c = 0; c < f->channels; c++)
        y[c] = f->spread[c] > 0 ? y[c] / f->spread[c] : 0;
}

typedef struct project_job {
    const sid__fsq_state *f;
    const float *x;
    double *y; /* (rows, channels) */
} project_job;

static void project_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const project_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        project(job->f, job->x + i * job->f->dim, job->y + i * job->f->channels);
}

/* What k-means leaves of x, in place; codes (count, kmeans_levels). */
static void subtract_kmeans(const sid__fsq_state *f, const uint16_t *codes, int64_t count, float *x)
{
    const sid__residual *kmeans = f->kmeans->state;
    for (int64_t i = 0; i < count; i++)
        for (int l = 0; l < f->kmeans_levels; l++) {
            const float *code = kmeans->book[l].code + (int64_t)codes[i * f->kmeans_levels + l] * f->dim;
            for (int d = 0; d < f->dim; d++)
                x[i * f->dim + d] -= code[d];
        }
}

/* ---- Fitting: spreads, then the means of cells, in row order */

typedef void visit_fn(sid__fsq_state *f, const double *y, double *sum, int64_t *size);

static void add_square(sid__fsq_state *f, const double *y, double *sum, int64_t *size)
{
    (void)size;
    for (int c = 0; c < f->channels; c++)
        sum[c] += y[c] * y[c];
}

static void add_to_cells(sid__fsq_state *f, const double *y, double *sum, int64_t *size)
{
    for (int c = 0; c < f->channels; c++) {
        double rest = sid__fsq_bound(&f->channel[c], y[c]);
        for (int t = 0, cell = 0, place = 1; t < f->depths; t++, place *= f->channel[c].steps) {
            cell += place * sid__fsq_round(&f->channel[c], place, &rest);
            sum[f->cell_begin[t][c] + cell] += y[c];
            size[f->cell_begin[t][c] + cell]++;
        }
    }
}

/* Rows are projected by all threads, block by block, and visited in their order. */
static sid_status visit_rows(sid_ctx *ctx, sid__fsq_state *f, const float *x, int64_t count, double *y, visit_fn *visit,
                             double *sum, int64_t *size, sid_error *err)
{
    for (int64_t begin = 0; begin < count; begin += FIT_ROWS) {
        int64_t rows = count - begin < FIT_ROWS ? count - begin : FIT_ROWS;
        SID_TRY(sid__ctx_check(ctx, err));
        project_job job = {.f = f, .x = x + begin * f->dim, .y = y};
        sid__ctx_for(ctx, rows, CHUNK_ROWS, project_chunk, &job);
        for (int64_t i = 0; i < rows; i++)
            visit(f, y + i * f->channels, sum, size);
    }
    return SID_OK;
}

static sid_status fit_spreads(sid_ctx *ctx, sid__fsq_state *f, const float *x, int64_t count, double *y, sid_error *err)
{
    double *sum = NULL;
    SID_TRY(sid__alloc(&sum, (size_t)f->channels, sizeof *sum, "sums of squares", err));
    for (int c = 0; c < f->channels; c++)
        f->spread[c] = 1;
    sid_status status = visit_rows(ctx, f, x, count, y, add_square, sum, NULL, err);
    for (int c = 0; c < f->channels; c++)
        f->spread[c] = sqrt(sum[c] / (double)count);
    sid__free(sum);
    return status;
}

/* u in the middle of a cell of `depth` digits. */
static double cell_center(const sid__fsq_channel *c, int cell, int depth)
{
    double center = 0, scale = 1;
    for (int t = 0; t <= depth; t++) {
        center += (cell % c->steps + c->lowest) / scale;
        cell /= c->steps;
        scale *= c->steps;
    }
    return center;
}

static void divide_cells(sid__fsq_state *f, int depth, int c, const int64_t *size)
{
    int end = c + 1 < f->channels     ? f->cell_begin[depth][c + 1]
              : depth + 1 < f->depths ? f->cell_begin[depth + 1][0]
                                      : f->cells;
    for (int at = f->cell_begin[depth][c]; at < end; at++)
        f->value[at] = size[at] ? f->value[at] / (double)size[at]
                                : sid__fsq_unbound(&f->channel[c],
                                                   cell_center(&f->channel[c], at - f->cell_begin[depth][c], depth));
}

static sid_status fit_values(sid_ctx *ctx, sid__fsq_state *f, const float *x, int64_t count, double *y, sid_error *err)
{
    int64_t *size = NULL;
    SID_TRY(sid__alloc(&size, (size_t)f->cells, sizeof *size, "sizes of cells", err));
    sid_status status = visit_rows(ctx, f, x, count, y, add_to_cells, f->value, size, err);
    for (int t = 0; t < f->depths; t++)
        for (int c = 0; c < f->channels; c++)
            divide_cells(f, t, c, size);
    sid__free(size);
    return status;
}

/* Directions beyond the dimensions there are stay zero. */
static sid_status fit_directions(sid_ctx *ctx, const sid_quantizer *q, sid__fsq_state *f, const float *x, int64_t count,
                                 sid_error *err)
{
    int rank = f->channels < f->dim ? f->channels : f->dim;
    float *v = NULL;
    if (rank < f->channels)
        sid__ctx_warn(ctx, "fsq has %d channels for %d dimensions; the last %d stay constant", f->channels, f->dim,
                      f->channels - rank);
    SID_TRY(sid__alloc(&v, (size_t)f->dim, (size_t)rank * sizeof *v, "principal directions", err));
    sid_status status = sid__pca(ctx, x, count, f->dim, rank, (uint64_t)q->options.seed, v, err);
    for (int d = 0; d < f->dim; d++)
        memcpy(f->direction + (int64_t)d * f->channels, v + (int64_t)d * rank, (size_t)rank * sizeof *v);
    sid__free(v);
    return status;
}

static sid_status find_values(sid_ctx *ctx, const sid_quantizer *q, sid__fsq_state *f, const float *x, int64_t count,
                              sid_error *err)
{
    double *y = NULL;
    size_t rows = (size_t)(count < FIT_ROWS ? count : FIT_ROWS), channels = (size_t)f->channels;
    const sid__fsq_state *start = q->start ? q->start->state : NULL;
    SID_TRY(sid__alloc(&y, rows, channels * sizeof *y, "channels of rows", err));
    sid_status status = SID_OK;
    if (start) { /* the same grid: only what its cells stand for is found anew */
        memcpy(f->direction, start->direction, (size_t)f->dim * channels * sizeof *f->direction);
        memcpy(f->spread, start->spread, channels * sizeof *f->spread);
    } else {
        status = fit_spreads(ctx, f, x, count, y, err);
    }
    if (status == SID_OK)
        status = fit_values(ctx, f, x, count, y, err);
    sid__free(y);
    return status;
}

static sid_status fit_network(sid_ctx *ctx, const sid_quantizer *q, sid__fsq_state *f, float *x, int64_t count,
                              sid_error *err)
{
    const sid__fsq_options *options = q->family_options;
    const sid__fsq_state *start = q->start ? q->start->state : NULL;
    const sid__fsq_mlp_task task = {.options = &options->mlp,
                                    .shape = &f->shape,
                                    .channel = f->channel,
                                    .channels = f->channels,
                                    .levels_before = f->kmeans_levels,
                                    .direction = f->direction,
                                    .spread = f->spread,
                                    .start = start ? start->net : NULL};
    return sid__fsq_mlp_fit(ctx, q, &task, x, count, f->center, &f->net, err);
}

/* x may be overwritten. */
static sid_status fit_channels(sid_ctx *ctx, const sid_quantizer *q, sid__fsq_state *f, float *x, int64_t count,
                               sid_error *err)
{
    if (!q->start)
        SID_TRY(fit_directions(ctx, q, f, x, count, err));
    if (!f->is_learned || !q->start) /* what a network starts from */
        SID_TRY(find_values(ctx, q, f, x, count, err));
    return f->is_learned ? fit_network(ctx, q, f, x, count, err) : SID_OK;
}

/* Fits the k-means levels and the channels on what they leave. */
static sid_status fit_after_kmeans(sid_ctx *ctx, const sid_quantizer *q, sid__fsq_state *f, const float *x,
                                   int64_t count, sid_error *err)
{
    float *rest = NULL;
    uint16_t *codes = NULL;
    size_t row_size = (size_t)f->dim * sizeof *rest;
    sid_status status = sid__alloc(&rest, (size_t)count, row_size, "residuals", err);
    if (status == SID_OK) {
        memcpy(rest, x, (size_t)count * row_size);
        f->kmeans->start = q->start ? ((const sid__fsq_state *)q->start->state)->kmeans : NULL;
        status = f->kmeans->family->fit(ctx, f->kmeans, rest, count, err); /* which overwrites them */
        f->kmeans->start = NULL;                                           /* it was for the fit */
    }
    if (status == SID_OK)
        status = sid__alloc(&codes, (size_t)count, (size_t)f->kmeans_levels * sizeof *codes, "codes", err);
    if (status == SID_OK)
        status = f->kmeans->family->encode(ctx, f->kmeans, x, count, codes, NULL, err);
    if (status == SID_OK) {
        memcpy(rest, x, (size_t)count * row_size);
        subtract_kmeans(f, codes, count, rest);
        status = fit_channels(ctx, q, f, rest, count, err);
    }
    sid__free(rest);
    sid__free(codes);
    return status;
}

static sid_status fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    sid__fsq_state *f = NULL;
    SID_TRY(sid__fsq_state_create(q, &f, err));
    sid_status status = f->kmeans ? fit_after_kmeans(ctx, q, f, x, count, err) : fit_channels(ctx, q, f, x, count, err);
    if (status != SID_OK) {
        sid__fsq_state_free(f);
        return status;
    }
    q->state = f;
    return SID_OK;
}

/* ---- Encoding */

/* x: the row, or its channels as a network gave them. */
static void row_begin(const sid__fsq_state *f, const float *x, fsq_row *row)
{
    if (!f->is_learned)
        project(f, x, row->y);
    for (int c = 0; c < f->channels && f->is_learned; c++)
        row->y[c] = (double)x[c];
    for (int c = 0; c < f->channels; c++) {
        row->rest[c] = sid__fsq_bound(&f->channel[c], row->y[c]);
        row->center[c] = 0;
    }
}

/* n^group: how much finer this group's steps are. */
static double scale_of(const sid__fsq_state *f, int group, int channel)
{
    double scale = 1;
    for (int g = 0; g < group && f->is_residual; g++)
        scale *= f->channel[channel].steps;
    return scale;
}

/* The code of one group: digits, the first channel's the lowest. */
static int row_code(const sid__fsq_state *f, int group, fsq_row *row, double *margin)
{
    int first = f->is_residual ? 0 : f->shape.begin[group], code = 0, place = 1;
    int count = f->shape.begin[group + 1] - f->shape.begin[group];
    double least = (double)INFINITY;
    for (int c = first; c < first + count; c++) {
        double scale = scale_of(f, group, c);
        int digit = sid__fsq_round(&f->channel[c], scale, &row->rest[c]);
        row->center[c] += (digit + f->channel[c].lowest) / scale;
        code += digit * place;
        place *= f->channel[c].steps;
        if (margin)
            least = fmin(least, sid__fsq_margin(&f->channel[c], scale, digit, row->center[c], row->y[c]));
    }
    if (margin)
        *margin = least;
    return code;
}

typedef struct encode_job {
    const sid__fsq_state *f;
    const float *x; /* (rows, dim), less the k-means levels; (rows, channels) of a network */
    int levels;
    uint16_t *codes;
    double *margins; /* NULL: none */
} encode_job;

static void encode_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const encode_job *job = arg;
    int64_t width = job->f->is_learned ? job->f->channels : job->f->dim;
    fsq_row row;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        row_begin(job->f, job->x + i * width, &row);
        for (int g = 0; g < job->f->shape.groups; g++) {
            int64_t at = i * job->levels + job->f->kmeans_levels + g;
            job->codes[at] = (uint16_t)row_code(job->f, g, &row, job->margins ? &job->margins[at] : NULL);
        }
    }
}

/* The k-means levels of codes and margins; x becomes what they leave. */
static sid_status encode_kmeans(sid_ctx *ctx, const sid__fsq_state *f, int64_t count, float *x, encode_job *job,
                                sid_error *err)
{
    int levels = f->kmeans_levels;
    uint16_t *codes = NULL;
    double *margins = NULL;
    sid_status status = sid__alloc(&codes, (size_t)count, (size_t)levels * sizeof *codes, "codes", err);
    if (status == SID_OK && job->margins)
        status = sid__alloc(&margins, (size_t)count, (size_t)levels * sizeof *margins, "margins", err);
    if (status == SID_OK)
        status = f->kmeans->family->encode(ctx, f->kmeans, x, count, codes, margins, err);
    for (int64_t i = 0; i < count && status == SID_OK; i++) {
        memcpy(job->codes + i * job->levels, codes + i * levels, (size_t)levels * sizeof *codes);
        if (margins)
            memcpy(job->margins + i * job->levels, margins + i * levels, (size_t)levels * sizeof *margins);
    }
    if (status == SID_OK)
        subtract_kmeans(f, codes, count, x);
    sid__free(codes);
    sid__free(margins);
    return status;
}

static sid_status encode_latents(sid_ctx *ctx, void *user, int64_t begin, int64_t rows, float *z, sid_error *err)
{
    encode_job job = *(const encode_job *)user;
    (void)err;
    job.x = z;
    job.codes += begin * job.levels;
    job.margins = job.margins ? job.margins + begin * job.levels : NULL;
    sid__ctx_for(ctx, rows, CHUNK_ROWS, encode_chunk, &job);
    return SID_OK;
}

static sid_status encode(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                         double *margins, sid_error *err)
{
    const sid__fsq_state *f = q->state;
    encode_job job = {.f = f, .x = x, .levels = (int)q->options.levels, .codes = codes, .margins = margins};
    float *rest = NULL;
    sid_status status = SID_OK;
    if (f->kmeans) {
        size_t row_size = (size_t)f->dim * sizeof *rest;
        SID_TRY(sid__alloc(&rest, (size_t)count, row_size, "residuals", err));
        memcpy(rest, x, (size_t)count * row_size);
        job.x = rest;
        status = encode_kmeans(ctx, f, count, rest, &job, err);
    }
    if (status == SID_OK && f->is_learned)
        status = sid__rqvae_codec_visit(ctx, f->net, false, job.x, count, encode_latents, &job, err);
    else if (status == SID_OK)
        sid__ctx_for(ctx, count, CHUNK_ROWS, encode_chunk, &job);
    sid__free(rest);
    return status;
}

static void decode(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x)
{
    const sid__fsq_state *f = q->state;
    for (int64_t i = 0; i < count; i++)
        sid__fsq_state_decode(f, codes + i * q->options.levels, depth, x + i * f->dim);
}

static sid_status save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err)
{
    return sid__fsq_state_save(q->state, set, err);
}

static sid_status load(sid_quantizer *q, const sid__tensor_set *set, sid_error *err)
{
    sid__fsq_state *f = NULL;
    SID_TRY(sid__fsq_state_create(q, &f, err));
    sid_status status = sid__fsq_state_load(q, f, set, err);
    if (status != SID_OK) {
        sid__fsq_state_free(f);
        return status;
    }
    q->state = f;
    return SID_OK;
}

static double train_flop(const sid_quantizer *q, int dim)
{
    const sid__fsq_options *options = q->family_options;
    sid__fsq_shape shape;
    return options->projection && sid__fsq_shape_of(q, &shape, NULL) == SID_OK
               ? sid__fsq_mlp_flop(&options->mlp, dim, shape.begin[shape.groups])
               : 0;
}

static double fit_size(const sid_quantizer *q, int64_t count, int dim)
{
    const sid__fsq_options *options = q->family_options;
    sid__fsq_shape shape;
    return options->projection && sid__fsq_shape_of(q, &shape, NULL) == SID_OK
               ? sid__fsq_mlp_size(&options->mlp, dim, shape.begin[shape.groups], count)
               : 0;
}

static void drop(sid_quantizer *q)
{
    sid__fsq_state_free(q->state);
    q->state = NULL;
}

const sid__family_class sid__fsq = {.info = {.name = "fsq",
                                             .summary = "rounds principal components: instant, balanced by design",
                                             .paper = "FSQ, arXiv 2309.15505",
                                             .options = option_table,
                                             .option_count = sizeof option_table / sizeof *option_table},
                                    .options_size = sizeof(sid__fsq_options),
                                    .is_ordered = true,
                                    .no_beam = true,
                                    .can_start = true,
                                    .can_resume = true,
                                    .settle = settle,
                                    .check = check,
                                    .train_flop = train_flop,
                                    .fit_size = fit_size,
                                    .fit = fit,
                                    .encode = encode,
                                    .decode = decode,
                                    .save = save,
                                    .load = load,
                                    .drop = drop};
