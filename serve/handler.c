/* handler.c: MHD's callbacks, all in the loop's thread. The first call of a request sees its headers and decides; its body is
 * taken in the next ones; then it is run here, or handed to a worker while the connection sleeps, and answered when the worker
 * wakes it. Answers are queued in the second call or later: libmicrohttpd is fast there.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assets.h"
#include "front_check.h"
#include "route_table.h"
#include "server.h"

static enum MHD_Result answer(srv_request *request)
{
    return srv_reply(&request->server->replies, request);
}

/* ---- Run ---------------------------------------------------------------------------------------------------------- */

static bool is_closing(const srv_server *server)
{
    return atomic_load(&server->state) == SRV_STATE_CLOSES;
}

static void refuse(srv_request *request, int http, srv_count what, int retry_s, const char *why)
{
    bool must_close = request->answer.must_close;
    srv_metrics_count(&request->server->metrics, what);
    srv_answer_drop(&request->answer);
    request->answer = (srv_answer){.status = http, .must_close = must_close, .refusal = why, .retry_after_s = retry_s};
}

/* Whether the request may wait for a worker; else it has its refusal. */
static bool is_let_in(srv_request *request, srv_queue *queue)
{
    srv_server *server = request->server;
    int retry_s = 1;
    bool is_closed = is_closing(server);
    srv_door door =
        is_closed ? SRV_DOOR_FULL : srv_queue_door(queue, request->begin_us, request->deadline_us, &retry_s);
    if (is_closed)
        refuse(request, 503, SRV_COUNT_DRAINED, 1, "the server is closing");
    else if (door == SRV_DOOR_FULL)
        refuse(request, 503, SRV_COUNT_FULL, retry_s, "the queue is full");
    else if (door == SRV_DOOR_LATE)
        refuse(request, 503, SRV_COUNT_EARLY, retry_s, "so much waits that the deadline could not be met");
    else if (srv_flight_share(&server->connections, request->connection) >= server->options.client_max)
        refuse(request, 429, SRV_COUNT_SHARE, retry_s, "this client has its share of requests in flight");
    else
        return true;
    return false;
}

static srv_queue *queue_of(srv_request *request)
{
    srv_lane lane = request->route->lane;
    int index = lane == SRV_LANE_WRITE       ? SRV_QUEUE_WRITE
                : lane == SRV_LANE_RECOMMEND ? SRV_QUEUE_RECOMMEND
                                             : SRV_QUEUE_READ;
    return &request->server->queue[index];
}

static enum MHD_Result hand_over(srv_request *request)
{
    srv_queue *queue = queue_of(request);
    if (!is_let_in(request, queue))
        return answer(request);
    request->step = SRV_STEP_WAITS;
    srv_flight_add(&request->server->connections, request->connection);
    MHD_suspend_connection(request->mhd);
    if (!srv_queue_push(queue, request)) {
        refuse(request, 503, SRV_COUNT_DRAINED, 1, "the server is closing");
        srv_request_done(request);
    }
    return MHD_YES;
}

/* Path and query as they were sent are what a GET is kept under, unless they were cut or anything changed meanwhile. */
static void keep(srv_request *request)
{
    srv_server *server = request->server;
    bool is_whole = strlen(request->target) + 1 < sizeof request->target;
    if (is_whole && request->answer.status == 200 && !request->answer.text.is_failed &&
        atomic_load(&server->generation) == request->generation)
        request->answer.shared = srv_cache_keep(&server->cache, request->target, &request->answer.text);
}

static enum MHD_Result look(srv_request *request)
{
    srv_server *server = request->server;
    request->generation = atomic_load(&server->generation);
    srv_body *body = srv_cache_find(&server->cache, request->target, request->generation);
    if (body) {
        srv_metrics_count(&server->metrics, SRV_COUNT_HIT);
        request->answer = (srv_answer){.status = 200, .content_type = SRV_JSON, .shared = body};
        return answer(request);
    }
    srv_metrics_count(&server->metrics, SRV_COUNT_MISS);
    request->bundle = srv_server_bundle(server);
    if (!request->route->is_short(request))
        return hand_over(request);
    request->route->run(request);
    if (request->answer.status == 0) /* it turned out to be long */
        return hand_over(request);
    keep(request);
    return answer(request);
}

static enum MHD_Result run(srv_request *request)
{
    const srv_route *route = request->route;
    if (request->answer.status)
        return answer(request);
    if (route->lane == SRV_LANE_LOOK)
        return look(request);
    if (route->lane != SRV_LANE_LOOP)
        return hand_over(request);
    route->run(request);
    return answer(request);
}

/* ---- The first call ----------------------------------------------------------------------------------------------- */

