/* cmd_eval.c: semid eval: how good models are, beside what needs no training. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "eval_print.h"
#include "events_input.h"
#include "inputs.h"
#include "output.h"
#include "search_input.h"
#include "verbs.h"

enum { MODELS_MAX = 48 };

typedef struct asked {
    sid_model *model[MODELS_MAX]; /* (count) */
    int count;
} asked;

/* "1,5,10" */
static sid_status parse_cutoffs(cli_app *app, sid_eval_options *options)
{
    const char *text = cli_text(app, "k");
    int count = 0;
    for (const char *at = text;; count++) {
        char *end = NULL;
        long k = strtol(at, &end, 10);
        if (end == at || (*end && *end != ',') || k < 1 || k > SID_K_MAX || count == SID_CUTOFFS_MAX ||
            (count > 0 && k <= options->k[count - 1]))
            return cli_fail(app, SID_EUSAGE,
                            "-k is \"%s\"; at most %d rising numbers from 1 to %d are expected, such as 5,10", text,
                            SID_CUTOFFS_MAX, SID_K_MAX);
        options->k[count] = (int)k;
        if (!*end)
            return SID_OK;
        at = end + 1;
    }
}

/* A way to write the table, in a pipe too. */
static sid_status check_markdown(cli_app *app)
{
    if (!cli_flag(app, "markdown"))
        return SID_OK;
    if (app->is_format_given && app->format != CLI_FORMAT_TABLE)
        return cli_fail(app, SID_EUSAGE, "--markdown is a form of the table; leave out --format %s",
                        cli_text(app, "format"));
    app->format = CLI_FORMAT_TABLE;
    return SID_OK;
}

/* --search WORD, or the word as a flag; twice is fine where both say the same. */
static sid_status parse_search(cli_app *app, sid_search_options *search)
{
    const char *word = cli_text(app, "search"), *flag = search->search;
    if (cli_flag(app, "oracle"))
        flag = "oracle";
    bool has_flag = cli_flag(app, "exact") || cli_flag(app, "oracle");
    if ((cli_flag(app, "exact") && cli_flag(app, "oracle")) ||
        (has_flag && cli_is_given(app, "search") && strcmp(word, flag) != 0))
        return cli_fail(app, SID_EUSAGE, "one search is expected: --exact, --oracle, or --search %s alone", word);
    search->search = has_flag ? flag : word;
    return SID_OK;
}

static bool is_family(const char *name)
{
    for (int i = 0; i < sid_model_family_count(); i++)
        if (strcmp(sid_model_family(i)->name, name) == 0)
            return true;
    return false;
}

/* Words that name no family are directories; what --against names comes behind them. */
static sid_status open_models(cli_app *app, asked *a)
{
    const char *against = cli_text(app, "against");
    for (int i = 0; i < app->object_count; i++) {
        if (is_family(app->object[i]) && access(app->object[i], F_OK) != 0)
            continue;
        CLI_TRY(sid_model_open(app->ctx, app->object[i], &a->model[a->count], &app->err));
        a->count++;
    }
    if (!against)
        return SID_OK;
    if (app->object_count == MODELS_MAX)
        return cli_fail(app, SID_EUSAGE, "--against %s is one model too many; %d are the most", against, MODELS_MAX);
    CLI_TRY(sid_model_open(app->ctx, against, &a->model[a->count], &app->err));
    a->count++;
    return SID_OK;
}

static sid_status train_family(cli_app *app, const char *family, uint64_t seed, const cli_events_input *input, asked *a)
{
    const sid_train_options options = {.family = family,
                                       .options = cli_family_options(app, CLI_FOR_MODEL),
                                       .seed = seed,
                                       .split = cli_split_options(app),
                                       .vectors = input->vectors,
                                       .catalog = input->catalog};
    if (a->count == MODELS_MAX)
        return cli_fail(app, SID_EUSAGE, "%d models at most can be compared; fewer families or --seeds are expected",
                        MODELS_MAX);
    CLI_TRY(sid_model_train(app->ctx, &options, input->events, NULL, &a->model[a->count], &app->err));
    a->count++;
    return SID_OK;
}

static sid_status train_families(cli_app *app, const cli_events_input *input, asked *a)
{
    uint64_t first = app->seed ? app->seed : 42;
    for (int i = 0; i < app->object_count; i++) {
        if (!is_family(app->object[i]) || access(app->object[i], F_OK) == 0)
            continue;
        for (uint64_t s = 0; s < (uint64_t)cli_int(app, "seeds"); s++)
            CLI_TRY(train_family(app, app->object[i], first + s, input, a));
    }
    return SID_OK;
}

/* The bar that papers are held to is in the table, or it is said that it is not. */
static void say_sasrec(cli_app *app, const sid_evaluation *e)
{
    for (int r = 0; r < e->row_count; r++)
        if (strcmp(e->row[r].family, "sasrec") == 0)
            return;
    cli_note(app, "sasrec: not trained; run semid train sasrec --events %s -o sasrec, then eval with --against sasrec",
             cli_keep_word(app, cli_text(app, "events")));
}

static sid_status evaluate(cli_app *app, const cli_events_input *input, const sid_eval_options *options, const asked *a)
{
    const sid_model *model[MODELS_MAX];
    sid_evaluation evaluation = {0};
    for (int i = 0; i < a->count; i++)
        model[i] = a->model[i];
    CLI_TRY(sid_evaluate(app->ctx, input->events, options, model, a->count, &evaluation, &app->err));
    cli_eval_print(app, &evaluation,
                   &(cli_eval_words){.dataset = cli_text(app, "events"),
                                     .split = cli_text(app, "split"),
                                     .ties = cli_text(app, "ties"),
                                     .search = &options->search,
                                     .is_markdown = cli_flag(app, "markdown")});
    if (!options->no_baselines)
        say_sasrec(app, &evaluation);
    sid_evaluation_drop(&evaluation);
    return SID_OK;
}

