/* safetensors.c: Hugging Face's format (github.com/huggingface/safetensors, "Format"), as an offset table:
 *
 *     0   8     header size H, little-endian
 *     8   H     {"name": {"dtype": "F32", "shape": [256, 64], "data_offsets": [0, 65536]}, ...}, then spaces
 *     ..  ..    the data; data_offsets count from here, have no gaps, and end where the file ends
 *
 * `"__metadata__"`, an object of strings, is skipped. The header is read token by token: a tree of 65,536 tensors would take
 * a hundred megabytes.
 */
#include "io/safetensors.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "io/json.h"
#include "io/utf8.h"

enum {
    PREFIX_SIZE = 8,
    HEADER_MAX = 100 * 1000 * 1000,
    TENSORS_MAX = 65536,
    NAME_MAX_SIZE = 4096,
    ALIGNMENT = 64,
    BLOCK_SIZE = 1 << 16
};

/* Dtypes that may stand in a file but that nothing here computes with. */
static const struct {
    const char *name;
    size_t size;
} other_dtype[] = {{"BOOL", 1}, {"I8", 1}, {"I16", 2}, {"U32", 4}, {"U64", 8}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};

/* ---- The header's JSON ---- */

typedef struct header_parser {
    sid__json_scanner scanner;
    sid__json_token token; /* the next one, not yet used */
    size_t token_offset;
} header_parser;

static sid_status advance(header_parser *parser, sid_error *err)
{
    parser->token_offset = parser->scanner.offset;
    return sid__json_next(&parser->scanner, &parser->token, err);
}

static sid_status fail_header(const header_parser *parser, sid_error *err, const char *expected)
{
    sid__place place = sid__json_place(&parser->scanner, parser->token_offset);
    place.row = 0;
    return sid__fail_at(err, SID_EDATA, place, "bad safetensors header: %s is expected", expected);
}

static bool is_mark(const header_parser *parser, char mark)
{
    return parser->token.kind == SID__JSON_MARK && *parser->token.at == mark;
}

static sid_status take_mark(header_parser *parser, char mark, sid_error *err)
{
    char expected[] = {'\'', mark, '\'', 0};
    if (!is_mark(parser, mark))
        return fail_header(parser, err, expected);
    return advance(parser, err);
}

/* After a member or an element: a comma and another one, or the end. */
static sid_status take_separator(header_parser *parser, char end, bool *has_more, sid_error *err)
{
    *has_more = is_mark(parser, ',');
    return take_mark(parser, *has_more ? ',' : end, err);
}

/* A string's text in the arena; escapes are decoded. */
static sid_status take_text(header_parser *parser, sid__arena *arena, char **out, sid_error *err)
{
    const sid__json_token *token = &parser->token;
    if (token->kind != SID__JSON_STRING)
        return fail_header(parser, err, "a string");
    if (token->size > NAME_MAX_SIZE)
        return fail_header(parser, err, "a name of at most 4096 bytes");
    if (!token->has_escape) {
        SID_TRY(sid__arena_text(arena, token->at, token->size, out, err));
    } else {
        json_error_t why;
        bool is_out_of_memory;
        json_t *decoded = sid__json_load(token->at - 1, token->size + 2, JSON_DECODE_ANY, &is_out_of_memory, &why);
        if (is_out_of_memory)
            return sid__fail_memory(err, "a tensor's name", token->size);
        if (!decoded)
            return fail_header(parser, err, "a string with valid escapes");
        sid_status status = sid__arena_text(arena, json_string_value(decoded), json_string_length(decoded), out, err);
        json_decref(decoded);
        SID_TRY(status);
    }
    return advance(parser, err);
}

