/* cmd_synth.c: semid synth vectors: made-up data for trials and benchmarks. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "inputs.h"
#include "output.h"
#include "verbs.h"

static sid_status check_kind(cli_app *app)
{
    static const char *const kinds[] = {"vectors"};
    if (strcmp(app->object[0], kinds[0]) == 0)
        return SID_OK;
    const char *near = sid_closest(app->object[0], kinds, CLI_COUNT(kinds));
    return cli_fail(app, SID_EUSAGE, "synth makes vectors, not \"%s\"%s", app->object[0],
                    near ? "; did you mean vectors?" : "");
}

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
             sid_vectors_count(vectors), sid_vectors_dim(vectors), ids, path, ids);
    return SID_OK;
}

static sid_status run(cli_app *app)
{
    const char *folder;
    sid_vectors *vectors = NULL;
    CLI_TRY(check_kind(app));
    CLI_TRY(cli_output_path(app, &folder));
    const char *path = cli_keep(app, "%s/vectors.npy", folder), *ids = cli_keep(app, "%s/vectors.ids.txt", folder);
    CLI_TRY(cli_output_check(app, path));
    CLI_TRY(cli_output_check(app, ids));
    if (app->is_dry_run) {
        cli_note(app, "would write %s and %s, %.6g MB", path, ids,
                 4e-6 * (double)cli_int(app, "item-count") * (double)cli_int(app, "dim"));
        return SID_OK;
    }
    CLI_TRY(sid_vectors_synth(app->ctx, cli_int(app, "item-count"), (int)cli_int(app, "dim"),
                              (int)cli_int(app, "centers"), cli_float(app, "spread"), app->seed, &vectors, &app->err));
    sid_status status = write_vectors(app, vectors, folder, path, ids);
    sid_vectors_free(vectors);
    return status;
}

static const cli_option options[] = {CLI_OPTION_OUTPUT("the folder for vectors.npy and vectors.ids.txt"),
                                     {.name = "item-count",
                                      .type = CLI_INT,
                                      .value = "N",
                                      .default_text = "10000",
                                      .min = 1,
                                      .max = 1e12,
                                      .help = "rows"},
                                     {.name = "dim",
                                      .type = CLI_INT,
                                      .value = "D",
                                      .default_text = "64",
                                      .min = 1,
                                      .max = SID_DIM_MAX,
                                      .help = "columns"},
                                     {.name = "centers",
                                      .type = CLI_INT,
                                      .value = "N",
                                      .default_text = "64",
                                      .min = 1,
                                      .max = 1e6,
                                      .help = "Gaussians that the rows are drawn from"},
                                     {.name = "spread",
                                      .type = CLI_FLOAT,
                                      .value = "X",
                                      .default_text = "0.5",
                                      .min = 0,
                                      .max = 1e6,
                                      .help = "standard deviation around a centre; the centres have 1"}};
static const char *const examples[] = {"synth vectors -o trial --item-count 10000 --dim 64",
                                       "synth vectors -o hard --centers 1000 --spread 1 --seed 7"};

const cli_command cli_synth = {.name = "synth",
                               .summary = "make vectors for trials and benchmarks",
                               .usage = "synth vectors -o DIR [--item-count N] [--dim D] [OPTIONS]",
                               .object_min = 1,
                               .object_max = 1,
                               .objects = "what to make: vectors",
                               CLI_OPTIONS(options),
                               CLI_EXAMPLES(examples),
                               .run = run};
