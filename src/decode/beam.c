/* beam.c: level by level, all beams of all questions of the block in one step, the best `width` of each kept.
 *
 * Only nodes with a live item are candidates, so each beam leads to one: either nothing was ever left out, or at least
 * `width` >= k leaves are there at the end. What is left out can never come back above its own score: if the best of it is
 * below the k-th answer, the answer is the true one.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "decode/beam_trace.h"

typedef struct beams {
    const sid__search *search;
    int level, codes_most;
    /* Of question q: (width) at q * width. A heap while candidates come, the worst first; then by node. */
    sid__candidate *kept, *next;
    int64_t *kept_count, *next_count, *row_begin; /* (count), row_begin (count + 1) */
    double *best_left_out;                        /* (count) */
    int32_t *parent;                              /* (count * width) of the rows of a step */
    uint16_t *code;                               /* likewise */
    float *logits;                                /* (rows, codes of the level) */
    int32_t *child;                               /* (threads, codes_most) */
    sid__candidate *found;                        /* likewise */
    sid__beam_look *look;                         /* (count) where a question is traced, else NULL */
    _Atomic bool is_broken;
} beams;

/* ---- The best of many ---- */

/* Puts `c` at `at` of a heap of `count` whose other nodes are in order. */
static void sift_down(sid__candidate *heap, int64_t count, int64_t at, sid__candidate c)
{
    for (int64_t below; (below = 2 * at + 1) < count; at = below) {
        if (below + 1 < count && sid__is_better(&heap[below], &heap[below + 1]))
            below++;
        if (!sid__is_better(&c, &heap[below]))
            break;
        heap[at] = heap[below];
    }
    heap[at] = c;
}

static void sift_up(sid__candidate *heap, int64_t at, sid__candidate c)
{
    for (int64_t above; at > 0 && sid__is_better(&heap[above = (at - 1) / 2], &c); at = above)
        heap[at] = heap[above];
    heap[at] = c;
}

static void keep(beams *b, int64_t q, const sid__candidate *c)
{
    sid__candidate *heap = b->next + q * b->search->width;
    double left_out = c->score;
    if (b->next_count[q] < b->search->width) {
        sift_up(heap, b->next_count[q]++, *c);
        return;
    }
    if (sid__is_better(c, &heap[0])) {
        left_out = heap[0].score;
        sift_down(heap, b->next_count[q], 0, *c);
    }
    b->best_left_out[q] = left_out > b->best_left_out[q] ? left_out : b->best_left_out[q];
}

/* ---- A level ---- */

static void expand_question(beams *b, int64_t q, int worker)
{
    const sid__search *search = b->search;
    const sid__live *live = &search->live[q];
    int32_t *child = b->child + (int64_t)worker * b->codes_most;
    sid__candidate *found = b->found + (int64_t)worker * b->codes_most;
    for (int64_t i = 0; i < b->kept_count[q] && live->live_count > 0; i++) {
        int64_t row = b->row_begin[q] + i, count = 0;
        sid__expand(search, live, b->level, &b->kept[q * search->width + i], (int32_t)row,
                    b->logits + row * search->m->sids.codes[b->level], child, found, &count);
        if (count < 0)
            b->is_broken = true;
        if (b->look && search->question[q].trace)
            sid__beam_look_at(search, b->level, &b->kept[q * search->width + i],
                              b->logits + row * search->m->sids.codes[b->level], found, count, &b->look[q]);
        for (int64_t c = 0; c < count; c++)
            keep(b, q, &found[c]);
    }
}

static void expand_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    for (int64_t q = begin; q < end; q++)
        expand_question(arg, q, worker);
}

/* The rows of the step at b->level, from what is kept. */
static int64_t lay_rows(beams *b)
{
    const sid__search *search = b->search;
    int64_t rows = 0;
    for (int64_t q = 0; q < search->count; q++) {
        const sid__candidate *kept = b->kept + q * search->width;
        b->row_begin[q] = rows;
        for (int64_t i = 0; i < b->kept_count[q]; i++, rows++) {
            b->parent[rows] = kept[i].row;
            b->code[rows] = b->level > 0 ? search->trie->level[b->level - 1].code[kept[i].node] : 0;
            search->answer[q].rows++;
        }
    }
    b->row_begin[search->count] = rows;
    return rows;
}

static sid_status trace_level(beams *b, sid_error *err)
{
    const sid__search *search = b->search;
    for (int64_t q = 0; q < search->count; q++)
        if (search->question[q].trace)
            SID_TRY(sid__beam_trace_add(search, q, b->level, b->kept + q * search->width, b->kept_count[q], &b->look[q],
                                        err));
    return SID_OK;
}

