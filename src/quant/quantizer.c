/* quantizer.c: what all families share: options in and out, prepared rows, blocks of encoding, tensors.
 *
 * Fitting copies the sampled rows once (they are prepared in place); encoding walks blocks of rows so that memory does
 * not grow with N.
 */
#include "quant/quantizer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/vectors.h"
#include "quant/codebook.h"
#include "quant/prepare.h"

enum {
    ENCODE_MOST = 8192, /* rows prepared at once while encoding */
    ENCODE_LEAST = 256,
    ENCODE_VALUES = 1 << 23,
    START_DIRECTIONS = 128, /* as in kmeans_progressive.c */
    SAMPLE_ROW_SIZE = 64,   /* label, order and norm in the k-means of a level, and in the start's inside it */
    CODE_VALUE_SIZE = 32    /* codebook, its packed and its exact form, sums, and those of the start */
};

sid_status sid__quantizer_parse_codes(sid__quantizer_options *options, sid_error *err)
{
    const char *at = options->codes_text;
    int count = 0;
    for (; *at && count < SID_LEVELS_MAX; count++) {
        char *end = NULL;
        long codes = strtol(at, &end, 10);
        if (end == at || (*end && (*end != ',' || !end[1])) || codes < 2 || codes > SID_CODES_MAX)
            return sid__fail(err, SID_EUSAGE, "codes is \"%s\"; numbers from 2 to %d are expected, one or one a level",
                             options->codes_text, SID_CODES_MAX);
        options->codes[count] = (int)codes;
        at = *end ? end + 1 : end;
    }
    if (count == 1)
        for (int l = 1; l < options->levels; l++)
            options->codes[l] = options->codes[0];
    else if (count != options->levels)
        return sid__fail(err, SID_EUSAGE, "codes \"%s\" has %d numbers for %d levels; give one, or one a level",
                         options->codes_text, count, (int)options->levels);
    return SID_OK;
}

typedef struct option_target {
    sid_quantizer *q;
    bool has_levels, has_codes; /* given, not left to the default */
} option_target;

static sid_status set_option(void *user, const char *name, const char *value, sid_error *err)
{
    option_target *target = user;
    sid_quantizer *q = target->q;
    bool is_known = false;
    target->has_levels = target->has_levels || strcmp(name, "levels") == 0;
    target->has_codes = target->has_codes || strcmp(name, "codes") == 0;
    SID_TRY(sid__options_set(sid_quantizer_common(), &q->options, name, value, &is_known, err));
    if (!is_known)
        SID_TRY(sid__options_set(&q->family->info, q->family_options, name, value, &is_known, err));
    if (is_known)
        return SID_OK;
    const char *names[128];
    int count = 0;
    for (int i = 0; i < sid_quantizer_common()->option_count; i++)
        names[count++] = sid_quantizer_common()->options[i].name;
    for (int i = 0; i < q->family->info.option_count && count < 128; i++)
        names[count++] = q->family->info.options[i].name;
    const char *near = sid_closest(name, names, count);
    return sid__fail(err, SID_EUSAGE, "quantizer %s has no option \"%s\"%s%s%s", q->family->info.name, name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* A preset counts as given before everything else, wherever it stands; an unknown one is refused where all are read. */
static sid_status apply_preset(void *user, const char *name, const char *value, sid_error *err)
{
    option_target *target = user;
    sid_quantizer *q = target->q;
    const sid__preset *preset = strcmp(name, "preset") == 0 ? q->family->presets : NULL;
    while (preset && preset->name && strcmp(preset->name, value) != 0)
        preset++;
    if (!preset || !preset->name)
        return SID_OK;
    if (preset->levels)
        q->options.levels = preset->levels;
    return sid__options_split(preset->options, set_option, target, err);
}

static sid_status read_options(const sid_quantizer_options *options, sid_quantizer *q, sid_error *err)
{
    char number[32];
    option_target target = {.q = q};
    SID_TRY(sid__options_default(sid_quantizer_common(), &q->options, err));
    SID_TRY(sid__options_default(&q->family->info, q->family_options, err));
    SID_TRY(sid__options_split(options->options, apply_preset, &target, err));
    if (options->levels) {
        (void)snprintf(number, sizeof number, "%d", options->levels);
        SID_TRY(set_option(&target, "levels", number, err));
    }
    if (options->codes)
        SID_TRY(set_option(&target, "codes", options->codes, err));
    if (options->seed) {
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)options->seed);
        SID_TRY(set_option(&target, "seed", number, err));
    }
    SID_TRY(sid__options_split(options->options, set_option, &target, err));
    if (q->options.beam > 1 && q->family->no_beam)
        return sid__fail(err, SID_EUSAGE,
                         "beam is %lld; %s finds its codes one by one, so only beam 1 is possible there",
                         (long long)q->options.beam, q->family->info.name);
    return q->family->settle ? q->family->settle(q, target.has_levels, target.has_codes, err)
                             : sid__quantizer_parse_codes(&q->options, err);
}

