/* rank_train.c: a ranker by a feature file: trained day by day, saved after each, asked about days. */
#include "rank_train.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include <semid_rank.h>

#include "inputs.h"
#include "output.h"
#include "rank_features.h"

static const char *const slice_name[SID_RANK_SLICE_COUNT] = {
#define SLICE_NAME(name, text) text,
    SID_RANK_SLICE_LIST(SLICE_NAME)
#undef SLICE_NAME
};

/* ---- Read ---- */

static sid_ranker_days days_of(const cli_app *app)
{
    return (sid_ranker_days){
        .from = (int)cli_int(app, "from-day"), .to = (int)cli_int(app, "to-day"), .skip_seen = cli_flag(app, "resume")};
}

static sid_status read_impressions(cli_app *app, const sid_ranker *ranker, sid_impressions **out)
{
    const char *path = cli_text(app, "impressions");
    sid_impressions_info info;
    sid_impressions_options options = {.positive = cli_text(app, "positive"),
                                       .days = (int)cli_int(app, "days"),
                                       .implicit = cli_text(app, "implicit"),
                                       .seed = app->seed,
                                       .sort = cli_flag(app, "sort")};
    if (!path)
        return cli_fail(app, SID_EUSAGE, "--impressions FILE is needed: what was shown to whom, and what was clicked");
    CLI_TRY(cli_on_error_parse(app, &options.read));
    CLI_TRY(sid_ranker_read(ranker, path, &options, out, &app->err));
    sid_impressions_get_info(*out, &info);
    cli_note(app, "%s: %s of %s and %s in %s, %.2f %% clicked", path, cli_count_text(app, info.count, "impression"),
             cli_count_text(app, info.users, "user"), cli_count_text(app, info.items, "item"),
             cli_count_text(app, info.days, "day"), 100. * (double)info.clicks / (double)info.count);
    return SID_OK;
}

static void note_ranker(cli_app *app, const sid_ranker *ranker)
{
    sid_ranker_info info;
    sid_ranker_get_info(ranker, &info);
    cli_note(app, "%s: %s in %s, %s beside them; learned of %s so far", info.family,
             cli_count_text(app, info.rows, "row"), cli_count_text(app, info.tables, "table"),
             cli_count_text(app, info.parameters, "parameter"), cli_count_text(app, info.impressions, "impression"));
}

/* What goes on keeps its features; a family named again must be its own. */
static sid_status open_ranker(cli_app *app, const char *output, const char *family, const char *features,
                              sid_ranker **out)
{
    sid_ranker_info info;
    CLI_TRY(sid_ranker_open(app->ctx, output, out, &app->err));
    sid_ranker_get_info(*out, &info);
    if (family && strcmp(family, info.family) != 0)
        return cli_fail(app, SID_EUSAGE,
                        "%s is a ranker of family %s, not %s; it goes on as it is, or -o names another", output,
                        info.family, family);
    return features ? sid_ranker_check(*out, features, &app->err) : SID_OK;
}

static sid_status make_ranker(cli_app *app, const char *output, bool is_there, sid_ranker **out)
{
    const char *features = cli_text(app, "features"), *family = app->object_count > 1 ? app->object[1] : NULL, *text;
    const sid_ranker_options options = {.batch = cli_is_given(app, "batch") ? (int)cli_int(app, "batch") : 0,
                                        .rate = cli_float(app, "rate"),
                                        .seed = app->seed};
    if (cli_flag(app, "resume") && is_there)
        return open_ranker(app, output, family, features, out);
    if (features && family)
        return cli_fail(app, SID_EUSAGE, "--features names the family itself; leave out \"%s\" or the file", family);
    if (features)
        return sid_ranker_create(app->ctx, features, &options, out, &app->err);
    if (!family)
        return cli_fail(
            app, SID_EUSAGE,
            "--features FILE or a family is needed: semid rank train dcnv2 --catalog DIR --pieces DIR ..., or "
            "tables, features and family as JSON; docs/guide/ranking.md shows one");
    CLI_TRY(cli_rank_features(app, family, &text));
    return sid_ranker_create_text(app->ctx, text, strlen(text), "the flags", &options, out, &app->err);
}

/* ---- Train ---- */

typedef struct training {
    cli_app *app;
    sid_ranker *ranker;
    const char *output;
    bool replaces;
    cli_table table;
    int count;
} training;

static const cli_column day_columns[] = {{"day", CLI_COLUMN_INT, false},      {"impressions", CLI_COLUMN_INT, false},
                                         {"ctr", CLI_COLUMN_FLOAT, false},    {"auc", CLI_COLUMN_FLOAT, false},
                                         {"gauc", CLI_COLUMN_FLOAT, false},   {"log_loss", CLI_COLUMN_FLOAT, false},
                                         {"ne", CLI_COLUMN_FLOAT, false},     {"auc_new", CLI_COLUMN_FLOAT, false},
                                         {"new", CLI_COLUMN_INT, false},      {"without_sid", CLI_COLUMN_INT, false},
                                         {"rows", CLI_COLUMN_INT, false},     {"dropped", CLI_COLUMN_INT, false},
                                         {"train_s", CLI_COLUMN_FLOAT, false}};

