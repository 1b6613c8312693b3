/* vectors_read.c: sid_vectors_read, from npy, npz and safetensors files and a file of ids. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/delimited.h"
#include "io/id_index.h"
#include "io/npz.h"
#include "io/safetensors.h"
#include "io/vectors.h"

enum {
    PATH_SIZE = 4096,
    LARGE_PART = 4, /* more than this part of the memory limit: vectors stay in their file */
    ID_INDEX_SIZE =
        48, /* an id in the index at most: slots of 8 bytes, two to four an id, and half as many while it grows */
};

/* ---- The array ---- */

/* "x.npz:name" -> "x.npz" and "name"; false when `path` does not look so. `file` has PATH_SIZE bytes. */
static bool split_member(const char *path, const char *ending, char *file, const char **member)
{
    const char *colon = NULL;
    size_t size = strlen(ending);
    for (const char *at = path; (at = strstr(at, ending)); at++)
        if (at[size] == ':' || at[size] == 0)
            colon = at + size;
    if (!colon || (size_t)(colon - path) >= PATH_SIZE)
        return false;
    (void)snprintf(file, PATH_SIZE, "%.*s", (int)(colon - path), path);
    *member = *colon && colon[1] ? colon + 1 : NULL;
    return true;
}

static sid_status check_rows(const char *path, int64_t rows, sid_error *err)
{
    if (rows >= 1)
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                        "an array of 0 rows; at least one vector is expected");
}

/* What is left of the limit must hold the sample, the codes and the index too. */
static bool is_large(const sid_ctx *ctx, int64_t rows, int dim)
{
    return ctx->limit_size > 0 && (double)rows * dim * sizeof(float) * LARGE_PART > (double)ctx->limit_size;
}

/* Takes the reader over, in any case. */
static sid_status take_rows(sid_ctx *ctx, sid__npy_reader *reader, sid_vectors **out, sid_error *err)
{
    sid_status status = sid__npy_check_floats(&reader->header, reader->file.path, err);
    if (status == SID_OK)
        status = check_rows(reader->file.path, reader->rows, err);
    if (status == SID_OK && is_large(ctx, reader->rows, reader->dim))
        return sid__vectors_in_file(ctx, reader, out, err);
    if (status == SID_OK)
        status = sid__vectors_alloc(ctx, reader->rows, reader->dim, out, err);
    if (status == SID_OK)
        status = sid__npy_read_rows(reader, 0, reader->rows, (*out)->data, err);
    sid__npy_close(reader);
    return status;
}

static sid_status read_npy(sid_ctx *ctx, const char *path, sid_vectors **out, sid_error *err)
{
    sid__npy_reader reader;
    SID_TRY(sid__npy_open(path, &reader, err));
    return take_rows(ctx, &reader, out, err);
}

static sid_status fail_packed(const sid_ctx *ctx, const sid__npz_reader *reader, const char *path, sid_error *err)
{
    double size = (double)reader->rows * reader->dim * sizeof(float);
    return sid__fail_at(
        err, SID_ENOMEM, (sid__place){.file = path, .byte = -1},
        "a compressed array is read whole and needs %.0f MiB, over the memory limit of %zu MiB; save it "
        "with numpy.save, which is read in blocks, or raise --memory-limit",
        ceil(size / (1 << 20)), ctx->limit_size >> 20);
}

static sid_status take_npz(sid_ctx *ctx, sid__npz_reader *reader, const char *path, sid_vectors **out, sid_error *err)
{
    sid__npy_reader rows;
    SID_TRY(check_rows(path, reader->rows, err));
    if (is_large(ctx, reader->rows, reader->dim) && sid__npz_is_stored(reader)) {
        SID_TRY(sid__npz_read_in_place(reader, &rows, err));
        return sid__vectors_in_file(ctx, &rows, out, err);
    }
    if (ctx->limit_size > 0 && (double)reader->rows * reader->dim * sizeof(float) > (double)ctx->limit_size)
        return fail_packed(ctx, reader, path, err);
    SID_TRY(sid__vectors_alloc(ctx, reader->rows, reader->dim, out, err));
    return sid__npz_read(reader, (*out)->data, err);
}

static sid_status read_npz(sid_ctx *ctx, const char *path, const char *member, sid_vectors **out, sid_error *err)
{
    sid__npz_reader reader = {0};
    SID_TRY(sid__npz_open(path, member, &reader, err));
    sid_status status = take_npz(ctx, &reader, path, out, err);
    sid__npz_close(&reader);
    return status;
}

