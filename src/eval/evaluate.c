/* evaluate.c: models and baselines on one split, in one table, with intervals over the same resamples of users. */
#include <math.h>
#include <string.h>

#include "eval/bootstrap.h"
#include "eval/measure.h"
#include "eval/row_facts.h"
#include "eval/seeds.h"

enum { RESAMPLES = 1000, RESAMPLES_MAX = 100000, BASELINE_COUNT = 3, ROWS_MAX = 64 };

typedef struct evaluating {
    sid_ctx *ctx;
    const sid_eval_options *options;
    const sid_model *model[ROWS_MAX]; /* (result.row_count) */
    sid_model *baseline[BASELINE_COUNT];
    int group[ROWS_MAX], groups; /* of the models that differ in their seed alone */
    sid__split split;
    const sid__cases *cases; /* of the split: what is asked */
    sid_model *vectors;      /* holds vectors where no model of the table does; NULL: none */
    sid__discounts *discounts;
    uint8_t *is_head;
    double *value; /* (rows, cases, columns), then for the bootstrap (cases, rows, columns) */
    int columns, resamples;
    sid__arena *texts; /* of the result */
    sid_evaluation result;
} evaluating;

/* ---- What is asked for ---- */

static sid_status take_cutoffs(evaluating *e, sid_error *err)
{
    static const int usual[] = {5, 10};
    const int *k = e->options->k;
    sid_evaluation *result = &e->result;
    if (k[0] == 0) {
        memcpy(result->k, usual, sizeof usual);
        result->k_count = 2;
    }
    for (; k[0] && result->k_count < SID_CUTOFFS_MAX && k[result->k_count]; result->k_count++) {
        int at = result->k_count;
        if (k[at] < 1 || k[at] > SID_K_MAX || (at > 0 && k[at] <= k[at - 1]))
            return sid__fail(err, SID_EUSAGE, "k is %d%s; rising numbers from 1 to %d are expected", k[at],
                             at > 0 && k[at] <= k[at - 1] ? " after a larger or equal one" : "", SID_K_MAX);
        result->k[at] = k[at];
    }
    e->columns = SID_METRIC_COUNT * result->k_count;
    e->resamples = e->options->bootstrap == 0 ? RESAMPLES : e->options->bootstrap < 0 ? 0 : e->options->bootstrap;
    if (e->resamples > RESAMPLES_MAX || e->resamples == 1)
        return sid__fail(err, SID_EUSAGE, "bootstrap is %d; 2 to %d resamples, or -1 for none, are expected",
                         e->resamples, RESAMPLES_MAX);
    return SID_OK;
}

/* A model must have been trained on what the split trains on, and know the items it is asked for. */
static sid_status check_model(const evaluating *e, const sid_model *m, sid_error *err)
{
    const sid_events *events = e->split.events;
    char split[SID__MODEL_WORD_SIZE], ties[SID__MODEL_WORD_SIZE];
    sid__split_text(&e->options->split, split, ties);
    if (strcmp(m->split, split) != 0 || strcmp(m->ties, ties) != 0)
        return sid__fail(
            err, SID_EUSAGE,
            "the model %s was trained on split %s, ties %s, and is asked by split %s, ties %s: it may have seen "
            "the answers; ask it by its own split, or train it on this one",
            m->family->info.name, m->split, m->ties, split, ties);
    if (m->train_events != e->split.info.train_events)
        return sid__fail(
            err, SID_EUSAGE,
            "the model %s was trained on %lld events, and these have %lld that train; are these its events?",
            m->family->info.name, (long long)m->train_events, (long long)e->split.info.train_events);
    if (e->options->catalog && m->sids.levels > 0)
        SID_TRY(sid__item_sids_check(&m->sids, e->options->catalog, m->family->info.name, err));
    if (m->added.count > 0)
        return sid__fail(err, SID_EUSAGE,
                         "the model %s was given a later version of its catalogue, with %lld items that it was not "
                         "trained with; open it anew to ask it by its split",
                         m->family->info.name, (long long)m->added.count);
    bool is_same = m->items.count == events->items.count;
    for (int64_t i = 0; is_same && i < events->items.count; i++)
        is_same = strcmp(m->items.id[i], events->items.id[i]) == 0;
    if (!is_same)
        return sid__fail(
            err, SID_EUSAGE,
            "the model %s knows %lld items, the events %lld, and not the same or not in one order; read the "
            "events with the ids of the model (item_ids)",
            m->family->info.name, (long long)m->items.count, (long long)events->items.count);
    return SID_OK;
}

