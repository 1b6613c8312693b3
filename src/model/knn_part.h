/* knn_part.h: itemknn within a learned model: its scores, so many times, are added to the model's own. What followed what, and
 * what is alike, is counted exactly where a net of some hundred thousand numbers learns only the rule.
 */
#ifndef SEMID_MODEL_KNN_PART_H
#define SEMID_MODEL_KNN_PART_H

#include "model/model.h"

/* itemknn NULL: none. Its items are those of the model that it is a part of, which lends its vectors when it scores. */
typedef struct sid__knn_part {
    sid_model *itemknn;
    float weight;
} sid__knn_part;

/* For build: itemknn with its defaults, learned from the split where there is one. weight 0: none. */
sid_status sid__knn_part_begin(const sid_model *m, double weight, const sid__split *split, sid__knn_part *out,
                               sid_error *err);
/* As of a family's save and load; out as sid__knn_part_begin leaves it. */
sid_status sid__knn_part_save(const sid__knn_part *part, sid__tensor_set *set, sid_error *err);
sid_status sid__knn_part_load(const sid__knn_part *part, const sid__tensor_set *set, sid_error *err);
void sid__knn_part_drop(sid__knn_part *part);
/* score (count, items) += weight * itemknn's. */
sid_status sid__knn_part_add(sid_ctx *ctx, const sid_model *m, const sid__knn_part *part, const sid__history *history,
                             int64_t count, float *score, sid_error *err);

#endif
