/* partitions.h: the items of lists by prefixes of one depth, each with the mean of their vectors: which of them a request's vector is
 * near to, and the best items of those. As the lists it is of many items and of the few that changed since; the means are those of
 * all of them, whatever stands where.
 *
 * Probing some partitions finds most of the best items and reads few of them; probing all is the exact search, to the bit.
 */
#ifndef SEMID_RETRIEVE_PARTITIONS_H
#define SEMID_RETRIEVE_PARTITIONS_H

#include "retrieve/leaders.h"
#include "retrieve/resolver.h"

/* A partition whose items changed: nodes of `base` and of `over`, -1: none. */
typedef struct sid__patch {
    int32_t node[2];
    int64_t known;  /* items with a vector */
    int64_t number; /* as of sid__partition_number */
} sid__patch;

typedef struct sid__partitions {
    sid__patch *patch; /* (count) by their codes */
    int64_t count;
    float *mean;         /* (groups, dim, 16) of them */
    uint8_t *is_patched; /* (nodes of base); NULL: nothing changed */
} sid__partitions;

/* Of lists with towers. Drop it in any case. */
sid_status sid__partitions_create(const sid__lists *lists, sid__partitions *out, sid_error *err);
void sid__partitions_drop(sid__partitions *partitions);

typedef struct sid__probe {
    const float *query;    /* (dim) */
    int64_t most;          /* partitions to look at */
    const uint8_t *is_out; /* (items) not 0: not to come; NULL: all may. Partitions of such items alone do not count */
} sid__probe;

/* What was looked at: runs of places in `base` and `over`, and where the prefix can be read: the best partition first. */
typedef struct sid__probed {
    float score;
    int64_t begin[2], end[2];
    const uint16_t *prefix; /* (depth) */
} sid__probed;

/* out (partitions at most probe->most; sid__partitions_room says how many there can be); *found: how many. SID_ENOMEM. */
sid_status sid__partitions_choose(const sid__lists *lists, const sid__partitions *of, const sid__probe *probe,
                                  sid__probed *out, int64_t *found, sid_error *err);
int64_t sid__partitions_room(const sid__lists *lists, const sid__partitions *of, int64_t most);
/* The best items of what was chosen, `of` the item as in sid__lists; *scored (NULL allowed): items looked at. SID_ENOMEM. */
sid_status sid__partitions_search(const sid__lists *lists, const sid__probe *probe, const sid__probed *chosen,
                                  int64_t count, sid__leaders *best, int64_t *scored, sid_error *err);

#endif
