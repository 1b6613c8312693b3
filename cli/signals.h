/* signals.h: SIGINT and SIGTERM end the running step; a broken pipe ends the program quietly. */
#ifndef SEMID_CLI_SIGNALS_H
#define SEMID_CLI_SIGNALS_H

#include "semid.h"

/* From here on the first SIGINT or SIGTERM cancels `ctx`, one half a second later kills; SIGPIPE becomes a write error, SIGBUS
 * a message and exit 1. A signal that the caller ignores (nohup, background jobs) stays ignored. */
void cli_signals_begin(sid_ctx *ctx);

/* While standard input is read, which may block for good, a signal kills at once: nothing is half done then. */
void cli_signals_pause(void);
void cli_signals_resume(sid_ctx *ctx);
/* The signal that came, or 0. */
int cli_signal_received(void);
/* Ends the process by `signal`, as its parent expects to see it. */
_Noreturn void cli_die_by(int signal);
/* Descriptors 0, 1 and 2 exist afterwards, so that no catalogue file becomes "standard output"; a closed one fails with
 * EBADF when used. */
void cli_guard_descriptors(void);

#endif
