/* retrieve_case.h: items drawn at random, for the tests of src/retrieve. */
#ifndef SEMID_RETRIEVE_CASE_H
#define SEMID_RETRIEVE_CASE_H

#include <math.h>

#include "base/philox.h"
#include "retrieve/inventory.h"
#include "test.h"

enum { STOCK = 300, STOCK_LEVELS = 3, STOCK_CODES = 4 };

typedef struct stock_case {
    uint16_t code[STOCK * STOCK_LEVELS];
    double quality[STOCK], birth[STOCK];
    sid__stock stock;
} stock_case;

static inline double drawn(uint64_t seed, int64_t index)
{
    return sid__philox_uniform(seed, SID__STREAM_TEST, (uint64_t)index);
}

/* Some qualities and births are equal. */
static inline void make_stock(stock_case *c)
{
    for (int i = 0; i < STOCK * STOCK_LEVELS; i++)
        c->code[i] = (uint16_t)(drawn(1, i) * STOCK_CODES);
    for (int i = 0; i < STOCK; i++) {
        c->quality[i] = .1 + floor(drawn(2, i) * 5);
        c->birth[i] = floor(drawn(3, i) * 20);
    }
    c->stock = (sid__stock){.count = STOCK,
                            .levels = STOCK_LEVELS,
                            .code = c->code,
                            .quality = c->quality,
                            .birth = c->birth,
                            .half_life_days = 5};
}

#endif
