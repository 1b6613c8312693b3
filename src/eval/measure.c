/* measure.c: histories in blocks to scores, scores to where the targets stand and what is shown. Blocks and threads cannot change
 * a value: each case is its own, and all sums over cases run afterwards, in their order.
 */
#include "eval/measure.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "eval/diversity.h"
#include "eval/exposure.h"
#include "eval/ranking.h"
#include "eval/sid_standing.h"
#include "model/top_items.h"
#include "sid/sort_rows.h"

typedef struct measuring {
    sid_ctx *ctx;
    const sid_model *m;
    const sid__exam *exam;
    sid__standing *standing; /* (targets of all cases); tied 0: a repeated target, which does not count */
    int64_t *target_begin;   /* (cases) where a case's begin there */
    int32_t *top;            /* (cases, k_most) */
    int32_t *top_count;      /* (cases) */
    float *score;            /* (block, items) */
    sid__history *history;   /* (block) */
    int64_t first;           /* case of the block */
    int k_most;
    /* Of a model that generates: */
    sid__question *question; /* (block) */
    sid__answer *answer;     /* (block) */
    sid__standing *by_sid;   /* as standing */
    int64_t exact, shown, invalid;
} measuring;

/* ---- Asked ---- */

static bool is_repeated(const int32_t *target, int32_t t)
{
    for (int32_t s = 0; s < t; s++)
        if (target[s] == target[t])
            return true;
    return false;
}

static void stand_case(const measuring *w, int64_t row)
{
    const sid__split *split = w->exam->split;
    const sid__case *c = &w->exam->cases->row[w->first + row];
    const int32_t *target = split->item + c->target_begin;
    float *score = w->score + row * split->item_count;
    sid__standing *standing = w->standing + w->target_begin[w->first + row];
    for (int64_t i = c->history_begin; !w->exam->keep_history && i < c->target_begin; i++)
        score[split->item[i]] = -INFINITY;
    for (int32_t t = 0; t < c->target_count; t++)
        standing[t] = is_repeated(target, t) ? (sid__standing){.above = -1, .tied = 0}
                                             : sid__standing_of(score, split->item_count, target[t]);
    w->top_count[w->first + row] =
        sid__top_items(score, split->item_count, w->k_most, w->top + (w->first + row) * w->k_most);
}

static void stand_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    for (int64_t row = begin; row < end; row++)
        stand_case(arg, row);
}

static sid_status score_block(measuring *w, int64_t count, sid_error *err)
{
    SID_TRY(w->m->family->score(w->ctx, w->m, w->history, count, w->score, err));
    sid__ctx_for(w->ctx, count, 4, stand_chunk, w);
    return sid__ctx_check(w->ctx, err);
}

static bool has_codes_of_before(const sid__item_sids *sids, const int32_t *target, int32_t t)
{
    for (int32_t s = 0; s < t; s++)
        if (target[s] == target[t] ||
            (sids->is_known[target[s]] && sids->is_known[target[t]] && sid__same_codes(sids, target[s], target[t])))
            return true;
    return false;
}

/* Targets of equal codes count once. */
static void stand_by_sid(measuring *w, const sid__answer *answer, const int32_t *target, int32_t count,
                         sid__standing *standing)
{
    const sid__item_sids *sids = &w->m->sids;
    for (int32_t t = 0; t < count; t++)
        standing[t] = has_codes_of_before(sids, target, t)
                          ? (sid__standing){.above = -1, .tied = 0}
                          : sid__standing_by_sid(sids, answer->item, answer->count, w->k_most, target[t]);
}

/* The list of a case: what is not in it cannot be shown, so a target outside counts nothing. */
static void stand_answer(measuring *w, int64_t row)
{
    const sid__split *split = w->exam->split;
    const sid__case *c = &w->exam->cases->row[w->first + row];
    const int32_t *target = split->item + c->target_begin;
    const sid__answer *answer = &w->answer[row];
    sid__standing *standing = w->standing + w->target_begin[w->first + row];
    for (int32_t t = 0; t < c->target_count; t++)
        standing[t] = is_repeated(target, t) ? (sid__standing){.above = -1, .tied = 0}
                                             : sid__standing_in(answer->item, answer->score, answer->count, target[t]);
    stand_by_sid(w, answer, target, c->target_count, w->by_sid + w->target_begin[w->first + row]);
    int64_t shown = answer->count < w->k_most ? answer->count : w->k_most;
    if (shown > 0) /* an empty list has no items to point at */
        memcpy(w->top + (w->first + row) * w->k_most, answer->item, (size_t)shown * sizeof *w->top);
    w->top_count[w->first + row] = (int32_t)shown;
    w->exact += answer->is_exact;
    w->shown += shown;
    for (int64_t i = 0; i < shown; i++)
        w->invalid += answer->item[i] < 0 || answer->item[i] >= split->item_count ||
                      !w->m->sids.is_known[answer->item[i]] || w->m->trie->place[answer->item[i]] < 0;
}

