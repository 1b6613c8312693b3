/* cmd_recommend.c: semid recommend: the next items after a history, or after many. */
#include <stdlib.h>
#include <string.h>

#include "history_input.h"
#include "inputs.h"
#include "item_filter.h"
#include "label_words.h"
#include "output.h"
#include "search_input.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "user_id"}, {.name = "item_id"},
                                    {.name = "sid"},     {.name = "score", .type = CLI_COLUMN_FLOAT},
                                    {.name = "title"},   {.name = "label"}};
enum { COLUMN_COUNT = CLI_COUNT(column), LABEL_DEPTH = 2, BLOCK = 256 };

/* What all requests share. */
typedef struct asking {
    sid_model *model;
    sid_catalog *catalog; /* NULL: none */
    cli_histories histories;
    cli_lines deny;
    cli_item_filter filter;
    sid_labels labels;
    cli_table table;
    bool is_many;
    int64_t inexact, unknown, unanswered, empty; /* empty: nothing was left to recommend */
} asking;

/* ---- Shown ---- */

typedef struct item_texts {
    const char *sid, *title; /* NULL: the catalogue lacks the item */
} item_texts;

static sid_status read_texts(cli_app *app, const asking *a, const sid_recommendation *r, item_texts *out)
{
    sid_hits hits = {0};
    sid_error err = {0};
    *out = (item_texts){.sid = r->sid};
    if (!a->catalog)
        return SID_OK;
    if (sid_catalog_show(a->catalog, r->item_id, &hits, &err) == SID_OK) {
        out->sid = cli_keep(app, "%s", hits.row[0].sid);
        out->title = cli_keep(app, "%s", hits.row[0].title);
    } else if (err.status != SID_ENOTFOUND) {
        app->err = err;
        return err.status;
    }
    sid_hits_drop(&hits);
    return SID_OK;
}

static sid_status print_answer(cli_app *app, asking *a, const cli_history *history, const sid_recommendations *found)
{
    for (int64_t i = 0; i < found->count; i++) {
        item_texts texts;
        CLI_TRY(read_texts(app, a, &found->row[i], &texts));
        const cli_cell cell[COLUMN_COUNT] = {
            {.text = history->user},
            {.text = found->row[i].item_id},
            {.text = texts.sid},
            {.number = found->row[i].score},
            {.text = texts.title},
            {.text = texts.sid && a->labels.count > 0 ? cli_label_words(&a->labels, texts.sid, LABEL_DEPTH) : NULL}};
        cli_table_row(&a->table, a->is_many ? cell : cell + 1);
    }
    a->inexact += !found->is_exact && found->count > 0;
    a->unknown += found->unknown;
    a->unanswered += found->unknown == history->count;
    a->empty += found->unknown < history->count && found->count == 0;
    return SID_OK;
}

/* ---- Asked ---- */

static sid_request request_of(const cli_app *app, const asking *a, const cli_history *history)
{
    return (sid_request){.history = history->id,
                         .history_count = history->count,
                         .k = (int)cli_int(app, "k"),
                         .keep_history = cli_flag(app, "keep-history"),
                         .deny = (const char *const *)a->deny.line,
                         .deny_count = a->deny.count,
                         .allow = a->filter.allow,
                         .allow_count = a->filter.allow_count,
                         .within = a->filter.within,
                         .within_count = a->filter.within_count,
                         .search = cli_search_options(app),
                         .quota = cli_text(app, "quota"),
                         .user = history->is_named ? history->user : cli_text(app, "user")};
}

static sid_status answer_block(cli_app *app, asking *a, int64_t begin, int64_t count)
{
    sid_request request[BLOCK];
    sid_recommendations found[BLOCK];
    for (int64_t i = 0; i < count; i++)
        request[i] = request_of(app, a, &a->histories.row[begin + i]);
    memset(found, 0, sizeof found);
    sid_status status = a->is_many ? sid_model_recommend_many(a->model, request, count, found, &app->err)
                                   : sid_model_recommend(a->model, request, found, &app->err);
    for (int64_t i = 0; i < count; i++) {
        if (status == SID_OK)
            status = print_answer(app, a, &a->histories.row[begin + i], &found[i]);
        sid_recommendations_drop(&found[i]);
    }
    return status;
}

static void say_what_is_missing(cli_app *app, const asking *a)
{
    int64_t given = 0;
    for (int64_t i = 0; i < a->histories.count; i++)
        given += a->histories.row[i].count;
    if (a->unknown > 0)
        cli_warn(app, "the model does not know %lld of the %lld items of the histor%s; they are passed by",
                 (long long)a->unknown, (long long)given, a->is_many ? "ies" : "y");
    if (a->unanswered > 0)
        cli_warn(app, "%lld of %lld histories hold no item that the model knows; they get no answer",
                 (long long)a->unanswered, (long long)a->histories.count);
    if (a->empty > 0)
        cli_warn(app,
                 "nothing is left to recommend to %lld of %lld histories: all items were seen, removed or filtered",
                 (long long)a->empty, (long long)a->histories.count);
    if (a->inexact > 0 && !a->is_many)
        cli_note(app, "a wider beam may find better items: --beam %lld, or --exact",
                 4LL * (cli_int(app, "beam") > 50 ? cli_int(app, "beam") : 50));
}

