/* model.h: what every family of recommenders is. model_registry.c lists them; training, evaluation, files and the program loop
 * over that list. A family is one file: an option table, train, score, and what it keeps as tensors.
 *
 * A trained sid_model is immutable: scoring may run on many threads. Rows of items are those of the events it learned from.
 */
#ifndef SEMID_MODEL_MODEL_H
#define SEMID_MODEL_MODEL_H

#include "base/options.h"
#include "data/split.h"
#include "model/item_sids.h"

/* Items seen, oldest first; count >= 1. */
typedef struct sid__history {
    const int32_t *item; /* (count) */
    int64_t count;
} sid__history;

typedef struct sid__model_class sid__model_class;

enum { SID__MODEL_WORD_SIZE = 64, SID__MODEL_ID_SIZE = 33 };

struct sid_model {
    sid_ctx *ctx;
    const sid__model_class *family;
    void *family_options; /* of family->options_size bytes */
    char *options_text;   /* what differs from the defaults, "a=1,b=2" */
    char split[SID__MODEL_WORD_SIZE], ties[SID__MODEL_WORD_SIZE];
    char id[SID__MODEL_ID_SIZE];
    uint64_t seed;
    sid__id_list items;
    int64_t train_events;
    int dim;
    float *vectors;      /* (items.count, dim) unit or zero rows; NULL: none */
    sid__item_sids sids; /* of the items, where the family uses them and a catalogue was given; levels 0: none */
    uint8_t *is_live;    /* (items.count) 0: removed from the catalogue since; NULL: all are */
    void *state;         /* the family's */
    double train_s;
};

struct sid__model_class {
    sid_family info; /* name, summary, paper, option table */
    size_t options_size;
    bool uses_vectors; /* where they are given */
    bool uses_sids;    /* where a catalogue is given */
    bool needs_sids;
    /* Sets m->state from the train part; options, items and vectors are there. */
    sid_status (*train)(sid_ctx *ctx, sid_model *m, const sid__split *split, sid_error *err);
    /* score (count, items.count): of every item after each history; finite. Any block of histories gives the same bits. */
    sid_status (*score)(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *score,
                        sid_error *err);
    sid_status (*save)(const sid_model *m, sid__tensor_set *set, sid_error *err);
    sid_status (*load)(sid_model *m, const sid__tensor_set *set,
                       sid_error *err); /* sets m->state; checks every value */
    void (*drop)(sid_model *m);         /* frees m->state */
};

extern const sid__model_class *const sid__model_registry[];
extern const int sid__model_registry_count;
extern const sid__model_class sid__pop, sid__last, sid__itemknn, sid__item2vec;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__model_family_find(const char *name, const sid__model_class **out, sid_error *err);

/* A model of that family and options, with nothing learned; `options` "a=1,b=2" or NULL. */
sid_status sid__model_create(sid_ctx *ctx, const char *family, const char *options, sid_model **out, sid_error *err);
/* Copies the rows of `vectors` to the items of their ids, each at unit length. */
sid_status sid__model_set_vectors(sid_model *m, const sid_vectors *vectors, sid_error *err);
/* The vectors that `catalog` keeps of the items, which must be in it; none where it keeps none. */
sid_status sid__model_set_catalog_vectors(sid_model *m, sid_catalog *catalog, sid_error *err);
/* SIDs and vectors as the family uses them. */
sid_status sid__model_set_catalog(sid_model *m, const sid_train_options *options, const sid__split *split,
                                  sid_error *err);
/* Learns from a split that is made already. `vectors` NULL: none. */
sid_status sid__model_train_on(sid_ctx *ctx, const sid_train_options *options, const sid__split *split, sid_model **out,
                               sid_error *err);
/* To unit length; what has no length stays zero. */
void sid__model_normalize(float *x, int dim);
/* How many histories to score at once, so that their scores take some MiB. */
int64_t sid__model_block(const sid_model *m);

/* The split as a model records it: "loo", "time=0.8,0.1 first" and the like, and the order it is in. Words are written out, so
 * that equal splits have equal texts. */
void sid__split_text(const sid_split_options *options, char split[SID__MODEL_WORD_SIZE],
                     char ties[SID__MODEL_WORD_SIZE]);

/* ---- Files (model_file.c) ------------------------------------------------------------------------------------------- */

/* Sets m->id from what the model is and has learned. */
sid_status sid__model_set_id(sid_model *m, sid_error *err);
/* SID_EEXISTS and the like, before hours of training. */
sid_status sid__model_place_check(const char *path, bool force, sid_error *err);
sid_status sid__model_write(sid_ctx *ctx, const sid_model *m, const char *path, bool force, sid_error *err);

#endif
