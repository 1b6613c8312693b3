/* cmd_encode.c: semid encode: SIDs for new vectors or texts; with --add they are stored. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "modalities.h"
#include "output.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "item_id"}, {.name = "sid"}};

/* What one run reads; dropped as a whole. */
typedef struct encode_input {
    sid_catalog *catalog;
    sid_items *items;
    sid_vectors *vectors;
} encode_input;

static void input_drop(encode_input *in)
{
    sid_vectors_free(in->vectors);
    sid_items_free(in->items);
    sid_catalog_close(in->catalog);
}

/* Text by the catalogue's encoder; where it has none, the "vector" members of a .jsonl. */
static sid_status embed(cli_app *app, encode_input *in)
{
    int64_t no_text = 0;
    sid_catalog_info info;
    sid_catalog_get_info(in->catalog, &info);
    if (!info.encoder) {
        sid_status status = sid_vectors_from_items(app->ctx, in->items, &in->vectors, &app->err);
        if (status != SID_ENOTFOUND)
            return status;
    }
    CLI_TRY(sid_catalog_embed(in->catalog, in->items, &in->vectors, &no_text, &app->err));
    if (no_text > 0)
        cli_warn(app, "%s without a word that the encoder knows: all of those get the same SID",
                 cli_count_text(app, no_text, "item"));
    return SID_OK;
}

static sid_status read_input(cli_app *app, encode_input *in)
{
    const char *items_path;
    bool is_write = cli_flag(app, "add") && !app->is_dry_run;
    CLI_TRY(cli_items_path(app, 1, &items_path));
    if (!items_path && !cli_is_given(app, "vectors"))
        return cli_fail(app, SID_EUSAGE, "encode needs a file of items, or --vectors FILE");
    CLI_TRY(
        sid_catalog_open(app->ctx, app->object[0], is_write ? SID_OPEN_WRITE : SID_OPEN_READ, &in->catalog, &app->err));
    if (items_path)
        CLI_TRY(cli_items_read(app, items_path, &in->items));
    if (cli_is_given(app, "vectors"))
        return cli_has_modalities(app) ? cli_modalities_apply(app, in->items, in->catalog, &in->vectors)
                                       : cli_vectors_read(app, in->items, &in->vectors);
    return embed(app, in);
}

static sid_status print_codes(cli_app *app, const encode_input *in)
{
    char text[SID_SID_TEXT_MAX];
    cli_table table;
    sid_catalog_info info;
    sid_catalog_get_info(in->catalog, &info);
    int64_t count = sid_vectors_count(in->vectors);
    uint16_t *codes = cli_alloc((size_t)count, (size_t)info.levels * sizeof *codes);
    sid_status status = sid_catalog_encode_vectors(in->catalog, in->vectors, codes, &app->err);
    if (status == SID_OK && !app->is_dry_run) {
        cli_table_begin(&table, app, column, CLI_COUNT(column));
        for (int64_t i = 0; i < count; i++) {
            sid_format(codes + i * info.levels, info.levels, text);
            cli_table_row(&table, (cli_cell[]){{.text = sid_vectors_id(in->vectors, i)}, {.text = text}});
        }
        cli_table_end(&table);
    }
    free(codes);
    return status;
}

static sid_if_exists if_exists_of(const cli_app *app)
{
    const char *text = cli_text(app, "if-exists");
    return strcmp(text, "skip") == 0      ? SID_IF_EXISTS_SKIP
           : strcmp(text, "replace") == 0 ? SID_IF_EXISTS_REPLACE
                                          : SID_IF_EXISTS_FAIL;
}

