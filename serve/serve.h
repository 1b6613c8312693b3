/* serve.h: the HTTP server of `semid serve`, for the program: options, start, reload, drain, stop.
 *
 *     srv_start ──▶ requests are answered ──srv_drain──▶ nothing new, the running end ──▶ srv_stop
 *
 * serve/ is a user of the public headers, as cli/ is, and part of the program alone. Its rooms:
 *
 *   server        start, drain, stop; MHD's callbacks        connections   who is connected, since when; the reaper
 *   front_check   what no handler should see                 route_table   what there is; openapi is made from it
 *   request       a request's life                           answer        bodies, errors as problem details
 *   bundle        catalogue and model, counted, swapped      work_queue    bounded, with deadlines
 *   handle_*      the endpoints                              filters       which items an answer may hold
 *   json_body     JSON in, with pointers to what is wrong    json_text     JSON out
 *   reply_cache   bodies of GETs, until something changes    serve_metrics Prometheus's text
 *   api_keys, access_log, assets (of /ui/)
 */
#ifndef SEMID_SERVE_SERVE_H
#define SEMID_SERVE_SERVE_H

#include <semid.h>
#include <semid_model.h>

typedef void srv_note_fn(void *user, bool is_warning, const char *text);

typedef struct srv_options {
    const char *catalog, *model; /* model NULL: none; names below `root` where that is given */
    const char *root;            /* PUT /v1/admin/bundle may name what lies in it; NULL: no such endpoint */
    const char *host;            /* an address, not a name */
    int port;                    /* 0: any free one */
    const char *unix_path;       /* instead of host and port; NULL: none */
    const char *const *allow_host;
    int allow_host_count;                      /* further Host headers to accept; "*": all */
    const char *category, *category_separator; /* a column of the items for purity in /v1/tree; NULL: none, " > " */
    const char *api_key_file, *access_log;
    bool insecure, read_only;
    int queue_max, batch_max, batch_wait_ms, deadline_ms, client_max, worker_count, connections_max;
    srv_note_fn *note;
    void *user;
} srv_options;

typedef struct srv_server srv_server;

/* Opens the bundle, binds and answers. The calling thread must block the signals that it waits for: the server's threads
 * take its mask. The context must outlive the server. */
sid_status srv_start(sid_ctx *ctx, const srv_options *options, srv_server **out, sid_error *err);
int srv_port(const srv_server *server); /* 0: a socket in the file system */
/* Reads the same names again, in a thread of its own; the old bundle serves meanwhile, and goes on where the new one fails.
 * Opens the access log anew. */
void srv_reload(srv_server *server);
/* First /readyz says 503 while all else goes on; closing refuses new work too. */
void srv_drain(srv_server *server);
void srv_close(srv_server *server);
bool srv_is_idle(const srv_server *server); /* no request is being worked on */
/* Ends the server; what still runs is given up. */
void srv_stop(srv_server *server);

#endif
