/* access_log.h: a line of JSON a request, to a file that may be moved away and is then opened anew. */
#ifndef SEMID_SERVE_ACCESS_LOG_H
#define SEMID_SERVE_ACCESS_LOG_H

#include "request.h"

typedef struct srv_log {
    int fd; /* -1: none */
    const char *path;
} srv_log;

/* path NULL: none; "-": standard output. */
sid_status srv_log_open(srv_log *log, const char *path, sid_error *err);
/* The loop's thread alone. */
void srv_log_reopen(srv_log *log);
void srv_log_close(srv_log *log);
void srv_log_request(const srv_log *log, const srv_request *request, int status, int64_t time_us);

#endif