/* The tensor named, or the only matrix of floats when none is. */
static sid_status choose_tensor(const sid__safetensors_header *header, const char *path, const char *name,
                                const sid__safetensors_entry **out, sid_error *err)
{
    const sid__safetensors_entry *chosen = NULL;
    char names[400] = "", shape[SID__SHAPE_TEXT_SIZE];
    int64_t found_count = 0;
    sid__place place = {.file = path, .byte = -1};
    for (int64_t i = 0; i < header->count; i++) {
        const sid__safetensors_entry *entry = &header->entry[i];
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%.80s", i ? ", " : "", entry->name);
        bool is_matrix = entry->rank == 2 && entry->dtype != SID__DTYPE_COUNT && sid__dtype_is_float(entry->dtype);
        if (name ? strcmp(entry->name, name) != 0 : !is_matrix)
            continue;
        chosen = entry;
        found_count++;
    }
    if (found_count != 1)
        return sid__fail_at(err, SID_EDATA, place, "%s%s%s; name a tensor, %s:NAME, of: %s",
                            name          ? "no tensor \""
                            : found_count ? "more than one matrix of floats"
                                          : "no matrix of floats",
                            name ? name : "", name ? "\"" : "", path, names);
    if (chosen->rank != 2 || chosen->dtype == SID__DTYPE_COUNT || !sid__dtype_is_float(chosen->dtype) ||
        chosen->shape[1] < 1 || chosen->shape[1] > SID_DIM_MAX)
        return sid__fail_at(err, SID_EDATA, place,
                            "tensor %s is %s of shape %s; floats of shape (N, D), D from 1 to %d, are "
                            "expected",
                            chosen->name, chosen->dtype_name, sid__shape_text(chosen->rank, chosen->shape, shape),
                            SID_DIM_MAX);
    *out = chosen;
    return SID_OK;
}

/* Takes the file over, in any case. */
static sid_status take_tensor(sid_ctx *ctx, sid__file *file, int64_t file_size, const char *name, sid_vectors **out,
                              sid_error *err)
{
    sid__safetensors_header header = {0};
    const sid__safetensors_entry *entry = NULL;
    sid__npy_reader reader = {.file = *file};
    sid_status status = sid__safetensors_read_header(file, file_size, &header, err);
    if (status == SID_OK)
        status = choose_tensor(&header, file->path, name, &entry, err);
    if (status != SID_OK) {
        sid__safetensors_header_drop(&header);
        sid__file_close(file);
        return status;
    }
    /* It lies there just as in an npy file. */
    reader.header = (sid__npy_header){.dtype = entry->dtype,
                                      .rank = 2,
                                      .shape = {entry->shape[0], entry->shape[1]},
                                      .data_offset = header.data_offset + entry->begin};
    reader.rows = entry->shape[0];
    reader.dim = (int)entry->shape[1];
    sid__safetensors_header_drop(&header);
    return take_rows(ctx, &reader, out, err);
}

static sid_status read_safetensors(sid_ctx *ctx, const char *path, const char *name, sid_vectors **out, sid_error *err)
{
    sid__file file = {.fd = -1};
    int64_t file_size = 0;
    SID_TRY(sid__file_open(path, &file, &file_size, err));
    return take_tensor(ctx, &file, file_size, name, out, err);
}

/* *out may be set even when this fails. */
static sid_status read_array(sid_ctx *ctx, const char *path, sid_vectors **out, sid_error *err)
{
    char file[PATH_SIZE];
    const char *member = NULL;
    if (split_member(path, ".npz", file, &member))
        return read_npz(ctx, file, member, out, err);
    if (split_member(path, ".safetensors", file, &member))
        return read_safetensors(ctx, file, member, out, err);
    return read_npy(ctx, path, out, err);
}

/* ---- Ids ---- */

typedef struct id_reader {
    sid__row_reader rows;
    const char **id;
    int64_t count, capacity;
    sid__arena arena;
    sid__id_index index;
} id_reader;

