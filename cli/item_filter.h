/* item_filter.h: what recommend and retrieve are asked: a history, how many, and which items may come: --allow, --within, --where. */
#ifndef SEMID_CLI_ITEM_FILTER_H
#define SEMID_CLI_ITEM_FILTER_H

#include "inputs.h"

#define CLI_OPTIONS_ASKED(usual, about)                                                                                \
    {.name = "history",                                                                                                \
     .type = CLI_TEXT,                                                                                                 \
     .value = "IDS",                                                                                                   \
     .help = "what was seen, oldest first: a,b,c; [\"a,1\",\"b\"] where ids hold commas; or @FILE, a history a line"}, \
    {                                                                                                                  \
        .name = "k", .letter = 'k', .type = CLI_INT, .value = "N", .default_text = (usual), .min = 1, .max = 1e6,      \
        .help = (about)                                                                                                \
    }
#define CLI_OPTIONS_REFUSED                                                                                            \
    {.name = "keep-history", .type = CLI_FLAG, .help = "items of the history may come again"},                         \
    {                                                                                                                  \
        .name = "deny", .type = CLI_TEXT, .value = "FILE", .help = "ids, one a line, that are not to come"             \
    }
#define CLI_OPTIONS_ITEM_FILTER                                                                                        \
    {.name = "allow", .type = CLI_TEXT, .value = "FILE", .help = "ids, one a line; nothing else is to come"},          \
        {.name = "within",                                                                                             \
         .type = CLI_TEXT,                                                                                             \
         .value = "LIST",                                                                                              \
         .help = "prefixes of SIDs, such as 12,40-7; nothing but items below one is to come"},                         \
    {                                                                                                                  \
        .name = "where", .type = CLI_TEXT, .is_repeatable = true, .value = "COLUMN=VALUE",                             \
        .help = "items of that value in a column of the catalogue; given twice for one column: of either value; for "  \
                "two columns: of both"                                                                                 \
    }

/* What goes into a request. Zeroed: everything may come. */
typedef struct cli_item_filter {
    const char *const *allow; /* (allow_count) NULL: all */
    int64_t allow_count;
    const char *const *within; /* (within_count) */
    int64_t within_count;
    cli_lines lines; /* of --allow */
    sid_hits hits;   /* of the catalogue */
    const char **made;
} cli_item_filter;

/* `catalog` NULL: none was given. has_sids: the model knows SIDs, so that it looks after --within itself. */
sid_status cli_item_filter_read(cli_app *app, sid_catalog *catalog, bool has_sids, cli_item_filter *out);
void cli_item_filter_drop(cli_item_filter *filter);

#endif
