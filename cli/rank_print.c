/* rank_print.c: see rank_print.h. */
#include "rank_print.h"

#include <inttypes.h>
#include <math.h>

#include "output.h"

static const char *const slice_name[SID_RANK_SLICE_COUNT] = {
#define SLICE_NAME(name, text) text,
    SID_RANK_SLICE_LIST(SLICE_NAME)
#undef SLICE_NAME
};

/* ---- JSON ---- */

static json_t *scores_json(const sid_rank_score *score)
{
    json_t *object = json_object();
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++)
        (void)json_object_set_new(object, slice_name[s],
                                  json_pack("{s:I,s:I,s:o,s:o,s:o,s:o}", "impressions",
                                            (json_int_t)score[s].impressions, "clicks", (json_int_t)score[s].clicks,
                                            "auc", cli_json_number(score[s].auc), "gauc",
                                            cli_json_number(score[s].gauc), "log_loss",
                                            cli_json_number(score[s].log_loss), "ne", cli_json_number(score[s].ne)));
    return object;
}

static json_t *difference_json(const sid_rank_difference *d)
{
    return json_pack("{s:o,s:[o,o]}", "mean", cli_json_number(d->mean), "ci95", cli_json_number(d->low),
                     cli_json_number(d->high));
}

static json_t *arm_json(const sid_rank_comparison *c, int index)
{
    const sid_rank_arm *arm = &c->arm[index];
    json_t *runs = json_array(), *days = json_array();
    for (int d = 0; d < c->days; d++)
        (void)json_array_append_new(days, cli_json_number(arm->day_ne[d]));
    for (int i = 0; i < c->seeds; i++) {
        const sid_rank_run *run = &c->run[index * c->seeds + i];
        (void)json_array_append_new(runs,
                                    json_pack("{s:I,s:o,s:o,s:o,s:o}", "seed", (json_int_t)run->seed, "scores",
                                              scores_json(run->score), "aar", cli_json_number(run->aar), "drift",
                                              cli_json_number(run->drift), "train_s", cli_json_number(run->train_s)));
    }
    return json_pack("{s:s,s:s,s:s,s:I,s:I,s:o,s:o,s:{s:o,s:o},s:{s:o,s:o},s:o,s:o,s:o,s:o}", "arm", arm->name, "note",
                     arm->note, "words", arm->words, "rows", (json_int_t)arm->rows, "size", (json_int_t)arm->size,
                     "item_rows", cli_json_number(arm->item_rows), "mean", scores_json(arm->mean), "auc_difference",
                     "all", difference_json(&arm->auc[SID_RANK_SLICE_ALL]), "new",
                     difference_json(&arm->auc[SID_RANK_SLICE_NEW]), "ne_difference", "all",
                     difference_json(&arm->ne[SID_RANK_SLICE_ALL]), "new",
                     difference_json(&arm->ne[SID_RANK_SLICE_NEW]), "aar", cli_json_number(arm->aar), "drift",
                     cli_json_number(arm->drift), "day_ne", days, "runs", runs);
}

static json_t *implicit_json(const sid_impressions_info *info)
{
    if (info->ignored == 0)
        return json_null();
    return json_pack("{s:I,s:o,s:I}", "n", (json_int_t)info->ignored, "alpha", cli_json_number(info->alpha), "seed",
                     (json_int_t)info->seed);
}

static json_t *comparison_json(const sid_rank_comparison *c)
{
    json_t *arms = json_array();
    for (int i = 0; i < c->arm_count; i++)
        (void)json_array_append_new(arms, arm_json(c, i));
    return json_pack("{s:i,s:s,s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:s,s:o}", "format", 1, "family", c->family, "days",
                     c->days, "seeds", c->seeds, "train_impressions", (json_int_t)c->train_impressions,
                     "test_impressions", (json_int_t)c->test_impressions, "items", (json_int_t)c->items,
                     "items_without_sid", (json_int_t)c->items_without_sid, "rows", (json_int_t)c->rows, "budget_size",
                     (json_int_t)c->budget_size, "implicit", implicit_json(&c->impressions), "less", c->arm[0].name,
                     "arms", arms);
}

