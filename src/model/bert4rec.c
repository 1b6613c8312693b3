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
#include "model/sequence_scores.h"

enum { BLOCKS_MAX = 16 };

static const double epsilon = 1e-5, deviation = 0.02;

typedef struct bert4rec_options {
    sid__training training;
    sid__item_loss loss;
    int64_t dim, blocks, heads;
    double mask, last_share;
} bert4rec_options;

/* Indices of parameters; of a norm: gain and bias. */
typedef struct linear {
    int weight, bias;
} linear;
typedef struct block {
    linear qkv, out, norm1, up, down, norm2;
} block;

typedef struct bert4rec_state {
    sid__item_table items;
    int mask, position, item_bias;
    linear norm, head, head_norm;
    block block[BLOCKS_MAX];
    float *table, *bias; /* (items, dim), (items): what scores are made of */
} bert4rec_state;

#define AT(field) offsetof(bert4rec_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(bert4rec_options, "80", "128", "0.001", "0.01", "0.2", "50", "none", "4", "4000"),
    SID__ITEM_LOSS_OPTIONS(bert4rec_options, "ce-sampled"),
    {"dim", SID_OPTION_INT, "64", 1, 4096, NULL, "width of items and hidden states", AT(dim)},
    {"blocks", SID_OPTION_INT, "2", 1, BLOCKS_MAX, NULL, "layers of attention and feed-forward", AT(blocks)},
    {"heads", SID_OPTION_INT, "2", 1, 64, NULL, "of the attention; they divide dim", AT(heads)},
    {"mask", SID_OPTION_FLOAT, "0.3", 0, 1, NULL, "share of the items that a step hides", AT(mask)},
    {"last_share", SID_OPTION_FLOAT, "0.1", 0, 1, NULL, "share of the histories of which the last item alone is hidden",
     AT(last_share)}};
#undef AT

/* ---- Parameters ---- */

/* rows 0: a norm's gain and bias. */
static sid_status add_linear(sid__params *params, const char *prefix, const char *name, int64_t rows, int columns,
                             linear *to, sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    (void)snprintf(text, sizeof text, "%s%s.weight", prefix, name);
    SID_TRY(sid__learner_add(params, text, rows, columns, rows > 0, &to->weight, err));
    (void)snprintf(text, sizeof text, "%s%s.bias", prefix, name);
    return sid__learner_add(params, text, 0, rows > 0 ? (int)rows : columns, false, &to->bias, err);
}

static sid_status add_block(sid__params *params, int index, int dim, block *b, sid_error *err)
{
    char prefix[24];
    (void)snprintf(prefix, sizeof prefix, "block.%d.", index + 1);
    SID_TRY(add_linear(params, prefix, "qkv", 3 * (int64_t)dim, dim, &b->qkv, err));
    SID_TRY(add_linear(params, prefix, "out", dim, dim, &b->out, err));
    SID_TRY(add_linear(params, prefix, "norm1", 0, dim, &b->norm1, err));
    SID_TRY(add_linear(params, prefix, "up", 4 * (int64_t)dim, dim, &b->up, err));
    SID_TRY(add_linear(params, prefix, "down", dim, 4 * dim, &b->down, err));
    return add_linear(params, prefix, "norm2", 0, dim, &b->norm2, err);
}

/* Matrices N(0, .02), gains 1, biases 0. */
static void start(const bert4rec_state *s, sid__params *params, uint64_t seed)
{
    for (int i = 0; i < params->count; i++) {
        const sid__param *param = &params->param[i];
        bool is_gain = param->is_vector && strstr(param->name, "norm") && strstr(param->name, "weight");
        if (param->is_vector)
            sid__param_fill(params, i, is_gain ? 1 : 0);
        else
            sid__param_normal(params, i, seed, deviation);
    }
    sid__item_table_start(&s->items, params, seed, deviation);
}

static sid_status declare(bert4rec_state *s, const sid_model *m, const sid__split *split, sid__params *params,
                          sid_error *err)
{
    const bert4rec_options *o = m->family_options;
    int dim = (int)o->dim;
    SID_TRY(sid__item_table_build(&s->items, m, "id", dim, split, params, err));
    SID_TRY(sid__learner_add(params, "mask", 1, dim, false, &s->mask, err));
    SID_TRY(sid__learner_add(params, "position", o->training.history_max + 1, dim, false, &s->position, err));
    SID_TRY(add_linear(params, "", "norm", 0, dim, &s->norm, err));
    for (int b = 0; b < o->blocks; b++)
        SID_TRY(add_block(params, b, dim, &s->block[b], err));
    SID_TRY(add_linear(params, "", "head", dim, dim, &s->head, err));
    SID_TRY(add_linear(params, "", "head_norm", 0, dim, &s->head_norm, err));
    SID_TRY(sid__learner_add(params, "item.bias", 0, (int)s->items.rows, false, &s->item_bias, err));
    return sid__params_seal(params, err);
}

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const bert4rec_options *o = m->family_options;
    bert4rec_state *s = m->state;
    size_t items = (size_t)m->items.count;
    if (o->dim % o->heads != 0)
        return sid__fail(err, SID_EUSAGE, "dim is %d and heads is %d; heads must divide dim", (int)o->dim,
                         (int)o->heads);
    if (!s) {
        SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
        m->state = s;
    }
    SID_TRY(declare(s, m, split, params, err));
    SID_TRY(sid__alloc(&s->table, items, (size_t)o->dim * sizeof *s->table, "items to score", err));
    SID_TRY(sid__alloc(&s->bias, items, sizeof *s->bias, "items to score", err));
    if (split)
        start(s, params, m->seed);
    return SID_OK;
}

