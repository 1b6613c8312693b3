/* bert4rec.c: items that are hidden within a history, guessed from both sides (1904.06690).
 *
 * x = Drop(LN(E + P)), P by the distance from the end; blocks x = LN(x + Drop(MHA x)), x = LN(x + Drop(W2 gelu(W1 x))), attention
 * to both sides; score = LN(gelu(W x + b)) . E + a bias an item. Each item is hidden (its embedding is [mask]'s) with probability
 * `mask`, a function of (seed, step, place) alone; of a share of the histories, `last_share`, the last item and no other, which
 * is what will be asked: a [mask] behind the history. A history of which nothing was drawn has its last item hidden.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "model/item_loss.h"
#include "model/item_model.h"

enum { BLOCKS_MAX = 16 };

static const double deviation = 0.02;

typedef struct bert4rec_options {
    sid__training training;
    sid__item_loss loss;
    int64_t dim, blocks, heads;
    double mask, last_share;
} bert4rec_options;

/* Indices of parameters. */
typedef struct block {
    sid__linear qkv, out, norm1, up, down, norm2;
} block;

typedef struct bert4rec_state {
    sid__item_model base; /* with a bias */
    int mask, position, item_bias;
    sid__linear norm, head, head_norm;
    block block[BLOCKS_MAX];
} bert4rec_state;

#define AT(field) offsetof(bert4rec_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(bert4rec_options, "80", "0", "1024", "0.001", "0.01", "0.2", "50", "none", "4", "4000"),
    SID__ITEM_LOSS_OPTIONS(bert4rec_options, "ce-sampled"),
    {"dim", SID_OPTION_INT, "64", 1, 4096, NULL, "width of items and hidden states", AT(dim)},
    {"blocks", SID_OPTION_INT, "2", 1, BLOCKS_MAX, NULL, "layers of attention and feed-forward", AT(blocks)},
    {"heads", SID_OPTION_INT, "2", 1, 64, NULL, "of the attention; they divide dim", AT(heads)},
    {"mask", SID_OPTION_FLOAT, "0.3", 0, 1, NULL, "share of the items that a step hides", AT(mask)},
    {"last_share", SID_OPTION_FLOAT, "0.1", 0, 1, NULL, "share of the histories of which the last item alone is hidden",
     AT(last_share)}};
#undef AT

/* ---- Parameters ---- */

static sid_status add_block(sid__params *params, int index, int dim, block *b, sid_error *err)
{
    char prefix[24];
    (void)snprintf(prefix, sizeof prefix, "block.%d.", index + 1);
    SID_TRY(sid__linear_add(params, prefix, "qkv", 3 * (int64_t)dim, dim, &b->qkv, err));
    SID_TRY(sid__linear_add(params, prefix, "out", dim, dim, &b->out, err));
    SID_TRY(sid__linear_add(params, prefix, "norm1", 0, dim, &b->norm1, err));
    SID_TRY(sid__linear_add(params, prefix, "up", 4 * (int64_t)dim, dim, &b->up, err));
    SID_TRY(sid__linear_add(params, prefix, "down", dim, 4 * dim, &b->down, err));
    return sid__linear_add(params, prefix, "norm2", 0, dim, &b->norm2, err);
}

static sid_status declare(bert4rec_state *s, const sid_model *m, const sid__split *split, sid__params *params,
                          sid_error *err)
{
    const bert4rec_options *o = m->family_options;
    int dim = (int)o->dim;
    SID_TRY(sid__item_table_build(&s->base.items, m, "id", dim, split, params, err));
    SID_TRY(sid__learner_add(params, "mask", 1, dim, false, &s->mask, err));
    SID_TRY(sid__learner_add(params, "position", o->training.history_max + 1, dim, false, &s->position, err));
    SID_TRY(sid__linear_add(params, "", "norm", 0, dim, &s->norm, err));
    for (int b = 0; b < o->blocks; b++)
        SID_TRY(add_block(params, b, dim, &s->block[b], err));
    SID_TRY(sid__linear_add(params, "", "head", dim, dim, &s->head, err));
    SID_TRY(sid__linear_add(params, "", "head_norm", 0, dim, &s->head_norm, err));
    SID_TRY(sid__learner_add(params, "item.bias", 0, (int)s->base.items.rows, false, &s->item_bias, err));
    return sid__params_seal(params, err);
}

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const bert4rec_options *o = m->family_options;
    if (o->dim % o->heads != 0)
        return sid__fail(err, SID_EUSAGE, "dim is %d and heads is %d; heads must divide dim", (int)o->dim,
                         (int)o->heads);
    SID_TRY(sid__item_model_begin(m, sizeof(bert4rec_state), err));
    SID_TRY(declare(m->state, m, split, params, err));
    SID_TRY(sid__item_model_make_room(m, (int)o->dim, true, err));
    if (split)
        sid__item_model_start(m, params, deviation);
    return SID_OK;
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    return sid__item_model_load(m, sizeof(bert4rec_state), set, err);
}

