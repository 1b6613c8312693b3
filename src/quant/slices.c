/* slices.c: see slices.h. Rows are encoded in blocks that stay in the second-level cache: rotated by the fp32 kernel whose
 * every element is one fused chain, then slice by slice through kernel/narrow.h, which decides canonically.
 */
#include "quant/slices.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A multiple of what both kernels take at once: 6 rows a tile of `project`, SID__NARROW_ROWS rows a block. */
enum { CHUNK_ROWS = 3 * SID__NARROW_ROWS };
/* Entries of rotations (`back` of a whitened one has up to 1024), and how far one turns values of all dimensions into one. */
enum { ENTRY_MAX = 2048, ROTATION_GAIN = 64 };

static int groups_of(int columns)
{
    return (columns + SID__GROUP - 1) / SID__GROUP;
}

sid_status sid__slices_check(const sid_quantizer *q, int prepared_dim, sid_error *err)
{
    int levels = (int)q->options.levels;
    const char *name = q->family->info.name;
    if (levels < SID__SLICES_LEAST)
        return sid__fail(err, SID_EUSAGE, "levels is %d; %s takes %d to %d (one level is k-means: quantizer rkmeans)",
                         levels, name, SID__SLICES_LEAST, SID_LEVELS_MAX);
    if (prepared_dim > 0 && levels > prepared_dim)
        return sid__fail(err, SID_EUSAGE,
                         "levels is %d for vectors of %d dimensions; %s gives each level dimensions of its own, so at "
                         "most %d are possible",
                         levels, prepared_dim, name, prepared_dim);
    return SID_OK;
}

sid_status sid__slices_create(const sid_quantizer *q, sid__slices **out, sid_error *err)
{
    sid__slices *s = NULL;
    SID_TRY(sid__slices_check(q, q->prepared_dim, err));
    SID_TRY(sid__alloc(&s, 1, sizeof *s, "a product quantizer", err));
    s->levels = (int)q->options.levels;
    s->dim = q->prepared_dim;
    sid_status status = SID_OK;
    for (int l = 0; l < s->levels && status == SID_OK; l++) {
        s->begin[l + 1] = s->begin[l] + s->dim / s->levels + (l < s->dim % s->levels);
        status = sid__codebook_create(&s->book[l], q->options.codes[l], sid__slice_dim(s, l), err);
        if (status == SID_OK)
            status = sid__alloc(&s->count[l], (size_t)q->options.codes[l], sizeof(int64_t), "code counts", err);
    }
    if (status != SID_OK) {
        sid__slices_free(s);
        return status;
    }
    *out = s;
    return SID_OK;
}

void sid__slices_free(sid__slices *s)
{
    if (!s)
        return;
    for (int l = 0; l < s->levels; l++) {
        sid__codebook_drop(&s->book[l]);
        sid__free(s->count[l]);
    }
    sid__free(s->rotation);
    sid__free(s->back);
    sid__free(s->packed);
    sid__free(s->packed_back);
    sid__free(s);
}

void sid__pack_columns(const float *m, int dim, int columns, float *packed)
{
    memset(packed, 0, (size_t)groups_of(columns) * SID__GROUP * (size_t)dim * sizeof *packed);
    for (int d = 0; d < dim; d++)
        for (int j = 0; j < columns; j++)
            packed[((int64_t)(j / SID__GROUP) * dim + d) * SID__GROUP + j % SID__GROUP] = m[(int64_t)d * columns + j];
}

static void transpose(const float *m, int dim, float *out)
{
    for (int i = 0; i < dim; i++)
        for (int j = 0; j < dim; j++)
            out[(int64_t)j * dim + i] = m[(int64_t)i * dim + j];
}

sid_status sid__slices_rotate(sid__slices *s, const float *rotation, const float *back, sid_error *err)
{
    size_t row_size = (size_t)s->dim * sizeof(float), rows = (size_t)s->dim;
    size_t wide = (size_t)groups_of(s->dim) * SID__GROUP;
    float *turned = NULL;
    SID_TRY(sid__alloc(&s->rotation, rows, row_size, "a rotation", err));
    SID_TRY(sid__alloc(&s->packed, wide, row_size, "a packed rotation", err));
    SID_TRY(sid__alloc(&s->packed_back, wide, row_size, "a packed rotation", err));
    memcpy(s->rotation, rotation, rows * row_size);
    sid__pack_columns(rotation, s->dim, s->dim, s->packed);
    if (back) {
        SID_TRY(sid__alloc(&s->back, rows, row_size, "the inverse of a rotation", err));
        memcpy(s->back, back, rows * row_size);
        sid__pack_columns(back, s->dim, s->dim, s->packed_back);
        return SID_OK;
    }
    SID_TRY(sid__alloc(&turned, rows, row_size, "a transposed rotation", err));
    transpose(rotation, s->dim, turned);
    sid__pack_columns(turned, s->dim, s->dim, s->packed_back);
    sid__free(turned);
    return SID_OK;
}

