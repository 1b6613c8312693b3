/* npy.c: NumPy's format (numpy.lib.format), as an offset table:
 *
 *     0   6        \x93 N U M P Y
 *     6   1, 1     major (1, 2, 3), minor (0)
 *     8   2 or 4   header size H, little-endian; 4 bytes from major 2 on
 *     10  H        a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (12101, 384), }, spaces, newline
 *     ..  ..       the elements, and nothing after them
 *
 * The dict is read by a small strict parser of just that literal: nothing is evaluated, and what it does not know is
 * refused by name (objects are pickles, which run code).
 */
#include "io/npy.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

enum {
    MAGIC_SIZE = 6,
    PREFIX_SIZE_1 = 10,      /* up to the dict, major 1 */
    PREFIX_SIZE_2 = 12,      /* from major 2 on */
    HEADER_MAX = 1 << 20,    /* a dict of three members takes some 120 bytes */
    CONVERT_COUNT = 1 << 15, /* elements read at a time when they are not float32 */
    TILE_ROWS = 4096,        /* Fortran order is turned round in tiles of this many rows */
    TILE_COLUMNS = 16        /* and columns, one cache line of floats */
};

static const char magic[MAGIC_SIZE + 1] = "\x93NUMPY";

static const struct {
    const char *descr;
    sid__dtype dtype;
} descr_table[] = {{"<f2", SID__F16}, {"<f4", SID__F32}, {"<f8", SID__F64}, {"<u2", SID__U16},
                   {"<i4", SID__I32}, {"<i8", SID__I64}, {"|u1", SID__U8}};

/* ---- The dict ---- */

typedef struct dict_parser {
    const char *bytes; /* from the file's start */
    size_t end, at;    /* the dict lies below `end` */
    const char *path;
    bool has_descr, has_order, has_shape;
} dict_parser;

static sid_status fail_dict(const dict_parser *parser, sid_error *err, const char *seen, const char *expected)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = parser->path, .byte = (int64_t)parser->at},
                        "bad npy header: %s; %s is expected", seen, expected);
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n';
}

static void skip_space(dict_parser *parser)
{
    while (parser->at < parser->end && is_space(parser->bytes[parser->at]))
        parser->at++;
}

/* Takes `mark` after spaces, or leaves it. */
static bool take(dict_parser *parser, char mark)
{
    skip_space(parser);
    if (parser->at == parser->end || parser->bytes[parser->at] != mark)
        return false;
    parser->at++;
    return true;
}

static bool take_word(dict_parser *parser, const char *word)
{
    size_t size = strlen(word);
    skip_space(parser);
    if (parser->end - parser->at < size || memcmp(parser->bytes + parser->at, word, size) != 0)
        return false;
    parser->at += size;
    return true;
}

/* 'text' or "text" without escapes. */
static bool take_string(dict_parser *parser, const char **text, size_t *size)
{
    char quote = take(parser, '\'') ? '\'' : take(parser, '"') ? '"' : 0;
    if (!quote)
        return false;
    const char *begin = parser->bytes + parser->at, *end = memchr(begin, quote, parser->end - parser->at);
    if (!end || memchr(begin, '\\', (size_t)(end - begin)))
        return false;
    *text = begin;
    *size = (size_t)(end - begin);
    parser->at += *size + 1;
    return true;
}

static bool take_size(dict_parser *parser, int64_t *out)
{
    int64_t value = 0;
    skip_space(parser);
    size_t begin = parser->at;
    for (; parser->at < parser->end && parser->bytes[parser->at] >= '0' && parser->bytes[parser->at] <= '9';
         parser->at++)
        if (!sid__mul_i64(value, 10, &value) || __builtin_add_overflow(value, parser->bytes[parser->at] - '0', &value))
            return false;
    if (parser->at == begin)
        return false;
    (void)take(parser, 'L'); /* Python 2 wrote long integers so */
    *out = value;
    return true;
}

