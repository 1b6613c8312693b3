/* embedding.c: see embedding.h. */
#include "embedding.h"

#include "args.h"
#include "output.h"

bool cli_has_encoder_flags(cli_app *app)
{
    return cli_is_given(app, "encoder") || cli_is_given(app, "fields") || cli_family_options(app, CLI_FOR_ENCODER);
}

void cli_warn_no_text(cli_app *app, int64_t no_text)
{
    if (no_text > 0)
        cli_warn(app, "%s without a word that the encoder knows: all of those get the same SID",
                 cli_count_text(app, no_text, "item"));
}

sid_status cli_embed_items(cli_app *app, const sid_items *items, sid_encoder **encoder, sid_vectors **out)
{
    int64_t no_text = 0;
    sid_encoder_options options = {.encoder = cli_text(app, "encoder"),
                                   .fields = cli_text(app, "fields"),
                                   .options = cli_family_options(app, CLI_FOR_ENCODER),
                                   .seed = app->seed};
    CLI_TRY(sid_encoder_fit(app->ctx, items, &options, encoder, &app->err));
    CLI_TRY(sid_encoder_encode(app->ctx, *encoder, items, out, &no_text, &app->err));
    cli_warn_no_text(app, no_text);
    return SID_OK;
}

sid_status cli_check_inputs(cli_app *app, const char *items_path)
{
    bool has_vectors = cli_is_given(app, "vectors");
    if (!items_path && !has_vectors)
        return cli_fail(app, SID_EUSAGE, "%s needs a file of items, or --vectors FILE", app->command->name);
    if (has_vectors && cli_has_encoder_flags(app))
        return cli_fail(app, SID_EUSAGE,
                        "--vectors are used as they are; leave out --encoder, --fields and --encoder-...");
    if (cli_is_given(app, "ids") && !has_vectors)
        return cli_fail(app, SID_EUSAGE, "--ids belongs to --vectors; items have their ids in the column item_id");
    return SID_OK;
}
