/* prepare.h: raw vectors to the rows that families see: l2 length, minus the mean, principal directions. */
#ifndef SEMID_QUANT_PREPARE_H
#define SEMID_QUANT_PREPARE_H

#include "quant/quantizer.h"

/* Rows of the fit sample, ascending: `wanted` (0: min(n, max(65536, 256 K))) of the `count` candidates in `from` (NULL:
 * rows 0..count-1), seeded, without replacement. *row is the caller's to free. */
sid_status sid__sample_rows(const sid_quantizer *q, const int64_t *from, int64_t count, int64_t **row,
                            int64_t *row_count, sid_error *err);

/* Finds q->mean and q->pca from the raw rows x (count, dim), and prepares them in place: on return the leading
 * q->prepared_dim floats of each row, packed, are what families see. */
sid_status sid__prepare_fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err);
/* The same as q->start prepares its rows, so that its codebooks keep their meaning. */
sid_status sid__prepare_follow(sid_quantizer *q, float *x, int64_t count, sid_error *err);

/* Prepares raw rows x (count, dim) into out (count, prepared_dim), for encoding. scratch: dim floats. */
void sid__prepare_rows(const sid_quantizer *q, const float *x, int64_t count, float *scratch, float *out);
/* The inverse, in place of nothing: y (prepared_dim) -> x (dim). Length is not restored. */
void sid__unprepare_row(const sid_quantizer *q, const float *y, float *x);

#endif
