/* sasrec.c: self-attention over a history (1808.09781), with what was found since to matter: the loss over all items in place
 * of one negative (2309.07602), windows of histories, items made of codes and vectors.
 *
 * Pre-norm: x = Drop(LN(E + P)), P by the distance from the end; blocks x += Drop(MHA(LN x)), x += Drop(W2 relu(W1 LN x)); a
 * last LN; score = x . E. All in ragged rows: nothing is padded.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linalg/gemm.h"
#include "model/item_table.h"
#include "tensor/ops_sequence.h"

enum { BLOCKS_MAX = 16, DROPOUTS_A_BLOCK = 4 };

static const double epsilon = 1e-5, deviation = 0.02;

typedef struct sasrec_options {
    sid__training training;
    int64_t dim, blocks, heads;
    char item_embedding[SID__OPTION_TEXT_SIZE];
} sasrec_options;

/* Indices of parameters. */
typedef struct linear {
    int weight, bias;
} linear;
typedef struct block {
    linear norm1, qkv, out, norm2, up, down; /* of a norm: gain and bias */
} block;

typedef struct sasrec_state {
    sid__item_table items;
    int position;
    linear first_norm, last_norm;
    block block[BLOCKS_MAX];
    float *table; /* (items, dim) what scores are products with */
} sasrec_state;

#define AT(field) offsetof(sasrec_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(sasrec_options, "40", "128", "0.001", "0", "0.4", "50", "crop", "1", "0"),
    {"dim", SID_OPTION_INT, "64", 1, 4096, NULL, "width of items and hidden states", AT(dim)},
    {"blocks", SID_OPTION_INT, "2", 1, BLOCKS_MAX, NULL, "layers of attention and feed-forward", AT(blocks)},
    {"heads", SID_OPTION_INT, "2", 1, 64, NULL, "of the attention; they divide dim", AT(heads)},
    {"item_embedding", SID_OPTION_TEXT, "id", 0, 0, NULL,
     "what an item's embedding is the sum of, a comma list: id, a row of its own; sid, rows of its codes (--catalog); "
     "content, "
     "a map of its vector",
     AT(item_embedding)}};
#undef AT

/* ---- Parameters --------------------------------------------------------------------------------------------------- */

static sid_status add_linear(sid__params *params, const char *prefix, const char *name, int out, int in, linear *to,
                             sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    (void)snprintf(text, sizeof text, "%s%s.weight", prefix, name);
    SID_TRY(sid__learner_add(params, text, in > 0 ? out : 0, in > 0 ? in : out, in > 0, &to->weight, err));
    (void)snprintf(text, sizeof text, "%s%s.bias", prefix, name);
    return sid__learner_add(params, text, 0, out, false, &to->bias, err);
}

static sid_status add_norm(sid__params *params, const char *prefix, const char *name, int dim, linear *to,
                           sid_error *err)
{
    return add_linear(params, prefix, name, dim, 0, to, err);
}

static sid_status add_block(sid__params *params, int index, int dim, block *b, sid_error *err)
{
    char prefix[24];
    (void)snprintf(prefix, sizeof prefix, "block.%d.", index + 1);
    SID_TRY(add_norm(params, prefix, "norm1", dim, &b->norm1, err));
    SID_TRY(add_linear(params, prefix, "qkv", 3 * dim, dim, &b->qkv, err));
    SID_TRY(add_linear(params, prefix, "out", dim, dim, &b->out, err));
    SID_TRY(add_norm(params, prefix, "norm2", dim, &b->norm2, err));
    SID_TRY(add_linear(params, prefix, "up", 4 * dim, dim, &b->up, err));
    return add_linear(params, prefix, "down", dim, 4 * dim, &b->down, err);
}

