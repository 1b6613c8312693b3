/* eval_print.h: an evaluation as a table for people, tab-separated rows for programs, or JSON. */
#ifndef SEMID_CLI_EVAL_PRINT_H
#define SEMID_CLI_EVAL_PRINT_H

#include "command.h"
#include "semid_model.h"

/* `dataset`: the file of the events; `split`, `ties`: as asked for. */
typedef struct cli_eval_words {
    const char *dataset, *split, *ties;
    const sid_search_options *search;
    bool is_markdown; /* of the table form */
} cli_eval_words;

void cli_eval_print(cli_app *app, const sid_evaluation *evaluation, const cli_eval_words *words);

#endif
