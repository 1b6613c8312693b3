/* resolver.h: from a prefix to items: which of those below it come first. A table of ways; resolver.c lists them. */
#ifndef SEMID_RETRIEVE_RESOLVER_H
#define SEMID_RETRIEVE_RESOLVER_H

#include "retrieve/tower.h"

/* Lists of many items and of the few that changed since; what is given is as if all of them stood in one inventory in the order of their
 * numbers. Item i of `base` is i, item j of `over` is base->count + j. */
typedef struct sid__lists {
    const sid__inventory *base, *over; /* over NULL: nothing changed */
    const uint64_t *gone;              /* bit i: item i of `base` is no more, or stands in `over`; NULL: none */
    const int64_t *order;              /* (over->count) rising: its number among all, a changed one that of before */
    const sid__tower *tower[2];        /* vectors of base and of over; NULL: there are none */
} sid__lists;

/* A walk over the items of a prefix. */
typedef struct sid__run {
    const sid__lists *lists;
    const uint16_t *prefix; /* (depth) */
    int depth;
    uint64_t seed;           /* of what is drawn */
    const float *query;      /* (dim) of needs_vectors */
    int64_t at[2], end[2];   /* places in the two lists of `depth` */
    int32_t *drawn;          /* (count) items, the best first; NULL: those of `base` as they lie */
    int64_t position, count; /* of a drawn order */
} sid__run;

typedef struct sid__resolver {
    sid_family info;
    bool needs_vectors;                                 /* lists with towers, and a query */
    sid_status (*begin)(sid__run *run, sid_error *err); /* NULL: nothing to prepare */
    int32_t (*next)(sid__run *run);                     /* each item once; then -1 */
} sid__resolver;

/* lists, prefix, depth and seed of `run` are set. SID_ENOMEM; end it in any case. Ended ones may begin again. */
sid_status sid__run_begin(sid__run *run, const sid__resolver *resolver, sid_error *err);
void sid__run_end(sid__run *run);

extern const sid__resolver *const sid__resolver_registry[];
extern const int sid__resolver_registry_count;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__resolver_find(const char *name, const sid__resolver **out, sid_error *err);

#endif
