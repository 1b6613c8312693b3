/* request.h: a request, from its first header to the last byte of its answer. It lies in its connection, which has one at a
 * time. Life: begun (front check, route) ──▶ body read ──▶ run in the loop, or by a worker while the connection sleeps ──▶
 * answered ──▶ done.
 */
#ifndef SEMID_SERVE_REQUEST_H
#define SEMID_SERVE_REQUEST_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "answer.h"
#include "bundle.h"
#include "serve_limits.h"

typedef struct srv_server srv_server;
typedef struct srv_route srv_route;
typedef struct srv_connection srv_connection;

typedef enum srv_step { SRV_STEP_NONE, SRV_STEP_BODY, SRV_STEP_WAITS, SRV_STEP_DONE } srv_step;

enum { SRV_ID_SIZE = 72, SRV_QUERY_MAX = 8 };

typedef struct srv_query {
    char name[32], value[SRV_PARAM_MAX];
} srv_query;

struct srv_request {
    srv_server *server;
    srv_connection *connection;
    struct MHD_Connection *mhd;
    const srv_route *route; /* NULL: none was found */
    srv_step step;
    char method[16], id[SRV_ID_SIZE];
    char target[256];          /* path and query as sent, cut, for the log */
    char param[SRV_PARAM_MAX]; /* what stands for {..} in the route's path, decoded */
    srv_query query[SRV_QUERY_MAX];
    int query_count;
    char *body;
    size_t body_size, body_room, body_dropped;
    bool is_body_dropped, is_npy;
    bool has_own_id;               /* the client sent X-Request-Id */
    int64_t begin_us, deadline_us; /* CLOCK_MONOTONIC; begin_us: of the first line */
    srv_bundle *bundle;            /* held from the run to the answer */
    uint64_t generation;           /* of a GET that may be kept */
    srv_answer answer;
};

int64_t srv_now_us(void);
/* The value of a query parameter, or NULL. */
const char *srv_query_value(const srv_request *request, const char *name);
/* An integer there, or `usual`; false with a problem. */
bool srv_query_int(srv_request *request, const char *name, int64_t usual, int64_t min, int64_t max, int64_t *out);
/* Refuses a repeated or unknown parameter; `names` NULL-terminated or NULL: none. */
bool srv_query_check(srv_request *request, const char *const *names);
/* Decodes %XX of `size` bytes into out (room), once. False: a bad escape, a zero byte, or too long. */
bool srv_percent_decode(const char *text, size_t size, char *out, size_t room);

/* Begins the answer 200 with an object that is still open, for members to be put; srv_answer_end closes it by "version". */
srv_text *srv_answer_begin(srv_request *request);
void srv_answer_end(srv_request *request, int64_t version);
/* "version":{..} alone. */
void srv_put_version(srv_text *text, const srv_bundle *bundle, int64_t version);
void srv_request_drop(srv_request *request);
/* {"item_id":..,"sid":..,"title":.. and no end yet. */
void srv_put_hit(srv_text *text, const sid_item *item);

#endif
