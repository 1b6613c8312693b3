/* open_loop.c: a client that asks at a rate of its own, whatever the answers do, and says what became of it: how much was answered, how
 * soon, how much was refused, how soon. So overload can be shown: a client that waits for its answers never asks too much.
 *
 *     bench_open_loop PORT FILE RATE SECONDS [CONNECTIONS]     FILE: a request, head and body; RATE 0: as fast as answers come
 *
 * Each request has a connection of its own for as long as it waits; those that are free are used again, the last one first. All are
 * opened before the first request, as a proxy's are: what a server does with a flood of new ones is another question. A request that
 * finds none free is counted as unsent. Latency counts from when a request was due, not from when it could be sent. One line of
 * name=value pairs; times in milliseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 20, ANSWER_MAX = 1 << 18, LINES_MAX = 2048, EVENTS = 256, GRACE_S = 5 };
typedef enum outcome { OUTCOME_GOOD, OUTCOME_REFUSED, OUTCOME_LATE, OUTCOME_OTHER, OUTCOME_COUNT } outcome;

typedef struct line {
    int fd;
    double due_s;   /* of the request that waits */
    size_t got;     /* bytes of its answer */
    char head[512]; /* the first of them */
} line;

typedef struct client {
    int port, epoll, line_count, line_max, free_count, waiting, most_waiting;
    line *line;     /* (line_count) */
    int *free_line; /* (free_count) */
    char *request;  /* (request_size) */
    size_t request_size;
    int64_t broken, unsent;
    int64_t count[OUTCOME_COUNT], room[OUTCOME_COUNT];
    float *time_ms[OUTCOME_COUNT]; /* (count) */
} client;

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void give_up(const char *what)
{
    (void)fprintf(stderr, "bench_open_loop: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void note(client *c, outcome what, double time_s)
{
    if (c->count[what] == c->room[what]) {
        c->room[what] = c->room[what] ? 2 * c->room[what] : 4096;
        c->time_ms[what] = realloc(c->time_ms[what], (size_t)c->room[what] * sizeof(float));
        if (!c->time_ms[what])
            give_up("memory");
    }
    c->time_ms[what][c->count[what]++] = (float)(time_s * 1e3);
}

/* ---- Lines -------------------------------------------------------------------------------------------------------- */

static int dial(const client *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)c->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0)
        give_up("no connection");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void open_line(client *c, int index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    c->line[index].fd = dial(c);
    if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->line[index].fd, &event) != 0)
        give_up("epoll");
}

/* Paced, so that none is turned away. */
static void open_lines(client *c)
{
    const struct timespec pause = {.tv_nsec = 20000};
    for (; c->line_count < c->line_max; c->line_count++) {
        open_line(c, c->line_count);
        c->free_line[c->free_count++] = c->line_count;
        (void)nanosleep(&pause, NULL);
    }
}

/* A free line; -1: none is. */
static int take_line(client *c)
{
    return c->free_count > 0 ? c->free_line[--c->free_count] : -1;
}

static void ask(client *c, double due_s)
{
    int index = take_line(c);
    if (index < 0) {
        c->unsent++;
        return;
    }
    c->line[index].due_s = due_s;
    c->line[index].got = 0;
    c->waiting++;
    c->most_waiting = c->waiting > c->most_waiting ? c->waiting : c->most_waiting;
    if (send(c->line[index].fd, c->request, c->request_size, MSG_NOSIGNAL) != (ssize_t)c->request_size)
        give_up("a request could not be sent");
}

/* Whether the answer is whole: its head is in line->head, whose length of body says how long it is. */
static int is_whole(const line *l)
{
    const char *end = memmem(l->head, l->got < sizeof l->head ? l->got : sizeof l->head, "\r\n\r\n", 4);
    const char *length = end ? memmem(l->head, (size_t)(end - l->head), "Content-Length: ", 16) : NULL;
    return length && l->got >= (size_t)(end + 4 - l->head) + strtoull(length + 16, NULL, 10);
}

static outcome outcome_of(const line *l)
{
    long status = strtol(l->head + 9, NULL, 10);
    return status == 200                    ? OUTCOME_GOOD
           : status == 429 || status == 503 ? OUTCOME_REFUSED
           : status == 504                  ? OUTCOME_LATE
                                            : OUTCOME_OTHER;
}

