/* cmd_compare.c: semid compare: what moved between two versions of a catalogue, and a map for what stands on the old one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "inputs.h"
#include "output.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "depth", .type = CLI_COLUMN_INT},
                                    {.name = "raw", .type = CLI_COLUMN_FLOAT},
                                    {.name = "level", .type = CLI_COLUMN_FLOAT},
                                    {.name = "prefix", .type = CLI_COLUMN_FLOAT},
                                    {.name = "ami", .type = CLI_COLUMN_FLOAT}};

static json_t *levels_json(const sid_comparison *c)
{
    json_t *list = json_array();
    for (int l = 0; l < c->levels; l++)
        (void)json_array_append_new(
            list, json_pack("{s:i,s:o,s:o,s:o,s:o}", "depth", c->level[l].depth, "raw",
                            cli_json_number(c->level[l].raw), "level", cli_json_number(c->level[l].level), "prefix",
                            cli_json_number(c->level[l].prefix), "ami", cli_json_number(c->level[l].ami)));
    return list;
}

static void print_json(const cli_app *app, const sid_comparison *c)
{
    cli_print_object(app, json_pack("{s:s,s:s,s:b,s:I,s:I,s:I,s:b,s:o,s:o}", "old", c->old_id, "new", c->new_id,
                                    "is_child", c->is_child, "common", (json_int_t)c->common, "added",
                                    (json_int_t)c->added, "removed", (json_int_t)c->removed, "weighted", c->is_weighted,
                                    "sid_changed", cli_json_number(c->sid_changed), "level", levels_json(c)));
}

static void print_head(cli_app *app, const sid_comparison *c)
{
    (void)printf("old       %s%s\nnew       %s\n", c->old_id, c->is_child ? ", the parent of the new one" : "",
                 c->new_id);
    (void)printf("in both   %s; %s added, %s removed\n", cli_count_text(app, c->common, "item"),
                 cli_count_text(app, c->added, "item"), cli_count_text(app, c->removed, "item"));
    if (c->common > 0)
        (void)printf("moved     %.2f %% %s have another SID\n\n", 100 * c->sid_changed,
                     c->is_weighted ? "of the events are of items that" : "of them");
}

/* Four digits are what an eye compares; programs get all. */
static double shown(const cli_app *app, double share)
{
    return app->format == CLI_FORMAT_TABLE ? round(share * 1e4) / 1e4 : share;
}

static void print_rows(const cli_app *app, const sid_comparison *c)
{
    cli_table table;
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    for (int l = 0; l < c->levels; l++)
        cli_table_row(&table, (cli_cell[]){{.integer = c->level[l].depth},
                                           {.number = shown(app, c->level[l].raw)},
                                           {.number = shown(app, c->level[l].level)},
                                           {.number = shown(app, c->level[l].prefix)},
                                           {.number = shown(app, c->level[l].ami)}});
    cli_table_end(&table);
}

static void print(cli_app *app, const sid_comparison *c)
{
    if (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL) {
        print_json(app, c);
        return;
    }
    if (app->format == CLI_FORMAT_TABLE)
        print_head(app, c);
    print_rows(app, c);
    if (app->format == CLI_FORMAT_TABLE && c->common > 0)
        (void)printf(
            "\nraw: another prefix of so many codes; level: also after the best renaming of each level's codes;\n"
            "prefix: also after renaming prefix by prefix; ami: 1 where both group the items alike, 0 by "
            "chance\n");
}

/* map.tsv: map.codes.tsv. */
static const char *codes_path_of(cli_app *app, const char *path)
{
    size_t length = strlen(path);
    bool has_ending = length > 4 && strcmp(path + length - 4, ".tsv") == 0;
    return cli_keep(app, "%.*s.codes.tsv", (int)(has_ending ? length - 4 : length), path);
}

static sid_status compare(cli_app *app, sid_catalog *old, sid_catalog *new)
{
    sid_comparison comparison = {0};
    const char *path = cli_text(app, "output"), *codes_path = path ? codes_path_of(app, path) : NULL;
    const sid_compare_options options = {
        .map_path = path, .codes_path = codes_path, .events_path = cli_text(app, "events")};
    CLI_TRY(sid_catalog_compare(old, new, &options, &comparison, &app->err));
    print(app, &comparison);
    if (comparison.common == 0)
        cli_warn(app, "no item is in both catalogues, so that nothing can be compared; are the ids the same?");
    if (path)
        cli_note(app, "wrote %s to %s, their codes to %s", cli_count_text(app, comparison.common, "item"), path,
                 codes_path);
    sid_comparison_drop(&comparison);
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    sid_catalog *old = NULL, *new = NULL;
    const char *path = cli_text(app, "output");
    if (path && strcmp(path, "-") == 0)
        return cli_fail(app, SID_EUSAGE, "the map is two files: -o needs a name, such as map.tsv");
    if (path)
        CLI_TRY(cli_output_check(app, path));
    if (path)
        CLI_TRY(cli_output_check(app, codes_path_of(app, path)));
    sid_status status = sid_catalog_open(app->ctx, app->object[0], SID_OPEN_READ, &old, &app->err);
    if (status == SID_OK)
        status = sid_catalog_open(app->ctx, app->object[1], SID_OPEN_READ, &new, &app->err);
    if (status == SID_OK)
        status = compare(app, old, new);
    sid_catalog_close(old);
    sid_catalog_close(new);
    return status;
}

static const cli_option options[] = {
    CLI_OPTION_OUTPUT(
        "write the migration map: item_id, old, new, first_changed_level; the codes go beside it, map.codes.tsv "
        "to map.tsv"),
    {.name = "events",
     .type = CLI_TEXT,
     .value = "FILE",
     .help = "count each item as often as it stands in the column item_id of this file"}};
static const char *const examples[] = {"compare catalog-1 catalog-2", "compare catalog-1 catalog-2 -o map.tsv",
                                       "compare catalog-1 catalog-2 --events events.tsv --format json"};

const cli_command cli_compare = {
    .name = "compare",
    .summary = "say what moved between two versions of a catalogue",
    .usage = "compare OLD NEW [-o MAP] [--events FILE]",
    .about =
        "By depth: the share of common items whose first codes differ, as they are (raw), after the best renaming of "
        "the codes of each level (level) and of the children of each prefix (prefix), and how far both group the "
        "items alike (ami).",
    .object_min = 2,
    .object_max = 2,
    .objects = "an old and a new catalogue",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
