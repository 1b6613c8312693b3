/* config.h: `--config FILE`, JSON: {"seed": 7, "fit": {"levels": 4}}. Members of the root are global options, or verbs
 * holding their options; a verb's own win. Anything unknown is refused.
 */
#ifndef SEMID_CLI_CONFIG_H
#define SEMID_CLI_CONFIG_H

#include "command.h"

/* Reads `path` into app->config. SID_EUSAGE names line and column. */
sid_status cli_config_load(cli_app *app, const char *path);
/* The text of `verb`.`name`, or NULL; for options that must be known early. */
const char *cli_config_peek(const cli_app *app, const char *verb, const char *name);
/* Checks the whole file, and sets what flags and environment left open. app->option is the running verb's. */
sid_status cli_config_apply(cli_app *app, const char *path);

#endif
