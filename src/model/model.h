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
#include "sid/sid_trie.h"
#include "tensor/params.h"

/* Items seen, oldest first; count >= 1. Whose they are matters to models that know users; others pass it by. */
typedef struct sid__history {
    const int32_t *item; /* (count) */
    int64_t count;
    uint64_t user; /* sid__name_key of the user's id; 0: not known */
} sid__history;

/* A number of a text, hardly ever that of another: FNV-1a. */
uint64_t sid__name_key(const char *name);

typedef struct sid__model_class sid__model_class;
typedef struct sid__generator sid__generator;
typedef struct sid__learner sid__learner;

enum { SID__MODEL_WORD_SIZE = 128, SID__MODEL_ID_SIZE = 33 };

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
    /* Of a later version of the catalogue. Rows from items.count on are those of `added`, which only generators have: then
     * `sids` covers them too. */
    sid__id_list added;
    uint8_t *is_live;   /* (items.count + added.count) 0: removed from the catalogue since; NULL: all are */
    sid__trie *trie;    /* generators: the live items by their SIDs, rows as above */
    void *state;        /* the family's */
    sid__params params; /* of a family that learns by steps (learner.h); else empty */
    double train_s;
    struct sid__spare *spare; /* what a request leaves to the next; NULL where none was made */
};

/* Options by another name, `preset`: they count as given before all others, and the model keeps them alone. */
typedef struct sid__model_preset {
    const char *name, *options;
} sid__model_preset;

struct sid__model_class {
    sid_family info; /* name, summary, paper, option table */
    size_t options_size;
    const sid__model_preset *presets;          /* to a name NULL; NULL: none. Those of other names change nothing */
    bool uses_vectors;                         /* where they are given */
    bool (*wants_vectors)(const sid_model *m); /* whether its options use them; NULL: any do */
    bool uses_sids;                            /* where a catalogue is given */
    bool needs_sids;
    const sid__learner
        *learner; /* learns by steps, in src/train/; then `train` is NULL, and `save` and `load` are for what
                                  * is no parameter, or NULL */
    /* Sets m->state from the train part; options, items and vectors are there. */
    sid_status (*train)(sid_ctx *ctx, sid_model *m, const sid__split *split, sid_error *err);
    /* score (count, items.count): of every item after each history; finite. Any block of histories gives the same bits. NULL:
     * a generator. */
    sid_status (*score)(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *score,
                        sid_error *err);
    const sid__generator *generator; /* NULL: `score` */
    sid_status (*save)(const sid_model *m, sid__tensor_set *set, sid_error *err);
    sid_status (*load)(sid_model *m, const sid__tensor_set *set,
                       sid_error *err); /* sets m->state; checks every value */
    void (*drop)(sid_model *m);         /* frees m->state */
};

/* How a family that generates SIDs is asked (src/decode does): level by level, each with the codes that were chosen before.
 * Inference without a tape; caches live in the state, which is one call's alone. Logits must be those that training had, to
 * the bit, whatever rows are asked together. Items of a history are rows of m->sids; those with is_known 0 are passed by, and
 * a history that is empty then is asked like any other. */
struct sid__generator {
    sid_status (*begin)(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, void **state,
                        sid_error *err);
    /* Appends `rows` rows to those that `level` has (0 at begin) and gives logits (rows, m->sids.codes[level]) of the next
     * code. parent[r]: at level 0 a history, later a row of level - 1; code[r] is what was chosen there (NULL at level 0). */
    sid_status (*step)(void *state, int level, const int32_t *parent, const uint16_t *code, int64_t rows, float *logits,
                       sid_error *err);
    /* `level` has no rows but the first `rows` any more; nobody will name deeper ones. */
    void (*forget)(void *state, int level, int64_t rows);
    void (*end)(void *state);  /* NULL is fine */
    void (*drop)(void *spare); /* of sid__model_swap_spare; NULL: the family leaves none */
    /* Of models that know items beside their codes (rerank.c); both NULL: none of the family does. The weight of that, 0: this
     * one does not; score (count): products of history `question` of begin with items. */
    double (*rank_weight)(const sid_model *m);
    void (*rank)(const void *state, int64_t question, const int32_t *item, int64_t count, double *score);
};

/* Memory of a generator's request that waits with the model for the next: gives what waits, or NULL, and leaves `state` (NULL:
 * nothing) in its place. Any number of threads may ask; without a place `state` comes back. */
void *sid__model_swap_spare(const sid_model *m, void *state);

extern const sid__model_class *const sid__model_registry[];
extern const int sid__model_registry_count;
extern const sid__model_class sid__pop, sid__last, sid__itemknn, sid__item2vec, sid__sasrec, sid__gru4rec,
    sid__bert4rec, sid__tiger, sid__sidgpt_family;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__model_family_find(const char *name, const sid__model_class **out, sid_error *err);

/* A model of that family and options, with nothing learned; `options` "a=1,b=2" or NULL. */
sid_status sid__model_create(sid_ctx *ctx, const char *family, const char *options, sid_model **out, sid_error *err);
/* Sets options_text from the options, which changed. */
sid_status sid__model_write_options(sid_model *m, sid_error *err);
/* Copies the rows of `vectors` to the items of their ids, each at unit length. */
sid_status sid__model_set_vectors(sid_model *m, const sid_vectors *vectors, sid_error *err);
/* The vectors that `catalog` keeps of the items, which must be in it; none where it keeps none. */
sid_status sid__model_set_catalog_vectors(sid_model *m, sid_catalog *catalog, sid_error *err);
/* Generators: m->trie anew, from the SIDs and what is live. */
sid_status sid__model_set_trie(sid_model *m, sid_error *err);
/* SIDs and vectors as the family uses them. */
sid_status sid__model_set_catalog(sid_model *m, const sid_train_options *options, const sid__split *split,
                                  sid_error *err);
/* A model of that family with the items, vectors and SIDs of what it is to learn from. SID_EDATA: nothing trains. */
sid_status sid__model_begin(sid_ctx *ctx, const sid_train_options *options, const sid__split *split, sid_model **out,
                            sid_error *err);
/* Learns from a split that is made already; families without a learner only. `vectors` NULL: none. */
sid_status sid__model_train_on(sid_ctx *ctx, const sid_train_options *options, const sid__split *split, sid_model **out,
                               sid_error *err);
bool sid__model_wants_vectors(const sid_model *m);
/* To unit length; what has no length stays zero. */
void sid__model_normalize(float *x, int dim);
/* Row of an item of the model, or one added since; -1: neither. And back. */
int64_t sid__model_find(const sid_model *m, const char *item_id);
const char *sid__model_item_id(const sid_model *m, int64_t row);
/* How many histories to score at once, so that their scores take some MiB. */
int64_t sid__model_block(const sid_model *m);

/* The split as a model records it: "loo", "loo cold 0.05 42" and the like, and the order it is in. Words are written out, so
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
