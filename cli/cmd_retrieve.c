/* cmd_retrieve.c: semid retrieve: items below the prefixes that a history is of. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <semid_model.h>
#include <semid_rank.h>

#include "inputs.h"
#include "item_filter.h"
#include "output.h"
#include "retrieve_tower.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "user_id"}, {.name = "item_id"},
                                    {.name = "sid"},     {.name = "score", .type = CLI_COLUMN_FLOAT},
                                    {.name = "title"},   {.name = "prefix"}};
enum { COLUMN_COUNT = CLI_COUNT(column), SHOWN_PREFIXES = 5 };

typedef struct retrieving {
    sid_catalog *catalog;
    sid_impressions *impressions;
    sid_events *events;
    sid_retriever *retriever;
    cli_histories histories;
    cli_lines deny;
    cli_item_filter filter;
    cli_tower tower;
    cli_table table;
    int64_t prefixes, items; /* the budget; 0: as usual */
    bool is_many;
    int64_t given, unknown, unanswered;
} retrieving;

/* "10x100" */
static sid_status parse_budget(cli_app *app, retrieving *r)
{
    const char *text = cli_text(app, "budget");
    char *end = NULL;
    if (!text)
        return SID_OK;
    r->prefixes = strtoll(text, &end, 10);
    if (end != text && *end == 'x' && end[1] >= '0' && end[1] <= '9') {
        const char *items = end + 1;
        r->items = strtoll(items, &end, 10);
        if (*end == 0 && r->prefixes > 0 && r->items > 0)
            return SID_OK;
    }
    return cli_fail(app, SID_EUSAGE, "--budget is \"%s\"; prefixes x items of each are expected, as in 10x100", text);
}

static sid_status read_impressions(cli_app *app, retrieving *r)
{
    const sid_impressions_options options = {.sort = true};
    return sid_impressions_read(app->ctx, cli_text(app, "impressions"), &options, &r->impressions, &app->err);
}

/* ---- What it finds: --test ---------------------------------------------------------------------------------------------- */

static void print_report(cli_app *app, const sid_source_report *report)
{
    static const cli_column columns[] = {{.name = "source"},
                                         {.name = "recall", .type = CLI_COLUMN_FLOAT},
                                         {.name = "recall_new", .type = CLI_COLUMN_FLOAT},
                                         {.name = "share", .type = CLI_COLUMN_FLOAT},
                                         {.name = "age_days", .type = CLI_COLUMN_FLOAT}};
    cli_table table;
    cli_table_begin(&table, app, columns, CLI_COUNT(columns));
    for (int i = 0; i < report->count; i++) {
        const sid_source_score *row = &report->row[i];
        cli_table_row(&table, (cli_cell[]){{.text = row->source},
                                           {.number = row->recall},
                                           {.number = row->recall_new},
                                           {.number = row->share},
                                           {.number = row->age_days}});
    }
    cli_table_end(&table);
}

static bool is_test(const cli_app *app)
{
    return cli_flag(app, "test") || cli_flag(app, "test-probes");
}

static sid_status test_probes(cli_app *app, retrieving *r, const sid_retriever_options *options,
                              const sid_retrieve_request *like)
{
    sid_probe_report report = {0};
    CLI_TRY(sid_source_probes(app->ctx, r->catalog, r->impressions, options, like, &report, &app->err));
    cli_tower_print_probes(app, &report);
    sid_probe_report_drop(&report);
    return SID_OK;
}

