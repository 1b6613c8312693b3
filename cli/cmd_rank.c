/* cmd_rank.c: semid rank: rankers that differ in nothing but how items are described (compare), and one by a feature file (train,
 * eval). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <semid_rank.h>

#include "inputs.h"
#include "output.h"
#include "rank_print.h"
#include "rank_train.h"
#include "verbs.h"

typedef struct rank_input {
    sid_impressions *impressions;
    sid_catalog *catalog;
    sid_items *items;
    sid_vectors *vectors;
} rank_input;

static void drop_input(rank_input *input)
{
    sid_impressions_free(input->impressions);
    sid_catalog_close(input->catalog);
    sid_vectors_free(input->vectors);
    sid_items_free(input->items);
}

/* "a,b" to words; kept as long as the app. */
static int split_list(cli_app *app, const char *list, const char **word, int most)
{
    int count = 0;
    for (char *at = list ? cli_keep(app, "%s", list) : NULL; at && *at && count < most;) {
        char *end = strchr(at, ',');
        word[count++] = at;
        if (!end)
            break;
        *end = 0;
        at = end + 1;
    }
    return count;
}

static sid_status read_impressions(cli_app *app, rank_input *input)
{
    const char *path = cli_text(app, "impressions"), *dense[SID_DENSE_MAX + 1];
    sid_impressions_info info;
    sid_impressions_options options = {.label = cli_text(app, "label"),
                                       .positive = cli_text(app, "positive"),
                                       .dense = dense,
                                       .dense_count = split_list(app, cli_text(app, "dense"), dense, SID_DENSE_MAX + 1),
                                       .days = (int)cli_int(app, "days"),
                                       .sort = cli_flag(app, "sort"),
                                       .implicit = cli_text(app, "implicit"),
                                       .seed = app->seed};
    if (!path)
        return cli_fail(app, SID_EUSAGE,
                        "--impressions FILE is needed: user_id, item_id, label and a day or timestamp");
    CLI_TRY(cli_on_error_parse(app, &options.read));
    CLI_TRY(sid_impressions_read(app->ctx, path, &options, &input->impressions, &app->err));
    sid_impressions_get_info(input->impressions, &info);
    cli_note(app, "%s: %s of %s and %s in %s, %.2f %% clicked; the last day, %s, is the test", path,
             cli_count_text(app, info.count, "impression"), cli_count_text(app, info.users, "user"),
             cli_count_text(app, info.items, "item"), cli_count_text(app, info.days, "day"),
             100. * (double)info.clicks / (double)info.count, cli_count_text(app, info.last_day_count, "impression"));
    if (info.ignored > 0)
        cli_note(app,
                 "what was shown and ignored is drawn: n=%" PRId64 ", alpha=%g, seed %" PRIu64 "; AUC depends on them",
                 info.ignored, info.alpha, info.seed);
    return SID_OK;
}

static sid_status read_input(cli_app *app, rank_input *input)
{
    const char *catalog = cli_text(app, "catalog"), *items = cli_text(app, "items");
    CLI_TRY(read_impressions(app, input));
    if (catalog)
        CLI_TRY(sid_catalog_open(app->ctx, catalog, SID_OPEN_READ, &input->catalog, &app->err));
    if (items)
        CLI_TRY(cli_items_read(app, items, &input->items));
    return cli_text(app, "vectors") ? cli_vectors_read(app, input->items, &input->vectors) : SID_OK;
}

static double member(const json_t *of, const char *slice, const char *name)
{
    const json_t *value = json_object_get(json_object_get(of, slice), name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* The ceilings that semid synth impressions wrote. */
static sid_status read_truth(cli_app *app, const char *path, double best[], double content[])
{
    static const char *const slice[] = {
#define SLICE_NAME(name, text) text,
        SID_RANK_SLICE_LIST(SLICE_NAME)
#undef SLICE_NAME
    };
    json_error_t why;
    json_t *truth = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!truth)
        return cli_fail(app, SID_EDATA, "%s: %s", path, why.text);
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++) {
        best[s] = member(json_object_get(truth, "best"), slice[s], "auc");
        content[s] = member(json_object_get(truth, "content_only"), slice[s], "auc");
    }
    json_decref(truth);
    return isnan(best[0]) ? cli_fail(app, SID_EDATA,
                                     "%s: no \"best\" with an \"auc\" of \"all\"; truth.json of semid synth "
                                     "impressions is expected",
                                     path)
                          : SID_OK;
}

/* The standard error of an AUC (Hanley and McNeil 1982). */
static double auc_error(const sid_rank_score *s)
{
    double a = s->auc, clicks = (double)s->clicks, others = (double)(s->impressions - s->clicks);
    double variance = a * (1 - a) + (clicks - 1) * (a / (2 - a) - a * a) + (others - 1) * (2 * a * a / (1 + a) - a * a);
    return sqrt(variance / (clicks * others));
}

