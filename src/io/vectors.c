/* vectors.c: what sid_vectors is in memory, and every way to make one. Reading is in vectors_read.c. */
#include "io/vectors.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/philox.h"
#include "io/items.h"
#include "io/npy.h"
#include "linalg/scalar.h"

enum { WRITE_SIZE = 1 << 16, SYNTH_GRAIN = 256 };

/* ---- Memory ---- */

sid_status sid__vectors_reserve(sid_vectors *vectors, size_t size, const char *what, sid_error *err)
{
    SID_TRY(sid__ctx_reserve(vectors->ctx, size, what, err));
    vectors->reserved_size += size;
    return SID_OK;
}

void sid__vectors_drop_numbers(sid_vectors *vectors)
{
    size_t size = vectors->number ? (size_t)vectors->count * vectors->number_size : 0;
    sid__free(vectors->number);
    vectors->number = NULL;
    sid__ctx_release(vectors->ctx, size);
    vectors->reserved_size -= size;
}

static sid_status make_numbers(sid_vectors *vectors, sid_error *err)
{
    char last[24];
    vectors->number_size = (size_t)snprintf(last, sizeof last, "%" PRId64, vectors->count - 1) + 1;
    SID_TRY(sid__vectors_reserve(vectors, (size_t)vectors->count * vectors->number_size, "row numbers", err));
    SID_TRY(sid__alloc(&vectors->number, (size_t)vectors->count, vectors->number_size, "row numbers", err));
    for (int64_t i = 0; i < vectors->count; i++)
        (void)snprintf(vectors->number + (size_t)i * vectors->number_size, vectors->number_size, "%" PRId64, i);
    return SID_OK;
}

static sid_status size_of_data(const sid_vectors *vectors, size_t *element_count, size_t *size, sid_error *err)
{
    if (sid__mul_size((size_t)vectors->count, (size_t)vectors->dim, element_count) &&
        sid__mul_size(*element_count, sizeof(float), size))
        return SID_OK;
    return sid__fail(err, SID_ENOMEM, "vectors of %" PRId64 " x %d are too large", vectors->count, vectors->dim);
}

static sid_status alloc_data(sid_vectors *vectors, sid_error *err)
{
    size_t element_count = 0, size = 0;
    SID_TRY(size_of_data(vectors, &element_count, &size, err));
    SID_TRY(sid__vectors_reserve(vectors, size, "the vectors", err));
    SID_TRY(sid__alloc(&vectors->data, element_count, sizeof(float), "the vectors", err));
    return make_numbers(vectors, err);
}

static sid_status make_empty(sid_ctx *ctx, int64_t count, int dim, sid_vectors **out, sid_error *err)
{
    if (count < 1)
        return sid__fail(err, SID_EDATA, "no vectors; at least one row is expected");
    if (dim < 1 || dim > SID_DIM_MAX)
        return sid__fail(err, SID_EDATA, "vectors of %d dimensions; 1 to %d are possible", dim, SID_DIM_MAX);
    SID_TRY(sid__alloc(out, 1, sizeof **out, "vectors", err));
    (*out)->ctx = ctx;
    (*out)->count = count;
    (*out)->dim = dim;
    return SID_OK;
}

/* Gives *out when all went well, frees when not. */
static sid_status hand_over(sid_vectors *vectors, sid_status status, sid_vectors **out)
{
    if (status == SID_OK)
        *out = vectors;
    else
        sid_vectors_free(vectors);
    return status;
}

sid_status sid__vectors_alloc(sid_ctx *ctx, int64_t count, int dim, sid_vectors **out, sid_error *err)
{
    sid_vectors *vectors = NULL;
    SID_TRY(make_empty(ctx, count, dim, &vectors, err));
    return hand_over(vectors, alloc_data(vectors, err), out);
}

sid_status sid__vectors_in_file(sid_ctx *ctx, sid__npy_reader *reader, sid_vectors **out, sid_error *err)
{
    sid_vectors *vectors = NULL;
    sid_status status = make_empty(ctx, reader->rows, reader->dim, &vectors, err);
    if (status != SID_OK) {
        sid__npy_close(reader);
        return status;
    }
    status = sid__vectors_file_create(reader, &vectors->file, err);
    if (status == SID_OK)
        status = make_numbers(vectors, err);
    return hand_over(vectors, status, out);
}

sid__rows sid__vectors_rows(const sid_vectors *vectors)
{
    return (sid__rows){.data = vectors->data,
                       .count = vectors->count,
                       .dim = vectors->dim,
                       .read = sid__vectors_file_read,
                       .source = vectors->file};
}

