/* retrieve_case.h: items drawn at random, for the tests of src/retrieve. */
#ifndef SEMID_RETRIEVE_CASE_H
#define SEMID_RETRIEVE_CASE_H

#include <math.h>

#include "base/philox.h"
#include "retrieve/tower.h"
#include "test.h"

enum { STOCK = 300, STOCK_LEVELS = 3, STOCK_CODES = 4, STOCK_DIM = 5 };

typedef struct stock_case {
    uint16_t code[STOCK * STOCK_LEVELS];
    double quality[STOCK], birth[STOCK];
    sid__stock stock;
    float vector[STOCK][STOCK_DIM]; /* of quarters, so that scores tie */
    const float *vectors[STOCK];    /* one in seven has none */
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
    for (int i = 0; i < STOCK; i++) {
        for (int d = 0; d < STOCK_DIM; d++)
            c->vector[i][d] = (float)floor(drawn(4, i * STOCK_DIM + d) * 5) / 4;
        c->vectors[i] = drawn(5, i) < 1. / 7 ? NULL : c->vector[i];
    }
}

/* As every score by vectors is made. */
static inline float product(const float *a, const float *b, int dim)
{
    float sum = 0;
    for (int d = 0; d < dim; d++)
        sum = fmaf(a[d], b[d], sum);
    return sum;
}

#endif
