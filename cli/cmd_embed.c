/* cmd_embed.c: semid embed: text to vectors in a file, for use outside semid or for several fits. */
#include <inttypes.h>
#include <string.h>

#include "args.h"
#include "inputs.h"
#include "output.h"
#include "verbs.h"

static sid_status encode_by_catalog(cli_app *app, const sid_items *items, sid_vectors **out, int64_t *no_text)
{
    sid_catalog *catalog = NULL;
    CLI_TRY(sid_catalog_open(app->ctx, cli_text(app, "encoder-from"), SID_OPEN_READ, &catalog, &app->err));
    sid_status status = sid_catalog_embed(catalog, items, out, no_text, &app->err);
    sid_catalog_close(catalog);
    return status;
}

static sid_status encode_by_fit(cli_app *app, const sid_items *items, sid_vectors **out, int64_t *no_text)
{
    sid_encoder *encoder = NULL;
    sid_encoder_options options = {.encoder = cli_text(app, "encoder"),
                                   .fields = cli_text(app, "fields"),
                                   .options = cli_family_options(app, CLI_FOR_ENCODER),
                                   .seed = app->seed};
    CLI_TRY(sid_encoder_fit(app->ctx, items, &options, &encoder, &app->err));
    sid_status status = sid_encoder_encode(app->ctx, encoder, items, out, no_text, &app->err);
    sid_encoder_free(encoder);
    return status;
}

static sid_status embed(cli_app *app, const sid_items *items, const char *path, const char *ids)
{
    int64_t no_text = 0;
    sid_vectors *vectors = NULL;
    if (app->is_dry_run) {
        cli_note(app, "%s: %s can be read; would write %s and %s", app->object[0],
                 cli_count_text(app, sid_items_count(items), "item"), path, ids);
        return SID_OK;
    }
    CLI_TRY(cli_is_given(app, "encoder-from") ? encode_by_catalog(app, items, &vectors, &no_text)
                                              : encode_by_fit(app, items, &vectors, &no_text));
    sid_status status = sid_vectors_write(app->ctx, vectors, path, ids, &app->err);
    if (status == SID_OK)
        cli_note(app, "wrote %s (%" PRId64 " x %d) and %s in %.1f s; %s without text", path, sid_vectors_count(vectors),
                 sid_vectors_dim(vectors), ids, cli_now_s() - app->start_s, cli_count_text(app, no_text, "item"));
    sid_vectors_free(vectors);
    return status;
}

static sid_status check_encoder_from(cli_app *app)
{
    if (cli_is_given(app, "encoder-from") &&
        (cli_is_given(app, "encoder") || cli_is_given(app, "fields") || cli_family_options(app, CLI_FOR_ENCODER)))
        return cli_fail(app, SID_EUSAGE,
                        "--encoder-from takes a catalogue's own encoder as it is; leave out --encoder, "
                        "--fields and --encoder-...");
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    const char *path, *ids;
    sid_items *items = NULL;
    CLI_TRY(cli_output_path(app, &path));
    CLI_TRY(check_encoder_from(app));
    if (strcmp(path, "-") == 0)
        return cli_fail(app, SID_EUSAGE, "-o is \"-\"; a file is expected, since ids go to a second one");
    ids = cli_ids_path(app, path);
    CLI_TRY(cli_output_check(app, path));
    CLI_TRY(cli_output_check(app, ids));
    CLI_TRY(cli_items_read(app, app->object[0], &items));
    sid_status status = embed(app, items, path, ids);
    sid_items_free(items);
    return status;
}

static const cli_option options[] = {CLI_OPTION_OUTPUT("x.npy; the ids go to x.ids.txt"),
                                     CLI_OPTION_ENCODER,
                                     CLI_OPTION_FIELDS,
                                     {.name = "encoder-from",
                                      .type = CLI_TEXT,
                                      .value = "CATALOG",
                                      .help = "use the encoder that this catalogue keeps instead of fitting one"},
                                     CLI_OPTION_ON_ERROR};
static const char *const examples[] = {
    "embed items.tsv -o x.npy                              # by the built-in lsa",
    "embed items.tsv -o x.npy --encoder-dim 64 --fields title:2,brand:1",
    "embed new.tsv -o new.npy --encoder-from catalog       # into the space of a catalogue"};

const cli_command cli_embed = {.name = "embed",
                               .summary = "turn the text of items into vectors",
                               .usage = "embed ITEMS -o X.npy [OPTIONS]",
                               .object_min = 1,
                               .object_max = 1,
                               .objects = "a file of items",
                               CLI_OPTIONS(options),
                               CLI_EXAMPLES(examples),
                               .takes_encoder = true,
                               .run = run};
