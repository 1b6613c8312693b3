/* server.c: start, drain, stop. Threads: MHD's one loop, which accepts, parses, answers what is short and sends; workers, for
 * what is long; the keeper. The order of the end: no new work, workers finish, the loop stops, then what they stood on goes.
 */
#define _GNU_SOURCE
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "failing.h"
#include "route_table.h"

enum { BACKLOG = 1024, LAST_STEPS = 200, LAST_STEP_US = 5000 };

void srv_note(const srv_server *server, bool is_warning, const char *format, ...)
{
    char text[1200];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (server->options.note)
        server->options.note(server->options.user, is_warning, text);
}

srv_bundle *srv_server_bundle(srv_server *server)
{
    (void)pthread_mutex_lock(&server->bundle_lock);
    srv_bundle *bundle = srv_bundle_hold(server->bundle);
    (void)pthread_mutex_unlock(&server->bundle_lock);
    return bundle;
}

void srv_request_done(srv_request *request)
{
    MHD_resume_connection(request->mhd);
}

bool srv_server_is_ready(const srv_server *server)
{
    return atomic_load(&server->state) == SRV_STATE_READY;
}

/* ---- Sockets ------------------------------------------------------------------------------------------------------ */

static sid_status listen_on(int fd, const struct sockaddr *address, socklen_t size, const char *name, sid_error *err)
{
    if (fd < 0 || bind(fd, address, size) != 0 || listen(fd, BACKLOG) != 0) {
        int why = errno;
        if (fd >= 0)
            (void)close(fd);
        return srv_error(err, SID_EIO, "cannot listen on %.300s: %s%s", name, strerror(why),
                         why == EADDRINUSE ? "; another program does, choose another with --port" : "");
    }
    return SID_OK;
}

/* A socket that nobody listens on is left over from a server that was killed. */
static void remove_leftover(const struct sockaddr_un *address)
{
    struct stat info;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && stat(address->sun_path, &info) == 0 && S_ISSOCK(info.st_mode) &&
        connect(fd, (const struct sockaddr *)(const void *)address, sizeof *address) != 0 && errno == ECONNREFUSED)
        (void)unlink(address->sun_path);
    if (fd >= 0)
        (void)close(fd);
}

static sid_status listen_unix(const char *path, int *out, sid_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return srv_error(err, SID_EUSAGE, "--unix has %zu bytes; at most %zu are expected", strlen(path),
                         sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    remove_leftover(&address);
    *out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return listen_on(*out, (const struct sockaddr *)(const void *)&address, sizeof address, path, err);
}

static sid_status listen_tcp(const srv_options *options, int *out, int *port, sid_error *err)
{
    char name[300];
    int on = 1;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)options->port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options->port)};
    bool is_four = inet_pton(AF_INET, options->host, &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, options->host, &six.sin6_addr) != 1)
        return srv_error(err, SID_EUSAGE,
                         "--host is \"%.100s\"; an address such as 127.0.0.1, 0.0.0.0 or ::1 is expected",
                         options->host);
    const void *address = is_four ? (const void *)&four : (const void *)&six;
    socklen_t size = is_four ? sizeof four : sizeof six;
    *out = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)setsockopt(*out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)snprintf(name, sizeof name, "%s port %d", options->host, options->port);
    SRV_TRY(listen_on(*out, address, size, name, err));
    if (getsockname(*out, (struct sockaddr *)(void *)(is_four ? (void *)&four : (void *)&six), &size) != 0)
        return srv_error(err, SID_EIO, "%s: cannot be told: %s", name, strerror(errno));
    *port = ntohs(is_four ? four.sin_port : six.sin6_port);
    return SID_OK;
}

/* ---- Start -------------------------------------------------------------------------------------------------------- */

static bool is_loopback(const srv_options *options)
{
    return options->unix_path || strcmp(options->host, "127.0.0.1") == 0 || strcmp(options->host, "::1") == 0;
}

static sid_status open_parts(srv_server *server, sid_error *err)
{
    const srv_options *options = &server->options;
    const srv_bundle_request request = {.ctx = server->ctx,
                                        .catalog = options->catalog,
                                        .model = options->model,
                                        .category = options->category,
                                        .category_separator = options->category_separator,
                                        .read_only = options->read_only,
                                        .generation = &server->generation};
    if (!is_loopback(options) && !options->api_key_file && !options->insecure)
        return srv_error(
            err, SID_EUSAGE,
            "--host %.100s lets others in; give --api-key-file, or say --insecure where a proxy keeps them out",
            options->host);
    if (options->category_separator && !*options->category_separator)
        return srv_error(err, SID_EUSAGE, "--category-separator is empty; give one, such as \" > \"");
    if (options->api_key_file)
        SRV_TRY(srv_keys_read(options->api_key_file, &server->keys, err));
    SRV_TRY(srv_log_open(&server->log, options->access_log, err));
    SRV_TRY(srv_bundle_open(&request, &server->bundle, err));
    server->bundle->number = 1;
    srv_openapi_put(&server->openapi, server->keys.key != NULL);
    return server->openapi.is_failed ? srv_error(err, SID_ENOMEM, "out of memory for /openapi.json") : SID_OK;
}

