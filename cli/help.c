/* help.c: see help.h. */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

enum { NAME_WIDTH = 30, HELP_WIDTH = 100 };

void cli_help_overview(void)
{
    (void)printf("semid %s: semantic IDs for items, kept in a catalogue\n\n", sid_version());
    (void)printf("usage: semid VERB [OBJECT] [OPTIONS]\n\n");
    for (int i = 0; i < cli_command_count; i++)
        (void)printf("  %-10s %s\n", cli_command_table[i]->name, cli_command_table[i]->summary);
    (void)printf("\nfirst steps:\n"
                 "  semid fit items.tsv -o catalog            # items with text to a catalogue of SIDs\n"
                 "  semid inspect catalog                     # how good they are, level by level\n"
                 "  semid neighbors catalog --item ID -k 10   # what stands near an item\n"
                 "\nsemid help VERB tells more about one.\n");
}

/* Prints `text` broken at spaces, every line but the first indented. `used`: columns that stand on the line already. */
static void print_wrapped(const char *text, int used, int indent)
{
    bool is_first = true;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (!is_first && used + 1 + word > HELP_WIDTH) {
            (void)printf("\n%*s", indent, "");
            used = indent;
        } else if (!is_first) {
            (void)putchar(' ');
            used++;
        }
        (void)printf("%.*s", word, text);
        text += word;
        text += *text == ' ';
        used += word;
        is_first = false;
    }
    (void)putchar('\n');
}

static bool is_infinite_range(double min, double max)
{
    return min <= -1e15 || max >= 1e15;
}

void cli_help_range(const cli_option *option, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    if (option->type == CLI_CHOICE)
        used = (size_t)snprintf(text, size, "%s", option->choices);
    else if ((option->type == CLI_INT || option->type == CLI_FLOAT) && !is_infinite_range(option->min, option->max))
        used = (size_t)snprintf(text, size, "%.10g to %.10g", option->min, option->max);
    if (option->type == CLI_FLAG || !option->default_text || !*option->default_text || used >= size)
        return;
    (void)snprintf(text + used, size - used, "%sdefault %s", used ? "; " : "", option->default_text);
}

static void print_option(const cli_option *option)
{
    char name[128], range[256];
    int length = snprintf(
        name, sizeof name, "  %s%c%s--%s%s%s", option->letter ? "-" : "", option->letter ? option->letter : ' ',
        option->letter ? ", " : "   ", option->name, option->type == CLI_FLAG ? "" : " ",
        option->type == CLI_FLAG || !option->value ? (option->type == CLI_FLAG ? "" : "VALUE") : option->value);
    (void)printf("%-*s", NAME_WIDTH, name);
    if (length >= NAME_WIDTH)
        (void)printf("\n%*s", NAME_WIDTH, "");
    cli_help_range(option, range, sizeof range);
    size_t size = strlen(option->help) + sizeof range + 8;
    char *text = cli_alloc(size, 1);
    (void)snprintf(text, size, *range ? "%s (%s)" : "%s%s", option->help, range);
    print_wrapped(text, NAME_WIDTH, NAME_WIDTH);
    free(text);
}

static void print_options(const cli_app *app, const char *title, cli_option_reader reader)
{
    bool is_first = true;
    for (int i = 0; i < app->option_count; i++) {
        if (app->option[i].reader != reader)
            continue;
        if (is_first)
            (void)printf("\n%s:\n", title);
        is_first = false;
        print_option(&app->option[i]);
    }
}

static void print_usage(const char *usage)
{
    const char *lead = "usage: semid ";
    while (*usage) {
        int length = (int)strcspn(usage, "\n");
        (void)printf("%s%.*s\n", lead, length, usage);
        usage += length + (usage[length] == '\n');
        lead = "       semid ";
    }
}

static void print_families(const cli_command *command)
{
    for (int k = 0; k < CLI_KIND_COUNT; k++) {
        const cli_family_kind *kind = &cli_family_kinds[k];
        if (!cli_takes_kind(command, (cli_kind)k))
            continue;
        (void)printf("\n%s (semid %s --help NAME lists the options of one):\n", kind->nouns, command->name);
        for (int i = 0; i < kind->count(); i++)
            (void)printf("  %-14s %s\n", kind->at(i)->name, kind->at(i)->summary);
    }
}

static void print_examples(const cli_command *command)
{
    (void)printf("\nexamples:\n");
    for (int i = 0; i < command->example_count; i++)
        (void)printf("  semid %s\n", command->examples[i]);
}

