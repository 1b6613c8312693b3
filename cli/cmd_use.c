/* cmd_use.c: semid use: points a symlink at a catalogue, at once. */
#include "output.h"
#include "verbs.h"

static sid_status run(cli_app *app)
{
    const char *link = app->object[0], *catalog = app->object[1];
    CLI_TRY(sid_catalog_use(app->ctx, link, catalog, app->is_dry_run, &app->err));
    cli_note(app, "%s %s %s", link, app->is_dry_run ? "would point to" : "points to", catalog);
    return SID_OK;
}

static const char *const examples[] = {"use current catalog-2", "use current catalog-1   # and back"};

const cli_command cli_use = {
    .name = "use",
    .summary = "point a symlink at a catalogue, atomically",
    .usage = "use LINK CATALOG",
    .about =
        "Opens the catalogue first, then swaps the link in one step: who opens the link sees the old one or the new "
        "one. Programs that have the old one open keep it until they open the link anew. The same with the old "
        "catalogue is the way back. What is no link is never replaced.",
    .object_min = 2,
    .object_max = 2,
    .objects = "a link and a catalogue",
    CLI_EXAMPLES(examples),
    .run = run};
