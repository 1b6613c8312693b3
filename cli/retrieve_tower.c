/* retrieve_tower.c: see retrieve_tower.h. */
#include "retrieve_tower.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

/* "16", or "all" */
static sid_status parse_probe(cli_app *app, cli_tower *tower)
{
    const char *text = cli_text(app, "probe");
    char *end = NULL;
    if (!text)
        return SID_OK;
    tower->probe = strcmp(text, "all") == 0 ? INT64_MAX : strtoll(text, &end, 10);
    if ((end && (*end || end == text)) || tower->probe < 1)
        return cli_fail(app, SID_EUSAGE, "--probe is \"%s\"; a number of partitions from 1, or all, is expected", text);
    return SID_OK;
}

static sid_status check_flags(cli_app *app, const cli_tower *tower)
{
    const char *resolver = cli_text(app, "resolver");
    bool is_tower = strcmp(resolver, "tower") == 0, has_tower = cli_text(app, "tower") != NULL;
    const char *wants = tower->probe > 0               ? "--probe"
                        : is_tower                     ? "--resolver tower"
                        : cli_flag(app, "test-probes") ? "--test-probes"
                                                       : NULL;
    if (wants && !has_tower)
        return cli_fail(app, SID_EUSAGE, "%s needs --tower RANKER, a two-tower one of semid rank train", wants);
    if (tower->probe > 0 && cli_is_given(app, "resolver") && !is_tower)
        return cli_fail(app, SID_EUSAGE, "--probe takes the best by vectors, not --resolver %s; leave one out",
                        resolver);
    if (has_tower && !wants && !cli_flag(app, "test"))
        return cli_fail(
            app, SID_EUSAGE,
            "--tower alone changes nothing: --resolver tower sorts the items of a history's prefixes by it, "
            "--probe N finds prefixes by it too");
    return SID_OK;
}

sid_status cli_tower_open(cli_app *app, sid_catalog *catalog, cli_tower *out)
{
    const char *path = cli_text(app, "tower");
    CLI_TRY(parse_probe(app, out));
    CLI_TRY(check_flags(app, out));
    if (!path)
        return SID_OK;
    CLI_TRY(sid_ranker_open(app->ctx, path, &out->ranker, &app->err));
    CLI_TRY(sid_towers_create(out->ranker, catalog, &out->towers, &app->err));
    sid_towers_vectors(out->towers, &out->vectors);
    out->vectors.depth = (int)cli_int(app, "depth");
    out->query = calloc((size_t)out->vectors.dim, sizeof *out->query);
    return out->query ? SID_OK : cli_fail(app, SID_ENOMEM, "no memory for a vector of %d values", out->vectors.dim);
}

void cli_tower_drop(cli_tower *tower)
{
    free(tower->query);
    sid_towers_free(tower->towers);
    sid_ranker_free(tower->ranker);
    *tower = (cli_tower){0};
}

sid_status cli_tower_ask(cli_app *app, cli_tower *tower, const cli_history *history)
{
    const sid_tower_request request = {
        .user_id = history->is_named ? history->user : NULL, .history = history->id, .history_count = history->count};
    return tower->towers ? sid_towers_request(tower->towers, &request, 1, tower->query, &app->err) : SID_OK;
}

void cli_tower_print_probes(cli_app *app, const sid_probe_report *report)
{
    static const cli_column columns[] = {{.name = "probe", .type = CLI_COLUMN_INT},
                                         {.name = "of_all", .type = CLI_COLUMN_FLOAT},
                                         {.name = "recall", .type = CLI_COLUMN_FLOAT},
                                         {.name = "scored", .type = CLI_COLUMN_FLOAT},
                                         {.name = "request_us", .type = CLI_COLUMN_FLOAT}};
    cli_table table;
    cli_note(app, "%s, %s in %s; recall of the exact %" PRId64 " best, on one thread",
             cli_count_text(app, report->requests, "request"), cli_count_text(app, report->items, "item"),
             cli_count_text(app, report->partitions, "partition"), report->k);
    cli_table_begin(&table, app, columns, CLI_COUNT(columns));
    for (int i = 0; i < report->count; i++) {
        const sid_probe_score *row = &report->row[i];
        cli_table_row(&table, (cli_cell[]){{.integer = row->probe},
                                           {.number = (double)row->probe / (double)report->partitions},
                                           {.number = row->recall},
                                           {.number = row->scored},
                                           {.number = 1e6 * row->request_s}});
    }
    cli_table_end(&table);
}
