/* serving.h: rows as they are served: per slice fp32, fp16 rounded to nearest, ties to even, or int8 with a scale a row.
 *
 * A served row is its slices one after the other, each padded to 4 bytes; int8: the scale as a float, then the integers.
 */
#ifndef SEMID_TABLE_SERVING_H
#define SEMID_TABLE_SERVING_H

#include "table/table.h"

/* weights (setup.dim) -> served (setup.served_size), padding zero. */
void sid__served_encode(const sid__table_setup *setup, const float *weights, void *served);
/* IEEE binary16; beyond its range: infinite. */
uint16_t sid__half_of(float value);

#endif
