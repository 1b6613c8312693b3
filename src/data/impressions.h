/* impressions.h: the inside of sid_impressions: rows of integers in the order of time. */
#ifndef SEMID_DATA_IMPRESSIONS_H
#define SEMID_DATA_IMPRESSIONS_H

#include "base/ctx.h"
#include "data/id_list.h"
#include "io/source.h"
#include "semid_rank.h"

typedef struct sid__impression {
    double time; /* as given; 0 where there is none */
    int32_t user, item, day;
    uint8_t label, more_labels; /* more_labels: bit i is the label of column i of those */
} sid__impression;

/* Invariant: row[i].day rises from 0 without gaps; equal days are runs. */
struct sid_impressions {
    sid_ctx *ctx;
    size_t reserved_size;
    char *path; /* for messages */
    sid__id_list users, items;
    sid__impression *row;
    float *dense;      /* (count, dense_count) */
    sid__id_list *id;  /* (id_count) further columns */
    int32_t *id_row;   /* (count, id_count) into them */
    int32_t *day_name; /* (day_count) as the file, or the time, numbers them */
    int id_count, label_count;
    int64_t id_capacity;
    int64_t count, capacity, dense_capacity, skipped;
    int dense_count, day_count;
    bool has_time;
    int64_t ignored; /* implicit data: n, 0: none; then alpha and seed of the draws */
    double alpha;
    uint64_t seed;
};

/* sid_impressions_read of a source; the form by the ending of `path`. For tests and fuzzing. */
sid_status sid__impressions_parse(sid_ctx *ctx, sid__source *source, const char *path,
                                  const sid_impressions_options *options, sid_impressions **out, sid_error *err);

#endif
