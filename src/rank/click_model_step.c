/* click_model_step.c: a batch of impressions: embeddings of tables, the family's logits, and the way back. An item is looked up once a
 * batch, however often it is shown or stands in histories. Gradients of tables are of the summed loss, so that their rate does not
 * depend on the batch.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "linalg/scalar.h"
#include "rank/click_model.h"
#include "rank/ranker_parts.h"
#include "tensor/ops_rank.h"

enum { MINUTE_S = 60, DAY_S = 86400 };

/* ---- Who is in it ---- */

static sid_status make_batch(sid_ranker *r, sid_error *err)
{
    static const char what[] = "a batch of impressions";
    sid__click_model_batch *b = &r->batch;
    size_t rows = (size_t)r->options.batch, max = (size_t)r->history.max;
    if (b->capacity > 0)
        return SID_OK;
    SID_TRY(sid__alloc(&b->user, rows, sizeof *b->user, what, err));
    SID_TRY(sid__alloc(&b->item, rows, sizeof *b->item, what, err));
    SID_TRY(sid__alloc(&b->target, rows, sizeof *b->target, what, err));
    SID_TRY(sid__alloc(&b->log_chance, rows, sizeof *b->log_chance, what, err));
    for (int k = 0; k < r->plan.label_count; k++)
        SID_TRY(sid__alloc(&b->label[k], rows, 1, what, err));
    SID_TRY(sid__alloc(&b->past_begin, rows + 1, sizeof *b->past_begin, what, err));
    SID_TRY(sid__alloc(&b->past, rows, max * sizeof *b->past, what, err));
    SID_TRY(sid__alloc(&b->past_of, rows, max * sizeof *b->past_of, what, err));
    SID_TRY(sid__alloc(&b->position, rows, max * sizeof *b->position, what, err));
    SID_TRY(sid__alloc(&b->gap, rows, max * sizeof *b->gap, what, err));
    SID_TRY(sid__alloc(&b->met, rows, (max + 1) * sizeof *b->met, what, err));
    SID_TRY(sid__alloc(&b->recent, max, sizeof *b->recent, what, err));
    SID_TRY(sid__alloc(&b->recent_time, max, sizeof *b->recent_time, what, err));
    b->capacity = (int64_t)rows;
    return SID_OK;
}

void sid__click_model_batch_drop(sid__click_model_batch *b)
{
    sid__free(b->user);
    sid__free(b->item);
    sid__free(b->target);
    sid__free(b->log_chance);
    for (int k = 0; k < SID__RANK_TASKS_MAX; k++)
        sid__free(b->label[k]);
    sid__free(b->past_begin);
    sid__free(b->past);
    sid__free(b->past_of);
    sid__free(b->position);
    sid__free(b->gap);
    sid__free(b->met);
    sid__free(b->index_of);
    sid__free(b->recent);
    sid__free(b->recent_time);
    *b = (sid__click_model_batch){0};
}

static int32_t meet(sid__click_model_batch *b, int32_t item)
{
    if (b->index_of[item] < 0) {
        b->index_of[item] = (int32_t)b->met_count;
        b->met[b->met_count++] = item;
    }
    return b->index_of[item];
}

/* 0, then from 1, 3, 7, .. minutes on. */
int32_t sid__gap_bucket(double seconds)
{
    int32_t bucket = 0;
    for (int64_t least = 1; bucket + 1 < SID__GAP_BUCKETS && seconds >= (double)(least * MINUTE_S);
         least = 2 * least + 1)
        bucket++;
    return bucket;
}

static int64_t add_past(sid_ranker *r, int64_t i, double now, bool has_time, int64_t at)
{
    sid__click_model_batch *b = &r->batch;
    int count = sid__click_history_get_at(&r->history, b->user[i], b->recent, b->recent_time);
    for (int j = 0; j < count; j++, at++) {
        b->past[at] = meet(b, b->recent[j]);
        b->past_of[at] = (int32_t)i;
        b->position[at] = count - 1 - j; /* 0: the last click */
        b->gap[at] = has_time ? sid__gap_bucket(now - b->recent_time[j]) : 0;
    }
    return at;
}

