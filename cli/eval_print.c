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

/* A model that writes SIDs is among the rows: what is said of such stands for all of them then. */
static bool has_generator(const sid_evaluation *e)
{
    for (int r = 0; r < e->row_count; r++)
        if (!isnan(e->row[r].invalid_rate))
            return true;
    return false;
}

/* ---- JSON ---- */

/* "recall@5" */
static const char *metric_at(cli_app *app, const sid_evaluation *e, int metric, int k)
{
    return cli_keep(app, "%s@%d", metric_name[metric], e->k[k]);
}

static json_t *values_json(cli_app *app, const sid_evaluation *e, const double value[][SID_CUTOFFS_MAX])
{
    json_t *object = json_object();
    for (int m = 0; m < SID_METRIC_COUNT; m++)
        for (int k = 0; k < e->k_count; k++)
            (void)json_object_set_new(object, metric_at(app, e, m, k), cli_json_number(value[m][k]));
    return object;
}

static json_t *metrics_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row, bool is_interval)
{
    json_t *object = json_object();
    for (int m = 0; m < SID_METRIC_COUNT; m++)
        for (int k = 0; k < e->k_count; k++) {
            const sid_interval *value = &row->value[m][k];
            (void)json_object_set_new(
                object, metric_at(app, e, m, k),
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
    for (int s = 0; s < row->segment_count; s++)
        (void)json_object_set_new(object, row->segment[s].name,
                                  json_pack("{s:I,s:o}", "targets", (json_int_t)row->segment[s].targets, "metrics",
                                            values_json(app, e, row->segment[s].mean)));
    return object;
}

static json_t *cold_items_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row)
{
    json_t *object = json_object();
    for (int k = 0; k < e->k_count; k++)
        (void)json_object_set_new(object, cli_keep(app, "@%d", e->k[k]), json_integer((json_int_t)row->cold_items[k]));
    return object;
}

/* What stands of a row beside its metrics. */
static void add_facts_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row, json_t *object)
{
    bool is_generator = !isnan(row->invalid_rate);
    (void)json_object_set_new(object, "options_hash", json_string(row->options_hash));
    (void)json_object_set_new(object, "sid_version", row->sid_version ? json_string(row->sid_version) : json_null());
    (void)json_object_set_new(object, "collisions", cli_json_number(row->collisions));
    (void)json_object_set_new(object, "sid_metrics",
                              is_generator ? values_json(app, e, row->sid_value) : json_object());
    (void)json_object_set_new(object, "coverage", exposure_json(app, e, row->coverage));
    (void)json_object_set_new(object, "gini", exposure_json(app, e, row->gini));
    (void)json_object_set_new(object, "novelty", exposure_json(app, e, row->novelty));
    (void)json_object_set_new(object, "diversity", exposure_json(app, e, row->diversity));
    (void)json_object_set_new(object, "cold_items", cold_items_json(app, e, row));
    (void)json_object_set_new(object, "cold_share", exposure_json(app, e, row->cold_share));
    (void)json_object_set_new(object, "segments", segments_json(app, e, row));
    if (is_generator) {
        (void)json_object_set_new(object, "exact_rate", cli_json_number(row->exact_rate));
        (void)json_object_set_new(object, "invalid_rate", cli_json_number(row->invalid_rate));
    }
}

