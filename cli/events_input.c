/* events_input.c: see events_input.h. */
#include "events_input.h"

#include <string.h>

#include "inputs.h"
#include "output.h"

static void say_what_was_read(cli_app *app, const sid_events *events)
{
    sid_events_info info;
    sid_events_get_info(events, &info);
    const char *dropped = "";
    if (info.duplicates > 0)
        dropped = cli_keep(app, "%s; %s dropped", dropped, cli_count_text(app, info.duplicates, "duplicate"));
    if (info.repeats > 0)
        dropped = cli_keep(app, "%s; %s dropped", dropped, cli_count_text(app, info.repeats, "repeat"));
    if (info.filtered > 0)
        dropped = cli_keep(app, "%s; %s left out by --core", dropped, cli_count_text(app, info.filtered, "event"));
    cli_note(app, "%s: %s of %s, %s%s%s", cli_text(app, "events"), cli_count_text(app, info.events, "event"),
             cli_count_text(app, info.users, "user"), cli_count_text(app, info.items, "item"),
             info.has_time ? "" : "; no times, so the order is that of the file", dropped);
}

/* The items that events may be of: of the model, else --catalog, else --items, else vectors with ids of their own. */
static void choose_items(cli_app *app, const sid_model *model, const cli_events_input *input,
                         sid_events_options *options)
{
    sid_model_info info;
    if (model) {
        sid_model_get_info(model, &info);
        options->item_ids = sid_model_item_ids(model);
        options->item_count = info.items;
    } else if (input->catalog) {
        options->catalog = input->catalog;
    } else if (input->items) {
        options->items = input->items;
    } else if (input->vectors && (cli_text(app, "ids") || strchr(cli_text(app, "vectors"), ':'))) {
        options->vectors = input->vectors;
    }
}

static sid_status read_sides(cli_app *app, cli_events_input *out)
{
    const char *items = cli_text(app, "items"), *catalog = cli_text(app, "catalog");
    if (items && catalog)
        return cli_fail(app, SID_EUSAGE, "items are given twice: by --items %s and --catalog %s; give one", items,
                        catalog);
    if (items)
        CLI_TRY(cli_items_read(app, items, &out->items));
    if (catalog)
        CLI_TRY(sid_catalog_open(app->ctx, catalog, SID_OPEN_READ, &out->catalog, &app->err));
    return cli_text(app, "vectors") ? cli_vectors_read(app, out->items, &out->vectors) : SID_OK;
}

sid_status cli_events_read(cli_app *app, const sid_model *model, cli_events_input *out)
{
    const char *path = cli_text(app, "events");
    sid_events_options options = {.repeats = cli_text(app, "repeats"), .core = cli_int(app, "core")};
    if (!path)
        return cli_fail(app, SID_EUSAGE, "%s needs events: --events FILE", app->command->name);
    CLI_TRY(cli_on_error_parse(app, &options.read));
    if (options.read.quarantine_path &&
        (cli_text(app, "items") || cli_text(app, "vectors"))) /* those have FILE itself */
        options.read.quarantine_path = cli_keep(app, "%s.events", options.read.quarantine_path);
    CLI_TRY(read_sides(app, out));
    choose_items(app, model, out, &options);
    CLI_TRY(sid_events_read(app->ctx, path, &options, &out->events, &app->err));
    say_what_was_read(app, out->events);
    return SID_OK;
}

void cli_events_drop(cli_events_input *input)
{
    sid_events_free(input->events);
    sid_items_free(input->items);
    sid_vectors_free(input->vectors);
    sid_catalog_close(input->catalog);
    *input = (cli_events_input){0};
}

sid_split_options cli_split_options(const cli_app *app)
{
    sid_split_options options = {.split = cli_text(app, "split"),
                                 .ties = cli_text(app, "ties"),
                                 .seed = app->seed,
                                 .cold_fraction = cli_float(app, "cold-fraction")};
    for (int i = 0; i < app->option_count; i++)
        if (strcmp(app->option[i].name, "targets") == 0)
            options.targets = cli_text(app, "targets");
    return options;
}