static sid_status take_integer(header_parser *parser, int64_t *out, sid_error *err)
{
    const sid__json_token *token = &parser->token;
    int64_t value = 0;
    bool is_good = token->kind == SID__JSON_NUMBER && (token->size == 1 || *token->at != '0');
    for (size_t i = 0; is_good && i < token->size; i++)
        is_good = token->at[i] >= '0' && token->at[i] <= '9' && sid__mul_i64(value, 10, &value) &&
                  !__builtin_add_overflow(value, token->at[i] - '0', &value);
    if (!is_good)
        return fail_header(parser, err, "an integer from 0 to 2^63 - 1");
    *out = value;
    return advance(parser, err);
}

/* [1, 2, 3], at most `max` of them. */
static sid_status take_integers(header_parser *parser, int max, int64_t *out, int *count, sid_error *err)
{
    SID_TRY(take_mark(parser, '[', err));
    *count = 0;
    if (is_mark(parser, ']'))
        return advance(parser, err);
    for (bool has_more = true; has_more;) {
        if (*count == max)
            return fail_header(parser, err, max == 2 ? "two data_offsets" : "a rank of at most 8");
        SID_TRY(take_integer(parser, &out[*count], err));
        ++*count;
        SID_TRY(take_separator(parser, ']', &has_more, err));
    }
    return SID_OK;
}

static sid_status take_dtype(header_parser *parser, sid__safetensors_entry *out, sid_error *err)
{
    sid__json_token token = parser->token;
    if (token.kind != SID__JSON_STRING)
        return fail_header(parser, err, "a dtype such as \"F32\"");
    for (int i = 0; i < SID__DTYPE_COUNT; i++)
        if (token.size == strlen(sid__dtype_name((sid__dtype)i)) &&
            memcmp(token.at, sid__dtype_name((sid__dtype)i), token.size) == 0) {
            out->dtype = (sid__dtype)i;
            out->dtype_name = sid__dtype_name((sid__dtype)i);
        }
    for (size_t i = 0; i < sizeof other_dtype / sizeof *other_dtype; i++)
        if (token.size == strlen(other_dtype[i].name) && memcmp(token.at, other_dtype[i].name, token.size) == 0)
            out->dtype_name = other_dtype[i].name;
    if (!out->dtype_name)
        return fail_header(parser, err, "a known dtype (F16, BF16, F32, F64, U8, U16, I32, I64)");
    return advance(parser, err);
}

/* One member of a tensor's object. seen: bit 0 dtype, 1 shape, 2 data_offsets. */
static sid_status take_field(header_parser *parser, sid__safetensors_entry *out, int *seen, sid_error *err)
{
    static const char *const names[] = {"dtype", "shape", "data_offsets"};
    const sid__json_token *token = &parser->token;
    int field = -1, count = 0;
    int64_t offset[2] = {0};
    for (int i = 0; i < 3 && token->kind == SID__JSON_STRING; i++)
        if (token->size == strlen(names[i]) && memcmp(token->at, names[i], token->size) == 0)
            field = i;
    if (field < 0 || *seen & 1 << field)
        return fail_header(parser, err, "each of \"dtype\", \"shape\" and \"data_offsets\" once");
    *seen |= 1 << field;
    SID_TRY(advance(parser, err));
    SID_TRY(take_mark(parser, ':', err));
    if (field == 0)
        return take_dtype(parser, out, err);
    if (field == 1)
        return take_integers(parser, SID__RANK_MAX, out->shape, &out->rank, err);
    SID_TRY(take_integers(parser, 2, offset, &count, err));
    if (count != 2)
        return fail_header(parser, err, "two data_offsets");
    out->begin = offset[0];
    out->end = offset[1];
    return SID_OK;
}

static bool has_true_size(const sid__safetensors_entry *entry)
{
    size_t size = 0, element_size = 0;
    for (size_t i = 0; i < sizeof other_dtype / sizeof *other_dtype; i++)
        if (entry->dtype_name == other_dtype[i].name)
            element_size = other_dtype[i].size;
    if (entry->dtype != SID__DTYPE_COUNT)
        element_size = sid__dtype_size(entry->dtype);
    if (!sid__shape_size(SID__U8, entry->rank, entry->shape, &size) || !sid__mul_size(size, element_size, &size))
        return false;
    return entry->end >= entry->begin && size == (size_t)(entry->end - entry->begin);
}

