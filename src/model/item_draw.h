/* item_draw.h: items drawn by n^power of their train counts n, at a constant cost a draw: Walker's alias method (1977; Vose
 * 1991), integers only once the table is made. */
#ifndef SEMID_MODEL_ITEM_DRAW_H
#define SEMID_MODEL_ITEM_DRAW_H

#include <stdint.h>

#include "base/error.h"

/* A slot gives its own item where a number below 2^32 is less than `limit`, else `alias`. */
typedef struct sid__item_draw {
    int64_t item_count;
    uint32_t *limit; /* (item_count) */
    int32_t *alias;  /* (item_count) */
} sid__item_draw;

/* Items without a train event are never drawn, power 0 or not. SID_EDATA: no item has one. */
sid_status sid__item_draw_make(const int64_t *train_count, int64_t item_count, double power, sid__item_draw *out,
                               sid_error *err);
void sid__item_draw_drop(sid__item_draw *draw);
/* Draws `count` items, a function of seed and step; count up to SID__DRAW_MAX. */
enum { SID__DRAW_MAX = 4096 };
void sid__item_draw_many(const sid__item_draw *draw, uint64_t seed, uint64_t step, int count, int32_t *item);

#endif
