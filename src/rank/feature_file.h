/* feature_file.h: the file that says what a ranker is given: tables, features, the family. JSON; all of it is checked before the
 * first impression is read: members that nobody knows, tables that are not there, options of the family.
 */
#ifndef SEMID_RANK_FEATURE_FILE_H
#define SEMID_RANK_FEATURE_FILE_H

#include "rank/rank_pool.h"
#include "semid_rank.h"

enum {
    SID__FEATURE_NAME_SIZE = 33, /* letters, digits, _ and -: names of files and parameters are made of them */
    SID__COLUMN_NAME_SIZE = 128,
    SID__FEATURE_PATH_SIZE = 1024,
    SID__TABLES_MAX = 16,
    SID__FEATURES_MAX = 32,
    SID__BUCKETS_USUAL = 16,
    SID__BUCKETS_MAX = 64
};

typedef enum sid__feature_kind {
    SID__FEATURE_ID,
    SID__FEATURE_SID,
    SID__FEATURE_HISTORY,
    SID__FEATURE_DENSE
} sid__feature_kind;
typedef enum sid__transform { SID__AS_IT_IS, SID__LOG1P, SID__STANDARD, SID__IN_BUCKETS } sid__transform;

typedef struct sid__feature_table {
    char name[SID__FEATURE_NAME_SIZE], kind[16], optimizer[16];
    char rate[SID__FEATURE_PATH_SIZE]; /* the optimiser's options */
    int dim, admit_count, admit_prob;
    int64_t rows;
    double ttl_days, half_life_days;
} sid__feature_table;

typedef struct sid__feature {
    char name[SID__FEATURE_NAME_SIZE];
    sid__feature_kind kind;
    char column[SID__COLUMN_NAME_SIZE];                                   /* id, sid */
    int table;                                                            /* id, sid */
    char catalog[SID__FEATURE_PATH_SIZE], pieces[SID__FEATURE_PATH_SIZE]; /* sid */
    int max, as;                                                          /* history: clicks, the feature of an item */
    sid__pooling_kind pool;
    sid__transform transform;  /* dense */
    int first, count, buckets; /* dense: columns of plan.dense */
} sid__feature;

/* Invariants: user and item are features of kind id or sid and of those columns; history is one or -1. */
typedef struct sid__feature_plan {
    char label[SID__RANK_TASKS_MAX][SID__COLUMN_NAME_SIZE];
    int label_count;
    char user_column[SID__COLUMN_NAME_SIZE], item_column[SID__COLUMN_NAME_SIZE], day_column[SID__COLUMN_NAME_SIZE],
        time_column[SID__COLUMN_NAME_SIZE];
    sid__feature_table table[SID__TABLES_MAX];
    int table_count;
    sid__feature feature[SID__FEATURES_MAX];
    int feature_count, user, item, history;
    char dense[SID_DENSE_MAX][SID__COLUMN_NAME_SIZE];
    int dense_count;
    const sid__ranker_class *family;
    void *options; /* the family's */
} sid__feature_plan;

/* Of `size` bytes; `path` is for messages. SID_EUSAGE names the line of what is wrong, the value, and what is possible. Drop it
 * in any case. */
sid_status sid__feature_plan_parse(const char *bytes, size_t size, const char *path, sid__feature_plan *out,
                                   sid_error *err);
void sid__feature_plan_drop(sid__feature_plan *plan);

#endif