void sid_vectors_free(sid_vectors *vectors)
{
    if (!vectors)
        return;
    if (vectors->reserved_size)
        sid__ctx_release(vectors->ctx, vectors->reserved_size);
    sid__arena_drop(&vectors->arena);
    sid__free(vectors->number);
    sid__free(vectors->id);
    if (!vectors->is_wrapped)
        sid__free(vectors->data);
    sid__vectors_file_free(vectors->file);
    sid__free(vectors);
}

/* ---- Checks ---- */

static bool is_row_good(const float *row, int dim)
{
    int bad = 0;
    for (int j = 0; j < dim; j++)
        bad |= !(fabsf(row[j]) <= (float)SID_VALUE_MAX); /* NaN compares false */
    return bad == 0;
}

sid_status sid__vectors_check_row(const float *x, int dim, int64_t row, const char *path, sid_error *err)
{
    if (is_row_good(x, dim))
        return SID_OK;
    int j = 0;
    while (is_row_good(x + j, 1))
        j++;
    const char *what = isnan(x[j]) ? "is NaN" : isinf(x[j]) ? "is infinite" : "is too large";
    sid_status status = sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                                     "row %" PRId64 ", column %d %s; finite values up to %g are expected, mend the row "
                                     "or %s",
                                     row, j, what, SID_VALUE_MAX, path ? "pass --on-error skip" : "leave it out");
    if (err)
        err->row = row;
    return status;
}

static sid_status check_blocks(const sid_vectors *vectors, const sid__rows *rows, const char *path, float *buffer,
                               sid_error *err)
{
    int64_t block = sid__rows_block(rows->dim);
    for (int64_t begin = 0; begin < rows->count; begin += block) {
        int64_t count = sid__rows_in_block(rows, begin, block);
        const float *x;
        SID_TRY(sid__ctx_check(vectors->ctx, err));
        if (vectors->file)
            sid__ctx_progress(vectors->ctx, "checking the vectors", begin, rows->count, "rows", (double)NAN);
        SID_TRY(sid__rows_get(rows, begin, count, buffer, &x, err));
        for (int64_t i = 0; i < count; i++)
            SID_TRY(sid__vectors_check_row(x + i * rows->dim, rows->dim, begin + i, path, err));
    }
    return SID_OK;
}

sid_status sid__vectors_check(const sid_vectors *vectors, const char *path, sid_error *err)
{
    sid__rows rows = sid__vectors_rows(vectors);
    float *buffer = NULL;
    SID_TRY(sid__rows_buffer(&rows, sid__rows_block(rows.dim), &buffer, err));
    sid_status status = check_blocks(vectors, &rows, path, buffer, err);
    sid__free(buffer);
    return status;
}

/* ---- Ids ---- */

static sid_status fill_ids(const char *const *ids, int64_t count, const char **copy, sid__arena *arena,
                           sid__id_index *index, sid_error *err)
{
    sid__names names = {.first = copy, .stride = sizeof *copy};
    for (int64_t i = 0; i < count; i++) {
        char *text = NULL;
        int64_t seen = -1;
        size_t size = strlen(ids[i]);
        SID_TRY(sid__check_id(ids[i], size, "id", (sid__place){.byte = -1}, err));
        SID_TRY(sid__arena_text(arena, ids[i], size, &text, err));
        copy[i] = text;
        SID_TRY(sid__id_index_add(index, names, i, &seen, err));
        if (seen >= 0)
            return sid__fail(err, SID_EDATA,
                             "id \"%s\" of row %" PRId64 " seen before at row %" PRId64 "; ids must differ", text, i,
                             seen);
    }
    return SID_OK;
}

sid_status sid__vectors_copy_ids(sid_vectors *vectors, const char *const *ids, sid_error *err)
{
    const char **copy = NULL;
    sid__arena arena = {0};
    sid__id_index index = {0};
    SID_TRY(sid__alloc(&copy, (size_t)vectors->count, sizeof *copy, "ids", err));
    sid_status status = fill_ids(ids, vectors->count, copy, &arena, &index, err);
    sid__id_index_drop(&index);
    if (status != SID_OK) {
        sid__arena_drop(&arena);
        sid__free(copy);
        return status;
    }
    sid__arena_drop(&vectors->arena);
    sid__free(vectors->id);
    sid__vectors_drop_numbers(vectors);
    vectors->id = copy;
    vectors->arena = arena;
    return SID_OK;
}

