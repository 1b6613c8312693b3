/* cmd_recommend.c: semid recommend: the next items after a history. */
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "label_words.h"
#include "output.h"
#include "semid_model.h"
#include "verbs.h"

static const cli_column column[] = {{.name = "item_id"},
                                    {.name = "sid"},
                                    {.name = "score", .type = CLI_COLUMN_FLOAT},
                                    {.name = "title"},
                                    {.name = "label"}};
enum { COLUMN_COUNT = CLI_COUNT(column), LABEL_DEPTH = 2 };

/* Texts that a catalogue has for the items, by row of the answer. */
typedef struct shown_texts {
    const char **sid, **title; /* (count) NULL: the catalogue lacks the item */
    sid_labels labels;
} shown_texts;

static sid_status read_texts(cli_app *app, sid_catalog *catalog, const sid_recommendations *found, shown_texts *out)
{
    out->sid = cli_alloc((size_t)found->count + 1, sizeof *out->sid);
    out->title = cli_alloc((size_t)found->count + 1, sizeof *out->title);
    for (int64_t i = 0; catalog && i < found->count; i++) {
        sid_hits hits = {0};
        sid_error err = {0};
        if (sid_catalog_show(catalog, found->row[i].item_id, &hits, &err) == SID_OK) {
            out->sid[i] = cli_keep(app, "%s", hits.row[0].sid);
            out->title[i] = cli_keep(app, "%s", hits.row[0].title);
        } else if (err.status != SID_ENOTFOUND) {
            app->err = err;
            return err.status;
        }
        sid_hits_drop(&hits);
    }
    return catalog && cli_flag(app, "labels") ? cli_labels_read(app, catalog, LABEL_DEPTH, &out->labels) : SID_OK;
}

static void print(cli_app *app, const sid_recommendations *found, const shown_texts *texts)
{
    cli_table table;
    cli_table_begin(&table, app, column, COLUMN_COUNT);
    for (int64_t i = 0; i < found->count; i++)
        cli_table_row(&table, (cli_cell[]){{.text = found->row[i].item_id},
                                           {.text = texts->sid[i]},
                                           {.number = found->row[i].score},
                                           {.text = texts->title[i]},
                                           {.text = texts->sid[i] && texts->labels.count > 0
                                                        ? cli_label_words(&texts->labels, texts->sid[i], LABEL_DEPTH)
                                                        : NULL}});
    cli_table_end(&table);
}

static const char **split_list(cli_app *app, const char *text, int64_t *count)
{
    char *list = cli_keep(app, "%s", text);
    const char **id = cli_alloc(strlen(text) + 1, sizeof *id);
    *count = 0;
    for (char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        char *next = at + length + (at[length] == ',');
        at[length] = 0;
        if (length > 0)
            id[(*count)++] = at;
        at = next;
    }
    return id;
}

static sid_status answer(cli_app *app, const sid_model *model, sid_catalog *catalog)
{
    sid_recommendations found = {0};
    shown_texts texts = {0};
    sid_request request = {.k = (int)cli_int(app, "k"), .keep_history = cli_flag(app, "keep-history")};
    const char **history = split_list(app, cli_text(app, "history"), &request.history_count);
    request.history = history;
    sid_status status = sid_model_recommend(model, &request, &found, &app->err);
    if (status == SID_OK && found.unknown > 0)
        cli_warn(app, "the model does not know %lld of the %lld items of the history; they are passed by",
                 (long long)found.unknown, (long long)request.history_count);
    if (status == SID_OK)
        status = read_texts(app, catalog, &found, &texts);
    if (status == SID_OK)
        print(app, &found, &texts);
    sid_labels_drop(&texts.labels);
    free(texts.sid);
    free(texts.title);
    free(history);
    sid_recommendations_drop(&found);
    return status;
}

static sid_status run(cli_app *app)
{
    sid_model *model = NULL;
    sid_catalog *catalog = NULL;
    const char *path = cli_text(app, "catalog");
    if (!cli_text(app, "history"))
        return cli_fail(app, SID_EUSAGE, "recommend needs a history: --history a,b,c (oldest first)");
    sid_status status = sid_model_open(app->ctx, app->object[0], &model, &app->err);
    if (status == SID_OK && path)
        status = sid_catalog_open(app->ctx, path, SID_OPEN_READ, &catalog, &app->err);
    if (status == SID_OK && path)
        status = sid_model_use_catalog(model, catalog, &app->err);
    if (status == SID_OK)
        status = answer(app, model, catalog);
    sid_model_close(model);
    sid_catalog_close(catalog);
    return status;
}

static const cli_option options[] = {
    {.name = "history", .type = CLI_TEXT, .value = "IDS", .help = "what was seen, oldest first: a,b,c"},
    {.name = "k",
     .letter = 'k',
     .type = CLI_INT,
     .value = "N",
     .default_text = "10",
     .min = 1,
     .max = 1e6,
     .help = "how many"},
    {.name = "catalog", .type = CLI_TEXT, .value = "DIR", .help = "SIDs and titles of the items"},
    {.name = "labels", .type = CLI_FLAG, .help = "words for their prefixes too, which takes longer"},
    {.name = "keep-history", .type = CLI_FLAG, .help = "items of the history may come again"}};
static const char *const examples[] = {"recommend model --history B01,B07 -k 5",
                                       "recommend model --history B01,B07 --catalog catalog   # with SIDs and titles",
                                       "recommend model --history B01 --keep-history --format json"};

const cli_command cli_recommend = {.name = "recommend",
                                   .summary = "the next items after a history",
                                   .usage = "recommend MODEL --history a,b,c [-k N] [--catalog DIR [--labels]]",
                                   .about = "Prints item_id, sid, score, title and label, the best first. Scores are "
                                            "of the model's own kind. Without --catalog "
                                            "sid, title and label are empty.",
                                   .object_min = 1,
                                   .object_max = 1,
                                   .objects = "a model",
                                   CLI_OPTIONS(options),
                                   CLI_EXAMPLES(examples),
                                   .run = run};
