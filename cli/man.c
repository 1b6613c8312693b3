/* man.c: manual pages from the tables of verbs, options and families, in the roff that man-db and mandoc both read.
 *
 *     semid help --man          semid(1)
 *     semid help --man fit      semid-fit(1)
 *
 * The build prints each page once, cmake/install.cmake says where they go. The date in a page's foot is
 * SOURCE_DATE_EPOCH, or today, so that a package built twice is the same twice.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "args.h"
#include "help.h"

enum { SOURCE_WIDTH = 62 }; /* of a page's lines, before dashes become two characters */

/* ---- Roff -------------------------------------------------------------------------------------------------------- */

/* One character so that it prints as itself; roff has signs of its own for some. */
static void put_char(char c)
{
    static const struct {
        char c;
        const char *roff;
    } escape[] = {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {'`', "\\(ga"}};
    for (int i = 0; i < CLI_COUNT(escape); i++)
        if (escape[i].c == c) {
            (void)fputs(escape[i].roff, stdout);
            return;
        }
    (void)putchar(c);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether text[at], a space, ends a line of the page's source: each sentence has a line, and no line is long. */
static bool is_break(const char *text, size_t at, size_t column)
{
    bool is_sentence_end = at > 0 && text[at - 1] == '.' && text[at + 1] >= 'A' && text[at + 1] <= 'Z';
    return is_sentence_end || column + 1 + strcspn(text + at + 1, " ") > SOURCE_WIDTH;
}

/* `length` bytes as running text. A dash between letters is a hyphen, where a line may break; any other is for typing. */
static void put_text(const char *text, size_t length)
{
    size_t column = 0;
    for (size_t i = 0; i < length && text[i]; i++, column++)
        if (text[i] == ' ' && is_break(text, i, column)) {
            (void)putchar('\n');
            column = (size_t)-1;
        } else if (text[i] == '-' && i > 0 && is_letter(text[i - 1]) && is_letter(text[i + 1])) {
            (void)putchar('-');
        } else {
            if (column == 0 && strchr(".'", text[i])) /* at the start of a line it would be a request */
                (void)fputs("\\&", stdout);
            put_char(text[i]);
        }
}

/* `length` bytes as they are typed. */
static void put_literal(const char *text, size_t length)
{
    for (size_t i = 0; i < length && text[i]; i++)
        put_char(text[i]);
}

static void put_line(const char *text)
{
    put_text(text, strlen(text));
    (void)putchar('\n');
}

/* A summary of the table, which begins with a small letter and has no stop. */
static void put_sentence(const char *text)
{
    put_char(*text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text);
    put_text(text + 1, strlen(text + 1));
    (void)printf(".\n");
}

static void put_title(const char *name)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = epoch ? (time_t)strtoimax(epoch, NULL, 10) : time(NULL);
    struct tm utc = {0};
    char date[16] = "1970-01-01";
    if (gmtime_r(&now, &utc))
        (void)strftime(date, sizeof date, "%Y-%m-%d", &utc);
    (void)printf(".\\\" Printed by `semid help --man` from the program's tables.\n.TH ");
    for (const char *c = name; *c; c++)
        put_char(*c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    (void)printf(" 1 %s \"semid %s\" \"semid manual\"\n.nh\n.ad l\n", date, sid_version());
}

/* ---- Sections ---------------------------------------------------------------------------------------------------- */

/* A word of the table's usage lines in bold when it is typed as it stands, in italics when it stands for something. */
static void put_usage_word(const char *word, size_t length)
{
    size_t start = strspn(word, "[");
    bool is_placeholder = start < length && word[start] >= 'A' && word[start] <= 'Z';
    (void)fputs(is_placeholder ? "\\fI" : "\\fB", stdout);
    put_literal(word, length);
    (void)fputs("\\fR", stdout);
}

static void put_usage(const char *usage)
{
    (void)printf(".SH SYNOPSIS\n.nf\n");
    while (*usage) {
        size_t end = strcspn(usage, "\n");
        (void)fputs("\\fBsemid\\fR", stdout);
        for (size_t at = 0; at < end;) {
            size_t length = strcspn(usage + at, " \n");
            (void)putchar(' ');
            put_usage_word(usage + at, length);
            at += length + (usage[at + length] == ' ');
        }
        (void)putchar('\n');
        usage += end + (usage[end] == '\n');
    }
    (void)printf(".fi\n");
}

static void put_option(const cli_option *option)
{
    char range[256];
    (void)printf(".TP\n\\fB");
    if (option->letter)
        (void)printf("\\-%c\\fR, \\fB", option->letter);
    (void)printf("\\-\\-");
    put_literal(option->name, strlen(option->name));
    (void)printf("\\fR");
    if (option->type != CLI_FLAG) {
        (void)printf(" \\fI");
        put_literal(option->value ? option->value : "VALUE", 64);
        (void)printf("\\fR");
    }
    (void)putchar('\n');
    put_text(option->help, strlen(option->help));
    cli_help_range(option, range, sizeof range);
    if (*range) {
        (void)printf("\n(");
        put_text(range, strlen(range));
        (void)putchar(')');
    }
    (void)printf("%s\n", option->is_repeatable ? "; may be repeated." : ".");
}

/* The options of one reader, below a heading that is printed when there is one at all. */
static void put_options(const cli_app *app, const char *macro, const char *title, cli_option_reader reader)
{
    bool is_first = true;
    for (int i = 0; i < app->option_count; i++) {
        if (app->option[i].reader != reader)
            continue;
        if (is_first)
            (void)printf("%s %s\n", macro, title);
        is_first = false;
        put_option(&app->option[i]);
    }
}

/* Each family's options below a heading of their own. */
static sid_status put_families(cli_app *app, const cli_command *command, cli_kind kind)
{
    for (int i = 0; i < cli_family_kinds[kind].count(); i++) {
        const sid_family *family = cli_family_kinds[kind].at(i);
        const char *names[CLI_KIND_COUNT] = {NULL};
        cli_app one = {0};
        names[kind] = family->name;
        sid_status status = cli_options_build(&one, command, names);
        (void)printf(".SS The %s %s\n", cli_family_kinds[kind].noun, family->name);
        put_text(family->summary, strlen(family->summary));
        (void)printf(".\n");
        if (family->paper && *family->paper) {
            (void)printf("Paper: ");
            put_text(family->paper, strlen(family->paper));
            (void)printf(".\n");
        }
        for (int j = 0; status == SID_OK && j < one.option_count; j++)
            if (one.option[j].reader == cli_family_kinds[kind].reader)
                put_option(&one.option[j]);
        app->err = one.err;
        cli_app_drop(&one);
        CLI_TRY(status);
    }
    return SID_OK;
}

/* A name and what it means, in a list. */
typedef struct term {
    const char *name, *text;
} term;

static void put_terms(const char *macro, const term *terms, int count)
{
    for (int i = 0; i < count; i++) {
        (void)printf(".TP\n%s %s\n", macro, terms[i].name);
        put_text(terms[i].text, strlen(terms[i].text));
        (void)printf(".\n");
    }
}

static void put_exit_status(void)
{
    static const term codes[] = {
        {"0", "all went well"},
        {"1", "the machine: input or output, a full disk, memory, a lock held by another process"},
        {"2", "the command line is wrong, or the output exists"},
        {"3", "the data is wrong: malformed input, an unknown item, a damaged file, a failed check"},
        {"4", "interrupted, with a checkpoint to resume from"}};
    (void)printf(".SH EXIT STATUS\n");
    put_terms(".B", codes, CLI_COUNT(codes));
    (void)printf(".PP\nA command that fails leaves its outputs as they were.\n");
}

static void put_environment(const cli_app *app)
{
    (void)printf(".SH ENVIRONMENT\n");
    for (int i = 0; i < app->option_count; i++)
        if (app->option[i].env) {
            (void)printf(".TP\n.B %s\nstands for \\fB\\-\\-", app->option[i].env);
            put_literal(app->option[i].name, strlen(app->option[i].name));
            (void)printf("\\fR, which wins over it.\n");
        }
    (void)printf(".TP\n.B SEMID_ISA\nforces a kernel path of the CPU; results never depend on it.\n"
                 "\\fBsemid doctor\\fR names them.\n"
                 ".TP\n.B NO_COLOR\nwhen set to anything, nothing is printed in colour.\n");
}

/* Comments of the table's examples ("command   # why") are set before the command. */
static void put_example(const char *example, bool is_first)
{
    const char *why = strstr(example, " # ");
    size_t length = why ? (size_t)(why - example) : strlen(example);
    while (length > 0 && example[length - 1] == ' ')
        length--;
    if (!is_first)
        (void)printf(".PP\n");
    if (why) {
        put_text(why + 3, strlen(why + 3));
        (void)printf(":\n.PP\n");
    }
    (void)printf(".RS 4\n.nf\nsemid ");
    put_literal(example, length);
    (void)printf("\n.fi\n.RE\n");
}

static void put_examples(const char *const *examples, int count)
{
    (void)printf(".SH EXAMPLES\n");
    for (int i = 0; i < count; i++)
        put_example(examples[i], i == 0);
}

/* All other pages: `but` is the one that this is. */
static void put_see_also(const cli_command *but)
{
    (void)printf(".SH SEE ALSO\n");
    if (but)
        (void)printf(".BR semid (1),\n");
    int last = cli_command_count - 1;
    if (last >= 0 && cli_command_table[last] == but)
        last--;
    for (int i = 0; i <= last; i++)
        if (cli_command_table[i] != but)
            (void)printf(".BR semid\\-%s (1)%s\n", cli_command_table[i]->name, i < last ? "," : "");
}

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

static void put_files(void)
{
    static const term files[] = {
        {"CATALOG/manifest.json", "how it was made, with size and SHA-256 of each file that never changes"},
        {"CATALOG/quantizer.safetensors", "the codebooks"},
        {"CATALOG/encoder.safetensors", "the text encoder, where one was used"},
        {"CATALOG/vectors.npy", "the vectors of the fit, unless they were dropped"},
        {"CATALOG/items.db", "the items and their SIDs, an SQLite database"},
        {"CATALOG/index.bin", "the prefix index; made again from items.db when it is missing, old or damaged"},
        {"CATALOG/metrics.json", "the health report of the fit"}};
    (void)printf(".SH FILES\nA catalogue is a folder:\n");
    put_terms(".I", files, CLI_COUNT(files));
    (void)printf(".PP\n");
    put_line("ITEMS is tab-separated text (.tsv) with a header and the column item_id first, without quoting; or .csv, "
             ".jsonl, or a RecBole .item file. Vectors are .npy, .npz or .safetensors:tensor, a row an item.");
}

static void put_verbs(void)
{
    (void)printf(".SH VERBS\n");
    for (int i = 0; i < cli_command_count; i++) {
        (void)printf(".TP\n.BR semid\\-%s (1)\n", cli_command_table[i]->name);
        put_sentence(cli_command_table[i]->summary);
    }
}

static sid_status man_program(cli_app *app)
{
    static const char *const examples[] = {
        "fit items.tsv -o catalog # Items with text become a catalogue of SIDs",
        "inspect catalog # How good the SIDs are, level by level",
        "neighbors catalog --item ID -k 10 # What stands near an item",
        "encode catalog new.tsv --add # New items get SIDs; the SIDs of others never move",
        "export catalog --as tsv -o sids.tsv # For a model"};
    put_title("semid");
    (void)printf(".SH NAME\nsemid \\- semantic IDs for items, kept in a catalogue\n");
    put_usage("VERB [OBJECT] [OPTIONS]\nhelp [VERB]");
    (void)printf(".SH DESCRIPTION\n");
    put_line(
        "A semantic ID (SID) is a tuple of codes such as 12-153-87, coarse to fine, learned from what an item is: its "
        "text, or a vector of any encoder. Items that are alike share a beginning. Recommenders use SIDs as features, "
        "as buckets to retrieve from, and as the words that a model generates.");
    (void)printf(".PP\n");
    put_line("The program semid makes SIDs, keeps them with their items in a folder, the catalogue, and tells how good "
             "they are. The same data, options and seed give the same SIDs on every machine.");
    (void)printf(".PP\n");
    put_line("Data goes to standard output, everything else to standard error. A single - stands for standard input or "
             "output where a file is expected.");
    put_verbs();
    put_options(app, ".SH",
                "OPTIONS\nEvery verb takes these.\nFlags win over the environment, that over the configuration.",
                CLI_FOR_ALL);
    put_exit_status();
    put_environment(app);
    put_files();
    put_examples(examples, CLI_COUNT(examples));
    put_see_also(NULL);
    return SID_OK;
}

static sid_status man_verb(cli_app *app, const cli_command *command)
{
    char *name = cli_keep(app, "semid-%s", command->name);
    put_title(name);
    (void)printf(".SH NAME\n");
    put_literal(name, strlen(name));
    (void)printf(" \\- ");
    put_line(command->summary);
    put_usage(command->usage);
    (void)printf(".SH DESCRIPTION\n");
    put_sentence(command->summary);
    if (command->about) {
        (void)printf(".PP\n");
        put_line(command->about);
    }
    (void)printf(".SH OPTIONS\n");
    put_options(app, ".SS", "Of this verb", CLI_FOR_VERB);
    for (int i = 0; i < CLI_KIND_COUNT; i++)
        if (cli_takes_kind(command, (cli_kind)i))
            CLI_TRY(put_families(app, command, (cli_kind)i));
    put_options(app, ".SS", "Of every verb", CLI_FOR_ALL);
    put_exit_status();
    put_environment(app);
    (void)printf(".SH FILES\nThe files of a catalogue, of items and of vectors are described in\n.BR semid (1).\n");
    put_examples(command->examples, command->example_count);
    put_see_also(command);
    return SID_OK;
}

sid_status cli_help_man(cli_app *app, const cli_command *command)
{
    static const cli_command no_verb = {0};
    cli_app page = {0};
    sid_status status = cli_options_build(&page, command ? command : &no_verb, NULL);
    if (status == SID_OK)
        status = command ? man_verb(&page, command) : man_program(&page);
    app->err = page.err;
    cli_app_drop(&page);
    return status;
}