static sid_status train_baselines(evaluating *e, sid_error *err)
{
    static const char *const family[BASELINE_COUNT] = {"pop", "last", "itemknn"};
    for (int b = 0; b < BASELINE_COUNT; b++) {
        const sid_train_options options = {.family = family[b],
                                           .split = e->options->split,
                                           .vectors = e->options->vectors,
                                           .catalog = e->options->catalog};
        SID_TRY(sid__model_train_on(e->ctx, &options, &e->split, &e->baseline[b], err));
        e->model[e->result.row_count++] = e->baseline[b];
    }
    return SID_OK;
}

/* Vectors for the diversity of lists: of a model of the table, else what the caller gave. */
static sid_status find_vectors(evaluating *e, sid__exam *exam, sid_error *err)
{
    const sid_eval_options *o = e->options;
    const sid_model *m = NULL;
    for (int r = 0; r < e->result.row_count && !m; r++)
        m = e->model[r]->vectors ? e->model[r] : NULL;
    if (!m && (o->vectors || o->catalog)) {
        const sid_train_options options = {
            .family = "itemknn", .split = o->split, .vectors = o->vectors, .catalog = o->catalog};
        SID_TRY(sid__model_begin(e->ctx, &options, &e->split, &e->vectors, err));
        m = e->vectors;
    }
    if (m) {
        exam->vectors = m->vectors;
        exam->dim = m->dim;
    }
    return SID_OK;
}

static sid_status measure_rows(evaluating *e, int given, sid_error *err)
{
    sid__exam exam = {.split = &e->split,
                      .cases = e->cases,
                      .k = e->result.k,
                      .k_count = e->result.k_count,
                      .keep_history = e->result.keep_history,
                      .is_head = e->is_head,
                      .discounts = e->discounts,
                      .search = e->options->search};
    SID_TRY(find_vectors(e, &exam, err));
    for (int r = 0; r < e->result.row_count; r++) {
        sid_eval_row *row = &e->result.row[r];
        const sid_model *m = e->model[r];
        SID_TRY(sid__row_facts(m, e->texts, row, err));
        row->is_baseline = r >= given;
        SID_TRY(sid__measure(e->ctx, m, &exam, e->value + (int64_t)r * e->cases->count * e->columns, row, err));
    }
    return SID_OK;
}

/* A row for each group, behind those of the models. */
static void average_seeds(evaluating *e)
{
    int64_t size = e->cases->count * e->columns;
    int models = e->result.row_count;
    for (int g = 0; g < e->groups; g++) {
        int row = e->result.row_count++;
        sid__average_rows(e->result.row, e->group, models, g, e->result.k_count, &e->result.row[row]);
        sid__average_values(e->value, e->group, models, g, size, e->value + row * size);
    }
}

/* ---- Intervals ---- */

/* (rows, cases, columns) to (cases, rows, columns), so that a resample is one pass for all models. */
static sid_status put_side_by_side(evaluating *e, sid_error *err)
{
    int64_t cases = e->cases->count;
    int rows = e->result.row_count;
    double *beside = NULL;
    SID_TRY(
        sid__alloc(&beside, (size_t)cases * (size_t)rows, (size_t)e->columns * sizeof *beside, "values of users", err));
    for (int r = 0; r < rows; r++)
        for (int64_t c = 0; c < cases; c++)
            memcpy(beside + (c * rows + r) * e->columns, e->value + (r * cases + c) * e->columns,
                   (size_t)e->columns * sizeof *beside);
    sid__free(e->value);
    e->value = beside;
    return SID_OK;
}