static sid_status test_sources(cli_app *app, retrieving *r, const sid_retriever_options *options)
{
    sid_source_report report = {0};
    const sid_retrieve_request like = {.k = cli_int(app, "k"),
                                       .prefixes = r->prefixes,
                                       .items = r->items,
                                       .depth = (int)cli_int(app, "depth"),
                                       .gamma = cli_float(app, "gamma"),
                                       .seed = app->seed,
                                       .probe = r->tower.probe,
                                       .keep_history = cli_flag(app, "keep-history")};
    if (!r->impressions)
        return cli_fail(app, SID_EUSAGE, "--test needs --impressions FILE: its last day is what is asked");
    if (cli_flag(app, "test-probes"))
        return test_probes(app, r, options, &like);
    CLI_TRY(sid_source_test(app->ctx, r->catalog, r->impressions, options, &like, &report, &app->err));
    cli_note(app, "%s with %s on the last day, %s of items first shown then; %" PRId64 " candidates each",
             cli_count_text(app, report.users, "user"), cli_count_text(app, report.targets, "click"),
             cli_count_text(app, report.new_targets, "click"), like.k);
    print_report(app, &report);
    sid_source_report_drop(&report);
    return SID_OK;
}

/* ---- Made ---------------------------------------------------------------------------------------------------------------- */

static sid_status make_retriever(cli_app *app, retrieving *r)
{
    const char *half_life = cli_text(app, "half-life");
    sid_retriever_info info;
    sid_retriever_options options = {.quality = cli_text(app, "quality"), .birth = cli_text(app, "birth")};
    char *end = NULL;
    if (half_life)
        options.half_life_days = strcmp(half_life, "none") == 0 ? (double)INFINITY : strtod(half_life, &end);
    if (end && (*end || end == half_life || !(options.half_life_days > 0)))
        return cli_fail(app, SID_EUSAGE, "--half-life is \"%s\"; days above 0, or none, are expected", half_life);
    if (cli_text(app, "impressions") && cli_text(app, "events"))
        return cli_fail(app, SID_EUSAGE, "--impressions and --events both say what is good; give one");
    if (cli_text(app, "impressions"))
        CLI_TRY(read_impressions(app, r));
    if (cli_text(app, "events"))
        CLI_TRY(sid_events_read(app->ctx, cli_text(app, "events"), NULL, &r->events, &app->err));
    options.impressions = r->impressions;
    options.events = r->events;
    options.vectors = r->tower.towers ? &r->tower.vectors : NULL;
    if (is_test(app))
        return test_sources(app, r, &options);
    CLI_TRY(sid_retriever_create(r->catalog, &options, &r->retriever, &app->err));
    sid_retriever_get_info(r->retriever, &info);
    if (!half_life && isfinite(info.half_life_days))
        cli_note(app, "an item counts half after %.4g days; --half-life changes it", info.half_life_days);
    return SID_OK;
}

static sid_status open_all(cli_app *app, retrieving *r)
{
    const char *deny = cli_text(app, "deny");
    sid_catalog_info info;
    CLI_TRY(parse_budget(app, r));
    if (cli_text(app, "history"))
        CLI_TRY(cli_histories_read(app, cli_text(app, "history"), &r->histories));
    if (deny)
        CLI_TRY(cli_lines_read(app, deny, &r->deny));
    CLI_TRY(sid_catalog_open(app->ctx, app->object[0], SID_OPEN_READ, &r->catalog, &app->err));
    sid_catalog_get_info(r->catalog, &info);
    if (!info.ordered)
        cli_warn(app, "the levels of these SIDs do not build on each other: items of a prefix are not alike");
    CLI_TRY(cli_item_filter_read(app, r->catalog, true, &r->filter));
    CLI_TRY(cli_tower_open(app, r->catalog, &r->tower));
    return make_retriever(app, r);
}

static sid_retrieve_request request_of(const cli_app *app, const retrieving *r, const cli_history *history)
{
    return (sid_retrieve_request){.history = history->id,
                                  .history_count = history->count,
                                  .k = cli_int(app, "k"),
                                  .prefixes = r->prefixes,
                                  .items = r->items,
                                  .depth = (int)cli_int(app, "depth"),
                                  .gamma = cli_float(app, "gamma"),
                                  .seed = app->seed,
                                  .resolver = r->tower.probe > 0 ? NULL : cli_text(app, "resolver"),
                                  .query = r->tower.query,
                                  .probe = r->tower.probe,
                                  .keep_history = cli_flag(app, "keep-history"),
                                  .deny = (const char *const *)r->deny.line,
                                  .deny_count = r->deny.count,
                                  .allow = r->filter.allow,
                                  .allow_count = r->filter.allow_count,
                                  .within = r->filter.within,
                                  .within_count = r->filter.within_count};
}

