/* gru4rec.c: a recurrent net over a history (1511.06939), with the losses of 1706.03847 that its published figures lack.
 *
 * E -> dropout -> GRU -> linear -> products with E, the same table on both sides. Departures: (1) back through the whole
 * sequence, a user a sequence, in place of parallel sessions cut at each step; nothing is carried from one batch to the next, so
 * no state can fail to be reset; (2) the softmax over 2,048 sampled items by default, that over all and bpr-max beside it; (3) AdamW.
 */
#include <math.h>

#include "base/mem.h"
#include "model/item_loss.h"
#include "model/sequence_scores.h"

typedef struct gru4rec_options {
    sid__training training;
    sid__item_loss loss;
    int64_t dim, hidden;
} gru4rec_options;

typedef struct gru4rec_state {
    sid__item_table items;
    int w_ih, w_hh, b_ih, b_hh, out_weight, out_bias;
    float *table; /* (items, dim) what scores are products with */
} gru4rec_state;

#define AT(field) offsetof(gru4rec_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(gru4rec_options, "40", "128", "0.001", "0", "0.3", "50", "crop", "2", "4000"),
    SID__ITEM_LOSS_OPTIONS(gru4rec_options, "ce-sampled"),
    {"dim", SID_OPTION_INT, "64", 1, 4096, NULL, "width of items", AT(dim)},
    {"hidden", SID_OPTION_INT, "128", 1, 4096, NULL, "width of the recurrent state", AT(hidden)}};
#undef AT

/* ---- Parameters ---- */

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const gru4rec_options *o = m->family_options;
    gru4rec_state *s = m->state;
    int dim = (int)o->dim, hidden = (int)o->hidden;
    if (!s) {
        SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
        m->state = s;
    }
    SID_TRY(sid__item_table_build(&s->items, m, "id", dim, split, params, err));
    SID_TRY(sid__learner_add(params, "gru.w_ih", 3 * (int64_t)hidden, dim, true, &s->w_ih, err));
    SID_TRY(sid__learner_add(params, "gru.w_hh", 3 * (int64_t)hidden, hidden, true, &s->w_hh, err));
    SID_TRY(sid__learner_add(params, "gru.b_ih", 0, 3 * hidden, false, &s->b_ih, err));
    SID_TRY(sid__learner_add(params, "gru.b_hh", 0, 3 * hidden, false, &s->b_hh, err));
    SID_TRY(sid__learner_add(params, "out.weight", dim, hidden, true, &s->out_weight, err));
    SID_TRY(sid__learner_add(params, "out.bias", 0, dim, false, &s->out_bias, err));
    SID_TRY(sid__params_seal(params, err));
    SID_TRY(sid__alloc(&s->table, (size_t)m->items.count, (size_t)dim * sizeof *s->table, "items to score", err));
    if (!split)
        return SID_OK;
    sid__item_table_start(&s->items, params, m->seed, 0.02);
    for (int i = s->w_ih; i <= s->out_bias; i++) /* as PyTorch starts a GRU and a linear layer */
        sid__param_uniform(params, i, m->seed, 1 / sqrt((double)hidden));
    return SID_OK;
}

static void drop(sid_model *m)
{
    gru4rec_state *s = m->state;
    sid__item_table_drop(&s->items);
    sid__free(s->table);
    sid__free(s);
}

static sid_status save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const gru4rec_state *s = m->state;
    return sid__item_table_save(&s->items, set, err);
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    gru4rec_state *s = NULL;
    SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
    m->state = s;
    return sid__item_table_load(&s->items, m->items.count, set, err);
}

/* ---- Forward ---- */

static sid__value *run_gru(const gru4rec_state *s, sid__params *params, sid__tape *tape, sid__value *x,
                           const sid__ragged *sequences)
{
    const sid__gru weights = {.w_ih = &params->param[s->w_ih].value,
                              .w_hh = &params->param[s->w_hh].value,
                              .b_ih = &params->param[s->b_ih].value,
                              .b_hh = &params->param[s->b_hh].value};
    return sid__op_gru(tape, x, &weights, sequences);
}

static sid__value *run_out(const gru4rec_state *s, sid__params *params, sid__tape *tape, sid__value *x)
{
    return sid__op_linear(tape, x, &params->param[s->out_weight].value, &params->param[s->out_bias].value,
                          SID__NO_ACTIVATION);
}

static sid__value *loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const gru4rec_options *o = m->family_options;
    const gru4rec_state *s = m->state;
    const sid__dropout dropout = {.rate = o->training.dropout, .seed = batch->seed, .step = batch->step};
    const int32_t *item = sid__table_rows(&s->items, tape, batch->item, batch->tokens);
    const int32_t *target = sid__table_rows(&s->items, tape, batch->target, batch->tokens);
    sid__value *table = sid__item_table_value(&s->items, params, tape);
    if (!item || !target || !table)
        return NULL;
    sid__value *x = sid__op_gather(tape, table, item, batch->tokens);
    x = run_gru(s, params, tape, x ? sid__op_dropout(tape, x, &dropout) : NULL, &batch->sequences);
    return sid__item_loss_of(&o->loss, tape, run_out(s, params, tape, x), table, NULL, target, batch->target_count,
                             batch);
}

static int64_t step_floats(const sid_model *m, int64_t tokens)
{
    const gru4rec_options *o = m->family_options;
    return tokens * (6 * o->dim + 16 * o->hidden);
}

/* ---- Scores ---- */

static sid_status ready(sid_model *m, sid_error *err)
{
    const gru4rec_state *s = m->state;
    return sid__item_table_all(&s->items, m, s->table, err);
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const gru4rec_options *o = m->family_options;
    const gru4rec_state *s = m->state;
    sid__params params = m->params;
    sid__memory memory = {0};
    sid__asked asked = {0};
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    sid__value *x = NULL;
    if (sid__take_histories(m, &s->items, history, count, o->training.history_max, false, &tape, &asked) == SID_OK)
        x = sid__embed_asked(&tape, &asked, s->table, (int)o->dim, NULL);
    x = run_gru(s, &params, &tape, x, &asked.sequences);
    x = run_out(s, &params, &tape, x ? sid__op_gather(&tape, x, asked.last, count) : NULL);
    sid_status status = sid__tape_status(&tape, err);
    if (status == SID_OK)
        sid__score_items(ctx, m, &s->items, x, s->table, NULL, out);
    sid__memory_drop(&memory);
    return status;
}

/* ---- The family ---- */

static const sid__learner learner = {.samples = SID__SAMPLES_NEXT,
                                     .training_offset = offsetof(gru4rec_options, training),
                                     .build = build,
                                     .loss = loss,
                                     .ready = ready,
                                     .step_floats = step_floats};

const sid__model_class sid__gru4rec = {.info = {.name = "gru4rec",
                                                .summary = "a recurrent net over the history; learns by steps",
                                                .paper = "Hidasi et al. 2016, arXiv:1511.06939",
                                                .options = option_table,
                                                .option_count = sizeof option_table / sizeof *option_table},
                                       .options_size = sizeof(gru4rec_options),
                                       .learner = &learner,
                                       .score = score,
                                       .save = save,
                                       .load = load,
                                       .drop = drop};
