/* cold.c: see cold.h. Both ways are searches that there are already, with other lists, so they hold what those hold: nothing is
 * invented, denied items stay out, and threads change no bit. */
#include "decode/cold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WIDER = 2 /* generated items that rerank looks at, times k */ };

static const double decay = .4;

sid_status sid__cold_parse(const char *text, int64_t k, sid__cold *out, sid_error *err)
{
    char *end = NULL;
    *out = (sid__cold){0};
    if (!text || strcmp(text, "none") == 0)
        return SID_OK;
    if (strcmp(text, "rerank") == 0) {
        out->kind = SID__COLD_RERANK;
        return SID_OK;
    }
    long quota = strncmp(text, "quota=", 6) == 0 ? strtol(text + 6, &end, 10) : 0;
    if (!end || *end || quota < 1)
        return sid__fail(err, SID_EUSAGE, "cold is \"%.40s\"; quota=N, such as quota=2, or rerank is expected", text);
    *out = (sid__cold){.kind = SID__COLD_QUOTA, .quota = quota < k ? quota : k};
    return SID_OK;
}

/* ---- Which items are cold ---- */

typedef struct cold_rows {
    int32_t *row; /* (count) rising */
    int64_t count;
} cold_rows;

static bool is_cold(const sid_model *m, int64_t row)
{
    return row < m->sids.count && m->sids.train_count[row] == 0 && m->trie->place[row] >= 0;
}

static sid_status list_cold(const sid_model *m, cold_rows *out, sid_error *err)
{
    SID_TRY(sid__alloc(&out->row, (size_t)m->sids.count, sizeof *out->row, "cold items", err));
    for (int64_t i = 0; i < m->sids.count; i++)
        if (is_cold(m, i))
            out->row[out->count++] = (int32_t)i;
    return SID_OK;
}

/* The question with cold items alone allowed. `room` (allow_count) holds those of an allow list. */
static sid__filter cold_filter(const sid_model *m, const sid__filter *filter, const cold_rows *cold, int32_t *room)
{
    sid__filter only = {
        .deny = filter->deny, .deny_count = filter->deny_count, .allow = cold->row, .allow_count = cold->count};
    if (!filter->allow)
        return only;
    only.allow = room;
    only.allow_count = 0;
    for (int64_t i = 0; i < filter->allow_count; i++)
        if (filter->allow[i] >= 0 && is_cold(m, filter->allow[i]))
            room[only.allow_count++] = filter->allow[i];
    return only;
}

/* ---- Lists ---- */

typedef struct ranked {
    double score;
    int32_t place, item;
} ranked;

/* By (score, place in the trie), as all answers are. */
static int by_score(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->score > y->score || x->score < y->score)
        return x->score > y->score ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* The best k of list (count) to answer, with those that tie with the last where that is asked. */
static sid_status take_best(const sid__decode_options *options, int64_t k, ranked *list, int64_t count,
                            sid__answer *answer, sid_error *err)
{
    int64_t room = answer->capacity, kept = 0;
    qsort(list, (size_t)count, sizeof *list, by_score);
    while (kept < count && (kept < k || (options->with_ties && list[kept].score >= list[kept - 1].score)))
        kept++;
    SID_TRY(sid__grow(&answer->item, &room, kept, sizeof *answer->item, "answers", err));
    SID_TRY(sid__grow(&answer->score, &answer->capacity, kept, sizeof *answer->score, "answers", err));
    for (int64_t i = 0; i < kept; i++) {
        answer->item[i] = list[i].item;
        answer->score[i] = list[i].score;
    }
    answer->count = kept;
    return SID_OK;
}

static bool holds(const sid__answer *answer, int32_t item)
{
    for (int64_t i = 0; i < answer->count; i++)
        if (answer->item[i] == item)
            return true;
    return false;
}

/* ---- Quota ---- */