static sid_status parse_descr(dict_parser *parser, sid__npy_header *out, sid_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    sid__place place = {.file = parser->path, .byte = (int64_t)parser->at};
    skip_space(parser);
    if (parser->at < parser->end && parser->bytes[parser->at] == '[')
        return sid__fail_at(err, SID_EDATA, place,
                            "structured dtypes are not read; save one plain array, x.astype('float32')");
    if (!take_string(parser, &text, &size))
        return fail_dict(parser, err, "descr is no string", "'<f4'");
    int shown = size < 40 ? (int)size : 40;
    for (size_t i = 0; i < sizeof descr_table / sizeof *descr_table; i++)
        if (size == strlen(descr_table[i].descr) && memcmp(text, descr_table[i].descr, size) == 0) {
            out->dtype = descr_table[i].dtype;
            return SID_OK;
        }
    if (memchr(text, 'O', size))
        return sid__fail_at(err, SID_EDATA, place,
                            "dtype '%.*s' holds Python objects, which are never read; save x.astype('float32')", shown,
                            text);
    if (size > 0 && *text == '>')
        return sid__fail_at(err, SID_EDATA, place, "dtype '%.*s' is big-endian; save it little-endian, x.astype('<f4')",
                            shown, text);
    return sid__fail_at(err, SID_EDATA, place,
                        "dtype '%.*s' is not read; f2, f4, f8, u1, u2, i4 and i8 are: save x.astype('float32')", shown,
                        text);
}

static sid_status parse_shape(dict_parser *parser, sid__npy_header *out, sid_error *err)
{
    bool had_comma = true;
    if (!take(parser, '('))
        return fail_dict(parser, err, "shape is no tuple", "(rows, columns)");
    while (!take(parser, ')')) {
        if (!had_comma)
            return fail_dict(parser, err, "a comma is missing in shape", "(rows, columns)");
        if (out->rank == SID__RANK_MAX)
            return sid__fail_at(err, SID_EDATA, (sid__place){.file = parser->path, .byte = (int64_t)parser->at},
                                "the shape has more than %d dimensions; (N, D) is expected", SID__RANK_MAX);
        if (!take_size(parser, &out->shape[out->rank]))
            return fail_dict(parser, err, "a size in shape is no number from 0 to 2^63 - 1", "(rows, columns)");
        out->rank++;
        had_comma = take(parser, ',');
    }
    if (out->rank == 1 && !had_comma)
        return fail_dict(parser, err, "shape is a number in brackets, no tuple", "(rows, columns)");
    return SID_OK;
}

static sid_status parse_order(dict_parser *parser, sid__npy_header *out, sid_error *err)
{
    out->is_fortran = take_word(parser, "True");
    if (!out->is_fortran && !take_word(parser, "False"))
        return fail_dict(parser, err, "fortran_order is neither", "True or False");
    return SID_OK;
}

static sid_status parse_member(dict_parser *parser, sid__npy_header *out, sid_error *err)
{
    static const struct {
        const char *name;
        size_t has_offset;
        sid_status (*parse)(dict_parser *, sid__npy_header *, sid_error *);
    } members[] = {{"descr", offsetof(dict_parser, has_descr), parse_descr},
                   {"fortran_order", offsetof(dict_parser, has_order), parse_order},
                   {"shape", offsetof(dict_parser, has_shape), parse_shape}};
    const char *name = NULL;
    size_t size = 0;
    if (!take_string(parser, &name, &size))
        return fail_dict(parser, err, "no name of a member", "'descr', 'fortran_order' or 'shape'");
    for (size_t i = 0; i < 3; i++) {
        if (size != strlen(members[i].name) || memcmp(name, members[i].name, size) != 0)
            continue;
        bool *has = (bool *)((char *)parser + members[i].has_offset);
        if (*has)
            return fail_dict(parser, err, "a member is there twice", "each once");
        *has = true;
        if (!take(parser, ':'))
            return fail_dict(parser, err, "no colon after a name", "':'");
        return members[i].parse(parser, out, err);
    }
    return fail_dict(parser, err, "an unknown member", "'descr', 'fortran_order' or 'shape'");
}