static void drop(sid_model *m)
{
    bert4rec_state *s = m->state;
    sid__item_table_drop(&s->items);
    sid__free(s->table);
    sid__free(s->bias);
    sid__free(s);
}

static sid_status save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const bert4rec_state *s = m->state;
    return sid__item_table_save(&s->items, set, err);
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    bert4rec_state *s = NULL;
    SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
    m->state = s;
    return sid__item_table_load(&s->items, m->items.count, set, err);
}

/* ---- Forward ---- */

/* One pass; dropout rate 0 outside of training. */
typedef struct pass {
    const bert4rec_options *o;
    const bert4rec_state *s;
    sid__params *params;
    sid__tape *tape;
    const sid__ragged *sequences;
    sid__dropout dropout;
    uint32_t layer; /* of the next dropout */
} pass;

static sid__value *param(const pass *p, int index)
{
    return &p->params->param[index].value;
}

static sid__value *drop_some(pass *p, sid__value *x)
{
    sid__dropout dropout = p->dropout;
    dropout.layer = p->layer++;
    return x ? sid__op_dropout(p->tape, x, &dropout) : NULL;
}

static sid__value *norm(const pass *p, sid__value *x, const linear *n)
{
    return sid__op_norm(p->tape, x, param(p, n->weight), param(p, n->bias), SID__LAYER_NORM, epsilon);
}

static sid__value *apply(const pass *p, sid__value *x, const linear *l)
{
    return sid__op_linear(p->tape, x, param(p, l->weight), param(p, l->bias), SID__NO_ACTIVATION);
}

static sid__value *run_block(pass *p, sid__value *x, const block *b)
{
    const sid__attention how = {.heads = (int)p->o->heads, .queries = p->sequences, .keys = p->sequences};
    sid__value *y = apply(p, sid__op_attention(p->tape, apply(p, x, &b->qkv), &how), &b->out);
    x = norm(p, sid__op_add(p->tape, x, drop_some(p, y)), &b->norm1);
    y = apply(p, sid__op_activation(p->tape, apply(p, x, &b->up), SID__GELU), &b->down);
    return norm(p, sid__op_add(p->tape, x, drop_some(p, y)), &b->norm2);
}

/* Embeddings x (T, D) to hidden states. */
static sid__value *run_blocks(pass *p, sid__value *x)
{
    const int32_t *place = sid__places_from_end(p->tape, p->sequences);
    if (!x || !place)
        return NULL;
    sid__value *position = sid__op_gather(p->tape, param(p, p->s->position), place, x->rows);
    x = drop_some(p, norm(p, sid__op_add(p->tape, x, position), &p->s->norm));
    for (int b = 0; b < p->o->blocks; b++)
        x = run_block(p, x, &p->s->block[b]);
    return x;
}

static sid__value *run_head(const pass *p, sid__value *x)
{
    return norm(p, sid__op_activation(p->tape, apply(p, x, &p->s->head), SID__GELU), &p->s->head_norm);
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
    h->item = sid__table_rows(&s->items, tape, batch->item, batch->tokens);
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
    pass p = {.o = o,
              .s = s,
              .params = params,
              .tape = tape,
              .sequences = &batch->sequences,
              .dropout = {.rate = o->training.dropout, .seed = batch->seed, .step = batch->step}};
    hiding h = {0};
    sid__value *table = sid__item_table_value(&s->items, params, tape);
    if (!table || !make_hiding(o, s, batch, tape, &h))
        return NULL;
    sid__value *items = sid__op_bag(tape, table, &(sid__bags){h.one, h.item, batch->tokens});
    sid__value *masks = sid__op_bag(tape, param(&p, s->mask), &(sid__bags){h.one, h.mask, batch->tokens});
    sid__value *x = run_blocks(&p, sid__op_add(tape, items, masks));
    x = run_head(&p, x ? sid__op_gather(tape, x, h.row, h.count) : NULL);
    return sid__item_loss_of(&o->loss, tape, x, table, param(&p, s->item_bias), h.target, h.count, batch);
}

static int64_t step_floats(const sid_model *m, int64_t tokens)
{
    const bert4rec_options *o = m->family_options;
    return tokens * o->dim * (10 + o->blocks * 34);
}

/* ---- Scores ---- */

static sid_status ready(sid_model *m, sid_error *err)
{
    const bert4rec_state *s = m->state;
    const float *bias = m->params.param[s->item_bias].value.data;
    for (int64_t i = 0; i < m->items.count; i++)
        s->bias[i] = s->items.row[i] < 0 ? 0 : bias[s->items.row[i]];
    return sid__item_table_all(&s->items, m, s->table, err);
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const bert4rec_options *o = m->family_options;
    const bert4rec_state *s = m->state;
    sid__params params = m->params;
    sid__memory memory = {0};
    sid__asked asked = {0};
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    pass p = {.o = o, .s = s, .params = &params, .tape = &tape, .sequences = &asked.sequences};
    sid__value *x = NULL;
    if (sid__take_histories(m, &s->items, history, count, o->training.history_max, true, &tape, &asked) == SID_OK)
        x = run_blocks(&p, sid__embed_asked(&tape, &asked, s->table, (int)o->dim, param(&p, s->mask)->data));
    x = run_head(&p, x ? sid__op_gather(&tape, x, asked.last, count) : NULL);
    sid_status status = sid__tape_status(&tape, err);
    if (status == SID_OK)
        sid__score_items(ctx, m, &s->items, x, s->table, s->bias, out);
    sid__memory_drop(&memory);
    return status;
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
    .save = save,
    .load = load,
    .drop = drop};
