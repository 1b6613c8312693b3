/* gate.h: --fail-on 'unique_rate<0.7': a figure of the report against a limit, for scripts and CI. */
#ifndef SEMID_CLI_GATE_H
#define SEMID_CLI_GATE_H

#include "command.h"

/* Checks every gate's form, before work is done. SID_EUSAGE. */
sid_status cli_gates_check(cli_app *app, const cli_setting *gates);
/* SID_EDATA names the figure of the first gate that holds; SID_EUSAGE for an unknown figure. */
sid_status cli_gates_apply(cli_app *app, const cli_setting *gates, const json_t *report);

#endif
