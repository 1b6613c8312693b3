/* lsa_scan.h: every item's texts, row by row on all threads, each with scratch of its own. */
#ifndef SEMID_EMBED_LSA_SCAN_H
#define SEMID_EMBED_LSA_SCAN_H

#include "base/ctx.h"
#include "embed/lsa_row.h"

enum { SID__SCAN_CHUNK = 512 }; /* rows that one thread takes at a time, in order */

typedef struct sid__scan_worker {
    sid__lsa_row row;
    sid__word_count words;
    int64_t zero_count; /* rows without a known word */
    double *sum;        /* (dim) */
    const char *text[SID__FIELDS_MAX];
    sid_status status; /* of the first row that failed */
    sid_error error;
} sid__scan_worker;

typedef sid_status sid__scan_fn(void *user, sid__scan_worker *worker, int64_t row, sid_error *err);

typedef struct sid__scan {
    sid_ctx *ctx;
    const sid_items *items;
    const sid__fields *fields;
    int column[SID__FIELDS_MAX];
    sid__scan_worker *worker;
    int threads;
} sid__scan;

/* `dim`: length of each worker's `sum`. Drop it also after a failure. */
sid_status sid__scan_init(sid__scan *scan, sid_ctx *ctx, const sid_items *items, const sid__fields *fields, int dim,
                          sid_error *err);
/* Calls fn for each row; worker->text holds the fields' texts. */
sid_status sid__scan_run(sid__scan *scan, const char *stage, sid__scan_fn *fn, void *user, sid_error *err);
/* Sequences that were not UTF-8, and rows without a known word, over all runs. */
int64_t sid__scan_bad_count(const sid__scan *scan);
int64_t sid__scan_zero_count(const sid__scan *scan);
void sid__scan_drop(sid__scan *scan);

#endif
