/* eval_print.c: see eval_print.h. */
#include "eval_print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

static const char *const metric_name[SID_METRIC_COUNT] = {
#define NAME(id, text) text,
    SID_METRIC_LIST(NAME)
#undef NAME
};

/* ---- JSON ---- */

static json_t *metrics_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row, bool is_interval)
{
    json_t *object = json_object();
    for (int m = 0; m < SID_METRIC_COUNT; m++)
        for (int k = 0; k < e->k_count; k++) {
            const sid_interval *value = &row->value[m][k];
            const char *name = cli_keep(app, "%s@%d", metric_name[m], e->k[k]);
            (void)json_object_set_new(
                object, name,
                is_interval ? json_pack("[o,o]", cli_json_number(value->low), cli_json_number(value->high))
                            : cli_json_number(value->mean));
        }
    return object;
}

static json_t *exposure_json(cli_app *app, const sid_evaluation *e, const double *value)
{
    json_t *object = json_object();
    for (int k = 0; k < e->k_count; k++)
        (void)json_object_set_new(object, cli_keep(app, "@%d", e->k[k]), cli_json_number(value[k]));
    return object;
}

static json_t *segments_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row)
{
    json_t *object = json_object();
    for (int s = 0; s < row->segment_count; s++) {
        json_t *metrics = json_object();
        for (int m = 0; m < SID_METRIC_COUNT; m++)
            for (int k = 0; k < e->k_count; k++)
                (void)json_object_set_new(metrics, cli_keep(app, "%s@%d", metric_name[m], e->k[k]),
                                          cli_json_number(row->segment[s].mean[m][k]));
        (void)json_object_set_new(
            object, row->segment[s].name,
            json_pack("{s:I,s:o}", "targets", (json_int_t)row->segment[s].targets, "metrics", metrics));
    }
    return object;
}

static void add_seeds_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row, json_t *object)
{
    json_t *deviation = json_object();
    for (int m = 0; m < SID_METRIC_COUNT; m++)
        for (int k = 0; k < e->k_count; k++)
            (void)json_object_set_new(deviation, cli_keep(app, "%s@%d", metric_name[m], e->k[k]),
                                      cli_json_number(row->seed_deviation[m][k]));
    (void)json_object_set_new(object, "seeds", json_integer(row->seeds));
    (void)json_object_set_new(object, "seed_deviation", deviation);
}

static json_t *row_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row)
{
    json_t *object = json_pack("{s:s,s:s,s:s,s:I,s:o}", "family", row->family, "options", row->options, "id", row->id,
                               "seed", (json_int_t)row->seed, "metrics", metrics_json(app, e, row, false));
    if (e->pair_count > 0 || !isnan(row->value[0][0].low))
        (void)json_object_set_new(object, "ci95", metrics_json(app, e, row, true));
    (void)json_object_set_new(object, "coverage", exposure_json(app, e, row->coverage));
    (void)json_object_set_new(object, "gini", exposure_json(app, e, row->gini));
    (void)json_object_set_new(object, "novelty", exposure_json(app, e, row->novelty));
    (void)json_object_set_new(object, "segments", segments_json(app, e, row));
    if (!isnan(row->invalid_rate)) {
        (void)json_object_set_new(object, "exact_rate", cli_json_number(row->exact_rate));
        (void)json_object_set_new(object, "invalid_rate", cli_json_number(row->invalid_rate));
    }
    if (row->seeds > 0)
        add_seeds_json(app, e, row, object);
    (void)json_object_set_new(object, "train_s", cli_json_number(row->train_s));
    (void)json_object_set_new(object, "eval_s", cli_json_number(row->eval_s));
    return object;
}

static json_t *pairs_json(cli_app *app, const sid_evaluation *e)
{
    json_t *list = json_array();
    for (int p = 0; p < e->pair_count; p++)
        for (int m = 0; m < SID_METRIC_COUNT; m++)
            for (int k = 0; k < e->k_count; k++) {
                const sid_interval *d = &e->pair[p].difference[m][k];
                (void)json_array_append_new(list,
                                            json_pack("{s:i,s:i,s:s,s:o,s:[o,o]}", "a", e->pair[p].a, "b", e->pair[p].b,
                                                      "metric", cli_keep(app, "%s@%d", metric_name[m], e->k[k]),
                                                      "difference", cli_json_number(d->mean), "ci95",
                                                      cli_json_number(d->low), cli_json_number(d->high)));
            }
    return list;
}

static json_t *split_json(const sid_split_info *info)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "train_events", (json_int_t)info->train_events,
                     "valid_events", (json_int_t)info->valid_events, "test_events", (json_int_t)info->test_events,
                     "test_targets", (json_int_t)info->test_targets, "users_without_history",
                     (json_int_t)info->users_without_history, "users_excluded", (json_int_t)info->users_excluded,
                     "cold_items", (json_int_t)info->cold_items, "cold_events", (json_int_t)info->cold_events,
                     "cold_targets", (json_int_t)info->cold_targets);
}