static double ctr_of(const sid_rank_score *score)
{
    return score->impressions > 0 ? (double)score->clicks / (double)score->impressions : (double)NAN;
}

static void add_day(training *t, const sid_ranker_day *day)
{
    const sid_rank_score *all = &day->score[SID_RANK_SLICE_ALL], *new = &day->score[SID_RANK_SLICE_NEW];
    cli_table_row(&t->table, (cli_cell[]){{.integer = day->day},
                                          {.integer = all->impressions},
                                          {.number = ctr_of(all)},
                                          {.number = all->auc},
                                          {.number = all->gauc},
                                          {.number = all->log_loss},
                                          {.number = all->ne},
                                          {.number = new->auc},
                                          {.integer = new->impressions},
                                          {.integer = day->items_without_sid},
                                          {.integer = day->rows},
                                          {.integer = day->dropped},
                                          {.number = day->train_s}});
}

/* Saved after each day, so that what is interrupted goes on from the last. */
static sid_status on_day(void *user, const sid_ranker_day *day, sid_error *err)
{
    training *t = user;
    sid_status status = sid_ranker_save(t->ranker, t->output, t->replaces, err);
    if (status != SID_OK)
        return status;
    t->replaces = true;
    t->count++;
    add_day(t, day);
    return SID_OK;
}

static sid_status train(cli_app *app, training *t)
{
    sid_impressions *impressions = NULL;
    sid_ranker_days days = days_of(app);
    note_ranker(app, t->ranker);
    sid_status status = read_impressions(app, t->ranker, &impressions);
    days.report = on_day;
    days.user = t;
    if (status == SID_OK && !app->is_dry_run) {
        cli_table_begin(&t->table, app, day_columns, CLI_COUNT(day_columns));
        status = sid_ranker_train(t->ranker, impressions, &days, &app->err);
        cli_table_end(&t->table);
    }
    if (status == SID_OK && !app->is_dry_run && t->count == 0)
        cli_note(app, "nothing new: all of these days were learned before");
    else if (status == SID_OK && !app->is_dry_run)
        cli_note(app, "%s: %s learned; each line is of before the day was learned. semid rank eval %s asks it more",
                 t->output, cli_count_text(app, t->count, "day"), cli_keep_word(app, t->output));
    sid_impressions_free(impressions);
    return status;
}

sid_status cli_rank_train(cli_app *app)
{
    training t = {.app = app};
    struct stat info;
    CLI_TRY(cli_output_path(app, &t.output));
    bool is_there = stat(t.output, &info) == 0, is_resumed = cli_flag(app, "resume") && is_there;
    if (!is_resumed)
        CLI_TRY(cli_output_check(app, t.output));
    t.replaces = is_resumed || app->is_forced;
    sid_status status = make_ranker(app, t.output, is_there, &t.ranker);
    if (status == SID_OK)
        status = train(app, &t);
    sid_ranker_free(t.ranker);
    return status;
}

/* ---- Eval ---- */

static void print_slices(cli_app *app, const sid_ranker_day *day)
{
    static const cli_column columns[] = {{"slice", CLI_COLUMN_TEXT, false},     {"impressions", CLI_COLUMN_INT, false},
                                         {"clicks", CLI_COLUMN_INT, false},     {"ctr", CLI_COLUMN_FLOAT, false},
                                         {"auc", CLI_COLUMN_FLOAT, false},      {"gauc", CLI_COLUMN_FLOAT, false},
                                         {"log_loss", CLI_COLUMN_FLOAT, false}, {"ne", CLI_COLUMN_FLOAT, false}};
    cli_table table;
    cli_table_begin(&table, app, columns, CLI_COUNT(columns));
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++) {
        const sid_rank_score *score = &day->score[s];
        cli_table_row(&table, (cli_cell[]){{.text = slice_name[s]},
                                           {.integer = score->impressions},
                                           {.integer = score->clicks},
                                           {.number = ctr_of(score)},
                                           {.number = score->auc},
                                           {.number = score->gauc},
                                           {.number = score->log_loss},
                                           {.number = score->ne}});
    }
    cli_table_end(&table);
    if (day->items_without_sid > 0)
        cli_warn(app, "%s without a SID, which adds nothing to scores",
                 cli_count_text(app, day->items_without_sid, "item"));
}

sid_status cli_rank_eval(cli_app *app)
{
    sid_ranker *ranker = NULL;
    sid_impressions *impressions = NULL;
    const sid_ranker_days days = days_of(app);
    sid_ranker_day day = {0};
    if (app->object_count < 2)
        return cli_fail(app, SID_EUSAGE, "rank eval takes a ranker: semid rank eval RANKER --impressions FILE");
    CLI_TRY(sid_ranker_open(app->ctx, app->object[1], &ranker, &app->err));
    note_ranker(app, ranker);
    sid_status status = read_impressions(app, ranker, &impressions);
    if (status == SID_OK && !app->is_dry_run)
        status = sid_ranker_eval(ranker, impressions, &days, &day, NULL, &app->err);
    if (status == SID_OK && !app->is_dry_run)
        print_slices(app, &day);
    sid_impressions_free(impressions);
    sid_ranker_free(ranker);
    return status;
}