static sid_status fill_pair(evaluating *e, const double *means, sid_eval_pair *pair, sid_error *err)
{
    int all = e->result.row_count * e->columns;
    for (int c = 0; c < e->columns; c++) {
        sid_interval *d = &pair->difference[c / e->result.k_count][c % e->result.k_count];
        int metric = c / e->result.k_count, k = c % e->result.k_count;
        d->mean = e->result.row[pair->a].value[metric][k].mean - e->result.row[pair->b].value[metric][k].mean;
        SID_TRY(sid__bootstrap_interval(means, e->resamples, all, pair->a * e->columns + c, pair->b * e->columns + c,
                                        &d->low, &d->high, err));
    }
    return SID_OK;
}

static sid_status fill_intervals(evaluating *e, const double *means, sid_error *err)
{
    int rows = e->result.row_count, all = rows * e->columns;
    for (int c = 0; c < all; c++) {
        int metric = c % e->columns / e->result.k_count, k = c % e->result.k_count;
        sid_interval *value = &e->result.row[c / e->columns].value[metric][k];
        SID_TRY(sid__bootstrap_interval(means, e->resamples, all, c, -1, &value->low, &value->high, err));
    }
    for (int a = 0; a < rows; a++)
        for (int b = a + 1; b < rows; b++) {
            sid_eval_pair *pair = &e->result.pair[e->result.pair_count++];
            *pair = (sid_eval_pair){.a = a, .b = b};
            SID_TRY(fill_pair(e, means, pair, err));
        }
    return SID_OK;
}

static sid_status resample(evaluating *e, sid_error *err)
{
    int rows = e->result.row_count;
    double *means = NULL;
    if (e->resamples == 0)
        return SID_OK;
    SID_TRY(
        sid__arena_push(e->texts, (size_t)(rows * (rows - 1) / 2 + 1) * sizeof *e->result.pair, &e->result.pair, err));
    SID_TRY(put_side_by_side(e, err));
    SID_TRY(sid__alloc(&means, (size_t)e->resamples, (size_t)(rows * e->columns) * sizeof *means,
                       "means of a bootstrap", err));
    sid_status status = sid__bootstrap_means(e->ctx, e->value, e->cases->count, rows * e->columns, e->resamples,
                                             e->options->seed ? e->options->seed : 42, means, err);
    if (status == SID_OK)
        status = fill_intervals(e, means, err);
    sid__free(means);
    return status;
}

/* ---- The whole ---- */

static sid_status choose_part(evaluating *e, sid_error *err)
{
    const char *part = e->options->part ? e->options->part : "test";
    bool is_valid = strcmp(part, "valid") == 0;
    if (!is_valid && strcmp(part, "test") != 0)
        return sid__fail(err, SID_EUSAGE, "the part to ask is \"%.40s\"; test or valid is expected", part);
    e->cases = is_valid ? &e->split.valid : &e->split.test;
    e->result.part = is_valid ? "valid" : "test";
    return SID_OK;
}

static sid_status check_asked(const evaluating *e, sid_error *err)
{
    const sid_split_info *info = &e->split.info;
    if (e->cases->count > 0)
        return SID_OK;
    return sid__fail(err, SID_EDATA,
                     "nobody is asked: by split %s none of %lld users has both a history and a %s event (%lld have no "
                     "history before "
                     "the test, %lld are excluded)%s; take another split",
                     e->options->split.split ? e->options->split.split : "loo", (long long)e->split.user_count,
                     e->result.part, (long long)info->users_without_history, (long long)info->users_excluded,
                     !e->options->split.split || strcmp(e->options->split.split, "loo") == 0
                         ? "; loo asks who has three events or more"
                         : "");
}