/* A click goes into the history behind its own impression. */
static void fill_batch(sid_ranker *r, const sid_impressions *im, const sid__run_maps *maps, int64_t begin, int64_t end)
{
    sid__click_model_batch *b = &r->batch;
    for (int64_t i = 0; i < b->met_count; i++)
        b->index_of[b->met[i]] = -1;
    b->met_count = 0;
    b->count = end - begin;
    for (int64_t i = 0, at = 0; i < b->count; i++) {
        const sid__impression *row = &im->row[begin + i];
        b->user[i] = maps->user[row->user];
        b->item[i] = maps->item[row->item];
        b->label[0][i] = row->label;
        for (int k = 1; k < r->plan.label_count; k++)
            b->label[k][i] = row->more_labels >> (k - 1) & 1;
        b->target[i] = meet(b, b->item[i]);
        at = r->history.max > 0 ? add_past(r, i, row->time, im->has_time, at) : at;
        b->past_begin[i + 1] = at;
        if (row->label)
            sid__click_history_push_at(&r->history, b->user[i], b->item[i], row->time);
    }
}

/* ---- Embeddings ---- */

/* Rows of a table for a feature: leaves of the tape. Of items: one a list of keys, for each item met; else one an impression. */
typedef struct field {
    sid__value *leaf; /* (lists, dim + 1) */
    uint64_t *key;
    int64_t *begin; /* (lists + 1), or NULL: a key each */
    int64_t lists;
} field;

typedef struct forward {
    sid_ranker *r;
    const sid_impressions *im;
    const sid__run_maps *maps;
    sid__tape tape;
    int64_t first, time_s; /* impression of the batch's row 0 */
    bool is_training;
    field field[SID__FEATURES_MAX];
    sid__value *other[SID__FEATURES_MAX];
    sid__ragged pasts;
    sid__rank_training training;
} forward;

/* NULL without memory; the tape knows. */
static void list_keys(forward *f, int feature, field *out)
{
    const sid_ranker *r = f->r;
    const sid__click_model_batch *b = &r->batch;
    const sid__item_keys *keys = &r->keys[feature];
    int64_t count = 0;
    if (!sid__feature_is_of_item(&r->plan, feature)) {
        out->lists = b->count;
        out->key = sid__tape_push(&f->tape, (size_t)b->count, sizeof *out->key);
        for (int64_t i = 0; out->key && i < b->count; i++) {
            int64_t at = f->first + i;
            const int32_t *row = f->maps->row[feature];
            out->key[i] = f->maps->key[feature][row ? row[at * f->maps->step[feature]] : f->im->row[at].user];
        }
        return;
    }
    for (int64_t i = 0; i < b->met_count; i++)
        count += keys->begin[b->met[i] + 1] - keys->begin[b->met[i]];
    out->lists = b->met_count;
    out->key = sid__tape_push(&f->tape, (size_t)count + 1, sizeof *out->key);
    out->begin = sid__tape_push(&f->tape, (size_t)b->met_count + 1, sizeof *out->begin);
    if (!out->key || !out->begin)
        return;
    out->begin[0] = 0;
    for (int64_t i = 0, at = 0; i < b->met_count; i++) {
        for (int64_t j = keys->begin[b->met[i]]; j < keys->begin[b->met[i] + 1]; j++)
            out->key[at++] = keys->key[j];
        out->begin[i + 1] = at;
    }
}

static sid_status read_field(forward *f, int feature, sid_error *err)
{
    const sid__feature *of = &f->r->plan.feature[feature];
    sid_table *table = f->r->table[of->table];
    field *out = &f->field[feature];
    bool has_lists = sid__feature_is_of_item(&f->r->plan, feature);
    list_keys(f, feature, out);
    out->leaf = sid__tape_value(&f->tape, out->lists, f->r->plan.table[of->table].dim + 1, f->is_training);
    if (!out->leaf || !out->key || (has_lists && !out->begin))
        return SID_OK; /* the tape knows */
    int64_t keys = has_lists ? out->begin[out->lists] : out->lists;
    if (f->is_training)
        SID_TRY(sid_table_visit(table, out->key, keys, f->time_s, has_lists ? NULL : out->leaf->data, err));
    if (has_lists)
        return sid_table_gather_sum(table, out->key, out->begin, out->lists, SID_UNSEEN_ZERO, out->leaf->data, err);
    return f->is_training ? SID_OK : sid_table_lookup(table, out->key, keys, SID_UNSEEN_ZERO, out->leaf->data, err);
}