static sid_status take_tensor(header_parser *parser, char *name, sid__safetensors_header *out, sid_error *err)
{
    sid__safetensors_entry entry = {.name = name, .dtype = SID__DTYPE_COUNT};
    int seen = 0;
    if (out->count == TENSORS_MAX)
        return fail_header(parser, err, "a file of at most 65,536 tensors");
    SID_TRY(take_mark(parser, '{', err));
    for (bool has_more = true; has_more;) {
        SID_TRY(take_field(parser, &entry, &seen, err));
        SID_TRY(take_separator(parser, '}', &has_more, err));
    }
    if (seen != 7)
        return fail_header(parser, err, "each of \"dtype\", \"shape\" and \"data_offsets\"");
    if (!has_true_size(&entry)) {
        char text[SID__SHAPE_TEXT_SIZE];
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = parser->scanner.start.file, .byte = -1},
                            "tensor %s of %s %s cannot lie at data_offsets %" PRId64 " to %" PRId64, name,
                            entry.dtype_name, sid__shape_text(entry.rank, entry.shape, text), entry.begin, entry.end);
    }
    SID_TRY(sid__grow(&out->entry, &out->capacity, out->count + 1, sizeof entry, "the list of tensors", err));
    out->entry[out->count++] = entry;
    return SID_OK;
}

static sid_status skip_metadata(header_parser *parser, sid__arena *arena, sid_error *err)
{
    char *text = NULL;
    SID_TRY(take_mark(parser, '{', err));
    if (is_mark(parser, '}'))
        return advance(parser, err);
    for (bool has_more = true; has_more;) {
        SID_TRY(take_text(parser, arena, &text, err));
        SID_TRY(take_mark(parser, ':', err));
        if (parser->token.kind != SID__JSON_STRING)
            return fail_header(parser, err, "a string in __metadata__");
        SID_TRY(advance(parser, err));
        SID_TRY(take_separator(parser, '}', &has_more, err));
    }
    return SID_OK;
}

static sid_status take_all(header_parser *parser, sid__safetensors_header *out, sid_error *err)
{
    SID_TRY(advance(parser, err));
    SID_TRY(take_mark(parser, '{', err));
    bool has_more = !is_mark(parser, '}');
    if (!has_more)
        SID_TRY(advance(parser, err));
    while (has_more) {
        char *name = NULL;
        SID_TRY(take_text(parser, &out->arena, &name, err));
        SID_TRY(take_mark(parser, ':', err));
        SID_TRY(strcmp(name, "__metadata__") == 0 ? skip_metadata(parser, &out->arena, err)
                                                  : take_tensor(parser, name, out, err));
        SID_TRY(take_separator(parser, '}', &has_more, err));
    }
    return parser->token.kind == SID__JSON_END ? SID_OK : fail_header(parser, err, "the end of the header");
}

/* ---- The header as a whole ---- */

static int compare_place(const void *a, const void *b)
{
    const sid__safetensors_entry *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    if (left->end != right->end)
        return left->end < right->end ? -1 : 1;
    return strcmp(left->name, right->name);
}

static sid_status check_places(sid__safetensors_header *header, int64_t data_size, const char *path, sid_error *err)
{
    sid__place place = {.file = path, .byte = -1};
    int64_t expected = 0;
    if (header->count > 1)
        qsort(header->entry, (size_t)header->count, sizeof *header->entry, compare_place);
    for (int64_t i = 0; i < header->count; i++) {
        const sid__safetensors_entry *entry = &header->entry[i];
        if (entry->begin != expected)
            return sid__fail_at(err, SID_EDATA, place,
                                "tensor %s begins at data byte %" PRId64 "; %" PRId64
                                " is expected (no gaps, no overlaps)",
                                entry->name, entry->begin, expected);
        expected = entry->end;
    }
    place.byte = header->data_offset + (expected < data_size ? expected : data_size);
    if (expected > data_size)
        return sid__fail_at(err, SID_EDATA, place,
                            "the file is cut off: the tensors take %" PRId64 " bytes after the header, %" PRId64
                            " are there",
                            expected, data_size);
    if (expected < data_size)
        return sid__fail_at(err, SID_EDATA, place,
                            "%" PRId64 " bytes follow the last tensor; nothing is expected there",
                            data_size - expected);
    return SID_OK;
}