/* Matrices N(0, .02), gains 1, biases 0. */
static void start(const sasrec_state *s, sid__params *params, uint64_t seed)
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

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const sasrec_options *o = m->family_options;
    sasrec_state *s = m->state;
    int dim = (int)o->dim;
    if (dim % o->heads != 0)
        return sid__fail(err, SID_EUSAGE, "dim is %d and heads is %d; heads must divide dim", dim, (int)o->heads);
    if (!s) {
        SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
        m->state = s;
    }
    SID_TRY(sid__item_table_build(&s->items, m, o->item_embedding, dim, split, params, err));
    SID_TRY(sid__learner_add(params, "position", o->training.history_max, dim, false, &s->position, err));
    SID_TRY(add_norm(params, "", "norm", dim, &s->first_norm, err));
    for (int b = 0; b < o->blocks; b++)
        SID_TRY(add_block(params, b, dim, &s->block[b], err));
    SID_TRY(add_norm(params, "", "last_norm", dim, &s->last_norm, err));
    SID_TRY(sid__params_seal(params, err));
    SID_TRY(sid__alloc(&s->table, (size_t)m->items.count, (size_t)dim * sizeof *s->table, "items to score", err));
    if (split)
        start(s, params, m->seed);
    return SID_OK;
}

static void drop(sid_model *m)
{
    sasrec_state *s = m->state;
    sid__item_table_drop(&s->items);
    sid__free(s->table);
    sid__free(s);
}

static sid_status save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const sasrec_state *s = m->state;
    return sid__item_table_save(&s->items, set, err);
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    sasrec_state *s = NULL;
    SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
    m->state = s;
    return sid__item_table_load(&s->items, m->items.count, set, err);
}

/* ---- Forward ------------------------------------------------------------------------------------------------------ */

/* One pass; dropout rate 0 outside of training. */
typedef struct pass {
    const sasrec_options *o;
    const sasrec_state *s;
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

static sid__value *norm(const pass *p, sid__value *x, const linear *n)
{
    return sid__op_norm(p->tape, x, &p->params->param[n->weight].value, &p->params->param[n->bias].value,
                        SID__LAYER_NORM, epsilon);
}

static sid__value *apply(const pass *p, sid__value *x, const linear *l, sid__activation activation)
{
    return sid__op_linear(p->tape, x, &p->params->param[l->weight].value, &p->params->param[l->bias].value, activation);
}

static sid__value *run_block(pass *p, sid__value *x, const block *b)
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
    sid__value *place = sid__op_gather(p->tape, &p->params->param[p->s->position].value, position, x->rows);
    x = drop_some(p, norm(p, sid__op_add(p->tape, x, place), &p->s->first_norm));
    for (int b = 0; b < p->o->blocks; b++)
        x = run_block(p, x, &p->s->block[b]);
    return x;
}

/* Items to rows of the training's table. */
static int32_t *rows_of(const sasrec_state *s, sid__tape *tape, const int32_t *item, int64_t count)
{
    int32_t *row = sid__tape_push(tape, (size_t)count, sizeof *row);
    for (int64_t i = 0; row && i < count; i++)
        row[i] = item[i] < 0 ? -1 : s->items.row[item[i]];
    return row;
}

static sid__value *loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const sasrec_options *o = m->family_options;
    const sasrec_state *s = m->state;
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
    return sid__op_catalog_loss(tape, norm(&p, x, &s->last_norm), table, NULL, target,
                                1.0 / (double)batch->target_count);
}

static int64_t step_floats(const sid_model *m, int64_t tokens)
{
    const sasrec_options *o = m->family_options;
    const sasrec_state *s = m->state;
    int64_t a_token = o->dim * (10 + o->blocks * 30);
    int64_t parts = s->items.levels + 2 * s->items.has_content + s->items.has_id;
    return tokens * a_token + (parts > 1 || !s->items.has_id ? 4 * parts : 0) * s->items.rows * o->dim;
}

/* ---- Scores ------------------------------------------------------------------------------------------------------- */

static sid_status ready(sid_model *m, sid_error *err)
{
    const sasrec_state *s = m->state;
    return sid__item_table_all(&s->items, m, s->table, err);
}

/* Items of the histories that the model knows, the last history_max, one behind the other. A history of none is read as its
 * last item, whose embedding is zero. */
typedef struct asked {
    int64_t *begin;
    int32_t *item, *last; /* last (count): rows of the last items */
} asked;