static void warn_of_leaks(cli_app *app, const sid_rank_comparison *c, const double best[])
{
    for (int i = 0; i < c->arm_count; i++)
        for (int s = 0; s < 2; s++) {
            const sid_rank_score *m = &c->arm[i].mean[s];
            if (m->auc > best[s] + auc_error(m))
                cli_note(app, "%s is above what any ranker can reach, %.4f%s: it has seen what it should not",
                         c->arm[i].name, best[s], s == SID_RANK_SLICE_NEW ? " of new items" : "");
        }
}

/* What is known of the world, read before the work begins. */
typedef struct ceilings {
    double best[SID_RANK_SLICE_COUNT], content[SID_RANK_SLICE_COUNT];
    bool are_known;
} ceilings;

static sid_status prepare(cli_app *app, ceilings *known)
{
    const char *page = cli_text(app, "html"), *truth = cli_text(app, "truth");
    if (page)
        CLI_TRY(cli_output_check(app, page));
    known->are_known = truth != NULL;
    return truth ? read_truth(app, truth, known->best, known->content) : SID_OK;
}

/* The page first: where it cannot be written, nothing is printed either. */
static sid_status show(cli_app *app, const sid_rank_comparison *c, int count, const ceilings *known)
{
    const char *page = cli_text(app, "html");
    const sid_rank_page_options options = {.best_auc = known->are_known ? known->best : NULL,
                                           .content_auc = known->are_known ? known->content : NULL};
    if (page)
        CLI_TRY(sid_rank_page(c, &options, page, NULL, &app->err));
    cli_rank_print(app, c, count);
    if (known->are_known) {
        cli_note(app, "the best possible AUC is %.4f (of new items %.4f), by content alone %.4f (%.4f)",
                 known->best[SID_RANK_SLICE_ALL], known->best[SID_RANK_SLICE_NEW], known->content[SID_RANK_SLICE_ALL],
                 known->content[SID_RANK_SLICE_NEW]);
        for (int i = 0; i < count; i++)
            warn_of_leaks(app, &c[i], known->best);
    }
    if (page)
        cli_note(app, "%s shows it in a browser", page);
    return SID_OK;
}

enum { SWEEP_MAX = 32 };

/* Comparisons of one sweep over rows. */
typedef struct sweep {
    int64_t rows[SWEEP_MAX];
    sid_rank_comparison of[SWEEP_MAX];
    int count, done;
} sweep;

/* "1000,8k,64k"; thousands, for rows are counted. */
static sid_status parse_rows(cli_app *app, sweep *out)
{
    const char *at = cli_text(app, "rows");
    while (at && *at && out->count < SWEEP_MAX) {
        char *end = NULL;
        double rows = strtod(at, &end);
        double unit = *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : 1;
        const char *behind = end + (unit > 1);
        if (end == at || !(rows * unit >= 0 && rows * unit <= 1e12) || (*behind && *behind != ','))
            break;
        out->rows[out->count++] = (int64_t)(rows * unit);
        at = behind + (*behind == ',');
    }
    if (at && *at)
        return cli_fail(app, SID_EUSAGE,
                        "--rows: a number of rows, or up to %d of them such as 1k,8k,64k, is expected at \"%s\"",
                        SWEEP_MAX, at);
    out->count += !out->count;
    return out->count > 1 && cli_text(app, "html")
               ? cli_fail(app, SID_EUSAGE, "--html draws one comparison; give one number of --rows")
               : SID_OK;
}

static sid_rank_compare_options options_of(cli_app *app, const rank_input *input)
{
    return (sid_rank_compare_options){.arms = cli_text(app, "arms"),
                                      .family = cli_text(app, "family"),
                                      .options = cli_text(app, "family-options"),
                                      .catalog = input->catalog,
                                      .vectors = input->vectors,
                                      .levels = (int)cli_int(app, "levels"),
                                      .codes = cli_text(app, "codes"),
                                      .seeds = (int)cli_int(app, "seeds"),
                                      .seed = app->seed,
                                      .dim = (int)cli_int(app, "dim"),
                                      .batch = (int)cli_int(app, "batch"),
                                      .history = (int)cli_int(app, "history-max"),
                                      .table_rate = cli_float(app, "table-rate"),
                                      .rate = cli_float(app, "rate"),
                                      .sid_in_target = strcmp(cli_text(app, "sid-in"), "target") == 0,
                                      .items = input->items,
                                      .tree = cli_text(app, "tree"),
                                      .twin = cli_text(app, "twin"),
                                      .bootstrap = cli_int(app, "bootstrap") ? (int)cli_int(app, "bootstrap") : -1};
}

