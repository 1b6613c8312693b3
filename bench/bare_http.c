/* bare_http.c: libmicrohttpd and nothing else, for bench/serve.sh: what `semid serve` could reach on the library that it stands on.
 * One thread, one response with the headers and the body of a file, queued at each request's second call.
 *
 *     bench_bare_http PORT FILE      FILE: an answer as a server sent it, head and body
 */
#define _GNU_SOURCE
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 20, POOL_SIZE = 16 << 10 };

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)url;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (!*state) {
        *state = arg;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, arg);
}

/* The headers but those that the library writes itself. `head` is cut up. */
static void add_headers(struct MHD_Response *response, char *head)
{
    char *rest = NULL;
    (void)strtok_r(head, "\r\n", &rest); /* the status */
    for (char *line; (line = strtok_r(NULL, "\r\n", &rest)) != NULL;) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "Content-Length", 14) == 0)
            continue;
        *colon = 0;
        (void)MHD_add_response_header(response, line, colon + 2);
    }
}

int main(int count, char **word)
{
    static char bytes[ANSWER_MAX + 1];
    FILE *file = count == 3 ? fopen(word[2], "rb") : NULL;
    size_t size = file ? fread(bytes, 1, ANSWER_MAX, file) : 0;
    char *end = size ? strstr(bytes, "\r\n\r\n") : NULL;
    if (!end) {
        (void)fprintf(stderr, "usage: bench_bare_http PORT FILE (a free port, an answer)\n");
        return 2;
    }
    *end = 0;
    end += 4;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size - (size_t)(end - bytes), end, MHD_RESPMEM_PERSISTENT);
    add_headers(response, bytes);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, (uint16_t)strtol(word[1], NULL, 10), NULL, NULL,
                         on_request, response, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE, MHD_OPTION_END);
    if (!daemon) {
        (void)fprintf(stderr, "bench_bare_http: port %s cannot be had\n", word[1]);
        return 1;
    }
    for (;;)
        (void)pause();
}
