/* jsonl.c: see jsonl.h. */
#include "io/jsonl.h"

#include <inttypes.h>
#include <string.h>

sid_status sid__jsonl_object(const sid__row_reader *reader, json_t **out, sid_error *err)
{
    const sid__field *line = &reader->field[0];
    sid__place place = {.file = reader->source->path, .row = line->line, .byte = line->byte};
    json_t *tree = NULL;
    if (line->size == 0)
        return sid__fail_at(err, SID_EDATA, place, "an empty line; a JSON object is expected, remove the line");
    SID_TRY(sid__json_parse_at(line->text, line->size, place, &tree, err));
    if (!json_is_object(tree)) {
        json_decref(tree);
        return sid__fail_at(err, SID_EDATA, place,
                            "the line is no JSON object; {\"item_id\": \"...\", ...} is expected, one a line");
    }
    *out = tree;
    return SID_OK;
}

static bool is_list_of_strings(const json_t *value)
{
    size_t count = json_array_size(value);
    for (size_t i = 0; i < count; i++)
        if (!json_is_string(json_array_get(value, i)))
            return false;
    return count > 0;
}

static sid_status join(const json_t *list, sid__strbuf *out, sid_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *part = json_array_get(list, i);
        SID_TRY(sid__strbuf_append(out, " > ", i ? 3 : 0, err));
        SID_TRY(sid__strbuf_append(out, json_string_value(part), json_string_length(part), err));
    }
    return SID_OK;
}

static sid_status append_bytes(const json_t *value, sid__strbuf *out, sid_error *err)
{
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY, size = json_dumpb(value, NULL, 0, flags);
    char *text = NULL;
    if (size == 0)
        return sid__fail_memory(err, "a JSON text", 0);
    SID_TRY(sid__alloc(&text, size, 1, "a JSON text", err));
    sid_status status = json_dumpb(value, text, size, flags) == size ? sid__strbuf_append(out, text, size, err)
                                                                     : sid__fail_memory(err, "a JSON text", size);
    sid__free(text);
    return status;
}

sid_status sid__jsonl_text(const json_t *value, sid__strbuf *out, sid_error *err)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return sid__strbuf_append(out, json_string_value(value), json_string_length(value), err);
    case JSON_INTEGER:
        return sid__strbuf_printf(out, err, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return sid__json_append_exact(out, json_real_value(value), err);
    case JSON_TRUE:
        return sid__strbuf_append(out, "true", 4, err);
    case JSON_FALSE:
        return sid__strbuf_append(out, "false", 5, err);
    case JSON_NULL:
        return SID_OK;
    default:
        return is_list_of_strings(value) ? join(value, out, err) : append_bytes(value, out, err);
    }
}
