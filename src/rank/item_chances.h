/* item_chances.h: how likely an item is to be among the clicks of a batch, told from the steps between those that had it (Yi et
 * al., 2019): seen at step t, B <- (1 - a) B + a (t - A), A <- t; the chance is 1 / B, at most 1; a = .01. An item's first gap, from
 * the start on, is taken whole.
 */
#ifndef SEMID_RANK_ITEM_CHANCES_H
#define SEMID_RANK_ITEM_CHANCES_H

#include "base/mem.h"

/* Zero-initialised is empty. */
typedef struct sid__item_chances {
    int64_t *last; /* (items) step; 0: never */
    double *gap;   /* (items) */
    int64_t items, step;
} sid__item_chances;

/* Room for that many items; those there are stay. */
sid_status sid__item_chances_reserve(sid__item_chances *chances, int64_t items, sid_error *err);
void sid__item_chances_drop(sid__item_chances *chances);
/* A step that had `item` (count), counted where label is 1, an item once however often it stands there. log_chance (count): of all
 * of them, after it; of an item never clicked 0. */
void sid__item_chances_step(sid__item_chances *chances, const int32_t *item, const uint8_t *label, int64_t count,
                            double *log_chance);

#endif
