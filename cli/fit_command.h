/* fit_command.h: a trial as text: "rkmeans levels=4 codes=256 refine=3" read, and the `semid fit` that repeats it written. */
#ifndef SEMID_CLI_FIT_COMMAND_H
#define SEMID_CLI_FIT_COMMAND_H

#include "command.h"

/* Texts of *out are kept as long as the app. SID_EUSAGE names the word that is none. */
sid_status cli_trial_parse(cli_app *app, const char *text, sid_trial *out);
/* The command to type for a row, with the inputs of this run; kept as long as the app. */
const char *cli_fit_command(cli_app *app, const sid_advice_row *row);

#endif