static sid_status answer(cli_app *app, asking *a)
{
    sid_status status = SID_OK;
    if (a->catalog && cli_flag(app, "labels"))
        CLI_TRY(cli_labels_read(app, a->catalog, LABEL_DEPTH, &a->labels));
    cli_table_begin(&a->table, app, a->is_many ? column : column + 1, a->is_many ? COLUMN_COUNT : COLUMN_COUNT - 1);
    for (int64_t begin = 0; status == SID_OK && begin < a->histories.count; begin += BLOCK) {
        int64_t left = a->histories.count - begin;
        status = answer_block(app, a, begin, left < BLOCK ? left : BLOCK);
    }
    cli_table_end(&a->table);
    if (status == SID_OK)
        say_what_is_missing(app, a);
    return status;
}

static sid_status read_lists(cli_app *app, asking *a)
{
    const char *deny = cli_text(app, "deny");
    CLI_TRY(cli_histories_read(app, cli_text(app, "history"), &a->histories));
    if (deny)
        CLI_TRY(cli_lines_read(app, deny, &a->deny));
    return SID_OK;
}

static sid_status open_all(cli_app *app, asking *a)
{
    const char *path = cli_text(app, "catalog");
    CLI_TRY(read_lists(app, a));
    sid_model_info info;
    CLI_TRY(sid_model_open(app->ctx, app->object[0], &a->model, &app->err));
    if (path) {
        CLI_TRY(sid_catalog_open(app->ctx, path, SID_OPEN_READ, &a->catalog, &app->err));
        CLI_TRY(sid_model_use_catalog(a->model, a->catalog, &app->err));
        if (cli_is_given(app, "cold") && strcmp(cli_text(app, "cold"), "rerank") == 0)
            CLI_TRY(sid_model_use_vectors(a->model, a->catalog, &app->err));
    }
    sid_model_get_info(a->model, &info);
    return cli_item_filter_read(app, a->catalog, info.levels > 0, &a->filter);
}

static sid_status run(cli_app *app)
{
    const char *history = cli_text(app, "history");
    asking a = {.is_many = history && history[0] == '@'};
    if (!history)
        return cli_fail(app, SID_EUSAGE, "recommend needs a history: --history a,b,c (oldest first), or @FILE");
    sid_status status = open_all(app, &a);
    if (status == SID_OK)
        status = answer(app, &a);
    sid_labels_drop(&a.labels);
    sid_model_close(a.model);
    sid_catalog_close(a.catalog);
    cli_histories_drop(&a.histories);
    cli_lines_drop(&a.deny);
    cli_item_filter_drop(&a.filter);
    return status;
}

static const cli_option options[] = {
    CLI_OPTIONS_ASKED("10", "how many"),
    {.name = "user",
     .type = CLI_TEXT,
     .value = "ID",
     .help = "whose history it is, for a model that learned users (tiger --users); FILE names its own"},
    {.name = "catalog",
     .type = CLI_TEXT,
     .value = "DIR",
     .help = "SIDs and titles of the items; which there are now, when some came or went since the training"},
    {.name = "labels", .type = CLI_FLAG, .help = "words for their prefixes too, which takes longer"},
    CLI_OPTIONS_REFUSED,
    CLI_OPTIONS_ITEM_FILTER,
    {.name = "quota",
     .type = CLI_TEXT,
     .value = "P:N",
     .help = "of models that write SIDs: at most N items below one prefix of P codes, so that not all are of a kind"},
    CLI_OPTIONS_SEARCH};
static const char *const examples[] = {
    "recommend model --history B01,B07 -k 5",
    "recommend model --history B01,B07 --catalog catalog --labels   # with SIDs, titles and what prefixes mean",
    "recommend model --history B01 --deny sold_out.txt --format json",
    "recommend model --history B01 --within 12,40-7   # items below these prefixes",
    "recommend model --history B01 --catalog catalog --where brand=OPI",
    "recommend model --history B01 --quota 1:2   # two at most of a first code",
    "recommend model --history @users.jsonl -k 20 --format jsonl   # many at once"};

const cli_command cli_recommend = {
    .name = "recommend",
    .summary = "the next items after a history",
    .usage = "recommend MODEL --history a,b,c [-k N] [--catalog DIR [--labels]] [--deny FILE] [--allow FILE]\n"
             "recommend MODEL --history a,b,c [--within P,...] [--catalog DIR --where COLUMN=VALUE]\n"
             "recommend MODEL --history @FILE [-k N] [--beam N | --exact]",
    .about =
        "Prints item_id, sid, score, title and label, the best first; with @FILE user_id before them. A line of FILE "
        "is "
        "a,b,c, or a user, a tab and a,b,c, or JSON: {\"user_id\": \"u\", \"history\": [\"a\", \"b\"]}. Scores are of "
        "the "
        "model's own kind; of one that writes SIDs they are logarithms of probabilities. Titles and labels come from "
        "--catalog. k items come whenever so many are left, whatever is denied.",
    .object_min = 1,
    .object_max = 1,
    .objects = "a model",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