/* The best n of `cold`, and before and behind them by score the best of the others. */
static sid_status merge(const sid_model *m, const sid__decode_options *options, const sid__answer *cold,
                        sid__answer *answer, sid_error *err)
{
    ranked *list = NULL;
    int64_t most = options->k - cold->count, count = 0, others = 0;
    double last = (double)INFINITY;
    SID_TRY(sid__alloc(&list, (size_t)(answer->count + cold->count), sizeof *list, "answers", err));
    for (int64_t i = 0; i < cold->count; i++)
        list[count++] = (ranked){cold->score[i], m->trie->place[cold->item[i]], cold->item[i]};
    for (int64_t i = 0; i < answer->count; i++) {
        bool is_tied = options->with_ties && others > 0 && answer->score[i] >= last;
        if (holds(cold, answer->item[i]) || (others >= most && !is_tied))
            continue;
        list[count++] = (ranked){answer->score[i], m->trie->place[answer->item[i]], answer->item[i]};
        last = answer->score[i];
        others++;
    }
    answer->is_exact = answer->is_exact && cold->is_exact;
    answer->rows += cold->rows;
    sid_status status = count > 0 ? take_best(options, count, list, count, answer, err) : SID_OK;
    sid__free(list);
    return status;
}

static sid_status by_quota(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                           const sid__question *only, int64_t count, sid__answer *answer, sid_error *err)
{
    sid__decode_options narrow = *options;
    sid__answer *cold = NULL;
    narrow.k = options->cold.quota;
    narrow.with_ties = false;
    SID_TRY(sid__alloc(&cold, (size_t)count, sizeof *cold, "answers", err));
    sid_status status = sid__decode(ctx, m, &narrow, only, count, cold, err);
    for (int64_t q = 0; q < count; q++) {
        if (status == SID_OK) {
            cold[q].count = cold[q].count < narrow.k ? cold[q].count : narrow.k; /* the oracle gives all */
            status = merge(m, options, &cold[q], &answer[q], err);
        }
        sid__answer_drop(&cold[q]);
    }
    sid__free(cold);
    return status;
}

/* ---- Rerank ---- */

/* Sum of 0.4^age v over the history, to unit length; false: no item of it has a vector. */
static bool profile_of(const sid__row_vectors *vectors, const sid__history *history, double *profile)
{
    double weight = 1, square = 0;
    memset(profile, 0, (size_t)vectors->dim * sizeof *profile);
    for (int64_t i = history->count - 1; i >= 0 && weight > 1e-12; i--) {
        int64_t row = history->item[i];
        for (int d = 0; row < vectors->count && d < vectors->dim; d++)
            profile[d] = fma(weight, (double)vectors->x[row * vectors->dim + d], profile[d]);
        weight *= decay;
    }
    for (int d = 0; d < vectors->dim; d++)
        square = fma(profile[d], profile[d], square);
    for (int d = 0; square > 0 && d < vectors->dim; d++)
        profile[d] /= sqrt(square);
    return square > 0;
}

static double likeness(const sid__row_vectors *vectors, const double *profile, int64_t row)
{
    double sum = 0;
    for (int d = 0; row < vectors->count && d < vectors->dim; d++)
        sum = fma(profile[d], (double)vectors->x[row * vectors->dim + d], sum);
    return sum;
}

typedef struct reranking {
    const sid_model *m;
    const sid__decode_options *options;
    const sid__row_vectors *vectors;
    double *profile;  /* (dim) */
    uint8_t *is_out;  /* (sids.count) */
    ranked *list;     /* (sids.count) */
    int64_t capacity; /* of list */
} reranking;

static void add_candidate(const reranking *w, int32_t item, int64_t *count)
{
    if (w->is_out[item])
        return;
    w->is_out[item] = 1;
    w->list[(*count)++] = (ranked){likeness(w->vectors, w->profile, item), w->m->trie->place[item], item};
}