sid_status sid__quantizer_create(const sid_quantizer_options *options, sid_quantizer **out, sid_error *err)
{
    const sid__family_class *family = NULL;
    sid_quantizer *q = NULL;
    SID_TRY(sid__quantizer_family_find(options->quantizer ? options->quantizer : "rkmeans", &family, err));
    SID_TRY(sid__alloc(&q, 1, sizeof *q, "a quantizer", err));
    q->family = family;
    sid_status status = sid__alloc(&q->family_options, 1, family->options_size, "quantizer options", err);
    if (status == SID_OK)
        status = read_options(options, q, err);
    if (status == SID_OK && family->check)
        status = family->check(q, 0, 0, err);
    if (status != SID_OK) {
        sid_quantizer_free(q);
        return status;
    }
    *out = q;
    return SID_OK;
}

void sid_quantizer_free(sid_quantizer *q)
{
    if (!q)
        return;
    if (q->state)
        q->family->drop(q);
    sid__free(q->mean);
    sid__free(q->pca);
    sid__free(q->family_options);
    sid__free(q->fit_row);
    sid__free(q);
}

static sid_status check_shape(int64_t count, int dim, sid_error *err)
{
    if (count < 1)
        return sid__fail(err, SID_EDATA, "there are no vectors to fit on; at least one is needed");
    if (dim < 1 || dim > SID_DIM_MAX)
        return sid__fail(err, SID_EDATA, "vectors have %d dimensions; 1 to %d are possible", dim, SID_DIM_MAX);
    return SID_OK;
}

static sid_status check_values(const float *x, int64_t count, int dim, sid_error *err)
{
    for (int64_t i = 0; i < count * dim; i++)
        if (!(fabsf(x[i]) <= (float)SID_VALUE_MAX))
            return sid__fail(err, SID_EDATA, "row %lld, column %lld is %g; finite values of at most %g are expected",
                             (long long)(i / dim), (long long)(i % dim), (double)x[i], SID_VALUE_MAX);
    return SID_OK;
}

/* What principal directions take: a Gram matrix, the directions, and at most two such matrices to find them; of all dimensions, or
 * of a slice's where codes are parallel. linalg reserves it when it comes to that. */
static double directions_size(const sid_quantizer *q, double dim)
{
    double width = q->family->is_ordered || q->options.pca > 0 ? dim : dim / (double)q->options.levels;
    double rank = q->options.pca > START_DIRECTIONS ? (double)q->options.pca : START_DIRECTIONS;
    return width * (3 * width + (rank < width ? rank : width)) * sizeof(double);
}

/* Beside the sample: what is left of it level by level, and as much of up to 128 directions in kmeans_progressive.c twice;
 * labels, order and norms of its rows. */
size_t sid__quantizer_fit_size(const sid_quantizer *q, int64_t sample_count, int dim)
{
    double directions = dim < START_DIRECTIONS ? dim : START_DIRECTIONS, codes = 0;
    double row_size = (2 * dim + 2 * directions) * sizeof(float) + SAMPLE_ROW_SIZE;
    for (int l = 0; l < q->options.levels; l++)
        codes += q->options.codes[l];
    codes *= q->family->is_ordered ? dim : (double)dim / (double)q->options.levels; /* parallel codes share them out */
    double size = row_size * (double)sample_count + codes * CODE_VALUE_SIZE + directions_size(q, dim);
    if (q->family->fit_size)
        size += q->family->fit_size(q, sample_count, dim);
    return size < (double)(SIZE_MAX / 2) ? (size_t)size : SIZE_MAX / 2;
}

