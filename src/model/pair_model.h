/* pair_model.h: a model that is item_pairs and nothing else: what itemknn and last share. */
#ifndef SEMID_MODEL_PAIR_MODEL_H
#define SEMID_MODEL_PAIR_MODEL_H

#include "model/item_pairs.h"
#include "model/model.h"

/* m->state is then a sid__item_pairs. */
sid_status sid__pair_model_train(sid_ctx *ctx, sid_model *m, const sid__split *split, const sid__pair_options *options,
                                 sid_error *err);
sid_status sid__pair_model_save(const sid_model *m, sid__tensor_set *set, sid_error *err);
sid_status sid__pair_model_load(sid_model *m, const sid__tensor_set *set, sid_error *err);
void sid__pair_model_drop(sid_model *m);

#endif
