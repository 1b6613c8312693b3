/* label_words.h: words for prefixes beside what a verb shows: neighbors, inspect, decode. */
#ifndef SEMID_CLI_LABEL_WORDS_H
#define SEMID_CLI_LABEL_WORDS_H

#include "command.h"

/* Labels of prefixes of up to `depth` codes (at most the catalogue's levels), by --category where the verb has it. None
 * where prefixes mean nothing. Drop them in any case. */
sid_status cli_labels_read(cli_app *app, sid_catalog *catalog, int depth, sid_labels *out);
/* The words for the first `depth` codes of a SID; NULL: none. */
const char *cli_label_words(const sid_labels *labels, const char *sid, int depth);
/* The most crowded first: (labels->count) rows of one depth; *count: how many. The caller frees it. */
const sid_label **cli_labels_by_size(const sid_labels *labels, int depth, int64_t *count);

#endif