static sid_status generate_block(measuring *w, int64_t count, sid_error *err)
{
    sid__decode_options plan;
    const sid__row_vectors vectors = {w->exam->vectors, w->exam->split->item_count, w->exam->dim};
    SID_TRY(sid__decode_plan(&w->exam->search, w->k_most, &plan, err));
    plan.with_ties = true;
    for (int64_t i = 0; i < count; i++) {
        w->question[i] = (sid__question){.history = w->history[i]};
        if (!w->exam->keep_history)
            w->question[i].filter = (sid__filter){.deny = w->history[i].item, .deny_count = w->history[i].count};
    }
    sid_status status = sid__decode_cold(w->ctx, w->m, &plan, &vectors, w->question, count, w->answer, err);
    for (int64_t i = 0; i < count; i++) {
        if (status == SID_OK)
            stand_answer(w, i);
        sid__answer_drop(&w->answer[i]);
    }
    return status;
}

static sid_status ask(measuring *w, int64_t block, sid_error *err)
{
    const sid__split *split = w->exam->split;
    const sid__cases *cases = w->exam->cases;
    for (w->first = 0; w->first < cases->count; w->first += block) {
        int64_t count = cases->count - w->first < block ? cases->count - w->first : block;
        for (int64_t i = 0; i < count; i++) {
            const sid__case *c = &cases->row[w->first + i];
            w->history[i] = (sid__history){.item = split->item + c->history_begin,
                                           .count = c->target_begin - c->history_begin,
                                           .user = sid__name_key(split->events->users.id[c->user])};
        }
        SID_TRY(w->m->family->generator ? generate_block(w, count, err) : score_block(w, count, err));
        if (!w->exam->is_silent)
            sid__ctx_progress(w->ctx, w->m->family->info.name, w->first + count, cases->count, "users", (double)NAN);
    }
    return SID_OK;
}

/* ---- Counted ---- */

/* Targets of a case that count, by rising `above`; a case has few, so insertion will do. */
static int64_t sort_standings(sid__standing *standing, int64_t count)
{
    int64_t n = 0;
    for (int64_t t = 0; t < count; t++) {
        sid__standing moved = standing[t];
        int64_t at = n;
        if (moved.tied == 0)
            continue;
        for (; at > 0 && standing[at - 1].above > moved.above; at--)
            standing[at] = standing[at - 1];
        standing[at] = moved;
        n++;
    }
    return n;
}

enum { SEGMENT_HEAD = 6, SEGMENT_TAIL, SEGMENT_SHORT, SEGMENT_LONG, SEGMENT_WARM, SEGMENT_COUNT };
static const char *const segment_name[SEGMENT_COUNT] = {"cold", "few",  "5-9",   "10-19", "20-49", "50+",
                                                        "head", "tail", "short", "long",  "warm"};
enum { SHORT_HISTORY_MAX = 5 };

static int segment_of_count(int64_t train_count)
{
    static const int64_t most[] = {0, 4, 9, 19, 49};
    int s = 0;
    while (s < 5 && train_count > most[s])
        s++;
    return s;
}

static void add_to_segment(const sid__exam *exam, sid_segment *segment, const double *value)
{
    segment->targets++;
    for (int metric = 0; metric < SID_METRIC_COUNT; metric++)
        for (int k = 0; k < exam->k_count; k++)
            segment->mean[metric][k] += value[metric * exam->k_count + k];
}

/* Metrics of a case, or of one target of it, to value (SID_METRIC_COUNT, k_count). */
static void measure_standings(const sid__exam *exam, const sid__standing *standing, int64_t count, double *value)
{
    for (int k = 0; k < exam->k_count; k++) {
        double of_k[SID_METRIC_COUNT];
        sid__metrics_of(standing, count, exam->k[k], exam->discounts, of_k);
        for (int metric = 0; metric < SID_METRIC_COUNT; metric++)
            value[metric * exam->k_count + k] = of_k[metric];
    }
}