/* The embedding, as wide as the item's: (lists, D). */
static sid__value *vectors_of(forward *f, int feature)
{
    const sid__feature *of = &f->r->plan.feature[feature];
    int dim = f->r->plan.table[of->table].dim;
    char name[SID__PARAM_NAME_SIZE];
    sid__value *x = sid__op_columns(&f->tape, f->field[feature].leaf, 0, dim);
    if (dim == f->r->dim)
        return x;
    (void)snprintf(name, sizeof name, "map.%s", of->name);
    return sid__op_linear(&f->tape, x, sid__rank_param(&f->r->params, name), NULL, SID__NO_ACTIVATION);
}

/* By impression, (B, D). */
static sid__value *shown_of(forward *f, int feature, sid__value *x)
{
    const sid__click_model_batch *b = &f->r->batch;
    return sid__feature_is_of_item(&f->r->plan, feature) ? sid__op_gather(&f->tape, x, b->target, b->count) : x;
}

static sid__value *linear_of(forward *f)
{
    const sid__feature_plan *plan = &f->r->plan;
    sid__value *ones = sid__tape_value(&f->tape, f->r->batch.count, 1, false);
    for (int64_t i = 0; ones && i < ones->rows; i++)
        ones->data[i] = 1;
    sid__value *sum = sid__op_linear(&f->tape, ones, sid__rank_param(&f->r->params, "bias"), NULL, SID__NO_ACTIVATION);
    for (int k = 0; k < plan->feature_count; k++) {
        if (plan->feature[k].kind > SID__FEATURE_SID)
            continue;
        sid__value *weight = sid__op_columns(&f->tape, f->field[k].leaf, plan->table[plan->feature[k].table].dim, 1);
        sum = sid__op_add(&f->tape, sum, shown_of(f, k, weight));
    }
    return sum;
}

static sid__value *dense_of(forward *f)
{
    const sid_ranker *r = f->r;
    int width = r->dense_width, columns = r->plan.dense_count;
    sid__value *x = width > 0 ? sid__tape_value(&f->tape, r->batch.count, width, false) : NULL;
    for (int64_t i = 0; x && i < x->rows; i++)
        sid__dense_row(&r->plan, &r->dense, f->im->dense + (f->first + i) * columns, x->data + i * width);
    return x;
}

/* What was clicked before: rows of the item, of its place and of how long ago; as one vector where the family does not see to that
 * itself. */
static void add_history(forward *f, sid__value *items, sid__rank_inputs *in)
{
    sid_ranker *r = f->r;
    const sid__click_model_batch *b = &r->batch;
    const sid__feature *of = r->plan.history >= 0 ? &r->plan.feature[r->plan.history] : NULL;
    int64_t count = b->past_begin[b->count];
    in->past = sid__op_gather(&f->tape, items, b->past, count);
    if (of) {
        sid__value *position = sid__rank_param(&r->params, "history.position");
        sid__value *gap = sid__rank_param(&r->params, "history.gap");
        in->past = sid__op_add(&f->tape, in->past, sid__op_gather(&f->tape, position, b->position, count));
        in->past = sid__op_add(&f->tape, in->past, sid__op_gather(&f->tape, gap, b->gap, count));
    }
    f->pasts = (sid__ragged){.begin = b->past_begin, .count = b->count};
    in->pasts = &f->pasts;
    in->past_of = b->past_of;
    r->look.click = b->past;
    r->look.shown = b->target;
    in->look = f->is_training ? NULL : &r->look;
    const sid__pooled pooled = {
        .past = in->past, .target = in->item, .pasts = in->pasts, .of = in->past_of, .look = in->look};
    if (!r->plan.family->pools_itself)
        in->history = sid__pooling_forward(of ? of->pool : SID__POOL_MEAN, "history", &r->params, &f->tape, &pooled);
}