static sid_status step_level(beams *b, sid_error *err)
{
    const sid__search *search = b->search;
    int64_t rows = lay_rows(b);
    SID_TRY(search->m->family->generator->step(search->state, b->level, b->parent, b->level > 0 ? b->code : NULL, rows,
                                               b->logits, err));
    memset(b->next_count, 0, (size_t)search->count * sizeof *b->next_count);
    sid__ctx_for(search->ctx, search->count, 1, expand_chunk, b);
    sid__candidate *kept = b->kept;
    int64_t *count = b->kept_count;
    b->kept = b->next;
    b->kept_count = b->next_count;
    b->next = kept;
    b->next_count = count;
    if (b->is_broken)
        return sid__fail_logits(search, err);
    return b->look ? trace_level(b, err) : SID_OK;
}

/* ---- The whole ---- */

static sid_status make_room(beams *b, sid_error *err)
{
    const sid__search *search = b->search;
    size_t count = (size_t)search->count, most = count * (size_t)search->width;
    size_t threads = (size_t)sid__pool_threads(search->ctx->pool);
    for (int l = 0; l < search->trie->width; l++)
        b->codes_most = search->m->sids.codes[l] > b->codes_most ? search->m->sids.codes[l] : b->codes_most;
    for (size_t q = 0; q < count && !b->look; q++)
        if (search->question[q].trace)
            SID_TRY(sid__alloc(&b->look, count, sizeof *b->look, "a trace", err));
    SID_TRY(sid__alloc(&b->kept, most, sizeof *b->kept, "beams", err));
    SID_TRY(sid__alloc(&b->next, most, sizeof *b->next, "beams", err));
    SID_TRY(sid__alloc(&b->kept_count, count, sizeof *b->kept_count, "beams", err));
    SID_TRY(sid__alloc(&b->next_count, count, sizeof *b->next_count, "beams", err));
    SID_TRY(sid__alloc(&b->row_begin, count + 1, sizeof *b->row_begin, "beams", err));
    SID_TRY(sid__alloc(&b->best_left_out, count, sizeof *b->best_left_out, "beams", err));
    SID_TRY(sid__alloc(&b->parent, most, sizeof *b->parent, "beams", err));
    SID_TRY(sid__alloc(&b->code, most, sizeof *b->code, "beams", err));
    SID_TRY(sid__alloc(&b->logits, most, (size_t)b->codes_most * sizeof *b->logits, "logits of beams", err));
    SID_TRY(sid__alloc(&b->child, threads, (size_t)b->codes_most * sizeof *b->child, "candidates", err));
    return sid__alloc(&b->found, threads, (size_t)b->codes_most * sizeof *b->found, "candidates", err);
}

static void drop_room(beams *b)
{
    sid__free(b->kept);
    sid__free(b->next);
    sid__free(b->kept_count);
    sid__free(b->next_count);
    sid__free(b->row_begin);
    sid__free(b->best_left_out);
    sid__free(b->parent);
    sid__free(b->code);
    sid__free(b->logits);
    sid__free(b->child);
    sid__free(b->found);
    sid__free(b->look);
}

/* The certificate: nothing that was left out can stand among the first k. */
static sid_status answer_question(beams *b, int64_t q, sid_error *err)
{
    const sid__search *search = b->search;
    sid__answer *answer = &search->answer[q];
    sid__candidate *leaf = b->kept + q * search->width;
    sid__sort_candidates(leaf, b->kept_count[q]);
    SID_TRY(sid__resolve(search, &search->live[q], leaf, b->kept_count[q], answer, err));
    int64_t most = search->options->k < search->live[q].live_count ? search->options->k : search->live[q].live_count;
    assert(answer->count >= most);
    answer->is_exact = most == 0 || b->best_left_out[q] < answer->score[most - 1];
    return SID_OK;
}

static sid_status run(beams *b, sid_error *err)
{
    const sid__search *search = b->search;
    SID_TRY(make_room(b, err));
    for (int64_t q = 0; q < search->count; q++) {
        b->kept[q * search->width] = (sid__candidate){.row = (int32_t)q};
        b->kept_count[q] = 1;
        b->best_left_out[q] = (double)-INFINITY;
    }
    for (b->level = 0; b->level < search->trie->width; b->level++)
        SID_TRY(step_level(b, err));
    for (int64_t q = 0; q < search->count; q++)
        SID_TRY(answer_question(b, q, err));
    return SID_OK;
}

sid_status sid__beam_search(const sid__search *search, sid_error *err)
{
    beams b = {.search = search};
    sid_status status = run(&b, err);
    drop_room(&b);
    return status;
}
