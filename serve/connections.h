/* connections.h: who is connected, and since when it does what it does. MHD's own timeout counts inactivity alone, so that a
 * trickle of bytes would hold a connection for ever: the reaper shuts what takes too long over its headers or its body.
 */
#ifndef SEMID_SERVE_CONNECTIONS_H
#define SEMID_SERVE_CONNECTIONS_H

#include "request.h"

typedef enum srv_phase {
    SRV_PHASE_WAITS,   /* for a request: idle, or its first line has begun */
    SRV_PHASE_HEADERS, /* its first line is there */
    SRV_PHASE_BODY,
    SRV_PHASE_WORKS /* ours to do */
} srv_phase;

enum { SRV_CLIENT_SIZE = 64 };

struct srv_connection {
    srv_request request;
    int fd;
    bool is_tcp;
    char client[SRV_CLIENT_SIZE]; /* its address, without the port */
    _Atomic int64_t since_us;     /* of the phase */
    atomic_int phase;
    atomic_uint turn; /* counts the phases */
    /* The reaper's: bytes that had come when it first saw this phase, and since when there are more. */
    unsigned seen_turn;
    uint64_t seen_bytes;
    int64_t growing_us;
    srv_connection *before, *after;
    int flight; /* 1 + its place in srv_connections.flight; 0: not there */
};

typedef struct srv_connections {
    pthread_mutex_t lock;
    srv_connection *first;
    int count;
    _Atomic int64_t reaped;
    /* The loop's alone: those whose request waits for a worker or has one. */
    srv_connection **flight; /* (flight_count) of flight_max */
    int flight_count, flight_max;
} srv_connections;

/* flight_max: more requests can never be in flight. SID_ENOMEM. */
sid_status srv_connections_init(srv_connections *connections, int flight_max);
void srv_connections_drop(srv_connections *connections);
/* NULL: out of memory. */
srv_connection *srv_connection_open(srv_connections *connections, srv_server *server, struct MHD_Connection *mhd);
void srv_connection_close(srv_connections *connections, srv_connection *connection);
void srv_connection_phase(srv_connection *connection, srv_phase phase, int64_t now_us);
/* Shuts those that take too long. */
void srv_connections_reap(srv_connections *connections, int64_t now_us);
int srv_connections_count(srv_connections *connections);
void srv_flight_add(srv_connections *connections, srv_connection *connection);
void srv_flight_remove(srv_connections *connections, srv_connection *connection); /* where it is there */
/* Requests of this client that are in flight; a client of a socket in the file system has no address and no limit. */
int srv_flight_share(const srv_connections *connections, const srv_connection *connection);

#endif
