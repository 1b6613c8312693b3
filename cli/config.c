/* config.c: see config.h. Values become the texts that flags would have, so that one reader checks both. */
#include "config.h"

#include <string.h>

#include "args.h"

enum { MEMBERS_MAX = 128 };

sid_status cli_config_load(cli_app *app, const char *path)
{
    json_error_t problem;
    app->config = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    if (!app->config && problem.line > 0)
        return cli_fail(app, SID_EUSAGE, "%s:%d: column %d: %s; the configuration must be JSON like {\"seed\": 7}",
                        path, problem.line, problem.column, problem.text);
    if (!app->config)
        return cli_fail(app, SID_EUSAGE, "configuration: %s", problem.text);
    if (!json_is_object(app->config))
        return cli_fail(app, SID_EUSAGE, "%s: an object is expected, like {\"seed\": 7, \"fit\": {\"levels\": 4}}",
                        path);
    return SID_OK;
}

const char *cli_config_peek(const cli_app *app, const char *verb, const char *name)
{
    return json_string_value(json_object_get(json_object_get(app->config, verb), name));
}

/* A scalar as a flag's text; NULL for anything else. */
static const char *scalar_text(cli_app *app, const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value))
        return cli_keep(app, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return json_is_real(value) ? cli_keep(app, "%.17g", json_real_value(value)) : NULL;
}

static sid_status apply_value(cli_app *app, const cli_option *option, const char *source, json_t *value,
                              bool is_checked)
{
    size_t index;
    json_t *part;
    if (json_is_array(value) && option->is_repeatable) {
        json_array_foreach(value, index, part) CLI_TRY(apply_value(app, option, source, part, is_checked));
        return SID_OK;
    }
    const char *text = scalar_text(app, value);
    if (!text)
        return cli_fail(app, SID_EUSAGE, "%s: a text, a number, true or false is expected", source);
    return is_checked ? cli_value_check(app, option, source, text) : cli_setting_default(app, option, source, text);
}

static sid_status unknown_member(cli_app *app, const char *source, const char *near)
{
    return cli_fail(app, SID_EUSAGE, "%s is unknown%s%s%s", source, near ? "; did you mean \"" : "", near ? near : "",
                    near ? "\"?" : "");
}

static bool is_settable(const cli_option *option)
{
    return option && strcmp(option->name, "config") != 0 && strcmp(option->name, "help") != 0;
}

/* The members of one verb. `app` holds that verb's options; is_checked: check only, the verb is not the running one. */
static sid_status apply_verb(cli_app *app, const char *path, const char *verb, json_t *members, bool is_checked)
{
    const char *name;
    json_t *value;
    json_object_foreach(members, name, value)
    {
        const cli_option *option = cli_option_find(app, name, strlen(name));
        const char *source = cli_keep(app, "%s: %s.%s", path, verb, name);
        if (!is_settable(option))
            return unknown_member(app, source, cli_option_closest(app, name));
        CLI_TRY(apply_value(app, option, source, value, is_checked));
    }
    return SID_OK;
}

static sid_status check_other_verb(cli_app *app, const char *path, const cli_command *command, json_t *members)
{
    cli_app other = {.command = command, .config = json_incref(app->config)};
    const char *family[CLI_KIND_COUNT];
    for (int i = 0; i < CLI_KIND_COUNT; i++)
        family[i] = cli_config_peek(app, command->name, cli_family_kinds[i].flag);
    sid_status status = cli_options_build(&other, command, family);
    if (status == SID_OK)
        status = apply_verb(&other, path, command->name, members, true);
    app->err = other.err;
    cli_app_drop(&other);
    return status;
}

static sid_status unknown_root(cli_app *app, const char *path, const char *name)
{
    const char *names[MEMBERS_MAX];
    int count = 0;
    for (int i = 0; i < cli_global_option_count; i++)
        names[count++] = cli_global_options[i].name;
    for (int i = 0; i < cli_command_count; i++)
        names[count++] = cli_command_table[i]->name;
    return unknown_member(app, cli_keep(app, "%s: %s", path, name), sid_closest(name, names, count));
}

static sid_status apply_root_member(cli_app *app, const char *path, const char *name, json_t *value)
{
    const cli_command *command = cli_command_find(name);
    const cli_option *option = cli_option_find(app, name, strlen(name));
    if (command == app->command)
        return SID_OK; /* its members were applied first: they win */
    if (command)
        return check_other_verb(app, path, command, value);
    if (!is_settable(option) || option->reader != CLI_FOR_ALL)
        return unknown_root(app, path, name);
    return apply_value(app, option, cli_keep(app, "%s: %s", path, name), value, false);
}

sid_status cli_config_apply(cli_app *app, const char *path)
{
    const char *name;
    json_t *value;
    json_object_foreach(app->config, name, value)
    {
        if (cli_command_find(name) && !json_is_object(value))
            return cli_fail(app, SID_EUSAGE, "%s: %s: an object of this verb's options is expected", path, name);
    }
    value = json_object_get(app->config, app->command->name);
    if (value)
        CLI_TRY(apply_verb(app, path, app->command->name, value, false));
    json_object_foreach(app->config, name, value) CLI_TRY(apply_root_member(app, path, name, value));
    return SID_OK;
}
