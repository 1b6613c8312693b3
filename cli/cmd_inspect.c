/* cmd_inspect.c: semid inspect: the health report, for people as tables or as a page, for programs as JSON, for scripts as
 * a gate. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "gate.h"
#include "inputs.h"
#include "label_words.h"
#include "output.h"
#include "text.h"
#include "verbs.h"

/* A column of the level table: 80 columns hold them all. `figure`: its name in at_creation. */
typedef struct level_column {
    const char *title, *title_at_creation, *figure;
    cli_column_type type;
} level_column;

static const level_column level_columns[] = {{.title = "level", .type = CLI_COLUMN_INT},
                                             {.title = "codes", .type = CLI_COLUMN_INT},
                                             {.title = "dead", .type = CLI_COLUMN_INT},
                                             {.title = "perplexity", .type = CLI_COLUMN_FLOAT},
                                             {.title = "H|prefix", .type = CLI_COLUMN_FLOAT},
                                             {.title = "top", .type = CLI_COLUMN_FLOAT},
                                             {.title = "prefixes", .type = CLI_COLUMN_INT},
                                             {"rel MSE", "rel MSE*", "level.relative_mse", CLI_COLUMN_FLOAT},
                                             {"kNN lift", "kNN lift*", "level.knn_lift", CLI_COLUMN_FLOAT}};
static const cli_column check_column[] = {
    {.name = "check"}, {.name = "value", .type = CLI_COLUMN_FLOAT}, {.name = "verdict"}};
static const cli_column category_column[] = {{.name = "level", .type = CLI_COLUMN_INT},
                                             {.name = "purity", .type = CLI_COLUMN_FLOAT},
                                             {.name = "by chance", .type = CLI_COLUMN_FLOAT},
                                             {.name = "NMI", .type = CLI_COLUMN_FLOAT},
                                             {.name = "AMI", .type = CLI_COLUMN_FLOAT}};
static const cli_column label_column[] = {
    {.name = "prefix"}, {.name = "items", .type = CLI_COLUMN_INT}, {.name = "the largest hold"}};
/* What needs attention comes first. */
static const char *const verdict_order[] = {"broken", "look", "healthy", "n/a"};

/* Three digits are what an eye compares in a column. */
static double rounded(double value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.3g", value);
    return fabs(value) >= 1000 ? round(value) : strtod(text, NULL);
}

/* Whether a figure stems from the fit. */
static bool is_at_creation(const sid_report *report, const char *name)
{
    for (int i = 0; i < report->at_creation_count; i++)
        if (strcmp(report->at_creation[i], name) == 0)
            return true;
    return false;
}

/* "label      value unit", nothing for what was not computed. */
static void print_figure(const sid_report *report, const char *label, const char *name, double value,
                         const char *meaning)
{
    if (!isnan(value))
        (void)printf("%-14s %.4g%s %s\n", label, value, is_at_creation(report, name) ? "*" : "", meaning);
}

static void print_identity(const cli_app *app, const sid_report *report)
{
    char number[32];
    (void)printf("%-14s ", "catalogue");
    cli_print_escaped(stdout, app->object[0]);
    (void)printf("  (id %s, version %" PRId64 "%s%s)\n", report->id, report->version, report->parent ? ", parent " : "",
                 report->parent ? report->parent : "");
    (void)printf("%-14s %s, %d levels of up to %d codes, %d dimensions, collisions: %s\n", "made by", report->quantizer,
                 report->levels, report->codes, report->dim, report->collisions);
    (void)printf("%-14s %s", "items", cli_group(report->items, number));
    if (report->items_without_text)
        (void)printf(", %s without text", cli_group(report->items_without_text, number));
    if (report->duplicate_vectors)
        (void)printf(", %s%s equal to another", cli_group(report->duplicate_vectors, number),
                     is_at_creation(report, "duplicate_vectors") ? "*" : "");
    (void)putchar('\n');
}

static void print_figures(const sid_report *report)
{
    char number[32];
    (void)printf("%-14s %s, %.2f %% of items; %.2f %% of items share theirs\n", "distinct SIDs",
                 cli_group(report->unique_sids, number), 100 * report->unique_rate, 100 * report->colliding_items_rate);
    (void)printf("%-14s %s item%s", "largest bucket", cli_group(report->largest_bucket, number),
                 report->largest_bucket == 1 ? "" : "s");
    if (report->largest_bucket > 1)
        (void)printf(" (%s); an item sees %.3g in its own", report->largest_bucket_sid, report->bucket_seen);
    (void)putchar('\n');
    print_figure(report, "relative MSE", "relative_mse", report->relative_mse, "of the variance is lost (0 is best)");
    print_figure(report, "LCP ratio", "lcp_ratio", report->lcp_ratio,
                 "times longer common prefixes for true neighbours than at random");
}

