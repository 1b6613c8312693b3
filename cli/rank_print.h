/* rank_print.h: a comparison of rankers as a table, as rows and as JSON. */
#ifndef SEMID_CLI_RANK_PRINT_H
#define SEMID_CLI_RANK_PRINT_H

#include "command.h"

#include <semid_rank.h>

void cli_rank_print(cli_app *app, const sid_rank_comparison *comparison);

#endif
