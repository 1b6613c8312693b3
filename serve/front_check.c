/* front_check.c: see front_check.h. */
#define _GNU_SOURCE
#include "front_check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "route_table.h"
#include "server.h"

/* For each header of each request: strspn would make a table of its letters every time. */
static bool is_token(const char *name)
{
    const char *at = name;
    while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || *at == '-' ||
           (*at && strchr("!#$%&'*+.^_`|~", *at)))
        at++;
    return at > name && *at == 0;
}

static int64_t length_of(const char *value)
{
    size_t digits = value ? strspn(value, "0123456789") : 0;
    return digits > 0 && digits < 18 && value[digits] == 0 ? strtoll(value, NULL, 10) : -1;
}

/* Length first: most names differ there. */
static bool is_name(const char *name, size_t length, const char *wanted, size_t wanted_length)
{
    return length == wanted_length && strcasecmp(name, wanted) == 0;
}
#define IS(wanted) is_name(name, length, wanted, sizeof wanted - 1)

static enum MHD_Result take_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    srv_headers *h = arg;
    size_t length = strlen(name);
    (void)kind;
    h->bad_names += !is_token(name);
    if (IS("host")) {
        h->host = value;
        h->host_count++;
    } else if (IS("content-length")) {
        h->length = length_of(value);
        h->length_count++;
    } else if (IS("transfer-encoding")) {
        h->coding = value;
        h->coding_count++;
    } else if (IS("origin")) {
        h->origin = value;
    } else if (IS("content-type")) {
        h->content_type = value;
    } else if (IS("authorization")) {
        h->authorization = value;
    } else if (IS("semid-deadline-ms")) {
        h->deadline = value;
    } else if (IS("x-request-id")) {
        h->request_id = value;
    } else if (IS("expect")) {
        h->expect = value;
    } else if (IS("if-none-match")) {
        h->if_none_match = value;
    }
    return MHD_YES;
}

void srv_headers_read(struct MHD_Connection *mhd, srv_headers *out)
{
    *out = (srv_headers){.length = -1};
    (void)MHD_get_connection_values(mhd, MHD_HEADER_KIND, take_header, out);
}

static const char *bad_front(const srv_headers *h, const char *url)
{
    if (h->bad_names > 0)
        return "a header's name is no token (a blank before the colon?)";
    if (h->host_count > 1)
        return "there are two Host headers";
    if (h->length_count > 1)
        return "there are two Content-Length headers";
    if (h->coding_count > 0 && h->length_count > 0)
        return "there is a Content-Length beside a Transfer-Encoding";
    if (h->coding_count > 1 || (h->coding && strcasecmp(h->coding, "chunked") != 0))
        return "the transfer coding is not chunked";
    if (h->length_count == 1 && h->length < 0)
        return "the Content-Length is no number";
    if (url[0] != '/')
        return "the path does not begin with /";
    for (const char *at = url; *at; at++)
        if ((unsigned char)*at <= 0x20 || *at == 0x7f || (at[0] == '%' && at[1] == '0' && at[2] == '0'))
            return "the path holds a control byte";
    return NULL;
}

bool srv_front_check(srv_request *request, const srv_headers *headers, const char *url)
{
    const char *why = bad_front(headers, url);
    if (!why)
        return true;
    srv_metrics_count(&request->server->metrics, SRV_COUNT_BAD);
    (void)srv_fail(request, 400, SID_EUSAGE, "%s", why);
    request->answer.must_close = true;
    return false;
}

/* ---- Who is asked, by whose page ---------------------------------------------------------------------------------- */

/* The host of "host:port", without brackets. */
static void host_of(const char *text, char *out, size_t room)
{
    size_t length = text[0] == '[' ? strcspn(text, "]") : strcspn(text, ":");
    const char *begin = text[0] == '[' ? text + 1 : text;
    length = text[0] == '[' ? (length ? length - 1 : 0) : length;
    length = length < room - 1 ? length : room - 1;
    memcpy(out, begin, length);
    out[length] = 0;
}

static bool is_allowed_host(const srv_options *options, const char *header)
{
    static const char *const loopback[] = {"localhost", "127.0.0.1", "::1"};
    char host[256];
    host_of(header, host, sizeof host);
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
        if (strcasecmp(host, loopback[i]) == 0)
            return true;
    for (int i = 0; i < options->allow_host_count; i++)
        if (strcmp(options->allow_host[i], "*") == 0 || strcasecmp(options->allow_host[i], host) == 0)
            return true;
    return options->unix_path || (options->host && strcasecmp(options->host, host) == 0);
}

bool srv_host_check(srv_request *request, const srv_headers *headers)
{
    const srv_options *options = &request->server->options;
    if (headers->host && !is_allowed_host(options, headers->host))
        return srv_fail(request, 421, SID_EUSAGE,
                        "this server does not answer for host \"%.200s\"; start it with --allow-host", headers->host);
    bool is_change = strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
    const char *from = headers->origin ? strstr(headers->origin, "://") : NULL;
    if (is_change && headers->origin && (!from || !headers->host || strcasecmp(from + 3, headers->host) != 0))
        return srv_fail(request, 403, SID_EUSAGE, "a page of \"%.200s\" may not change anything here", headers->origin);
    return true;
}

/* ---- The query ---------------------------------------------------------------------------------------------------- */

static enum MHD_Result take_query(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    srv_request *request = arg;
    (void)kind;
    if (request->query_count == SRV_QUERY_MAX) {
        (void)srv_fail(request, 400, SID_EUSAGE, "more than %d query parameters", SRV_QUERY_MAX);
        return MHD_NO;
    }
    srv_query *query = &request->query[request->query_count];
    if (!srv_percent_decode(name, strlen(name), query->name, sizeof query->name) ||
        !srv_percent_decode(value ? value : "", value ? strlen(value) : 0, query->value, sizeof query->value)) {
        (void)srv_fail(request, 400, SID_EUSAGE, "query parameter %d is too long or badly escaped",
                       request->query_count + 1);
        return MHD_NO;
    }
    request->query_count++;
    return MHD_YES;
}

bool srv_query_read(srv_request *request)
{
    request->query_count = 0;
    (void)MHD_get_connection_values(request->mhd, MHD_GET_ARGUMENT_KIND, take_query, request);
    return request->answer.status == 0 && srv_query_check(request, request->route->query);
}
