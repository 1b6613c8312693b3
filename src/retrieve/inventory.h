/* inventory.h: the items below each prefix of a SID, the best first. Made once, then read by any number of threads.
 *
 * Best is ln quality + birth ln 2 / half_life: what is half as good ages as long as the other takes to halve. Time moves all items alike,
 * so an order once made stays right, and nothing is ever sorted again.
 *
 * Items are laid out by their codes, so that those below a prefix of any depth are one run of places; for each depth a list has, in each
 * run, these items in order. A trie finds the run: L binary searches among the codes of a node's children.
 */
#ifndef SEMID_RETRIEVE_INVENTORY_H
#define SEMID_RETRIEVE_INVENTORY_H

#include "base/mem.h"
#include "semid.h"

/* Items as they come. */
typedef struct sid__stock {
    int64_t count;
    int levels;
    const uint16_t *code;  /* (count, levels) base codes */
    const double *quality; /* (count) above 0 */
    const double *birth;   /* (count) days since 1970 */
    double half_life_days; /* infinite: age does not matter */
} sid__stock;

typedef enum sid__stock_order { SID__BY_SCORE, SID__BY_BIRTH, SID__STOCK_ORDERS } sid__stock_order;

/* Nodes of one depth, in the order of their codes. Invariant: begin[0] = 0, begin rises; child likewise, over the nodes below. */
typedef struct sid__inventory_depth {
    uint16_t *code; /* (count) the last of the node's prefix */
    int64_t *begin; /* (count + 1) places */
    int32_t *child; /* (count + 1) nodes of the next depth; NULL: the last */
    int64_t count;
    int32_t *item[SID__STOCK_ORDERS]; /* (items) in the run of each node: its items in that order */
} sid__inventory_depth;

typedef struct sid__inventory {
    int64_t count;
    int levels;
    uint16_t *code;                                 /* (count, levels) by item */
    double *quality, *birth;                        /* (count) as they came */
    double *score;                                  /* (count) ln quality + birth ln 2 / half_life */
    sid__inventory_depth depth[SID_LEVELS_MAX + 1]; /* 0: one node, all */
} sid__inventory;

/* SID_EUSAGE: a quality that is not above 0, or a number that is not finite. Drop it in any case. */
sid_status sid__inventory_create(const sid__stock *stock, sid__inventory *out, sid_error *err);
void sid__inventory_drop(sid__inventory *inventory);
/* The places of the items below a prefix; false: there are none. */
bool sid__inventory_find(const sid__inventory *inventory, const uint16_t *prefix, int depth, int64_t *begin,
                         int64_t *end);

#endif
