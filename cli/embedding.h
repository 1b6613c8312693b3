/* embedding.h: vectors for the verbs that take items or vectors. */
#ifndef SEMID_CLI_EMBEDDING_H
#define SEMID_CLI_EMBEDDING_H

#include "command.h"

/* --encoder, --fields or an option of an encoder is given. */
bool cli_has_encoder_flags(cli_app *app);
void cli_warn_no_text(cli_app *app, int64_t no_text);
/* Fits the encoder that the flags name and encodes the items; says how many had no known word. */
sid_status cli_embed_items(cli_app *app, const sid_items *items, sid_encoder **encoder, sid_vectors **out);
/* SID_EUSAGE for flags that contradict each other: items or --vectors, encoders, --ids. `verb` needs one of them. */
sid_status cli_check_inputs(cli_app *app, const char *items_path);

#endif
