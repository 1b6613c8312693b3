/* cmd_train.c: semid train: a recommender learns from events and is kept as a directory. */
#include <string.h>

#include "args.h"
#include "events_input.h"
#include "history_input.h"
#include "inputs.h"
#include "output.h"
#include "verbs.h"

static void print_json(const cli_app *app, const sid_model_info *info, const char *path, double train_s)
{
    cli_print_object(app, json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:i,s:o}", "format", 1, "path", path,
                                    "id", info->id, "family", info->family, "options", info->options, "split",
                                    info->split, "ties", info->ties, "seed", (json_int_t)info->seed, "items",
                                    (json_int_t)info->items, "train_events", (json_int_t)info->train_events, "dim",
                                    info->dim, "train_s", cli_json_number(train_s)));
}

static sid_status train(cli_app *app, const cli_events_input *input, const char *path)
{
    sid_model *model = NULL;
    sid_model_info info;
    const sid_train_options options = {.family = app->object[0],
                                       .options = cli_family_options(app, CLI_FOR_MODEL),
                                       .seed = app->seed,
                                       .split = cli_split_options(app),
                                       .vectors = input->vectors,
                                       .catalog = input->catalog,
                                       .force = app->is_forced,
                                       .resume = cli_flag(app, "resume"),
                                       .dry_run = app->is_dry_run};
    double start_s = cli_now_s();
    CLI_TRY(sid_model_train(app->ctx, &options, input->events, path, &model, &app->err));
    if (!model) { /* it would be learned by steps: what that takes was logged */
        cli_note(app, "would write %s", path);
        return SID_OK;
    }
    sid_model_get_info(model, &info);
    if (app->is_format_given && (app->format == CLI_FORMAT_JSON || app->format == CLI_FORMAT_JSONL))
        print_json(app, &info, path, cli_now_s() - start_s);
    cli_note(app, "%s%s: %s of %s, %s train%s%s, %.2f s", app->is_dry_run ? "would write " : "", path, info.family,
             cli_count_text(app, info.items, "item"), cli_count_text(app, info.train_events, "event"),
             info.dim > 0 ? cli_keep(app, ", vectors of %d dimensions", info.dim) : "",
             info.levels > 0 ? cli_keep(app, ", SIDs of %d codes", info.levels) : "", cli_now_s() - start_s);
    const char *word = cli_keep_word(app, path), *history = cli_history_word(app, sid_model_item_ids(model)[0]);
    if (strcmp(info.split, "all") == 0) /* nothing is kept back that eval could ask */
        cli_note(app, "next: semid recommend %s --history%s", word, history);
    else
        cli_note(app, "next: semid recommend %s --history%s; semid eval %s --events %s", word, history, word,
                 cli_keep_word(app, cli_text(app, "events")));
    sid_model_close(model);
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    cli_events_input input = {0};
    const char *path = NULL;
    CLI_TRY(cli_output_path(app, &path));
    CLI_TRY(cli_output_check(app, path));
    sid_status status = cli_events_read(app, NULL, &input);
    if (status == SID_OK)
        status = train(app, &input, path);
    cli_events_drop(&input);
    return status;
}

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the directory of the model"),
    CLI_OPTIONS_EVENTS,
    {.name = "resume",
     .type = CLI_FLAG,
     .help = "go on from MODEL.checkpoint, where an interrupted training stopped; ends with the bytes of an "
             "uninterrupted one"},
};
static const char *const examples[] = {
    "train itemknn --events events.tsv -o model   # counts alone",
    "train itemknn --events events.tsv --items items.tsv --vectors x.npy -o model   # and what items are like",
    "train itemknn --events events.tsv --split all -o model   # for use: nothing is kept back for questions",
    "train itemknn --events events.tsv --decay 0.8 --forward 0 -o model",
    "train sasrec --events events.tsv -o model   # learns by steps: minutes, a checkpoint beside the model",
    "train sasrec --events events.tsv -o model --resume   # after it was interrupted",
    "train sasrec --events events.tsv --catalog catalog --item-embedding id,sid,content -o model"};

const cli_command cli_train = {
    .name = "train",
    .summary = "learn from events what to recommend",
    .usage = "train FAMILY --events FILE -o MODEL [--items FILE --vectors FILE] [--split S] [--resume]",
    .about = "FAMILY is one of the models below; their options are flags here. By --split loo, the default, each "
             "user's last two events are kept back for semid eval; --split all learns from everything. The model holds "
             "ids, counts and vectors: recommend and eval need nothing else.",
    .object_min = 1,
    .object_max = 1,
    .objects = "a family, such as itemknn",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .takes_model = true,
    .run = run};
