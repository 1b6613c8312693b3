/* retrieve_tower.h: semid retrieve --tower: a two-tower ranker's vectors, and what probing finds by them. */
#ifndef SEMID_CLI_RETRIEVE_TOWER_H
#define SEMID_CLI_RETRIEVE_TOWER_H

#include "history_input.h"

#include <semid_model.h>
#include <semid_rank.h>

/* Zeroed: without. */
typedef struct cli_tower {
    sid_ranker *ranker;
    sid_towers *towers;
    sid_retriever_vectors vectors;
    float *query;  /* (dim) of the last request */
    int64_t probe; /* partitions; 0: none, INT64_MAX: all */
} cli_tower;

/* Reads --tower, --probe and --depth. */
sid_status cli_tower_open(cli_app *app, sid_catalog *catalog, cli_tower *out);
void cli_tower_drop(cli_tower *tower);
/* Fills tower->query. */
sid_status cli_tower_ask(cli_app *app, cli_tower *tower, const cli_history *history);
void cli_tower_print_probes(cli_app *app, const sid_probe_report *report);

#endif
