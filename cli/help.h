/* help.h: help, from the tables of verbs, options and families. All of it is data, so it goes to standard output. */
#ifndef SEMID_CLI_HELP_H
#define SEMID_CLI_HELP_H

#include "command.h"

/* `semid`: the verbs, by what they are for. */
void cli_help_overview(void);
/* `semid VERB --help`; with the name of a family: that family's options. SID_EUSAGE: no such family. */
sid_status cli_help_verb(cli_app *app, const cli_command *command, const char *family);
/* "1 to 64; default 3", or "" when there is nothing to say. */
void cli_help_range(const cli_option *option, char *text, size_t size);
/* The manual page of a verb, in roff; NULL: that of the program. */
sid_status cli_help_man(cli_app *app, const cli_command *command);
/* bash, zsh or fish; SID_EUSAGE for another shell. */
sid_status cli_help_completions(cli_app *app, const char *shell);

#endif