sid_status sid_vectors_set_ids(sid_vectors *vectors, const sid_items *items, sid_error *err)
{
    const char **ids = NULL;
    if (items->count != vectors->count)
        return sid__fail(err, SID_EDATA,
                         "%s has %" PRId64 " items, the vectors have %" PRId64
                         " rows; row i is item i, so the counts must be equal: give --ids when they are not",
                         items->path, items->count, vectors->count);
    SID_TRY(sid__alloc(&ids, (size_t)items->count, sizeof *ids, "ids", err));
    for (int64_t i = 0; i < items->count; i++)
        ids[i] = items->item[i].id;
    sid_status status = sid__vectors_copy_ids(vectors, ids, err);
    sid__free(ids);
    return status;
}

/* ---- Making ---- */

sid_status sid_vectors_create(sid_ctx *ctx, const float *data, int64_t count, int dim, const char *const *ids,
                              sid_vectors **out, sid_error *err)
{
    sid_vectors *vectors = NULL;
    SID_TRY(sid__vectors_alloc(ctx, count, dim, &vectors, err));
    memcpy(vectors->data, data, (size_t)count * (size_t)dim * sizeof *data);
    sid_status status = sid__vectors_check(vectors, NULL, err);
    if (status == SID_OK && ids)
        status = sid__vectors_copy_ids(vectors, ids, err);
    return hand_over(vectors, status, out);
}

static sid_status wrap(sid_vectors *vectors, const float *data, const char *const *ids, sid_error *err)
{
    size_t element_count = 0, size = 0;
    SID_TRY(size_of_data(vectors, &element_count, &size, err));
    vectors->data = (float *)(uintptr_t)data; /* what writes to vectors writes to those that it made */
    vectors->is_wrapped = true;
    SID_TRY(sid__vectors_check(vectors, NULL, err));
    return ids ? sid__vectors_copy_ids(vectors, ids, err) : make_numbers(vectors, err);
}

sid_status sid_vectors_wrap(sid_ctx *ctx, const float *data, int64_t count, int dim, const char *const *ids,
                            sid_vectors **out, sid_error *err)
{
    sid_vectors *vectors = NULL;
    SID_TRY(make_empty(ctx, count, dim, &vectors, err));
    return hand_over(vectors, wrap(vectors, data, ids, err), out);
}

static bool has_any_vector(const sid_items *items)
{
    for (int64_t i = 0; i < items->count; i++)
        if (items->item[i].vector)
            return true;
    return false;
}

static sid_status check_item_vectors(const sid_items *items, sid_error *err)
{
    int dim = items->count ? items->item[0].vector_dim : 0;
    if (!has_any_vector(items))
        return sid__fail_at(err, SID_ENOTFOUND, (sid__place){.file = items->path, .byte = -1},
                            "no item has a \"vector\"; each row needs one");
    for (int64_t i = 0; i < items->count; i++) {
        const sid__item *item = &items->item[i];
        sid__place place = {.file = items->path, .row = item->line, .byte = -1};
        if (!item->vector)
            return sid__fail_at(err, SID_EDATA, place, "item \"%s\" has no \"vector\"; each row needs one", item->id);
        if (item->vector_dim != dim)
            return sid__fail_at(err, SID_EDATA, place,
                                "the \"vector\" of item \"%s\" has %d numbers, the first row's %d", item->id,
                                item->vector_dim, dim);
    }
    return SID_OK;
}

sid_status sid_vectors_from_items(sid_ctx *ctx, const sid_items *items, sid_vectors **out, sid_error *err)
{
    sid_vectors *vectors = NULL;
    SID_TRY(check_item_vectors(items, err));
    SID_TRY(sid__vectors_alloc(ctx, items->count, items->count ? items->item[0].vector_dim : 0, &vectors, err));
    for (int64_t i = 0; i < items->count; i++)
        memcpy(vectors->data + i * vectors->dim, items->item[i].vector, (size_t)vectors->dim * sizeof(float));
    return hand_over(vectors, sid_vectors_set_ids(vectors, items, err), out);
}

/* ---- A mixture of Gaussians ---- */

/* Which draw serves what, so that no two share one: bit 62 the centre of a row, bit 61 noise, else a mean. */
static const uint64_t draw_center = (uint64_t)1 << 62, draw_noise = (uint64_t)1 << 61;

typedef struct synth_job {
    float *data;
    const double *mean; /* (centers, dim) */
    int dim, centers;
    double spread;
    uint64_t seed;
} synth_job;

