/* cmd_decode.c: semid decode: from a SID or prefix back to items. */
#include <stdio.h>

#include "inputs.h"
#include "label_words.h"
#include "output.h"
#include "text.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "match"},
                                    {.name = "item_id"},
                                    {.name = "sid"},
                                    {.name = "distance", .type = CLI_COLUMN_FLOAT},
                                    {.name = "title"}};

static void add_rows(cli_table *table, const char *match, const sid_hits *hits)
{
    for (int64_t i = 0; i < hits->count; i++)
        cli_table_row(table, (cli_cell[]){{.text = match},
                                          {.text = hits->row[i].item_id},
                                          {.text = hits->row[i].sid},
                                          {.number = hits->row[i].distance},
                                          {.text = hits->row[i].title}});
}

static json_t *hits_json(const sid_hits *hits)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < hits->count; i++)
        (void)json_array_append_new(list, json_pack("{s:o,s:o,s:o,s:o}", "item_id", cli_json_text(hits->row[i].item_id),
                                                    "sid", cli_json_text(hits->row[i].sid), "title",
                                                    cli_json_text(hits->row[i].title), "distance",
                                                    cli_json_number(hits->row[i].distance)));
    return list;
}

static void print(cli_app *app, const char *words, const sid_hits *exact, const sid_hits *nearest)
{
    const char *prefix = app->object[1];
    cli_table table;
    if (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL) {
        cli_print_object(app,
                         json_pack("{s:o,s:o,s:o,s:o}", "prefix", cli_json_text(prefix), "label", cli_json_text(words),
                                   "items", hits_json(exact), "nearest", hits_json(nearest)));
        return;
    }
    if (words && app->format == CLI_FORMAT_TABLE) {
        (void)printf("%s, %s: ", prefix, cli_count_text(app, exact->count, "item"));
        cli_print_escaped(stdout, words);
        (void)printf("\n\n");
    }
    if (exact->count == 0)
        cli_note(app, "no item has a SID that begins with %s; the nearest to what it decodes to:", prefix);
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    add_rows(&table, "exact", exact);
    add_rows(&table, "near", nearest);
    cli_table_end(&table);
}

/* What a prefix stands for; a whole SID shows its titles. */
static sid_status read_label(cli_app *app, sid_catalog *catalog, sid_labels *labels, const char **words)
{
    uint16_t codes[SID_LEVELS_MAX + 1];
    int depth = 0;
    sid_catalog_info info;
    sid_catalog_get_info(catalog, &info);
    CLI_TRY(sid_parse(app->object[1], SID_LEVELS_MAX + 1, codes, &depth, &app->err));
    if (app->format == CLI_FORMAT_TSV || depth >= info.levels)
        return SID_OK;
    CLI_TRY(cli_labels_read(app, catalog, depth, labels));
    *words = cli_label_words(labels, app->object[1], depth);
    return SID_OK;
}

static sid_status decode(cli_app *app, sid_catalog *catalog, const void *user)
{
    (void)user;
    sid_hits exact = {0}, nearest = {0};
    sid_labels labels = {0};
    const char *words = NULL;
    int k = (int)cli_int(app, "k");
    sid_status status = sid_catalog_decode(catalog, app->object[1], k, &exact, k ? &nearest : NULL, &app->err);
    if (status == SID_OK)
        status = read_label(app, catalog, &labels, &words);
    if (status == SID_OK)
        print(app, words, &exact, &nearest);
    sid_labels_drop(&labels);
    sid_hits_drop(&exact);
    sid_hits_drop(&nearest);
    return status;
}

static sid_status run(cli_app *app)
{
    return cli_with_catalog(app, decode, NULL);
}

static const cli_option options[] = {CLI_OPTION_K("how many of the nearest items; 0: none", "10", 0)};
static const char *const examples[] = {"decode catalog 12-153-87",
                                       "decode catalog 12-153 -k 0   # all items of a prefix"};

const cli_command cli_decode = {
    .name = "decode",
    .summary = "list the items of a SID or prefix, and the nearest ones",
    .usage = "decode CATALOG SID [-k N]",
    .about = "Lists the items whose SID begins with these codes (match \"exact\"), then the items "
             "nearest to the vector that the codes stand for (\"near\"), whatever their SID. Tables and JSON say in "
             "words what a "
             "prefix stands for (see semid label).",
    .object_min = 2,
    .object_max = 2,
    .objects = "a catalogue and a SID or prefix such as 12-153",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
