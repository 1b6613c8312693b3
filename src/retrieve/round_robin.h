/* round_robin.h: a budget of n prefixes times m items: one item of each in turn, so that a short answer has some of all. */
#ifndef SEMID_RETRIEVE_ROUND_ROBIN_H
#define SEMID_RETRIEVE_ROUND_ROBIN_H

#include "retrieve/resolver.h"

typedef struct sid__budget {
    int64_t prefixes, items; /* n, and m of each */
    int64_t k;               /* of all, at most */
} sid__budget;

typedef struct sid__round_robin_request {
    const uint16_t *prefix; /* (prefix_count, SID_LEVELS_MAX) best first */
    int64_t prefix_count;
    int depth; /* of the prefixes */
    sid__budget budget;
    const sid__resolver *resolver;
    uint64_t seed;
    const float *query; /* of a resolver that needs vectors */
    uint8_t *is_out;    /* (items) 1: not to come; those given are marked with 2 */
} sid__round_robin_request;

/* item (budget.k), from (budget.k): items in order, and the prefix each came by. What is out does not count against m; a prefix with
 * too few items goes on with its parent's. *found: how many. SID_ENOMEM. */
sid_status sid__round_robin(const sid__lists *lists, const sid__round_robin_request *request, int32_t *item,
                            int32_t *from, int64_t *found, sid_error *err);

#endif
