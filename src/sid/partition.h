/* partition.h: how far two partitions of the same items agree: prefixes with categories, old prefixes with new ones.
 *
 * Purity and NMI grow with the number of parts, also by chance; AMI is 0 for what chance gives, 1 for equal partitions.
 */
#ifndef SEMID_SID_PARTITION_H
#define SEMID_SID_PARTITION_H

#include "base/error.h"

/* Zeroed but for the NaN of what does not exist. */
typedef struct sid__agreement {
    int64_t count; /* items with a part in both */
    double purity; /* share of items whose b is the most frequent one in their part of a */
    double nmi,
        ami; /* arithmetic means of the entropies below; NaN without items, ami also where chance leaves no room */
} sid__agreement;

/* a, b (count): the part of each item, 0 .. parts - 1; an item with -1 in either is left out. */
sid_status sid__agreement_find(const int32_t *a, int64_t a_parts, const int32_t *b, int64_t b_parts, int64_t count,
                               sid__agreement *out, sid_error *err);

#endif