static void read_line(client *c, int index)
{
    static char bytes[ANSWER_MAX];
    line *l = &c->line[index];
    ssize_t got = recv(l->fd, bytes, sizeof bytes, 0);
    if (got <= 0) { /* closed */
        c->broken++;
        c->waiting--;
        (void)close(l->fd);
        open_line(c, index);
        c->free_line[c->free_count++] = index;
        return;
    }
    if (l->got < sizeof l->head - 1) {
        size_t room = sizeof l->head - 1 - l->got, part = (size_t)got < room ? (size_t)got : room;
        memcpy(l->head + l->got, bytes, part);
        l->head[l->got + part] = 0;
    }
    l->got += (size_t)got;
    if (!is_whole(l))
        return;
    note(c, outcome_of(l), now_s() - l->due_s);
    c->waiting--;
    c->free_line[c->free_count++] = index;
}

static void read_answers(client *c, int wait_ms)
{
    struct epoll_event event[EVENTS];
    int ready = epoll_wait(c->epoll, event, EVENTS, wait_ms);
    for (int i = 0; i < ready; i++)
        read_line(c, (int)event[i].data.u32);
}

/* ---- The run ------------------------------------------------------------------------------------------------------ */

static void run(client *c, double rate, double seconds)
{
    double begin_s = now_s(), end_s = begin_s + seconds;
    for (int64_t asked = 0;; asked++) {
        double due_s = rate > 0 ? begin_s + (double)asked / rate : now_s();
        if (due_s >= end_s)
            break;
        while (rate > 0 ? now_s() < due_s : c->waiting == c->line_max) /* asleep: the server may have the core */
            read_answers(c, 1);
        ask(c, due_s);
        if (asked % 16 == 0)
            read_answers(c, 0);
    }
    for (end_s = now_s() + GRACE_S; c->waiting > 0 && now_s() < end_s;)
        read_answers(c, 10);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void say_times(client *c, outcome what, const char *name)
{
    int64_t n = c->count[what];
    if (n > 0)
        qsort(c->time_ms[what], (size_t)n, sizeof(float), by_size);
    (void)printf(" %s=%lld", name, (long long)n);
    if (n > 0)
        (void)printf(" %s_p50=%.2f %s_p99=%.2f %s_max=%.2f", name, (double)c->time_ms[what][n / 2], name,
                     (double)c->time_ms[what][n * 99 / 100], name, (double)c->time_ms[what][n - 1]);
}

int main(int count, char **word)
{
    static char request[REQUEST_MAX];
    FILE *file = count >= 5 ? fopen(word[2], "rb") : NULL;
    client c = {.request = request, .request_size = file ? fread(request, 1, sizeof request, file) : 0};
    if (c.request_size == 0) {
        (void)fprintf(stderr, "usage: bench_open_loop PORT FILE RATE SECONDS [CONNECTIONS]\n");
        return 2;
    }
    double rate = strtod(word[3], NULL), seconds = strtod(word[4], NULL);
    c.port = (int)strtol(word[1], NULL, 10);
    c.line_max = count > 5 ? (int)strtol(word[5], NULL, 10) : LINES_MAX;
    c.line = calloc((size_t)c.line_max, sizeof *c.line);
    c.free_line = calloc((size_t)c.line_max, sizeof *c.free_line);
    c.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!c.line || !c.free_line || c.epoll < 0) {
        free(c.line);
        free(c.free_line);
        give_up("memory");
    }
    (void)signal(SIGPIPE, SIG_IGN);
    open_lines(&c);
    run(&c, rate, seconds);
    (void)printf("rate=%.0f answered=%.0f", rate, (double)c.count[OUTCOME_GOOD] / seconds);
    say_times(&c, OUTCOME_GOOD, "good");
    say_times(&c, OUTCOME_REFUSED, "refused");
    say_times(&c, OUTCOME_LATE, "late");
    say_times(&c, OUTCOME_OTHER, "other");
    (void)printf(" unsent=%lld broken=%lld unanswered=%d waited=%d\n", (long long)c.unsent, (long long)c.broken,
                 c.waiting, c.most_waiting);
    free(c.line);
    free(c.free_line);
    return 0;
}
