/* learner.h: a family that learns by steps: what it declares, and what src/train/ does with it.
 *
 * The class of such a family has `learner` in place of `train`. Its parameters are the model's (m->params): the trainer moves
 * them, the model's file holds them. Life of a model:
 *
 *     training: build(m, split) -> loss, backward, step, .. -> ready -> score (validation), .. -> ready -> file
 *     opening:  class->load (where there is one) -> build(m, NULL) -> parameters from the file -> ready -> score
 */
#ifndef SEMID_MODEL_LEARNER_H
#define SEMID_MODEL_LEARNER_H

#include "data/batcher.h"
#include "model/model.h"
#include "tensor/params.h"

/* What every training has: the first part of the options of a family that learns, see SID__TRAINING_OPTIONS. */
typedef struct sid__training {
    int64_t epochs, batch_users, batch_tokens, valid_every, valid_users, patience, history_max;
    double minutes, lr, wd, clip, warmup, ema, dropout, crop_rate;
    int augment, precision; /* sid__augment, sid__precision */
    bool ties_augment;
} sid__training;

/* Rows of an option table whose struct S has `sid__training training`; the values are what the family starts from. */
/* clang-format off */
#define SID__TRAINING_OPTIONS(S, EPOCHS, BATCH_USERS, BATCH_TOKENS, LR, WD, DROPOUT, HISTORY_MAX, AUGMENT, VALID_EVERY, \
                              VALID_USERS)                                                                             \
    {"epochs", SID_OPTION_INT, EPOCHS, 1, 1e6, NULL, "passes over the users, at most", SID__TRAINING_AT(S, epochs)},   \
    {"minutes", SID_OPTION_FLOAT, "0", 0, 1e6, NULL,                                                                   \
     "epochs that fit in so many minutes, by 50 timed steps; 0: as epochs says", SID__TRAINING_AT(S, minutes)},        \
    {"batch_users", SID_OPTION_INT, BATCH_USERS, 0, 1 << 20, NULL, "histories a step, at most; 0: any number",           \
     SID__TRAINING_AT(S, batch_users)},                                                                                \
    {"batch_tokens", SID_OPTION_INT, BATCH_TOKENS, 0, 1e9, NULL, "items a step, at most; 0: any number",               \
     SID__TRAINING_AT(S, batch_tokens)},                                                                               \
    {"lr", SID_OPTION_FLOAT, LR, 0, 10, NULL, "learning rate of AdamW at its highest", SID__TRAINING_AT(S, lr)},       \
    {"wd", SID_OPTION_FLOAT, WD, 0, 10, NULL, "weight decay of matrices, not of embeddings", SID__TRAINING_AT(S, wd)}, \
    {"clip", SID_OPTION_FLOAT, "1", 0, 1e30, NULL, "largest norm of a step's gradients; 0: any",                       \
     SID__TRAINING_AT(S, clip)},                                                                                       \
    {"warmup", SID_OPTION_FLOAT, "0.05", 0, 1, NULL,                                                                   \
     "share of the steps over which lr rises; then it falls along a cosine to a hundredth",                            \
     SID__TRAINING_AT(S, warmup)},                                                                                     \
    {"ema", SID_OPTION_FLOAT, "0", 0, 0.999999, NULL,                                                                  \
     "average of the weights over steps, .999 for one, is what is kept; 0: the weights", SID__TRAINING_AT(S, ema)},    \
    {"dropout", SID_OPTION_FLOAT, DROPOUT, 0, 0.99, NULL, "share of hidden numbers dropped in training",               \
     SID__TRAINING_AT(S, dropout)},                                                                                    \
    {"history_max", SID_OPTION_INT, HISTORY_MAX, 1, 4096, NULL, "last items of a history that are looked at",          \
     SID__TRAINING_AT(S, history_max)},                                                                                \
    {"augment", SID_OPTION_CHOICE, AUGMENT, 0, 0, SID__AUGMENT_CHOICES,                                                \
     "crop: windows of histories, other in each epoch; prefix: each item a sample of its own",                         \
     SID__TRAINING_AT(S, augment)},                                                                                    \
    {"crop_rate", SID_OPTION_FLOAT, "0.5", 0, 1, NULL, "share of the histories that augment=crop cuts",                \
     SID__TRAINING_AT(S, crop_rate)},                                                                                  \
    {"ties_augment", SID_OPTION_FLAG, "false", 0, 0, NULL, "draw the order of events of one moment in each epoch",     \
     SID__TRAINING_AT(S, ties_augment)},                                                                               \
    {"valid_every", SID_OPTION_INT, VALID_EVERY, 1, 1e6, NULL, "epochs between validations",                           \
     SID__TRAINING_AT(S, valid_every)},                                                                                \
    {"valid_users", SID_OPTION_INT, VALID_USERS, 0, 1e9, NULL, "users asked in a validation, by hash; 0: all",         \
     SID__TRAINING_AT(S, valid_users)},                                                                                \
    {"patience", SID_OPTION_INT, "10", 0, 1e6, NULL, "validations without gain that end the training; 0: none do",     \
     SID__TRAINING_AT(S, patience)},                                                                                   \
    {"precision", SID_OPTION_CHOICE, "fp32", 0, 0, SID__PRECISION_CHOICES, "of the matrix products of training",       \
     SID__TRAINING_AT(S, precision)}
/* clang-format on */
#define SID__TRAINING_AT(S, field) offsetof(S, training.field)

struct sid__learner {
    sid__samples samples;
    size_t training_offset; /* of sid__training in the family's options */
    /* Declares the parameters, seals them, and gives them their values by (m->seed, name): sid__param_normal and the like.
     * split NULL: the model is read from its file, the values follow; what build took from the split was kept by save and
     * stands in m->state. */
    sid_status (*build)(sid_model *m, const sid__split *split, sid__params *params, sid_error *err);
    /* Mean loss of the batch, (1, 1); NULL as ops give NULL. */
    sid__value *(*loss)(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch);
    /* Makes, from m->params, what score wants; called again whenever they changed. NULL: nothing to make. */
    sid_status (*ready)(sid_model *m, sid_error *err);
    double (*beta2)(const sid_model *m); /* of AdamW; NULL: .999 */
    /* About how many floats a step over so many tokens holds in fp32, parameters aside; NULL: not known. */
    int64_t (*step_floats)(const sid_model *m, int threads, int64_t tokens);
};

const sid__training *sid__model_training(const sid_model *m);

/* ---- For build ---------------------------------------------------------------------------------------------------- */

/* Declares a matrix (rows, columns), a vector where rows is 0; *index is its place. */
sid_status sid__learner_add(sid__params *params, const char *name, int64_t rows, int columns, bool is_decayed,
                            int *index, sid_error *err);
/* Values by (seed, name): normal with that deviation; uniform in +-bound; all alike. Call them after the seal. */
void sid__param_normal(sid__params *params, int index, uint64_t seed, double deviation);
void sid__param_uniform(sid__params *params, int index, uint64_t seed, double bound);
void sid__param_fill(sid__params *params, int index, float value);

/* ---- For model_file.c --------------------------------------------------------------------------------------------- */

sid_status sid__learner_save(const sid_model *m, sid__tensor_set *set, sid_error *err);
sid_status sid__learner_load(sid_model *m, const sid__tensor_set *set, sid_error *err);

#endif