static void print_levels(const cli_app *app, const sid_report *report)
{
    cli_table table;
    cli_column column[CLI_COUNT(level_columns)] = {0};
    for (int i = 0; i < CLI_COUNT(level_columns); i++) {
        const level_column *from = &level_columns[i];
        bool is_starred = from->figure && is_at_creation(report, from->figure);
        column[i] = (cli_column){.name = is_starred ? from->title_at_creation : from->title, .type = from->type};
    }
    (void)putchar('\n');
    cli_table_begin(&table, app, column, CLI_COUNT(column));
    for (int i = 0; i < report->levels; i++) {
        const sid_level_report *level = &report->level[i];
        cli_table_row(&table, (cli_cell[]){{.integer = level->index},
                                           {.integer = level->codes},
                                           {.integer = level->dead},
                                           {.number = rounded(level->perplexity)},
                                           {.number = rounded(level->entropy_given_prefix)},
                                           {.number = rounded(level->top_rate)},
                                           {.integer = level->prefixes},
                                           {.number = rounded(level->relative_mse)},
                                           {.number = rounded(level->knn_lift)}});
    }
    cli_table_end(&table);
}

static void print_checks(const cli_app *app, const sid_report *report)
{
    cli_table table;
    (void)putchar('\n');
    cli_table_begin(&table, app, check_column, CLI_COUNT(check_column));
    for (int v = 0; v < CLI_COUNT(verdict_order); v++) {
        for (int i = 0; i < report->check_count; i++) {
            const sid_check *check = &report->checks[i];
            if (strcmp(check->verdict, verdict_order[v]) == 0)
                cli_table_row(
                    &table,
                    (cli_cell[]){{.text = check->name}, {.number = rounded(check->value)}, {.text = check->verdict}});
        }
    }
    cli_table_end(&table);
}

static void print_next(cli_app *app, const sid_report *report)
{
    const char *names, *next;
    for (int at = 0, count = 0; (next = cli_advice_next(app, report, app->object[0], &at, &names)) != NULL; count++)
        (void)printf("%s  %s\n    %s\n", count ? "" : "\nnext steps:\n", names, next);
}

static void print_added(const sid_report *report)
{
    char number[32];
    if (report->added_items == 0)
        return;
    (void)printf("\nadded since the fit: %s items", cli_group(report->added_items, number));
    if (!isnan(report->added_residual_ratio))
        (void)printf(", residual %.3g times that of the fitted", report->added_residual_ratio);
    (void)printf("%s%s\n", report->added_advice ? "; " : "", report->added_advice ? report->added_advice : "");
}

static void print_categories(const cli_app *app, const sid_report *report)
{
    cli_table table;
    if (isnan(report->level[0].purity))
        return;
    (void)putchar('\n');
    cli_table_begin(&table, app, category_column, CLI_COUNT(category_column));
    for (int i = 0; i < report->levels; i++) {
        const sid_level_report *level = &report->level[i];
        cli_table_row(&table, (cli_cell[]){{.integer = level->index},
                                           {.number = rounded(level->purity)},
                                           {.number = rounded(level->purity_shuffled)},
                                           {.number = rounded(level->nmi)},
                                           {.number = rounded(level->ami)}});
    }
    cli_table_end(&table);
}

/* What the most crowded branches hold. */
static sid_status print_labels(cli_app *app, sid_catalog *catalog)
{
    enum { SHOWN = 5 };
    sid_labels labels = {0};
    cli_table table;
    int64_t count = 0;
    CLI_TRY(cli_labels_read(app, catalog, 1, &labels));
    const sid_label **row = cli_labels_by_size(&labels, 1, &count);
    if (count > 0 && *row[0]->words) {
        (void)putchar('\n');
        cli_table_begin(&table, app, label_column, CLI_COUNT(label_column));
        for (int64_t i = 0; i < count && i < SHOWN; i++)
            cli_table_row(&table,
                          (cli_cell[]){{.text = row[i]->prefix}, {.integer = row[i]->items}, {.text = row[i]->words}});
        cli_table_end(&table);
    }
    free(row);
    sid_labels_drop(&labels);
    return SID_OK;
}

static sid_status print_table(cli_app *app, sid_catalog *catalog, const sid_report *report)
{
    print_identity(app, report);
    print_figures(report);
    (void)printf("%-14s %s%s%s\n", "verdict", cli_color_begin(app, report->verdict), report->verdict,
                 cli_color_end(app, report->verdict));
    print_levels(app, report);
    print_categories(app, report);
    CLI_TRY(print_labels(app, catalog));
    print_checks(app, report);
    print_next(app, report);
    print_added(report);
    for (int i = 0; i < report->warning_count; i++)
        (void)printf("%snote: %s\n", i ? "" : "\n", report->warnings[i]);
    if (report->at_creation_count)
        (void)printf("\n* from the fit, not recomputed since\n");
    return SID_OK;
}

