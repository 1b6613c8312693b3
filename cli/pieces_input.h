/* pieces_input.h: what semid pieces reads: the codes of items, how often they are shown; and what it reports of rows. */
#ifndef SEMID_CLI_PIECES_INPUT_H
#define SEMID_CLI_PIECES_INPUT_H

#include "command.h"
#include "semid_rank.h"

enum { CLI_DECILES = 10 };

/* Items of a catalogue, or those of --items, with their base codes; drop it in any case. */
typedef struct cli_item_codes {
    sid_catalog *catalog;
    sid_catalog_info info;
    sid_items *items; /* of --items; NULL: the catalogue's own */
    sid_hits hits;
    int64_t count, missing; /* missing: have no SID */
    uint16_t *codes;        /* (count, levels) */
    uint8_t *known;         /* (count) */
} cli_item_codes;

/* `items_path` NULL: all items of the catalogue. */
sid_status cli_item_codes_read(cli_app *app, const char *catalog, const char *items_path, cli_item_codes *out);
const char *cli_item_codes_id(const cli_item_codes *items, int64_t row);
void cli_item_codes_drop(cli_item_codes *items);

/* (count) events of each item in `path`; NULL `path`: *weights stays NULL. Free it. */
sid_status cli_piece_weights_read(cli_app *app, const char *path, const cli_item_codes *items, int64_t **weights);

/* Rows an item: over all, by decile of weight (the first has the heaviest), and weighted. */
typedef struct cli_lookups {
    double mean, weighted; /* weighted: NaN without weights */
    double decile[CLI_DECILES];
} cli_lookups;
/* offsets (count + 1) as sid_pieces_rows has them; weights (count) or NULL: then by rows of the catalogue. */
void cli_lookups_make(const cli_item_codes *items, const int64_t *weights, const int64_t *offsets, cli_lookups *out);

#endif