static sid_status check_names(const sid__safetensors_header *header, const char *path, sid_error *err)
{
    _Static_assert(offsetof(sid__safetensors_entry, name) == 0, "the index finds a name at the start of each entry");
    sid__names names = {.first = header->entry, .stride = sizeof *header->entry};
    sid__id_index index = {0};
    sid_status status = SID_OK;
    if (!header->entry)
        return SID_OK;
    for (int64_t i = 0, seen = -1; status == SID_OK && i < header->count; i++) {
        status = sid__id_index_add(&index, names, i, &seen, err);
        if (status == SID_OK && seen >= 0)
            status = sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                                  "tensor %s is there twice; names must differ", header->entry[i].name);
    }
    sid__id_index_drop(&index);
    return status;
}

/* Checks the first 8 bytes; *end gets where the header ends. */
static sid_status find_header(const char *bytes, size_t size, int64_t file_size, const char *path, size_t *end,
                              sid_error *err)
{
    uint64_t header_size = 0;
    sid__place place = {.file = path, .byte = (int64_t)size};
    if (size < PREFIX_SIZE)
        return sid__fail_at(err, SID_EDATA, place, "the file ends inside the header's size; not a safetensors file");
    for (int i = 0; i < PREFIX_SIZE; i++)
        header_size |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    place.byte = 0;
    if (header_size > HEADER_MAX)
        return sid__fail_at(err, SID_EDATA, place,
                            "a header of %" PRIu64 " bytes; at most %d are possible: not a safetensors file",
                            header_size, HEADER_MAX);
    place.byte = file_size;
    if ((int64_t)header_size > file_size - PREFIX_SIZE)
        return sid__fail_at(err, SID_EDATA, place, "the file ends inside its header of %" PRIu64 " bytes", header_size);
    *end = PREFIX_SIZE + (size_t)header_size;
    return SID_OK;
}

static sid_status parse_text(const char *bytes, size_t end, int64_t file_size, const char *path,
                             sid__safetensors_header *out, sid_error *err)
{
    sid__place start = {.file = path, .byte = PREFIX_SIZE};
    const char *text = bytes + PREFIX_SIZE;
    size_t text_size = end - PREFIX_SIZE, valid_size = sid__utf8_valid_size(text, text_size);
    header_parser parser = {.scanner = {.bytes = text, .size = text_size, .start = start}};
    if (valid_size < text_size)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = (int64_t)(PREFIX_SIZE + valid_size)},
                            "the safetensors header is not UTF-8");
    out->data_offset = (int64_t)end;
    SID_TRY(take_all(&parser, out, err));
    SID_TRY(check_names(out, path, err));
    return check_places(out, file_size - (int64_t)end, path, err);
}

sid_status sid__safetensors_parse_header(const char *bytes, size_t size, int64_t file_size, const char *path,
                                         sid__safetensors_header *out, sid_error *err)
{
    sid__safetensors_header header = {0};
    size_t end = 0;
    SID_TRY(find_header(bytes, size, file_size, path, &end, err));
    if (end > size)
        return sid__fail(err, SID_EINTERNAL, "%s: %zu bytes of the header of %zu were given", path, size, end);
    sid_status status = parse_text(bytes, end, file_size, path, &header, err);
    if (status != SID_OK) {
        sid__safetensors_header_drop(&header);
        return status;
    }
    *out = header;
    return SID_OK;
}

/* Counts objects, of which each tensor is one, before memory is taken for all of the header. Texts are told apart only so far
 * as a quote ends them; what is no JSON is found later. */