static sid_status start_workers(srv_server *server, sid_error *err)
{
    const srv_options *o = &server->options;
    const srv_queue_plan plan[SRV_QUEUE_COUNT] = {
        [SRV_QUEUE_READ] = {o->queue_max, o->worker_count, o->batch_max, 0, srv_work_read, srv_reads_join, true},
        [SRV_QUEUE_RECOMMEND] = {o->queue_max, 1, o->batch_max, o->batch_wait_ms, srv_work_recommend, NULL, true},
        [SRV_QUEUE_WRITE] = {o->queue_max, 1, o->batch_max, 0, srv_work_write, NULL, false}};
    bool is_started = true;
    for (int i = 0; i < SRV_QUEUE_COUNT; i++)
        is_started = is_started && srv_queue_open(&server->queue[i], &plan[i]) == SID_OK;
    int flight_max = 3 * o->queue_max + (o->worker_count + 2) * o->batch_max;
    is_started = is_started && srv_connections_init(&server->connections, flight_max) == SID_OK;
    server->has_keeper = is_started && pthread_create(&server->keeper, NULL, srv_keeper_run, server) == 0;
    return server->has_keeper ? SID_OK : srv_error(err, SID_ENOMEM, "the server's threads cannot be started");
}

static sid_status start_loop(srv_server *server, sid_error *err)
{
    const srv_options *o = &server->options;
    int fd = -1;
    if (o->unix_path)
        SRV_TRY(listen_unix(o->unix_path, &fd, err));
    else
        SRV_TRY(listen_tcp(o, &fd, &server->port, err));
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL,
        srv_on_request, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SRV_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SRV_HEADERS_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, srv_on_done, server,
        MHD_OPTION_NOTIFY_CONNECTION, srv_on_connection, server, MHD_OPTION_URI_LOG_CALLBACK, srv_on_line, server,
        MHD_OPTION_UNESCAPE_CALLBACK, srv_on_escape, server, MHD_OPTION_END);
    if (server->daemon)
        return SID_OK;
    (void)close(fd);
    return srv_error(err, SID_EINTERNAL, "libmicrohttpd %s did not start", MHD_get_version());
}

sid_status srv_start(sid_ctx *ctx, const srv_options *options, srv_server **out, sid_error *err)
{
    srv_server *server = calloc(1, sizeof *server);
    pthread_condattr_t attributes;
    if (!server)
        return srv_error(err, SID_ENOMEM, "out of memory for a server");
    server->ctx = ctx;
    server->options = *options;
    server->log.fd = -1;
    server->begin_us = srv_now_us();
    server->generation = 1;
    if (getrandom(&server->id_base, sizeof server->id_base, GRND_NONBLOCK) < 0)
        server->id_base = (uint64_t)server->begin_us << 20;
    (void)pthread_mutex_init(&server->bundle_lock, NULL);
    (void)pthread_mutex_init(&server->swap_lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->swap_more, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)snprintf(server->swap.state, sizeof server->swap.state, "none");
    sid_status status = open_parts(server, err);
    if (status == SID_OK)
        status = start_workers(server, err);
    if (status == SID_OK)
        status = start_loop(server, err);
    if (status != SID_OK) {
        srv_stop(server);
        return status;
    }
    *out = server;
    return SID_OK;
}

int srv_port(const srv_server *server)
{
    return server->port;
}

/* ---- Changes of state --------------------------------------------------------------------------------------------- */

void srv_reload(srv_server *server)
{
    atomic_store(&server->must_reopen_log, true);
    if (!srv_swap_ask(server, NULL, NULL))
        srv_note(server, true, "a bundle is being loaded already");
}

void srv_drain(srv_server *server)
{
    atomic_store(&server->state, SRV_STATE_DRAINS);
}

void srv_close(srv_server *server)
{
    atomic_store(&server->state, SRV_STATE_CLOSES);
    int fd = server->daemon ? MHD_quiesce_daemon(server->daemon) : -1;
    if (fd >= 0)
        (void)close(fd);
    if (server->options.unix_path)
        (void)unlink(server->options.unix_path);
}

bool srv_is_idle(const srv_server *server)
{
    return atomic_load(&server->active) == 0;
}

static void stop_keeper(srv_server *server)
{
    if (!server->has_keeper)
        return;
    (void)pthread_mutex_lock(&server->swap_lock);
    server->is_ending = true;
    (void)pthread_cond_signal(&server->swap_more);
    (void)pthread_mutex_unlock(&server->swap_lock);
    (void)pthread_join(server->keeper, NULL);
}

void srv_stop(srv_server *server)
{
    if (!server)
        return;
    atomic_store(&server->state, SRV_STATE_CLOSES);
    for (int i = 0; i < SRV_QUEUE_COUNT; i++)
        srv_queue_close(&server->queue[i]);
    stop_keeper(server);
    for (int i = 0; server->daemon && i < LAST_STEPS && !srv_is_idle(server); i++)
        (void)usleep(LAST_STEP_US); /* answers that workers have just given back */
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    for (int i = 0; i < SRV_QUEUE_COUNT; i++)
        srv_queue_drop(&server->queue[i]);
    srv_cache_drop(&server->cache);
    srv_replies_drop(&server->replies);
    for (int i = 0; i < server->retired_count; i++)
        srv_bundle_release(server->retired[i]);
    free(server->retired);
    srv_bundle_release(server->bundle);
    free(server->swap.catalog);
    free(server->swap.model);
    srv_keys_drop(&server->keys);
    srv_log_close(&server->log);
    srv_text_drop(&server->openapi);
    if (server->connections.flight_max)
        srv_connections_drop(&server->connections);
    (void)pthread_cond_destroy(&server->swap_more);
    (void)pthread_mutex_destroy(&server->swap_lock);
    (void)pthread_mutex_destroy(&server->bundle_lock);
    free(server);
}