static sid_status compare_all(cli_app *app, const rank_input *input, sweep *all)
{
    sid_rank_compare_options options = options_of(app, input);
    ceilings known = {.are_known = false};
    CLI_TRY(parse_rows(app, all));
    CLI_TRY(prepare(app, &known));
    for (int i = 0; i < all->count; i++) {
        sid_rank_comparison *c = &all->of[i];
        options.rows = all->rows[i];
        CLI_TRY(sid_rank_compare(app->ctx, input->impressions, &options, c, &app->err));
        all->done++;
        cli_note(app, "%s, %s each, %" PRId64 " rows for items in every arm; differences are to %s%s", c->family,
                 cli_count_text(app, c->seeds, "run"), c->rows, c->arm[0].name,
                 options.bootstrap < 0 ? "" : ", intervals of resampled users");
    }
    return show(app, all->of, all->count, &known);
}

static sid_status compare(cli_app *app, const rank_input *input)
{
    sweep all = {.count = 0};
    sid_status status = compare_all(app, input, &all);
    for (int i = 0; i < all.done; i++)
        sid_rank_comparison_drop(&all.of[i]);
    return status;
}

static sid_status run_compare(cli_app *app)
{
    rank_input input = {0};
    sid_status status = app->object_count > 1
                            ? cli_fail(app, SID_EUSAGE, "rank compare takes options alone, not \"%s\"", app->object[1])
                            : read_input(app, &input);
    if (status == SID_OK && !app->is_dry_run)
        status = compare(app, &input);
    drop_input(&input);
    return status;
}