typedef struct object_counter {
    int64_t objects;
    bool is_text, is_escaped;
} object_counter;

/* The index of the first byte that is one object too many, or size. */
static size_t count_objects(object_counter *counter, const char *bytes, size_t size)
{
    const int64_t objects_max = TENSORS_MAX + 2; /* the header itself, __metadata__ */
    for (size_t i = 0; i < size; i++) {
        if (counter->is_escaped)
            counter->is_escaped = false;
        else if (bytes[i] == '"')
            counter->is_text = !counter->is_text;
        else if (counter->is_text)
            counter->is_escaped = bytes[i] == '\\';
        else if (bytes[i] == '{' && ++counter->objects > objects_max)
            return i;
    }
    return size;
}

static sid_status check_count(const sid__file *file, size_t end, sid_error *err)
{
    object_counter counter = {0};
    char block[BLOCK_SIZE];
    for (size_t at = PREFIX_SIZE; at < end; at += BLOCK_SIZE) {
        size_t size = end - at < BLOCK_SIZE ? end - at : BLOCK_SIZE;
        SID_TRY(sid__file_read(file, block, size, (int64_t)at, err));
        size_t excess = count_objects(&counter, block, size);
        if (excess < size)
            return sid__fail_at(err, SID_EDATA, (sid__place){.file = file->path, .byte = (int64_t)(at + excess)},
                                "bad safetensors header: a file of at most 65,536 tensors is expected");
    }
    return SID_OK;
}

sid_status sid__safetensors_read_header(const sid__file *file, int64_t file_size, sid__safetensors_header *out,
                                        sid_error *err)
{
    char prefix[PREFIX_SIZE] = {0}, *bytes = NULL;
    size_t end = 0, size = file_size < PREFIX_SIZE ? (size_t)file_size : PREFIX_SIZE;
    SID_TRY(sid__file_read(file, prefix, size, 0, err));
    SID_TRY(find_header(prefix, size, file_size, file->path, &end, err));
    if (end > TENSORS_MAX) /* fewer bytes hold fewer tensors */
        SID_TRY(check_count(file, end, err));
    SID_TRY(sid__alloc(&bytes, end, 1, "a safetensors header", err));
    sid_status status = sid__file_read(file, bytes, end, 0, err);
    if (status == SID_OK)
        status = sid__safetensors_parse_header(bytes, end, file_size, file->path, out, err);
    sid__free(bytes);
    return status;
}

void sid__safetensors_header_drop(sid__safetensors_header *header)
{
    sid__free(header->entry);
    sid__arena_drop(&header->arena);
    *header = (sid__safetensors_header){0};
}

/* ---- Whole sets ---- */

/* Adds the entries to `set`; data comes from `bytes` (the whole file), or from `file` when that is NULL. */
static sid_status fill_set(const sid__safetensors_header *header, const char *bytes, const sid__file *file,
                           const char *path, sid__tensor_set *set, sid_error *err)
{
    for (int64_t i = 0; i < header->count; i++) {
        const sid__safetensors_entry *entry = &header->entry[i];
        size_t size = (size_t)(entry->end - entry->begin);
        void *data = NULL;
        if (entry->dtype == SID__DTYPE_COUNT)
            return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                                "tensor %s is %s, which is not read; F16, BF16, F32, F64, U8, U16, I32 and I64 are",
                                entry->name, entry->dtype_name);
        SID_TRY(sid__tensor_add(set, entry->name, entry->dtype, entry->rank, entry->shape, &data, err));
        if (bytes && size > 0)
            memcpy(data, bytes + header->data_offset + entry->begin, size);
        if (!bytes)
            SID_TRY(sid__file_read(file, data, size, header->data_offset + entry->begin, err));
    }
    return SID_OK;
}

static sid_status make_set(sid__safetensors_header *header, const char *bytes, const sid__file *file, const char *path,
                           sid__tensor_set *out, sid_error *err)
{
    sid__tensor_set set = {0};
    sid_status status = fill_set(header, bytes, file, path, &set, err);
    sid__safetensors_header_drop(header);
    if (status != SID_OK) {
        sid__tensor_set_drop(&set);
        return status;
    }
    *out = set;
    return SID_OK;
}

