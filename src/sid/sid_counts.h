/* sid_counts.h: how many rows hold each SID, while rows move one after the other. */
#ifndef SEMID_SID_SID_COUNTS_H
#define SEMID_SID_SID_COUNTS_H

#include "base/error.h"

/* Open addressing. Invariants: size is a power of two, at least twice the SIDs it will hold; count[i] -1: empty. */
typedef struct sid__sid_counts {
    uint16_t *codes; /* (size, levels) */
    int64_t *count;  /* (size) */
    int64_t size, sids;
    int levels;
} sid__sid_counts;

/* Room for `sids` different SIDs at most. */
sid_status sid__sid_counts_init(int64_t sids, int levels, sid__sid_counts *out, sid_error *err);
void sid__sid_counts_drop(sid__sid_counts *counts);
/* The count of a SID, 0 when it is new; it may be changed until the next call. */
int64_t *sid__sid_count(sid__sid_counts *counts, const uint16_t *codes);

#endif
