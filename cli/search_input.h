/* search_input.h: how models that write SIDs look for items: what eval and recommend share of it. */
#ifndef SEMID_CLI_SEARCH_INPUT_H
#define SEMID_CLI_SEARCH_INPUT_H

#include "command.h"
#include "semid_model.h"

#define CLI_OPTIONS_SEARCH                                                                                             \
    {.name = "beam",                                                                                                   \
     .type = CLI_INT,                                                                                                  \
     .value = "N",                                                                                                     \
     .default_text = "0",                                                                                              \
     .min = 0,                                                                                                         \
     .max = 1e6,                                                                                                       \
     .help = "of models that write SIDs: prefixes kept a code; 0: the larger of 2 k and 50"},                          \
        {.name = "exact", .type = CLI_FLAG, .help = "of models that write SIDs: the true best, which takes longer"},   \
        {.name = "normalize",                                                                                          \
         .type = CLI_CHOICE,                                                                                           \
         .choices = "open|trie",                                                                                       \
         .default_text = "open",                                                                                       \
         .value = "WORD",                                                                                              \
         .help = "of models that write SIDs, probabilities of a code: open, of all codes, as in training; trie, of "   \
                 "those that lead to an item that may come"},                                                          \
    {                                                                                                                  \
        .name = "cold", .type = CLI_TEXT, .value = "HOW",                                                              \
        .help = "of models that write SIDs, items without a train event: quota=N: N of the places are theirs; "        \
                "rerank: all of them beside what was generated, by likeness"                                           \
    }

/* The options above; `search` is "exact" or, without --exact, "beam". */
sid_search_options cli_search_options(const cli_app *app);

#endif