/* ---- Forward ---- */

static sid__value *apply(const sid__pass *p, sid__value *x, const sid__linear *l)
{
    return sid__pass_apply(p, x, l, SID__NO_ACTIVATION);
}

static sid__value *run_block(sid__pass *p, sid__value *x, const block *b)
{
    const bert4rec_options *o = p->m->family_options;
    const sid__attention how = {.heads = (int)o->heads, .queries = p->sequences, .keys = p->sequences};
    sid__value *y = apply(p, sid__op_attention(p->tape, apply(p, x, &b->qkv), &how), &b->out);
    x = sid__pass_norm(p, sid__op_add(p->tape, x, sid__pass_drop(p, y)), &b->norm1);
    y = apply(p, sid__op_activation(p->tape, apply(p, x, &b->up), SID__GELU), &b->down);
    return sid__pass_norm(p, sid__op_add(p->tape, x, sid__pass_drop(p, y)), &b->norm2);
}

/* Embeddings x (T, D) to hidden states. */
static sid__value *run_blocks(sid__pass *p, sid__value *x)
{
    const bert4rec_options *o = p->m->family_options;
    const bert4rec_state *s = p->m->state;
    const int32_t *place = sid__places_from_end(p->tape, p->sequences);
    if (!x || !place)
        return NULL;
    sid__value *position = sid__op_gather(p->tape, sid__pass_param(p, s->position), place, x->rows);
    x = sid__pass_drop(p, sid__pass_norm(p, sid__op_add(p->tape, x, position), &s->norm));
    for (int b = 0; b < o->blocks; b++)
        x = run_block(p, x, &s->block[b]);
    return x;
}

static sid__value *run_head(const sid__pass *p, sid__value *x)
{
    const bert4rec_state *s = p->m->state;
    return sid__pass_norm(p, sid__op_activation(p->tape, apply(p, x, &s->head), SID__GELU), &s->head_norm);
}

/* ---- Loss ---- */

/* Which items a step hides. */
typedef struct hiding {
    int32_t *item;   /* (T) rows of the table, -1 where hidden */
    int32_t *mask;   /* (T) 0 where hidden, else -1 */
    int32_t *row;    /* (count) places of the hidden ones */
    int32_t *target; /* (count) */
    int64_t *one;    /* (T + 1) 0, 1, 2, ..: bags of one */
    int64_t count;
} hiding;

static void hide(hiding *h, int64_t t)
{
    h->row[h->count] = (int32_t)t;
    h->target[h->count++] = h->item[t];
    h->item[t] = -1;
    h->mask[t] = 0;
}

/* The draws of a step: one a sequence, then one a place. */
static void draw_hidden(const bert4rec_options *o, const sid__batch *batch, hiding *h)
{
    const sid__ragged *sequences = &batch->sequences;
    uint64_t first = (uint64_t)batch->step << 32, at_place = first + (uint64_t)sequences->count;
    for (int64_t s = 0; s < sequences->count; s++) {
        int64_t end = sequences->begin[s + 1], before = h->count;
        bool is_last_alone = sid__philox_uniform(batch->seed, SID__STREAM_MASK, first + (uint64_t)s) < o->last_share;
        for (int64_t t = sequences->begin[s]; t < end && !is_last_alone; t++)
            if (sid__philox_uniform(batch->seed, SID__STREAM_MASK, at_place + (uint64_t)t) < o->mask)
                hide(h, t);
        if (h->count == before)
            hide(h, end - 1);
    }
}

