/* rank_model.c: see rank_model.h. */
#include "rank/rank_model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "linalg/scalar.h"
#include "quant/mlp.h"
#include "tensor/ops_rank.h"

enum { PROGRESS_BATCHES = 64, CONTENT_PART = 7 /* keeps the content's network apart from the family's */ };

static const char content_hidden[] = "64";
static const double row_range = .05;

/* ---- Made ---- */

/* Rows are an embedding and a weight. */
static sid_status make_table(sid__rank_model *m, const sid_table_options *like, sid_table **out, sid_error *err)
{
    char rate[64];
    (void)snprintf(rate, sizeof rate, "rate=%.17g", m->options.table_rate);
    const sid_slice slice[] = {{.dim = m->options.dim, .range = row_range, .optimizer = "adagrad", .options = rate},
                               {.dim = 1, .initializer = "zero", .optimizer = "adagrad", .options = rate}};
    sid_table_options options = *like;
    options.slice = slice;
    options.slice_count = 2;
    options.seed = m->options.seed;
    return sid_table_create(m->ctx, &options, out, err);
}

static sid__rank_shape shape_of(const sid__rank_model *m, const sid_impressions *impressions)
{
    return (sid__rank_shape){.dim = m->options.dim, .dense = impressions->dense_count};
}

static sid_status content_shape(const sid__rank_model *m, sid__mlp_shape *shape, sid_error *err)
{
    return sid__mlp_shape_parse("content", content_hidden, m->source.content_dim, m->options.dim + 1, shape, err);
}

static sid_status make_params(sid__rank_model *m, const sid_impressions *impressions, sid_error *err)
{
    const sid__ranker_class *family = m->options.family;
    sid__rank_shape shape = shape_of(m, impressions);
    sid__mlp_shape content;
    SID_TRY(
        sid__params_add(&m->params, &(sid__param){.value = {.rows = 1, .columns = 1}, .is_vector = true}, "bias", err));
    m->content_first = -1;
    if (m->source.content) {
        SID_TRY(content_shape(m, &content, err));
        SID_TRY(sid__mlp_declare(&m->params, "content", &content, false, &m->content_first, err));
    }
    if (family->declare)
        SID_TRY(family->declare(m->options.options, shape, &m->params, err));
    SID_TRY(sid__params_seal(&m->params, err));
    if (m->source.content)
        sid__mlp_start(&m->params, m->content_first, &content, m->options.seed, CONTENT_PART);
    if (family->start)
        family->start(m->options.options, shape, m->options.seed, &m->params);
    sid__optim_options optim = sid__optim_default();
    optim.rate = m->options.rate;
    return sid__optim_create(&optim, &m->params, &m->optim, err);
}

sid_status sid__rank_model_create(sid_ctx *ctx, const sid__rank_options *options, const sid__item_source *source,
                                  const sid_impressions *impressions, sid__rank_model *out, sid_error *err)
{
    *out = (sid__rank_model){.ctx = ctx, .options = *options, .source = *source};
    SID_TRY(make_table(out, &(sid_table_options){.kind = "growing"}, &out->users, err));
    if (source->begin)
        SID_TRY(make_table(out, &source->table, &out->items, err));
    SID_TRY(make_params(out, impressions, err));
    SID_TRY(sid__click_history_create(impressions->users.count, options->history, &out->history, err));
    SID_TRY(sid__rank_batch_create(options->batch, options->history, source->past_from + impressions->items.count,
                                   &out->batch, err));
    out->batch.past_from = source->past_from;
    if (options->family->wants_chances) {
        SID_TRY(sid__item_chances_reserve(&out->chances, impressions->items.count, err));
        SID_TRY(sid__alloc(&out->log_chance, (size_t)options->batch, sizeof *out->log_chance, "a batch", err));
    }
    return sid__alloc(&out->begin, (size_t)options->batch, ((size_t)options->history + 1) * sizeof *out->begin + 8,
                      "items of a batch", err);
}

void sid__rank_model_drop(sid__rank_model *model)
{
    sid_table_free(model->users);
    sid_table_free(model->items);
    sid__optim_drop(&model->optim);
    sid__params_drop(&model->params);
    sid__memory_drop(&model->memory);
    sid__click_history_drop(&model->history);
    sid__rank_batch_drop(&model->batch);
    sid__free(model->key);
    sid__free(model->begin);
    sid__free(model->log_chance);
    sid__item_chances_drop(&model->chances);
    *model = (sid__rank_model){0};
}

