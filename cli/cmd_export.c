/* cmd_export.c: semid export: SIDs in the forms that other programs read. */

#include <limits.h>
#include <string.h>

#include "inputs.h"
#include "output.h"
#include "verbs.h"

typedef struct export_target {
    sid_export_options options;
    const char *path;
} export_target;

static sid_status export_to(cli_app *app, sid_catalog *catalog, const void *user)
{
    const export_target *target = user;
    const char *form = target->options.form, *path = target->path;
    sid_catalog_info info;
    sid_catalog_get_info(catalog, &info);
    if (app->is_dry_run) {
        cli_note(app, "would export %s as %s to %s", cli_count_text(app, info.items, "item"), form, path);
        return SID_OK;
    }
    CLI_TRY(sid_catalog_export_as(catalog, &target->options, path, &app->err));
    if (strcmp(path, "-") != 0)
        cli_note(app, "wrote %s as %s to %s", cli_count_text(app, info.items, "item"), form, path);
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    char beside[PATH_MAX];
    export_target target = {.options = {.form = cli_text(app, "as"),
                                        .digit = cli_text(app, "digit"),
                                        .token_form = cli_text(app, "form"),
                                        .template_text = cli_text(app, "template")},
                            .path = cli_text(app, "output")};
    if (!target.options.form)
        return cli_fail(app, SID_EUSAGE, "export needs --as FORM, such as --as tsv");
    CLI_TRY(sid_export_beside(target.options.form, target.path, beside, sizeof beside, &app->err));
    CLI_TRY(cli_output_check(app, target.path));
    if (*beside)
        CLI_TRY(cli_output_check(app, beside));
    return cli_with_catalog(app, export_to, &target);
}

static const cli_option options[] = {
    {.name = "as", .type = CLI_CHOICE, .choices = CLI_FORMS, .value = "FORM", .help = "the form"},
    {.name = "output",
     .letter = 'o',
     .type = CLI_TEXT,
     .value = "FILE",
     .default_text = "-",
     .help = "where to; - is standard output"},
    {.name = "digit",
     .type = CLI_CHOICE,
     .choices = "none|tiger|grid|suffix",
     .value = "STYLE",
     .help = "tell items of one SID apart by a digit: tiger 0..n-1; grid 0 if alone, else 1..n; suffix: all but the "
             "first; none: base codes, shared as they are (not given: as stored)"},
    CLI_OPTION_TOKEN_FORM,
    CLI_OPTION_TEMPLATE};
static const char *const examples[] = {"export catalog --as tsv > sids.tsv", "export catalog --as npy -o sids.npy",
                                       "export catalog --as letters --digit tiger -o Beauty.index.json",
                                       "export catalog --as tokens --form onerec -o corpus.txt",
                                       "export catalog --as template --template '<{letter}_{code}>'"};

#define SUMMARY_(id, name, summary) " " name ": " summary "."
const cli_command cli_export = {.name = "export",
                                .summary = "write the SIDs in a form that other programs read",
                                .usage = "export CATALOG --as FORM [-o FILE] [--digit none|tiger|grid|suffix]",
                                .about = "The forms:" SID_FORM_LIST(SUMMARY_),
                                CLI_OF_CATALOG,
                                CLI_OPTIONS(options),
                                CLI_EXAMPLES(examples),
                                .run = run};
