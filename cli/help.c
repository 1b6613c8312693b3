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
    if (command->takes_quantizer) {
        (void)printf("\nquantizers (semid %s --help NAME lists a quantizer's own options):\n", command->name);
        for (int i = 0; i < sid_quantizer_family_count(); i++)
            (void)printf("  %-14s %s\n", sid_quantizer_family(i)->name, sid_quantizer_family(i)->summary);
    }
    if (command->takes_encoder) {
        (void)printf("\ntext encoders (semid %s --help NAME):\n", command->name);
        for (int i = 0; i < sid_encoder_family_count(); i++)
            (void)printf("  %-14s %s\n", sid_encoder_family(i)->name, sid_encoder_family(i)->summary);
    }
}

static void print_examples(const cli_command *command)
{
    (void)printf("\nexamples:\n");
    for (int i = 0; i < command->example_count; i++)
        (void)printf("  semid %s\n", command->examples[i]);
}

static const sid_family *find_family(const cli_command *command, const char *name, bool *is_encoder)
{
    *is_encoder = false;
    for (int i = 0; command->takes_quantizer && i < sid_quantizer_family_count(); i++)
        if (strcmp(sid_quantizer_family(i)->name, name) == 0)
            return sid_quantizer_family(i);
    *is_encoder = true;
    for (int i = 0; command->takes_encoder && i < sid_encoder_family_count(); i++)
        if (strcmp(sid_encoder_family(i)->name, name) == 0)
            return sid_encoder_family(i);
    return NULL;
}

static sid_status unknown_family(cli_app *app, const cli_command *command, const char *name)
{
    const char *names[64] = {0};
    int count = 0;
    for (int i = 0; command->takes_quantizer && i < sid_quantizer_family_count() && count < CLI_COUNT(names); i++)
        names[count++] = sid_quantizer_family(i)->name;
    for (int i = 0; command->takes_encoder && i < sid_encoder_family_count() && count < CLI_COUNT(names); i++)
        names[count++] = sid_encoder_family(i)->name;
    const char *near = sid_closest(name, names, count);
    if (count == 0)
        return cli_fail(app, SID_EUSAGE, "%s has no families of options; \"%s\" means nothing here", command->name,
                        name);
    return cli_fail(app, SID_EUSAGE, "no quantizer or encoder is called \"%s\"%s%s%s", name,
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static sid_status help_family(cli_app *app, const cli_command *command, const char *name)
{
    bool is_encoder;
    const sid_family *family = find_family(command, name, &is_encoder);
    if (!family)
        return unknown_family(app, command, name);
    CLI_TRY(cli_options_build(app, command, is_encoder ? NULL : name, is_encoder ? name : NULL));
    (void)printf("%s: %s\n", family->name, family->summary);
    if (family->paper && *family->paper)
        (void)printf("paper: %s\n", family->paper);
    print_options(app, is_encoder ? "options" : "options of this quantizer and those common to all",
                  is_encoder ? CLI_FOR_ENCODER : CLI_FOR_QUANTIZER);
    (void)printf("\nexample:\n  semid %s items.tsv -o %s --%s %s\n", command->name,
                 command->takes_quantizer ? "catalog" : "x.npy", is_encoder ? "encoder" : "quantizer", family->name);
    return SID_OK;
}

static const char *default_of(const cli_command *command, const char *name)
{
    for (int i = 0; i < command->option_count; i++)
        if (strcmp(command->options[i].name, name) == 0)
            return command->options[i].default_text;
    return "";
}

sid_status cli_help_verb(cli_app *app, const cli_command *command, const char *family)
{
    if (family)
        return help_family(app, command, family);
    const char *quantizer = default_of(command, "quantizer"), *encoder = default_of(command, "encoder");
    CLI_TRY(cli_options_build(app, command, quantizer, encoder));
    (void)printf("semid %s: %s\n\n", command->name, command->summary);
    print_usage(command->usage);
    if (command->about) {
        (void)putchar('\n');
        print_wrapped(command->about, 0, 0);
    }
    print_examples(command);
    print_options(app, "options", CLI_FOR_VERB);
    print_options(app, cli_keep(app, "options of the default quantizer, %s, and of all", quantizer), CLI_FOR_QUANTIZER);
    print_options(app, cli_keep(app, "options of the default encoder, %s", encoder), CLI_FOR_ENCODER);
    print_families(command);
    print_options(app, "options of every verb", CLI_FOR_ALL);
    return SID_OK;
}
