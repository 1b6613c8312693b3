/* args.h: from words to settings, by tables. Flags win over the environment, that over the configuration, that over
 * defaults; every value is checked here, before a file is read.
 */
#ifndef SEMID_CLI_ARGS_H
#define SEMID_CLI_ARGS_H

#include "command.h"

/* The kinds of families that the library has tables of; their options become flags. */
typedef enum cli_kind {
    CLI_KIND_QUANTIZER,
    CLI_KIND_ENCODER,
    CLI_KIND_POLICY,
    CLI_KIND_MODEL,
    CLI_KIND_PIECES,
    CLI_KIND_COUNT
} cli_kind;

typedef struct cli_family_kind {
    const char *noun, *nouns; /* "collision policy" */
    const char *
        flag; /* "collisions": the option that names a family; where a verb has none, all families' options are taken */
    const char *prefix;   /* of its options' flags: "collisions-" */
    const char *own_flag; /* an option of the table that has a flag of its own, so that it is none here; NULL */
    cli_option_reader reader;
    int (*count)(void);
    const sid_family *(*at)(int index);
} cli_family_kind;

extern const cli_family_kind cli_family_kinds[CLI_KIND_COUNT];
bool cli_takes_kind(const cli_command *command, cli_kind kind);

/* All options that `command` takes: its own, the global ones, and those of families. `family` (CLI_KIND_COUNT): their
 * names; NULL, or NULL for all kinds, takes every family's (for completions). SID_EUSAGE when a name is unknown. */
sid_status cli_options_build(cli_app *app, const cli_command *command, const char *const *family);
/* NULL when there is none. '-' and '_' are alike. `length`: of the name. */
const cli_option *cli_option_find(const cli_app *app, const char *name, size_t length);
/* The nearest option's name, or NULL. */
const char *cli_option_closest(const cli_app *app, const char *name);

/* The value of `--name value` or `--name=value`, last one first, without parsing the rest; NULL: not given. */
const char *cli_args_peek(int count, char **word, const char *name);
/* Whether --help or -h is there; *topic is the word after it (or NULL). */
bool cli_args_want_help(int count, char **word, const char **topic);

/* Reads all words after the verb into app->setting and app->object. */
sid_status cli_args_parse(cli_app *app, int count, char **word);
/* Sets what is not set yet; `source` stands in messages. */
sid_status cli_setting_default(cli_app *app, const cli_option *option, const char *source, const char *text);
/* Checks `text` against the option's type and range. */
sid_status cli_value_check(cli_app *app, const cli_option *option, const char *source, const char *text);
/* Variables of the environment, for what flags left open. */
sid_status cli_args_environment(cli_app *app);

/* Given family options as the library takes them, "refine=3,beam=4"; NULL when none was given. */
const char *cli_family_options(cli_app *app, cli_option_reader reader);

#endif