static sid__rank_inputs inputs_of(forward *f)
{
    sid_ranker *r = f->r;
    const sid__feature_plan *plan = &r->plan;
    sid__value *vectors[SID__FEATURES_MAX] = {0};
    sid__rank_inputs in = {.linear = linear_of(f), .dense = dense_of(f), .other = f->other};
    for (int k = 0; k < plan->feature_count; k++) {
        if (plan->feature[k].kind > SID__FEATURE_SID)
            continue;
        vectors[k] = vectors_of(f, k);
        sid__value *shown = shown_of(f, k, vectors[k]);
        if (k == plan->user)
            in.user = shown;
        else if (k == plan->item)
            in.item = shown;
        else
            f->other[in.other_count++] = shown;
    }
    add_history(f, vectors[plan->history >= 0 ? plan->feature[plan->history].as : plan->item], &in);
    for (int k = 0; k < plan->label_count; k++)
        f->training.label[k] = r->batch.label[k];
    f->training.target = r->batch.target;
    in.training = f->is_training ? &f->training : NULL;
    if (f->is_training && plan->family->wants_chances) {
        f->training.log_chance = r->batch.log_chance;
        sid__item_chances_step(&r->chances, r->batch.item, r->batch.label[0], r->batch.count, r->batch.log_chance);
    }
    return in;
}

/* ---- Back ---- */

static sid_status apply(forward *f, sid__value *logit, sid_error *err)
{
    sid_ranker *r = f->r;
    sid__value *loss = f->training.loss ? f->training.loss : sid__op_click_loss(&f->tape, logit, r->batch.label[0], 1);
    SID_TRY(sid__tape_backward(&f->tape, loss, err));
    if (!isfinite((double)loss->data[0]) || !isfinite(sid__optim_step(r->ctx, &r->optim)))
        return sid__fail(err, SID_EDATA,
                         "the loss of step %" PRId64 " is not finite; take a smaller rate, or a transform for numeric "
                         "columns that are large",
                         r->optim.step + 1);
    for (int k = 0; k < r->plan.feature_count; k++) {
        const field *of = &f->field[k];
        sid_table *table = of->leaf ? r->table[r->plan.feature[k].table] : NULL;
        if (!of->leaf || !of->leaf->has_grad)
            continue;
        SID_TRY(of->begin ? sid_table_apply_sum(table, of->key, of->begin, of->lists, of->leaf->grad, err)
                          : sid_table_apply(table, of->key, of->lists, of->leaf->grad, err));
    }
    return SID_OK;
}

static int64_t time_of(const sid_impressions *im, int64_t row)
{
    double time = im->has_time ? im->row[row].time : (double)im->day_name[im->row[row].day] * DAY_S;
    return time > 0 ? (time < (double)UINT32_MAX ? (int64_t)time : UINT32_MAX) : 0;
}

sid_status sid__click_model_step(sid_ranker *r, const sid_impressions *im, const sid__run_maps *maps, int64_t begin,
                                 int64_t end, bool is_training, double *p, sid_error *err)
{
    forward f = {.r = r, .im = im, .maps = maps, .first = begin, .is_training = is_training};
    SID_TRY(make_batch(r, err));
    fill_batch(r, im, maps, begin, end);
    sid__memory_reset(&r->memory);
    sid__params_clear(&r->params);
    f.tape = sid__tape_begin(r->ctx, &r->memory, is_training);
    f.time_s = time_of(im, end - 1);
    for (int k = 0; k < r->plan.feature_count; k++)
        if (r->plan.feature[k].kind <= SID__FEATURE_SID)
            SID_TRY(read_field(&f, k, err));
    sid__rank_inputs in = inputs_of(&f);
    sid__value *logit = r->plan.family->logit(r->plan.options, &r->params, &f.tape, &in);
    SID_TRY(sid__tape_status(&f.tape, err));
    for (int64_t i = 0; i < end - begin; i++)
        p[i] = 1 / (1 + sid__exp(-(double)logit->data[i]));
    return is_training ? apply(&f, logit, err) : SID_OK;
}
