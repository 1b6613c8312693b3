/* click_model.c: a ranker of a feature file: tables, parameters, catalogues and pieces; see click_model.h. */
#include "rank/click_model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/vfs.h"
#include "rank/ranker_parts.h"

enum { USUAL_BATCH = 512, BATCH_MAX = 65536, TEXT_MOST = 1 << 20 };

static const double usual_rate = 1e-3, row_range = .05;

/* ---- Tables ---- */

/* Rows are an embedding and a weight. `rows`: what pieces have, by row number; 0: keys are hashed or kept. */
static sid_status make_table(sid_ranker *r, int index, bool by_row, sid_error *err)
{
    const sid__feature_table *t = &r->plan.table[index];
    const sid_slice slice[] = {{.dim = t->dim, .range = row_range, .optimizer = t->optimizer, .options = t->rate},
                               {.dim = 1, .initializer = "zero", .optimizer = t->optimizer, .options = t->rate}};
    const sid_table_options options = {.kind = t->kind,
                                       .rows = t->rows,
                                       .slice = slice,
                                       .slice_count = 2,
                                       .seed = r->options.seed,
                                       .by_row = by_row,
                                       .admit_count = t->admit_count,
                                       .admit_prob = t->admit_prob,
                                       .ttl_days = t->ttl_days,
                                       .half_life_days = t->half_life_days};
    sid_error why = {0};
    sid_status status = sid_table_create(r->ctx, &options, &r->table[index], &why);
    return status == SID_OK ? SID_OK : sid__fail(err, status, "table \"%s\": %s", t->name, why.message);
}

/* Whether features of SIDs address the table by row numbers: all that use it do, or none. */
static sid_status addressing(const sid_ranker *r, int index, bool *by_row, sid_error *err)
{
    const sid__feature_table *t = &r->plan.table[index];
    int ids = 0, rows = 0;
    for (int f = 0; f < r->plan.feature_count; f++) {
        const sid__feature *of = &r->plan.feature[f];
        sid_pieces_info info = {0};
        if (of->kind > SID__FEATURE_SID || of->table != index)
            continue;
        if (of->kind == SID__FEATURE_SID)
            sid_pieces_get_info(r->source[f].pieces, &info);
        ids += info.rows == 0;
        rows += info.rows > 0;
        if (info.rows > 0 && strcmp(t->kind, "hashed") == 0 && info.rows > t->rows)
            return sid__fail(err, SID_EUSAGE,
                             "table \"%s\" has %" PRId64 " rows; the pieces of feature \"%s\" (%s) need %" PRId64
                             ": set \"rows\" to that",
                             t->name, t->rows, of->name, of->pieces, info.rows);
    }
    *by_row = rows > 0 && strcmp(t->kind, "hashed") == 0;
    if (*by_row && ids > 0)
        return sid__fail(err, SID_EUSAGE,
                         "table \"%s\" is hashed, and of pieces' rows and of other keys at once; give one of them a "
                         "table of its own",
                         t->name);
    return SID_OK;
}

static sid_status open_sources(sid_ranker *r, sid_error *err)
{
    for (int f = 0; f < r->plan.feature_count; f++) {
        const sid__feature *of = &r->plan.feature[f];
        sid__sid_source *s = &r->source[f];
        sid_catalog_info info;
        sid_error why = {0};
        if (of->kind != SID__FEATURE_SID)
            continue;
        SID_TRY(sid_catalog_open(r->ctx, of->catalog, SID_OPEN_READ, &s->catalog, err));
        SID_TRY(sid_pieces_open(r->ctx, of->pieces, &s->pieces, err));
        sid_catalog_get_info(s->catalog, &info);
        sid_status status = sid_pieces_check(s->pieces, info.fingerprint, info.codes, info.levels, &why);
        if (status != SID_OK)
            return sid__fail(err, status, "feature \"%s\": pieces %s and catalogue %s: %s", of->name, of->pieces,
                             of->catalog, why.message);
    }
    return SID_OK;
}

/* ---- Parameters ---- */

static sid__rank_shape shape_of(const sid_ranker *r)
{
    const sid__feature_plan *plan = &r->plan;
    sid__rank_shape shape = {.dim = r->dim, .dense = r->dense_width, .tasks = plan->label_count};
    for (int f = 0; f < plan->feature_count; f++)
        shape.others += plan->feature[f].kind <= SID__FEATURE_SID && f != plan->user && f != plan->item;
    return shape;
}

