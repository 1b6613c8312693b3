/* server.h: the server's inside, for the files of serve/. */
#ifndef SEMID_SERVE_SERVER_H
#define SEMID_SERVE_SERVER_H

#include "access_log.h"
#include "api_keys.h"
#include "connections.h"
#include "reply.h"
#include "reply_cache.h"
#include "serve.h"
#include "serve_metrics.h"
#include "work_queue.h"

typedef enum srv_state { SRV_STATE_READY, SRV_STATE_DRAINS, SRV_STATE_CLOSES } srv_state;
typedef enum srv_queue_name_index {
    SRV_QUEUE_READ,
    SRV_QUEUE_RECOMMEND,
    SRV_QUEUE_WRITE,
    SRV_QUEUE_COUNT
} srv_queue_index;

/* What became of the last swap that was asked for; under swap_lock. */
typedef struct srv_swap {
    char state[16]; /* "none", "loading", "done", "failed" */
    char detail[512];
    char *catalog, *model; /* paths asked for and not yet begun; catalog NULL: those that run */
    bool is_asked;
} srv_swap;

struct srv_server {
    sid_ctx *ctx;
    srv_options options;
    struct MHD_Daemon *daemon;
    int port;
    atomic_int state;
    int64_t begin_us;
    uint64_t id_base;
    uint64_t id_count; /* the loop's */
    _Atomic uint64_t generation;
    pthread_mutex_t bundle_lock; /* over the pointer alone */
    srv_bundle *bundle;
    srv_queue queue[SRV_QUEUE_COUNT];
    srv_connections connections;
    srv_cache cache; /* the loop's */
    srv_replies replies;
    srv_metrics metrics;
    srv_keys keys;
    srv_log log;
    atomic_bool must_reopen_log;
    srv_text openapi;
    _Atomic int64_t bodies_size;
    atomic_int active; /* requests begun and not done */
    /* The keeper: reaper, swaps, other processes' changes. */
    pthread_t keeper;
    bool has_keeper;
    pthread_mutex_t swap_lock;
    pthread_cond_t swap_more;
    bool is_ending;
    srv_swap swap;
    srv_bundle **retired; /* (retired_count) no longer served; freed by the keeper once no request holds them */
    int retired_count;
};

__attribute__((format(printf, 3, 4))) void srv_note(const srv_server *server, bool is_warning, const char *format, ...);
/* The bundle that new requests get, held. */
srv_bundle *srv_server_bundle(srv_server *server);
/* A worker has answered: the loop sends it. The request is not to be touched afterwards. */
void srv_request_done(srv_request *request);
/* Asks the keeper for a swap; paths are taken where it says yes; catalog NULL: the paths that run. False: one waits already. */
bool srv_swap_ask(srv_server *server, char *catalog, char *model);
bool srv_server_is_ready(const srv_server *server);

/* ---- handler.c: MHD's callbacks ----------------------------------------------------------------------------------- */

enum MHD_Result srv_on_request(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_size, void **state);
void srv_on_done(void *arg, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode code);
void srv_on_connection(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code);
void *srv_on_line(void *arg, const char *uri, struct MHD_Connection *mhd);
size_t srv_on_escape(void *arg, struct MHD_Connection *mhd, char *text);

/* ---- keeper.c ----------------------------------------------------------------------------------------------------- */

void *srv_keeper_run(void *arg);

#endif
