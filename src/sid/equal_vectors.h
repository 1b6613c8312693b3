/* equal_vectors.h: which rows have vectors that are equal bit by bit, so that no quantizer can tell them apart. */
#ifndef SEMID_SID_EQUAL_VECTORS_H
#define SEMID_SID_EQUAL_VECTORS_H

#include "base/error.h"

/* Gives vector `row`; rows come in any order. Called from several threads at once. */
typedef sid_status sid__read_row_fn(void *user, int64_t row, float *x, sid_error *err);

/* first (count): of the rows whose vectors equal that of a row, itself among them, the one of the least id (bytes). One
 * pass over the vectors; then those whose hashes meet are read again and compared. *equal: rows that are not their own
 * first. */
sid_status sid__equal_vectors(sid__read_row_fn *read, void *user, int64_t count, int dim, const char *const *id,
                              int64_t *first, int64_t *equal, sid_error *err);

#endif