static sid_status run(cli_app *app)
{
    static const char *const actions[] = {"train", "eval", "compare"};
    static sid_status (*const does[])(cli_app *) = {cli_rank_train, cli_rank_eval, run_compare};
    for (int i = 0; i < CLI_COUNT(actions); i++)
        if (strcmp(app->object[0], actions[i]) == 0)
            return does[i](app);
    const char *near = sid_closest(app->object[0], actions, CLI_COUNT(actions));
    return cli_fail(app, SID_EUSAGE, "rank takes train, eval or compare, not \"%s\"%s%s%s", app->object[0],
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

#define COUNT_OPTION(text, actions, usual, least, most, about)                                                         \
    {                                                                                                                  \
        .name = (text), .type = CLI_INT, .only = (actions), .value = "N", .default_text = (usual), .min = (least),     \
        .max = (most), .help = (about)                                                                                 \
    }
static const cli_option options[] = {
    {.name = "impressions",
     .type = CLI_TEXT,
     .value = "FILE",
     .help = "user_id, item_id, label, and day, split or timestamp"},
    {.name = "features",
     .type = CLI_TEXT,
     .only = "train",
     .value = "FILE",
     .help =
         "train: tables, features and family, as JSON; columns are named there. Not given: the family is named, and "
         "--catalog, --pieces, --dense, --dim, --history-max, --sid-in and --family-options say the rest"},
    CLI_OPTION_OUTPUT_OF("train", "train: the directory of the ranker, saved after each day"),
    {.name = "resume",
     .type = CLI_FLAG,
     .only = "train",
     .help = "train: go on with the ranker there; days it learned are passed by"},
    COUNT_OPTION("from-day", "train,eval", "0", -100000, 100000,
                 "train, eval: the first day of the file is 1, the last -1; 0: all"),
    COUNT_OPTION("to-day", "train,eval", "0", -100000, 100000, "train, eval: the last day that counts"),
    {.name = "label",
     .type = CLI_TEXT,
     .only = "train,compare",
     .value = "COLUMN",
     .default_text = "label",
     .help = "0 or 1: clicked"},
    {.name = "positive", .type = CLI_TEXT, .value = "TEST", .help = "in place of a label: rating>=4"},
    {.name = "dense",
     .type = CLI_TEXT,
     .only = "train,compare",
     .value = "LIST",
     .help = "numeric columns for the ranker: hour,position"},
    COUNT_OPTION("days", NULL, "0", 0, 100000, "equal chunks by time; 0: as the file says"),
    {.name = "implicit",
     .type = CLI_TEXT,
     .value = "LIST",
     .help = "rows are clicks alone: show n=4 others of that day with each, drawn by clicks^alpha (alpha=0.5)"},
    {.name = "sort", .type = CLI_FLAG, .help = "the rows by time; else the file must be in order"},
    CLI_OPTION_ON_ERROR,
    {.name = "catalog", .type = CLI_TEXT, .value = "DIR", .help = "whose SIDs; else they are made of --vectors"},
    {.name = "pieces",
     .type = CLI_TEXT,
     .only = "train",
     .value = "DIR",
     .help = "train: what cuts the SIDs of --catalog into rows"},
    CLI_OPTION_VECTORS,
    CLI_OPTION_IDS,
    CLI_OPTION_ITEMS("ids of the vectors, row by row"),
    {.name = "arms",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "LIST",
     .help = "not given: what there are data for; known: random-hash, double-hash, individual, individual-capped, "
             "dense, unigram, bigram, trigram, fourgram, "
             "all-bigrams, prefix-N, spm-unigram, spm-bpe, true-tree; ARM+id: beside a row of its own"},
    {.name = "sid-in",
     .type = CLI_CHOICE,
     .only = "train,compare",
     .choices = "both|target",
     .default_text = "both",
     .help = "target: what was clicked before is ids by hash"},
    {.name = "tree",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "COLUMN",
     .help = "of --items, 3-14-1: what the arm true-tree is of"},
    {.name = "twin",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "COLUMN",
     .help = "of --items: another id of the same item, for aar"},
    {.name = "family",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "NAME",
     .default_text = "dot",
     .help = "dot, lr, fm, deepfm, dlrm, dcnv2, din, two-tower, mmoe"},
    {.name = "family-options",
     .type = CLI_TEXT,
     .only = "train,compare",
     .value = "LIST",
     .help = "the family's own: cross=2,mlp=(128,64)"},
    {.name = "truth",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "FILE",
     .help = "truth.json of a synthetic world: its ceilings"},
    {.name = "html",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "FILE",
     .help = "write the comparison with its drawings as one page"},
    COUNT_OPTION("levels", "compare", "4", 1, SID_LEVELS_MAX, "of SIDs made here"),
    {.name = "codes",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "K",
     .default_text = "64",
     .help = "of each level of SIDs made here"},
    COUNT_OPTION("seeds", "compare", "3", 1, 100, "runs of each arm"),
    COUNT_OPTION("dim", "train,compare", "8", 1, 1024, "of an embedding; train: 16 where not given"),
    COUNT_OPTION("batch", "train,compare", "32", 1, 65536, "impressions a step; train: 512 where not given"),
    COUNT_OPTION("history-max", "train,compare", "30", 1, 1000, "last clicks of a user that count"),
    {.name = "rows",
     .type = CLI_TEXT,
     .only = "compare",
     .value = "LIST",
     .help = "for items in every arm, 8k; several, 1k,8k,64k, one after the other; not given: a third of the items "
             "seen in training"},
    {.name = "table-rate",
     .type = CLI_FLOAT,
     .only = "compare",
     .value = "X",
     .default_text = "0.05",
     .min = 1e-9,
     .max = 100,
     .help = "of Adagrad, for tables"},
    {.name = "rate",
     .type = CLI_FLOAT,
     .only = "train,compare",
     .value = "X",
     .default_text = "0.001",
     .min = 1e-9,
     .max = 100,
     .help = "of AdamW, for the rest"},
    COUNT_OPTION("bootstrap", "compare", "1000", 0, 100000, "resamples of users for intervals; 0: none"),
};
static const char *const examples[] = {
    "rank train dcnv2 --impressions impressions.tsv --catalog catalog --pieces pieces --to-day -2 -o ranker",
    "rank train --features features.json --impressions impressions.tsv --to-day -2 -o ranker   # all days but the last",
    "rank eval ranker --impressions impressions.tsv --from-day -1   # the last day, by slice",
    "rank train --impressions next.tsv -o ranker --resume   # goes on with later days",
    "rank compare --impressions world/impressions.tsv --vectors world/vectors.npy:world/vectors.ids.txt",
    "rank compare --impressions day.tsv --catalog catalog --arms random-hash,individual,prefix-3 --seeds 1",
    "rank compare --impressions ml-100k.inter --positive 'rating>=4' --days 10 --sort --arms random-hash,individual"};

const cli_command cli_rank = {
    .name = "rank",
    .summary =
        "click models: train and ask one, or compare ways to describe items in it (ids, content, pieces of SIDs)",
    .usage = "rank train|eval|compare [FAMILY|RANKER] --impressions FILE [--features FILE] [-o RANKER] [--arms LIST]",
    .about =
        "train: one pass over days in order, by a feature file, or a family and flags; each line is of before that day "
        "was learned. eval: by "
        "slice. "
        "compare: trains one ranker an arm on all days but the last, in order, one pass, and asks it the last day. "
        "Everything but how "
        "items are described is the same, the bytes for it too. auc: over the last day; new: on items first shown "
        "then; head, "
        "torso, tail: on items by their impressions in training; ne: normalised entropy, less is better. In "
        "parentheses "
        "the deviation over seeds, in brackets the 95 % interval of resampled users.",
    .object_min = 1,
    .object_max = 2,
    .objects = "what to do: train, eval or compare; train: a family; eval: the ranker",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
