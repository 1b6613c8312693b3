/* sasrec.c: the family sasrec (1808.09781): options, parameters, scores, file. What it computes: sasrec_forward.c. */
#include "model/sasrec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linalg/gemm.h"

enum { NEGATIVES_MAX = 1 << 20 };

static const double deviation = 0.02;

#define AT(field) offsetof(sid__sasrec_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(sid__sasrec_options, "60", "128", "0.001", "0", "0.5", "50", "crop", "1", "0"),
    {"dim", SID_OPTION_INT, "64", 1, 4096, NULL, "width of items and hidden states", AT(dim)},
    {"blocks", SID_OPTION_INT, "2", 1, SID__SASREC_BLOCKS_MAX, NULL, "layers of attention and feed-forward",
     AT(blocks)},
    {"heads", SID_OPTION_INT, "2", 1, 64, NULL, "of the attention; they divide dim", AT(heads)},
    {"item_embedding", SID_OPTION_TEXT, "id", 0, 0, NULL,
     "what an item's embedding is the sum of, a comma list: id, a row of its own; sid, rows of its codes (--catalog); "
     "content, "
     "a map of its vector",
     AT(item_embedding)},
    {"loss", SID_OPTION_CHOICE, "ce", 0, 0, "ce|ce-sampled|bce|gbce",
     "ce: softmax over all items; ce-sampled: over sampled ones; bce: one negative an item; gbce: calibrated "
     "(2308.07192)",
     AT(loss)},
    {"negatives", SID_OPTION_INT, "0", 0, NEGATIVES_MAX, NULL,
     "items sampled a step, the same for all histories; 0: 2048 for ce-sampled, 256 for gbce", AT(negatives)},
    {"log_q", SID_OPTION_FLAG, "false", 0, 0, NULL,
     "ce-sampled: logits of samples less the log of how many are expected", AT(log_q)},
    {"calibration", SID_OPTION_FLOAT, "0.75", 0, 1, NULL, "gbce: 0 as bce, 1 as if all items were negatives",
     AT(calibration)},
    {"variant", SID_OPTION_CHOICE, "pre-norm", 0, 0, "pre-norm|original",
     "original: as published, with norms of queries alone; its loss was bce", AT(variant)}};
#undef AT

/* ---- Parameters --------------------------------------------------------------------------------------------------- */

static sid_status add_linear(sid__params *params, const char *prefix, const char *name, int out, int in,
                             sid__sasrec_linear *to, sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    (void)snprintf(text, sizeof text, "%s%s.weight", prefix, name);
    SID_TRY(sid__learner_add(params, text, in > 0 ? out : 0, in > 0 ? in : out, in > 0, &to->weight, err));
    (void)snprintf(text, sizeof text, "%s%s.bias", prefix, name);
    return sid__learner_add(params, text, 0, out, false, &to->bias, err);
}

static sid_status add_norm(sid__params *params, const char *prefix, const char *name, int dim, sid__sasrec_linear *to,
                           sid_error *err)
{
    return add_linear(params, prefix, name, dim, 0, to, err);
}

static sid_status add_block(sid__params *params, int index, const sid__sasrec_options *o, sid__sasrec_block *b,
                            sid_error *err)
{
    char prefix[24];
    int dim = (int)o->dim, inner = o->variant == SID__SASREC_ORIGINAL ? dim : 4 * dim;
    (void)snprintf(prefix, sizeof prefix, "block.%d.", index + 1);
    SID_TRY(add_norm(params, prefix, "norm1", dim, &b->norm1, err));
    if (o->variant == SID__SASREC_ORIGINAL) {
        SID_TRY(add_linear(params, prefix, "query", dim, dim, &b->qkv, err));
        SID_TRY(add_linear(params, prefix, "key_value", 2 * dim, dim, &b->key_value, err));
    } else {
        SID_TRY(add_linear(params, prefix, "qkv", 3 * dim, dim, &b->qkv, err));
    }
    SID_TRY(add_linear(params, prefix, "out", dim, dim, &b->out, err));
    SID_TRY(add_norm(params, prefix, "norm2", dim, &b->norm2, err));
    SID_TRY(add_linear(params, prefix, "up", inner, dim, &b->up, err));
    return add_linear(params, prefix, "down", dim, inner, &b->down, err);
}