static sid_status fit_sample(sid_ctx *ctx, sid_quantizer *q, const sid__rows *x, const int64_t *row, int64_t row_count,
                             sid_error *err)
{
    size_t size = sid__quantizer_fit_size(q, row_count, x->dim) - (size_t)directions_size(q, x->dim);
    float *sample = NULL;
    SID_TRY(sid__ctx_reserve(ctx, size, "fitting on the sample", err));
    sid__ctx_progress(ctx, "reading the sample", 0, row_count, "rows", (double)NAN);
    sid_status status = sid__alloc(&sample, (size_t)row_count, (size_t)x->dim * sizeof *sample, "the fit sample", err);
    if (status == SID_OK)
        status = sid__rows_gather(x, row, row_count, sample, err);
    if (status == SID_OK)
        status = q->start ? sid__prepare_follow(q, sample, row_count, err)
                          : sid__prepare_fit(ctx, q, sample, row_count, err);
    if (status == SID_OK && q->family->check)
        status = q->family->check(q, row_count, q->prepared_dim, err);
    if (status == SID_OK)
        status = q->family->fit(ctx, q, sample, row_count, err);
    sid__free(sample);
    sid__ctx_release(ctx, size);
    return status;
}

sid_status sid__quantizer_fit_rows(sid_ctx *ctx, sid_quantizer *q, const sid__rows *x, const int64_t *fit_row,
                                   int64_t fit_count, sid_error *err)
{
    int64_t *row = NULL, row_count = 0, count = fit_row ? fit_count : x->count;
    SID_TRY(check_shape(count, x->dim, err));
    q->dim = x->dim;
    SID_TRY(sid__sample_rows(q, fit_row, count, &row, &row_count, err));
    for (int l = 0; l < q->options.levels; l++)
        if (q->options.codes[l] > row_count) {
            sid__ctx_warn(ctx, "level %d has %d codes for %lld rows; the spare codes stay dead, take fewer", l + 1,
                          q->options.codes[l], (long long)row_count);
            break;
        }
    sid_status status = fit_sample(ctx, q, x, row, row_count, err);
    if (status == SID_OK && q->family->fit_codes && q->family->fit_codes(q)) {
        q->fit_row = row;
        q->fit_count = row_count;
        return SID_OK;
    }
    sid__free(row);
    return status;
}

void sid__quantizer_fit_codes(const sid_quantizer *q, uint16_t *codes, uint8_t *is_fit)
{
    size_t levels = (size_t)q->options.levels, size = levels * sizeof *codes;
    const uint16_t *fitted = q->fit_row ? q->family->fit_codes(q) : NULL;
    for (int64_t i = 0; i < q->fit_count && fitted; i++) {
        uint16_t *row = codes + q->fit_row[i] * (int64_t)levels;
        const uint16_t *given = fitted + i * (int64_t)levels;
        if (memcmp(row, given, size) != 0)
            is_fit[q->fit_row[i]] = 1;
        memcpy(row, given, size);
    }
}

sid_status sid_quantizer_fit(sid_ctx *ctx, const sid_quantizer_options *options, const float *x, int64_t count, int dim,
                             sid_quantizer **out, sid_error *err)
{
    sid_quantizer *q = NULL;
    const sid__rows rows = sid__rows_of(x, count, dim);
    SID_TRY(check_shape(count, dim, err));
    SID_TRY(check_values(x, count, dim, err));
    SID_TRY(sid__quantizer_create(options, &q, err));
    sid_status status = sid__quantizer_fit_rows(ctx, q, &rows, NULL, 0, err);
    if (status != SID_OK) {
        sid_quantizer_free(q);
        return status;
    }
    *out = q;
    return SID_OK;
}

int sid_quantizer_levels(const sid_quantizer *q)
{
    return (int)q->options.levels;
}

int sid_quantizer_codes(const sid_quantizer *q, int level_index)
{
    return q->options.codes[level_index];
}

int sid_quantizer_dim(const sid_quantizer *q)
{
    return q->dim;
}

/* One block. A worker's scratch: a row, then the rows of a chunk where they must be read. */
typedef struct prepare_job {
    const sid_quantizer *q;
    const sid__rows *x;
    int64_t begin; /* of the block */
    float *out, *scratch;
    size_t scratch_count; /* floats a worker */
} prepare_job;