static sid_status take_histories(const sid_model *m, const sid__history *history, int64_t count, sid__tape *tape,
                                 asked *out)
{
    const sasrec_options *o = m->family_options;
    const sasrec_state *s = m->state;
    int64_t most = 0, tokens = 0;
    for (int64_t h = 0; h < count; h++)
        most += history[h].count < o->training.history_max ? history[h].count : o->training.history_max;
    out->begin = sid__tape_push(tape, (size_t)count + 1, sizeof *out->begin);
    out->item = sid__tape_push(tape, (size_t)most, sizeof *out->item);
    out->last = sid__tape_push(tape, (size_t)count, sizeof *out->last);
    for (int64_t h = 0; tape->status == SID_OK && h < count; h++) {
        int64_t known = 0, first, n = history[h].count;
        for (first = n; first > 0 && known < o->training.history_max; first--)
            known += sid__item_table_knows(&s->items, m, history[h].item[first - 1]);
        out->begin[h] = tokens;
        for (int64_t i = first; i < n; i++)
            if (sid__item_table_knows(&s->items, m, history[h].item[i]))
                out->item[tokens++] = history[h].item[i];
        if (known == 0)
            out->item[tokens++] = history[h].item[n - 1];
        out->begin[h + 1] = tokens;
        out->last[h] = (int32_t)(tokens - 1);
    }
    return tape->status;
}

/* What the model knows nothing of comes last. */
static void score_unknown(const sid_model *m, float *score)
{
    const sasrec_state *s = m->state;
    float least = INFINITY;
    for (int64_t i = 0; i < m->items.count; i++)
        least = sid__item_table_knows(&s->items, m, i) && score[i] < least ? score[i] : least;
    for (int64_t i = 0; i < m->items.count; i++)
        if (!sid__item_table_knows(&s->items, m, i))
            score[i] = least - 1;
}

static sid_status score_all(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count,
                            sid__tape *tape, float *out, sid_error *err)
{
    const sasrec_options *o = m->family_options;
    const sasrec_state *s = m->state;
    sid__params params = m->params;
    asked a = {0};
    if (take_histories(m, history, count, tape, &a) != SID_OK)
        return sid__tape_status(tape, err);
    const sid__ragged sequences = {.begin = a.begin, .count = count};
    pass p = {.o = o, .s = s, .params = &params, .tape = tape, .sequences = &sequences};
    sid__value table = sid__value_of(s->table, m->items.count, (int)o->dim);
    sid__value *x = run_blocks(&p, sid__op_gather(tape, &table, a.item, a.begin[count]));
    x = norm(&p, x ? sid__op_gather(tape, x, a.last, count) : NULL, &s->last_norm);
    SID_TRY(sid__tape_status(tape, err));
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(x->data, (int)o->dim),
                                        .b = sid__gemm_by_lane(s->table, (int)o->dim),
                                        .c = out,
                                        .c_step = m->items.count,
                                        .rows = count,
                                        .columns = (int)m->items.count,
                                        .depth = (int)o->dim});
    for (int64_t h = 0; h < count && s->items.rows < m->items.count; h++)
        score_unknown(m, out + h * m->items.count);
    return SID_OK;
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    sid__memory memory = {0};
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    sid_status status = score_all(ctx, m, history, count, &tape, out, err);
    sid__memory_drop(&memory);
    return status;
}

/* ---- The family --------------------------------------------------------------------------------------------------- */

static const sid__learner learner = {.samples = SID__SAMPLES_NEXT,
                                     .training_offset = offsetof(sasrec_options, training),
                                     .build = build,
                                     .loss = loss,
                                     .ready = ready,
                                     .step_floats = step_floats};

const sid__model_class sid__sasrec = {.info = {.name = "sasrec",
                                               .summary = "self-attention over the history; learns by steps",
                                               .paper = "Kang and McAuley 2018, arXiv:1808.09781",
                                               .options = option_table,
                                               .option_count = sizeof option_table / sizeof *option_table},
                                      .options_size = sizeof(sasrec_options),
                                      .uses_vectors = true,
                                      .uses_sids = true,
                                      .learner = &learner,
                                      .score = score,
                                      .save = save,
                                      .load = load,
                                      .drop = drop};