static void print_json(const cli_app *app, const sid_rank_comparison *c, int count)
{
    json_t *all = json_array();
    if (count == 1) {
        json_decref(all);
        cli_print_object(app, comparison_json(c));
        return;
    }
    for (int i = 0; i < count; i++)
        (void)json_array_append_new(all, comparison_json(&c[i]));
    cli_print_object(app, json_pack("{s:i,s:o}", "format", 1, "sweep", all));
}

/* ---- Rows ---- */

static const char *with_interval(cli_app *app, const sid_rank_difference *d)
{
    if (isnan(d->mean))
        return "-";
    return isnan(d->low) ? cli_keep(app, "%+.4f", d->mean)
                         : cli_keep(app, "%+.4f [%+.4f, %+.4f]", d->mean, d->low, d->high);
}

static const char *number(cli_app *app, double value)
{
    return isnan(value) ? "-" : cli_keep(app, "%.4f", value);
}

static const char *with_deviation(cli_app *app, double value, double sd)
{
    return isnan(sd) ? number(app, value) : cli_keep(app, "%.4f (%.4f)", value, sd);
}

static void print_rows(cli_table *table, cli_app *app, const sid_rank_comparison *c)
{
    for (int i = 0; i < c->arm_count; i++) {
        const sid_rank_arm *arm = &c->arm[i];
        const sid_rank_score *m = arm->mean;
        cli_table_row(
            table,
            (cli_cell[]){{.text = arm->name},
                         {.text = with_deviation(app, m[SID_RANK_SLICE_ALL].auc, arm->auc_sd[SID_RANK_SLICE_ALL])},
                         {.text = i ? with_interval(app, &arm->auc[SID_RANK_SLICE_ALL]) : "-"},
                         {.text = with_deviation(app, m[SID_RANK_SLICE_NEW].auc, arm->auc_sd[SID_RANK_SLICE_NEW])},
                         {.text = i ? with_interval(app, &arm->auc[SID_RANK_SLICE_NEW]) : "-"},
                         {.text = number(app, m[SID_RANK_SLICE_HEAD].auc)},
                         {.text = number(app, m[SID_RANK_SLICE_TORSO].auc)},
                         {.text = number(app, m[SID_RANK_SLICE_TAIL].auc)},
                         {.text = number(app, m[SID_RANK_SLICE_ALL].ne)},
                         {.text = number(app, m[SID_RANK_SLICE_NEW].ne)},
                         {.text = number(app, arm->drift)},
                         {.text = number(app, arm->aar)},
                         {.integer = arm->rows},
                         {.integer = c->rows},
                         {.text = arm->note}});
    }
}

static void print_table(cli_app *app, const sid_rank_comparison *c, int count)
{
    static const cli_column columns[] = {{"arm", CLI_COLUMN_TEXT, false},
                                         {"auc", CLI_COLUMN_TEXT, false},
                                         {"less_first", CLI_COLUMN_TEXT, false},
                                         {"new", CLI_COLUMN_TEXT, false},
                                         {"less_first_new", CLI_COLUMN_TEXT, false},
                                         {"head", CLI_COLUMN_TEXT, false},
                                         {"torso", CLI_COLUMN_TEXT, false},
                                         {"tail", CLI_COLUMN_TEXT, false},
                                         {"ne", CLI_COLUMN_TEXT, false},
                                         {"ne_new", CLI_COLUMN_TEXT, false},
                                         {"drift", CLI_COLUMN_TEXT, false},
                                         {"aar", CLI_COLUMN_TEXT, false},
                                         {"rows", CLI_COLUMN_INT, false},
                                         {"of_rows", CLI_COLUMN_INT, false},
                                         {"note", CLI_COLUMN_TEXT, false}};
    cli_table table;
    cli_table_begin(&table, app, columns, CLI_COUNT(columns));
    for (int i = 0; i < count; i++)
        print_rows(&table, app, &c[i]);
    cli_table_end(&table);
}

void cli_rank_print(cli_app *app, const sid_rank_comparison *c, int count)
{
    if (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL)
        print_json(app, c, count);
    else
        print_table(app, c, count);
    for (int n = 0; n < count; n++)
        for (int i = 0; i < c[n].arm_count; i++)
            if (*c[n].arm[i].words)
                cli_note(app, "%s%s", count > 1 ? cli_keep(app, "%" PRId64 " rows: ", c[n].rows) : "",
                         c[n].arm[i].words);
}
