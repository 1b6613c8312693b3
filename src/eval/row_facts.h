/* row_facts.h: what a row of the table says of its model beside figures: which settings, which SIDs, how many of them collide. */
#ifndef SEMID_EVAL_ROW_FACTS_H
#define SEMID_EVAL_ROW_FACTS_H

#include "base/arena.h"
#include "model/model.h"

/* Fills family, options, id, options_hash, sid_version, collisions, seed and train_s; texts are copied to `texts`. */
sid_status sid__row_facts(const sid_model *m, sid__arena *texts, sid_eval_row *out, sid_error *err);
/* Of the items with a SID, the share that has the codes of another; NaN without SIDs. */
sid_status sid__collisions_of(const sid__item_sids *sids, double *out, sid_error *err);

#endif
