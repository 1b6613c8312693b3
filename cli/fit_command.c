/* fit_command.c: see fit_command.h. */
#include "fit_command.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* ---- Read ------------------------------------------------------------------------------------------------------------ */

static sid_status parse_levels(cli_app *app, const char *spec, const char *text, int *out)
{
    char *end = NULL;
    long levels = strtol(text, &end, 10);
    if (end == text || *end || levels < 1 || levels > SID_LEVELS_MAX)
        return cli_fail(app, SID_EUSAGE, "--try \"%s\": levels is \"%s\"; a whole number from 1 to %d is expected",
                        spec, text, SID_LEVELS_MAX);
    *out = (int)levels;
    return SID_OK;
}

/* One word after the quantizer's name. */
static sid_status parse_word(cli_app *app, const char *spec, const char *word, sid_trial *out)
{
    const char *equals = strchr(word, '=');
    if (strncmp(word, "levels=", 7) == 0)
        return parse_levels(app, spec, word + 7, &out->levels);
    if (strncmp(word, "codes=", 6) == 0) {
        out->codes = word + 6;
        return SID_OK;
    }
    if (equals == word)
        return cli_fail(app, SID_EUSAGE, "--try \"%s\": \"%s\" names no option; words like levels=4 are expected", spec,
                        word);
    bool is_list = equals && strchr(equals, ',') && equals[1] != '('; /* the library wants lists in ( ) */
    const char *option = is_list ? cli_keep(app, "%.*s=(%s)", (int)(equals - word), word, equals + 1) : word;
    out->options = out->options ? cli_keep(app, "%s,%s", out->options, option) : option;
    return SID_OK;
}

sid_status cli_trial_parse(cli_app *app, const char *text, sid_trial *out)
{
    char *words = cli_keep(app, "%s", text), *rest = NULL;
    const char *name = strtok_r(words, " \t", &rest);
    *out = (sid_trial){.quantizer = name};
    if (!name || strchr(name, '='))
        return cli_fail(app, SID_EUSAGE,
                        "--try is \"%s\"; a quantizer and its options are expected, \"rkmeans levels=4 codes=256\"",
                        text);
    for (const char *word; (word = strtok_r(NULL, " \t", &rest)) != NULL;)
        CLI_TRY(parse_word(app, text, word, out));
    return SID_OK;
}

/* ---- Write ----------------------------------------------------------------------------------------------------------- */

static const char *add_flag(cli_app *app, const char *command, const char *name, size_t length, const char *value)
{
    char *flag = cli_keep(app, "%.*s", (int)length, name);
    for (char *at = flag; *at; at++)
        if (*at == '_')
            *at = '-';
    if (!value)
        return cli_keep(app, "%s --%s", command, flag);
    char *word = cli_shell_word(value);
    command = cli_keep(app, "%s --%s%c%s", command, flag, *value == '-' ? '=' : ' ', word);
    free(word);
    return command;
}

/* "refine=3,fsq_levels=(8,6,5),residual" to flags. */
static const char *add_options(cli_app *app, const char *command, const char *options)
{
    for (size_t length; *options; options += length + (options[length] == ',')) {
        int depth = 0;
        for (length = 0; options[length] && (depth > 0 || options[length] != ','); length++)
            depth += (options[length] == '(') - (options[length] == ')');
        size_t name = strcspn(options, "=,");
        if (name >= length) {
            command = add_flag(app, command, options, length, NULL);
            continue;
        }
        const char *value = options + name + 1;
        size_t size = length - name - 1;
        if (size > 1 && value[0] == '(' && value[size - 1] == ')') {
            value++;
            size -= 2;
        }
        command = add_flag(app, command, options, name, cli_keep(app, "%.*s", (int)size, value));
    }
    return command;
}

/* What says which items and vectors these are. */
static const char *add_inputs(cli_app *app, const char *command)
{
    static const char *const inputs[] = {"vectors", "ids",      "items", "encoder",
                                         "fields",  "on-error", "seed",  "memory-limit"};
    for (int i = 0; i < app->setting_count; i++) {
        const cli_setting *setting = &app->setting[i];
        bool is_input = setting->option->reader == CLI_FOR_ENCODER;
        for (int j = 0; j < CLI_COUNT(inputs); j++)
            is_input = is_input || strcmp(setting->option->name, inputs[j]) == 0;
        if (is_input && strncmp(setting->source, "-", 1) == 0)
            command = add_flag(app, command, setting->option->name, strlen(setting->option->name),
                               setting->option->type == CLI_FLAG ? NULL : setting->text[0]);
    }
    return command;
}

const char *cli_fit_command(cli_app *app, const sid_advice_row *row)
{
    const char *command = "semid fit";
    if (app->object_count > 0) {
        char *word = cli_shell_word(app->object[0]);
        command = cli_keep(app, "semid fit %s", word);
        free(word);
    }
    command = cli_keep(app, "%s -o catalog --quantizer %s --levels %d", add_inputs(app, command), row->quantizer,
                       row->levels);
    return add_options(app, add_flag(app, command, "codes", 5, row->codes), row->options);
}