static sid_status prepare_chunk(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const prepare_job *job = arg;
    float *scratch = job->scratch + (size_t)worker * job->scratch_count;
    const float *x;
    SID_TRY(sid__rows_get(job->x, job->begin + begin, end - begin, scratch + job->q->dim, &x, err));
    for (int64_t i = begin; i < end; i++) /* in cache from here on, so that looking costs next to nothing */
        SID_TRY(sid__vectors_check_row(x + (i - begin) * job->q->dim, job->q->dim, job->begin + i, NULL, err));
    sid__prepare_rows(job->q, x, end - begin, scratch, job->out + begin * job->q->prepared_dim);
    return SID_OK;
}

/* Rows prepared at once: enough for the workers, and 32 MiB at most. */
static int64_t encode_rows(const sid_quantizer *q, int64_t count)
{
    int64_t rows = ENCODE_VALUES / q->dim;
    rows = rows < ENCODE_LEAST ? ENCODE_LEAST : rows > ENCODE_MOST ? ENCODE_MOST : rows;
    return count < rows ? count : rows;
}

static sid_status encode_blocks(sid_ctx *ctx, prepare_job *job, int64_t rows, uint16_t *codes, double *margins,
                                sid_error *err)
{
    const sid_quantizer *q = job->q;
    int64_t count = job->x->count, levels = q->options.levels;
    for (int64_t begin = 0; begin < count; begin += rows) {
        int64_t block = sid__rows_in_block(job->x, begin, rows);
        job->begin = begin;
        SID_TRY(sid__ctx_check(ctx, err));
        SID_TRY(sid__ctx_try_for(ctx, block, SID__BLOCK_ROWS, prepare_chunk, job, err));
        SID_TRY(q->family->encode(ctx, q, job->out, block, codes + begin * levels,
                                  margins ? margins + begin * levels : NULL, err));
        if (count > rows)
            sid__ctx_progress(ctx, "encoding", begin + block, count, "rows", (double)NAN);
    }
    return SID_OK;
}

sid_status sid__quantizer_encode_rows(sid_ctx *ctx, const sid_quantizer *q, const sid__rows *x, uint16_t *codes,
                                      double *margins, sid_error *err)
{
    int64_t rows = encode_rows(q, x->count);
    prepare_job job = {.q = q, .x = x, .scratch_count = (size_t)q->dim * (x->data ? 1 : 1 + SID__BLOCK_ROWS)};
    sid_status status = sid__alloc(&job.out, (size_t)rows, (size_t)q->dim * sizeof *job.out, "prepared rows", err);
    if (status == SID_OK)
        status = sid__alloc(&job.scratch, (size_t)sid_ctx_threads(ctx), job.scratch_count * sizeof *job.scratch, "rows",
                            err);
    if (status == SID_OK)
        status = encode_blocks(ctx, &job, rows, codes, margins, err);
    sid__free(job.out);
    sid__free(job.scratch);
    return status;
}

sid_status sid_quantizer_encode(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                                double *margins, sid_error *err)
{
    const sid__rows rows = sid__rows_of(x, count, q->dim);
    return sid__quantizer_encode_rows(ctx, q, &rows, codes, margins, err);
}

/* `row` -1: there is one, which needs no number. */
static sid_status fail_code(const sid_quantizer *q, int64_t row, int level, int code, sid_error *err)
{
    char where[32] = "";
    if (row >= 0)
        (void)snprintf(where, sizeof where, "row %lld: ", (long long)row);
    return sid__fail(err, SID_EDATA, "%scode %d at level %d; 0 to %d are possible", where, code, level + 1,
                     q->options.codes[level] - 1);
}

sid_status sid_quantizer_decode(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x,
                                sid_error *err)
{
    int levels = (int)q->options.levels;
    depth = depth <= 0 || depth > levels ? levels : depth;
    for (int64_t i = 0; i < count; i++)
        for (int l = 0; l < depth; l++)
            if (codes[i * levels + l] >= q->options.codes[l])
                return fail_code(q, count > 1 ? i : -1, l, codes[i * levels + l], err);
    float *row = NULL;
    SID_TRY(sid__alloc(&row, (size_t)q->prepared_dim, sizeof(float), "a row", err));
    for (int64_t i = 0; i < count; i++) {
        q->family->decode(q, codes + i * levels, 1, depth, row);
        sid__unprepare_row(q, row, x + i * q->dim);
    }
    sid__free(row);
    return SID_OK;
}

