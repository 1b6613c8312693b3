/* rank_train.h: semid rank train and semid rank eval. */
#ifndef SEMID_CLI_RANK_TRAIN_H
#define SEMID_CLI_RANK_TRAIN_H

#include "command.h"

sid_status cli_rank_train(cli_app *app);
sid_status cli_rank_eval(cli_app *app);

#endif
