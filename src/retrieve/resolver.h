/* resolver.h: from a prefix to items: which of those below it come first. A table of ways; resolver.c lists them. */
#ifndef SEMID_RETRIEVE_RESOLVER_H
#define SEMID_RETRIEVE_RESOLVER_H

#include "retrieve/inventory.h"

/* The run of a prefix: its places, and the seed of what is drawn. */
typedef struct sid__run {
    int depth;
    int64_t begin, end;
    uint64_t seed;
} sid__run;

typedef struct sid__resolver {
    sid_family info;
    /* The item at `position` (0 .. end - begin - 1) of the run; each item has one position. */
    int32_t (*at)(const sid__inventory *inventory, const sid__run *run, int64_t position);
} sid__resolver;

extern const sid__resolver *const sid__resolver_registry[];
extern const int sid__resolver_registry_count;
/* SID_EUSAGE with a did-you-mean. */
sid_status sid__resolver_find(const char *name, const sid__resolver **out, sid_error *err);

#endif