static sid_status rerank_one(const reranking *w, const sid__question *question, const sid__filter *only,
                             sid__answer *answer, sid_error *err)
{
    int64_t count = 0, generated = answer->count;
    if (!profile_of(w->vectors, &question->history, w->profile)) { /* nothing to be like: as generated */
        answer->count = generated < w->options->k ? generated : w->options->k;
        return SID_OK;
    }
    memset(w->is_out, 0, (size_t)w->m->sids.count);
    for (int64_t i = 0; i < only->deny_count; i++)
        if (only->deny[i] >= 0 && only->deny[i] < w->m->sids.count)
            w->is_out[only->deny[i]] = 1;
    for (int64_t i = 0; i < generated; i++)
        add_candidate(w, answer->item[i], &count);
    for (int64_t i = 0; i < only->allow_count; i++)
        add_candidate(w, only->allow[i], &count);
    answer->is_exact = false;
    return count > 0 ? take_best(w->options, w->options->k, w->list, count, answer, err) : SID_OK;
}

static sid_status rerank(const sid_model *m, const sid__decode_options *options, const sid__row_vectors *vectors,
                         const sid__question *question, const sid__question *only, int64_t count, sid__answer *answer,
                         sid_error *err)
{
    reranking w = {.m = m, .options = options, .vectors = vectors};
    sid_status status = sid__alloc(&w.profile, (size_t)vectors->dim, sizeof *w.profile, "a profile", err);
    if (status == SID_OK)
        status = sid__alloc(&w.is_out, (size_t)m->sids.count, 1, "candidates", err);
    if (status == SID_OK)
        status = sid__alloc(&w.list, (size_t)m->sids.count, sizeof *w.list, "candidates", err);
    for (int64_t q = 0; status == SID_OK && q < count; q++)
        status = rerank_one(&w, &question[q], &only[q].filter, &answer[q], err);
    sid__free(w.profile);
    sid__free(w.is_out);
    sid__free(w.list);
    return status;
}

/* ---- The whole ---- */

/* Questions with cold items alone allowed, and room for allow lists of their own. */
static sid_status narrow(const sid_model *m, const sid__question *question, int64_t count, const cold_rows *cold,
                         sid__question **only, int32_t **room, sid_error *err)
{
    int64_t most = 0;
    for (int64_t q = 0; q < count; q++)
        most += question[q].filter.allow ? question[q].filter.allow_count : 0;
    SID_TRY(sid__alloc(only, (size_t)count, sizeof **only, "questions", err));
    SID_TRY(sid__alloc(room, (size_t)most + 1, sizeof **room, "a filter", err));
    int32_t *at = *room;
    for (int64_t q = 0; q < count; q++) {
        (*only)[q] =
            (sid__question){.history = question[q].history, .filter = cold_filter(m, &question[q].filter, cold, at)};
        at += question[q].filter.allow ? question[q].filter.allow_count : 0;
    }
    return SID_OK;
}

static sid_status with_cold(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                            const sid__row_vectors *vectors, const sid__question *question, int64_t count,
                            sid__answer *answer, sid_error *err)
{
    cold_rows cold = {0};
    sid__question *only = NULL;
    int32_t *room = NULL;
    sid_status status = list_cold(m, &cold, err);
    if (status == SID_OK)
        status = narrow(m, question, count, &cold, &only, &room, err);
    if (status == SID_OK && options->cold.kind == SID__COLD_QUOTA)
        status = by_quota(ctx, m, options, only, count, answer, err);
    else if (status == SID_OK)
        status = rerank(m, options, vectors, question, only, count, answer, err);
    sid__free(cold.row);
    sid__free(only);
    sid__free(room);
    return status;
}

sid_status sid__decode_cold(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                            const sid__row_vectors *vectors, const sid__question *question, int64_t count,
                            sid__answer *answer, sid_error *err)
{
    sid__decode_options wide = *options;
    if (options->cold.kind == SID__COLD_NONE)
        return sid__decode(ctx, m, options, question, count, answer, err);
    if (options->cold.kind == SID__COLD_RERANK) {
        if (!vectors->x)
            return sid__fail(err, SID_EUSAGE,
                             "cold=rerank orders items by their vectors, and there are none: pass --vectors FILE, or "
                             "--catalog DIR that keeps them");
        wide.k = WIDER * options->k;
    }
    SID_TRY(sid__decode(ctx, m, &wide, question, count, answer, err));
    return with_cold(ctx, m, options, vectors, question, count, answer, err);
}