/* What the table says of who is asked. */
static void count_asked(evaluating *e)
{
    sid_evaluation *result = &e->result;
    int64_t tied = 0;
    result->split = e->split.info;
    result->users = e->cases->count;
    for (int64_t c = 0; c < e->cases->count; c++) {
        const sid__case *row = &e->cases->row[c];
        result->targets += row->target_count;
        tied += row->is_tied;
        for (int64_t i = 0; i < row->target_count; i++)
            result->cold_targets += e->split.train_count[e->split.item[row->target_begin + i]] == 0;
    }
    result->tied_targets_rate = e->cases == &e->split.test ? e->split.info.tied_targets_rate /* those excluded too */
                                                           : (double)tied / (double)e->cases->count;
}

static sid_status evaluate(evaluating *e, const sid_events *events, const sid_model *const *model, int model_count,
                           sid_error *err)
{
    size_t items = (size_t)events->items.count;
    sid__decode_options plan;
    SID_TRY(take_cutoffs(e, err));
    SID_TRY(sid__decode_plan(&e->options->search, 1, &plan, err));
    SID_TRY(sid__split_make(events, &e->options->split, &e->split, err));
    SID_TRY(choose_part(e, err));
    SID_TRY(check_asked(e, err));
    for (int i = 0; i < model_count; i++) {
        SID_TRY(check_model(e, model[i], err));
        e->model[e->result.row_count++] = model[i];
    }
    if (!e->options->no_baselines)
        SID_TRY(train_baselines(e, err));
    e->groups = sid__seed_groups(e->model, model_count, e->group);
    for (int r = model_count; r < e->result.row_count; r++)
        e->group[r] = -1;
    size_t rows = (size_t)e->result.row_count + (size_t)e->groups;
    SID_TRY(sid__alloc(&e->discounts, 1, sizeof *e->discounts, "discounts", err));
    SID_TRY(sid__alloc(&e->is_head, items, 1, "popular items", err));
    SID_TRY(sid__alloc(&e->value, rows * (size_t)e->cases->count, (size_t)e->columns * sizeof *e->value,
                       "values of users", err));
    SID_TRY(sid__arena_push(e->texts, rows * sizeof *e->result.row, &e->result.row, err));
    sid__discounts_init(e->discounts);
    SID_TRY(sid__mark_head(&e->split, e->is_head, err));
    count_asked(e);
    e->result.candidates = events->items.count;
    SID_TRY(measure_rows(e, model_count, err));
    average_seeds(e);
    return resample(e, err);
}

sid_status sid_evaluate(sid_ctx *ctx, const sid_events *events, const sid_eval_options *options,
                        const sid_model *const *model, int model_count, sid_evaluation *out, sid_error *err)
{
    static const sid_eval_options defaults;
    evaluating e = {.ctx = ctx, .options = options ? options : &defaults};
    e.result.keep_history = e.options->keep_history;
    if (model_count < 0 || model_count > ROWS_MAX - BASELINE_COUNT || (model_count == 0 && e.options->no_baselines))
        return sid__fail(err, SID_EUSAGE, "%d models; %d to %d can be compared", model_count,
                         e.options->no_baselines ? 1 : 0, ROWS_MAX - BASELINE_COUNT);
    SID_TRY(sid__alloc(&e.texts, 1, sizeof *e.texts, "an evaluation", err));
    e.result.memory = e.texts;
    sid_status status = evaluate(&e, events, model, model_count, err);
    for (int b = 0; b < BASELINE_COUNT; b++)
        sid_model_close(e.baseline[b]);
    sid_model_close(e.vectors);
    sid__split_drop(&e.split);
    sid__free(e.discounts);
    sid__free(e.is_head);
    sid__free(e.value);
    if (status != SID_OK)
        sid_evaluation_drop(&e.result);
    else
        *out = e.result;
    return status;
}

void sid_evaluation_drop(sid_evaluation *evaluation)
{
    if (evaluation->memory)
        sid__arena_drop(evaluation->memory);
    sid__free(evaluation->memory);
    *evaluation = (sid_evaluation){0};
}
