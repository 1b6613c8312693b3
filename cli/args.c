/* args.c: see args.h. */
#include "args.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "semid_model.h"
#include "semid_rank.h"
#include "size.h"

enum { NAMES_MAX = 256 };

/* ---- The accepted options ---------------------------------------------------------------------------------------- */

static bool is_same_name(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!a[i] || (a[i] == '_' ? '-' : a[i]) != (b[i] == '_' ? '-' : b[i]))
            return false;
    return a[length] == 0;
}

const cli_option *cli_option_find(const cli_app *app, const char *name, size_t length)
{
    for (int i = 0; i < app->option_count; i++)
        if (is_same_name(app->option[i].name, name, length))
            return &app->option[i];
    return NULL;
}

const char *cli_option_closest(const cli_app *app, const char *name)
{
    const char *names[NAMES_MAX];
    int count = app->option_count < NAMES_MAX ? app->option_count : NAMES_MAX;
    for (int i = 0; i < count; i++)
        names[i] = app->option[i].name;
    return sid_closest(name, names, count);
}

static void take(cli_app *app, const cli_option *option)
{
    if (!cli_option_find(app, option->name, strlen(option->name)))
        app->option[app->option_count++] = *option;
}

static cli_option_type type_of(sid_option_type type)
{
    static const cli_option_type of[] = {[SID_OPTION_INT] = CLI_INT,
                                         [SID_OPTION_FLOAT] = CLI_FLOAT,
                                         [SID_OPTION_FLAG] = CLI_FLAG,
                                         [SID_OPTION_CHOICE] = CLI_CHOICE,
                                         [SID_OPTION_TEXT] = CLI_TEXT};
    return of[type];
}

/* "normalize_residual" becomes "normalize-residual", with a prefix for encoders. */
static char *flag_name(cli_app *app, const char *prefix, const char *name)
{
    char *flag = cli_keep(app, "%s%s", prefix, name);
    for (char *at = flag; *at; at++)
        if (*at == '_')
            *at = '-';
    return flag;
}

const cli_family_kind cli_family_kinds[CLI_KIND_COUNT] = {[CLI_KIND_QUANTIZER] = {.noun = "quantizer",
                                                                                  .nouns = "quantizers",
                                                                                  .flag = "quantizer",
                                                                                  .prefix = "",
                                                                                  .reader = CLI_FOR_QUANTIZER,
                                                                                  .count = sid_quantizer_family_count,
                                                                                  .at = sid_quantizer_family},
                                                          [CLI_KIND_ENCODER] = {.noun = "encoder",
                                                                                .nouns = "text encoders",
                                                                                .flag = "encoder",
                                                                                .prefix = "encoder-",
                                                                                .own_flag = "fields",
                                                                                .reader = CLI_FOR_ENCODER,
                                                                                .count = sid_encoder_family_count,
                                                                                .at = sid_encoder_family},
                                                          [CLI_KIND_POLICY] = {.noun = "collision policy",
                                                                               .nouns = "collision policies",
                                                                               .flag = "collisions",
                                                                               .prefix = "collisions-",
                                                                               .own_flag = "style",
                                                                               .reader = CLI_FOR_POLICY,
                                                                               .count = sid_policy_family_count,
                                                                               .at = sid_policy_family},
                                                          [CLI_KIND_MODEL] = {.noun = "model",
                                                                              .nouns = "models",
                                                                              .flag = "family",
                                                                              .prefix = "",
                                                                              .reader = CLI_FOR_MODEL,
                                                                              .count = sid_model_family_count,
                                                                              .at = sid_model_family},
                                                          [CLI_KIND_PIECES] = {.noun = "scheme",
                                                                               .nouns = "schemes of pieces",
                                                                               .flag = "scheme",
                                                                               .prefix = "",
                                                                               .reader = CLI_FOR_PIECES,
                                                                               .count = sid_pieces_family_count,
                                                                               .at = sid_pieces_family}};

bool cli_takes_kind(const cli_command *command, cli_kind kind)
{
    const bool takes[CLI_KIND_COUNT] = {[CLI_KIND_QUANTIZER] = command->takes_quantizer,
                                        [CLI_KIND_ENCODER] = command->takes_encoder,
                                        [CLI_KIND_POLICY] = command->takes_policy,
                                        [CLI_KIND_MODEL] = command->takes_model,
                                        [CLI_KIND_PIECES] = command->takes_pieces};
    return takes[kind];
}