static void synth_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    const synth_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        uint64_t center =
            sid__philox_below(job->seed, SID__STREAM_SYNTH, draw_center + (uint64_t)i, (uint64_t)job->centers);
        const double *mean = job->mean + center * (uint64_t)job->dim;
        for (int j = 0; j < job->dim; j++) {
            uint64_t draw = draw_noise + (uint64_t)i * (uint64_t)job->dim + (uint64_t)j;
            double noise = sid__gaussian(job->seed, SID__STREAM_SYNTH, draw);
            job->data[i * job->dim + j] = (float)(mean[j] + job->spread * noise);
        }
    }
}

static void synth_means(double *mean, int centers, int dim, uint64_t seed)
{
    for (int64_t i = 0; i < (int64_t)centers * dim; i++)
        mean[i] = sid__gaussian(seed, SID__STREAM_SYNTH, (uint64_t)i);
}

sid_status sid_vectors_synth(sid_ctx *ctx, int64_t count, int dim, int centers, double spread, uint64_t seed,
                             sid_vectors **out, sid_error *err)
{
    sid_vectors *vectors = NULL;
    double *mean = NULL;
    if (centers < 1 || centers > SID_CODES_MAX)
        return sid__fail(err, SID_EUSAGE, "%d centers; 1 to %d are possible", centers, SID_CODES_MAX);
    if (!(spread >= 0) || spread > 1e9)
        return sid__fail(err, SID_EUSAGE, "spread is %g; 0 to 1e9 are possible", spread);
    if (count < 1 || dim < 1 || dim > SID_DIM_MAX)
        return sid__fail(err, SID_EUSAGE, "%" PRId64 " vectors of %d dimensions; at least 1 of 1 to %d are possible",
                         count, dim, SID_DIM_MAX);
    SID_TRY(sid__alloc(&mean, (size_t)centers * (size_t)dim, sizeof *mean, "the means", err));
    sid_status status = sid__vectors_alloc(ctx, count, dim, &vectors, err);
    if (status == SID_OK) {
        synth_job job = {vectors->data, mean, dim, centers, spread, seed};
        synth_means(mean, centers, dim, seed);
        sid__ctx_for(ctx, count, SYNTH_GRAIN, synth_rows, &job);
        *out = vectors;
    }
    sid__free(mean);
    return status;
}

/* ---- Asking and writing ---- */

int64_t sid_vectors_count(const sid_vectors *vectors)
{
    return vectors->count;
}

int sid_vectors_dim(const sid_vectors *vectors)
{
    return vectors->dim;
}

const float *sid_vectors_data(const sid_vectors *vectors)
{
    return vectors->data;
}

sid_status sid_vectors_rows(const sid_vectors *vectors, int64_t begin, int64_t count, float *out, sid_error *err)
{
    sid__rows rows = sid__vectors_rows(vectors);
    const float *x;
    if (begin < 0 || count < 0 || begin > rows.count || count > rows.count - begin)
        return sid__fail(err, SID_EUSAGE, "rows %" PRId64 " to %" PRId64 " of %" PRId64 " vectors", begin,
                         begin + count, rows.count);
    SID_TRY(sid__rows_get(&rows, begin, count, out, &x, err));
    if (x != out)
        memcpy(out, x, (size_t)count * (size_t)rows.dim * sizeof *out);
    return SID_OK;
}

const char *sid_vectors_id(const sid_vectors *vectors, int64_t row)
{
    return vectors->id ? vectors->id[row] : vectors->number + (size_t)row * vectors->number_size;
}

static sid_status write_ids(const sid_vectors *vectors, const sid__file *file, sid__strbuf *text, sid_error *err)
{
    for (int64_t i = 0; i < vectors->count; i++) {
        SID_TRY(sid__strbuf_printf(text, err, "%s\n", sid_vectors_id(vectors, i)));
        if (text->length < WRITE_SIZE && i + 1 < vectors->count)
            continue;
        SID_TRY(sid__file_write(file, text->text, (size_t)text->length, err));
        text->length = 0;
    }
    return SID_OK;
}

sid_status sid_vectors_write(sid_ctx *ctx, const sid_vectors *vectors, const char *path, const char *ids_path,
                             sid_error *err)
{
    sid__output output;
    sid__strbuf text = {0};
    SID_TRY(sid__ctx_check(ctx, err));
    /* Two renames: a crash between them leaves new ids beside the old array or none. */
    if (ids_path) {
        SID_TRY(sid__output_open(ids_path, &output, err));
        sid_status status = write_ids(vectors, &output.file, &text, err);
        sid__strbuf_drop(&text);
        SID_TRY(sid__output_finish(&output, status, err));
    }
    sid__rows rows = sid__vectors_rows(vectors);
    return sid__npy_write_rows(path, &rows, err);
}
