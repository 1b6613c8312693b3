/* code_order.h: rows sorted by their codes, so that the items below any prefix stand together as one run. */
#ifndef SEMID_SID_CODE_ORDER_H
#define SEMID_SID_CODE_ORDER_H

#include "base/error.h"

/* Invariant: order (count) is a permutation of the rows, rising by (codes, row). Zero-initialised is empty. */
typedef struct sid__code_order {
    const uint16_t *codes; /* (count, levels), the caller's */
    int64_t count;
    int levels;
    int64_t *order;
} sid__code_order;

/* < 0, 0, > 0 as the first `depth` codes of a come before, equal, come after b's. */
static inline int sid__codes_compare(const uint16_t *a, const uint16_t *b, int depth)
{
    for (int l = 0; l < depth; l++)
        if (a[l] != b[l])
            return a[l] < b[l] ? -1 : 1;
    return 0;
}

/* Levels of common prefix. */
static inline int sid__codes_shared(const uint16_t *a, const uint16_t *b, int levels)
{
    int shared = 0;
    while (shared < levels && a[shared] == b[shared])
        shared++;
    return shared;
}

sid_status sid__code_order_create(const uint16_t *codes, int64_t count, int levels, sid__code_order *out,
                                  sid_error *err);
void sid__code_order_free(sid__code_order *by);
/* The end of the run of one prefix of `depth` codes that begins at place `begin` of the order. */
int64_t sid__code_order_run(const sid__code_order *by, int64_t begin, int depth);
/* Ordered pairs of different rows that share the first `depth` codes: sum of b (b - 1) over the runs. */
double sid__code_order_pairs(const sid__code_order *by, int depth);

#endif