/* ---- A batch ---- */

/* Leaves of the tape: what tables gave, with room for the gradients that go back to them. */
typedef struct leaves {
    sid__value *user, *item; /* (B, D + 1), (items of the batch, D + 1) */
    sid__ragged pasts;
    sid__rank_training training;
} leaves;

static sid_status list_keys(sid__rank_model *m, sid_error *err)
{
    const sid__rank_batch *b = &m->batch;
    int64_t count = 0;
    m->begin[0] = 0;
    for (int64_t i = 0; i < b->item_count; i++) {
        const int64_t *of = m->source.begin + b->item[i];
        SID_TRY(sid__grow(&m->key, &m->key_capacity, count + of[1] - of[0], sizeof *m->key, "keys of a batch", err));
        for (int64_t j = of[0]; j < of[1]; j++)
            m->key[count++] = m->source.key[j];
        m->begin[i + 1] = count;
    }
    return SID_OK;
}

static sid_status read_items(sid__rank_model *m, sid__tape *tape, int64_t time_s, bool is_training, sid__value **out,
                             sid_error *err)
{
    const sid__rank_batch *b = &m->batch;
    if (!m->items)
        return SID_OK;
    SID_TRY(list_keys(m, err));
    *out = sid__tape_value(tape, b->item_count, m->options.dim + 1, is_training);
    if (!*out)
        return SID_OK; /* the tape knows */
    if (is_training)
        SID_TRY(sid_table_visit(m->items, m->key, m->begin[b->item_count], time_s, NULL, err));
    return sid_table_gather_sum(m->items, m->key, m->begin, b->item_count, SID_UNSEEN_ZERO, (*out)->data, err);
}

static sid_status read_users(sid__rank_model *m, sid__tape *tape, int64_t time_s, bool is_training, sid__value **out,
                             sid_error *err)
{
    const sid__rank_batch *b = &m->batch;
    *out = sid__tape_value(tape, b->count, m->options.dim + 1, is_training);
    if (!*out)
        return SID_OK;
    if (is_training)
        return sid_table_visit(m->users, b->user, b->count, time_s, (*out)->data, err);
    return sid_table_lookup(m->users, b->user, b->count, SID_UNSEEN_ZERO, (*out)->data, err);
}

/* What the content of the batch's items says, (items, D + 1). */
static sid__value *read_content(sid__rank_model *m, sid__tape *tape)
{
    const sid__rank_batch *b = &m->batch;
    sid__mlp_shape shape;
    int dim = m->source.content_dim;
    sid__value *x = sid__tape_value(tape, b->item_count, dim, false);
    if (!x || content_shape(m, &shape, NULL) != SID_OK)
        return NULL;
    for (int64_t i = 0; i < b->item_count; i++)
        for (int j = 0; j < dim; j++)
            x->data[i * dim + j] = m->source.content[(int64_t)b->item[i] * dim + j];
    return sid__mlp_forward(tape, &m->params, m->content_first, &shape, x);
}

static sid__value *bias_of(sid__rank_model *m, sid__tape *tape)
{
    sid__value *ones = sid__tape_value(tape, m->batch.count, 1, false);
    for (int64_t i = 0; ones && i < ones->rows; i++)
        ones->data[i] = 1;
    return sid__op_linear(tape, ones, &m->params.param[0].value, NULL, SID__NO_ACTIVATION);
}

static sid__value *dense_of(sid__rank_model *m, sid__tape *tape, const sid_impressions *impressions, int64_t begin)
{
    int width = impressions->dense_count;
    sid__value *x = width > 0 ? sid__tape_value(tape, m->batch.count, width, false) : NULL;
    for (int64_t i = 0; x && i < x->rows * width; i++)
        x->data[i] = impressions->dense[begin * width + i];
    return x;
}