static void put_hex(char *out, uint64_t number)
{
    static const char digit[] = "0123456789abcdef";
    for (int i = 15; i >= 0; i--, number >>= 4)
        out[i] = digit[number & 15];
    out[16] = 0;
}

static void take_id(srv_request *request, const char *given)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = given ? strlen(given) : 0;
    request->has_own_id = given != NULL;
    if (length > 0 && length < sizeof request->id && strspn(given, letters) == length)
        memcpy(request->id, given, length + 1);
    else
        put_hex(request->id, request->server->id_base + request->server->id_count++);
}

static void take_deadline(srv_request *request, const char *given)
{
    int64_t wait_ms = request->server->options.deadline_ms;
    if (given) {
        char *end = NULL;
        long long number = strtoll(given, &end, 10);
        if (end == given || *end || number < 1 || number > SRV_DEADLINE_MS_MAX)
            (void)srv_fail(request, 400, SID_EUSAGE, "Semid-Deadline-Ms is \"%.40s\"; 1 to %d is expected", given,
                           SRV_DEADLINE_MS_MAX);
        else
            wait_ms = number;
    }
    request->deadline_us = request->begin_us + wait_ms * 1000;
}

static bool is_type(const char *given, const char *type)
{
    size_t length = strlen(type);
    return given && strncasecmp(given, type, length) == 0 &&
           (given[length] == 0 || given[length] == ';' || given[length] == ' ');
}

static bool check_right(srv_request *request, const srv_headers *headers)
{
    const srv_server *server = request->server;
    srv_right needed = request->route->right, given = srv_keys_right(&server->keys, headers->authorization);
    if (needed == SRV_RIGHT_WRITE && server->options.read_only)
        return srv_fail(request, 403, SID_EREADONLY, "this server was started with --read-only");
    if (needed == SRV_RIGHT_NONE || given >= needed)
        return true;
    if (given == SRV_RIGHT_NONE)
        return srv_fail(request, 401, SID_EUSAGE, "a key is needed: Authorization: Bearer KEY");
    return srv_fail(request, 403, SID_EUSAGE, "this key may read, and not change");
}

static bool check_body(srv_request *request, const srv_headers *headers)
{
    const srv_route *route = request->route;
    int64_t most = SRV_BODY_MAX;
    bool has_body = headers->length > 0 || headers->coding;
    if (!route->body_schema)
        return !has_body || srv_fail(request, 400, SID_EUSAGE, "%s %s takes no body", route->method, route->path);
    request->is_npy = route->takes_npy && is_type(headers->content_type, "application/x-npy");
    if (!request->is_npy && !is_type(headers->content_type, SRV_JSON))
        return srv_fail(request, 415, SID_EUSAGE, "the body is of type \"%.100s\"; application/json%s is expected",
                        headers->content_type ? headers->content_type : "",
                        route->takes_npy ? " or application/x-npy" : "");
    if (request->is_npy)
        most = SRV_NPY_MAX;
    if (headers->length > most)
        return srv_fail(request, 413, SID_EDATA, "the body has %lld bytes; at most %lld are taken%s",
                        (long long)headers->length, (long long)most,
                        request->is_npy ? "" : " of JSON; vectors in bulk go as application/x-npy, 64 MiB");
    return true;
}

/* Decides about everything that the headers say; a problem waits in request->answer. */
static void decide(srv_request *request, const srv_headers *headers, const char *url, const char *method)
{
    if (!srv_front_check(request, headers, url) || !srv_host_check(request, headers))
        return;
    take_deadline(request, headers->deadline);
    if (request->answer.status || srv_asset_find(request, method, url, headers->if_none_match))
        return;
    request->route = srv_route_find(request, method, url);
    if (request->route && check_right(request, headers) && srv_query_read(request) && check_body(request, headers) &&
        request->route->lane > SRV_LANE_LOOK)
        (void)is_let_in(request, queue_of(request)); /* before its body is kept */
}

static void begin(srv_request *request, const srv_headers *headers, const char *method)
{
    srv_request_drop(request);
    request->route = NULL;
    request->step = SRV_STEP_BODY;
    request->param[0] = 0;
    request->query_count = 0;
    request->body_dropped = 0;
    request->is_body_dropped = request->is_npy = false;
    request->deadline_us = request->begin_us;
    size_t length = strnlen(method, sizeof request->method - 1);
    memcpy(request->method, method, length);
    request->method[length] = 0;
    take_id(request, headers->request_id);
}

