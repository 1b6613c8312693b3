/* sasrec_forward.c: self-attention over a history (1808.09781), with what was found since to matter: the loss over all items in place
 * of one negative (2309.07602), windows of histories, items made of codes and vectors.
 *
 * pre-norm: x = Drop(LN(E + P)), P by the distance from the end; blocks x += Drop(MHA(LN x)), x += Drop(W2 relu(W1 LN x)); a
 * last LN; score = x . E. original: x = Drop(sqrt(D) E + P); blocks q = LN x, x = LN(q + MHA(q, x, x)), x += Drop(W2 Drop(relu(W1
 * x))), W1 and W2 square, dropout of the attention's weights; AdamW's beta2 .98. All in ragged rows: nothing is padded.
 */
#include <math.h>

#include "base/philox.h"
#include "linalg/scalar.h"
#include "model/sasrec.h"

enum { SAMPLED_NEGATIVES = 2048, GBCE_NEGATIVES = 256 };

static const double epsilon = 1e-5;

/* One pass; dropout rate 0 outside of training. */
typedef struct pass {
    const sid__sasrec_options *o;
    const sid__sasrec_state *s;
    sid__params *params;
    sid__tape *tape;
    const sid__ragged *sequences;
    sid__dropout dropout;
    uint32_t layer; /* of the next dropout */
} pass;

static sid__value *drop_some(pass *p, sid__value *x)
{
    sid__dropout dropout = p->dropout;
    dropout.layer = p->layer++;
    return x ? sid__op_dropout(p->tape, x, &dropout) : NULL;
}

static sid__value *norm(const pass *p, sid__value *x, const sid__sasrec_linear *n)
{
    return sid__op_norm(p->tape, x, &p->params->param[n->weight].value, &p->params->param[n->bias].value,
                        SID__LAYER_NORM, epsilon);
}

static sid__value *apply(const pass *p, sid__value *x, const sid__sasrec_linear *l, sid__activation activation)
{
    return sid__op_linear(p->tape, x, &p->params->param[l->weight].value, &p->params->param[l->bias].value, activation);
}

static sid__value *run_original(pass *p, sid__value *x, const sid__sasrec_block *b)
{
    sid__dropout dropout = p->dropout;
    const sid__attention how = {.heads = (int)p->o->heads,
                                .is_causal = true,
                                .queries = p->sequences,
                                .keys = p->sequences,
                                .dropout = dropout.rate > 0 ? &dropout : NULL};
    dropout.layer = p->layer++;
    sid__value *q = norm(p, x, &b->norm1);
    sid__value *y = sid__op_cross_attention(p->tape, apply(p, q, &b->qkv, SID__NO_ACTIVATION),
                                            apply(p, x, &b->key_value, SID__NO_ACTIVATION), &how);
    x = norm(p, sid__op_add(p->tape, q, apply(p, y, &b->out, SID__NO_ACTIVATION)), &b->norm2);
    y = drop_some(p, apply(p, x, &b->up, SID__RELU));
    return sid__op_add(p->tape, x, drop_some(p, apply(p, y, &b->down, SID__NO_ACTIVATION)));
}

static sid__value *run_block(pass *p, sid__value *x, const sid__sasrec_block *b)
{
    const sid__attention how = {
        .heads = (int)p->o->heads, .is_causal = true, .queries = p->sequences, .keys = p->sequences};
    sid__value *y = apply(p, norm(p, x, &b->norm1), &b->qkv, SID__NO_ACTIVATION);
    y = apply(p, sid__op_attention(p->tape, y, &how), &b->out, SID__NO_ACTIVATION);
    x = sid__op_add(p->tape, x, drop_some(p, y));
    y = apply(p, norm(p, x, &b->norm2), &b->up, SID__RELU);
    y = apply(p, y, &b->down, SID__NO_ACTIVATION);
    return sid__op_add(p->tape, x, drop_some(p, y));
}

/* Distances from the end of each sequence, (T). */
static int32_t *positions_of(sid__tape *tape, const sid__ragged *sequences)
{
    int32_t *position = sid__tape_push(tape, (size_t)sequences->begin[sequences->count], sizeof *position);
    for (int64_t s = 0; position && s < sequences->count; s++)
        for (int64_t t = sequences->begin[s]; t < sequences->begin[s + 1]; t++)
            position[t] = (int32_t)(sequences->begin[s + 1] - 1 - t);
    return position;
}