/* Matrices N(0, .02), gains 1, biases 0. */
static void start(const sid__sasrec_state *s, sid__params *params, uint64_t seed)
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
    const sid__sasrec_options *o = m->family_options;
    sid__sasrec_state *s = m->state;
    int dim = (int)o->dim;
    if (dim % o->heads != 0)
        return sid__fail(err, SID_EUSAGE, "dim is %d and heads is %d; heads must divide dim", dim, (int)o->heads);
    if (!s) {
        SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
        m->state = s;
    }
    SID_TRY(sid__item_table_build(&s->items, m, o->item_embedding, dim, split, params, err));
    SID_TRY(sid__learner_add(params, "position", o->training.history_max, dim, false, &s->position, err));
    if (o->variant == SID__SASREC_PRE_NORM)
        SID_TRY(add_norm(params, "", "norm", dim, &s->first_norm, err));
    for (int b = 0; b < o->blocks; b++)
        SID_TRY(add_block(params, b, o, &s->block[b], err));
    SID_TRY(add_norm(params, "", "last_norm", dim, &s->last_norm, err));
    SID_TRY(sid__params_seal(params, err));
    SID_TRY(sid__alloc(&s->table, (size_t)m->items.count, (size_t)dim * sizeof *s->table, "items to score", err));
    SID_TRY(sid__alloc(&s->unknown, (size_t)m->items.count, sizeof *s->unknown, "items that are not known", err));
    if (split)
        start(s, params, m->seed);
    return SID_OK;
}

static void drop(sid_model *m)
{
    sid__sasrec_state *s = m->state;
    sid__item_table_drop(&s->items);
    sid__free(s->table);
    sid__free(s->unknown);
    sid__free(s);
}

static sid_status save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const sid__sasrec_state *s = m->state;
    return sid__item_table_save(&s->items, set, err);
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    sid__sasrec_state *s = NULL;
    SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
    m->state = s;
    return sid__item_table_load(&s->items, m->items.count, set, err);
}

static double beta2(const sid_model *m)
{
    return ((const sid__sasrec_options *)m->family_options)->variant == SID__SASREC_ORIGINAL ? 0.98 : 0.999;
}

static int64_t step_floats(const sid_model *m, int64_t tokens)
{
    const sid__sasrec_options *o = m->family_options;
    const sid__sasrec_state *s = m->state;
    int64_t a_token = o->dim * (10 + o->blocks * 30);
    int64_t parts = s->items.levels + 2 * s->items.has_content + s->items.has_id;
    return tokens * a_token + (parts > 1 || !s->items.has_id ? 4 * parts : 0) * s->items.rows * o->dim;
}

/* ---- Scores ------------------------------------------------------------------------------------------------------- */

static sid_status ready(sid_model *m, sid_error *err)
{
    sid__sasrec_state *s = m->state;
    s->unknown_count = 0;
    for (int64_t i = 0; i < m->items.count; i++)
        if (!sid__item_table_knows(&s->items, m, i))
            s->unknown[s->unknown_count++] = (int32_t)i;
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
    const sid__sasrec_options *o = m->family_options;
    const sid__sasrec_state *s = m->state;
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
    const sid__sasrec_state *s = m->state;
    float least = INFINITY;
    for (int64_t u = 0; u < s->unknown_count; u++)
        score[s->unknown[u]] = INFINITY;
    for (int64_t i = 0; i < m->items.count; i++)
        least = score[i] < least ? score[i] : least;
    for (int64_t u = 0; u < s->unknown_count; u++)
        score[s->unknown[u]] = least - 1;
}

static sid_status score_all(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count,
                            sid__tape *tape, float *out, sid_error *err)
{
    const sid__sasrec_options *o = m->family_options;
    const sid__sasrec_state *s = m->state;
    sid__params params = m->params;
    asked a = {0};
    if (take_histories(m, history, count, tape, &a) != SID_OK)
        return sid__tape_status(tape, err);
    const sid__ragged sequences = {.begin = a.begin, .count = count};
    sid__value table = sid__value_of(s->table, m->items.count, (int)o->dim);
    sid__value *x = sid__op_gather(tape, &table, a.item, a.begin[count]);
    x = sid__sasrec_hidden(m, &params, tape, x, &sequences, a.last, count);
    SID_TRY(sid__tape_status(tape, err));
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(x->data, (int)o->dim),
                                        .b = sid__gemm_by_lane(s->table, (int)o->dim),
                                        .c = out,
                                        .c_step = m->items.count,
                                        .rows = count,
                                        .columns = (int)m->items.count,
                                        .depth = (int)o->dim});
    for (int64_t h = 0; h < count && s->unknown_count > 0; h++)
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
                                     .training_offset = offsetof(sid__sasrec_options, training),
                                     .build = build,
                                     .loss = sid__sasrec_loss,
                                     .ready = ready,
                                     .beta2 = beta2,
                                     .step_floats = step_floats};

const sid__model_class sid__sasrec = {.info = {.name = "sasrec",
                                               .summary = "self-attention over the history; learns by steps",
                                               .paper = "Kang and McAuley 2018, arXiv:1808.09781",
                                               .options = option_table,
                                               .option_count = sizeof option_table / sizeof *option_table},
                                      .options_size = sizeof(sid__sasrec_options),
                                      .uses_vectors = true,
                                      .uses_sids = true,
                                      .learner = &learner,
                                      .score = score,
                                      .save = save,
                                      .load = load,
                                      .drop = drop};
