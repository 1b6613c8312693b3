/* rank_features.h: the feature file that the flags of semid rank train stand for. */
#ifndef SEMID_CLI_RANK_FEATURES_H
#define SEMID_CLI_RANK_FEATURES_H

#include "command.h"

/* A ranker of --catalog and --pieces (else of item ids), a user, the last clicks and --dense columns, as JSON; kept as long as the
 * app. SID_EUSAGE: one of --catalog and --pieces alone. */
sid_status cli_rank_features(cli_app *app, const char *family, const char **text);

#endif
