/* command.h: what a verb is, and what every verb gets. command_table.c lists the verbs; each stands in its cmd_<verb>.c
 * as a const cli_command with its option table, its examples and its run function. Parsing, help, configuration files
 * and shell completions all read these tables, so that a new option is one row.
 *
 * The CLI uses the public header alone. A verb returns a sid_status with app->err filled; main.c turns it into a message
 * and an exit code. Memory that ends with the process is taken by cli_alloc, which ends the process when there is none.
 */
#ifndef SEMID_CLI_COMMAND_H
#define SEMID_CLI_COMMAND_H

#include <jansson.h>

#include "semid.h"

#define CLI_COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

#define CLI_TRY(expression)                                                                                            \
    do {                                                                                                               \
        sid_status cli_try_ = (expression);                                                                            \
        if (cli_try_ != SID_OK)                                                                                        \
            return cli_try_;                                                                                           \
    } while (0)

typedef enum cli_option_type { CLI_TEXT, CLI_FLAG, CLI_INT, CLI_FLOAT, CLI_SIZE, CLI_CHOICE } cli_option_type;

/* Who reads an option: the verb, or a family of the library (then it came from that family's table). */
typedef enum cli_option_reader {
    CLI_FOR_VERB,
    CLI_FOR_ALL,
    CLI_FOR_QUANTIZER,
    CLI_FOR_ENCODER,
    CLI_FOR_POLICY,
    CLI_FOR_MODEL,
    CLI_FOR_PIECES
} cli_option_reader;

typedef struct cli_option {
    const char *name;         /* "memory-limit": --memory-limit */
    const char *value;        /* what help calls the value: "FILE" */
    const char *default_text; /* NULL: none */
    const char *choices; /* CLI_CHOICE: "tsv|jsonl"; of a name that is looked for in a table, what completions offer */
    const char *help;
    const char *only;         /* of a verb with actions: "train,eval", those that read it; NULL: all of them */
    const char *env;          /* a variable of the environment that stands for it; NULL: none */
    const char *library_name; /* for families: the name in the library's table */
    double min, max;          /* CLI_INT, CLI_FLOAT */
    cli_option_type type;
    cli_option_reader reader;
    char letter; /* 'o': also -o; 0: none */
    bool is_repeatable;
} cli_option;

typedef struct cli_app cli_app;

typedef struct cli_command {
    const char *name, *summary;
    const char *usage; /* one line or more, without "semid" */
    const char *about; /* a paragraph; NULL: the summary says all */
    int object_min, object_max;
    const char *objects; /* "CATALOG ID": what the objects are, for messages */
    const cli_option *options;
    int option_count;
    const char *const *examples; /* (example_count) "command   # why" */
    int example_count;
    bool takes_quantizer, takes_encoder, takes_policy, takes_model,
        takes_pieces; /* options of the library's families are accepted too */
    sid_status (*run)(cli_app *app);
} cli_command;

/* What the tables of verbs have in common. */
#define CLI_OPTIONS(array) .options = (array), .option_count = CLI_COUNT(array)
#define CLI_EXAMPLES(array) .examples = (array), .example_count = CLI_COUNT(array)
#define CLI_OF_CATALOG .object_min = 1, .object_max = 1, .objects = "a catalogue"

extern const cli_command *const cli_command_table[];
extern const int cli_command_count;
extern const cli_option cli_global_options[];
extern const int cli_global_option_count;

/* NULL when there is none of that name. */
const cli_command *cli_command_find(const char *name);
/* SID_EUSAGE with a did-you-mean. */
sid_status cli_command_unknown(cli_app *app, const char *name);

/* ---- What a running verb has ------------------------------------------------------------------------------------- */

typedef enum cli_format { CLI_FORMAT_TABLE, CLI_FORMAT_TSV, CLI_FORMAT_JSON, CLI_FORMAT_JSONL } cli_format;

/* An option with the texts given for it: by flag, else environment, else configuration. */
typedef struct cli_setting {
    const cli_option *option;
    const char **text; /* (count) */
    int count;
    const char *source; /* "--levels", "SEMID_THREADS", "c.json: fit.levels" */
} cli_setting;

typedef struct cli_kept cli_kept;

typedef struct cli_progress_line {
    char stage[96];
    double stage_start_s, last_shown_s;
    int64_t stage_start; /* done when the stage was first heard of */
    bool is_drawn;       /* a line stands on the terminal */
} cli_progress_line;

struct cli_app {
    const cli_command *command;
    sid_ctx *ctx;
    sid_error err; /* of the call that failed */
    cli_setting *setting;
    int setting_count;
    const char **object;
    int object_count;
    cli_format format;
    bool is_format_given, is_quiet, is_log_json, is_progress_on, is_forced, is_dry_run, has_header, has_color;
    uint64_t seed;
    cli_progress_line progress;
    double start_s;
    json_t *config;     /* NULL: none */
    cli_option *option; /* (option_count) all that the verb takes */
    int option_count;
    cli_kept *kept; /* texts of cli_keep */
};
/* Frees what the app holds, but for ctx. */
void cli_app_drop(cli_app *app);

/* Fills app->err and returns `status`. */
__attribute__((format(printf, 3, 4))) sid_status cli_fail(cli_app *app, sid_status status, const char *format, ...);

/* The values of options. `name` must stand in the verb's or the global table. */
bool cli_is_given(const cli_app *app, const char *name);
const char *cli_text(const cli_app *app, const char *name); /* as given, else the default, else NULL */
bool cli_flag(const cli_app *app, const char *name);
int64_t cli_int(const cli_app *app, const char *name);  /* checked when parsed; needs a default or cli_is_given */
double cli_float(const cli_app *app, const char *name); /* likewise */
const cli_setting *cli_setting_of(const cli_app *app, const char *name); /* all texts of a repeatable one */

/* Zeroed memory, or the end of the process: "out of memory", exit 1. */
void *cli_alloc(size_t count, size_t size);
/* A copy as printf makes it, kept as long as the app. */
__attribute__((format(printf, 2, 3))) char *cli_keep(cli_app *app, const char *format, ...);
/* `text` as a word for a shell, quoted where it must be, kept likewise. */
const char *cli_keep_word(cli_app *app, const char *text);

double cli_now_s(void); /* monotonic */

#endif
