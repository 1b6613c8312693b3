/* progress.h: what a long step is doing: one line on a terminal, or JSON events. */
#ifndef SEMID_CLI_PROGRESS_H
#define SEMID_CLI_PROGRESS_H

#include "command.h"

/* A sid_progress_fn whose user is the cli_app. */
void cli_on_progress(void *user, const sid_progress *progress);
/* Takes the line off the terminal, before anything else is printed. */
void cli_progress_clear(cli_app *app);

#endif