/* NULL: none of that name; *kind gets what it is. */
static const sid_family *find_family(const cli_command *command, const char *name, cli_kind *kind)
{
    for (int k = 0; k < CLI_KIND_COUNT; k++)
        for (int i = 0; cli_takes_kind(command, (cli_kind)k) && i < cli_family_kinds[k].count(); i++)
            if (strcmp(cli_family_kinds[k].at(i)->name, name) == 0) {
                *kind = (cli_kind)k;
                return cli_family_kinds[k].at(i);
            }
    return NULL;
}

static sid_status unknown_family(cli_app *app, const cli_command *command, const char *name)
{
    const char *names[64] = {0}, *kinds = NULL;
    int count = 0;
    for (int k = 0; k < CLI_KIND_COUNT; k++) {
        if (!cli_takes_kind(command, (cli_kind)k))
            continue;
        kinds = cli_keep(app, "%s%s%s", kinds ? kinds : "", kinds ? " or " : "", cli_family_kinds[k].noun);
        for (int i = 0; i < cli_family_kinds[k].count() && count < CLI_COUNT(names); i++)
            names[count++] = cli_family_kinds[k].at(i)->name;
    }
    const char *near = sid_closest(name, names, count);
    if (count == 0)
        return cli_fail(app, SID_EUSAGE, "%s has no families of options; \"%s\" means nothing here", command->name,
                        name);
    return cli_fail(app, SID_EUSAGE, "no %s is called \"%s\"%s%s%s", kinds, name, near ? "; did you mean " : "",
                    near ? near : "", near ? "?" : "");
}

static sid_status help_family(cli_app *app, const cli_command *command, const char *name)
{
    const char *names[CLI_KIND_COUNT] = {NULL};
    cli_kind kind = CLI_KIND_QUANTIZER;
    const sid_family *family = find_family(command, name, &kind);
    if (!family)
        return unknown_family(app, command, name);
    names[kind] = name;
    CLI_TRY(cli_options_build(app, command, names));
    (void)printf("%s: %s\n", family->name, family->summary);
    if (family->paper && *family->paper)
        (void)printf("paper: %s\n", family->paper);
    print_options(app, kind == CLI_KIND_QUANTIZER ? "options of this quantizer and those common to all" : "options",
                  cli_family_kinds[kind].reader);
    if (kind == CLI_KIND_MODEL) {
        (void)printf("\nexample:\n  semid train %s --events events.tsv -o model\n", family->name);
        return SID_OK;
    }
    if (kind == CLI_KIND_PIECES) {
        (void)printf("\nexample:\n  semid pieces train catalog --scheme %s -o pieces\n", family->name);
        return SID_OK;
    }
    (void)printf("\nexample:\n  semid %s items.tsv -o %s --%s %s\n", command->name,
                 command->takes_quantizer ? "catalog" : "x.npy", cli_family_kinds[kind].flag, family->name);
    return SID_OK;
}

static const char *default_of(const cli_command *command, const char *name)
{
    for (int i = 0; i < command->option_count; i++)
        if (strcmp(command->options[i].name, name) == 0)
            return command->options[i].default_text;
    return NULL;
}

sid_status cli_help_verb(cli_app *app, const cli_command *command, const char *family)
{
    if (family)
        return help_family(app, command, family);
    const char *names[CLI_KIND_COUNT];
    for (int i = 0; i < CLI_KIND_COUNT; i++)
        names[i] = default_of(command, cli_family_kinds[i].flag);
    CLI_TRY(cli_options_build(app, command, names));
    (void)printf("semid %s: %s\n\n", command->name, command->summary);
    print_usage(command->usage);
    if (command->about) {
        (void)putchar('\n');
        print_wrapped(command->about, 0, 0);
    }
    print_examples(command);
    print_options(app, "options", CLI_FOR_VERB);
    for (int i = 0; i < CLI_KIND_COUNT; i++)
        print_options(app,
                      names[i] ? cli_keep(app, "options of the default %s, %s%s", cli_family_kinds[i].noun, names[i],
                                          i == CLI_KIND_QUANTIZER ? ", and of all" : "")
                               : cli_keep(app, "options of %s, where they have them", cli_family_kinds[i].nouns),
                      cli_family_kinds[i].reader);
    print_families(command);
    print_options(app, "options of every verb", CLI_FOR_ALL);
    return SID_OK;
}
