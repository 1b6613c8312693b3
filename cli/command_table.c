/* command_table.c: the verbs, in the order of the overview, and the options that all of them take. */
#include <string.h>

#include "command.h"
#include "verbs.h"

const cli_command *const cli_command_table[] = {
#define ROW(name) &cli_##name,
    CLI_VERB_LIST(ROW)
#undef ROW
};
enum {
#define ONE(name) +1
    COMMAND_COUNT = 0 CLI_VERB_LIST(ONE)
#undef ONE
};
const int cli_command_count = COMMAND_COUNT;

const cli_option cli_global_options[] = {
    {.name = "seed",
     .type = CLI_INT,
     .value = "N",
     .default_text = "42",
     .min = 1,
     .max = 9007199254740991, /* what JSON numbers hold exactly */
     .help = "of all randomness; the same seed gives the same bits",
     .reader = CLI_FOR_ALL},
    {.name = "threads",
     .type = CLI_INT,
     .value = "N",
     .default_text = "0",
     .min = 0,
     .max = 1024,
     .env = "SEMID_THREADS",
     .help = "worker threads; 0: as many as the process may use. Results never depend on it",
     .reader = CLI_FOR_ALL},
    {.name = "memory-limit",
     .type = CLI_SIZE,
     .value = "SIZE",
     .env = "SEMID_MEMORY_LIMIT",
     .help = "refuse work that needs more, e.g. 512M or 4G",
     .reader = CLI_FOR_ALL},
    {.name = "config",
     .type = CLI_TEXT,
     .value = "FILE",
     .env = "SEMID_CONFIG",
     .help = "options as JSON, {\"seed\": 7, \"fit\": {\"levels\": 4}}; flags and environment win over it",
     .reader = CLI_FOR_ALL},
    {.name = "format",
     .type = CLI_CHOICE,
     .choices = "table|tsv|json|jsonl",
     .value = "F",
     .help = "of what is printed: table on a terminal, else tsv",
     .reader = CLI_FOR_ALL},
    {.name = "header", .type = CLI_FLAG, .help = "name the columns of tsv", .reader = CLI_FOR_ALL},
    {.name = "force", .type = CLI_FLAG, .help = "replace an output that exists", .reader = CLI_FOR_ALL},
    {.name = "dry-run",
     .type = CLI_FLAG,
     .help = "check inputs and options, estimate time and memory, write nothing",
     .reader = CLI_FOR_ALL},
    {.name = "progress",
     .type = CLI_CHOICE,
     .choices = "auto|always|never",
     .value = "WHEN",
     .default_text = "auto",
     .help = "on standard error; auto: on a terminal",
     .reader = CLI_FOR_ALL},
    {.name = "log-format",
     .type = CLI_CHOICE,
     .choices = "text|json",
     .value = "F",
     .default_text = "text",
     .env = "SEMID_LOG_FORMAT",
     .help = "of messages on standard error",
     .reader = CLI_FOR_ALL},
    {.name = "quiet", .letter = 'q', .type = CLI_FLAG, .help = "errors only", .reader = CLI_FOR_ALL},
    {.name = "help", .letter = 'h', .type = CLI_FLAG, .help = "this text", .reader = CLI_FOR_ALL},
};
const int cli_global_option_count = CLI_COUNT(cli_global_options);

const cli_command *cli_command_find(const char *name)
{
    for (int i = 0; i < cli_command_count; i++)
        if (strcmp(cli_command_table[i]->name, name) == 0)
            return cli_command_table[i];
    return NULL;
}

sid_status cli_command_unknown(cli_app *app, const char *name)
{
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < cli_command_count; i++)
        names[i] = cli_command_table[i]->name;
    const char *near = sid_closest(name, names, cli_command_count);
    return cli_fail(app, SID_EUSAGE, "verb \"%s\" is unknown%s%s%s", name, near ? "; did you mean " : "",
                    near ? near : "", near ? "?" : "");
}