void sid__slice_rows(const float *x, int64_t stride, int64_t count, int dim, float *part)
{
    for (int64_t i = 0; i < count; i++)
        memcpy(part + i * dim, x + i * stride, (size_t)dim * sizeof *part);
}

void sid__slices_pack(sid__slices *s)
{
    for (int l = 0; l < s->levels; l++)
        s->narrow[l] = sid__narrow_book_of(&s->book[l]);
}

void sid__slices_count(sid__slices *s, int level, const uint16_t *label, int64_t count)
{
    memset(s->count[level], 0, (size_t)s->book[level].codes * sizeof(int64_t));
    for (int64_t i = 0; i < count; i++)
        s->count[level][label[i]]++;
}

sid_status sid__slices_number(sid__slices *s, int level, const uint16_t *label, int64_t count, sid_error *err)
{
    sid__slices_count(s, level, label, count);
    return sid__codebook_renumber(&s->book[level], s->count[level], NULL, err);
}

/* ---- Encoding */

typedef struct encode_job {
    sid__isa isa;
    const sid__slices *s;
    const float *x;
    uint16_t *codes;
    double *margins;
    float *rotated, *part; /* (CHUNK_ROWS, wide) and (CHUNK_ROWS, dim of the widest slice) a worker */
    int64_t wide, part_dim;
    sid__assign_scratch scratch;
} encode_job;

/* Labels of one slice of `rows` rows, which starts at y. */
static void encode_slice(const encode_job *job, int level, const float *y, int64_t stride, int rows, int worker,
                         uint16_t *label)
{
    const sid__codebook *book = &job->s->book[level];
    float *score = job->scratch.score + (size_t)worker * job->scratch.score_count;
    int *index = job->scratch.index + (size_t)worker * job->scratch.index_count;
    if (book->dim <= SID__NARROW_DIM_MAX) {
        sid__assign_narrow(job->isa, &job->s->narrow[level], y, stride, rows, score, index, label);
        return;
    }
    float *part = job->part + (int64_t)worker * CHUNK_ROWS * job->part_dim;
    sid__slice_rows(y, stride, rows, book->dim, part);
    sid__assign_rows(sid__kernels_for(job->isa), book, part, rows, score, index, label);
}

static void encode_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const encode_job *job = arg;
    const sid__slices *s = job->s;
    int rows = (int)(end - begin);
    uint16_t label[CHUNK_ROWS];
    const float *y = job->x + begin * s->dim;
    int64_t stride = s->dim;
    if (s->rotation) {
        float *rotated = job->rotated + (int64_t)worker * CHUNK_ROWS * job->wide;
        sid__kernels_for(job->isa)->project(y, rows, s->dim, s->packed, groups_of(s->dim), rotated);
        y = rotated;
        stride = job->wide;
    }
    for (int l = 0; l < s->levels; l++) {
        const float *part = y + s->begin[l];
        uint16_t *code = job->codes + begin * s->levels + l;
        if (!job->margins)
            encode_slice(job, l, part, stride, rows, worker, label);
        for (int i = 0; i < rows; i++) {
            if (job->margins)
                label[i] =
                    sid__assign_reference(&s->book[l], part + i * stride, &job->margins[(begin + i) * s->levels + l]);
            code[(int64_t)i * s->levels] = label[i];
        }
    }
}

sid_status sid__slices_encode(sid_ctx *ctx, const sid__slices *s, const float *x, int64_t count, uint16_t *codes,
                              double *margins, sid_error *err)
{
    encode_job job = {.isa = ctx->isa, .s = s, .x = x, .codes = codes, .margins = margins};
    size_t rows = (size_t)sid_ctx_threads(ctx) * CHUNK_ROWS;
    int largest = 0;
    for (int l = 0; l < s->levels; l++)
        largest = s->book[l].codes > largest ? s->book[l].codes : largest;
    job.wide = s->rotation ? (int64_t)groups_of(s->dim) * SID__GROUP : 0;
    job.part_dim = sid__slice_dim(s, 0) > SID__NARROW_DIM_MAX ? sid__slice_dim(s, 0) : 0;
    SID_TRY(sid__assign_scratch_create(ctx, largest, &job.scratch, err));
    sid_status status = sid__alloc(&job.rotated, rows, (size_t)job.wide * sizeof(float), "rotated rows", err);
    if (status == SID_OK)
        status = sid__alloc(&job.part, rows, (size_t)job.part_dim * sizeof(float), "slices of rows", err);
    if (status == SID_OK)
        sid__ctx_for(ctx, count, CHUNK_ROWS, encode_chunk, &job);
    sid__assign_scratch_drop(&job.scratch);
    sid__free(job.rotated);
    sid__free(job.part);
    return status;
}