static void print_json(cli_app *app, const sid_evaluation *e, const cli_eval_words *words)
{
    json_t *models = json_array(), *baselines = json_array();
    for (int r = 0; r < e->row_count; r++)
        (void)json_array_append_new(e->row[r].is_baseline ? baselines : models, row_json(app, e, &e->row[r]));
    cli_print_object(app, json_pack("{s:i,s:s,s:s,s:s,s:s,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "format", 1, "dataset",
                                    words->dataset, "split", words->split, "ties", words->ties, "filter",
                                    e->keep_history ? "none" : "seen", "users", (json_int_t)e->users, "candidates",
                                    (json_int_t)e->candidates, "tied_events_rate",
                                    cli_json_number(e->split.tied_events_rate), "tied_targets_rate",
                                    cli_json_number(e->split.tied_targets_rate), "events", split_json(&e->split),
                                    "models", models, "baselines", baselines, "paired", pairs_json(app, e)));
}

/* ---- Rows ---- */

enum { COLUMNS_MAX = 64 };

typedef struct line {
    cli_column column[COLUMNS_MAX];
    cli_cell cell[COLUMNS_MAX];
    int count;
} line;

static void add_text(line *l, const char *name, const char *text)
{
    l->column[l->count] = (cli_column){.name = name};
    l->cell[l->count++] = (cli_cell){.text = text};
}

/* A table shows four digits. */
static void add_number(const cli_app *app, line *l, const char *name, double number)
{
    bool is_short = app->format == CLI_FORMAT_TABLE;
    l->column[l->count] = (cli_column){.name = name, .type = CLI_COLUMN_FLOAT};
    l->cell[l->count++] = (cli_cell){.number = is_short ? round(number * 1e4) / 1e4 : number};
}

static const sid_segment *segment_of(const sid_eval_row *row, const char *name)
{
    for (int s = 0; s < row->segment_count; s++)
        if (strcmp(row->segment[s].name, name) == 0)
            return &row->segment[s];
    return NULL;
}

static void add_setting(const cli_app *app, line *l, const sid_evaluation *e, const cli_eval_words *words)
{
    if (app->format == CLI_FORMAT_TABLE)
        return; /* said above the table */
    add_text(l, "dataset", words->dataset);
    add_text(l, "split", words->split);
    add_text(l, "ties", words->ties);
    add_text(l, "filter", e->keep_history ? "none" : "seen");
}

/* "gru4rec", "gru4rec x3" where it is a mean of seeds. */
static const char *name_of(cli_app *app, const sid_eval_row *row)
{
    return row->seeds > 0 ? cli_keep(app, "%s x%d", row->family, row->seeds) : row->family;
}

/* One that writes SIDs: the columns stand for all rows then. */
static bool has_generator(const sid_evaluation *e)
{
    for (int r = 0; r < e->row_count; r++)
        if (!isnan(e->row[r].invalid_rate))
            return true;
    return false;
}

static void fill_line(cli_app *app, line *l, const sid_evaluation *e, const sid_eval_row *row,
                      const cli_eval_words *words)
{
    static const char *const shown[] = {"cold", "head", "tail"};
    int last = e->k_count - 1;
    bool has_many = e->split.test_targets > e->users;
    l->count = 0;
    add_setting(app, l, e, words);
    add_text(l, "model", name_of(app, row));
    add_text(l, "options", row->options);
    if (app->format != CLI_FORMAT_TABLE)
        add_text(l, "seed", row->seeds > 0 ? "mean" : cli_keep(app, "%llu", (unsigned long long)row->seed));
    for (int k = 0; k < e->k_count; k++) {
        add_number(app, l, cli_keep(app, "R@%d", e->k[k]), row->value[SID_METRIC_RECALL][k].mean);
        if (has_many)
            add_number(app, l, cli_keep(app, "HR@%d", e->k[k]), row->value[SID_METRIC_HIT_RATE][k].mean);
        add_number(app, l, cli_keep(app, "N@%d", e->k[k]), row->value[SID_METRIC_NDCG][k].mean);
    }
    if (!isnan(row->value[SID_METRIC_NDCG][last].low)) {
        bool is_short = app->format == CLI_FORMAT_TABLE; /* it stands beside its N there */
        add_number(app, l, is_short ? "low" : cli_keep(app, "N@%d_low", e->k[last]),
                   row->value[SID_METRIC_NDCG][last].low);
        add_number(app, l, is_short ? "high" : cli_keep(app, "N@%d_high", e->k[last]),
                   row->value[SID_METRIC_NDCG][last].high);
    }
    add_number(app, l, cli_keep(app, "MRR@%d", e->k[last]), row->value[SID_METRIC_MRR][last].mean);
    add_number(app, l, "cov", row->coverage[last]);
    add_number(app, l, "gini", row->gini[last]);
    for (int s = 0; s < CLI_COUNT(shown); s++)
        add_number(app, l, shown[s], segment_of(row, shown[s])->mean[SID_METRIC_RECALL][last]);
    if (has_generator(e)) {
        add_number(app, l, "exact", row->exact_rate);
        add_number(app, l, "invalid_rate", row->invalid_rate);
    }
    if (app->format != CLI_FORMAT_TABLE)
        add_number(app, l, "minutes", (row->train_s + row->eval_s) / 60);
}