static sid_status add(cli_app *app, const encode_input *in)
{
    sid_hits hits = {0};
    cli_table table;
    sid_catalog_info info;
    sid_add_options options = {
        .if_exists = if_exists_of(app), .items = in->items, .commit_every = cli_int(app, "commit-every")};
    CLI_TRY(sid_catalog_add(in->catalog, in->vectors, &options, &hits, &app->err));
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    for (int64_t i = 0; i < hits.count; i++)
        cli_table_row(&table, (cli_cell[]){{.text = hits.row[i].item_id}, {.text = hits.row[i].sid}});
    cli_table_end(&table);
    sid_catalog_get_info(in->catalog, &info);
    cli_note(app, "%s: stored %s; %s now, version %" PRId64, app->object[0], cli_count_text(app, hits.count, "item"),
             cli_count_text(app, info.items, "item"), info.version);
    sid_hits_drop(&hits);
    return SID_OK;
}

/* Counts the ids that are there already; only when that is an error does it fail. */
static sid_status check_add(cli_app *app, const encode_input *in)
{
    int64_t count = sid_vectors_count(in->vectors), known = 0;
    CLI_TRY(print_codes(app, in)); /* a dry run prints none; it checks the dimension */
    for (int64_t i = 0; i < count; i++) {
        sid_hits hits = {0};
        const char *id = sid_vectors_id(in->vectors, i);
        bool is_known = sid_catalog_show(in->catalog, id, &hits, NULL) == SID_OK;
        sid_hits_drop(&hits);
        known += is_known;
        if (is_known && if_exists_of(app) == SID_IF_EXISTS_FAIL)
            return cli_fail(app, SID_EDATA, "item_id \"%s\" is in %s already; pass --if-exists skip or replace", id,
                            app->object[0]);
    }
    cli_note(app, "%s: %s can be stored; %" PRId64 " of them are there already", app->object[0],
             cli_count_text(app, count, "item"), known);
    return SID_OK;
}

static sid_status check_flags(cli_app *app)
{
    static const char *const name[] = {"commit-every", "if-exists"};
    for (int i = 0; i < CLI_COUNT(name); i++)
        if (cli_is_given(app, name[i]) && !cli_flag(app, "add"))
            return cli_fail(app, SID_EUSAGE, "--%s has a meaning with --add only", name[i]);
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    encode_input in = {0};
    CLI_TRY(check_flags(app));
    sid_status status = read_input(app, &in);
    if (status == SID_OK && !cli_flag(app, "add"))
        status = print_codes(app, &in);
    else if (status == SID_OK)
        status = app->is_dry_run ? check_add(app, &in) : add(app, &in);
    input_drop(&in);
    return status;
}

static const cli_option options[] = {
    CLI_OPTION_MODALITIES,
    CLI_OPTION_IDS,
    CLI_OPTION_ITEMS("the items file, instead of as second word"),
    {.name = "add", .type = CLI_FLAG, .help = "store the items too, all or none; SIDs of old items never move"},
    {.name = "commit-every",
     .type = CLI_INT,
     .value = "N",
     .default_text = "0",
     .min = 0,
     .max = 1e12,
     .help = "with --add: store in transactions of N items; 0: all in one"},
    {.name = "if-exists",
     .type = CLI_CHOICE,
     .choices = "fail|skip|replace",
     .value = "WHAT",
     .default_text = "fail",
     .help = "with --add: what to do with ids that are there"},
    CLI_OPTION_ON_ERROR};
static const char *const examples[] = {
    "encode catalog new.tsv                            # text, by the stored encoder",
    "encode catalog --vectors new.npy --ids new.ids.txt",
    "encode catalog --vectors image=new.npy:ids.txt       # the other modalities of these items are missing",
    "encode catalog new.tsv --add --if-exists skip     # and store them"};

const cli_command cli_encode = {
    .name = "encode",
    .summary = "give SIDs to new items; --add stores them",
    .usage = "encode CATALOG ITEMS [--add]\nencode CATALOG --vectors FILE[:IDS] [--ids IDS] [--items ITEMS] [--add]",
    .about = "Prints item_id and SID, a line an item. With --add the SID stored is printed, an added digit included. "
             "A catalogue made from vectors takes .jsonl ITEMS with \"vector\" members too.",
    .object_min = 1,
    .object_max = 2,
    .objects = "a catalogue, and a file of items",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
