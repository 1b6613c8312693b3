/* cmd_remove.c: semid remove: items leave in one transaction, all or none. */
#include <inttypes.h>
#include <stdlib.h>

#include "inputs.h"
#include "output.h"
#include "verbs.h"

static sid_status remove_from(cli_app *app, const char *const *id, int64_t count)
{
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_status status = SID_OK;
    CLI_TRY(sid_catalog_open(app->ctx, app->object[0], app->is_dry_run ? SID_OPEN_READ : SID_OPEN_WRITE, &catalog,
                             &app->err));
    for (int64_t i = 0; app->is_dry_run && status == SID_OK && i < count; i++) {
        sid_hits hits = {0};
        status = sid_catalog_show(catalog, id[i], &hits, &app->err);
        sid_hits_drop(&hits);
    }
    if (!app->is_dry_run)
        status = sid_catalog_remove(catalog, id, count, &app->err);
    sid_catalog_get_info(catalog, &info);
    if (status == SID_OK)
        cli_note(app, "%s: %s %s; %s left, version %" PRId64, app->object[0],
                 app->is_dry_run ? "would remove" : "removed", cli_count_text(app, count, "item"),
                 cli_count_text(app, info.items, "item"), info.version);
    sid_catalog_close(catalog);
    return status;
}

static sid_status run(cli_app *app)
{
    const char *path = cli_text(app, "ids");
    cli_lines lines = {0};
    if (path && app->object_count > 1)
        return cli_fail(app, SID_EUSAGE, "ids are given twice: \"%s\" and --ids %s; give one", app->object[1], path);
    if (!path && app->object_count < 2)
        return cli_fail(app, SID_EUSAGE, "remove needs ids: semid remove %s ID... or --ids FILE", app->object[0]);
    if (!path)
        return remove_from(app, app->object + 1, app->object_count - 1);
    CLI_TRY(cli_lines_read(app, path, &lines));
    sid_status status = lines.count ? remove_from(app, (const char *const *)lines.line, lines.count)
                                    : cli_fail(app, SID_EDATA, "%s: no id stands there; one a line is expected", path);
    cli_lines_drop(&lines);
    return status;
}

static const cli_option options[] = {
    {.name = "ids", .type = CLI_TEXT, .value = "FILE", .help = "ids to remove, one a line; - is standard input"}};
static const char *const examples[] = {"remove catalog B01 B02", "remove catalog --ids sold_out.txt"};

const cli_command cli_remove = {.name = "remove",
                                .summary = "take items out of a catalogue, all or none",
                                .usage = "remove CATALOG ID...\nremove CATALOG --ids FILE",
                                .object_min = 1,
                                .object_max = 1 << 20,
                                .objects = "a catalogue and ids",
                                CLI_OPTIONS(options),
                                CLI_EXAMPLES(examples),
                                .run = run};
