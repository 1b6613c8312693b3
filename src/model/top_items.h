/* top_items.h: the best of many scores. A score of -INFINITY says that an item is no candidate: it was seen. */
#ifndef SEMID_MODEL_TOP_ITEMS_H
#define SEMID_MODEL_TOP_ITEMS_H

#include <stdint.h>

/* The k best of score (count), by (score, then lower row), to item (k); how many there are. */
int sid__top_items(const float *score, int64_t count, int k, int32_t *item);

#endif
