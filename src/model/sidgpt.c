/* sidgpt.c: the family sidgpt: a decoder-only transformer over the codes of a history's items, asked for the next item's SID by
 * a search in the trie of live items (src/decode). The networks are sidgpt_net.h's.
 *
 * Departures from MARIUS (2508.14910), which the layout `item` follows: rotary positions in place of learned ones, SwiGLU,
 * RMS norms, and windows of histories as sasrec has them.
 */
#include <string.h>

#include "model/learner.h"
#include "model/sidgpt_net.h"

static const double deviation = 0.02;
enum { HIDDEN_STEP = 8, LAYERS_ITEM = 3, LAYERS_FLAT = 4 };

typedef struct sidgpt_options {
    sid__training training;
    int64_t dim, heads, layers, depth_layers, hidden;
    double depth_dropout;
    int layout;
} sidgpt_options;

#define AT(field) offsetof(sidgpt_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS_TOKENS(sidgpt_options, "250", "256", "4096", "0.001", "0.05", "0.4", "50", "crop", "5",
                                 "2000"),
    {"layout", SID_OPTION_CHOICE, "item", 0, 0, "item|flat",
     "item: attention over items, codes by a small stack of their own; flat: over all codes, twice as slow",
     AT(layout)},
    {"dim", SID_OPTION_INT, "128", 2, 4096, NULL, "width of codes and hidden states", AT(dim)},
    {"heads", SID_OPTION_INT, "4", 1, 64, NULL, "of the attention; they divide dim", AT(heads)},
    {"layers", SID_OPTION_INT, "0", 0, SID__STACK_LAYERS_MAX, NULL, "of attention over the history; 0: 3, of flat 4",
     AT(layers)},
    {"depth_layers", SID_OPTION_INT, "1", 1, SID__STACK_LAYERS_MAX, NULL, "of the stack over an item's codes; item",
     AT(depth_layers)},
    {"hidden", SID_OPTION_INT, "0", 0, 65536, NULL, "width of the feed-forward layers; 0: 8/3 dim", AT(hidden)},
    {"depth_dropout", SID_OPTION_FLOAT, "0.1", 0, 0.99, NULL, "as dropout, of the stack over an item's codes; item",
     AT(depth_dropout)}};
#undef AT

/* ---- Trained ---- */

/* Matrices and tables N(0, .02), gains 1. */
static void start(sid__params *params, uint64_t seed)
{
    for (int i = 0; i < params->count; i++) {
        if (params->param[i].is_vector)
            sid__param_fill(params, i, 1);
        else
            sid__param_normal(params, i, seed, deviation);
    }
}

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const sidgpt_options *o = m->family_options;
    sid__sidgpt *net = m->state;
    bool is_flat = o->layout == SID__SIDGPT_FLAT;
    (void)split;
    if (!net) {
        SID_TRY(sid__alloc(&net, 1, sizeof *net, "a model", err));
        m->state = net;
    }
    *net = (sid__sidgpt){.layout = (sid__sidgpt_layout)o->layout,
                         .dim = (int)o->dim,
                         .heads = (int)o->heads,
                         .layers = o->layers > 0 ? (int)o->layers
                                   : is_flat     ? LAYERS_FLAT
                                                 : LAYERS_ITEM,
                         .depth_layers = (int)o->depth_layers,
                         .history_max = o->training.history_max};
    /* 344 of 128 */
    int64_t usual = (8 * o->dim / 3 + HIDDEN_STEP - 1) / HIDDEN_STEP * HIDDEN_STEP;
    net->hidden = (int)(o->hidden > 0 ? o->hidden : usual);
    SID_TRY(sid__sidgpt_declare(net, &m->sids, params, err));
    SID_TRY(sid__params_seal(params, err));
    start(params, m->seed);
    return SID_OK;
}

static sid__value *loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const sidgpt_options *o = m->family_options;
    const sid__sidgpt *net = m->state;
    const sid__sidgpt_batch asked = {.sequences = &batch->sequences,
                                     .item = batch->item,
                                     .target = batch->target,
                                     .dropout = o->training.dropout,
                                     .depth_dropout = o->depth_dropout,
                                     .seed = batch->seed,
                                     .step = batch->step,
                                     .level_loss = batch->levels ? batch->levels->loss : NULL};
    if (batch->levels)
        batch->levels->levels = net->levels;
    return sid__sidgpt_loss(net, &m->sids, params, tape, &asked);
}

/* Values with their gradients: of a layer about 14 D + 5 F a token. */
static int64_t step_floats(const sid_model *m, int64_t tokens)
{
    const sidgpt_options *o = m->family_options;
    const sid__sidgpt *net = m->state;
    int64_t of_layer = 2 * (14 * o->dim + 5 * (int64_t)net->hidden), levels = net->levels;
    if (net->layout == SID__SIDGPT_FLAT)
        return tokens * levels * (net->layers * of_layer + 2 * (levels + 6) * o->dim);
    return tokens * (net->layers + levels * net->depth_layers) * of_layer +
           tokens * 2 * (levels + 1) * (levels + 6) * o->dim;
}

/* ---- Asked ---- */

static sid_status ask_begin(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, void **state,
                            sid_error *err)
{
    return sid__sidgpt_begin(ctx, m->state, &m->sids, &m->params, history, count, state, err);
}

static void drop(sid_model *m)
{
    sid__free(m->state);
}

static const sid__generator generator = {
    .begin = ask_begin, .step = sid__sidgpt_step, .forget = sid__sidgpt_forget, .end = sid__sidgpt_end};

static const sid__learner learner = {.samples = SID__SAMPLES_WHOLE,
                                     .training_offset = offsetof(sidgpt_options, training),
                                     .build = build,
                                     .loss = loss,
                                     .step_floats = step_floats};

const sid__model_class sid__sidgpt_family = {
    .info = {.name = "sidgpt",
             .summary = "a transformer that writes the next item's SID; learns by steps, from a catalogue's SIDs",
             .paper = "after MARIUS, arXiv:2508.14910",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(sidgpt_options),
    .uses_sids = true,
    .needs_sids = true,
    .learner = &learner,
    .generator = &generator,
    .drop = drop};
