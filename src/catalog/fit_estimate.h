/* fit_estimate.h: what a fit will take, before it begins. */
#ifndef SEMID_CATALOG_FIT_ESTIMATE_H
#define SEMID_CATALOG_FIT_ESTIMATE_H

#include "catalog/catalog.h"

/* `fit_count` rows may be sampled, of the vectors' all. memory_size is beside the vectors and their ids. */
void sid__fit_estimate(const sid_ctx *ctx, const sid_quantizer *q, const sid_fit_options *options,
                       const sid_vectors *vectors, int64_t fit_count, sid_fit_estimate *out);
/* SID_ENOMEM when the memory limit is too small for it: the bytes needed and what would do. */
sid_status sid__fit_estimate_check(const sid_ctx *ctx, const sid_quantizer *q, const sid_vectors *vectors,
                                   int64_t fit_count, sid_error *err);

#endif
