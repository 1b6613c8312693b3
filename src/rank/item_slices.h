/* item_slices.h: items by how often they were shown in training: where a ranker has seen much, little or nothing. */
#ifndef SEMID_RANK_ITEM_SLICES_H
#define SEMID_RANK_ITEM_SLICES_H

#include "base/mem.h"
#include "semid_rank.h"

/* shown (items): impressions in training -> slice (items): NEW without any; else, from the most shown on, HEAD until they make
 * 25 % of all impressions, TORSO until 75 %, then TAIL. The item that crosses a border is still before it; ties go by row. */
sid_status sid__item_slices(const int64_t *shown, int64_t items, uint8_t *slice, sid_error *err);

#endif
