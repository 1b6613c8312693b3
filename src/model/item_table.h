/* item_table.h: items as what sequence models read and score: an item's embedding is a sum of up to three parts: a row of its
 * own (id), a row for each code of its SID (sid), a linear map of its vector (content).
 *
 * While training the table has the items with a train event alone, "warm" ones: what is never a target would learn nothing but
 * that it is none. All items are scored: one without a train event by its codes and vector, where those are parts.
 */
#ifndef SEMID_MODEL_ITEM_TABLE_H
#define SEMID_MODEL_ITEM_TABLE_H

#include "model/learner.h"
#include "tensor/ops.h"

/* Invariants: warm[row[i]] == i where row[i] >= 0; code[l] is NULL but with has_sid, content but with has_content. An item that
 * lacks a part has a row of zeroes for it. */
typedef struct sid__item_table {
    bool has_id, has_sid, has_content;
    int dim;
    int64_t items, rows; /* all; warm ones */
    int32_t *row;        /* (items) -1: cold */
    int32_t *warm;       /* (rows) rising */
    int levels;          /* of codes */
    int32_t *
        code[SID_LEVELS_MAX + 1]; /* (rows) of each warm item; rows of the code's parameter, whose last is for no SID */
    int content_dim;
    float *content;                                          /* (rows, content_dim) unit vectors less their mean */
    float *mean;                                             /* (content_dim) */
    int id_index, code_index[SID_LEVELS_MAX + 1], map_index; /* parameters */
} sid__item_table;

/* Whether `parts` has content. */
bool sid__item_table_wants_vectors(const char *parts);
/* `parts` is a comma list of id, sid, content. Declares the parameters. SID_EUSAGE: another word; a part that the model has
 * nothing for. `split` NULL: the rows were loaded. */
sid_status sid__item_table_build(sid__item_table *table, const sid_model *m, const char *parts, int dim,
                                 const sid__split *split, sid__params *params, sid_error *err);
/* After the seal: N(0, deviation^2). */
void sid__item_table_start(const sid__item_table *table, sid__params *params, uint64_t seed, double deviation);
void sid__item_table_drop(sid__item_table *table);

/* (rows, dim), with gradients. */
sid__value *sid__item_table_value(const sid__item_table *table, sid__params *params, sid__tape *tape);
/* out (items, dim): of every item, cold ones too. */
sid_status sid__item_table_all(const sid__item_table *table, const sid_model *m, float *out, sid_error *err);
/* Whether an item has an embedding that was learned. */
bool sid__item_table_knows(const sid__item_table *table, const sid_model *m, int64_t item);

/* Tensor items.warm. */
sid_status sid__item_table_save(const sid__item_table *table, sid__tensor_set *set, sid_error *err);
sid_status sid__item_table_load(sid__item_table *table, int64_t items, const sid__tensor_set *set, sid_error *err);

#endif
