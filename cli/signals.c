/* signals.c: see signals.h. A handler has no argument, so what it cancels must stand in static variables: the only ones
 * of the program. timeout(1) sends its signal twice, to the process and to its group, hence the patience before the second
 * one kills.
 */
#include "signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic(sid_ctx *) running_ctx;
static atomic_int received_signal;
static _Atomic int64_t received_ms;

enum { PATIENCE_MS = 500 };

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const int handled_signal[] = {SIGINT, SIGTERM};

static void on_signal(int number)
{
    int none = 0;
    bool is_first = atomic_compare_exchange_strong(&received_signal, &none, number);
    sid_ctx *ctx = atomic_load(&running_ctx); /* after the number is set: see cli_signals_pause */
    if (is_first)
        atomic_store(&received_ms, now_ms());
    if (is_first && ctx)
        sid_ctx_cancel(ctx);
    if (ctx && now_ms() - atomic_load(&received_ms) < PATIENCE_MS)
        return;
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* SQLite maps items.db-shm, and reading where a shortened file has no page is a signal. What was acknowledged is on the
 * disk, as after kill -9; so nothing is left to do but to say so. */
static void on_lost_page(int number)
{
    static const char text[] =
        "semid: a file was cut while it was in use (items.db-shm?); what was acknowledged is safe: "
        "once all who use this catalogue have ended, try again\n";
    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _Exit(1); /* nobody listens */
    _Exit(1);
}

void cli_signals_begin(sid_ctx *ctx)
{
    struct sigaction lost_page = {.sa_handler = on_lost_page};
    (void)sigemptyset(&lost_page.sa_mask);
    (void)sigaction(SIGBUS, &lost_page, NULL);
    atomic_store(&running_ctx, ctx);
    for (size_t i = 0; i < sizeof handled_signal / sizeof *handled_signal; i++) {
        struct sigaction old, action = {.sa_handler = on_signal};
        (void)sigemptyset(&action.sa_mask);
        action.sa_flags = SA_RESTART;
        if (sigaction(handled_signal[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            (void)sigaction(handled_signal[i], &action, NULL);
    }
    (void)signal(SIGPIPE, SIG_IGN);
}

/* A signal that came a moment ago has canceled what nobody looks at while a read blocks: it must end the program here. */
void cli_signals_pause(void)
{
    atomic_store(&running_ctx, NULL);
    if (atomic_load(&received_signal))
        cli_die_by(atomic_load(&received_signal));
}

void cli_signals_resume(sid_ctx *ctx)
{
    atomic_store(&running_ctx, ctx);
}

int cli_signal_received(void)
{
    return atomic_load(&received_signal);
}

_Noreturn void cli_die_by(int number)
{
    sigset_t set;
    (void)signal(number, SIG_DFL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, number);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    (void)raise(number);
    _Exit(128 + number);
}

void cli_guard_descriptors(void)
{
    static const int mode[] = {O_WRONLY, O_RDONLY, O_RDONLY}; /* the wrong way round: using it gives EBADF */
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode[fd]) != fd)
            _Exit(1);
}
