/* train_case.h: a small training for the tests of src/train: sasrec of a few numbers over made events. */
#ifndef SEMID_TRAIN_CASE_H
#define SEMID_TRAIN_CASE_H

#include <unistd.h>

#include "base/vfs.h"
#include "model_case.h"
#include "train/trainer.h"

#define SMALL "dim=8,blocks=1,heads=2,batch_users=8,history_max=8,dropout=0.2,epochs=4"

/* A path in the test's own folder. */
static inline const char *train_path(const char *name)
{
    static char path[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/semid_%s_%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", name,
                   (int)getpid());
    return path[turn];
}

static inline void remove_training(const char *path)
{
    static const char *const suffix[] = {"", ".checkpoint", ".checkpoint.old", ".metrics.jsonl"};
    char text[600];
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        (void)snprintf(text, sizeof text, "%s%s", path, suffix[i]);
        (void)sid__remove_tree(text, NULL);
    }
}

/* Cancels the context when a training has made so many steps. */
static inline void cancel_at(void *user, const sid_progress *progress)
{
    if (strcmp(progress->stage, "training") == 0 && progress->done == *(const int64_t *)user)
        sid_ctx_cancel(ctx);
}

static inline sid_train_options small_options(const char *options)
{
    return (sid_train_options){.family = "sasrec", .options = options};
}

#endif
