/* retriever.h: the inside of sid_retriever. */
#ifndef SEMID_RETRIEVE_RETRIEVER_H
#define SEMID_RETRIEVE_RETRIEVER_H

#include "data/id_list.h"
#include "retrieve/inventory.h"
#include "semid_model.h"

/* Item i is hits.row[i], ids.id[i] and item i of the inventory. Never changes once made. */
struct sid_retriever {
    sid_hits hits;
    sid__id_list ids;
    sid__inventory inventory;
    double now; /* birth of the newest item, in half-lives: scores are told as of then */
    double half_life_days;
    int64_t unseen;
};

/* ---- stock.c: quality and birth of the items, (hits.count) each -------------------------------------------------------- */
sid_status sid__stock_read(sid_retriever *retriever, const sid_retriever_options *options, double *quality,
                           double *birth, sid_error *err);

#endif