static void print_head(cli_app *app, const sid_evaluation *e, const cli_eval_words *words)
{
    const sid_split_info *s = &e->split;
    (void)printf("%s, split %s, ties %s: %s asked, all %s ranked, %s\n", words->dataset, words->split, words->ties,
                 cli_count_text(app, e->users, "user"), cli_count_text(app, e->candidates, "item"),
                 e->keep_history ? "those seen too" : "those seen left out");
    (void)printf(
        "%s train; %s without one, %.1f %% of the targets are of them; %.0f %% of the targets tie with the event "
        "before\n",
        cli_count_text(app, s->train_events, "event"), cli_count_text(app, s->cold_items, "item"),
        100 * (double)s->cold_targets / (double)s->test_targets, 100 * s->tied_targets_rate);
    if (s->users_without_history > 0)
        (void)printf("not asked: %s without an event before the test\n",
                     cli_count_text(app, s->users_without_history, "user"));
    if (s->users_excluded > 0)
        (void)printf("not asked: %s, by --ties exclude\n", cli_count_text(app, s->users_excluded, "user"));
    (void)printf("\n");
}

/* One of the seeds of a mean, which stands for them below the table. */
static bool is_in_mean(const sid_evaluation *e, const sid_eval_row *row)
{
    for (int r = 0; r < e->row_count; r++)
        if (e->row[r].seeds > 0 && row->seeds == 0 && !row->is_baseline && strcmp(row->family, e->row[r].family) == 0 &&
            strcmp(row->options, e->row[r].options) == 0)
            return true;
    return false;
}

static void print_foot(cli_app *app, const sid_evaluation *e)
{
    (void)printf("\nR recall, N NDCG; low, high: 95 %% of resamples of users; cov: share of the items shown; gini: 0 "
                 "all alike;\n"
                 "cold, head, tail: R@%d of targets without a train event, of the most popular fifth, of the rest\n",
                 e->k[e->k_count - 1]);
    if (has_generator(e))
        (void)printf(
            "exact: share of the users whose list is proven the best; invalid_rate: of the items shown, those that "
            "are none\n");
    for (int r = 0; r < e->row_count; r++)
        if (e->row[r].seeds > 0)
            (void)printf("N@%d of %s: %.4f from one seed to the next (standard deviation)\n", e->k[e->k_count - 1],
                         name_of(app, &e->row[r]), e->row[r].seed_deviation[SID_METRIC_NDCG][e->k_count - 1]);
    for (int p = 0; p < e->pair_count; p++) {
        const sid_eval_row *a = &e->row[e->pair[p].a], *b = &e->row[e->pair[p].b];
        const sid_interval *d = &e->pair[p].difference[SID_METRIC_NDCG][e->k_count - 1];
        if ((a->is_baseline && e->row[0].is_baseline == false && b->seeds == 0) || is_in_mean(e, a) || is_in_mean(e, b))
            continue;
        (void)printf("N@%d of %s less that of %s: %+.4f (%+.4f to %+.4f)%s\n", e->k[e->k_count - 1], name_of(app, a),
                     name_of(app, b), d->mean, d->low, d->high,
                     d->low > 0 || d->high < 0 ? "" : ": as good as none, by these users");
    }
}

static void print_rows(cli_app *app, const sid_evaluation *e, const cli_eval_words *words)
{
    line *l = cli_alloc(1, sizeof *l);
    cli_table table;
    fill_line(app, l, e, &e->row[0], words);
    cli_table_begin(&table, app, l->column, l->count);
    for (int r = 0; r < e->row_count; r++) {
        fill_line(app, l, e, &e->row[r], words);
        cli_table_row(&table, l->cell);
    }
    cli_table_end(&table);
    free(l);
}

void cli_eval_print(cli_app *app, const sid_evaluation *e, const cli_eval_words *words)
{
    if (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL) {
        print_json(app, e, words);
        return;
    }
    if (app->format == CLI_FORMAT_TABLE)
        print_head(app, e, words);
    print_rows(app, e, words);
    if (app->format == CLI_FORMAT_TABLE)
        print_foot(app, e);
}