static sid_status print(cli_app *app, sid_catalog *catalog, const sid_report *report)
{
    char *text = NULL;
    sid_status status = SID_OK;
    CLI_TRY(sid_report_json(report, &text, &app->err));
    json_t *json = json_loads(text, 0, NULL);
    sid_text_free(text);
    if (!json)
        return cli_fail(app, SID_EINTERNAL, "the report is no valid JSON");
    if (app->format == CLI_FORMAT_TABLE)
        status = print_table(app, catalog, report);
    else
        cli_print_object(app, json_incref(json));
    if (status == SID_OK)
        status = cli_gates_apply(app, cli_setting_of(app, "fail-on"), json);
    json_decref(json);
    return status;
}

/* The page goes to a file, or with "-" to standard output in place of the report. */
static sid_status write_page(cli_app *app, sid_catalog *catalog, const char *path)
{
    const sid_page_options options = {.name = app->object[0],
                                      .category = cli_text(app, "category"),
                                      .category_separator = cli_text(app, "category-separator")};
    int64_t size = 0;
    if (app->is_dry_run) {
        cli_note(app, "would write a page to %s", path);
        return SID_OK;
    }
    CLI_TRY(sid_catalog_page(catalog, &options, path, &size, &app->err));
    if (strcmp(path, "-") != 0)
        cli_note(app, "wrote the page %s (%.1f MB); open it in a browser", path, (double)size / 1e6);
    return SID_OK;
}

static sid_status gate(cli_app *app, const sid_report *report)
{
    char *text = NULL;
    CLI_TRY(sid_report_json(report, &text, &app->err));
    json_t *json = json_loads(text, 0, NULL);
    sid_text_free(text);
    if (!json)
        return cli_fail(app, SID_EINTERNAL, "the report is no valid JSON");
    sid_status status = cli_gates_apply(app, cli_setting_of(app, "fail-on"), json);
    json_decref(json);
    return status;
}

static sid_status inspect(cli_app *app, sid_catalog *catalog, const void *user)
{
    const char *page = user;
    sid_report report = {0};
    const sid_report_options options = {.category = cli_text(app, "category"),
                                        .category_separator = cli_text(app, "category-separator")};
    sid_status status = sid_catalog_report_with(catalog, &options, &report, &app->err);
    if (status == SID_OK && page)
        status = write_page(app, catalog, page);
    if (status == SID_OK && page && !app->is_format_given)
        status = gate(app, &report);
    else if (status == SID_OK)
        status = print(app, catalog, &report);
    sid_report_drop(&report);
    return status;
}

static sid_status run(cli_app *app)
{
    const char *page = cli_text(app, "html");
    CLI_TRY(cli_gates_check(app, cli_setting_of(app, "fail-on")));
    if (page && strcmp(page, "-") == 0 && app->is_format_given)
        return cli_fail(app, SID_EUSAGE,
                        "--html - and --format both write to standard output; give --html a file, or "
                        "leave --format out");
    if (page)
        CLI_TRY(cli_output_check(app, page));
    return cli_with_catalog(app, inspect, page);
}

static const cli_option options[] = {{.name = "fail-on",
                                      .type = CLI_TEXT,
                                      .value = "GATE",
                                      .is_repeatable = true,
                                      .help = "exit 3 when this holds: 'unique_rate<0.7', 'level.1.perplexity<100', "
                                              "'verdict==broken'"},
                                     {.name = "html",
                                      .type = CLI_TEXT,
                                      .value = "FILE",
                                      .help = "write the report with its drawings as one page for a browser, at most "
                                              "5 MB; - is standard output. With --format the report is printed too"},
                                     CLI_OPTION_CATEGORY,
                                     CLI_OPTION_CATEGORY_SEPARATOR};
static const char *const examples[] = {"inspect catalog",
                                       "inspect catalog --html report.html   # the same to look at, in a browser",
                                       "inspect catalog --format json > report.json",
                                       "inspect catalog --category categories   # how far prefixes agree with it",
                                       "inspect catalog --fail-on 'unique_rate<0.7'   # a gate for scripts"};

const cli_command cli_inspect = {.name = "inspect",
                                 .summary = "report how healthy the SIDs of a catalogue are",
                                 .usage = "inspect CATALOG [--format table|json|tsv] [--html FILE] [--fail-on GATE] "
                                          "[--category COL]",
                                 .about =
                                     "Shows how many items share a SID, how well each level uses its codes, how much "
                                     "of the vectors is lost, and what "
                                     "to try where a figure is poor. tsv is one figure a line, named as in --fail-on.",
                                 CLI_OF_CATALOG,
                                 CLI_OPTIONS(options),
                                 CLI_EXAMPLES(examples),
                                 .run = run};
