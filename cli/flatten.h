/* flatten.h: the leaves of a JSON value with their paths, "level.1.perplexity", "checks.unique_rate.value": what tsv
 * prints and what --fail-on names. Elements of an array go by their member `name`, else by their number, from 1.
 */
#ifndef SEMID_CLI_FLATTEN_H
#define SEMID_CLI_FLATTEN_H

#include <jansson.h>

typedef struct cli_leaf {
    char *path;
    const json_t *value; /* no object or array; belongs to the flattened value */
} cli_leaf;

typedef struct cli_leaves {
    cli_leaf *row;
    int count, room;
} cli_leaves;

void cli_flatten(const json_t *value, cli_leaves *leaves);
void cli_leaves_drop(cli_leaves *leaves);
/* A leaf's value as tsv prints it, in `text` (size bytes) or as it stands: gives the text. */
const char *cli_leaf_text(const json_t *value, char *text, size_t size);

#endif