static void count_segments(const measuring *w, int64_t row, sid_eval_row *out)
{
    const sid__exam *exam = w->exam;
    const sid__case *c = &exam->cases->row[row];
    double value[SID_METRIC_COUNT * SID_CUTOFFS_MAX];
    bool is_short = c->target_begin - c->history_begin <= SHORT_HISTORY_MAX;
    for (int32_t t = 0; t < c->target_count; t++) {
        const sid__standing *standing = &w->standing[w->target_begin[row] + t];
        int32_t item = exam->split->item[c->target_begin + t];
        if (standing->tied == 0)
            continue;
        measure_standings(exam, standing, 1, value);
        add_to_segment(exam, &out->segment[segment_of_count(exam->split->train_count[item])], value);
        if (exam->split->train_count[item] > 0)
            add_to_segment(exam, &out->segment[SEGMENT_WARM], value);
        add_to_segment(exam, &out->segment[exam->is_head[item] ? SEGMENT_HEAD : SEGMENT_TAIL], value);
        add_to_segment(exam, &out->segment[is_short ? SEGMENT_SHORT : SEGMENT_LONG], value);
    }
}

/* Means over cases by codes; NaN where the model does not generate. */
static void count_by_sid(const measuring *w, sid_eval_row *out)
{
    const sid__exam *exam = w->exam;
    double value[SID_METRIC_COUNT * SID_CUTOFFS_MAX];
    for (int c = 0; c < SID_METRIC_COUNT * exam->k_count; c++)
        out->sid_value[c / exam->k_count][c % exam->k_count] = w->by_sid ? 0 : (double)NAN;
    for (int64_t row = 0; w->by_sid && row < exam->cases->count; row++) {
        sid__standing *standing = w->by_sid + w->target_begin[row];
        measure_standings(exam, standing, sort_standings(standing, exam->cases->row[row].target_count), value);
        for (int c = 0; c < SID_METRIC_COUNT * exam->k_count; c++)
            out->sid_value[c / exam->k_count][c % exam->k_count] += value[c] / (double)exam->cases->count;
    }
}

static void finish_means(const sid__exam *exam, sid_eval_row *out)
{
    for (int metric = 0; metric < SID_METRIC_COUNT; metric++)
        for (int k = 0; k < exam->k_count; k++) {
            out->value[metric][k].mean /= (double)exam->cases->count;
            out->value[metric][k].low = out->value[metric][k].high = (double)NAN;
            for (int s = 0; s < SEGMENT_COUNT; s++)
                out->segment[s].mean[metric][k] =
                    out->segment[s].targets > 0 ? out->segment[s].mean[metric][k] / (double)out->segment[s].targets
                                                : (double)NAN;
        }
}

static void count_cases(const measuring *w, double *value, sid_eval_row *out)
{
    const sid__exam *exam = w->exam;
    int columns = SID_METRIC_COUNT * exam->k_count;
    out->segment_count = SEGMENT_COUNT;
    for (int s = 0; s < SEGMENT_COUNT; s++)
        out->segment[s] = (sid_segment){.name = segment_name[s]};
    for (int64_t row = 0; row < exam->cases->count; row++) {
        sid__standing *standing = w->standing + w->target_begin[row];
        count_segments(w, row, out);
        int64_t count = sort_standings(standing, exam->cases->row[row].target_count);
        measure_standings(exam, standing, count, value + row * columns);
        for (int c = 0; c < columns; c++)
            out->value[c / exam->k_count][c % exam->k_count].mean += value[row * columns + c];
    }
    finish_means(exam, out);
}

/* shown (items): how often each was. */
static void count_cold_shown(const sid__split *split, const int64_t *shown, int64_t *items, double *share)
{
    int64_t all = 0, cold = 0;
    *items = 0;
    for (int64_t i = 0; i < split->item_count; i++) {
        bool is_cold = split->train_count[i] == 0;
        all += shown[i];
        cold += is_cold ? shown[i] : 0;
        *items += is_cold && shown[i] > 0;
    }
    *share = all > 0 ? (double)cold / (double)all : 0;
}

static sid_status measure_diversity(const measuring *w, sid_eval_row *out, sid_error *err)
{
    const sid__exam *exam = w->exam;
    const sid__lists lists = {.item = w->top, .items = w->top_count, .count = exam->cases->count, .most = w->k_most};
    for (int k = 0; k < exam->k_count; k++)
        out->diversity[k] = (double)NAN;
    if (!exam->vectors)
        return SID_OK;
    return sid__diversity_of(w->ctx, &lists, exam->vectors, exam->dim, exam->k, exam->k_count, out->diversity, err);
}