static sid__rank_inputs inputs_of(sid__rank_model *m, sid__tape *tape, leaves *leaf, sid__value *dense)
{
    const sid__rank_batch *b = &m->batch;
    int dim = m->options.dim;
    sid__value *item = leaf->item, *content = m->source.content ? read_content(m, tape) : NULL;
    if (m->source.content)
        item = m->items ? sid__op_add(tape, item, content) : content;
    sid__value *shown = sid__op_gather(tape, item, b->target, b->count);
    sid__value *past = sid__op_gather(tape, sid__op_columns(tape, item, 0, dim), b->past, b->past_begin[b->count]);
    leaf->pasts = (sid__ragged){.begin = b->past_begin, .count = b->count};
    leaf->training = (sid__rank_training){.label = {b->label}, .target = b->target, .log_chance = m->log_chance};
    if (m->log_chance && tape->is_recording)
        sid__item_chances_step(&m->chances, b->shown, b->label, b->count, m->log_chance);
    return (sid__rank_inputs){
        .linear = sid__op_add(tape, sid__op_add(tape, sid__op_columns(tape, shown, dim, 1), bias_of(m, tape)),
                              sid__op_columns(tape, leaf->user, dim, 1)),
        .user = sid__op_columns(tape, leaf->user, 0, dim),
        .item = sid__op_columns(tape, shown, 0, dim),
        .history = m->options.family->pools_itself ? NULL : sid__op_mean_pool(tape, past, &leaf->pasts),
        .dense = dense,
        .past = past,
        .pasts = &leaf->pasts,
        .past_of = b->past_of,
        .training = tape->is_recording ? &leaf->training : NULL};
}

/* Back through the tape, to parameters and tables. */
static sid_status step(sid__rank_model *m, sid__tape *tape, const leaves *leaf, sid__value *logit, sid_error *err)
{
    const sid__rank_batch *b = &m->batch;
    sid__value *loss = leaf->training.loss ? leaf->training.loss : sid__op_click_loss(tape, logit, b->label, 1);
    SID_TRY(sid__tape_backward(tape, loss, err));
    if (!isfinite((double)loss->data[0]) || !isfinite(sid__optim_step(m->ctx, &m->optim)))
        return sid__fail(err, SID_EDATA, "the loss of step %" PRId64 " is not finite; take a smaller rate",
                         m->optim.step + 1);
    if (leaf->user->has_grad)
        SID_TRY(sid_table_apply(m->users, b->user, b->count, leaf->user->grad, err));
    if (leaf->item && leaf->item->has_grad)
        SID_TRY(sid_table_apply_sum(m->items, m->key, m->begin, b->item_count, leaf->item->grad, err));
    return SID_OK;
}

static sid_status run_batch(sid__rank_model *m, const sid_impressions *impressions, int64_t begin, int64_t end,
                            bool is_training, double *p, sid_error *err)
{
    enum { DAY_S = 86400 };
    leaves leaf = {0};
    int64_t time_s = (int64_t)impressions->row[begin].day * DAY_S;
    sid__rank_batch_fill(&m->batch, impressions, begin, end, &m->history);
    sid__memory_reset(&m->memory);
    sid__params_clear(&m->params);
    sid__tape tape = sid__tape_begin(m->ctx, &m->memory, is_training);
    SID_TRY(read_users(m, &tape, time_s, is_training, &leaf.user, err));
    SID_TRY(read_items(m, &tape, time_s, is_training, &leaf.item, err));
    sid__rank_inputs inputs = inputs_of(m, &tape, &leaf, dense_of(m, &tape, impressions, begin));
    sid__value *logit = m->options.family->logit(m->options.options, &m->params, &tape, &inputs);
    SID_TRY(sid__tape_status(&tape, err));
    for (int64_t i = 0; p && i < end - begin; i++)
        p[i] = 1 / (1 + sid__exp(-(double)logit->data[i]));
    return is_training ? step(m, &tape, &leaf, logit, err) : SID_OK;
}

sid_status sid__rank_model_run(sid__rank_model *model, const sid_impressions *impressions, int64_t begin, int64_t end,
                               bool is_training, double *p, sid_error *err)
{
    int64_t size = model->options.batch;
    for (int64_t at = begin, n = 0; at < end; at += size, n++) {
        int64_t stop = end - at < size ? end : at + size;
        SID_TRY(sid__ctx_check(model->ctx, err));
        SID_TRY(run_batch(model, impressions, at, stop, is_training, p ? p + (at - begin) : NULL, err));
        if (n % PROGRESS_BATCHES == 0)
            sid__ctx_progress(model->ctx, is_training ? "training" : "testing", at - begin, end - begin, "impressions",
                              (double)NAN);
    }
    return SID_OK;
}
