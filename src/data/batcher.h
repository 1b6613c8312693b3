/* batcher.h: the train events of users as batches of sequences: what models that learn by steps are fed.
 *
 *     sid__batcher_create(&split, &options, &batcher, err);
 *     for each epoch: sid__batcher_begin(&batcher, epoch); then sid__batcher_get(&batcher, i) for i < batcher.batch_count
 *
 * A batch is a function of (options, epoch, i) alone: no other state, so that a training is resumed by its numbers. Sequences
 * lie one behind the other, without padding. An epoch: samples are shuffled; windows of 64 batches (all samples, where
 * batch_users is 0) are sorted by length, so that a batch holds alike lengths, and cut into batches; the batches of a window are
 * shuffled.
 */
#ifndef SEMID_DATA_BATCHER_H
#define SEMID_DATA_BATCHER_H

#include "data/split.h"
#include "tensor/ops_sequence.h"

/* NEXT: items 1 .. n-1 of a window of n, each with the item after it as its target. WHOLE: all n; the last has no target. */
typedef enum sid__samples { SID__SAMPLES_NEXT, SID__SAMPLES_WHOLE } sid__samples;

/* NONE: a user is one sample, their last history_max + 1 items. CROP: with probability crop_rate a random window of them,
 * other in each epoch. PREFIX: each item but the first is a sample, with what is before it; it alone is a target. */
typedef enum sid__augment { SID__AUGMENT_NONE, SID__AUGMENT_CROP, SID__AUGMENT_PREFIX } sid__augment;
#define SID__AUGMENT_CHOICES "none|crop|prefix"

typedef struct sid__batcher_options {
    sid__samples samples;
    sid__augment augment;
    double crop_rate;
    bool ties_augment;   /* the order of a user's events of one moment is drawn anew each epoch */
    int64_t history_max; /* items in front of a target */
    int64_t batch_users,
        batch_tokens; /* a batch holds at most; one sequence at least. 0: any number; one of them not */
    uint64_t seed;
} sid__batcher_options;

/* Losses by level, for the log: a loss that has levels fills them. */
typedef struct sid__level_losses {
    double loss[SID_LEVELS_MAX + 1];
    int levels;
} sid__level_losses;

/* Lives until the next call of the batcher. */
typedef struct sid__batch {
    sid__ragged sequences;      /* of users; at least one, none empty */
    int64_t tokens;             /* T = sequences.begin[sequences.count] */
    const int32_t *item;        /* (T) oldest first */
    const int32_t *target;      /* (T) the item after, -1 where none counts */
    int64_t target_count;       /* that count; at least 1 */
    const int32_t *user;        /* (sequences.count) rows */
    const char *const *user_id; /* of each row; NULL, or NULL there: not known */
    int64_t step;               /* from 0, over all epochs: key of what is drawn. Set by the trainer */
    uint64_t seed;
    sid__level_losses *levels; /* NULL, or to fill */
} sid__batch;

typedef struct sid__sample {
    int64_t begin, end; /* of sid__split.item: the train events, up to the target, that it is drawn from */
    int32_t user;
} sid__sample;

/* What is drawn of a sample in this epoch. */
typedef struct sid__sample_window {
    int64_t begin, end;
} sid__sample_window;

/* Invariant after begin: batch i is samples order[batch_begin[i]] .. order[batch_end[i] - 1]. */
typedef struct sid__batcher {
    const sid__split *split;
    sid__batcher_options options;
    sid__sample *sample; /* (sample_count), each of two items at least */
    sid__sample_window *window;
    int64_t *order, *sorted; /* (sample_count) */
    int64_t *batch_begin, *batch_end;
    int64_t sample_count, batch_count, epoch; /* epoch -1: none begun */
    int64_t *first_token;                     /* of the sequences of a batch, and their end */
    int32_t *item, *target, *user, *run;      /* run: a user's events while they are permuted */
    int64_t tokens_max;                       /* of a batch */
} sid__batcher;

/* SID_EDATA: no user has two train events. `split` must outlive the batcher. */
sid_status sid__batcher_create(const sid__split *split, const sid__batcher_options *options, sid__batcher *out,
                               sid_error *err);
void sid__batcher_drop(sid__batcher *batcher);
/* Draws the epoch; nothing where it is drawn already. */
void sid__batcher_begin(sid__batcher *batcher, int64_t epoch);
sid__batch sid__batcher_get(sid__batcher *batcher, int64_t index);
/* Batches of the epochs 0 .. epochs - 1. */
int64_t sid__batcher_steps(sid__batcher *batcher, int64_t epochs);

#endif
