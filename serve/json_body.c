/* json_body.c: see json_body.h. */
#include "json_body.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Counted before it is parsed ---------------------------------------------------------------------------------- */

typedef struct json_count {
    int depth, deepest;
    int64_t containers, values;
} json_count;

/* The end of a string that begins at `at`, or `size`. */
static size_t skip_string(const char *text, size_t at, size_t size)
{
    for (at++; at < size && text[at] != '"'; at++)
        at += text[at] == '\\';
    return at;
}

/* Close enough for bounds: brackets and commas outside of strings. */
static json_count count_json(const char *text, size_t size)
{
    json_count count = {0};
    for (size_t at = 0; at < size; at++)
        switch (text[at]) {
        case '"':
            at = skip_string(text, at, size);
            break;
        case '{':
        case '[':
            count.containers++;
            count.values++;
            count.depth++;
            count.deepest = count.depth > count.deepest ? count.depth : count.deepest;
            break;
        case '}':
        case ']':
            count.depth--;
            break;
        case ',':
            count.values++;
            break;
        default:
            break;
        }
    return count;
}

static bool is_within_bounds(srv_request *request)
{
    json_count count = count_json(request->body, request->body_size);
    if (count.deepest > SRV_JSON_DEPTH_MAX)
        return srv_fail(request, 400, SID_EDATA, "the JSON is nested %d deep; at most %d is expected", count.deepest,
                        SRV_JSON_DEPTH_MAX);
    if (count.containers > SRV_JSON_CONTAINERS_MAX)
        return srv_fail(request, 413, SID_EDATA, "the JSON has %lld objects and arrays; at most %d are expected",
                        (long long)count.containers, SRV_JSON_CONTAINERS_MAX);
    if (count.values > SRV_JSON_VALUES_MAX)
        return srv_fail(request, 413, SID_EDATA, "the JSON has about %lld values; at most %d are expected",
                        (long long)count.values, SRV_JSON_VALUES_MAX);
    return true;
}

json_t *srv_json_read(srv_request *request)
{
    json_error_t why;
    if (request->body_size == 0) {
        (void)srv_fail(request, 400, SID_EDATA, "the body is empty; a JSON object is expected");
        return NULL;
    }
    if (!is_within_bounds(request))
        return NULL;
    json_t *root = json_loadb(request->body, request->body_size, JSON_REJECT_DUPLICATES, &why);
    if (!root) {
        (void)srv_fail(request, 400, SID_EDATA, "the body is no JSON: %s (line %d, column %d, byte %d)", why.text,
                       why.line, why.column, why.position);
        return NULL;
    }
    if (json_is_object(root))
        return root;
    json_decref(root);
    (void)srv_fail(request, 400, SID_EDATA, "the body is JSON, but no object");
    return NULL;
}

/* ---- Members ------------------------------------------------------------------------------------------------------ */

static const char *type_name(const json_t *value)
{
    static const char *const name[] = {"an object", "an array", "a string", "an integer",
                                       "a number",  "true",     "false",    "null"};
    return name[json_typeof(value)];
}

static bool refuse_type(srv_request *request, const char *pointer, const char *name, const json_t *value,
                        const char *expected)
{
    char at[SRV_POINTER_MAX];
    (void)snprintf(at, sizeof at, "%s/%s", pointer, name);
    return srv_fail_at(request, 400, SID_EDATA, at, "%s is %s; %s is expected", name, type_name(value), expected);
}

bool srv_json_check(srv_request *request, const json_t *object, const char *pointer, const char *const *names)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        int i = 0;
        while (names[i] && strcmp(names[i], name) != 0)
            i++;
        if (names[i])
            continue;
        char at[SRV_POINTER_MAX];
        (void)snprintf(at, sizeof at, "%s/%.40s", pointer, name);
        const char *near = sid_closest(name, names, i);
        return srv_fail_at(request, 400, SID_EUSAGE, at, "member \"%.60s\" is unknown%s%s%s", name,
                           near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return true;
}

