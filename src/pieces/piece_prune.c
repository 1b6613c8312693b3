/* piece_prune.c: see piece_prune.h. The loss of a piece is what the likelihood of all SIDs falls by when its uses are written as
 * its best cut into others instead (Kudo, arXiv:1804.10959, section 3.2).
 */
#include "pieces/piece_prune.h"

#include <math.h>

#include "linalg/scalar.h"

enum { LOSS_GRAIN = 4096 };

typedef struct loss_job {
    const sid__piece_corpus *corpus;
    const sid__live_pieces *live;
    double total; /* of live->used */
    sid__piece_loss *loss;
} loss_job;

/* The best cut of a part into other pieces; parts (span.length) gets them. */
typedef struct best_cut {
    double score;
    int count;
    uint32_t part[SID_PIECE_LEVELS_MAX];
} best_cut;

/* The piece of levels first .. end-1 of the SID; *has false when there is none. */
static uint32_t piece_of(const loss_job *job, uint32_t item, int first, int end, bool *has)
{
    const sid__piece_corpus *c = job->corpus;
    *has = true;
    if (end - first == 1)
        return (uint32_t)(c->symbol_begin[first] + c->codes[(int64_t)item * c->levels + first]);
    uint32_t piece = job->live->of_node[c->node[(int64_t)item * c->span_count + c->span_of[first][end - first]]];
    *has = piece != 0;
    return piece;
}

static void cut_part(const loss_job *job, uint32_t item, sid__span span, best_cut *out)
{
    double best[SID_PIECE_LEVELS_MAX + 1] = {0};
    uint32_t last[SID_PIECE_LEVELS_MAX + 1] = {0};
    int from[SID_PIECE_LEVELS_MAX + 1] = {0};
    for (int end = 1; end <= span.length; end++) {
        best[end] = -(double)INFINITY;
        for (int begin = 0; begin < end; begin++) {
            bool has;
            uint32_t piece;
            if (end - begin == span.length)
                continue; /* the part itself */
            piece = piece_of(job, item, span.first + begin, span.first + end, &has);
            if (!has || !(best[begin] + job->live->score[piece] > best[end]))
                continue;
            best[end] = best[begin] + job->live->score[piece];
            last[end] = piece;
            from[end] = begin;
        }
    }
    out->score = best[span.length];
    out->count = 0;
    for (int end = span.length; end > 0; end = from[end])
        out->part[out->count++] = last[end];
}

static double loss_of(const loss_job *job, uint32_t piece)
{
    const sid__live_pieces *live = job->live;
    const sid__piece_corpus *c = job->corpus;
    int span = sid__piece_node_span(c, live->node[piece]);
    double used = (double)live->used[piece], without = 0;
    best_cut cut;
    if (live->used[piece] == 0)
        return -1;
    cut_part(job, sid__piece_node_item(c, live->node[piece], span), c->span[span], &cut);
    if (cut.score > live->score[piece])
        return -1;
    double total = job->total + used * (cut.count - 1);
    for (int i = 0; i < cut.count; i++)
        without += sid__log(((double)live->used[cut.part[i]] + used) / total);
    double loss = used / job->total * (sid__log(used / job->total) - without);
    return loss > 0 ? loss : 0;
}

static void loss_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const loss_job *job = arg;
    const sid__live_pieces *live = job->live;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        uint32_t piece = (uint32_t)(live->symbols + i);
        job->loss[i] = (sid__piece_loss){.loss = loss_of(job, piece), .score = live->score[piece], .piece = piece};
    }
}

void sid__piece_losses(const sid__piece_corpus *corpus, const sid__live_pieces *live, sid__piece_loss *loss)
{
    loss_job job = {.corpus = corpus, .live = live, .loss = loss};
    int64_t total = 0;
    for (int64_t i = 0; i < live->count; i++)
        total += live->used[i];
    job.total = (double)total;
    sid__ctx_for(corpus->ctx, live->count - live->symbols, LOSS_GRAIN, loss_chunk, &job);
}

/* ---- Selection ---- */

static bool goes_first(const sid__piece_loss *a, const sid__piece_loss *b)
{
    if (a->loss < b->loss || a->loss > b->loss)
        return a->loss < b->loss;
    if (a->score < b->score || a->score > b->score)
        return a->score < b->score;
    return a->piece > b->piece;
}

static void swap(sid__piece_loss *a, sid__piece_loss *b)
{
    sid__piece_loss kept = *a;
    *a = *b;
    *b = kept;
}

/* Hoare's: afterwards no entry of begin .. result goes after one of result+1 .. end-1. */
static int64_t part_about(sid__piece_loss *loss, int64_t begin, int64_t end)
{
    int64_t middle = begin + (end - 1 - begin) / 2, low = begin - 1, high = end;
    if (goes_first(&loss[end - 1], &loss[begin]))
        swap(&loss[begin], &loss[end - 1]);
    if (goes_first(&loss[middle], &loss[begin]))
        swap(&loss[begin], &loss[middle]);
    else if (goes_first(&loss[end - 1], &loss[middle]))
        swap(&loss[middle], &loss[end - 1]);
    sid__piece_loss pivot = loss[middle];
    for (;;) {
        do
            low++;
        while (goes_first(&loss[low], &pivot));
        do
            high--;
        while (goes_first(&pivot, &loss[high]));
        if (low >= high)
            return high;
        swap(&loss[low], &loss[high]);
    }
}

void sid__piece_losses_select(sid__piece_loss *loss, int64_t total, int64_t count)
{
    int64_t begin = 0, end = total;
    while (end - begin > 1) {
        int64_t last = part_about(loss, begin, end);
        if (count <= last)
            end = last + 1;
        else
            begin = last + 1;
    }
}
