/* reply.c: see reply.h. The date is ours, written once a second: the library formats one for each answer. */
#define _GNU_SOURCE
#include "reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "assets.h"
#include "reply_cache.h"
#include "server.h"

/* ---- The date ----------------------------------------------------------------------------------------------------- */

void srv_replies_drop(srv_replies *replies)
{
    for (int i = 0; i < SRV_PLAIN_MAX; i++)
        if (replies->plain[i].response)
            MHD_destroy_response(replies->plain[i].response);
    *replies = (srv_replies){0};
}

/* strftime would ask the locale for names. */
static void look_at_clock(srv_replies *replies)
{
    static const char day[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char month[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct timespec now;
    struct tm t;
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == replies->date_s)
        return;
    srv_replies_drop(replies);
    replies->date_s = now.tv_sec;
    if (gmtime_r(&now.tv_sec, &t))
        (void)snprintf(replies->date, sizeof replies->date, "%s, %02d %s %04d %02d:%02d:%02d GMT", day[t.tm_wday],
                       t.tm_mday, month[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* ---- Responses ---------------------------------------------------------------------------------------------------- */

static struct MHD_Response *make_response(srv_answer *answer)
{
    if (answer->fixed)
        return MHD_create_response_from_buffer(answer->fixed_size, (void *)(uintptr_t)answer->fixed,
                                               MHD_RESPMEM_PERSISTENT);
    if (answer->shared) {
        srv_body *body = answer->shared;
        struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
            body->text.size, body->text.bytes, srv_body_release, body);
        if (response)
            answer->shared = NULL;
        return response;
    }
    if (!answer->text.bytes)
        return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->text.size, answer->text.bytes, MHD_RESPMEM_MUST_FREE);
    if (response)
        answer->text = (srv_text){0};
    return response;
}

static void add_common(const srv_replies *replies, struct MHD_Response *response, const srv_answer *answer)
{
    if (replies->date[0])
        (void)MHD_add_response_header(response, "Date", replies->date);
    if (answer->content_type)
        (void)MHD_add_response_header(response, "Content-Type", answer->content_type);
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
}

static void add_retry(struct MHD_Response *response, const srv_answer *answer)
{
    char number[16];
    if (answer->retry_after_s <= 0)
        return;
    (void)snprintf(number, sizeof number, "%d", answer->retry_after_s);
    (void)MHD_add_response_header(response, "Retry-After", number);
}

static void add_headers(struct MHD_Response *response, const srv_request *request)
{
    const srv_answer *answer = &request->answer;
    (void)MHD_add_response_header(response, "X-Request-Id", request->id);
    add_retry(response, answer);
    if (answer->allow[0])
        (void)MHD_add_response_header(response, "Allow", answer->allow);
    if (answer->location)
        (void)MHD_add_response_header(response, "Location", answer->location);
    if (answer->etag[0]) { /* a file */
        (void)MHD_add_response_header(response, "ETag", answer->etag);
        (void)MHD_add_response_header(response, "Content-Security-Policy", SRV_ASSET_CSP);
    }
    if (answer->status == 401)
        (void)MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (answer->must_close)
        (void)MHD_add_response_header(response, "Connection", "close");
}

/* ---- What many share ---------------------------------------------------------------------------------------------- */

/* Makes a refusal a problem. Where many share it no id is of one of them: "-". */
static void write_refusal(srv_request *request, bool is_shared)
{
    srv_answer refused = request->answer;
    char id[SRV_ID_SIZE];
    memcpy(id, request->id, sizeof id);
    if (is_shared)
        memcpy(request->id, "-", 2);
    (void)srv_fail(request, refused.status, SID_ECANCELED, "%s; ask again after %d s", refused.refusal,
                   refused.retry_after_s);
    request->answer.retry_after_s = refused.retry_after_s;
    memcpy(request->id, id, sizeof id);
}

static struct MHD_Response *make_shared(const srv_replies *replies, srv_request *request)
{
    if (request->answer.refusal)
        write_refusal(request, true);
    struct MHD_Response *response = make_response(&request->answer);
    if (response) {
        add_common(replies, response, &request->answer);
        add_retry(response, &request->answer);
    }
    return response;
}

/* NULL: there is none. */
static struct MHD_Response *shared_response(srv_replies *replies, srv_request *request)
{
    const void *body = request->answer.refusal ? request->answer.refusal : request->answer.fixed;
    for (int i = 0; i < SRV_PLAIN_MAX; i++) {
        srv_plain *plain = &replies->plain[i];
        if (plain->body == body)
            return plain->response;
        if (plain->body)
            continue;
        plain->response = make_shared(replies, request);
        plain->body = plain->response ? body : NULL;
        return plain->response;
    }
    return NULL;
}

/* Who sent an id of his own gets it back; what is logged has an id to be found by. */
static bool may_share(const srv_request *request)
{
    const srv_answer *answer = &request->answer;
    return !request->has_own_id &&
           (answer->is_plain || (answer->refusal && !answer->must_close && request->server->log.fd < 0));
}

enum MHD_Result srv_reply(srv_replies *replies, srv_request *request)
{
    srv_answer *answer = &request->answer;
    look_at_clock(replies);
    request->step = SRV_STEP_DONE;
    struct MHD_Response *response = may_share(request) ? shared_response(replies, request) : NULL;
    if (response)
        return MHD_queue_response(request->mhd, (unsigned)answer->status, response);
    if (answer->refusal)
        write_refusal(request, false);
    response = make_response(answer);
    if (!response)
        return MHD_NO;
    add_common(replies, response, answer);
    add_headers(response, request);
    enum MHD_Result result = MHD_queue_response(request->mhd, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}