static sid_status count_shown(const measuring *w, sid_eval_row *out, sid_error *err)
{
    const sid__exam *exam = w->exam;
    int64_t *shown = NULL, items = exam->split->item_count;
    SID_TRY(sid__alloc(&shown, (size_t)items, sizeof *shown, "items shown", err));
    sid_status status = SID_OK;
    for (int k = 0; status == SID_OK && k < exam->k_count; k++) {
        sid__exposure exposure;
        memset(shown, 0, (size_t)items * sizeof *shown);
        for (int64_t row = 0; row < exam->cases->count; row++)
            for (int i = 0; i < exam->k[k] && i < w->top_count[row]; i++)
                shown[w->top[row * w->k_most + i]]++;
        status = sid__exposure_of(shown, exam->split->train_count, items, &exposure, err);
        out->coverage[k] = exposure.coverage;
        out->gini[k] = exposure.gini;
        out->novelty[k] = exposure.novelty;
        count_cold_shown(exam->split, shown, &out->cold_items[k], &out->cold_share[k]);
    }
    sid__free(shown);
    return status;
}

/* ---- The whole ---- */

static sid_status make_room(measuring *w, int64_t block, sid_error *err)
{
    const sid__cases *cases = w->exam->cases;
    size_t count = (size_t)cases->count, items = (size_t)w->exam->split->item_count;
    int64_t targets = 0;
    SID_TRY(sid__alloc(&w->target_begin, count, sizeof *w->target_begin, "cases", err));
    for (int64_t c = 0; c < cases->count; c++) {
        w->target_begin[c] = targets;
        targets += cases->row[c].target_count;
    }
    SID_TRY(sid__alloc(&w->standing, (size_t)targets, sizeof *w->standing, "standings of targets", err));
    SID_TRY(sid__alloc(&w->top, count, (size_t)w->k_most * sizeof *w->top, "items shown", err));
    SID_TRY(sid__alloc(&w->top_count, count, sizeof *w->top_count, "items shown", err));
    SID_TRY(sid__alloc(&w->history, (size_t)block, sizeof *w->history, "histories", err));
    if (!w->m->family->generator)
        return sid__alloc(&w->score, (size_t)block, items * sizeof *w->score, "scores", err);
    SID_TRY(sid__alloc(&w->by_sid, (size_t)targets, sizeof *w->by_sid, "standings of targets", err));
    SID_TRY(sid__alloc(&w->question, (size_t)block, sizeof *w->question, "questions", err));
    return sid__alloc(&w->answer, (size_t)block, sizeof *w->answer, "answers", err);
}

sid_status sid__measure(sid_ctx *ctx, const sid_model *m, const sid__exam *exam, double *value, sid_eval_row *out,
                        sid_error *err)
{
    measuring w = {.ctx = ctx, .m = m, .exam = exam, .k_most = exam->k[exam->k_count - 1]};
    struct timespec begin, end;
    int64_t block = sid__model_block(m);
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    sid_status status = make_room(&w, block, err);
    if (status == SID_OK)
        status = ask(&w, block, err);
    if (status == SID_OK) {
        count_cases(&w, value, out);
        count_by_sid(&w, out);
        status = count_shown(&w, out, err);
    }
    if (status == SID_OK)
        status = measure_diversity(&w, out, err);
    out->exact_rate = out->invalid_rate = (double)NAN;
    if (m->family->generator) {
        out->exact_rate = (double)w.exact / (double)exam->cases->count;
        out->invalid_rate = w.shown > 0 ? (double)w.invalid / (double)w.shown : 0;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    out->eval_s = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
    sid__free(w.target_begin);
    sid__free(w.standing);
    sid__free(w.by_sid);
    sid__free(w.top);
    sid__free(w.top_count);
    sid__free(w.history);
    sid__free(w.score);
    sid__free(w.question);
    sid__free(w.answer);
    return status;
}

static int by_falling_count(const void *context, int64_t a, int64_t b)
{
    const int64_t *count = context;
    return (count[a] < count[b]) - (count[a] > count[b]);
}

sid_status sid__mark_head(const sid__split *split, uint8_t *is_head, sid_error *err)
{
    int64_t *order = NULL;
    SID_TRY(sid__alloc(&order, (size_t)split->item_count, sizeof *order, "an order of items", err));
    sid_status status = sid__sort_rows(order, split->item_count, by_falling_count, split->train_count, err);
    for (int64_t i = 0; status == SID_OK && i < split->item_count; i++)
        is_head[order[i]] = i < split->item_count / 5;
    sid__free(order);
    return status;
}
