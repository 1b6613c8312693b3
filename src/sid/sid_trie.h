/* sid_trie.h: the trie that generating walks: which codes may follow a prefix, and which items a whole SID names. Built once
 * from the live items of a model; immutable, so that any number of requests may walk it.
 *
 * All SIDs are of one width. The nodes of a level are numbered in SID order, so the children of a node are one run of the
 * next level, the items below it one run of `item`, and what a node is takes no hash. An item's number in that order is its
 * place. (The index of a catalogue, prefix_index.h, serves look-ups in files by binary search, at fewer bytes an item.)
 */
#ifndef SEMID_SID_SID_TRIE_H
#define SEMID_SID_SID_TRIE_H

#include "base/error.h"

enum { SID__TRIE_WIDTH_MAX = SID_LEVELS_MAX + 1 };

/* Node j: code[j]; its children are the nodes child_begin[j] .. child_begin[j + 1] - 1 of the next level, its items the
 * places item_begin[j] .. item_begin[j + 1] - 1, at least one. */
typedef struct sid__trie_level {
    int64_t count;
    uint16_t *code;
    int32_t *child_begin; /* (count + 1); NULL at the last level */
    int32_t *item_begin;  /* (count + 1) */
} sid__trie_level;

typedef struct sid__trie {
    int width;
    sid__trie_level level[SID__TRIE_WIDTH_MAX]; /* (width) */
    int64_t item_count, row_count;
    int32_t *item;  /* (item_count) row by place */
    int32_t *place; /* (row_count) place by row; -1: not in the trie */
} sid__trie;

/* What a trie is built from. Rows with is_in 0 are left out. Items of one SID stand by falling `weight`, then row. */
typedef struct sid__trie_items {
    const uint16_t *code;  /* (count, width) */
    const uint8_t *is_in;  /* (count) */
    const int64_t *weight; /* (count) */
    int64_t count;
    int width;
} sid__trie_items;

/* At most INT32_MAX items. The trie takes nothing over. */
sid_status sid__trie_build(const sid__trie_items *items, sid__trie **out, sid_error *err);
void sid__trie_free(sid__trie *trie);
/* Children of a node of `level` (level -1: the root) as nodes of level + 1. */
static inline int32_t sid__trie_children(const sid__trie *trie, int level, int32_t node, int32_t *end)
{
    *end = level < 0 ? (int32_t)trie->level[0].count : trie->level[level].child_begin[node + 1];
    return level < 0 ? 0 : trie->level[level].child_begin[node];
}

#endif