static sid_status parse_dict(dict_parser *parser, sid__npy_header *out, sid_error *err)
{
    if (!take(parser, '{'))
        return fail_dict(parser, err, "no dict", "'{'");
    for (bool had_comma = true; !take(parser, '}'); had_comma = take(parser, ',')) {
        if (!had_comma)
            return fail_dict(parser, err, "a comma is missing", "',' or '}'");
        SID_TRY(parse_member(parser, out, err));
    }
    if (!parser->has_descr || !parser->has_order || !parser->has_shape)
        return fail_dict(parser, err, "a member is missing", "descr, fortran_order and shape");
    skip_space(parser);
    if (parser->at != parser->end)
        return fail_dict(parser, err, "something after the dict", "spaces and a newline");
    return SID_OK;
}

/* ---- The header ---- */

/* Where the dict begins and ends, from the first bytes of the file. */
static sid_status find_dict(const char *bytes, size_t size, const char *path, size_t *begin, size_t *end,
                            sid_error *err)
{
    sid__place place = {.file = path, .byte = 0};
    if (size < MAGIC_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
        return sid__fail_at(err, SID_EDATA, place,
                            "not an npy file: it does not start with \\x93NUMPY; save one with "
                            "numpy.save");
    place.byte = (int64_t)size;
    if (size < PREFIX_SIZE_2)
        return sid__fail_at(err, SID_EDATA, place,
                            "the file ends inside the npy header; at least 12 bytes are expected");
    const unsigned char *at = (const unsigned char *)bytes;
    int major = at[6], minor = at[7];
    place.byte = 6;
    if (major < 1 || major > 3 || minor != 0)
        return sid__fail_at(err, SID_EDATA, place, "npy version %d.%d; 1.0, 2.0 and 3.0 are read", major, minor);
    size_t dict_size = (size_t)at[8] | (size_t)at[9] << 8;
    if (major > 1)
        dict_size |= (size_t)at[10] << 16 | (size_t)at[11] << 24;
    place.byte = 8;
    if (dict_size > HEADER_MAX)
        return sid__fail_at(err, SID_EDATA, place, "an npy header of %zu bytes; at most %d are read", dict_size,
                            HEADER_MAX);
    *begin = major == 1 ? PREFIX_SIZE_1 : PREFIX_SIZE_2;
    *end = *begin + dict_size;
    return SID_OK;
}

static sid_status check_data_size(const sid__npy_header *header, int64_t file_size, const char *path, sid_error *err)
{
    char shape[SID__SHAPE_TEXT_SIZE];
    size_t needed = 0;
    sid__place place = {.file = path, .byte = file_size};
    sid__shape_text(header->rank, header->shape, shape);
    if (!sid__shape_size(header->dtype, header->rank, header->shape, &needed) || needed > INT64_MAX)
        return sid__fail_at(err, SID_EDATA, place, "the header promises shape %s of %s, more than any file holds",
                            shape, sid__dtype_name(header->dtype));
    size_t there = (size_t)(file_size - header->data_offset);
    if (there < needed)
        return sid__fail_at(err, SID_EDATA, place,
                            "the file is cut off: shape %s of %s needs %zu bytes after the header, %zu are there",
                            shape, sid__dtype_name(header->dtype), needed, there);
    place.byte = header->data_offset + (int64_t)needed;
    if (there > needed)
        return sid__fail_at(err, SID_EDATA, place,
                            "%zu bytes follow the array of shape %s of %s; nothing is expected there", there - needed,
                            shape, sid__dtype_name(header->dtype));
    return SID_OK;
}

sid_status sid__npy_parse_header(const char *bytes, size_t size, int64_t file_size, const char *path,
                                 sid__npy_header *out, sid_error *err)
{
    dict_parser parser = {.bytes = bytes, .path = path};
    sid__npy_header header = {0};
    SID_TRY(find_dict(bytes, size, path, &parser.at, &parser.end, err));
    if (parser.end > size)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = (int64_t)size},
                            "the file ends inside the npy header, which should end at byte %zu", parser.end);
    header.data_offset = (int64_t)parser.end;
    SID_TRY(parse_dict(&parser, &header, err));
    SID_TRY(check_data_size(&header, file_size, path, err));
    *out = header;
    return SID_OK;
}

