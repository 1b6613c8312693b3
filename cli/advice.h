/* advice.h: the next steps of a health report, each said once. */
#ifndef SEMID_CLI_ADVICE_H
#define SEMID_CLI_ADVICE_H

#include "command.h"

/* The first advice of a check from *at on that no earlier check gave; NULL: no more. *names: all checks that give it,
 * "level.2.gini, level.3.gini"; *at: where to go on. `path`: the catalogue's, for commands in the advice. */
const char *cli_advice_next(cli_app *app, const sid_report *report, const char *path, int *at, const char **names);

#endif
