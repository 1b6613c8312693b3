/* gru4rec.c: a recurrent net over a history (1511.06939), with the losses of 1706.03847 that its published figures lack.
 *
 * E -> dropout -> GRU -> linear -> products with E, the same table on both sides. Departures: (1) back through the whole
 * sequence, a user a sequence, in place of parallel sessions cut at each step; nothing is carried from one batch to the next, so
 * no state can fail to be reset; (2) the softmax over 2,048 sampled items by default, that over all and bpr-max beside it; (3) AdamW.
 */
#include <math.h>

#include "model/item_loss.h"
#include "model/item_model.h"

typedef struct gru4rec_options {
    sid__training training;
    sid__item_loss loss;
    int64_t dim, hidden;
} gru4rec_options;

typedef struct gru4rec_state {
    sid__item_model base;
    int w_ih, w_hh, b_ih, b_hh;
    sid__linear out;
} gru4rec_state;

#define AT(field) offsetof(gru4rec_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(gru4rec_options, "40", "0", "1024", "0.001", "0", "0.3", "50", "crop", "2", "4000"),
    SID__ITEM_LOSS_OPTIONS(gru4rec_options, "ce-sampled"),
    {"dim", SID_OPTION_INT, "64", 1, 4096, NULL, "width of items", AT(dim)},
    {"hidden", SID_OPTION_INT, "128", 1, 4096, NULL, "width of the recurrent state", AT(hidden)}};
#undef AT

/* ---- Parameters ---- */

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const gru4rec_options *o = m->family_options;
    int dim = (int)o->dim, hidden = (int)o->hidden;
    SID_TRY(sid__item_model_begin(m, sizeof(gru4rec_state), err));
    gru4rec_state *s = m->state;
    SID_TRY(sid__item_table_build(&s->base.items, m, "id", dim, split, params, err));
    SID_TRY(sid__learner_add(params, "gru.w_ih", 3 * (int64_t)hidden, dim, true, &s->w_ih, err));
    SID_TRY(sid__learner_add(params, "gru.w_hh", 3 * (int64_t)hidden, hidden, true, &s->w_hh, err));
    SID_TRY(sid__learner_add(params, "gru.b_ih", 0, 3 * hidden, false, &s->b_ih, err));
    SID_TRY(sid__learner_add(params, "gru.b_hh", 0, 3 * hidden, false, &s->b_hh, err));
    SID_TRY(sid__linear_add(params, "", "out", dim, hidden, &s->out, err));
    SID_TRY(sid__params_seal(params, err));
    SID_TRY(sid__item_model_make_room(m, dim, false, err));
    if (!split)
        return SID_OK;
    sid__item_table_start(&s->base.items, params, m->seed, 0.02);
    for (int i = s->w_ih; i <= s->out.bias; i++) /* as PyTorch starts a GRU and a linear layer */
        sid__param_uniform(params, i, m->seed, 1 / sqrt((double)hidden));
    return SID_OK;
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    return sid__item_model_load(m, sizeof(gru4rec_state), set, err);
}

/* ---- Forward ---- */

static sid__value *run_gru(const sid__pass *p, sid__value *x)
{
    const gru4rec_state *s = p->m->state;
    const sid__gru weights = {.w_ih = sid__pass_param(p, s->w_ih),
                              .w_hh = sid__pass_param(p, s->w_hh),
                              .b_ih = sid__pass_param(p, s->b_ih),
                              .b_hh = sid__pass_param(p, s->b_hh)};
    return sid__op_gru(p->tape, x, &weights, p->sequences);
}

static sid__value *loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const gru4rec_options *o = m->family_options;
    const gru4rec_state *s = m->state;
    sid__pass p = sid__pass_of_batch(m, params, tape, batch);
    const int32_t *target = NULL;
    sid__value *table = NULL, *x = sid__pass_read(&p, batch, &table, &target);
    x = run_gru(&p, sid__pass_drop(&p, x));
    x = sid__pass_apply(&p, x, &s->out, SID__NO_ACTIVATION);
    return sid__item_loss_of(&o->loss, tape, x, table, NULL, target, batch->target_count, batch);
}

static int64_t step_floats(const sid_model *m, int threads, int64_t tokens)
{
    const gru4rec_options *o = m->family_options;
    return tokens * (8 * o->dim + 20 * o->hidden) +
           sid__item_loss_floats(&o->loss, threads, ((const gru4rec_state *)m->state)->base.items.rows, o->dim, tokens);
}

/* ---- Scores ---- */

static sid__value *hidden(sid__pass *p, sid__value *x, const sid__asked *asked)
{
    const gru4rec_state *s = p->m->state;
    x = run_gru(p, x);
    x = x ? sid__op_gather(p->tape, x, asked->last, asked->sequences.count) : NULL;
    return sid__pass_apply(p, x, &s->out, SID__NO_ACTIVATION);
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const gru4rec_options *o = m->family_options;
    const sid__answering how = {.history_max = o->training.history_max, .mask = -1, .hidden = hidden};
    return sid__item_model_score(ctx, m, &how, history, count, out, err);
}

/* ---- The family ---- */

static const sid__learner learner = {.samples = SID__SAMPLES_NEXT,
                                     .training_offset = offsetof(gru4rec_options, training),
                                     .build = build,
                                     .loss = loss,
                                     .ready = sid__item_model_ready,
                                     .step_floats = step_floats};

const sid__model_class sid__gru4rec = {.info = {.name = "gru4rec",
                                                .summary = "a recurrent net over the history; learns by steps",
                                                .paper = "Hidasi et al. 2016, arXiv:1511.06939",
                                                .options = option_table,
                                                .option_count = sizeof option_table / sizeof *option_table},
                                       .options_size = sizeof(gru4rec_options),
                                       .learner = &learner,
                                       .score = score,
                                       .save = sid__item_model_save,
                                       .load = load,
                                       .drop = sid__item_model_drop};
