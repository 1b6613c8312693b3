/* cmd_synth.c: semid synth: made-up data for trials and benchmarks: vectors, events, impressions. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include <semid_rank.h>

#include "inputs.h"
#include "output.h"
#include "verbs.h"

static sid_status make_folder(cli_app *app, const char *path)
{
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return SID_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return SID_OK;
    return cli_fail(app, SID_EIO, "%s: %s", path, strerror(errno));
}

static sid_status write_vectors(cli_app *app, const sid_vectors *vectors, const char *folder, const char *path,
                                const char *ids)
{
    CLI_TRY(make_folder(app, folder));
    CLI_TRY(sid_vectors_write(app->ctx, vectors, path, ids, &app->err));
    cli_note(app, "wrote %s (%" PRId64 " x %d) and %s; next: semid fit --vectors %s:%s -o catalog", path,
             sid_vectors_count(vectors), sid_vectors_dim(vectors), ids, cli_keep_word(app, path),
             cli_keep_word(app, ids));
    return SID_OK;
}

static sid_status make_vectors(cli_app *app, const char *folder)
{
    sid_vectors *vectors = NULL;
    int64_t count = cli_is_given(app, "item-count") ? cli_int(app, "item-count") : 10000;
    const char *path = cli_keep(app, "%s/vectors.npy", folder), *ids = cli_keep(app, "%s/vectors.ids.txt", folder);
    CLI_TRY(cli_output_check(app, path));
    CLI_TRY(cli_output_check(app, ids));
    if (app->is_dry_run) {
        cli_note(app, "would write %s and %s, %.6g MB", path, ids, 4e-6 * (double)count * (double)cli_int(app, "dim"));
        return SID_OK;
    }
    CLI_TRY(sid_vectors_synth(app->ctx, count, (int)cli_int(app, "dim"), (int)cli_int(app, "centers"),
                              cli_float(app, "spread"), app->seed, &vectors, &app->err));
    sid_status status = write_vectors(app, vectors, folder, path, ids);
    sid_vectors_free(vectors);
    return status;
}

/* ---- The world of users and items ---- */

/* --preset, then what was given beside it. */
static sid_synth_options world_options(const cli_app *app, bool events_only)
{
    bool is_small = strcmp(cli_text(app, "preset"), "small") == 0;
    sid_synth_options options = {.items = is_small ? 2000 : 20000,
                                 .users = is_small ? 4000 : 40000,
                                 .impressions = is_small ? 40000 : 400000,
                                 .days = (int)cli_int(app, "days"),
                                 .seed = app->seed,
                                 .events_only = events_only,
                                 .force = app->is_forced};
    if (cli_is_given(app, "item-count"))
        options.items = cli_int(app, "item-count");
    if (cli_is_given(app, "user-count"))
        options.users = cli_int(app, "user-count");
    if (cli_is_given(app, "impressions"))
        options.impressions = cli_int(app, "impressions");
    return options;
}

static sid_status make_world(cli_app *app, const char *folder, bool events_only)
{
    sid_synth_summary summary;
    sid_synth_options options = world_options(app, events_only);
    const char *name = events_only ? "events.tsv" : "impressions.tsv";
    if (app->is_dry_run) {
        cli_note(app, "would write items.tsv, vectors.npy, %s%s to %s: %" PRId64 " impressions", name,
                 events_only ? "" : ", truth.tsv and truth.json", folder, options.impressions * options.days);
        return SID_OK;
    }
    CLI_TRY(make_folder(app, folder));
    CLI_TRY(sid_synth_impressions(app->ctx, &options, folder, &summary, &app->err));
    cli_note(app, "wrote %s/%s: %s, %s of %s", folder, name, cli_count_text(app, summary.items, "item"),
             cli_count_text(app, summary.clicks, "click"), cli_count_text(app, summary.impressions, "impression"));
    if (!events_only)
        cli_note(app,
                 "on the last day the best possible AUC is %.4f (of new items %.4f), by content alone %.4f (%.4f): "
                 "%s/truth.json",
                 summary.best[SID_RANK_SLICE_ALL].auc, summary.best[SID_RANK_SLICE_NEW].auc,
                 summary.content[SID_RANK_SLICE_ALL].auc, summary.content[SID_RANK_SLICE_NEW].auc, folder);
    const char *word = cli_keep_word(app, folder);
    cli_note(app, "next: semid fit --vectors %s/vectors.npy:%s/vectors.ids.txt --items %s/items.tsv -o catalog", word,
             word, word);
    return SID_OK;
}

