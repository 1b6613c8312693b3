/* cmd_import.c: semid import: a catalogue from SIDs that another program made. */
#include <unistd.h>

#include "inputs.h"
#include "output.h"
#include "verbs.h"

static sid_status make(cli_app *app, const sid_import_options *options, const char *path)
{
    const char *file = app->object_count ? app->object[0] : NULL;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    if (app->is_dry_run) {
        cli_note(app, "%s can be read; %s itself is checked at the import",
                 cli_count_text(app, sid_vectors_count(options->vectors), "vector"), file ? file : options->codebooks);
        return SID_OK;
    }
    CLI_TRY(sid_catalog_import(app->ctx, file, options, path, &catalog, &app->err));
    sid_catalog_get_info(catalog, &info);
    cli_note(app, "imported %s, %s, into %s; next: semid inspect %s", cli_count_text(app, info.items, "item"),
             cli_count_text(app, info.levels, "level"), path, cli_keep_word(app, path));
    sid_catalog_close(catalog);
    return SID_OK;
}

static sid_status check_paths(cli_app *app, const char **path)
{
    CLI_TRY(cli_output_path(app, path));
    CLI_TRY(cli_output_check(app, *path));
    if (!cli_is_given(app, "vectors"))
        return cli_fail(app, SID_EUSAGE, "import needs --vectors FILE: centroids are means of what is left of them");
    if (app->object_count == 0 && !cli_is_given(app, "codebooks"))
        return cli_fail(app, SID_EUSAGE, "import needs a file of SIDs, or --codebooks FILE, or both");
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    const char *path, *items_path = cli_text(app, "items");
    sid_items *items = NULL;
    sid_vectors *vectors = NULL;
    CLI_TRY(check_paths(app, &path));
    sid_status status = items_path ? cli_items_read(app, items_path, &items) : SID_OK;
    if (status == SID_OK)
        status = cli_vectors_read(app, items, &vectors);
    sid_import_options options = {.form = cli_text(app, "as"),
                                  .vectors = vectors,
                                  .items = items,
                                  .digit_column_last = cli_is_given(app, "digit-column"),
                                  .codes = cli_text(app, "codes"),
                                  .token_form = cli_text(app, "form"),
                                  .template_text = cli_text(app, "template"),
                                  .codebooks = cli_text(app, "codebooks"),
                                  .force = app->is_forced};
    if (status == SID_OK)
        status = make(app, &options, path);
    sid_vectors_free(vectors);
    sid_items_free(items);
    return status;
}

static const cli_option options[] = {CLI_OPTION_OUTPUT("the catalogue to make"),
                                     {.name = "as",
                                      .type = CLI_CHOICE,
                                      .choices = CLI_FORMS,
                                      .value = "FORM",
                                      .help = "the form of FILE (default: by its ending)"},
                                     CLI_OPTION_VECTORS,
                                     CLI_OPTION_IDS,
                                     CLI_OPTION_ITEMS("titles and metadata; for forms without ids those too"),
                                     {.name = "digit-column",
                                      .type = CLI_CHOICE,
                                      .choices = "last",
                                      .value = "WHICH",
                                      .help = "the last column, or the last code of a row, is a digit added against "
                                              "collisions"},
                                     {.name = "codes",
                                      .type = CLI_TEXT,
                                      .value = "K",
                                      .help = "offset: codes of every level, or one number a level, with a digit's"},
                                     CLI_OPTION_TOKEN_FORM,
                                     CLI_OPTION_TEMPLATE,
                                     {.name = "codebooks",
                                      .type = CLI_TEXT,
                                      .value = "FILE",
                                      .help =
                                          "safetensors with codebook.1 .. codebook.L (K, D) and mean (D): use these "
                                          "instead of means; without FILE of SIDs, they choose the SIDs"},
                                     CLI_OPTION_ON_ERROR};
static const char *const examples[] = {
    "import sids.tsv --items items.tsv --vectors x.npy -o catalog",
    "import sids_rqvae.tsv --digit-column last --items items.tsv --vectors x.npy -o catalog",
    "import Beauty.index.json --as lcrec --vectors x.npy -o catalog",
    "import --codebooks trained.safetensors --vectors x.npy -o catalog"};

const cli_command cli_import = {
    .name = "import",
    .summary = "make a catalogue from SIDs made elsewhere",
    .usage = "import [FILE] --vectors X.npy [--items ITEMS] [--as FORM] [--codebooks FILE] -o CATALOG",
    .about = "The SIDs stay as they are; each code's centroid is the mean of what its items' "
             "vectors have left at that level, so that new items can be encoded.",
    .object_min = 0,
    .object_max = 1,
    .objects = "a file of SIDs",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
