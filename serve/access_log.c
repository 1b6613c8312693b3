/* access_log.c: see access_log.h. A line is one write, so that lines of two processes do not mix. Keys are never in it. */
#define _GNU_SOURCE
#include "access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connections.h"

sid_status srv_log_open(srv_log *log, const char *path, sid_error *err)
{
    *log = (srv_log){.fd = -1, .path = path};
    if (!path)
        return SID_OK;
    log->fd = strcmp(path, "-") == 0 ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log->fd >= 0)
        return SID_OK;
    *err = (sid_error){.status = SID_EIO, .row = -1, .byte = -1};
    (void)snprintf(err->message, sizeof err->message, "%.500s: the access log cannot be written: %s", path,
                   strerror(errno));
    return SID_EIO;
}

void srv_log_close(srv_log *log)
{
    if (log->fd > STDERR_FILENO)
        (void)close(log->fd);
    log->fd = -1;
}

void srv_log_reopen(srv_log *log)
{
    srv_log next;
    sid_error err;
    if (log->fd <= STDERR_FILENO || srv_log_open(&next, log->path, &err) != SID_OK)
        return;
    srv_log_close(log);
    *log = next;
}

void srv_log_request(const srv_log *log, const srv_request *request, int status, int64_t time_us)
{
    srv_text line = {0};
    struct timespec now;
    struct tm parts;
    char date[40];
    if (log->fd < 0)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &parts);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    srv_printf(&line, "{\"time\":\"%s.%03ldZ\",\"id\":\"%s\",\"client\":\"%s\",\"method\":\"%s\",\"target\":", date,
               now.tv_nsec / 1000000, request->id, request->connection->client, request->method);
    srv_put_string(&line, request->target);
    srv_printf(&line, ",\"status\":%d,\"received\":%zu,\"ms\":%.3f,\"bundle\":%" PRIu64 "}\n", status,
               request->body_size + request->body_dropped, (double)time_us / 1000,
               request->bundle ? request->bundle->number : 0);
    if (!line.is_failed && write(log->fd, line.bytes, line.size) < 0) {
        /* a full disk must not stop the server */
    }
    srv_text_drop(&line);
}
