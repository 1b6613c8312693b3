/* fuzz_config.c: `--config FILE`, JSON that becomes the options of `semid fit`. Oracle: what a configuration sets, given as
 * flags on a command line, is taken too and sets the same.
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "config.h"
#include "fuzz.h"
#include "fuzz_file.h"

enum { OBJECTS = 1 };

static sid_status build(cli_app *app, const char *quantizer, const char *encoder)
{
    const char *family[CLI_KIND_COUNT] = {[CLI_KIND_QUANTIZER] = quantizer, [CLI_KIND_ENCODER] = encoder};
    return cli_options_build(app, app->command, family);
}

static int text_count(const cli_app *app)
{
    int count = 0;
    for (int i = 0; i < app->setting_count; i++)
        count += app->setting[i].count;
    return count;
}

static void check_as_flags(const cli_app *first, const char *quantizer, const char *encoder)
{
    cli_app again = {.command = first->command};
    char **word = cli_alloc((size_t)text_count(first) + OBJECTS, sizeof *word);
    int count = 0;
    word[count++] = cli_keep(&again, "items.tsv");
    for (int i = 0; i < first->setting_count; i++)
        for (int t = 0; t < first->setting[i].count; t++)
            word[count++] = cli_keep(&again, "--%s=%s", first->setting[i].option->name, first->setting[i].text[t]);
    FUZZ_CHECK(build(&again, quantizer, encoder) == SID_OK);
    FUZZ_CHECK(cli_args_parse(&again, count, word) == SID_OK);
    FUZZ_CHECK(again.setting_count == first->setting_count);
    for (int i = 0; i < first->setting_count; i++) {
        const cli_setting *a = &first->setting[i], *b = cli_setting_of(&again, a->option->name);
        FUZZ_CHECK(b && a->count == b->count);
        for (int t = 0; t < a->count; t++)
            FUZZ_CHECK(strcmp(a->text[t], b->text[t]) == 0);
    }
    free(word);
    cli_app_drop(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli_app app = {.command = cli_command_find("fit")};
    const char *path = fuzz_file("config.json");
    fuzz_write(path, data, size);
    sid_status status = cli_config_load(&app, path);
    if (status == SID_OK) {
        const char *quantizer = cli_config_peek(&app, "fit", "quantizer"),
                   *encoder = cli_config_peek(&app, "fit", "encoder");
        status = build(&app, quantizer, encoder);
        if (status == SID_OK)
            status = cli_config_apply(&app, path);
        if (status == SID_OK)
            check_as_flags(&app, quantizer, encoder);
    }
    FUZZ_CHECK(status == SID_OK || (status == SID_EUSAGE && app.err.message[0]));
    cli_app_drop(&app);
    fuzz_remove("config.json");
    return 0;
}
