/* inputs.h: what several verbs read, and where they write. */
#ifndef SEMID_CLI_INPUTS_H
#define SEMID_CLI_INPUTS_H

#include "command.h"

/* --on-error understood. */
sid_status cli_on_error_parse(cli_app *app, sid_read_options *out);
/* Items by --on-error. */
sid_status cli_items_read(cli_app *app, const char *path, sid_items **out);
/* The items file given as an object (at `object_index`) or by --items; *path NULL when none. Both is SID_EUSAGE. */
sid_status cli_items_path(cli_app *app, int object_index, const char **path);
/* --vectors with the ids of FILE:IDS, --ids, else of `items` by row (NULL: row numbers). */
sid_status cli_vectors_read(cli_app *app, const sid_items *items, sid_vectors **out);
/* The same of `spec`, FILE[:IDS]. */
sid_status cli_vectors_read_from(cli_app *app, const char *spec, const sid_items *items, sid_vectors **out);
/* Whether a name ends like a file of vectors. */
bool cli_is_vectors_path(const char *path);
/* Where the ids of the rows of x.npy are written: x.ids.txt. Kept as long as the app. */
const char *cli_ids_path(cli_app *app, const char *path);
/* SID_EEXISTS when `path` is there, unless --force. */
sid_status cli_output_check(cli_app *app, const char *path);
/* The text of -o, or SID_EUSAGE. */
sid_status cli_output_path(cli_app *app, const char **path);

/* Opens the catalogue that is the first object for reading, calls `fn` with it, closes it. */
typedef sid_status cli_catalog_fn(cli_app *app, sid_catalog *catalog, const void *user);
sid_status cli_with_catalog(cli_app *app, cli_catalog_fn *fn, const void *user);

/* Lines of a small text file ("-": standard input), without empty ones. Free with cli_lines_drop. */
typedef struct cli_lines {
    char **line; /* (count) */
    int64_t count;
} cli_lines;
sid_status cli_lines_read(cli_app *app, const char *path, cli_lines *out);
void cli_lines_drop(cli_lines *lines);

#endif