/* ---- Decoding */

static void concatenate(const sid__slices *s, const uint16_t *codes, int depth, float *y)
{
    memset(y, 0, (size_t)s->dim * sizeof *y);
    for (int l = 0; l < depth; l++) {
        int dim = sid__slice_dim(s, l);
        memcpy(y + s->begin[l], s->book[l].code + (int64_t)codes[l] * dim, (size_t)dim * sizeof *y);
    }
}

void sid__slices_decode(const sid__slices *s, const uint16_t *codes, int64_t count, int depth, float *x)
{
    /* Every path gives the same bits, so the fastest may be taken without asking a context. */
    const sid__kernels *kernels = sid__kernels_for(sid__isa_best());
    float y[SID__ROTATION_DIM_MAX], wide[SID__ROTATION_DIM_MAX + SID__GROUP];
    for (int64_t i = 0; i < count; i++) {
        float *row = x + i * s->dim;
        concatenate(s, codes + i * s->levels, depth, s->rotation ? y : row);
        if (!s->rotation)
            continue;
        kernels->project(y, 1, s->dim, s->packed_back, groups_of(s->dim), wide);
        memcpy(row, wide, (size_t)s->dim * sizeof *row);
    }
}

/* ---- Tensors */

static sid_status save_square(sid__tensor_set *set, const char *name, const float *m, int dim, sid_error *err)
{
    int64_t shape[2] = {dim, dim};
    float *copy = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__F32, 2, shape, &copy, err));
    memcpy(copy, m, (size_t)dim * (size_t)dim * sizeof *copy);
    return SID_OK;
}

sid_status sid__slices_save(const sid__slices *s, sid__tensor_set *set, sid_error *err)
{
    for (int l = 0; l < s->levels; l++)
        SID_TRY(sid__codebook_save(&s->book[l], s->count[l], l, set, err));
    if (s->rotation)
        SID_TRY(save_square(set, "rotation", s->rotation, s->dim, err));
    return s->back ? save_square(set, "rotation.back", s->back, s->dim, err) : SID_OK;
}

static sid_status load_square(const sid__tensor_set *set, const char *name, int dim, const float **out, sid_error *err)
{
    int64_t shape[2] = {dim, dim};
    const sid__tensor *tensor = NULL;
    SID_TRY(sid__tensor_get(set, name, SID__F32, 2, shape, &tensor, err));
    const float *m = tensor->data;
    for (int64_t i = 0; i < shape[0] * shape[1]; i++)
        if (!(fabsf(m[i]) <= (float)ENTRY_MAX))
            return sid__fail(err, SID_EDATA, "tensor %s: row %lld, column %lld is %g; at most %g is expected", name,
                             (long long)(i / dim), (long long)(i % dim), (double)m[i], (double)ENTRY_MAX);
    *out = m;
    return SID_OK;
}

static sid_status load_rotation(sid__slices *s, const sid__tensor_set *set, bool has_back, sid_error *err)
{
    const float *rotation = NULL, *back = NULL;
    if (s->dim > SID__ROTATION_DIM_MAX)
        return sid__fail(err, SID_EDATA, "a rotation of %d dimensions; at most %d are possible", s->dim,
                         SID__ROTATION_DIM_MAX);
    SID_TRY(load_square(set, "rotation", s->dim, &rotation, err));
    if (has_back)
        SID_TRY(load_square(set, "rotation.back", s->dim, &back, err));
    return sid__slices_rotate(s, rotation, back, err);
}

sid_status sid__slices_load(const sid_quantizer *q, const sid__tensor_set *set, bool has_rotation, bool has_back,
                            sid__slices **out, sid_error *err)
{
    sid__slices *s = NULL;
    SID_TRY(sid__slices_create(q, &s, err));
    double most = has_rotation ? SID_VALUE_MAX * ROTATION_GAIN : SID_VALUE_MAX;
    sid_status status = SID_OK;
    for (int l = 0; l < s->levels && status == SID_OK; l++)
        status = sid__codebook_load(&s->book[l], s->count[l], l, most, set, err);
    if (status == SID_OK && has_rotation)
        status = load_rotation(s, set, has_back, err);
    if (status != SID_OK) {
        sid__slices_free(s);
        return status;
    }
    sid__slices_pack(s);
    *out = s;
    return SID_OK;
}
