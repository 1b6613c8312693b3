/* train.c: sid_model_train: events to a model on disk. A family that counts does so at once; one that learns by steps gets the
 * loop of trainer.h, with checkpoints beside the model until the model is there.
 */
#include <stdio.h>

#include "base/vfs.h"
#include "catalog/catalog_files.h"
#include "train/trainer.h"

/* What lies beside a model while it is trained. */
typedef struct places {
    char checkpoint[PATH_MAX], old[PATH_MAX], log[PATH_MAX];
    char final_log[PATH_MAX]; /* within the model */
} places;

static sid_status join(char out[PATH_MAX], const char *path, const char *suffix, sid_error *err)
{
    int length = snprintf(out, PATH_MAX, "%s%s", path, suffix);
    return length < PATH_MAX ? SID_OK
                             : sid__fail(err, SID_EUSAGE, "the path %.200s.. has %d bytes; %d are the most", path,
                                         length, PATH_MAX - 1);
}

static sid_status find_places(const char *path, bool force, places *out, sid_error *err)
{
    sid__new_directory directory;
    SID_TRY(sid__new_directory_check(path, force, &directory, err));
    SID_TRY(join(out->checkpoint, directory.target, ".checkpoint", err));
    SID_TRY(join(out->old, directory.target, ".checkpoint.old", err));
    SID_TRY(join(out->log, directory.target, ".metrics.jsonl", err));
    return join(out->final_log, directory.target, "/metrics.jsonl", err);
}

/* An interrupted training is gone on from, or is in the way: hours of work are not written over by a forgotten flag. */
static sid_status check_resume(const sid_train_options *options, const places *p, sid_error *err)
{
    bool is_there = sid__path_exists(p->checkpoint) || sid__path_exists(p->old);
    if (options->resume && !is_there)
        return sid__fail(err, SID_EUSAGE, "there is no checkpoint %s to resume from; leave out --resume",
                         p->checkpoint);
    if (is_there && !options->resume && !options->force)
        return sid__fail(err, SID_EEXISTS,
                         "%s is there, of an interrupted training: --resume goes on from it, --force begins anew",
                         p->checkpoint);
    return SID_OK;
}

static sid_status learn(sid_ctx *ctx, sid_model *m, const sid_train_options *options, const sid__split *split,
                        const places *p, sid_error *err)
{
    const sid__train_plan plan = {.checkpoint = p ? p->checkpoint : NULL,
                                  .log = p ? p->log : NULL,
                                  .resume = options->resume,
                                  .dry_run = options->dry_run,
                                  .checkpoint_steps = options->checkpoint_steps};
    if (options->resume && !m->family->learner)
        return sid__fail(err, SID_EUSAGE, "%s keeps no checkpoint to resume from: it is quick to train anew",
                         m->family->info.name);
    if (!m->family->learner)
        return m->family->train(ctx, m, split, err);
    if (p)
        SID_TRY(check_resume(options, p, err));
    return sid__train(ctx, m, split, &plan, err);
}

/* The model is there: its log moves in, and checkpoints that stay would harm nobody. */
static void clear(const places *p)
{
    if (sid__path_exists(p->log))
        (void)sid__rename(p->log, p->final_log, false, NULL);
    (void)sid__remove_tree(p->checkpoint, NULL);
    (void)sid__remove_tree(p->old, NULL);
}

/* Writes what was learned, where it is to be written. */
static sid_status keep(sid_ctx *ctx, const sid_train_options *options, const places *p, const char *path,
                       sid_model **out, sid_error *err)
{
    bool is_learner = (*out)->family->learner != NULL;
    if (options->dry_run && is_learner) {
        sid_model_close(*out);
        *out = NULL;
        return SID_OK;
    }
    SID_TRY(sid__model_set_id(*out, err));
    if (!path || options->dry_run)
        return SID_OK;
    SID_TRY(sid__model_write(ctx, *out, path, options->force, err));
    if (is_learner)
        clear(p);
    return SID_OK;
}

static sid_status train(sid_ctx *ctx, const sid_train_options *options, const sid_events *events, const char *path,
                        sid_model **out, sid_error *err)
{
    places p;
    sid__split split;
    double start_s = sid__train_now_s();
    if (path) {
        SID_TRY(sid__model_place_check(path, options->force, err));
        SID_TRY(find_places(path, options->force, &p, err));
    }
    SID_TRY(sid__split_make(events, &options->split, &split, err));
    sid_status status = sid__model_begin(ctx, options, &split, out, err);
    if (status == SID_OK)
        status = learn(ctx, *out, options, &split, path ? &p : NULL, err);
    sid__split_drop(&split);
    if (status != SID_OK)
        return status;
    (*out)->train_s = sid__train_now_s() - start_s;
    return keep(ctx, options, path ? &p : NULL, path, out, err);
}

sid_status sid_model_train(sid_ctx *ctx, const sid_train_options *options, const sid_events *events, const char *path,
                           sid_model **out, sid_error *err)
{
    sid_model *m = NULL;
    if (!path && !out)
        return sid__fail(err, SID_EUSAGE, "the model goes nowhere: a path, or a place for it, is expected");
    sid_status status = train(ctx, options, events, path, &m, err);
    if (status != SID_OK || !out) {
        sid_model_close(m);
        return status;
    }
    *out = m;
    return SID_OK;
}
