/* oracle.c: the score of every live item. Depth-first over blocks of prefixes: a block of a level is asked at once, what it
 * leads to goes first, then its rows are forgotten, so that memory is a block a level, whatever the catalogue holds.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "decode/decode.h"

enum { BLOCK = 256 };

/* Room of one level. */
typedef struct floor_room {
    sid__candidate *below; /* what a block leads to */
    int64_t count, capacity;
    float *logits;  /* (BLOCK, codes) */
    int32_t *child; /* (codes) */
} floor_room;

typedef struct walking {
    const sid__search *search;
    floor_room floor[SID__TRIE_WIDTH_MAX];
    int32_t parent[BLOCK];
    uint16_t code[BLOCK];
    sid__candidate *leaf;
    int64_t leaf_count, leaf_capacity;
} walking;

static sid_status ask(walking *w, int level, const sid__candidate *from, int64_t rows, sid_error *err)
{
    const sid__search *search = w->search;
    for (int64_t r = 0; r < rows; r++) {
        w->parent[r] = from[r].row;
        w->code[r] = level > 0 ? search->trie->level[level - 1].code[from[r].node] : 0;
    }
    search->answer[0].rows += rows;
    return search->m->family->generator->step(search->state, level, w->parent, level > 0 ? w->code : NULL, rows,
                                              w->floor[level].logits, err);
}

static sid_status expand_block(walking *w, int level, const sid__candidate *from, int64_t rows, sid_error *err)
{
    const sid__search *search = w->search;
    floor_room *own = &w->floor[level];
    int64_t codes = search->m->sids.codes[level];
    own->count = 0;
    for (int64_t r = 0; r < rows; r++) {
        int64_t count = 0;
        SID_TRY(sid__grow(&own->below, &own->capacity, own->count + codes, sizeof *own->below, "prefixes", err));
        sid__expand(search, &search->live[0], level, &from[r], (int32_t)r, own->logits + r * codes, own->child,
                    own->below + own->count, &count);
        if (count < 0)
            return sid__fail_logits(search, err);
        own->count += count;
    }
    return SID_OK;
}

static sid_status keep_leaves(walking *w, const floor_room *own, sid_error *err)
{
    SID_TRY(sid__grow(&w->leaf, &w->leaf_capacity, w->leaf_count + own->count, sizeof *w->leaf, "answers", err));
    for (int64_t i = 0; i < own->count; i++)
        w->leaf[w->leaf_count++] = own->below[i];
    return SID_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a SID has codes */
static sid_status walk(walking *w, int level, const sid__candidate *from, int64_t count, sid_error *err)
{
    const sid__search *search = w->search;
    for (int64_t begin = 0; begin < count; begin += BLOCK) {
        int64_t rows = count - begin < BLOCK ? count - begin : BLOCK;
        SID_TRY(ask(w, level, from + begin, rows, err));
        SID_TRY(expand_block(w, level, from + begin, rows, err));
        if (level == search->trie->width - 1)
            SID_TRY(keep_leaves(w, &w->floor[level], err));
        else
            SID_TRY(walk(w, level + 1, w->floor[level].below, w->floor[level].count, err));
        search->m->family->generator->forget(search->state, level, 0);
        SID_TRY(sid__ctx_check(search->ctx, err));
    }
    return SID_OK;
}

static sid_status run(walking *w, sid_error *err)
{
    const sid__search *search = w->search;
    const sid__candidate root = {0};
    for (int l = 0; l < search->trie->width; l++) {
        size_t codes = (size_t)search->m->sids.codes[l];
        SID_TRY(sid__alloc(&w->floor[l].logits, BLOCK, codes * sizeof(float), "logits", err));
        SID_TRY(sid__alloc(&w->floor[l].child, codes, sizeof(int32_t), "candidates", err));
    }
    SID_TRY(walk(w, 0, &root, 1, err));
    sid__sort_candidates(w->leaf, w->leaf_count);
    search->answer[0].is_exact = true;
    return sid__resolve(search, &search->live[0], w->leaf, w->leaf_count, &search->answer[0], err);
}

sid_status sid__score_all(const sid__search *search, sid_error *err)
{
    walking w = {.search = search};
    sid_status status = run(&w, err);
    for (int l = 0; l < SID__TRIE_WIDTH_MAX; l++) {
        sid__free(w.floor[l].below);
        sid__free(w.floor[l].logits);
        sid__free(w.floor[l].child);
    }
    sid__free(w.leaf);
    return status;
}
