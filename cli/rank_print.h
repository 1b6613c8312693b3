/* rank_print.h: comparisons of rankers as a table, as rows and as JSON. */
#ifndef SEMID_CLI_RANK_PRINT_H
#define SEMID_CLI_RANK_PRINT_H

#include "command.h"

#include <semid_rank.h>

/* (count) over budgets of rows. */
void cli_rank_print(cli_app *app, const sid_rank_comparison *comparison, int count);

#endif
