/* prefix_index_parts.h: what prefix_index.c and prefix_index_file.c share: the inside of the index. */
#ifndef SEMID_SID_PREFIX_INDEX_PARTS_H
#define SEMID_SID_PREFIX_INDEX_PARTS_H

#include "sid/prefix_index.h"

enum { SID__INDEX_WIDTH_MAX = SID_LEVELS_MAX + 1 }; /* an added digit included */
#define SID__INDEX_ROW_MAX UINT32_MAX               /* a row and a position take 4 bytes */

/* One level of the trie, in whichever of two forms is smaller.
 *   nodes:  node j holds the positions from begin[j] on whose code is code[j]; its children are the nodes child[j] ..
 *           child[j + 1] - 1 of the next level, where that has nodes; count of them, 6 or 10 bytes each
 *   column: code[p] is the code at position p; 2 bytes an item (0 where the SID is shorter)
 * Invariants: begin rises strictly; 10 * count <= 2 * items exactly when there are nodes (begin != NULL). */
typedef struct sid__index_level {
    int64_t count; /* distinct prefixes of this depth */
    uint16_t *code;
    uint32_t *begin; /* NULL: a column */
    uint32_t *child; /* (count + 1); NULL: the next level has no nodes */
} sid__index_level;

struct sid__prefix_index {
    _Atomic int owners; /* it goes with the last */
    int64_t count;
    int width;
    uint32_t *row;   /* (count) by position */
    uint8_t *length; /* (count) codes of each SID; NULL: all have `width` */
    sid__index_level level[SID__INDEX_WIDTH_MAX];
};

/* Sorted items: position p has length[p] codes code[p * width ..] and row[p]. The index takes nothing over. */
typedef struct sid__index_items {
    const uint16_t *codes; /* (count, width); beyond a SID's length ignored */
    const uint8_t *length; /* (count) */
    const int64_t *row;    /* (count) */
    int64_t count;
    int width;
} sid__index_items;

/* < 0: a goes before b; 0: the same SID and row. */
int sid__index_compare(const sid__index_items *items, int64_t a, int64_t b);
/* Builds from items visited as order[0], order[1], ..; NULL: they are sorted already. */
sid_status sid__index_from_sorted(const sid__index_items *items, const int64_t *order, sid__prefix_index **out,
                                  sid_error *err);
/* The codes of level_index at all positions, 0 where the SID is shorter; column (count). */
void sid__index_column(const sid__prefix_index *index, int level_index, uint16_t *column);
int sid__index_length(const sid__prefix_index *index, int64_t position);
/* What sid__prefix_index_write writes; the caller frees it with sid__free. */
sid_status sid__index_bytes(const sid__prefix_index *index, const sid__index_source *source, unsigned char **out,
                            size_t *out_size, sid_error *err);

#endif
