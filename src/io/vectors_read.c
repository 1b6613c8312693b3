/* vectors_read.c: sid_vectors_read, from npy, npz and safetensors files and a file of ids. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/delimited.h"
#include "io/id_index.h"
#include "io/npz.h"
#include "io/safetensors.h"
#include "io/vectors.h"

enum { PATH_SIZE = 4096, CONVERT_COUNT = 1 << 15 };

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

static sid_status alloc_rows(sid_ctx *ctx, const char *path, int64_t rows, int dim, sid_vectors **out, sid_error *err)
{
    if (rows < 1)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "an array of 0 rows; at least one vector is expected");
    return sid__vectors_alloc(ctx, rows, dim, out, err);
}

static sid_status read_npy(sid_ctx *ctx, const char *path, sid_vectors **out, sid_error *err)
{
    sid__npy_reader reader;
    SID_TRY(sid__npy_open(path, &reader, err));
    sid_status status = sid__npy_check_floats(&reader.header, path, err);
    if (status == SID_OK)
        status = alloc_rows(ctx, path, reader.rows, reader.dim, out, err);
    if (status == SID_OK)
        status = sid__npy_read_rows(&reader, 0, reader.rows, (*out)->data, err);
    sid__npy_close(&reader);
    return status;
}

static sid_status read_npz(sid_ctx *ctx, const char *path, const char *member, sid_vectors **out, sid_error *err)
{
    sid__npz_reader reader = {0};
    SID_TRY(sid__npz_open(path, member, &reader, err));
    sid_status status = alloc_rows(ctx, path, reader.rows, reader.dim, out, err);
    if (status == SID_OK)
        status = sid__npz_read(&reader, (*out)->data, err);
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

static sid_status read_elements(const sid__file *file, const sid__safetensors_entry *entry, int64_t data_offset,
                                float *out, sid_error *err)
{
    size_t element_size = sid__dtype_size(entry->dtype);
    int64_t total = (entry->end - entry->begin) / (int64_t)element_size;
    char *buffer = NULL;
    SID_TRY(sid__alloc(&buffer, CONVERT_COUNT, element_size, "a read buffer", err));
    sid_status status = SID_OK;
    for (int64_t done = 0; status == SID_OK && done < total; done += CONVERT_COUNT) {
        int64_t step = total - done < CONVERT_COUNT ? total - done : CONVERT_COUNT;
        int64_t offset = data_offset + entry->begin + done * (int64_t)element_size;
        status = sid__file_read(file, buffer, (size_t)step * element_size, offset, err);
        if (status == SID_OK)
            sid__dtype_to_f32(entry->dtype, buffer, step, out + done);
    }
    sid__free(buffer);
    return status;
}

static sid_status read_tensor(sid_ctx *ctx, const sid__file *file, int64_t file_size, const char *name,
                              sid_vectors **out, sid_error *err)
{
    sid__safetensors_header header = {0};
    const sid__safetensors_entry *entry = NULL;
    SID_TRY(sid__safetensors_read_header(file, file_size, &header, err));
    sid_status status = choose_tensor(&header, file->path, name, &entry, err);
    if (status == SID_OK)
        status = alloc_rows(ctx, file->path, entry->shape[0], (int)entry->shape[1], out, err);
    if (status == SID_OK)
        status = read_elements(file, entry, header.data_offset, (*out)->data, err);
    sid__safetensors_header_drop(&header);
    return status;
}

static sid_status read_safetensors(sid_ctx *ctx, const char *path, const char *name, sid_vectors **out, sid_error *err)
{
    sid__file file = {.fd = -1};
    int64_t file_size = 0;
    SID_TRY(sid__file_open(path, &file, &file_size, err));
    sid_status status = read_tensor(ctx, &file, file_size, name, out, err);
    sid__file_close(&file);
    return status;
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

static sid_status read_ids_file(sid_vectors *vectors, const char *path, const char *vectors_path, sid_error *err)
{
    sid__source source;
    id_reader reader = {0};
    SID_TRY(sid__source_open(path, &source, err));
    sid__row_reader_init(&reader.rows, &source, SID__ROWS_LINES);
    sid_status status = read_ids(&reader, vectors->count, vectors_path, err);
    sid__row_reader_drop(&reader.rows);
    sid__source_close(&source);
    sid__id_index_drop(&reader.index);
    if (status != SID_OK) {
        sid__arena_drop(&reader.arena);
        sid__free(reader.id);
        return status;
    }
    sid__free(vectors->number);
    vectors->number = NULL;
    vectors->id = reader.id;
    vectors->arena = reader.arena;
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
