/* categories.h: the categories of items, "Beauty > Makeup > Nails": paths cut at a separator, coarse to fine, as prefixes
 * of SIDs are. A path is a node of a tree; so is each of its beginnings.
 */
#ifndef SEMID_SID_CATEGORIES_H
#define SEMID_SID_CATEGORIES_H

#include "base/arena.h"
#include "io/id_index.h"

#define SID__CATEGORY_SEPARATOR " > " /* unless another is given */
enum { SID__CATEGORY_DEPTH_MAX = 64 /* parts of a path; the rest is part of the last */ };

typedef struct sid__category {
    const char *path; /* "Beauty > Makeup" */
    const char *name; /* "Makeup": the end of path */
    int32_t parent;   /* -1: none */
    int32_t depth;    /* parts, 1 or more */
} sid__category;

/* Invariant: a node's parent stands before it. Zero-initialised but for `separator` is empty. */
typedef struct sid__categories {
    const char *separator; /* the caller's; not empty */
    sid__category *node;   /* (count) */
    int64_t count, capacity;
    int32_t *item; /* (item_count) the node of each item's whole path; -1: it has none */
    int64_t item_count, item_capacity;
    sid__id_index index;
    sid__arena text;
} sid__categories;

/* The next item's path; NULL or "": it has none. Spaces round parts, and empty parts, do not count. */
sid_status sid__categories_add(sid__categories *c, const char *path, sid_error *err);
/* The beginning of `depth` parts of a node's path, the node itself where it is shorter; -1 stays. */
int32_t sid__categories_at(const sid__categories *c, int32_t node, int depth);
/* Leading parts that the paths of all items share, "Beauty" of "Beauty > Makeup" and "Beauty > Hair": they tell nothing
 * apart. 0 where no path is longer. */
int sid__categories_common(const sid__categories *c);
void sid__categories_drop(sid__categories *c);

#endif
