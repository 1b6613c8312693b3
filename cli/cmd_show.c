/* cmd_show.c: semid show: one item as the catalogue holds it, and who shares its codes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inputs.h"
#include "output.h"
#include "text.h"
#include "verbs.h"

static const cli_column column[] = {
    {.name = "item_id"}, {.name = "sid"}, {.name = "state"}, {.name = "assigned"}, {.name = "title"}};

static void print_items(const cli_app *app, const sid_item *item, int64_t count)
{
    cli_table table;
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    for (int64_t i = 0; i < count; i++)
        cli_table_row(&table, (cli_cell[]){{.text = item[i].item_id},
                                           {.text = item[i].sid},
                                           {.text = item[i].state},
                                           {.text = item[i].assigned},
                                           {.text = item[i].title}});
    cli_table_end(&table);
}

/* Whether the parser may see it: metadata comes from items.db, which may be anyone's, and a few bytes of brackets become a
 * hundred in memory. */
static bool is_modest(const char *json)
{
    enum { DEPTH_MAX = 16, MARKS_MAX = 1 << 18 };
    int depth = 0, marks = 0;
    bool is_in_text = false;
    for (const char *at = json; *at && depth <= DEPTH_MAX && marks <= MARKS_MAX; at++) {
        if (*at == '"')
            is_in_text = !is_in_text;
        else if (is_in_text)
            at += *at == '\\' && at[1];
        else {
            depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
            marks += strchr("{[,:", *at) != NULL;
        }
    }
    return depth <= DEPTH_MAX && marks <= MARKS_MAX;
}

static json_t *metadata_json(cli_app *app, const sid_item *item)
{
    json_t *value = NULL;
    if (!item->metadata || !*item->metadata)
        return json_object();
    if (is_modest(item->metadata))
        value = json_loads(item->metadata, 0, NULL);
    if (json_is_object(value))
        return value;
    json_decref(value);
    cli_warn(app, "the metadata of item \"%s\" is no JSON object that semid writes; it is left out, run semid verify",
             item->item_id);
    return json_object();
}

static json_t *item_json(cli_app *app, const sid_item *item)
{
    return json_pack("{s:o,s:o,s:o,s:s,s:s,s:I,s:o}", "item_id", cli_json_text(item->item_id), "sid",
                     cli_json_text(item->sid), "title", cli_json_text(item->title), "state", item->state, "assigned",
                     item->assigned, "row", (json_int_t)item->row, "metadata", metadata_json(app, item));
}

static void print_json(cli_app *app, const sid_hits *hits)
{
    json_t *object = item_json(app, &hits->row[0]), *mates = json_array();
    for (int64_t i = 1; i < hits->count; i++)
        (void)json_array_append_new(mates, json_pack("{s:o,s:o,s:o}", "item_id", cli_json_text(hits->row[i].item_id),
                                                     "sid", cli_json_text(hits->row[i].sid), "title",
                                                     cli_json_text(hits->row[i].title)));
    (void)json_object_set_new(object, "mates", mates);
    cli_print_object(app, object);
}

static void print_table(cli_app *app, const sid_hits *hits)
{
    json_t *object = item_json(app, &hits->row[0]), *metadata = json_incref(json_object_get(object, "metadata"));
    (void)json_object_del(object, "metadata");
    (void)json_object_del(metadata, "title");
    (void)json_object_update(object, metadata);
    json_decref(metadata);
    cli_print_object(app, object);
    if (hits->count < 2) {
        (void)printf("\nno other item has these codes\n");
        return;
    }
    (void)printf("\n%" PRId64 " more with these codes:\n", hits->count - 1);
    print_items(app, hits->row + 1, hits->count - 1);
}

static sid_status show(cli_app *app, sid_catalog *catalog, const void *user)
{
    (void)user;
    sid_hits hits = {0};
    sid_status status = sid_catalog_show(catalog, app->object[1], &hits, &app->err);
    if (status == SID_OK && app->format == CLI_FORMAT_TABLE)
        print_table(app, &hits);
    else if (status == SID_OK && app->format == CLI_FORMAT_TSV)
        print_items(app, hits.row, hits.count);
    else if (status == SID_OK)
        print_json(app, &hits);
    sid_hits_drop(&hits);
    return status;
}

static sid_status run(cli_app *app)
{
    return cli_with_catalog(app, show, NULL);
}

static const char *const examples[] = {"show catalog B01", "show catalog B01 --format json   # with metadata",
                                       "show catalog -- -odd-id-"};

const cli_command cli_show = {.name = "show",
                              .summary = "show one item, its SID and who shares it",
                              .usage = "show CATALOG ID",
                              .about =
                                  "As tsv: item_id, sid, state, assigned, title; the item first, then the items of "
                                  "the same codes.",
                              .object_min = 2,
                              .object_max = 2,
                              .objects = "a catalogue and an id",
                              CLI_EXAMPLES(examples),
                              .run = run};