/* A field of another size than the item's passes a linear map. */
static sid_status declare_maps(sid_ranker *r, sid_error *err)
{
    char name[SID__PARAM_NAME_SIZE];
    for (int f = 0; f < r->plan.feature_count; f++) {
        const sid__feature *of = &r->plan.feature[f];
        int dim = of->kind <= SID__FEATURE_SID ? r->plan.table[of->table].dim : r->dim;
        (void)snprintf(name, sizeof name, "map.%s", of->name);
        if (dim != r->dim)
            SID_TRY(sid__rank_add(name, r->dim, dim, &r->params, err));
    }
    return SID_OK;
}

static sid_status make_params(sid_ranker *r, sid_error *err)
{
    const sid__feature_plan *plan = &r->plan;
    const sid__ranker_class *family = plan->family;
    const sid__feature *history = plan->history >= 0 ? &plan->feature[plan->history] : NULL;
    sid__pooling_kind pool = history && !family->pools_itself ? history->pool : SID__POOL_MEAN;
    SID_TRY(sid__rank_add("bias", 1, 1, &r->params, err));
    SID_TRY(declare_maps(r, err));
    if (history) { /* they begin as zeroes: what they add is learned */
        SID_TRY(sid__rank_add("history.position", history->max, r->dim, &r->params, err));
        SID_TRY(sid__rank_add("history.gap", SID__GAP_BUCKETS, r->dim, &r->params, err));
        SID_TRY(sid__pooling_declare(pool, "history", r->dim, &r->params, err));
    }
    int own = r->params.count;
    if (family->declare)
        SID_TRY(family->declare(plan->options, shape_of(r), &r->params, err));
    SID_TRY(sid__params_seal(&r->params, err));
    for (int i = 0; i < own; i++)
        if (strncmp(r->params.param[i].name, "map.", 4) == 0)
            sid__rank_start_matrix(&r->params, i, r->options.seed);
    if (history)
        sid__pooling_start(pool, "history", r->options.seed, &r->params);
    if (family->start)
        family->start(plan->options, shape_of(r), r->options.seed, &r->params);
    sid__optim_options optim = sid__optim_default();
    optim.rate = r->options.rate;
    return sid__optim_create(&optim, &r->params, &r->optim, err);
}

/* ---- The whole ---- */

static sid_status set_options(sid_ranker *r, const sid_ranker_options *options, sid_error *err)
{
    r->options = options ? *options : (sid_ranker_options){0};
    sid_ranker_options *o = &r->options;
    o->batch = o->batch ? o->batch : USUAL_BATCH;
    o->rate = o->rate != 0 ? o->rate : usual_rate;
    o->seed = o->seed ? o->seed : 42;
    if (o->batch < 1 || o->batch > BATCH_MAX)
        return sid__fail(err, SID_EUSAGE, "batch is %d; 1 to %d are possible", o->batch, BATCH_MAX);
    if (!(o->rate > 0 && o->rate <= 100))
        return sid__fail(err, SID_EUSAGE, "the rate is %g; above 0 to 100 are possible", o->rate);
    return SID_OK;
}

static sid_status fill(sid_ranker *r, const char *path, const sid_ranker_options *options, sid_error *err)
{
    SID_TRY(set_options(r, options, err));
    SID_TRY(sid__feature_plan_parse(r->text, r->text_size, path, &r->plan, err));
    const sid__feature_plan *plan = &r->plan;
    r->dim = plan->table[plan->feature[plan->item].table].dim;
    r->dense_width = sid__dense_width(plan);
    r->last_day = INT64_MIN;
    r->history.max = plan->history >= 0 ? plan->feature[plan->history].max : 0;
    r->history.keeps_time = true;
    SID_TRY(open_sources(r, err));
    for (int t = 0; t < plan->table_count; t++) {
        bool by_row = false;
        SID_TRY(addressing(r, t, &by_row, err));
        SID_TRY(make_table(r, t, by_row, err));
    }
    return make_params(r, err);
}

sid_status sid__ranker_make(sid_ctx *ctx, const char *text, size_t size, const char *path,
                            const sid_ranker_options *options, sid_ranker **out, sid_error *err)
{
    sid_ranker *r = NULL;
    SID_TRY(sid__alloc(&r, 1, sizeof *r, "a ranker", err));
    r->ctx = ctx;
    r->text_size = size;
    sid_status status = sid__alloc(&r->text, size + 1, 1, "a feature file", err);
    if (status == SID_OK) {
        memcpy(r->text, text, size);
        status = fill(r, path, options, err);
    }
    if (status != SID_OK) {
        sid_ranker_free(r);
        return status;
    }
    *out = r;
    return SID_OK;
}

