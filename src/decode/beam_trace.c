/* beam_trace.c: see beam_trace.h. Probabilities are summed as they are: a beam that underflows has no share that shows. */
#include "decode/beam_trace.h"

#include <string.h>

#include "base/arena.h"
#include "linalg/scalar.h"

static const double rounding = 1e-12;

void sid__beam_look_at(const sid__search *search, int level, const sid__candidate *beam, const float *logits,
                       const sid__candidate *found, int64_t count, sid__beam_look *look)
{
    const uint16_t *code = search->trie->level[level].code;
    double all = sid__log_sum(search, level, logits), share = 0, probability = sid__exp(beam->score);
    for (int64_t i = 0; i < count; i++) {
        share += sid__exp((double)logits[code[found[i].node]] - all);
        look->candidates += sid__exp(found[i].score);
    }
    look->began += probability;
    look->live += probability * share;
    look->count += count > 0 ? count : 0;
}

/* A share; what rounding leaves of none is none. */
static double share_of(double part, double whole)
{
    double share = whole > 0 ? part / whole : 0;
    return share < rounding ? 0 : share > 1 ? 1 : share;
}

static sid_status make_step(const sid__search *search, sid_trace *trace, int64_t count, sid_trace_step **out,
                            sid_error *err)
{
    if (!trace->memory)
        SID_TRY(sid__alloc(&trace->memory, 1, sizeof(sid__arena), "a trace", err));
    if (!trace->step)
        SID_TRY(sid__arena_push(trace->memory, (size_t)search->trie->width * sizeof *trace->step, &trace->step, err));
    *out = &trace->step[trace->step_count];
    return sid__arena_push(trace->memory, (size_t)count * sizeof(sid_trace_beam), &(*out)->beam, err);
}

static void put_beams(const sid__search *search, int level, const sid__candidate *sorted, int64_t count,
                      sid_trace_beam *out)
{
    const sid__trie *trie = search->trie;
    for (int64_t i = 0; i < count; i++) {
        int32_t row = trie->item[trie->level[level].item_begin[sorted[i].node]]; /* any item below it has its codes */
        sid__item_sids_prefix_text(&search->m->sids, row, level + 1, out[i].prefix);
        out[i].score = sorted[i].score;
    }
}

sid_status sid__beam_trace_add(const sid__search *search, int64_t q, int level, const sid__candidate *kept,
                               int64_t count, sid__beam_look *look, sid_error *err)
{
    sid_trace *trace = search->question[q].trace;
    sid_trace_step *step = NULL;
    sid__candidate *sorted = NULL;
    double probability = 0;
    if (count == 0) /* nothing may be answered */
        return SID_OK;
    SID_TRY(make_step(search, trace, count, &step, err));
    SID_TRY(sid__arena_push(trace->memory, (size_t)count * sizeof *sorted, &sorted, err));
    memcpy(sorted, kept, (size_t)count * sizeof *sorted);
    sid__sort_candidates(sorted, count);
    put_beams(search, level, sorted, count, step->beam);
    for (int64_t i = 0; i < count; i++)
        probability += sid__exp(sorted[i].score);
    step->beam_count = count;
    step->candidates = look->count;
    step->masked = share_of(look->began - look->live, look->began);
    step->left_out = count < look->count ? share_of(look->candidates - probability, look->began) : 0;
    trace->step_count++;
    *look = (sid__beam_look){0};
    return SID_OK;
}

void sid_trace_drop(sid_trace *trace)
{
    if (trace->memory)
        sid__arena_drop(trace->memory);
    sid__free(trace->memory);
    *trace = (sid_trace){0};
}
