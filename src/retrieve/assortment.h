/* assortment.h: the items that a retriever gives at one moment: many, with lists of all, and the few that changed since, with lists of
 * their own. Never changes once made; who asks holds it, so that another one may take its place meanwhile.
 */
#ifndef SEMID_RETRIEVE_ASSORTMENT_H
#define SEMID_RETRIEVE_ASSORTMENT_H

#include <stdatomic.h>

#include "data/id_list.h"
#include "retrieve/partitions.h"

/* An item as it comes. */
typedef struct sid__shelf_item {
    const char *item_id, *sid, *title;
    double quality, birth;
    int64_t order;       /* among all: what comes first of equal ones */
    const float *vector; /* (dim) NULL: none */
} sid__shelf_item;

/* What shelves beside each other have in common. */
typedef struct sid__shelf_kind {
    int levels;
    double half_life_days;
    sid__tower_shape tower; /* dim 0: items have no vectors */
} sid__shelf_kind;

/* What an answer tells of an item, in one line of the cache. */
typedef struct sid__shelf_row {
    const char *item_id, *sid, *title;
    double score; /* that of the inventory */
} sid__shelf_row;

/* Item i is ids.id[i], row[i] and item i of the inventory. */
typedef struct sid__shelf {
    atomic_int users; /* assortments that hold it */
    sid__id_list ids; /* its arena holds the other texts too */
    sid__shelf_row *row;
    sid__inventory inventory;
    sid__tower tower; /* of the kind that has vectors */
} sid__shelf;

/* SID_EUSAGE: a quality or birth out of range, a SID of fewer than `levels` codes; SID_EDATA: a SID that is none. Vectors are
 * checked. */
sid_status sid__shelf_create(const sid__shelf_item *item, int64_t count, const sid__shelf_kind *kind, sid__shelf **out,
                             sid_error *err);
void sid__shelf_leave(sid__shelf *shelf);

typedef struct sid__assortment {
    atomic_int users;
    sid__shelf *base, *over; /* over NULL: nothing changed */
    uint64_t *gone;          /* (items of base / 64 + 1) as in sid__lists */
    int64_t *order;          /* (items of over) */
    sid__lists lists;        /* the same, to walk */
    sid__partitions partitions;
    int64_t count; /* items that may come */
    int64_t gone_count;
    double newest; /* birth of the newest item; 0: there is none */
    double now;    /* the same in half-lives: scores are told as of then */
} sid__assortment;

/* Holds `base` too; takes over, gone and order (all NULL: nothing changed), also when it fails. */
sid_status sid__assortment_create(sid__shelf *base, sid__shelf *over, uint64_t *gone, int64_t *order,
                                  const sid__shelf_kind *kind, sid__assortment **out, sid_error *err);
/* Ends a hold; the last one frees it. NULL: nothing. */
void sid__assortment_leave(sid__assortment *assortment);

/* The number of an item, or -1; numbers are those of sid__lists, below base + over. */
int64_t sid__assortment_find(const sid__assortment *assortment, const char *id);
int64_t sid__assortment_numbers(const sid__assortment *assortment);
/* The shelf of a number, and its item there. */
const sid__shelf *sid__assortment_shelf(const sid__assortment *assortment, int64_t number, int64_t *item);

#endif