static void print_answer(retrieving *r, const cli_history *history, const sid_retrieved *found)
{
    for (int64_t i = 0; i < found->count; i++) {
        const sid_retrieved_item *item = &found->row[i];
        const cli_cell cell[COLUMN_COUNT] = {{.text = history->user}, {.text = item->item_id},
                                             {.text = item->sid},     {.number = item->score},
                                             {.text = item->title},   {.text = found->prefix[item->prefix].prefix}};
        cli_table_row(&r->table, r->is_many ? cell : cell + 1);
    }
}

/* "12-153 (3), 7-9 (1)" */
static void say_prefixes(cli_app *app, const sid_retrieved *found, bool is_probed)
{
    const char *list = "";
    for (int64_t i = 0; i < found->prefix_count && i < SHOWN_PREFIXES; i++)
        list = cli_keep(app, "%s%s%s (%.3g)", list, i ? ", " : "", found->prefix[i].prefix, found->prefix[i].weight);
    if (found->prefix_count > 0)
        cli_note(app, is_probed ? "the best partitions are %s%s" : "the history is of %s%s", list,
                 found->prefix_count > SHOWN_PREFIXES ? " and others" : "");
}

static sid_status answer_one(cli_app *app, retrieving *r, const cli_history *history)
{
    sid_retrieved found = {0};
    CLI_TRY(cli_tower_ask(app, &r->tower, history));
    const sid_retrieve_request request = request_of(app, r, history);
    CLI_TRY(sid_retrieve(r->retriever, &request, &found, &app->err));
    print_answer(r, history, &found);
    if (!r->is_many)
        say_prefixes(app, &found, r->tower.probe > 0);
    r->given += history->count;
    r->unknown += found.unknown;
    r->unanswered += found.prefix_count == 0;
    sid_retrieved_drop(&found);
    return SID_OK;
}

static sid_status answer(cli_app *app, retrieving *r)
{
    sid_status status = SID_OK;
    cli_table_begin(&r->table, app, r->is_many ? column : column + 1, r->is_many ? COLUMN_COUNT : COLUMN_COUNT - 1);
    for (int64_t i = 0; status == SID_OK && i < r->histories.count; i++)
        status = answer_one(app, r, &r->histories.row[i]);
    cli_table_end(&r->table);
    if (r->unknown > 0)
        cli_warn(app, "the catalogue lacks %lld of the %lld items of the histor%s; they are passed by",
                 (long long)r->unknown, (long long)r->given, r->is_many ? "ies" : "y");
    if (r->unanswered > 0)
        cli_warn(app, "%lld of %lld histories hold no item of the catalogue; they get no answer",
                 (long long)r->unanswered, (long long)r->histories.count);
    return status;
}

static sid_status run(cli_app *app)
{
    const char *history = cli_text(app, "history");
    retrieving r = {.is_many = history && history[0] == '@'};
    if (!history && !is_test(app))
        return cli_fail(app, SID_EUSAGE, "retrieve needs a history: --history a,b,c (oldest first), or @FILE");
    sid_status status = open_all(app, &r);
    if (status == SID_OK && !is_test(app))
        status = answer(app, &r);
    sid_retriever_free(r.retriever);
    sid_events_free(r.events);
    sid_impressions_free(r.impressions);
    sid_catalog_close(r.catalog);
    cli_histories_drop(&r.histories);
    cli_lines_drop(&r.deny);
    cli_item_filter_drop(&r.filter);
    cli_tower_drop(&r.tower);
    return status;
}

