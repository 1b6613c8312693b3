/* auction.h: who goes with whom for the largest worth, nearly: for tens of thousands of rows with a few pairs each, where an
 * exact matching (sid/matching.h) takes too long. Rows bid in order and ties go to the lowest column: the same pairs give
 * the same answer everywhere.
 */
#ifndef SEMID_LINALG_AUCTION_H
#define SEMID_LINALG_AUCTION_H

#include "base/error.h"

/* A pair that may go together, and what it is worth: a whole number > 0 below 2^40. */
typedef struct sid__bidding {
    int32_t row, column;
    double worth;
} sid__bidding;

/* `edge` (count) by row, each pair once: column[i] (rows) of each row or -1, all different, of a sum of worth at most
 * rows / 16 below the largest. */
sid_status sid__auction(const sid__bidding *edge, int64_t count, int64_t rows, int64_t columns, int32_t *column,
                        sid_error *err);

#endif