static enum MHD_Result first_call(srv_connection *connection, const char *url, const char *method, void **state)
{
    srv_request *request = &connection->request;
    srv_headers headers;
    srv_headers_read(request->mhd, &headers);
    begin(request, &headers, method);
    *state = request;
    atomic_fetch_add(&request->server->active, 1);
    decide(request, &headers, url, method);
    bool has_body = headers.length > 0 || headers.coding;
    srv_connection_phase(connection, has_body ? SRV_PHASE_BODY : SRV_PHASE_WORKS, request->begin_us);
    request->is_body_dropped = request->answer.status != 0;
    /* Refused at once where reading on is dangerous, or more than a client can be shown by reading on. */
    if (request->answer.must_close)
        return answer(request);
    if (request->answer.status && (headers.length > SRV_DROPPED_MAX || (has_body && headers.expect))) {
        request->answer.must_close = true;
        return answer(request);
    }
    return MHD_YES;
}

/* ---- The body ----------------------------------------------------------------------------------------------------- */

static bool make_room(srv_request *request, size_t more)
{
    srv_server *server = request->server;
    size_t most = request->is_npy ? SRV_NPY_MAX : SRV_BODY_MAX, room = request->body_room ? request->body_room : 1024;
    if (request->body_size + more > most)
        return srv_fail(request, 413, SID_EDATA, "the body has more than %zu bytes%s", most,
                        request->is_npy ? "" : "; vectors in bulk go as application/x-npy, 64 MiB");
    if (request->body_size + more <= request->body_room)
        return true;
    while (room < request->body_size + more)
        room *= 2;
    if (atomic_load(&server->bodies_size) + (int64_t)room > SRV_BODIES_MAX)
        return srv_fail(request, 503, SID_ENOMEM, "the bodies of all requests take more than %d bytes", SRV_BODIES_MAX);
    char *body = realloc(request->body, room);
    if (!body)
        return srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
    atomic_fetch_add(&server->bodies_size, (int64_t)(room - request->body_room));
    request->body = body;
    request->body_room = room;
    return true;
}

static enum MHD_Result take_body(srv_request *request, const char *upload, size_t *size)
{
    if (!request->is_body_dropped && !make_room(request, *size))
        request->is_body_dropped = true;
    if (request->is_body_dropped) {
        request->body_dropped += *size;
    } else {
        memcpy(request->body + request->body_size, upload, *size);
        request->body_size += *size;
    }
    *size = 0;
    return request->body_dropped > SRV_DROPPED_MAX ? MHD_NO : MHD_YES;
}

/* ---- Callbacks ---------------------------------------------------------------------------------------------------- */

enum MHD_Result srv_on_request(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_size, void **state)
{
    srv_request *request = *state;
    (void)arg;
    (void)version;
    if (!request) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        return info && info->socket_context ? first_call(info->socket_context, url, method, state) : MHD_NO;
    }
    if (*upload_size > 0)
        return take_body(request, upload, upload_size);
    if (request->step == SRV_STEP_WAITS) {
        if (request->route->lane == SRV_LANE_LOOK)
            keep(request);
        return answer(request);
    }
    srv_connection_phase(request->connection, SRV_PHASE_WORKS, request->begin_us);
    return run(request);
}

void srv_on_done(void *arg, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode code)
{
    srv_server *server = arg;
    srv_request *request = *state;
    (void)mhd;
    (void)code;
    *state = NULL;
    if (!request)
        return;
    int64_t now_us = srv_now_us(), time_us = now_us - request->begin_us;
    srv_metrics_request(&server->metrics, request->route ? (int)(request->route - srv_route_table) : -1,
                        request->answer.status, time_us);
    if (atomic_exchange(&server->must_reopen_log, false))
        srv_log_reopen(&server->log);
    srv_log_request(&server->log, request, request->answer.status, time_us);
    atomic_fetch_sub(&server->bodies_size, (int64_t)request->body_room);
    srv_flight_remove(&server->connections, request->connection);
    srv_request_drop(request);
    request->step = SRV_STEP_NONE;
    atomic_fetch_sub(&server->active, 1);
    srv_connection_phase(request->connection, SRV_PHASE_WAITS, now_us);
}

void srv_on_connection(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
    srv_server *server = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = srv_connection_open(&server->connections, server, mhd);
    else if (*context)
        srv_connection_close(&server->connections, *context);
}

void *srv_on_line(void *arg, const char *uri, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    srv_connection *connection = info ? info->socket_context : NULL;
    (void)arg;
    if (!connection)
        return NULL;
    size_t length = strnlen(uri, sizeof connection->request.target - 1);
    memcpy(connection->request.target, uri, length);
    connection->request.target[length] = 0;
    connection->request.begin_us = srv_now_us();
    srv_connection_phase(connection, SRV_PHASE_HEADERS, connection->request.begin_us);
    return NULL;
}

size_t srv_on_escape(void *arg, struct MHD_Connection *mhd, char *text)
{
    (void)arg;
    (void)mhd;
    return strlen(text); /* paths arrive raw and are decoded once, by us */
}