static sid_status save_floats(sid__tensor_set *set, const char *name, const float *data, int rows, int columns,
                              sid_error *err)
{
    int64_t shape[2] = {rows, columns};
    float *copy = NULL;
    SID_TRY(columns ? sid__tensor_add(set, name, SID__F32, 2, shape, &copy, err)
                    : sid__tensor_add(set, name, SID__F32, 1, shape, &copy, err));
    memcpy(copy, data, (size_t)rows * (size_t)(columns ? columns : 1) * sizeof(float));
    return SID_OK;
}

sid_status sid__quantizer_save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err)
{
    if (q->mean)
        SID_TRY(save_floats(set, "mean", q->mean, q->dim, 0, err));
    if (q->pca)
        SID_TRY(save_floats(set, "pca.v", q->pca, q->dim, q->prepared_dim, err));
    return q->family->save(q, set, err);
}

/* A copy of a tensor's floats, all finite. */
static sid_status load_floats(const sid__tensor_set *set, const char *name, int rank, const int64_t *shape,
                              const sid__tensor **tensor, float **out, sid_error *err)
{
    SID_TRY(sid__tensor_get(set, name, SID__F32, rank, shape, tensor, err));
    int64_t size = (*tensor)->shape[0] * (rank > 1 ? (*tensor)->shape[1] : 1);
    const float *data = (*tensor)->data;
    for (int64_t i = 0; i < size; i++)
        if (!isfinite(data[i]))
            return sid__fail(err, SID_EDATA, "tensor %s: element %lld is not finite", name, (long long)i);
    SID_TRY(sid__alloc(out, (size_t)size, sizeof(float), name, err));
    memcpy(*out, data, (size_t)size * sizeof(float));
    return SID_OK;
}

static sid_status load_all(sid_quantizer *q, int dim, const sid__tensor_set *set, sid_error *err)
{
    const sid__tensor *tensor = NULL;
    int64_t shape[2] = {dim, -1};
    q->dim = q->prepared_dim = dim;
    if (!q->options.no_center)
        SID_TRY(load_floats(set, "mean", 1, shape, &tensor, &q->mean, err));
    if (q->options.pca) {
        SID_TRY(load_floats(set, "pca.v", 2, shape, &tensor, &q->pca, err));
        if (tensor->shape[1] > dim)
            return sid__fail(err, SID_EDATA, "tensor pca.v has %lld columns for %d dimensions",
                             (long long)tensor->shape[1], dim);
        q->prepared_dim = (int)tensor->shape[1];
    }
    return q->family->load(q, set, err);
}

sid_status sid__quantizer_load(const sid_quantizer_options *options, int dim, const sid__tensor_set *set,
                               sid_quantizer **out, sid_error *err)
{
    sid_quantizer *q = NULL;
    if (dim < 1 || dim > SID_DIM_MAX)
        return sid__fail(err, SID_EDATA, "dim is %d; 1 to %d are possible", dim, SID_DIM_MAX);
    SID_TRY(sid__quantizer_create(options, &q, err));
    sid_status status = load_all(q, dim, set, err);
    if (status != SID_OK) {
        sid_quantizer_free(q);
        return status;
    }
    *out = q;
    return SID_OK;
}

/* Options of one table that are not at their default. */
static sid_status append_changed(const sid_family *family, const void *options, sid__strbuf *out, sid_error *err)
{
    char text[SID__OPTION_TEXT_SIZE];
    for (int i = 0; i < family->option_count; i++) {
        const sid_option *option = &family->options[i];
        sid__option_text(option, options, text);
        if (strcmp(option->name, "levels") == 0 || strcmp(option->name, "codes") == 0 ||
            strcmp(option->name, "seed") == 0 || strcmp(text, option->default_text) == 0)
            continue;
        SID_TRY(sid__strbuf_printf(out, err, strchr(text, ',') ? "%s%s=(%s)" : "%s%s=%s", out->length ? "," : "",
                                   option->name, text));
    }
    return SID_OK;
}

sid_status sid__quantizer_options_text(const sid_quantizer *q, sid__strbuf *out, sid_error *err)
{
    SID_TRY(sid__strbuf_append(out, "", 0, err));
    SID_TRY(append_changed(sid_quantizer_common(), &q->options, out, err));
    return append_changed(&q->family->info, q->family_options, out, err);
}