bool srv_json_int(srv_request *request, const json_t *object, const char *pointer, const char *name, int64_t usual,
                  int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    char at[SRV_POINTER_MAX];
    *out = usual;
    if (!value)
        return true;
    bool is_whole = json_is_real(value) && floor(json_real_value(value)) == json_real_value(value) &&
                    fabs(json_real_value(value)) < 1e15;
    if (!json_is_integer(value) && !is_whole)
        return refuse_type(request, pointer, name, value, "an integer");
    int64_t number = is_whole ? (int64_t)json_real_value(value) : json_integer_value(value);
    (void)snprintf(at, sizeof at, "%s/%s", pointer, name);
    if (number < min || number > max)
        return srv_fail_at(request, 400, SID_EUSAGE, at, "%s is %lld; %lld to %lld is expected", name,
                           (long long)number, (long long)min, (long long)max);
    *out = number;
    return true;
}

bool srv_json_bool(srv_request *request, const json_t *object, const char *pointer, const char *name, bool *out)
{
    const json_t *value = json_object_get(object, name);
    *out = json_is_true(value);
    return !value || json_is_boolean(value) || refuse_type(request, pointer, name, value, "true or false");
}

bool srv_json_text(srv_request *request, const json_t *object, const char *pointer, const char *name, const char **out)
{
    const json_t *value = json_object_get(object, name);
    *out = json_string_value(value);
    return !value || *out || refuse_type(request, pointer, name, value, "a string");
}

bool srv_json_texts(srv_request *request, const json_t *object, const char *pointer, const char *name, int64_t max,
                    const char ***out, int64_t *count)
{
    const json_t *array = json_object_get(object, name), *value;
    char at[SRV_POINTER_MAX];
    size_t i;
    *out = NULL;
    *count = 0;
    if (!array)
        return true;
    if (!json_is_array(array))
        return refuse_type(request, pointer, name, array, "an array of strings");
    (void)snprintf(at, sizeof at, "%s/%s", pointer, name);
    if ((int64_t)json_array_size(array) > max)
        return srv_fail_at(request, 400, SID_EUSAGE, at, "%s has %zu members; at most %lld are expected", name,
                           json_array_size(array), (long long)max);
    const char **texts = calloc(json_array_size(array) + 1, sizeof *texts);
    if (!texts)
        return srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
    json_array_foreach(array, i, value)
    {
        texts[i] = json_string_value(value);
        if (texts[i])
            continue;
        (void)snprintf(at, sizeof at, "%s/%s/%zu", pointer, name, i);
        free(texts);
        return srv_fail_at(request, 400, SID_EDATA, at, "this is %s; a string is expected", type_name(value));
    }
    *out = texts;
    *count = (int64_t)json_array_size(array);
    return true;
}

bool srv_json_vector(srv_request *request, const json_t *array, const char *pointer, int dim, float *out)
{
    char at[SRV_POINTER_MAX];
    if (!json_is_array(array))
        return srv_fail_at(request, 400, SID_EDATA, pointer, "this is %s; an array of numbers is expected",
                           type_name(array));
    if (json_array_size(array) != (size_t)dim)
        return srv_fail_at(request, 422, SID_EDATA, pointer, "%zu numbers, the catalogue takes %d",
                           json_array_size(array), dim);
    for (int i = 0; i < dim; i++) {
        const json_t *value = json_array_get(array, (size_t)i);
        double number = json_number_value(value);
        (void)snprintf(at, sizeof at, "%s/%d", pointer, i);
        if (!json_is_number(value))
            return srv_fail_at(request, 400, SID_EDATA, at, "this is %s; a number is expected", type_name(value));
        if (!(fabs(number) <= SID_VALUE_MAX))
            return srv_fail_at(request, 422, SID_EDATA, at, "this is %g; at most %g is expected", number,
                               SID_VALUE_MAX);
        out[i] = (float)number;
    }
    return true;
}

bool srv_json_id(srv_request *request, const char *id, const char *pointer)
{
    size_t length = strlen(id);
    if (length < 1 || length > SID_ITEM_ID_MAX)
        return srv_fail_at(request, 422, SID_EDATA, pointer, "an id of %zu bytes; 1 to %d are expected", length,
                           SID_ITEM_ID_MAX);
    for (const char *at = id; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return srv_fail_at(request, 422, SID_EDATA, pointer, "byte %d of the id is a control byte", (int)(at - id));
    return true;
}