static sid_status run_all(cli_app *app, sid_eval_options *options, cli_events_input *input, asked *a)
{
    CLI_TRY(open_models(app, a));
    CLI_TRY(cli_events_read(app, a->count > 0 ? a->model[0] : NULL, input));
    int opened = a->count;
    CLI_TRY(train_families(app, input, a));
    const char *unused = cli_family_options(app, CLI_FOR_MODEL);
    if (unused && a->count == opened)
        return cli_fail(app, SID_EUSAGE, "%s is for a family that is trained now; name one, such as semid eval itemknn",
                        unused);
    options->vectors = input->vectors;
    options->catalog = input->catalog;
    return evaluate(app, input, options, a);
}

static sid_status run(cli_app *app)
{
    asked a = {0};
    cli_events_input input = {0};
    sid_eval_options options = {.split = cli_split_options(app),
                                .keep_history = cli_flag(app, "keep-history"),
                                .bootstrap = (int)cli_int(app, "bootstrap"),
                                .seed = app->seed,
                                .no_baselines = cli_flag(app, "no-baselines"),
                                .part = cli_text(app, "part"),
                                .search = cli_search_options(app)};
    if (options.bootstrap == 0)
        options.bootstrap = -1;
    CLI_TRY(parse_cutoffs(app, &options));
    CLI_TRY(parse_search(app, &options.search));
    CLI_TRY(check_markdown(app));
    sid_status status = run_all(app, &options, &input, &a);
    for (int i = 0; i < a.count; i++)
        sid_model_close(a.model[i]);
    cli_events_drop(&input);
    return status;
}

static const cli_option options[] = {
    CLI_OPTIONS_EVENTS,
    {.name = "targets",
     .type = CLI_CHOICE,
     .choices = "first|all",
     .default_text = "first",
     .value = "WORD",
     .help = "of a split by time or column: the first event behind the history, or all"},
    {.name = "part",
     .type = CLI_CHOICE,
     .choices = "test|valid",
     .default_text = "test",
     .value = "WORD",
     .help = "which events are asked for; choose settings by valid, and ask the test once"},
    {.name = "k", .letter = 'k', .type = CLI_TEXT, .value = "LIST", .default_text = "5,10", .help = "cut-offs, rising"},
    {.name = "keep-history", .type = CLI_FLAG, .help = "rank items of the history too"},
    {.name = "bootstrap",
     .type = CLI_INT,
     .value = "N",
     .default_text = "1000",
     .min = 0,
     .max = 100000,
     .help = "resamples of users for intervals and paired differences; 0: none"},
    {.name = "against",
     .type = CLI_TEXT,
     .value = "MODEL",
     .help = "one more model to stand in the table, such as a trained sasrec"},
    {.name = "seeds",
     .type = CLI_INT,
     .value = "N",
     .default_text = "1",
     .min = 1,
     .max = MODELS_MAX,
     .help = "train each FAMILY so many times, by --seed, --seed + 1 and so on, and show the mean too"},
    {.name = "no-baselines", .type = CLI_FLAG, .help = "leave out pop, last and itemknn"},
    {.name = "markdown", .type = CLI_FLAG, .help = "the table as Markdown, to put into a document"},
    CLI_OPTIONS_SEARCH,
    {.name = "search",
     .type = CLI_CHOICE,
     .choices = "beam|exact|oracle",
     .default_text = "beam",
     .value = "WORD",
     .help = "of models that write SIDs: exact: as --exact; oracle: as --oracle"},
    {.name = "oracle",
     .type = CLI_FLAG,
     .help = "of models that write SIDs: every item is scored, which tells what the beam misses"}};
static const char *const examples[] = {
    "eval --events events.tsv   # pop, last, itemknn",
    "eval --events events.tsv --items items.tsv --vectors x.npy --format json",
    "eval model --events events.tsv --items items.tsv --vectors x.npy -k 1,10,50   # beside them",
    "eval --events events.tsv --split time=0.8,0.1   # cold items, as life has them",
    "eval itemknn --decay 0.8 --events events.tsv --part valid   # to choose a setting: the test is not touched",
    "eval itemknn --events events.tsv --cold-fraction 0.05   # a twentieth of the items do not train",
    "eval itemknn --forward 0 --decay 0.8 --events events.tsv --ties shuffle",
    "eval sasrec --seeds 3 --events events.tsv   # three trainings, their mean and how far they differ",
    "eval --events ml-100k.inter --core 5 --bootstrap 0"};

const cli_command cli_eval = {
    .name = "eval",
    .summary = "say how good models are, beside what needs no training",
    .usage = "eval [MODEL|FAMILY]... --events FILE [--against MODEL] [--split S] [--ties WORD] [-k LIST]",
    .about =
        "Each test user is asked for what came next; all items are ranked, none are sampled. Where items have equal "
        "scores, "
        "the value is the expected one over all their orders. MODEL is a directory of semid train; FAMILY is trained "
        "now. pop, last and itemknn stand in every table: what they reach needs no model.",
    .object_min = 0,
    .object_max = MODELS_MAX,
    .objects = "models",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .takes_model = true,
    .run = run};
