/* connections.c: see connections.h. */
#define _GNU_SOURCE
#include "connections.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

sid_status srv_connections_init(srv_connections *connections, int flight_max)
{
    *connections = (srv_connections){.flight_max = flight_max};
    (void)pthread_mutex_init(&connections->lock, NULL);
    connections->flight = calloc((size_t)flight_max, sizeof(srv_connection *));
    return connections->flight ? SID_OK : SID_ENOMEM;
}

void srv_connections_drop(srv_connections *connections)
{
    free(connections->flight);
    (void)pthread_mutex_destroy(&connections->lock);
}

static void read_client(srv_connection *connection, const struct sockaddr *address)
{
    const void *bytes = NULL;
    if (address && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if (address && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    connection->is_tcp = bytes != NULL;
    if (!bytes || !inet_ntop(address->sa_family, bytes, connection->client, sizeof connection->client))
        memcpy(connection->client, "local", sizeof "local");
}

srv_connection *srv_connection_open(srv_connections *connections, srv_server *server, struct MHD_Connection *mhd)
{
    srv_connection *connection = calloc(1, sizeof *connection);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *from = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!connection || !info) {
        free(connection);
        return NULL;
    }
    connection->fd = info->connect_fd;
    connection->request.server = server;
    connection->request.connection = connection;
    connection->request.mhd = mhd;
    read_client(connection, from ? from->client_addr : NULL);
    srv_connection_phase(connection, SRV_PHASE_WAITS, srv_now_us());
    connection->seen_turn = atomic_load(&connection->turn); /* no byte has come: growth is from 0 */
    (void)pthread_mutex_lock(&connections->lock);
    connection->after = connections->first;
    if (connections->first)
        connections->first->before = connection;
    connections->first = connection;
    connections->count++;
    (void)pthread_mutex_unlock(&connections->lock);
    return connection;
}

void srv_connection_close(srv_connections *connections, srv_connection *connection)
{
    (void)pthread_mutex_lock(&connections->lock);
    if (connection->before)
        connection->before->after = connection->after;
    else
        connections->first = connection->after;
    if (connection->after)
        connection->after->before = connection->before;
    connections->count--;
    (void)pthread_mutex_unlock(&connections->lock);
    srv_request_drop(&connection->request);
    free(connection);
}

void srv_connection_phase(srv_connection *connection, srv_phase phase, int64_t now_us)
{
    atomic_store_explicit(&connection->since_us, now_us, memory_order_relaxed);
    atomic_store_explicit(&connection->phase, (int)phase, memory_order_relaxed);
    /* Where the reaper counts at the same time one count is lost, and it is another turn all the same. */
    unsigned turn = atomic_load_explicit(&connection->turn, memory_order_relaxed);
    atomic_store_explicit(&connection->turn, turn + 1, memory_order_release);
}

static uint64_t bytes_received(const srv_connection *connection)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (!connection->is_tcp || getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_received;
}

/* Whether a first line that has begun to come takes too long. */
static bool is_dawdling(srv_connection *connection, int64_t now_us)
{
    unsigned turn = atomic_load_explicit(&connection->turn, memory_order_acquire);
    uint64_t bytes = bytes_received(connection);
    if (turn != connection->seen_turn) {
        connection->seen_turn = turn;
        connection->seen_bytes = bytes;
        connection->growing_us = 0;
    }
    if (bytes > connection->seen_bytes && connection->growing_us == 0)
        connection->growing_us = now_us;
    return connection->growing_us > 0 && now_us - connection->growing_us > SRV_HEADERS_MS * INT64_C(1000);
}

static bool is_overdue(srv_connection *connection, int64_t now_us)
{
    int64_t since_us = atomic_load_explicit(&connection->since_us, memory_order_relaxed);
    switch ((srv_phase)atomic_load_explicit(&connection->phase, memory_order_relaxed)) {
    case SRV_PHASE_WAITS:
        return is_dawdling(connection, now_us);
    case SRV_PHASE_HEADERS:
        return now_us - since_us > SRV_HEADERS_MS * INT64_C(1000);
    case SRV_PHASE_BODY:
        return now_us - since_us > SRV_BODY_MS * INT64_C(1000);
    case SRV_PHASE_WORKS:
        break;
    }
    return false;
}

void srv_connections_reap(srv_connections *connections, int64_t now_us)
{
    (void)pthread_mutex_lock(&connections->lock);
    for (srv_connection *each = connections->first; each; each = each->after)
        if (is_overdue(each, now_us)) {
            (void)shutdown(each->fd, SHUT_RDWR); /* open as long as it is listed */
            atomic_fetch_add(&connections->reaped, 1);
            srv_connection_phase(each, SRV_PHASE_WORKS, now_us);
        }
    (void)pthread_mutex_unlock(&connections->lock);
}

int srv_connections_count(srv_connections *connections)
{
    (void)pthread_mutex_lock(&connections->lock);
    int count = connections->count;
    (void)pthread_mutex_unlock(&connections->lock);
    return count;
}

/* ---- In flight ---------------------------------------------------------------------------------------------------- */

void srv_flight_add(srv_connections *connections, srv_connection *connection)
{
    if (connections->flight_count == connections->flight_max)
        return;
    connections->flight[connections->flight_count++] = connection;
    connection->flight = connections->flight_count;
}

void srv_flight_remove(srv_connections *connections, srv_connection *connection)
{
    if (connection->flight == 0)
        return;
    srv_connection *last = connections->flight[--connections->flight_count];
    connections->flight[connection->flight - 1] = last;
    last->flight = connection->flight;
    connection->flight = 0;
}

int srv_flight_share(const srv_connections *connections, const srv_connection *connection)
{
    int share = 0;
    for (int i = 0; connection->is_tcp && i < connections->flight_count; i++)
        share += strcmp(connections->flight[i]->client, connection->client) == 0;
    return share;
}
