/* best_first.c: the true k best without a look at everything. A prefix's score bounds those below it, so the most promising
 * are asked first, some tens at a time; the search ends when the k-th answer is better than every prefix left. Equal scores
 * go on, so that ties are those of the oracle.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "decode/decode.h"

enum { ROUND = 64 };

/* A prefix of `level` codes that waits; node is of level - 1, row what gave its last code. */
typedef struct prefix {
    sid__candidate at;
    int level;
} prefix;

typedef struct searching {
    const sid__search *search;
    prefix *heap; /* the best first */
    int64_t heap_count, heap_capacity;
    sid__candidate *leaf; /* the best so far, best first; those that cannot be among the k are cut off */
    int64_t leaf_count, leaf_capacity;
    int64_t items;                          /* live ones of the leaves */
    int64_t row_count[SID__TRIE_WIDTH_MAX]; /* rows that the generator has of each level */
    float *logits;                          /* (ROUND, codes_most) */
    int32_t *child;                         /* (codes_most) */
    sid__candidate *found;                  /* (codes_most) */
} searching;

/* ---- The heap ---- */

static bool is_sooner(const prefix *a, const prefix *b)
{
    if (a->at.score > b->at.score || a->at.score < b->at.score)
        return a->at.score > b->at.score;
    return a->level != b->level ? a->level > b->level : a->at.node < b->at.node;
}

static sid_status push(searching *s, const prefix *p, sid_error *err)
{
    SID_TRY(sid__grow(&s->heap, &s->heap_capacity, s->heap_count + 1, sizeof *s->heap, "prefixes", err));
    int64_t at = s->heap_count++;
    for (int64_t above; at > 0 && is_sooner(p, &s->heap[above = (at - 1) / 2]); at = above)
        s->heap[at] = s->heap[above];
    s->heap[at] = *p;
    return SID_OK;
}

static prefix pop(searching *s)
{
    prefix first = s->heap[0], moved = s->heap[--s->heap_count];
    int64_t at = 0;
    for (int64_t below; (below = 2 * at + 1) < s->heap_count; at = below) {
        if (below + 1 < s->heap_count && is_sooner(&s->heap[below + 1], &s->heap[below]))
            below++;
        if (!is_sooner(&s->heap[below], &moved))
            break;
        s->heap[at] = s->heap[below];
    }
    s->heap[at] = moved;
    return first;
}

/* ---- Answers ---- */

static int64_t live_items_of(const searching *s, int32_t leaf)
{
    const sid__trie *trie = s->search->trie;
    const int32_t *begin = trie->level[trie->width - 1].item_begin;
    int64_t count = 0;
    for (int32_t p = begin[leaf]; p < begin[leaf + 1]; p++)
        count += sid__live_item(&s->search->live[0], p);
    return count;
}

/* Below this nothing counts any more. */
static double least_wanted(const searching *s)
{
    return s->items >= s->search->options->k ? s->leaf[s->leaf_count - 1].score : (double)-INFINITY;
}

static sid_status add_leaf(searching *s, const sid__candidate *c, sid_error *err)
{
    if (c->score < least_wanted(s))
        return SID_OK;
    SID_TRY(sid__grow(&s->leaf, &s->leaf_capacity, s->leaf_count + 1, sizeof *s->leaf, "answers", err));
    int64_t at = s->leaf_count++;
    for (; at > 0 && sid__is_better(c, &s->leaf[at - 1]); at--)
        s->leaf[at] = s->leaf[at - 1];
    s->leaf[at] = *c;
    s->items += live_items_of(s, c->node);
    /* The last goes while those of a better score are enough. */
    for (int64_t last; s->leaf_count > 1;) {
        int64_t group = 0, first = s->leaf_count;
        do {
            first--;
            group += live_items_of(s, s->leaf[first].node);
        } while (first > 0 && s->leaf[first - 1].score <= s->leaf[first].score);
        last = first;
        if (s->items - group < s->search->options->k)
            break;
        s->leaf_count = last;
        s->items -= group;
    }
    return SID_OK;
}

/* ---- A round ---- */

static sid_status expand(searching *s, const prefix *p, int32_t row, const float *logits, sid_error *err)
{
    const sid__search *search = s->search;
    int64_t count = 0;
    sid__expand(search, &search->live[0], p->level, &p->at, row, logits, s->child, s->found, &count);
    if (count < 0)
        return sid__fail_logits(search, err);
    for (int64_t i = 0; i < count; i++) {
        if (p->level == search->trie->width - 1)
            SID_TRY(add_leaf(s, &s->found[i], err));
        else if (s->found[i].score >= least_wanted(s))
            SID_TRY(push(s, &(prefix){.at = s->found[i], .level = p->level + 1}, err));
    }
    return SID_OK;
}

/* Those of one level in a step. */
static sid_status step_level(searching *s, const prefix *taken, int64_t taken_count, int level, sid_error *err)
{
    const sid__search *search = s->search;
    int64_t codes = search->m->sids.codes[level], rows = 0, first = s->row_count[level];
    int32_t parent[ROUND];
    uint16_t code[ROUND];
    const prefix *asked[ROUND];
    for (int64_t i = 0; i < taken_count; i++)
        if (taken[i].level == level) {
            parent[rows] = taken[i].at.row;
            code[rows] = level > 0 ? search->trie->level[level - 1].code[taken[i].at.node] : 0;
            asked[rows++] = &taken[i];
        }
    if (rows == 0)
        return SID_OK;
    SID_TRY(search->m->family->generator->step(search->state, level, parent, level > 0 ? code : NULL, rows, s->logits,
                                               err));
    s->row_count[level] += rows;
    search->answer[0].rows += rows;
    for (int64_t r = 0; r < rows; r++)
        SID_TRY(expand(s, asked[r], (int32_t)(first + r), s->logits + r * codes, err));
    return SID_OK;
}

static sid_status run(searching *s, sid_error *err)
{
    const sid__search *search = s->search;
    prefix taken[ROUND];
    size_t codes = 1;
    for (int l = 0; l < search->trie->width; l++)
        codes = (size_t)search->m->sids.codes[l] > codes ? (size_t)search->m->sids.codes[l] : codes;
    SID_TRY(sid__alloc(&s->logits, ROUND, codes * sizeof *s->logits, "logits", err));
    SID_TRY(sid__alloc(&s->child, codes, sizeof *s->child, "candidates", err));
    SID_TRY(sid__alloc(&s->found, codes, sizeof *s->found, "candidates", err));
    SID_TRY(push(s, &(prefix){0}, err));
    while (s->heap_count > 0 && s->heap[0].at.score >= least_wanted(s)) {
        int64_t count = 0;
        while (count < ROUND && s->heap_count > 0 && s->heap[0].at.score >= least_wanted(s))
            taken[count++] = pop(s);
        for (int l = 0; l < search->trie->width; l++)
            SID_TRY(step_level(s, taken, count, l, err));
        SID_TRY(sid__ctx_check(search->ctx, err));
    }
    search->answer[0].is_exact = true;
    return sid__resolve(search, &search->live[0], s->leaf, s->leaf_count, &search->answer[0], err);
}

sid_status sid__best_first(const sid__search *search, sid_error *err)
{
    searching s = {.search = search};
    sid_status status = run(&s, err);
    sid__free(s.heap);
    sid__free(s.leaf);
    sid__free(s.logits);
    sid__free(s.child);
    sid__free(s.found);
    return status;
}
