/* raw_loop.c: the floor that bench/serve.sh measures the server against: an epoll loop of one thread that finds the end of each
 * request's headers and sends the bytes of a file, whatever was asked. Nothing is parsed, counted or kept.
 *
 *     bench_raw_loop PORT FILE      FILE: an answer as a server sent it, head and body
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 20, EVENTS = 256, REQUEST_MAX = 4096, BACKLOG = 1024 };

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)
        return -1;
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take_connections(int epoll, int listener)
{
    int on = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, fd);
    }
}

static void answer(int fd, const char *bytes, size_t size)
{
    char request[REQUEST_MAX];
    ssize_t got = read(fd, request, sizeof request);
    if (got <= 0) {
        (void)close(fd);
        return;
    }
    const char *at = request, *end = request + got;
    while ((at = memmem(at, (size_t)(end - at), "\r\n\r\n", 4)) != NULL) {
        if (write(fd, bytes, size) < 0)
            return;
        at += 4;
    }
}

int main(int count, char **word)
{
    static char bytes[ANSWER_MAX];
    struct epoll_event event[EVENTS];
    FILE *file = count == 3 ? fopen(word[2], "rb") : NULL;
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    int listener = size ? listen_on((int)strtol(word[1], NULL, 10)) : -1, epoll = epoll_create1(0);
    if (listener < 0) {
        (void)fprintf(stderr, "usage: bench_raw_loop PORT FILE (a free port, an answer)\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    watch(epoll, listener);
    for (;;) {
        int ready = epoll_wait(epoll, event, EVENTS, -1);
        for (int i = 0; i < ready; i++)
            if (event[i].data.fd == listener)
                take_connections(epoll, listener);
            else
                answer(event[i].data.fd, bytes, size);
    }
}