/* ---- Reading ---- */

static sid_status read_header(sid__npy_reader *reader, int64_t file_size, sid_error *err)
{
    char prefix[PREFIX_SIZE_2] = {0}, *bytes = NULL;
    size_t begin = 0, end = 0, size = file_size < PREFIX_SIZE_2 ? (size_t)file_size : PREFIX_SIZE_2;
    SID_TRY(sid__file_read(&reader->file, prefix, size, 0, err));
    SID_TRY(find_dict(prefix, size, reader->file.path, &begin, &end, err));
    if ((int64_t)end > file_size)
        end = (size_t)file_size;
    SID_TRY(sid__alloc(&bytes, end, 1, "an npy header", err));
    sid_status status = sid__file_read(&reader->file, bytes, end, 0, err);
    if (status == SID_OK)
        status = sid__npy_parse_header(bytes, end, file_size, reader->file.path, &reader->header, err);
    sid__free(bytes);
    return status;
}

sid_status sid__npy_check_matrix(const sid__npy_header *header, const char *path, sid_error *err)
{
    char shape[SID__SHAPE_TEXT_SIZE];
    sid__place place = {.file = path, .byte = -1};
    sid__shape_text(header->rank, header->shape, shape);
    if (header->rank != 2)
        return sid__fail_at(err, SID_EDATA, place, "an array of shape %s; (N, D) is expected, a row an item", shape);
    if (header->shape[1] < 1 || header->shape[1] > SID_DIM_MAX)
        return sid__fail_at(err, SID_EDATA, place, "an array of shape %s; 1 to %d columns are possible", shape,
                            SID_DIM_MAX);
    return SID_OK;
}

sid_status sid__npy_check_floats(const sid__npy_header *header, const char *path, sid_error *err)
{
    if (sid__dtype_is_float(header->dtype))
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                        "an array of %s; F16, F32 or F64 is expected: save x.astype('float32')",
                        sid__dtype_name(header->dtype));
}

sid_status sid__npy_open(const char *path, sid__npy_reader *out, sid_error *err)
{
    sid__npy_reader reader = {.file = {.fd = -1}};
    int64_t file_size = 0;
    SID_TRY(sid__file_open(path, &reader.file, &file_size, err));
    sid_status status = read_header(&reader, file_size, err);
    if (status == SID_OK)
        status = sid__npy_check_matrix(&reader.header, path, err);
    if (status != SID_OK) {
        sid__file_close(&reader.file);
        return status;
    }
    reader.rows = reader.header.shape[0];
    reader.dim = (int)reader.header.shape[1];
    *out = reader;
    return SID_OK;
}

void sid__npy_close(sid__npy_reader *reader)
{
    sid__file_close(&reader->file);
}

static sid_status read_converted(const sid__npy_reader *reader, int64_t first, int64_t count, float *out,
                                 sid_error *err)
{
    size_t element_size = sid__dtype_size(reader->header.dtype);
    char *buffer = NULL;
    SID_TRY(
        sid__alloc(&buffer, count < CONVERT_COUNT ? (size_t)count : CONVERT_COUNT, element_size, "a read buffer", err));
    sid_status status = SID_OK;
    for (int64_t done = 0; status == SID_OK && done < count; done += CONVERT_COUNT) {
        int64_t step = count - done < CONVERT_COUNT ? count - done : CONVERT_COUNT;
        int64_t offset = reader->header.data_offset + (first + done) * (int64_t)element_size;
        status = sid__file_read(&reader->file, buffer, (size_t)step * element_size, offset, err);
        if (status == SID_OK)
            sid__dtype_to_f32(reader->header.dtype, buffer, step, out + done);
    }
    sid__free(buffer);
    return status;
}

/* One tile: rows of `columns` columns, each column a run in the file. `tile` holds TILE_ROWS elements and then as many
 * floats. */
