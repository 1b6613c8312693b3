/* lookup.h: rows read in batches, for calls that hold a lock already. */
#ifndef SEMID_TABLE_LOOKUP_H
#define SEMID_TABLE_LOOKUP_H

#include "table/batch.h"

/* out (lists, dim): the sum of each list's rows; begin NULL: a list is one key. No locks. */
sid_status sid__table_read(const sid_table *t, const uint64_t *keys, const int64_t *begin, int64_t lists,
                           sid_unseen unseen, float *out, sid_error *err);
/* begin[0] is 0 or more and it never falls; *count gets begin[lists]. */
sid_status sid__check_lists(const int64_t *begin, int64_t lists, int64_t *count, sid_error *err);

#endif
