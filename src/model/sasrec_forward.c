/* sasrec_forward.c: self-attention over a history (1808.09781), with what was found since to matter: the loss over all items in place
 * of one negative (2309.07602), windows of histories, items made of codes and vectors.
 *
 * pre-norm: x = Drop(LN(E + P)), P by the distance from the end; blocks x += Drop(MHA(LN x)), x += Drop(W2 relu(W1 LN x)); a
 * last LN; score = x . E. original: x = Drop(sqrt(D) E + P); blocks q = LN x, x = LN(q + MHA(q, x, x)), x += Drop(W2 Drop(relu(W1
 * x))), W1 and W2 square, dropout of the attention's weights; AdamW's beta2 .98. All in ragged rows: nothing is padded.
 */
#include <math.h>

#include "model/sasrec.h"

static sid__value *run_original(sid__pass *p, sid__value *x, const sid__sasrec_block *b)
{
    const sid__sasrec_options *o = p->m->family_options;
    sid__dropout dropout = p->dropout;
    const sid__attention how = {.heads = (int)o->heads,
                                .is_causal = true,
                                .queries = p->sequences,
                                .keys = p->sequences,
                                .dropout = dropout.rate > 0 ? &dropout : NULL};
    dropout.layer = p->layer++;
    sid__value *q = sid__pass_norm(p, x, &b->norm1);
    sid__value *y = sid__op_cross_attention(p->tape, sid__pass_apply(p, q, &b->qkv, SID__NO_ACTIVATION),
                                            sid__pass_apply(p, x, &b->key_value, SID__NO_ACTIVATION), &how);
    x = sid__pass_norm(p, sid__op_add(p->tape, q, sid__pass_apply(p, y, &b->out, SID__NO_ACTIVATION)), &b->norm2);
    y = sid__pass_drop(p, sid__pass_apply(p, x, &b->up, SID__RELU));
    return sid__op_add(p->tape, x, sid__pass_drop(p, sid__pass_apply(p, y, &b->down, SID__NO_ACTIVATION)));
}

static sid__value *run_block(sid__pass *p, sid__value *x, const sid__sasrec_block *b)
{
    const sid__sasrec_options *o = p->m->family_options;
    const sid__attention how = {
        .heads = (int)o->heads, .is_causal = true, .queries = p->sequences, .keys = p->sequences};
    sid__value *y = sid__pass_apply(p, sid__pass_norm(p, x, &b->norm1), &b->qkv, SID__NO_ACTIVATION);
    y = sid__pass_apply(p, sid__op_attention(p->tape, y, &how), &b->out, SID__NO_ACTIVATION);
    x = sid__op_add(p->tape, x, sid__pass_drop(p, y));
    y = sid__pass_apply(p, sid__pass_norm(p, x, &b->norm2), &b->up, SID__RELU);
    y = sid__pass_apply(p, y, &b->down, SID__NO_ACTIVATION);
    return sid__op_add(p->tape, x, sid__pass_drop(p, y));
}

/* Items' embeddings x (T, D) to hidden states, before the last norm. */
static sid__value *run_blocks(sid__pass *p, sid__value *x)
{
    const sid__sasrec_options *o = p->m->family_options;
    const sid__sasrec_state *s = p->m->state;
    const int32_t *position = sid__places_from_end(p->tape, p->sequences);
    if (!x || !position)
        return NULL;
    bool is_original = o->variant == SID__SASREC_ORIGINAL;
    sid__value *place = sid__op_gather(p->tape, sid__pass_param(p, s->position), position, x->rows);
    if (is_original)
        x = sid__op_add(p->tape, sid__op_scale(p->tape, x, sqrt((double)o->dim)), place);
    else
        x = sid__pass_norm(p, sid__op_add(p->tape, x, place), &s->first_norm);
    x = sid__pass_drop(p, x);
    for (int b = 0; b < o->blocks; b++)
        x = is_original ? run_original(p, x, &s->block[b]) : run_block(p, x, &s->block[b]);
    return x;
}

sid__value *sid__sasrec_loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const sid__sasrec_options *o = m->family_options;
    const sid__sasrec_state *s = m->state;
    sid__pass p = sid__pass_of_batch(m, params, tape, batch);
    const int32_t *target = NULL;
    sid__value *table = NULL, *x = sid__pass_read(&p, batch, &table, &target);
    x = sid__pass_norm(&p, run_blocks(&p, x), &s->last_norm);
    return sid__item_loss_of(&o->loss, tape, x, table, NULL, target, batch->target_count, batch);
}

sid__value *sid__sasrec_hidden(sid__pass *p, sid__value *x, const sid__asked *asked)
{
    const sid__sasrec_state *s = p->m->state;
    x = run_blocks(p, x);
    x = x ? sid__op_gather(p->tape, x, asked->last, asked->sequences.count) : NULL;
    return sid__pass_norm(p, x, &s->last_norm);
}
