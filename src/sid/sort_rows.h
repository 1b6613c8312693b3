/* sort_rows.h: sorting row numbers by whatever the caller compares. A merge sort: stable, O(N log N) always, without
 * the hidden allocation and the ties of qsort.
 */
#ifndef SEMID_SID_SORT_ROWS_H
#define SEMID_SID_SORT_ROWS_H

#include "base/error.h"

/* < 0: row a goes first; > 0: row b; 0: they keep their order. */
typedef int sid__row_compare(const void *context, int64_t a, int64_t b);

/* order (count) becomes 0 .. count-1, sorted. */
sid_status sid__sort_rows(int64_t *order, int64_t count, sid__row_compare *compare, const void *context,
                          sid_error *err);

#endif