static bool make_hiding(const bert4rec_options *o, const bert4rec_state *s, const sid__batch *batch, sid__tape *tape,
                        hiding *h)
{
    size_t tokens = (size_t)batch->tokens;
    h->item = sid__table_rows(&s->base.items, tape, batch->item, batch->tokens);
    h->mask = sid__tape_push(tape, tokens, sizeof *h->mask);
    h->row = sid__tape_push(tape, tokens, sizeof *h->row);
    h->target = sid__tape_push(tape, tokens, sizeof *h->target);
    h->one = sid__tape_push(tape, tokens + 1, sizeof *h->one);
    if (tape->status != SID_OK)
        return false;
    for (int64_t t = 0; t <= batch->tokens; t++)
        h->one[t] = t;
    for (int64_t t = 0; t < batch->tokens; t++)
        h->mask[t] = -1;
    draw_hidden(o, batch, h);
    return true;
}

static sid__value *loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const bert4rec_options *o = m->family_options;
    const bert4rec_state *s = m->state;
    sid__pass p = sid__pass_of_batch(m, params, tape, batch);
    hiding h = {0};
    sid__value *table = sid__item_table_value(&s->base.items, params, tape);
    if (!table || !make_hiding(o, s, batch, tape, &h))
        return NULL;
    sid__value *items = sid__op_bag(tape, table, &(sid__bags){h.one, h.item, batch->tokens});
    sid__value *masks = sid__op_bag(tape, sid__pass_param(&p, s->mask), &(sid__bags){h.one, h.mask, batch->tokens});
    sid__value *x = run_blocks(&p, sid__op_add(tape, items, masks));
    x = run_head(&p, x ? sid__op_gather(tape, x, h.row, h.count) : NULL);
    return sid__item_loss_of(&o->loss, tape, x, table, sid__pass_param(&p, s->item_bias), h.target, h.count, batch);
}

static int64_t step_floats(const sid_model *m, int threads, int64_t tokens)
{
    const bert4rec_options *o = m->family_options;
    return tokens * o->dim * (10 + o->blocks * 34) +
           sid__item_loss_floats(&o->loss, threads, ((const bert4rec_state *)m->state)->base.items.rows, o->dim,
                                 tokens);
}

/* ---- Scores ---- */

static sid_status ready(sid_model *m, sid_error *err)
{
    const bert4rec_state *s = m->state;
    const float *bias = m->params.param[s->item_bias].value.data;
    for (int64_t i = 0; i < m->items.count; i++)
        s->base.bias[i] = s->base.items.row[i] < 0 ? 0 : bias[s->base.items.row[i]];
    return sid__item_model_ready(m, err);
}

static sid__value *hidden(sid__pass *p, sid__value *x, const sid__asked *asked)
{
    x = run_blocks(p, x);
    return run_head(p, x ? sid__op_gather(p->tape, x, asked->last, asked->sequences.count) : NULL);
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const bert4rec_options *o = m->family_options;
    const bert4rec_state *s = m->state;
    const sid__answering how = {.history_max = o->training.history_max, .mask = s->mask, .hidden = hidden};
    return sid__item_model_score(ctx, m, &how, history, count, out, err);
}

/* ---- The family ---- */

static const sid__learner learner = {.samples = SID__SAMPLES_WHOLE,
                                     .training_offset = offsetof(bert4rec_options, training),
                                     .build = build,
                                     .loss = loss,
                                     .ready = ready,
                                     .step_floats = step_floats};

const sid__model_class sid__bert4rec = {
    .info = {.name = "bert4rec",
             .summary = "guesses items hidden within a history from both sides; learns by steps",
             .paper = "Sun et al. 2019, arXiv:1904.06690",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(bert4rec_options),
    .learner = &learner,
    .score = score,
    .save = sid__item_model_save,
    .load = load,
    .drop = sid__item_model_drop};