/* Items' embeddings x (T, D) to hidden states, before the last norm. */
static sid__value *run_blocks(pass *p, sid__value *x)
{
    const int32_t *position = positions_of(p->tape, p->sequences);
    if (!x || !position)
        return NULL;
    bool is_original = p->o->variant == SID__SASREC_ORIGINAL;
    sid__value *place = sid__op_gather(p->tape, &p->params->param[p->s->position].value, position, x->rows);
    if (is_original)
        x = sid__op_add(p->tape, sid__op_scale(p->tape, x, sqrt((double)p->o->dim)), place);
    else
        x = norm(p, sid__op_add(p->tape, x, place), &p->s->first_norm);
    x = drop_some(p, x);
    for (int b = 0; b < p->o->blocks; b++)
        x = is_original ? run_original(p, x, &p->s->block[b]) : run_block(p, x, &p->s->block[b]);
    return x;
}

/* Items to rows of the training's table. */
static int32_t *rows_of(const sid__sasrec_state *s, sid__tape *tape, const int32_t *item, int64_t count)
{
    int32_t *row = sid__tape_push(tape, (size_t)count, sizeof *row);
    for (int64_t i = 0; row && i < count; i++)
        row[i] = item[i] < 0 ? -1 : s->items.row[item[i]];
    return row;
}

/* Rows of the training's table, uniformly, a function of (seed, step). */
static int32_t *draw_rows(const sid__sasrec_state *s, sid__tape *tape, const sid__batch *batch, int64_t count)
{
    int32_t *row = sid__tape_push(tape, (size_t)count, sizeof *row);
    for (int64_t i = 0; row && i < count; i++)
        row[i] = (int32_t)sid__philox_below(batch->seed, SID__STREAM_NEGATIVE,
                                            (uint64_t)batch->step << 24 | (uint64_t)i, (uint64_t)s->items.rows);
    return row;
}

static double *expected_logs(sid__tape *tape, int64_t rows, int64_t count)
{
    double *log_expected = sid__tape_push(tape, (size_t)rows, sizeof *log_expected);
    for (int64_t i = 0; log_expected && i < rows; i++)
        log_expected[i] = sid__log((double)count / (double)rows);
    return log_expected;
}

static sid__value *sampled_loss(const sid__sasrec_options *o, const sid__sasrec_state *s, sid__tape *tape,
                                sid__value *h, sid__value *table, const int32_t *target, const sid__batch *batch)
{
    static const sid__sampled_kind kind[] = {SID__SAMPLED_CE, SID__SAMPLED_CE, SID__SAMPLED_BCE, SID__SAMPLED_GBCE};
    bool is_by_row = o->loss == SID__SASREC_BCE;
    int64_t usual = o->loss == SID__SASREC_GBCE ? GBCE_NEGATIVES : SAMPLED_NEGATIVES;
    int64_t count = is_by_row ? 1 : o->negatives > 0 ? o->negatives : usual;
    const sid__negatives negatives = {.kind = kind[o->loss],
                                      .item = draw_rows(s, tape, batch, is_by_row ? batch->tokens : count),
                                      .count = (int)count,
                                      .is_by_row = is_by_row,
                                      .log_expected = o->log_q ? expected_logs(tape, s->items.rows, count) : NULL,
                                      .calibration = o->calibration};
    if (!negatives.item)
        return NULL;
    return sid__op_sampled_loss(tape, h, table, target, &negatives, 1.0 / (double)batch->target_count);
}

sid__value *sid__sasrec_loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const sid__sasrec_options *o = m->family_options;
    const sid__sasrec_state *s = m->state;
    pass p = {.o = o,
              .s = s,
              .params = params,
              .tape = tape,
              .sequences = &batch->sequences,
              .dropout = {.rate = o->training.dropout, .seed = batch->seed, .step = batch->step}};
    const int32_t *item = rows_of(s, tape, batch->item, batch->tokens);
    const int32_t *target = rows_of(s, tape, batch->target, batch->tokens);
    sid__value *table = sid__item_table_value(&s->items, params, tape);
    if (!item || !target || !table)
        return NULL;
    sid__value *x = run_blocks(&p, sid__op_gather(tape, table, item, batch->tokens));
    x = norm(&p, x, &s->last_norm);
    if (o->loss != SID__SASREC_CE)
        return sampled_loss(o, s, tape, x, table, target, batch);
    return sid__op_catalog_loss(tape, x, table, NULL, target, 1.0 / (double)batch->target_count);
}

sid__value *sid__sasrec_hidden(const sid_model *m, sid__params *params, sid__tape *tape, sid__value *x,
                               const sid__ragged *sequences, const int32_t *row, int64_t count)
{
    const sid__sasrec_state *s = m->state;
    pass p = {.o = m->family_options, .s = s, .params = params, .tape = tape, .sequences = sequences};
    x = run_blocks(&p, x);
    return norm(&p, x && row ? sid__op_gather(tape, x, row, count) : x, &s->last_norm);
}