sid_status sid__safetensors_parse(const char *bytes, size_t size, const char *path, sid__tensor_set *out,
                                  sid_error *err)
{
    sid__safetensors_header header = {0};
    SID_TRY(sid__safetensors_parse_header(bytes, size, (int64_t)size, path, &header, err));
    return make_set(&header, bytes, NULL, path, out, err);
}

sid_status sid__safetensors_read(const char *path, sid__tensor_set *out, sid_error *err)
{
    sid__file file = {.fd = -1};
    int64_t file_size = 0;
    sid__safetensors_header header = {0};
    SID_TRY(sid__file_open(path, &file, &file_size, err));
    sid_status status = sid__safetensors_read_header(&file, file_size, &header, err);
    if (status == SID_OK)
        status = make_set(&header, NULL, &file, path, out, err);
    sid__file_close(&file);
    return status;
}

/* ---- Writing ---- */

static sid_status append_entry(sid__strbuf *out, const sid__tensor *tensor, size_t begin, size_t size, sid_error *err)
{
    SID_TRY(sid__json_append_text(out, tensor->name, err));
    SID_TRY(sid__strbuf_printf(out, err, ":{\"dtype\":\"%s\",\"shape\":[", sid__dtype_name(tensor->dtype)));
    for (int i = 0; i < tensor->rank; i++)
        SID_TRY(sid__strbuf_printf(out, err, "%s%" PRId64, i ? "," : "", tensor->shape[i]));
    return sid__strbuf_printf(out, err, "],\"data_offsets\":[%zu,%zu]}", begin, begin + size);
}

static size_t size_of(const sid__tensor *tensor)
{
    size_t size = 0;
    bool is_fitting = sid__shape_size(tensor->dtype, tensor->rank, tensor->shape, &size);
    return is_fitting ? size : 0; /* a set holds only shapes that fit */
}

/* The 8 bytes of size, the JSON and its padding. */
static sid_status make_header(const sid__tensor_set *set, sid__strbuf *out, sid_error *err)
{
    char prefix[PREFIX_SIZE] = {0};
    size_t offset = 0;
    SID_TRY(sid__strbuf_append(out, prefix, PREFIX_SIZE, err));
    for (int64_t i = 0; i < set->count; i++) {
        size_t size = size_of(&set->tensor[i]);
        SID_TRY(sid__strbuf_append(out, i ? "," : "{", 1, err));
        SID_TRY(append_entry(out, &set->tensor[i], offset, size, err));
        offset += size;
    }
    SID_TRY(sid__strbuf_printf(out, err, "%s}", set->count ? "" : "{"));
    while (out->length % ALIGNMENT != 0)
        SID_TRY(sid__strbuf_append(out, " ", 1, err));
    for (int i = 0; i < PREFIX_SIZE; i++)
        out->text[i] = (char)((uint64_t)(out->length - PREFIX_SIZE) >> 8 * i);
    return SID_OK;
}

static sid_status write_all(const sid__tensor_set *set, const sid__strbuf *header, const sid__file *file,
                            sid_error *err)
{
    SID_TRY(sid__file_write(file, header->text, (size_t)header->length, err));
    for (int64_t i = 0; i < set->count; i++)
        SID_TRY(sid__file_write(file, set->tensor[i].data, size_of(&set->tensor[i]), err));
    return SID_OK;
}

sid_status sid__safetensors_write(const sid__tensor_set *set, const char *path, sid_error *err)
{
    sid__strbuf header = {0};
    sid__output output;
    sid_status status = make_header(set, &header, err);
    if (status == SID_OK)
        status = sid__output_open(path, &output, err);
    if (status == SID_OK)
        status = sid__output_finish(&output, write_all(set, &header, &output.file, err), err);
    sid__strbuf_drop(&header);
    return status;
}
