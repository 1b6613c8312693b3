/* live.h: which nodes of a trie hold an item that a request may be answered with: a deny list (seen, out of stock, not sold
 * there) or an allow list, as counts of the nodes on the paths of its items. Made for each request in O(list x levels), so
 * that a filter costs what it names, not what there is, and costs no beams: a node without a live item is no candidate.
 */
#ifndef SEMID_DECODE_LIVE_H
#define SEMID_DECODE_LIVE_H

#include "sid/sid_trie.h"

/* Rows of items; what is not in the trie is passed by. allow NULL: all. What is in both lists is denied. */
typedef struct sid__filter {
    const int32_t *deny, *allow;
    int64_t deny_count, allow_count;
} sid__filter;

/* Touched nodes of a level, rising, and how many items of the list lie below each. */
typedef struct sid__touched {
    int32_t *node, *items; /* (count) */
    int64_t count;
} sid__touched;

typedef struct sid__live {
    const sid__trie *trie;
    bool is_allow;                             /* the list says what is live, else what is not */
    int32_t *place;                            /* (place_count) of the list's items, rising */
    int64_t place_count, live_count;           /* live_count: items that may be answered */
    sid__touched touched[SID__TRIE_WIDTH_MAX]; /* (width) */
    int32_t *memory;                           /* of all the above */
} sid__live;

sid_status sid__live_make(const sid__trie *trie, const sid__filter *filter, sid__live *out, sid_error *err);
void sid__live_drop(sid__live *live);
/* The live children of a node of `level` (-1: the root), rising, to child; how many. child needs room for all children. */
int64_t sid__live_children(const sid__live *live, int level, int32_t node, int32_t *child);
bool sid__live_item(const sid__live *live, int32_t place);

#endif
