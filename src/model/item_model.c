/* item_model.c: see item_model.h. */
#include "model/item_model.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const double epsilon = 1e-5;

/* ---- State and file ---- */

sid_status sid__item_model_begin(sid_model *m, size_t size, sid_error *err)
{
    if (m->state)
        return SID_OK;
    char *state = NULL;
    SID_TRY(sid__alloc(&state, 1, size, "a model", err));
    m->state = state;
    return SID_OK;
}

sid_status sid__item_model_make_room(sid_model *m, int dim, bool has_bias, sid_error *err)
{
    sid__item_model *s = m->state;
    size_t items = (size_t)m->items.count;
    SID_TRY(sid__alloc(&s->table, items, (size_t)dim * sizeof *s->table, "items to score", err));
    return has_bias ? sid__alloc(&s->bias, items, sizeof *s->bias, "items to score", err) : SID_OK;
}

sid_status sid__item_model_save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const sid__item_model *s = m->state;
    SID_TRY(sid__knn_part_save(&s->knn, set, err));
    return sid__item_table_save(&s->items, set, err);
}

sid_status sid__item_model_load(sid_model *m, size_t size, const sid__tensor_set *set, sid_error *err)
{
    SID_TRY(sid__item_model_begin(m, size, err));
    sid__item_model *s = m->state;
    return sid__item_table_load(&s->items, m->items.count, set, err);
}

void sid__item_model_drop(sid_model *m)
{
    sid__item_model *s = m->state;
    sid__item_table_drop(&s->items);
    sid__knn_part_drop(&s->knn);
    sid__free(s->table);
    sid__free(s->bias);
    sid__free(s);
}

sid_status sid__item_model_ready(sid_model *m, sid_error *err)
{
    const sid__item_model *s = m->state;
    return sid__item_table_all(&s->items, m, s->table, err);
}

/* ---- Parameters ---- */

sid_status sid__linear_add(sid__params *params, const char *prefix, const char *name, int64_t rows, int columns,
                           sid__linear *to, sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    (void)snprintf(text, sizeof text, "%s%s.weight", prefix, name);
    SID_TRY(sid__learner_add(params, text, rows, columns, rows > 0, &to->weight, err));
    (void)snprintf(text, sizeof text, "%s%s.bias", prefix, name);
    return sid__learner_add(params, text, 0, rows > 0 ? (int)rows : columns, false, &to->bias, err);
}

void sid__item_model_start(const sid_model *m, sid__params *params, double deviation)
{
    const sid__item_model *s = m->state;
    for (int i = 0; i < params->count; i++) {
        const sid__param *param = &params->param[i];
        bool is_gain = param->is_vector && strstr(param->name, "norm") && strstr(param->name, "weight");
        if (param->is_vector)
            sid__param_fill(params, i, is_gain ? 1 : 0);
        else
            sid__param_normal(params, i, m->seed, deviation);
    }
    sid__item_table_start(&s->items, params, m->seed, deviation);
}

/* ---- Forward ---- */

sid__pass sid__pass_of_batch(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    return (sid__pass){.m = m,
                       .params = params,
                       .tape = tape,
                       .sequences = &batch->sequences,
                       .dropout = {.rate = sid__model_training(m)->dropout, .seed = batch->seed, .step = batch->step}};
}

sid__value *sid__pass_read(const sid__pass *p, const sid__batch *batch, sid__value **table, const int32_t **target)
{
    const sid__item_model *s = p->m->state;
    const int32_t *item = sid__table_rows(&s->items, p->tape, batch->item, batch->tokens);
    *target = sid__table_rows(&s->items, p->tape, batch->target, batch->tokens);
    *table = sid__item_table_value(&s->items, p->params, p->tape);
    return item && *target && *table ? sid__op_gather(p->tape, *table, item, batch->tokens) : NULL;
}

sid__value *sid__pass_param(const sid__pass *p, int index)
{
    return &p->params->param[index].value;
}

sid__value *sid__pass_drop(sid__pass *p, sid__value *x)
{
    sid__dropout dropout = p->dropout;
    dropout.layer = p->layer++;
    return x ? sid__op_dropout(p->tape, x, &dropout) : NULL;
}

sid__value *sid__pass_norm(const sid__pass *p, sid__value *x, const sid__linear *norm)
{
    return sid__op_norm(p->tape, x, sid__pass_param(p, norm->weight), sid__pass_param(p, norm->bias), SID__LAYER_NORM,
                        epsilon);
}

sid__value *sid__pass_apply(const sid__pass *p, sid__value *x, const sid__linear *layer, sid__activation activation)
{
    return sid__op_linear(p->tape, x, sid__pass_param(p, layer->weight), sid__pass_param(p, layer->bias), activation);
}

sid_status sid__item_model_score(sid_ctx *ctx, const sid_model *m, const sid__answering *how,
                                 const sid__history *history, int64_t count, float *out, sid_error *err)
{
    const sid__item_model *s = m->state;
    sid__params params = m->params;
    sid__memory memory = {0};
    sid__asked asked = {0};
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    sid__pass p = {.m = m, .params = &params, .tape = &tape, .sequences = &asked.sequences};
    const float *mask = how->mask >= 0 ? sid__pass_param(&p, how->mask)->data : NULL;
    sid__value *x = NULL;
    if (sid__take_histories(m, &s->items, history, count, how->history_max, mask != NULL, &tape, &asked) == SID_OK)
        x = sid__embed_asked(&tape, &asked, s->table, s->items.dim, mask);
    if (x)
        x = how->hidden(&p, x, &asked);
    sid_status status = sid__tape_status(&tape, err);
    if (status == SID_OK)
        sid__score_items(ctx, m, &s->items, x, s->table, s->bias, out);
    sid__memory_drop(&memory);
    return status == SID_OK ? sid__knn_part_add(ctx, m, &s->knn, history, count, out, err) : status;
}
