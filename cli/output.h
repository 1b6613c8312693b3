/* output.h: data on standard output, in the form that --format says; messages on standard error.
 *
 * Rows of one kind go through cli_table (streamed, but for the aligned table form); one thing with members is a JSON
 * object printed by cli_print_object. Whether all of it could be written is checked once, by cli_output_finish.
 */
#ifndef SEMID_CLI_OUTPUT_H
#define SEMID_CLI_OUTPUT_H

#include "command.h"

typedef enum cli_column_type { CLI_COLUMN_TEXT, CLI_COLUMN_INT, CLI_COLUMN_FLOAT } cli_column_type;

typedef struct cli_column {
    const char *name;
    cli_column_type type;
    bool is_wide_only; /* in tables and JSON, not in tsv */
} cli_column;

/* One value; the column's type says which member holds it. A NULL text is an absent one. */
typedef struct cli_cell {
    const char *text;
    int64_t integer;
    double number;
} cli_cell;

typedef struct cli_table {
    const cli_app *app;
    const cli_column *column; /* (column_count) */
    int column_count;
    int64_t row_count;
    char **cell; /* (row_count, column_count) texts of the table form, else NULL */
    int64_t room;
    bool is_markdown; /* set after begin: the table form with bars, for documents */
} cli_table;

void cli_table_begin(cli_table *table, const cli_app *app, const cli_column *column, int column_count);
void cli_table_row(cli_table *table, const cli_cell *cell); /* cell (column_count) */
void cli_table_end(cli_table *table);

/* A word of a table cell in the colour of its meaning ("healthy" green, ..); plain without a terminal. */
const char *cli_color_begin(const cli_app *app, const char *word);
const char *cli_color_end(const cli_app *app, const char *word);

/* table: aligned names and values; tsv: path, value; json; jsonl: one line. Steals `object`. */
void cli_print_object(const cli_app *app, json_t *object);
/* Texts and numbers for JSON: text made valid, NaN and NULL as null. */
json_t *cli_json_text(const char *text);
json_t *cli_json_number(double number);

/* "1 item", "12,101 items"; kept as long as the app. */
const char *cli_count_text(cli_app *app, int64_t count, const char *noun);

/* A line for people on standard error (an event with --log-format json); nothing when quiet. */
__attribute__((format(printf, 2, 3))) void cli_note(cli_app *app, const char *format, ...);
__attribute__((format(printf, 2, 3))) void cli_warn(cli_app *app, const char *format, ...);
/* The library's messages come here: a sid_log_fn whose user is the cli_app. */
void cli_on_log(void *user, sid_log_level level, const char *message);
/* One JSON event on standard error. Steals `event`. */
void cli_event(json_t *event);
/* app->err as people or machines read it. */
void cli_print_error(cli_app *app);

/* Flushes standard output. SID_EIO when something could not be written; *is_pipe_closed: because the reader went. */
sid_status cli_output_finish(cli_app *app, bool *is_pipe_closed);

#endif
