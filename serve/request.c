/* request.c: see request.h. */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t srv_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const char *srv_query_value(const srv_request *request, const char *name)
{
    for (int i = 0; i < request->query_count; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

bool srv_query_int(srv_request *request, const char *name, int64_t usual, int64_t min, int64_t max, int64_t *out)
{
    const char *text = srv_query_value(request, name);
    char *end = NULL;
    *out = usual;
    if (!text)
        return true;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno || number < min || number > max || text[0] == '+' || text[0] == ' ')
        return srv_fail(request, 400, SID_EUSAGE, "query parameter %s is \"%.40s\"; %lld to %lld is expected", name,
                        text, (long long)min, (long long)max);
    *out = number;
    return true;
}

static bool is_listed(const char *name, const char *const *names)
{
    for (int i = 0; names && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool srv_query_check(srv_request *request, const char *const *names)
{
    for (int i = 0; i < request->query_count; i++) {
        if (!is_listed(request->query[i].name, names))
            return srv_fail(request, 400, SID_EUSAGE, "query parameter \"%s\" is unknown here", request->query[i].name);
        if (srv_query_value(request, request->query[i].name) != request->query[i].value)
            return srv_fail(request, 400, SID_EUSAGE, "query parameter \"%s\" is there twice", request->query[i].name);
    }
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool srv_percent_decode(const char *text, size_t size, char *out, size_t room)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= size || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
                return false;
            c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        }
        if (c == 0 || length + 1 >= room)
            return false;
        out[length++] = c;
    }
    out[length] = 0;
    return true;
}

void srv_put_version(srv_text *text, const srv_bundle *bundle, int64_t version)
{
    srv_puts(text, "\"version\":{\"catalog\":{\"id\":");
    srv_put_string(text, bundle->store->id);
    srv_puts(text, ",\"version\":");
    srv_put_integer(text, version);
    srv_puts(text, bundle->model ? "},\"model\":{\"id\":\"" : "},\"model\":null}");
    if (bundle->model)
        srv_printf(text, "%s\"}}", bundle->model_id);
}

srv_text *srv_answer_begin(srv_request *request)
{
    srv_answer_drop(&request->answer);
    request->answer = (srv_answer){.status = 200, .content_type = SRV_JSON};
    srv_put(&request->answer.text, "{", 1);
    return &request->answer.text;
}

void srv_answer_end(srv_request *request, int64_t version)
{
    srv_text *text = &request->answer.text;
    srv_put(text, ",", text->size > 1 ? 1 : 0);
    srv_put_version(text, request->bundle, version);
    srv_put(text, "}\n", 2);
    if (text->is_failed)
        (void)srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
}

void srv_request_drop(srv_request *request)
{
    free(request->body);
    request->body = NULL;
    request->body_size = request->body_room = 0;
    srv_answer_drop(&request->answer);
    srv_bundle_release(request->bundle);
    request->bundle = NULL;
}
