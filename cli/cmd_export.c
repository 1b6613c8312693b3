/* cmd_export.c: semid export: SIDs in the forms that other programs read. */

#include <string.h>

#include "inputs.h"
#include "output.h"
#include "verbs.h"

typedef struct export_target {
    const char *form, *path;
} export_target;

static sid_status export_to(cli_app *app, sid_catalog *catalog, const void *user)
{
    const export_target *target = user;
    const char *form = target->form, *path = target->path;
    sid_catalog_info info;
    sid_catalog_get_info(catalog, &info);
    if (app->is_dry_run) {
        cli_note(app, "would export %s as %s to %s", cli_count_text(app, info.items, "item"), form, path);
        return SID_OK;
    }
    CLI_TRY(sid_catalog_export(catalog, form, path, &app->err));
    if (strcmp(path, "-") != 0)
        cli_note(app, "wrote %s as %s to %s", cli_count_text(app, info.items, "item"), form, path);
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    const char *path = cli_text(app, "output"), *form = cli_text(app, "as");
    if (!form)
        return cli_fail(app, SID_EUSAGE, "export needs --as FORM: tsv, jsonl or npy");
    if (strcmp(form, "npy") == 0 && strcmp(path, "-") == 0)
        return cli_fail(app, SID_EUSAGE, "--as npy needs -o FILE.npy, since ids go to a second file");
    CLI_TRY(cli_output_check(app, path));
    if (strcmp(form, "npy") == 0)
        CLI_TRY(cli_output_check(app, cli_ids_path(app, path)));
    return cli_with_catalog(app, export_to, &(export_target){form, path});
}

static const cli_option options[] = {
    {.name = "as", .type = CLI_CHOICE, .choices = "tsv|jsonl|npy", .value = "FORM", .help = "the form"},
    {.name = "output",
     .letter = 'o',
     .type = CLI_TEXT,
     .value = "FILE",
     .default_text = "-",
     .help = "where to; - is standard output. npy: ids go to FILE.ids.txt"}};
static const char *const examples[] = {"export catalog --as tsv > sids.tsv", "export catalog --as npy -o sids.npy"};

const cli_command cli_export = {.name = "export",
                                .summary = "write the SIDs in a form that other programs read",
                                .usage = "export CATALOG --as tsv|jsonl|npy [-o FILE]",
                                .about = "tsv: item_id, sid, c1 .. cL with a header. jsonl: "
                                         "{\"item_id\",\"sid\",\"codes\"}. npy: (N, L) uint16, the ids "
                                         "beside it.",
                                .object_min = 1,
                                .object_max = 1,
                                .objects = "a catalogue",
                                .options = options,
                                .option_count = CLI_COUNT(options),
                                .examples = examples,
                                .example_count = CLI_COUNT(examples),
                                .run = run};