static sid_status make_impressions(cli_app *app, const char *folder)
{
    return make_world(app, folder, false);
}

static sid_status make_events(cli_app *app, const char *folder)
{
    return make_world(app, folder, true);
}

static const struct kind {
    const char *name;
    sid_status (*make)(cli_app *app, const char *folder);
} kinds[] = {{"vectors", make_vectors}, {"impressions", make_impressions}, {"events", make_events}};

static sid_status run(cli_app *app)
{
    const char *folder, *names[CLI_COUNT(kinds)];
    for (size_t i = 0; i < CLI_COUNT(kinds); i++) {
        names[i] = kinds[i].name;
        if (strcmp(app->object[0], kinds[i].name) == 0) {
            CLI_TRY(cli_output_path(app, &folder));
            return kinds[i].make(app, folder);
        }
    }
    const char *near = sid_closest(app->object[0], names, CLI_COUNT(kinds));
    return cli_fail(app, SID_EUSAGE, "synth makes vectors, impressions or events, not \"%s\"%s%s%s", app->object[0],
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the folder for the files"),
    {.name = "item-count",
     .type = CLI_INT,
     .value = "N",
     .min = 1,
     .max = 1e12,
     .help = "rows of vectors (default 10000), or items alive at any time (20000)"},
    {.name = "dim",
     .type = CLI_INT,
     .only = "vectors",
     .value = "D",
     .default_text = "64",
     .min = 1,
     .max = SID_DIM_MAX,
     .help = "columns"},
    {.name = "centers",
     .type = CLI_INT,
     .only = "vectors",
     .value = "N",
     .default_text = "64",
     .min = 1,
     .max = 1e6,
     .help = "Gaussians that the rows are drawn from"},
    {.name = "spread",
     .type = CLI_FLOAT,
     .only = "vectors",
     .value = "X",
     .default_text = "0.5",
     .min = 0,
     .max = 1e6,
     .help = "standard deviation around a centre; the centres have 1"},
    {.name = "preset",
     .type = CLI_CHOICE,
     .only = "impressions,events",
     .choices = "full|small",
     .value = "P",
     .default_text = "full",
     .help = "of impressions and events; small: a tenth of items, users and impressions"},
    {.name = "user-count",
     .type = CLI_INT,
     .only = "impressions,events",
     .value = "N",
     .min = 1,
     .max = 1e8,
     .help = "users (default 40000)"},
    {.name = "impressions",
     .type = CLI_INT,
     .only = "impressions,events",
     .value = "N",
     .min = 24,
     .max = 1e10,
     .help = "a day (default 400000); about a tenth are clicks"},
    {.name = "days",
     .type = CLI_INT,
     .only = "impressions,events",
     .value = "N",
     .default_text = "10",
     .min = 2,
     .max = 1000,
     .help = "of impressions and events; the last is the test"}};
static const char *const examples[] = {"synth vectors -o trial --item-count 10000 --dim 64",
                                       "synth vectors -o hard --centers 1000 --spread 1 --seed 7",
                                       "synth impressions -o world --preset small   # clicks whose law is known",
                                       "synth events -o world   # the clicks alone, for semid train"};

const cli_command cli_synth = {
    .name = "synth",
    .summary = "make data for trials and benchmarks: vectors, impressions, events",
    .usage = "synth vectors|impressions|events -o DIR [--item-count N] [OPTIONS]",
    .about = "vectors: a mixture of Gaussians. impressions: a world of items that are born and die, and "
             "of users with tastes, whose clicks follow a known law: items.tsv, vectors.npy (what "
             "content tells), impressions.tsv, and in truth.tsv and truth.json what the best "
             "possible ranker would say. events: the clicks of such a world.",
    .object_min = 1,
    .object_max = 1,
    .objects = "what to make: vectors, impressions or events",
    CLI_OPTIONS(options),
    CLI_EXAMPLES(examples),
    .run = run};
