/* trainer.h: the loop that trains a family with a learner (model/learner.h): batches, steps, validations, checkpoints, a log.
 *
 * A training is a function of data, options and seed: the order of an epoch is drawn by (seed, epoch), whatever is random in
 * a step by (seed, step). So its state is its numbers, and one that was killed and resumed ends with the same bytes as one
 * that was not; so does any number of threads.
 *
 *     trainer.c    the loop, and what starts and ends it      validate.c     NDCG@10 of the users that are kept back
 *     train_state.c  checkpoints                               train_log.c  metrics.jsonl
 */
#ifndef SEMID_TRAIN_TRAINER_H
#define SEMID_TRAIN_TRAINER_H

#include "eval/measure.h"
#include "model/learner.h"
#include "tensor/optim.h"

typedef struct sid__train_plan {
    const char *checkpoint; /* file of the newest state; "<checkpoint>.old" is the one before. NULL: none are kept */
    const char *log;        /* file; NULL: none */
    bool resume;            /* from checkpoint, or where that is damaged from the one before */
    bool dry_run;           /* prepare, say what it takes, and no more */
    /* Steps from one checkpoint to the next; 0: once a minute, and after validations at most each 10 s. */
    int64_t checkpoint_steps;
} sid__train_plan;

/* Invariant: step counts the steps made; epoch and index say which batch comes next. */
typedef struct sid__trainer {
    sid_ctx *ctx;
    sid_model *m;
    const sid__split *split;
    const sid__train_plan *plan;
    sid__training settings; /* epochs may be set by minutes */
    sid__batcher batcher;
    sid__optim optim;
    sid__memory memory;
    sid__cases valid; /* who is asked; none: no validation */
    double *value;    /* (valid.count, metrics) scratch of a validation */
    sid__discounts *discounts;
    uint8_t *is_head;
    int64_t step, steps, epoch, index;
    float *best; /* (params.size) weights of the best validation */
    double best_value;
    int64_t best_epoch, stale; /* epochs, and validations without gain since */
    bool has_best;
    size_t reserved_size;
    /* Not kept: */
    double start_s, checkpoint_s;    /* when it began, when the last checkpoint was written */
    sid__strbuf log;                 /* all lines */
    double loss, norm, loss_sum;     /* of the last step; since the last line of the log */
    double line_loss;                /* mean of that line */
    int64_t loss_count, token_count; /* likewise */
    double line_s;                   /* when that was */
    sid__level_losses levels, levels_sum;
    int64_t checkpoint_step;
} sid__trainer;

/* Trains m, which sid__model_begin made; at the end m->params are the best. SID_ECANCELED: interrupted; with a checkpoint the
 * message says how to go on. SID_EINTERNAL: the loss is not finite. */
sid_status sid__train(sid_ctx *ctx, sid_model *m, const sid__split *split, const sid__train_plan *plan, sid_error *err);

double sid__train_now_s(void);
/* By settings.epochs; sets steps. */
sid_status sid__train_create_optim(sid__trainer *t, sid_error *err);

/* ---- train_state.c ---- */

sid_status sid__train_state_write(sid__trainer *t, sid_error *err);
/* SID_EUSAGE names what differs: options, data. */
sid_status sid__train_state_read(sid__trainer *t, sid_error *err);

/* ---- validate.c ---- */

sid_status sid__validate_begin(sid__trainer *t, sid_error *err);
void sid__validate_end(sid__trainer *t);
/* NDCG@10 over t->valid with the weights as they are, averaged where ema says so. */
sid_status sid__validate(sid__trainer *t, double *ndcg, sid_error *err);

/* ---- train_log.c ---- */

/* A line of the steps since the last one; of a validation; and the file, whole. */
sid_status sid__train_log_steps(sid__trainer *t, sid_error *err);
sid_status sid__train_log_valid(sid__trainer *t, double ndcg, double valid_s, sid_error *err);
sid_status sid__train_log_write(const sid__trainer *t, sid_error *err);
/* What a training that is resumed has logged before its checkpoint. */
sid_status sid__train_log_read(sid__trainer *t, sid_error *err);

#endif
