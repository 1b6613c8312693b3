/* cmd_verify.c: semid verify: is this catalogue whole? */
#include "output.h"
#include "verbs.h"

/* Why no item was encoded again. */
static const char *why_not_reencoded(const sid_verify_result *result)
{
    if (result->items_without_vector > 0)
        return "the catalogue keeps no vectors";
    return result->items_walked > 0 ? "no item has the quantizer's own choice of codes; they were imported or given"
                                    : "the catalogue has no items";
}

static sid_status run(cli_app *app)
{
    sid_verify_result result = {0};
    CLI_TRY(sid_catalog_verify(app->ctx, app->object[0], cli_flag(app, "full"), &result, &app->err));
    cli_print_object(app, json_pack("{s:s,s:i,s:I,s:I,s:I,s:b}", "verdict", "ok", "files_checked", result.files_checked,
                                    "items_walked", (json_int_t)result.items_walked, "items_reencoded",
                                    (json_int_t)result.items_reencoded, "items_without_vector",
                                    (json_int_t)result.items_without_vector, "index_rebuilt", result.index_rebuilt));
    if (result.items_reencoded == 0)
        cli_note(app, "re-encoding not checked: %s", why_not_reencoded(&result));
    return SID_OK;
}

static const cli_option options[] = {
    {.name = "full", .type = CLI_FLAG, .help = "re-encode every item instead of a sample"}};
static const char *const examples[] = {"verify catalog", "verify catalog --full"};

const cli_command cli_verify = {.name = "verify",
                                .summary = "check every file and every item of a catalogue",
                                .usage = "verify CATALOG [--full]",
                                .about = "Checks the hash of each file, the digest of the items, each item's way "
                                         "through the prefix index, and re-encodes "
                                         "a sample of the vectors. Exit 3 names what is damaged.",
                                CLI_OF_CATALOG,
                                CLI_OPTIONS(options),
                                CLI_EXAMPLES(examples),
                                .run = run};
