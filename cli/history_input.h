/* history_input.h: what users saw, for recommend: one list on the command line, or many in a file. */
#ifndef SEMID_CLI_HISTORY_INPUT_H
#define SEMID_CLI_HISTORY_INPUT_H

#include "command.h"

typedef struct cli_history {
    const char *user; /* as the file names them, else the number of the line; NULL: from the command line */
    const char **id;  /* (count) */
    int64_t count;
    bool is_named; /* the file says who it is */
} cli_history;

typedef struct cli_histories {
    cli_history *row; /* (count) */
    int64_t count;
} cli_histories;

/* `text`: a,b,c, or JSON as below, or @FILE with a history a line: a,b,c; or user, a tab, a,b,c; or JSON, ["a","b"] or {"user_id": "u",
 * "history": ["a", "b"]}. Texts live as long as the app; drop the rest. */
sid_status cli_histories_read(cli_app *app, const char *text, cli_histories *out);
void cli_histories_drop(cli_histories *histories);
/* What goes behind --history to ask for one id: " B01", "=-x", " '[\"a,b\"]'". Kept as long as the app. */
const char *cli_history_word(cli_app *app, const char *id);

#endif
