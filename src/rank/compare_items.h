/* compare_items.h: a comparison at work, and what it knows of items: vectors, SIDs, a tree that is given, twins. */
#ifndef SEMID_RANK_COMPARE_ITEMS_H
#define SEMID_RANK_COMPARE_ITEMS_H

#include "base/arena.h"
#include "model/item_sids.h"
#include "rank/arms.h"

typedef struct sid__comparing {
    sid_ctx *ctx;
    const sid_impressions *im;
    const sid_rank_compare_options *options;
    sid_rank_comparison *out;
    sid__arena *arena;
    sid__rank_options ranker;
    void *family_options;
    char name[SID__ARMS_MAX][SID__ARM_NAME_SIZE];
    int64_t train_end; /* impressions of all days but the last */
    int resamples;
    /* By item. */
    int64_t *shown;
    uint8_t *slice, *has_sid;
    uint16_t *code;
    float *content;
    sid__item_sids sids;
    sid__arm_data data;
    uint16_t *tree; /* (items, data.tree_levels) */
    uint8_t *has_tree;
    int tree_codes[SID_LEVELS_MAX];
    int32_t *twin; /* (twin_count, 2) */
    int64_t twin_count;
    /* Of the last day. */
    double *p;
    uint8_t *label, *mask;
    int32_t *user;
    double *resampled[2][2]; /* auc, ne; of ALL, NEW: (arms, resamples), summed over seeds */
    double *once;            /* (2, resamples) */
} sid__comparing;

/* Fills code, content, has_sid, tree and twins as far as options give them; SIDs of vectors are fitted on the items seen before the
 * last day. */
sid_status sid__compare_items(sid__comparing *comparing, sid_error *err);
void sid__compare_items_drop(sid__comparing *comparing);

#endif
