/* arms.h: the ways to describe an item that a comparison sets side by side: a name to keys of a table. */
#ifndef SEMID_RANK_ARMS_H
#define SEMID_RANK_ARMS_H

#include "rank/rank_model.h"

enum { SID__ARMS_MAX = 32, SID__ARM_NAME_SIZE = 32 };

/* What all arms may draw on. */
typedef struct sid__arm_data {
    sid_ctx *ctx;
    int64_t items, rows;    /* rows: what every arm gets */
    const uint16_t *code;   /* (items, levels) SIDs; NULL: none */
    const uint8_t *has_sid; /* (items) */
    const int *codes;       /* (levels) */
    int levels;
    const float *content; /* (items, content_dim); NULL: none */
    int content_dim;
    const uint16_t *tree; /* (items, tree_levels) of true-tree; NULL: none */
    const uint8_t *has_tree;
    const int *tree_codes;
    int tree_levels;
    bool history_by_id;   /* arms of SIDs describe what is shown alone */
    const int64_t *shown; /* (items) impressions in training: weights of spm pieces */
} sid__arm_data;

typedef struct sid__arm {
    char name[SID__ARM_NAME_SIZE];
    sid__item_source source; /* of the members below */
    uint64_t *key;
    int64_t *begin;
    double item_rows;
    bool is_of_sids;
} sid__arm;

/* Names of a comma list to `name`; SID_EUSAGE: an unknown one with a did-you-mean, one twice, or too many. */
sid_status sid__arms_parse(const char *list, char name[SID__ARMS_MAX][SID__ARM_NAME_SIZE], int *count, sid_error *err);
/* Keys of all items. SID_EUSAGE: the arm needs SIDs or content that are not there, or is of more levels than SIDs have. Drop it in
 * any case. `seed`: of hashes. */
sid_status sid__arm_make(const char *name, const sid__arm_data *data, uint64_t seed, sid__arm *out, sid_error *err);
void sid__arm_drop(sid__arm *arm);

#endif