static sid_status add_id(id_reader *reader, sid_error *err)
{
    const sid__field *field = &reader->rows.field[0];
    sid__place place = {.file = reader->rows.source->path, .row = field->line, .byte = field->byte};
    char *text = NULL;
    int64_t seen = -1;
    SID_TRY(sid__check_id(field->text, field->size, "id", place, err));
    SID_TRY(sid__arena_text(&reader->arena, field->text, field->size, &text, err));
    SID_TRY(sid__grow(&reader->id, &reader->capacity, reader->count + 1, sizeof *reader->id, "ids", err));
    reader->id[reader->count] = text;
    sid__names names = {.first = reader->id, .stride = sizeof *reader->id};
    SID_TRY(sid__id_index_add(&reader->index, names, reader->count, &seen, err));
    if (seen >= 0) /* one id a line: row i stands on line i + 1 */
        return sid__fail_at(err, SID_EDATA, place, "id \"%s\" seen before at line %" PRId64 "; ids must differ", text,
                            seen + 1);
    reader->count++;
    return SID_OK;
}

static sid_status read_ids(id_reader *reader, int64_t expected, const char *vectors_path, sid_error *err)
{
    const char *path = reader->rows.source->path;
    for (bool has_row = true;;) {
        SID_TRY(sid__row_next(&reader->rows, &has_row, err));
        if (!has_row)
            break;
        SID_TRY(add_id(reader, err));
    }
    if (reader->count != expected)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "%" PRId64 " ids; %s has %" PRId64 " rows, and one id a row is expected", reader->count,
                            vectors_path, expected);
    return SID_OK;
}

static void take_ids(sid_vectors *vectors, id_reader *reader)
{
    sid__vectors_drop_numbers(vectors);
    vectors->id = reader->id;
    vectors->arena = reader->arena;
}

static sid_status read_ids_file(sid_vectors *vectors, const char *path, const char *vectors_path, sid_error *err)
{
    sid__source source;
    id_reader reader = {0};
    int64_t file_size = 0;
    size_t index_size = (size_t)vectors->count * ID_INDEX_SIZE;
    SID_TRY(sid__source_open(path, &source, err));
    sid__row_reader_init(&reader.rows, &source, SID__ROWS_LINES);
    sid_status status = sid__file_size(&source.file, &file_size, err);
    if (status == SID_OK)
        status = sid__vectors_reserve(vectors, (size_t)file_size + (size_t)vectors->count * sizeof *reader.id,
                                      "the ids of the vectors", err);
    if (status == SID_OK)
        status = sid__ctx_reserve(vectors->ctx, index_size, "the index of ids", err);
    if (status == SID_OK) {
        status = read_ids(&reader, vectors->count, vectors_path, err);
        sid__ctx_release(vectors->ctx, index_size);
    }
    sid__row_reader_drop(&reader.rows);
    sid__source_close(&source);
    sid__id_index_drop(&reader.index);
    if (status != SID_OK) {
        sid__arena_drop(&reader.arena);
        sid__free(reader.id);
        return status;
    }
    take_ids(vectors, &reader);
    return SID_OK;
}

static sid_status finish(sid_vectors *vectors, const char *path, const char *ids_path, const sid_items *items,
                         const sid_read_options *options, int64_t *skipped, sid_error *err)
{
    if (ids_path)
        SID_TRY(read_ids_file(vectors, ids_path, path, err));
    else if (items)
        SID_TRY(sid_vectors_set_ids(vectors, items, err));
    if (!options || options->on_error == SID_ON_ERROR_FAIL)
        return sid__vectors_check(vectors, path, err);
    return sid__vectors_filter(vectors, path, options, skipped, err);
}

sid_status sid_vectors_read_with(sid_ctx *ctx, const char *path, const char *ids_path, const sid_items *items,
                                 const sid_read_options *options, sid_vectors **out, int64_t *skipped, sid_error *err)
{
    sid_vectors *vectors = NULL;
    SID_TRY(sid__ctx_check(ctx, err));
    if (skipped)
        *skipped = 0;
    sid_status status = read_array(ctx, path, &vectors, err);
    if (status == SID_OK)
        status = finish(vectors, path, ids_path, items, options, skipped, err);
    if (status != SID_OK) {
        sid_vectors_free(vectors);
        return status;
    }
    *out = vectors;
    return SID_OK;
}

sid_status sid_vectors_read(sid_ctx *ctx, const char *path, const char *ids_path, sid_vectors **out, sid_error *err)
{
    return sid_vectors_read_with(ctx, path, ids_path, NULL, NULL, out, NULL, err);
}
