/* answer.c: see answer.h. */
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply_cache.h"
#include "request.h"
#include "server.h"

enum { DETAIL_SIZE = 1200 };

void srv_answer_drop(srv_answer *answer)
{
    srv_text_drop(&answer->text);
    srv_body_release(answer->shared);
    *answer = (srv_answer){0};
}

const char *srv_status_title(int http)
{
    static const struct {
        int status;
        const char *title;
    } table[] = {{400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {409, "Conflict"},
                 {413, "Content Too Large"},
                 {414, "URI Too Long"},
                 {415, "Unsupported Media Type"},
                 {421, "Misdirected Request"},
                 {422, "Unprocessable Content"},
                 {429, "Too Many Requests"},
                 {500, "Internal Server Error"},
                 {503, "Service Unavailable"},
                 {504, "Gateway Timeout"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == http)
            return table[i].title;
    return "Error";
}

static void put_problem(srv_request *request, int http, sid_status code, const char *pointer, const char *detail)
{
    srv_text *text = &request->answer.text;
    srv_printf(text, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":", srv_status_title(http),
               http);
    srv_put_string(text, detail);
    srv_printf(text, ",\"code\":\"%s\",\"request_id\":", sid_status_name(code));
    srv_put_string(text, request->id);
    if (pointer) {
        srv_puts(text, ",\"errors\":[{\"pointer\":");
        srv_put_string(text, pointer);
        srv_puts(text, ",\"detail\":");
        srv_put_string(text, detail);
        srv_puts(text, "}]");
    }
    srv_puts(text, "}\n");
}

static void fail_with(srv_request *request, int http, sid_status code, const char *pointer, const char *detail)
{
    bool must_close = request->answer.must_close;
    srv_answer_drop(&request->answer);
    request->answer = (srv_answer){.status = http, .content_type = SRV_PROBLEM, .must_close = must_close};
    if (http == 503)
        request->answer.retry_after_s = 1;
    put_problem(request, http, code, pointer, detail);
    if (!request->answer.text.is_failed)
        return;
    srv_text_drop(&request->answer.text); /* without memory: an answer without a body */
}

bool srv_fail(srv_request *request, int http, sid_status code, const char *format, ...)
{
    char detail[DETAIL_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    fail_with(request, http, code, NULL, detail);
    return false;
}

bool srv_fail_at(srv_request *request, int http, sid_status code, const char *pointer, const char *format, ...)
{
    char detail[DETAIL_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    fail_with(request, http, code, pointer, detail);
    return false;
}

/* What the client sent is his to mend; the rest is ours. */
static int http_of(sid_status status)
{
    switch (status) {
    case SID_ENOTFOUND:
        return 404;
    case SID_EUSAGE:
    case SID_EDATA:
        return 422;
    case SID_EEXISTS:
        return 409;
    case SID_EREADONLY:
        return 403;
    case SID_ELOCKED:
    case SID_ENOMEM:
    case SID_ECANCELED:
        return 503;
    default:
        return 500;
    }
}

/* No path leaves the server: the catalogue's becomes "the catalogue". */
static void hide_path(char *text, size_t room, const char *path)
{
    static const char instead[] = "the catalogue";
    char *at = path && *path ? strstr(text, path) : NULL;
    char rest[DETAIL_SIZE];
    if (!at)
        return;
    (void)snprintf(rest, sizeof rest, "%s", at + strlen(path));
    (void)snprintf(at, room - (size_t)(at - text), "%s%s", instead, rest);
}

bool srv_fail_error(srv_request *request, const sid_error *err, const char *pointer)
{
    char detail[DETAIL_SIZE];
    int http = http_of(err->status);
    (void)snprintf(detail, sizeof detail, "%s", err->message);
    if (http == 500) {
        srv_note(request->server, true, "%s (request %s)", err->message, request->id);
        (void)snprintf(detail, sizeof detail, "%s; the server's messages say more of request %s",
                       sid_status_message(err->status), request->id);
    } else if (request->bundle) {
        hide_path(detail, sizeof detail, request->bundle->store->path);
    }
    fail_with(request, http, err->status, pointer, detail);
    return false;
}
