/* cmd_label.c: semid label: what the items below each prefix have in common, in words. */
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "label_words.h"
#include "output.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "prefix"}, {.name = "items", .type = CLI_COLUMN_INT}, {.name = "words"}};

/* Whether a prefix is `above` or below it. */
static bool is_below(const char *prefix, const char *above)
{
    size_t length = above ? strlen(above) : 0;
    return length == 0 || (strncmp(prefix, above, length) == 0 && (!prefix[length] || prefix[length] == '-'));
}

static void print(cli_app *app, const sid_labels *labels, int depth)
{
    int64_t count = 0, shown = 0, most = cli_int(app, "k");
    const sid_label **row = cli_labels_by_size(labels, depth, &count);
    cli_table table;
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    for (int64_t i = 0; i < count && (most == 0 || shown < most); i++)
        if (is_below(row[i]->prefix, cli_text(app, "prefix"))) {
            cli_table_row(&table,
                          (cli_cell[]){{.text = row[i]->prefix}, {.integer = row[i]->items}, {.text = row[i]->words}});
            shown++;
        }
    cli_table_end(&table);
    if (shown == 0 && cli_is_given(app, "prefix"))
        cli_note(app, "no item has a SID that begins with %s", cli_text(app, "prefix"));
    free(row);
}

static sid_status label(cli_app *app, sid_catalog *catalog, const void *user)
{
    (void)user;
    sid_labels labels = {0};
    sid_catalog_info info;
    sid_catalog_get_info(catalog, &info);
    int depth = (int)cli_int(app, "depth");
    if (!cli_is_given(app, "depth") && depth > info.levels)
        depth = info.levels;
    const sid_label_options options = {.depth = depth,
                                       .category = cli_text(app, "category"),
                                       .category_separator = cli_text(app, "category-separator")};
    CLI_TRY(sid_catalog_labels(catalog, &options, &labels, &app->err));
    print(app, &labels, depth);
    sid_labels_drop(&labels);
    return SID_OK;
}

/* The prefix is read before the catalogue is. */
static sid_status run(cli_app *app)
{
    uint16_t codes[SID_LEVELS_MAX];
    int count = 0;
    const char *prefix = cli_text(app, "prefix");
    if (prefix)
        CLI_TRY(sid_parse(prefix, SID_LEVELS_MAX, codes, &count, &app->err));
    if (count > cli_int(app, "depth"))
        return cli_fail(app, SID_EUSAGE, "--prefix %s has %d codes, --depth is %d; give a depth of %d or more", prefix,
                        count, (int)cli_int(app, "depth"), count);
    return cli_with_catalog(app, label, NULL);
}

static const cli_option options[] = {
    {.name = "depth",
     .type = CLI_INT,
     .value = "N",
     .default_text = "2",
     .min = 1,
     .max = SID_LEVELS_MAX,
     .help = "label the prefixes of so many codes"},
    {.name = "prefix", .type = CLI_TEXT, .value = "SID", .help = "only what lies below this prefix, such as 12"},
    CLI_OPTION_K("the N largest; 0: all", "0", 0),
    CLI_OPTION_CATEGORY,
    CLI_OPTION_CATEGORY_SEPARATOR};
static const char *const examples[] = {"label catalog --depth 1 -k 20   # the largest branches of the tree",
                                       "label catalog --prefix 12",
                                       "label catalog --category categories --category-separator ' > '"};

const cli_command cli_label = {
    .name = "label",
    .summary = "say in words what the items of each prefix have in common",
    .usage = "label CATALOG [--depth N] [--prefix SID] [-k N] [--category COL]",
    .about =
        "Prints prefix, items and words, the largest prefix first: words and pairs of words that many of its items "
        "have and its siblings lack. With --category, a category that most of its items are of, and not most of "
        "its parent's, comes first. A prefix with no word of its own shows a title that is typical of it.",
    CLI_OF_CATALOG,
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