static const cli_option options[] = {
    CLI_OPTIONS_ASKED("100", "how many in all"),
    {.name = "budget",
     .type = CLI_TEXT,
     .value = "NxM",
     .help = "N prefixes of the history, M items of each at most; not given: 10 prefixes, as many items as it takes"},
    {.name = "depth",
     .type = CLI_INT,
     .value = "N",
     .default_text = "0",
     .min = 0,
     .max = SID_LEVELS_MAX,
     .help = "codes of a prefix; one with too few items goes on with its parent's. 0: 2"},
    {.name = "resolver",
     .type = CLI_TEXT,
     .value = "NAME",
     .default_text = "score",
     .help = "which items of a prefix come first: score, fresh, random; with --tower, tower"},
    {.name = "tower",
     .type = CLI_TEXT,
     .value = "RANKER",
     .help = "a two-tower one of semid rank train: items by the product of the request's vector and theirs"},
    {.name = "probe",
     .type = CLI_TEXT,
     .value = "N",
     .help = "by --tower alone: the best -k items of the N prefixes (of --depth codes) nearest to the request; all: of "
             "all items"},
    {.name = "events",
     .type = CLI_TEXT,
     .value = "FILE",
     .help = "what is good: as many events as an item has; its first one is its birth"},
    {.name = "impressions",
     .type = CLI_TEXT,
     .value = "FILE",
     .help = "what is good: clicks by shows; the first show is an item's birth"},
    {.name = "quality",
     .type = CLI_TEXT,
     .value = "COLUMN",
     .help = "of the catalogue: a number above 0, in their place"},
    {.name = "birth", .type = CLI_TEXT, .value = "COLUMN", .help = "of the catalogue: days since 1970, in their place"},
    {.name = "half-life",
     .type = CLI_TEXT,
     .value = "DAYS",
     .help = "after which an item counts half; none: age does not matter; not given: a quarter of the time that births "
             "span"},
    {.name = "gamma",
     .type = CLI_FLOAT,
     .value = "X",
     .default_text = "0",
     .min = 0,
     .max = 100,
     .help = "draw prefixes in proportion to weight^X, by --seed; 0: the heaviest"},
    {.name = "test",
     .type = CLI_FLAG,
     .help = "what each source finds of the clicks of the last day of --impressions, knowing the days before"},
    {.name = "test-probes",
     .type = CLI_FLAG,
     .help = "how many of the exact best by --tower lie in 1, 2, 4, .. prefixes, and how long that takes, asked as "
             "--test asks"},
    CLI_OPTIONS_REFUSED,
    CLI_OPTIONS_ITEM_FILTER};
static const char *const examples[] = {
    "retrieve catalog --history B01,B07 -k 20 --events events.tsv",
    "retrieve catalog --history B01,B07 --budget 5x20 --depth 3   # few prefixes, deep",
    "retrieve catalog --history B01 --resolver fresh --within 12",
    "retrieve catalog --history @users.jsonl --impressions days.tsv --format jsonl   # many at once",
    "retrieve catalog --history @users.tsv --tower ranker --probe 16   # by a two-tower model"};

const cli_command cli_retrieve = {
    .name = "retrieve",
    .summary = "items below the prefixes of a history, for a ranker",
    .usage =
        "retrieve CATALOG --history a,b,c [-k N] [--budget NxM] [--events FILE | --impressions FILE]\n"
        "retrieve CATALOG --history a,b,c --tower RANKER --probe N|all [-k N] [--depth N]\n"
        "retrieve CATALOG --impressions FILE --test|--test-probes [-k N] [--budget NxM] [--depth N] [--tower RANKER]\n"
        "retrieve CATALOG --history @FILE [--resolver score|fresh|random|tower] [--within P,...] [--where "
        "COLUMN=VALUE]",
    .about = "Counts the prefixes of what was seen, takes the heaviest, and gives one item of each in turn: the best "
             "by quality and "
             "age, but none that was seen. Nothing is learned but by --tower. Prints item_id, sid, score, title and "
             "the prefix by "
             "which an item "
             "came; with @FILE user_id before them, a line of which is a,b,c, or a user, a tab and a,b,c, or JSON as "
             "of semid "
             "recommend. score: quality, halved with each half-life of age.",
    .object_min = 1,
    .object_max = 1,
    .objects = "a catalogue",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