static json_t *row_json(cli_app *app, const sid_evaluation *e, const sid_eval_row *row)
{
    json_t *object = json_pack("{s:s,s:s,s:s,s:I,s:o}", "family", row->family, "options", row->options, "id", row->id,
                               "seed", (json_int_t)row->seed, "metrics", metrics_json(app, e, row, false));
    if (e->pair_count > 0 || !isnan(row->value[0][0].low))
        (void)json_object_set_new(object, "ci95", metrics_json(app, e, row, true));
    add_facts_json(app, e, row, object);
    if (row->seeds > 0) {
        (void)json_object_set_new(object, "seeds", json_integer(row->seeds));
        (void)json_object_set_new(object, "seed_deviation", values_json(app, e, row->seed_deviation));
    }
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

/* Prefixes kept a code for the longest list; null where nothing was searched by beams. */
static json_t *beam_json(const sid_evaluation *e, const sid_search_options *search)
{
    int k = e->k[e->k_count - 1], usual = 2 * k > 50 ? 2 * k : 50, beam = search->beam > 0 ? search->beam : usual;
    if (!has_generator(e) || strcmp(search->search, "beam") != 0)
        return json_null();
    return json_integer(beam > k ? beam : k);
}

/* What the table is of. */
static json_t *setting_json(const sid_evaluation *e, const cli_eval_words *words)
{
    return json_pack("{s:i,s:s?,s:s,s:s,s:s,s:s,s:s,s:o,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "format", 1, "cold",
                     words->search->cold, "dataset", words->dataset, "split", words->split, "part", e->part, "ties",
                     words->ties, "filter", e->keep_history ? "none" : "seen", "beam", beam_json(e, words->search),
                     "users", (json_int_t)e->users, "candidates", (json_int_t)e->candidates, "targets",
                     (json_int_t)e->targets, "cold_targets", (json_int_t)e->cold_targets, "tied_events_rate",
                     cli_json_number(e->split.tied_events_rate), "tied_targets_rate",
                     cli_json_number(e->tied_targets_rate), "events", split_json(&e->split));
}

/* Of one model alone its members stand at the top too, so that its metrics are found without a list. */
static void print_json(cli_app *app, const sid_evaluation *e, const cli_eval_words *words)
{
    json_t *object = setting_json(e, words), *models = json_array(), *baselines = json_array();
    for (int r = 0; r < e->row_count; r++)
        (void)json_array_append_new(e->row[r].is_baseline ? baselines : models, row_json(app, e, &e->row[r]));
    if (json_array_size(models) == 1)
        (void)json_object_update_missing(object, json_array_get(models, 0));
    (void)json_object_set_new(object, "models", models);
    (void)json_object_set_new(object, "baselines", baselines);
    (void)json_object_set_new(object, "paired", pairs_json(app, e));
    cli_print_object(app, object);
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

static bool has_diversity(const sid_evaluation *e)
{
    for (int r = 0; r < e->row_count; r++)
        if (!isnan(e->row[r].diversity[e->k_count - 1]))
            return true;
    return false;
}

static void add_metrics(cli_app *app, line *l, const sid_evaluation *e, const sid_eval_row *row)
{
    int last = e->k_count - 1;
    bool has_many = e->targets > e->users, is_short = app->format == CLI_FORMAT_TABLE;
    for (int k = 0; k < e->k_count; k++) {
        add_number(app, l, cli_keep(app, "R@%d", e->k[k]), row->value[SID_METRIC_RECALL][k].mean);
        if (has_many)
            add_number(app, l, cli_keep(app, "HR@%d", e->k[k]), row->value[SID_METRIC_HIT_RATE][k].mean);
        add_number(app, l, cli_keep(app, "N@%d", e->k[k]), row->value[SID_METRIC_NDCG][k].mean);
    }
    if (!isnan(row->value[SID_METRIC_NDCG][last].low)) { /* in a table it stands beside its N */
        add_number(app, l, is_short ? "low" : cli_keep(app, "N@%d_low", e->k[last]),
                   row->value[SID_METRIC_NDCG][last].low);
        add_number(app, l, is_short ? "high" : cli_keep(app, "N@%d_high", e->k[last]),
                   row->value[SID_METRIC_NDCG][last].high);
    }
    add_number(app, l, cli_keep(app, "MRR@%d", e->k[last]), row->value[SID_METRIC_MRR][last].mean);
}

/* Columns that say nothing of these rows are left out of a table. */
static void add_kinds(cli_app *app, line *l, const sid_evaluation *e, const sid_eval_row *row)
{
    static const char *const kind[] = {"cold", "few", "warm", "head", "tail"};
    int last = e->k_count - 1;
    bool is_short = app->format == CLI_FORMAT_TABLE, has_cold = e->cold_targets > 0;
    for (int i = 0; i < CLI_COUNT(kind); i++)
        if (!is_short || (i != 1 && (has_cold || i != 2)))
            add_number(app, l, kind[i], segment_of(row, kind[i])->mean[SID_METRIC_RECALL][last]);
    if (!is_short || has_cold)
        add_number(app, l, "unseen", (double)row->cold_items[last]);
    if (has_generator(e) || !is_short) {
        add_number(app, l, "exact", row->exact_rate);
        add_number(app, l, "invalid_rate", row->invalid_rate);
    }
}

static void fill_line(cli_app *app, line *l, const sid_evaluation *e, const sid_eval_row *row,
                      const cli_eval_words *words)
{
    int last = e->k_count - 1;
    bool is_short = app->format == CLI_FORMAT_TABLE;
    l->count = 0;
    add_setting(app, l, e, words);
    add_text(l, "model", name_of(app, row));
    add_text(l, "options", row->options);
    if (!is_short) {
        add_text(l, "options_hash", row->options_hash);
        add_text(l, "sid_version", row->sid_version);
        add_number(app, l, "collisions", row->collisions);
        add_text(l, "seed", row->seeds > 0 ? "mean" : cli_keep(app, "%llu", (unsigned long long)row->seed));
    }
    add_metrics(app, l, e, row);
    add_number(app, l, "cov", row->coverage[last]);
    add_number(app, l, "gini", row->gini[last]);
    if (!is_short || has_diversity(e))
        add_number(app, l, "div", row->diversity[last]);
    add_kinds(app, l, e, row);
    if (!is_short) {
        add_text(l, "part", e->part);
        add_number(app, l, "minutes", (row->train_s + row->eval_s) / 60);
    }
}

static void print_head(cli_app *app, const sid_evaluation *e, const cli_eval_words *words)
{
    const sid_split_info *s = &e->split;
    (void)printf("%s, split %s%s, ties %s: %s asked, all %s ranked, %s\n", words->dataset, words->split,
                 strcmp(e->part, "valid") == 0 ? " (validation)" : "", words->ties,
                 cli_count_text(app, e->users, "user"), cli_count_text(app, e->candidates, "item"),
                 e->keep_history ? "those seen too" : "those seen left out");
    (void)printf(
        "%s train; %s without one, %.1f %% of the targets are of them; %.0f %% of the targets tie with the event "
        "before\n",
        cli_count_text(app, s->train_events, "event"), cli_count_text(app, s->cold_items, "item"),
        100 * (double)e->cold_targets / (double)e->targets, 100 * e->tied_targets_rate);
    if (s->users_without_history > 0)
        (void)printf("not asked: %s without an event before the test\n",
                     cli_count_text(app, s->users_without_history, "user"));
    if (s->users_excluded > 0)
        (void)printf("not asked: %s, by --ties exclude\n", cli_count_text(app, s->users_excluded, "user"));
    if (words->search->cold)
        (void)printf("models that write SIDs recommend items without a train event by --cold %s\n",
                     words->search->cold);
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
    int k = e->k[e->k_count - 1];
    (void)printf("\nR recall, N NDCG; low, high: 95 %% of resamples of users; cov: share of the items shown; gini: 0 "
                 "all alike;\n%s"
                 "cold, head, tail: R@%d of targets without a train event, of the most popular fifth, of the rest\n",
                 has_diversity(e) ? "div: 1 less the mean cosine within a list; " : "", k);
    if (e->cold_targets > 0)
        (void)printf("warm: R@%d of all but the cold; unseen: items without a train event that somebody was shown\n",
                     k);
    if (has_generator(e))
        (void)printf(
            "exact: share of the users whose list is proven the best; invalid_rate: of the items shown, those that "
            "are none\n");
    for (int r = 0; r < e->row_count; r++)
        if (!isnan(e->row[r].invalid_rate))
            (void)printf(
                "%s by codes, as some papers count (no figure of items): R@%d %.4f; %.1f %% of its items share "
                "their codes\n",
                name_of(app, &e->row[r]), k, e->row[r].sid_value[SID_METRIC_RECALL][e->k_count - 1],
                100 * e->row[r].collisions);
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
    table.is_markdown = words->is_markdown;
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