static sid_status read_features(const char *path, char **text, int64_t *size, sid_error *err)
{
    if (!sid__path_exists(path))
        return sid__fail_at(err, SID_ENOTFOUND, (sid__place){.file = path, .byte = -1},
                            "there is no such feature file");
    return sid__read_whole(path, TEXT_MOST, text, size, err);
}

sid_status sid_ranker_create(sid_ctx *ctx, const char *path, const sid_ranker_options *options, sid_ranker **out,
                             sid_error *err)
{
    char *text = NULL;
    int64_t size = 0;
    SID_TRY(read_features(path, &text, &size, err));
    sid_status status = sid__ranker_make(ctx, text, (size_t)size, path, options, out, err);
    sid__free(text);
    return status;
}

sid_status sid_ranker_create_text(sid_ctx *ctx, const char *text, size_t size, const char *name,
                                  const sid_ranker_options *options, sid_ranker **out, sid_error *err)
{
    return sid__ranker_make(ctx, text, size, name, options, out, err);
}

sid_status sid_ranker_check(const sid_ranker *ranker, const char *path, sid_error *err)
{
    char *text = NULL;
    int64_t size = 0;
    SID_TRY(read_features(path, &text, &size, err));
    bool is_same = (size_t)size == ranker->text_size && memcmp(text, ranker->text, ranker->text_size) == 0;
    sid__free(text);
    return is_same ? SID_OK
                   : sid__fail_at(err, SID_EUSAGE, (sid__place){.file = path, .byte = -1},
                                  "is not the feature file that the ranker was made of; it keeps its own, so leave "
                                  "--features out, or train a new one");
}

void sid_ranker_free(sid_ranker *r)
{
    if (!r)
        return;
    for (int t = 0; t < SID__TABLES_MAX; t++)
        sid_table_free(r->table[t]);
    for (int f = 0; f < SID__FEATURES_MAX; f++) {
        sid_catalog_close(r->source[f].catalog);
        sid_pieces_close(r->source[f].pieces);
        sid__free(r->keys[f].key);
        sid__free(r->keys[f].begin);
    }
    sid__free(r->text);
    sid__feature_plan_drop(&r->plan);
    sid__optim_drop(&r->optim);
    sid__params_drop(&r->params);
    sid__memory_drop(&r->memory);
    sid__id_list_drop(&r->users);
    sid__id_list_drop(&r->items);
    sid__free(r->shown);
    sid__free(r->has_sid);
    sid__click_history_drop(&r->history);
    sid__item_chances_drop(&r->chances);
    sid__click_model_batch_drop(&r->batch);
    sid__free(r);
}

void sid_ranker_get_info(const sid_ranker *r, sid_ranker_info *out)
{
    *out = (sid_ranker_info){.family = r->plan.family->info.name,
                             .impressions = r->impressions,
                             .clicks = r->clicks,
                             .steps = r->optim.step,
                             .users = r->users.count,
                             .items = r->items.count,
                             .last_day = r->last_day,
                             .tables = r->plan.table_count,
                             .parameters = r->params.size};
    for (int t = 0; t < r->plan.table_count; t++) {
        sid_table_info info;
        sid_table_get_info(r->table[t], &info);
        out->rows += info.rows;
    }
}

sid_status sid_ranker_read(const sid_ranker *r, const char *path, const sid_impressions_options *options,
                           sid_impressions **out, sid_error *err)
{
    const sid__feature_plan *plan = &r->plan;
    const char *ids[SID__FEATURES_MAX], *labels[SID__RANK_TASKS_MAX], *dense[SID_DENSE_MAX];
    sid_impressions_options o = options ? *options : (sid_impressions_options){0};
    sid_impressions_columns columns = {.user = plan->user_column,
                                       .item = plan->item_column,
                                       .day = plan->day_column,
                                       .timestamp = plan->time_column,
                                       .ids = ids,
                                       .labels = labels,
                                       .label_count = plan->label_count - 1};
    columns.id_count = sid__more_id_columns(plan, ids);
    for (int k = 1; k < plan->label_count; k++)
        labels[k - 1] = plan->label[k];
    for (int i = 0; i < plan->dense_count; i++)
        dense[i] = plan->dense[i];
    o.columns = &columns;
    o.label = plan->label[0];
    o.dense = dense;
    o.dense_count = plan->dense_count;
    return sid_impressions_read(r->ctx, path, &o, out, err);
}