static void take_family(cli_app *app, const sid_family *family, const cli_family_kind *kind)
{
    static const char *const placeholder[] = {"N", "X", NULL, "WORD", "TEXT"};
    for (int i = 0; family && i < family->option_count; i++) {
        const sid_option *option = &family->options[i];
        if (kind->own_flag && strcmp(option->name, kind->own_flag) == 0)
            continue; /* --fields, --digit-style */
        take(app, &(cli_option){.name = flag_name(app, kind->prefix, option->name),
                                .type = type_of(option->type),
                                .value = placeholder[option->type],
                                .default_text = option->default_text,
                                .choices = option->choices,
                                .min = option->min,
                                .max = option->max,
                                .help = option->help,
                                .library_name = option->name,
                                .reader = kind->reader});
    }
}

/* The option that names a family offers what there is. */
static void offer_names(cli_app *app, const cli_family_kind *kind)
{
    char *list = cli_keep(app, "%s", "");
    for (int i = 0; i < kind->count(); i++)
        list = cli_keep(app, "%s%s%s", list, i ? "|" : "", kind->at(i)->name);
    for (int i = 0; i < app->option_count; i++)
        if (strcmp(app->option[i].name, kind->flag) == 0)
            app->option[i].choices = list;
}

static sid_status take_families(cli_app *app, const cli_family_kind *kind, const char *name)
{
    const char *names[NAMES_MAX] = {0}, *near;
    bool is_found = !name;
    int count = kind->count();
    offer_names(app, kind);
    for (int i = 0; i < count && i < NAMES_MAX; i++) {
        names[i] = kind->at(i)->name;
        if (name && strcmp(name, names[i]) != 0)
            continue;
        is_found = true;
        take_family(app, kind->at(i), kind);
    }
    if (is_found)
        return SID_OK;
    near = sid_closest(name, names, count);
    char *list = cli_keep(app, "%s", count ? names[0] : "none");
    for (int i = 1; i < count; i++)
        list = cli_keep(app, "%s, %s", list, names[i]);
    return cli_fail(app, SID_EUSAGE, "%s \"%s\" is unknown; known: %s%s%s%s", kind->noun, name, list,
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

sid_status cli_options_build(cli_app *app, const cli_command *command, const char *const *family)
{
    int room = command->option_count + cli_global_option_count + NAMES_MAX;
    app->option = cli_alloc((size_t)room, sizeof *app->option);
    app->option_count = 0;
    for (int i = 0; i < command->option_count; i++)
        take(app, &command->options[i]);
    for (int i = 0; i < cli_global_option_count; i++)
        take(app, &cli_global_options[i]);
    if (command->takes_quantizer)
        take_family(app, sid_quantizer_common(), &cli_family_kinds[CLI_KIND_QUANTIZER]);
    for (int i = 0; i < CLI_KIND_COUNT; i++)
        if (cli_takes_kind(command, (cli_kind)i))
            CLI_TRY(take_families(app, &cli_family_kinds[i], family ? family[i] : NULL));
    app->setting = cli_alloc((size_t)app->option_count, sizeof *app->setting);
    app->setting_count = 0;
    return SID_OK;
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static sid_status check_number(cli_app *app, const cli_option *option, const char *source, const char *text)
{
    char *end = NULL;
    errno = 0;
    double number = option->type == CLI_INT ? (double)strtoll(text, &end, 10) : strtod(text, &end);
    if (!errno && end != text && !*end && number >= option->min && number <= option->max)
        return SID_OK;
    if (option->type == CLI_INT)
        return cli_fail(app, SID_EUSAGE, "%s is \"%s\"; a whole number from %.0f to %.0f is expected", source, text,
                        option->min, option->max);
    return cli_fail(app, SID_EUSAGE, "%s is \"%s\"; a number from %g to %g is expected", source, text, option->min,
                    option->max);
}

static bool is_choice(const char *choices, const char *text)
{
    for (size_t length; *choices; choices += length + (choices[length] == '|')) {
        length = strcspn(choices, "|");
        if (strlen(text) == length && memcmp(choices, text, length) == 0)
            return true;
    }
    return false;
}

sid_status cli_value_check(cli_app *app, const cli_option *option, const char *source, const char *text)
{
    size_t size;
    switch (option->type) {
    case CLI_INT:
    case CLI_FLOAT:
        return check_number(app, option, source, text);
    case CLI_SIZE:
        if (!cli_size_parse(text, &size))
            return cli_fail(app, SID_EUSAGE, "%s is \"%s\"; a size like 512M or 4G is expected", source, text);
        return SID_OK;
    case CLI_CHOICE:
        if (!is_choice(option->choices, text))
            return cli_fail(app, SID_EUSAGE, "%s is \"%s\"; one of %s is expected", source, text, option->choices);
        return SID_OK;
    case CLI_FLAG:
        if (!is_choice("true|false", text))
            return cli_fail(app, SID_EUSAGE, "%s is \"%s\"; it takes no value, or true or false", source, text);
        return SID_OK;
    case CLI_TEXT:
        return *text ? SID_OK : cli_fail(app, SID_EUSAGE, "%s is empty; it needs a value", source);
    }
    return SID_OK;
}

static cli_setting *find_setting(const cli_app *app, const cli_option *option)
{
    for (int i = 0; i < app->setting_count; i++)
        if (app->setting[i].option == option)
            return &app->setting[i];
    return NULL;
}

static void append_text(cli_setting *setting, const char *text)
{
    const char **grown = cli_alloc((size_t)setting->count + 1, sizeof *grown);
    if (setting->count)
        memcpy(grown, setting->text, (size_t)setting->count * sizeof *grown);
    grown[setting->count++] = text;
    free(setting->text);
    setting->text = grown;
}

static sid_status set_value(cli_app *app, const cli_option *option, const char *source, const char *text)
{
    cli_setting *setting = find_setting(app, option);
    CLI_TRY(cli_value_check(app, option, source, text));
    if (setting && !option->is_repeatable)
        return cli_fail(app, SID_EUSAGE, "%s is given twice: \"%s\" and \"%s\"; give it once", source, setting->text[0],
                        text);
    if (!setting) {
        setting = &app->setting[app->setting_count++];
        *setting = (cli_setting){.option = option, .source = source};
    }
    append_text(setting, text);
    return SID_OK;
}

sid_status cli_setting_default(cli_app *app, const cli_option *option, const char *source, const char *text)
{
    const cli_setting *setting = find_setting(app, option);
    if (setting && strcmp(setting->source, source) != 0) /* a repeatable one may come again from the same source */
        return SID_OK;
    return set_value(app, option, source, text);
}

sid_status cli_args_environment(cli_app *app)
{
    for (int i = 0; i < app->option_count; i++) {
        const cli_option *option = &app->option[i];
        const char *text = option->env ? getenv(option->env) : NULL;
        if (text && *text)
            CLI_TRY(cli_setting_default(app, option, option->env, text));
    }
    return SID_OK;
}

/* ---- Words ------------------------------------------------------------------------------------------------------- */

static sid_status unknown_option(cli_app *app, const char *word, size_t name_length)
{
    char *name = cli_keep(app, "%.*s", (int)name_length, word + 2);
    const char *near = cli_option_closest(app, name);
    if (near)
        return cli_fail(app, SID_EUSAGE, "option --%s is unknown; did you mean --%s?", name, near);
    return cli_fail(app, SID_EUSAGE, "option --%s is unknown", name);
}

/* Takes the option at word[0]; *used gets how many words it took. */
static sid_status take_long(cli_app *app, int count, char **word, int *used)
{
    size_t length = strcspn(word[0] + 2, "=");
    const cli_option *option = cli_option_find(app, word[0] + 2, length);
    if (!option)
        return unknown_option(app, word[0], length);
    const char *source = cli_keep(app, "--%s", option->name);
    *used = 1;
    if (word[0][2 + length] == '=')
        return set_value(app, option, source, word[0] + 2 + length + 1);
    if (option->type == CLI_FLAG)
        return set_value(app, option, source, "true");
    if (count < 2 || strncmp(word[1], "--", 2) == 0)
        return cli_fail(app, SID_EUSAGE, "%s needs a value: %s %s", source, source, option->value);
    *used = 2;
    return set_value(app, option, source, word[1]);
}

static sid_status take_short(cli_app *app, int count, char **word, int *used)
{
    const cli_option *option = NULL;
    for (int i = 0; i < app->option_count && !option; i++)
        if (app->option[i].letter == word[0][1])
            option = &app->option[i];
    if (!option)
        return cli_fail(app, SID_EUSAGE, "option -%c is unknown (a word that begins with - goes after --)", word[0][1]);
    const char *source = cli_keep(app, "-%c", option->letter);
    *used = 1;
    if (option->type == CLI_FLAG && !word[0][2])
        return set_value(app, option, source, "true");
    if (word[0][2] && option->type != CLI_FLAG)
        return set_value(app, option, source, word[0] + 2);
    if (option->type == CLI_FLAG || count < 2)
        return cli_fail(app, SID_EUSAGE, "%s: %s", word[0],
                        option->type == CLI_FLAG ? "one letter is expected" : "needs a value");
    *used = 2;
    return set_value(app, option, source, word[1]);
}

static sid_status check_objects(cli_app *app)
{
    const cli_command *command = app->command;
    if (app->object_count < command->object_min)
        return cli_fail(app, SID_EUSAGE, "%s needs %s", command->name, command->objects);
    if (app->object_count > command->object_max)
        return cli_fail(app, SID_EUSAGE, "\"%s\" is one word too many; %s takes %s", app->object[command->object_max],
                        command->name, *command->objects ? command->objects : "options only");
    return SID_OK;
}

/* Whether `word` stands in "train,eval". */
static bool is_among(const char *list, const char *word)
{
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == strlen(word) && strncmp(at, word, strlen(word)) == 0)
            return true;
    return false;
}

/* Whether some option of the verb is of this action; a word that is none is told of by the verb. */
static bool is_action(const cli_app *app, const char *word)
{
    for (int i = 0; i < app->option_count; i++)
        if (app->option[i].only && is_among(app->option[i].only, word))
            return true;
    return false;
}

/* A flag that the action at hand would not look at is a mistake, not a wish that nobody hears. What stands in a
 * configuration is for all actions of the verb. */
static sid_status check_actions(cli_app *app)
{
    if (app->object_count == 0 || !is_action(app, app->object[0]))
        return SID_OK;
    for (int i = 0; i < app->setting_count; i++) {
        const cli_setting *setting = &app->setting[i];
        const char *only = setting->option->reader == CLI_FOR_PIECES ? "train" : setting->option->only;
        if (only && setting->source[0] == '-' && !is_among(only, app->object[0]))
            return cli_fail(app, SID_EUSAGE, "%s is an option of %s %s; %s %s does not look at it", setting->source,
                            app->command->name, only, app->command->name, app->object[0]);
    }
    return SID_OK;
}

sid_status cli_args_parse(cli_app *app, int count, char **word)
{
    bool is_open = true;
    app->object = cli_alloc((size_t)count + 1, sizeof *app->object);
    for (int i = 0, used; i < count; i += used) {
        used = 1;
        if (is_open && strcmp(word[i], "--") == 0)
            is_open = false;
        else if (is_open && strncmp(word[i], "--", 2) == 0)
            CLI_TRY(take_long(app, count - i, word + i, &used));
        else if (is_open && word[i][0] == '-' && word[i][1])
            CLI_TRY(take_short(app, count - i, word + i, &used));
        else
            app->object[app->object_count++] = word[i];
    }
    CLI_TRY(check_objects(app));
    return check_actions(app);
}

const char *cli_args_peek(int count, char **word, const char *name)
{
    const char *found = NULL;
    for (int i = 0; i < count && strcmp(word[i], "--") != 0; i++) {
        if (strncmp(word[i], "--", 2) != 0 || !is_same_name(name, word[i] + 2, strcspn(word[i] + 2, "=")))
            continue;
        const char *equals = strchr(word[i], '=');
        found = equals ? equals + 1 : i + 1 < count ? word[i + 1] : found;
    }
    return found;
}

bool cli_args_want_help(int count, char **word, const char **topic)
{
    for (int i = 0; i < count && strcmp(word[i], "--") != 0; i++) {
        if (strcmp(word[i], "--help") != 0 && strcmp(word[i], "-h") != 0)
            continue;
        *topic = i + 1 < count && word[i + 1][0] != '-' ? word[i + 1] : NULL;
        return true;
    }
    return false;
}

/* ---- Reading settings -------------------------------------------------------------------------------------------- */

const cli_setting *cli_setting_of(const cli_app *app, const char *name)
{
    const cli_option *option = cli_option_find(app, name, strlen(name));
    assert(option);
    return find_setting(app, option);
}

bool cli_is_given(const cli_app *app, const char *name)
{
    return cli_setting_of(app, name) != NULL;
}

const char *cli_text(const cli_app *app, const char *name)
{
    const cli_setting *setting = cli_setting_of(app, name);
    return setting ? setting->text[0] : cli_option_find(app, name, strlen(name))->default_text;
}

bool cli_flag(const cli_app *app, const char *name)
{
    const cli_setting *setting = cli_setting_of(app, name);
    return setting && strcmp(setting->text[0], "true") == 0;
}

int64_t cli_int(const cli_app *app, const char *name)
{
    const char *text = cli_text(app, name);
    assert(text);
    return strtoll(text, NULL, 10);
}

double cli_float(const cli_app *app, const char *name)
{
    const char *text = cli_text(app, name);
    assert(text);
    return strtod(text, NULL);
}

const char *cli_family_options(cli_app *app, cli_option_reader reader)
{
    const char *list = NULL;
    for (int i = 0; i < app->setting_count; i++) {
        const cli_option *option = app->setting[i].option;
        const char *text = app->setting[i].text[0];
        if (option->reader != reader)
            continue;
        bool is_list = strchr(text, ',') != NULL; /* the library reads a value with commas in ( ) */
        list = cli_keep(app, "%s%s%s=%s%s%s", list ? list : "", list ? "," : "", option->library_name,
                        is_list ? "(" : "", text, is_list ? ")" : "");
    }
    return list;
}
