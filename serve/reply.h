/* reply.h: answers as responses of libmicrohttpd: their headers, the date, and the responses that health checks share. All of it
 * belongs to the loop's thread.
 */
#ifndef SEMID_SERVE_REPLY_H
#define SEMID_SERVE_REPLY_H

#include "request.h"

enum { SRV_PLAIN_MAX = 8, SRV_DATE_SIZE = 32 };

/* A health check's answer is the same for everybody within a second, and so is a refusal. */
typedef struct srv_plain {
    const void *body; /* or why it is a refusal; NULL: free */
    struct MHD_Response *response;
} srv_plain;

/* Invariant: what `plain` holds has the date of date_s. */
typedef struct srv_replies {
    int64_t date_s;
    char date[SRV_DATE_SIZE]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    srv_plain plain[SRV_PLAIN_MAX];
} srv_replies;

/* Queues request->answer; MHD_NO: out of memory, the connection closes. */
enum MHD_Result srv_reply(srv_replies *replies, srv_request *request);
void srv_replies_drop(srv_replies *replies);

#endif
