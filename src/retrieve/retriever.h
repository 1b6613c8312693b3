/* retriever.h: the inside of sid_retriever. */
#ifndef SEMID_RETRIEVE_RETRIEVER_H
#define SEMID_RETRIEVE_RETRIEVER_H

#include <pthread.h>

#include "retrieve/assortment.h"
#include "semid_model.h"

/* What changes of a retriever, apart from it so that who asks can hold a const one. */
typedef struct sid__counter {
    pthread_mutex_t lock;   /* of `now`: held for a few instructions */
    pthread_mutex_t update; /* one update at a time; who has it may read `now` and next_order */
    sid__assortment *now;
    int64_t next_order; /* number of the next new item */
    int64_t over_max;   /* changes beside the lists of all; more, and lists of all are made again. 0: as usual */
} sid__counter;

struct sid_retriever {
    sid__counter *counter;
    sid__shelf_kind kind;
    int64_t unseen;
};

/* Takes `items` as they are, in the order of their numbers 0 .. count - 1. */
sid_status sid__retriever_of(const sid__shelf_item *items, int64_t count, const sid__shelf_kind *kind,
                             sid_retriever **out, sid_error *err);
/* The depth of prefixes where `depth` may be 0: 2, or all codes where there are fewer. */
static inline int sid__usual_depth(int depth, int levels)
{
    return depth ? depth : levels < 2 ? levels : 2;
}
/* What there is now, held until sid__assortment_leave. */
sid__assortment *sid__retriever_enter(const sid_retriever *retriever);

/* ---- stock.c: quality and birth of the items, (hits.count) each; *unseen: items without an event or impression ---------- */
sid_status sid__stock_read(const sid_hits *hits, const sid__id_list *ids, const sid_retriever_options *options,
                           double *quality, double *birth, int64_t *unseen, sid_error *err);

#endif