static sid_status read_tile(const sid__npy_reader *reader, int64_t row, int rows, int column, int columns, char *raw,
                            float *tile, float *out, sid_error *err)
{
    size_t element_size = sid__dtype_size(reader->header.dtype);
    for (int j = 0; j < columns; j++) {
        int64_t element = (int64_t)(column + j) * reader->rows + row;
        int64_t offset = reader->header.data_offset + element * (int64_t)element_size;
        SID_TRY(sid__file_read(&reader->file, raw, (size_t)rows * element_size, offset, err));
        sid__dtype_to_f32(reader->header.dtype, raw, rows, tile + (ptrdiff_t)j * TILE_ROWS);
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            out[(int64_t)i * reader->dim + column + j] = tile[(ptrdiff_t)j * TILE_ROWS + i];
    return SID_OK;
}

static sid_status read_fortran(const sid__npy_reader *reader, int64_t begin, int64_t count, float *out, sid_error *err)
{
    char *raw = NULL;
    float *tile = NULL;
    sid_status status = sid__alloc(&raw, TILE_ROWS, sizeof(double), "a read buffer", err);
    if (status == SID_OK)
        status = sid__alloc(&tile, (size_t)TILE_ROWS * TILE_COLUMNS, sizeof(float), "a read buffer", err);
    for (int64_t done = 0; status == SID_OK && done < count; done += TILE_ROWS) {
        int rows = count - done < TILE_ROWS ? (int)(count - done) : TILE_ROWS;
        for (int column = 0; status == SID_OK && column < reader->dim; column += TILE_COLUMNS) {
            int columns = reader->dim - column < TILE_COLUMNS ? reader->dim - column : TILE_COLUMNS;
            status = read_tile(reader, begin + done, rows, column, columns, raw, tile, out + done * reader->dim, err);
        }
    }
    sid__free(tile);
    sid__free(raw);
    return status;
}

static sid_status check_range(const sid__npy_reader *reader, int64_t begin, int64_t count, sid_error *err)
{
    if (begin < 0 || count < 0 || begin > reader->rows || count > reader->rows - begin)
        return sid__fail(err, SID_EUSAGE, "%s: rows %" PRId64 " to %" PRId64 " of %" PRId64, reader->file.path, begin,
                         begin + count, reader->rows);
    return SID_OK;
}

sid_status sid__npy_read_rows(const sid__npy_reader *reader, int64_t begin, int64_t count, float *out, sid_error *err)
{
    sid__dtype dtype = reader->header.dtype;
    SID_TRY(check_range(reader, begin, count, err));
    SID_TRY(sid__npy_check_floats(&reader->header, reader->file.path, err));
    if (reader->header.is_fortran)
        return read_fortran(reader, begin, count, out, err);
    int64_t first = begin * reader->dim, element_count = count * reader->dim;
    if (dtype != SID__F32)
        return read_converted(reader, first, element_count, out, err);
    return sid__file_read(&reader->file, out, (size_t)element_count * sizeof(float),
                          reader->header.data_offset + first * (int64_t)sizeof(float), err);
}

/* Column by column, as they lie. `out` gets rows. */
static sid_status read_raw_fortran(const sid__npy_reader *reader, int64_t begin, int64_t count, char *out,
                                   sid_error *err)
{
    size_t size = sid__dtype_size(reader->header.dtype), row_size = (size_t)reader->dim * size;
    char *column = NULL;
    SID_TRY(sid__alloc(&column, (size_t)count, size, "a column of the array", err));
    sid_status status = SID_OK;
    for (int d = 0; d < reader->dim && status == SID_OK; d++) {
        int64_t first = d * reader->rows + begin;
        status = sid__file_read(&reader->file, column, (size_t)count * size,
                                reader->header.data_offset + first * (int64_t)size, err);
        for (size_t i = 0; i < (size_t)count && status == SID_OK; i++)
            memcpy(out + i * row_size + (size_t)d * size, column + i * size, size);
    }
    sid__free(column);
    return status;
}

sid_status sid__npy_read_raw(const sid__npy_reader *reader, int64_t begin, int64_t count, void *out, sid_error *err)
{
    int64_t row_size = reader->dim * (int64_t)sid__dtype_size(reader->header.dtype);
    SID_TRY(check_range(reader, begin, count, err));
    if (reader->header.is_fortran && reader->dim > 1)
        return read_raw_fortran(reader, begin, count, out, err);
    return sid__file_read(&reader->file, out, (size_t)(count * row_size), reader->header.data_offset + begin * row_size,
                          err);
}

/* ---- Writing ---- */

static const char *descr_of(sid__dtype dtype)
{
    for (size_t i = 0; i < sizeof descr_table / sizeof *descr_table; i++)
        if (descr_table[i].dtype == dtype)
            return descr_table[i].descr;
    return NULL;
}

/* Writes magic to newline into `header` (256 bytes are plenty); gives the size, a multiple of 64 as NumPy has it. */
static size_t make_header(char *header, const char *descr, int64_t rows, int columns)
{
    memcpy(header, magic, MAGIC_SIZE);
    header[6] = 1;
    header[7] = 0;
    int n = snprintf(header + PREFIX_SIZE_1, 200,
                     "{'descr': '%s', 'fortran_order': False, 'shape': (%" PRId64 ", %d), }", descr, rows, columns);
    size_t used = PREFIX_SIZE_1 + (size_t)n, size = (used + 64) / 64 * 64;
    memset(header + used, ' ', size - used);
    header[size - 1] = '\n';
    header[8] = (char)((size - PREFIX_SIZE_1) & 255);
    header[9] = (char)((size - PREFIX_SIZE_1) >> 8);
    return size;
}

/* A new file with its header; *size gets the bytes that must follow. */
static sid_status create(const char *path, sid__dtype dtype, int64_t rows, int columns, sid__output *out, size_t *size,
                         sid_error *err)
{
    char header[256];
    const char *descr = descr_of(dtype);
    if (!descr)
        return sid__fail(err, SID_EUSAGE, "%s: NumPy has no dtype for %s", path, sid__dtype_name(dtype));
    if (!sid__shape_size(dtype, 2, (const int64_t[]){rows, columns}, size))
        return sid__fail(err, SID_EUSAGE, "%s: an array of %" PRId64 " x %d is too large", path, rows, columns);
    size_t header_size = make_header(header, descr, rows, columns);
    SID_TRY(sid__output_open(path, out, err));
    sid_status status = sid__file_write(&out->file, header, header_size, err);
    return status == SID_OK ? SID_OK : sid__output_finish(out, status, err);
}

sid_status sid__npy_write(const char *path, sid__dtype dtype, const void *data, int64_t rows, int columns,
                          sid_error *err)
{
    sid__output output;
    size_t size;
    SID_TRY(create(path, dtype, rows, columns, &output, &size, err));
    return sid__output_finish(&output, sid__file_write(&output.file, data, size, err), err);
}

static sid_status write_rows(const sid__file *file, const sid__rows *rows, float *buffer, sid_error *err)
{
    int64_t block = sid__rows_block(rows->dim);
    for (int64_t begin = 0; begin < rows->count; begin += block) {
        int64_t count = sid__rows_in_block(rows, begin, block);
        const float *x;
        SID_TRY(sid__rows_get(rows, begin, count, buffer, &x, err));
        SID_TRY(sid__file_write(file, x, (size_t)count * (size_t)rows->dim * sizeof *x, err));
    }
    return SID_OK;
}

sid_status sid__npy_write_rows(const char *path, const sid__rows *rows, sid_error *err)
{
    sid__output output;
    size_t size;
    float *buffer = NULL;
    SID_TRY(sid__rows_buffer(rows, sid__rows_block(rows->dim), &buffer, err));
    sid_status status = create(path, SID__F32, rows->count, rows->dim, &output, &size, err);
    if (status == SID_OK)
        status = sid__output_finish(&output, write_rows(&output.file, rows, buffer, err), err);
    sid__free(buffer);
    return status;
}
