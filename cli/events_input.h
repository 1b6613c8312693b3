/* events_input.h: what verbs that read events share: the options, and reading them. */
#ifndef SEMID_CLI_EVENTS_INPUT_H
#define SEMID_CLI_EVENTS_INPUT_H

#include "command.h"
#include "semid_model.h"

#define CLI_OPTIONS_EVENTS                                                                                             \
    {.name = "events",                                                                                                 \
     .type = CLI_TEXT,                                                                                                 \
     .value = "FILE",                                                                                                  \
     .help = "user_id, item_id and, where known, timestamp, split: .tsv, .csv, .jsonl or RecBole's .inter"},           \
        {.name = "items",                                                                                              \
         .type = CLI_TEXT,                                                                                             \
         .value = "FILE",                                                                                              \
         .help = "the items there are, also those without an event; names the rows of --vectors"},                     \
        {.name = "catalog",                                                                                            \
         .type = CLI_TEXT,                                                                                             \
         .value = "DIR",                                                                                               \
         .help = "the items there are, with their SIDs and vectors"},                                                  \
        CLI_OPTION_VECTORS, CLI_OPTION_IDS, CLI_OPTION_ON_ERROR,                                                       \
        {.name = "split",                                                                                              \
         .type = CLI_TEXT,                                                                                             \
         .value = "S",                                                                                                 \
         .default_text = "loo",                                                                                        \
         .help = "loo, time=0.8,0.1 (or two dates), column, all: what trains and what is asked"},                      \
        {.name = "ties",                                                                                               \
         .type = CLI_CHOICE,                                                                                           \
         .choices = "file|shuffle|exclude",                                                                            \
         .default_text = "file",                                                                                       \
         .value = "WORD",                                                                                              \
         .help = "order of events of one moment: of the file, seeded, or not asked"},                                  \
        {.name = "repeats",                                                                                            \
         .type = CLI_CHOICE,                                                                                           \
         .choices = "keep|first|no-consecutive",                                                                       \
         .default_text = "keep",                                                                                       \
         .value = "WORD",                                                                                              \
         .help = "of an item in a history"},                                                                           \
        {.name = "cold-fraction",                                                                                      \
         .type = CLI_FLOAT,                                                                                            \
         .value = "X",                                                                                                 \
         .default_text = "0",                                                                                          \
         .min = 0,                                                                                                     \
         .max = 0.99,                                                                                                  \
         .help = "share of the items, drawn by seed, that lose their train events: cold items to ask for"},            \
    {                                                                                                                  \
        .name = "core", .type = CLI_INT, .value = "N", .default_text = "0", .min = 0, .max = 1e9,                      \
        .help = "leave out users and items of fewer events, until none is left; 0: off"                                \
    }
/* What was read; drop it in any case. */
typedef struct cli_events_input {
    sid_events *events;
    sid_items *items;     /* NULL: none given */
    sid_vectors *vectors; /* likewise */
    sid_catalog *catalog; /* likewise */
} cli_events_input;

/* --events and what goes with it. `model` (NULL: none) says which items there are. */
sid_status cli_events_read(cli_app *app, const sid_model *model, cli_events_input *out);
void cli_events_drop(cli_events_input *input);
/* --split, --ties, --targets where the verb has it. */
sid_split_options cli_split_options(const cli_app *app);

#endif
