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

/* A model's state: the net, and what its trunk reads where that is more than codes. */
typedef struct sidgpt {
    sid__sidgpt net;
    sid__item_table items;
    float *embedding; /* (items, D) */
} sidgpt;

typedef struct sidgpt_options {
    sid__training training;
    sid__item_loss loss;
    double dense, rerank;
    char item_embedding[SID__OPTION_TEXT_SIZE];
    int64_t dim, heads, layers, depth_layers, hidden;
    double depth_dropout;
    int layout;
    bool loss_first;
} sidgpt_options;

#define AT(field) offsetof(sidgpt_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(sidgpt_options, "250", "0", "2048", "0.001", "0.05", "0.4", "50", "crop", "5", "2000"),
    {"layout", SID_OPTION_CHOICE, "item", 0, 0, "item|flat",
     "item: attention over items, codes by a small stack of their own; flat: over all codes, twice as slow",
     AT(layout)},
    {"loss_first", SID_OPTION_FLAG, "false", 0, 0, NULL,
     "learns a history's first item too, from nothing before it; layout=flat", AT(loss_first)},
    {"dim", SID_OPTION_INT, "128", 2, 4096, NULL, "width of codes and hidden states", AT(dim)},
    {"heads", SID_OPTION_INT, "4", 1, 64, NULL, "of the attention; they divide dim", AT(heads)},
    {"layers", SID_OPTION_INT, "0", 0, SID__STACK_LAYERS_MAX, NULL, "of attention over the history; 0: 3, of flat 4",
     AT(layers)},
    {"depth_layers", SID_OPTION_INT, "1", 1, SID__STACK_LAYERS_MAX, NULL, "of the stack over an item's codes; item",
     AT(depth_layers)},
    {"hidden", SID_OPTION_INT, "0", 0, 65536, NULL, "width of the feed-forward layers; 0: 8/3 dim", AT(hidden)},
    {"depth_dropout", SID_OPTION_FLOAT, "0.1", 0, 0.99, NULL, "as dropout, of the stack over an item's codes; item",
     AT(depth_dropout)},
    {"item_embedding", SID_OPTION_TEXT, "sid", 0, 0, NULL,
     "what the trunk reads of an item, a comma list: sid, rows of its codes; content, a map of its vector; id, a row "
     "of "
     "its own; item",
     AT(item_embedding)},
    {"dense", SID_OPTION_FLOAT, "0", 0, 100, NULL,
     "weight of a loss of the trunk over all items, beside that over codes (LIGER); item", AT(dense)},
    {"rerank", SID_OPTION_FLOAT, "2", 0, 100, NULL,
     "with dense: weight of what the trunk says of items in the order of what was found; 0: by codes alone",
     AT(rerank)},
    SID__ITEM_LOSS_OPTIONS(sidgpt_options, "ce-sampled")};
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

/* Codes alone are summed as tokens are; whatever else the trunk reads is a table of items. */
static bool has_table(const sidgpt_options *o)
{
    return o->dense > 0 || strcmp(o->item_embedding, "sid") != 0;
}

static sid_status build_items(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const sidgpt_options *o = m->family_options;
    sidgpt *s = m->state;
    if (o->layout == SID__SIDGPT_FLAT)
        return sid__fail(err, SID_EUSAGE,
                         "item_embedding=%s and dense=%g are of layout=item; layout=flat reads codes alone",
                         o->item_embedding, o->dense);
    SID_TRY(sid__item_table_build(&s->items, m, o->item_embedding, (int)o->dim, split, params, err));
    SID_TRY(sid__alloc(&s->embedding, (size_t)m->items.count, (size_t)o->dim * sizeof *s->embedding,
                       "embeddings of items", err));
    s->net.items = &s->items;
    s->net.embedding = s->embedding;
    s->net.embedded = m->items.count;
    s->net.dense = o->dense;
    s->net.dense_loss = o->loss;
    return SID_OK;
}

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const sidgpt_options *o = m->family_options;
    bool is_flat = o->layout == SID__SIDGPT_FLAT;
    sidgpt *s = m->state;
    if (!s) {
        SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
        m->state = s;
    }
    if (o->loss_first && !is_flat)
        return sid__fail(err, SID_EUSAGE,
                         "loss_first is of layout=flat; layout=item has nothing that stands before the first item");
    s->net = (sid__sidgpt){.layout = (sid__sidgpt_layout)o->layout,
                           .dim = (int)o->dim,
                           .heads = (int)o->heads,
                           .layers = o->layers > 0 ? (int)o->layers
                                     : is_flat     ? LAYERS_FLAT
                                                   : LAYERS_ITEM,
                           .depth_layers = (int)o->depth_layers,
                           .history_max = o->training.history_max,
                           .asks_first = o->loss_first};
    /* 344 of 128 */
    int64_t usual = (8 * o->dim / 3 + HIDDEN_STEP - 1) / HIDDEN_STEP * HIDDEN_STEP;
    s->net.hidden = (int)(o->hidden > 0 ? o->hidden : usual);
    if (has_table(o))
        SID_TRY(build_items(m, split, params, err));
    SID_TRY(sid__sidgpt_declare(&s->net, &m->sids, params, err));
    SID_TRY(sid__params_seal(params, err));
    if (!split)
        return SID_OK; /* the file has the values */
    start(params, m->seed);
    if (has_table(o))
        sid__item_table_start(&s->items, params, m->seed, deviation);
    return SID_OK;
}

static sid__value *loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const sidgpt_options *o = m->family_options;
    const sid__sidgpt *net = &((const sidgpt *)m->state)->net;
    const sid__sidgpt_batch asked = {.sequences = &batch->sequences,
                                     .item = batch->item,
                                     .target = batch->target,
                                     .dropout = o->training.dropout,
                                     .depth_dropout = o->depth_dropout,
                                     .seed = batch->seed,
                                     .step = batch->step,
                                     .level_loss = batch->levels ? batch->levels->loss : NULL,
                                     .batch = batch};
    if (batch->levels)
        batch->levels->levels = net->levels;
    return sid__sidgpt_loss(net, &m->sids, params, tape, &asked);
}

/* Values with their gradients: of a layer about 14 D + 5 F a token. */
static int64_t step_floats(const sid_model *m, int threads, int64_t tokens)
{
    const sidgpt_options *o = m->family_options;
    const sidgpt *s = m->state;
    const sid__sidgpt *net = &s->net;
    int64_t parts = has_table(o) ? 4 * (s->items.levels + 2 * s->items.has_content + s->items.has_id) : 0;
    int64_t of_layer = 2 * (14 * o->dim + 5 * (int64_t)net->hidden), levels = net->levels;
    (void)threads;
    if (net->layout == SID__SIDGPT_FLAT)
        return tokens * levels * (net->layers * of_layer + 2 * (levels + 6) * o->dim);
    return tokens * (net->layers + levels * net->depth_layers) * of_layer +
           tokens * 2 * (levels + 1) * (levels + 6) * o->dim + parts * s->items.rows * o->dim;
}

/* ---- Asked ---- */

static sid_status ask_begin(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, void **state,
                            sid_error *err)
{
    const sidgpt *s = m->state;
    return sid__sidgpt_begin(ctx, &s->net, &m->sids, &m->params, history, count, state, err);
}

static bool wants_vectors(const sid_model *m)
{
    return sid__item_table_wants_vectors(((const sidgpt_options *)m->family_options)->item_embedding);
}

static double rank_weight(const sid_model *m)
{
    const sidgpt_options *o = m->family_options;
    return o->dense > 0 ? o->rerank : 0;
}

static sid_status ready(sid_model *m, sid_error *err)
{
    const sidgpt *s = m->state;
    return s->embedding ? sid__item_table_all(&s->items, m, s->embedding, err) : SID_OK;
}

static void drop(sid_model *m)
{
    sidgpt *s = m->state;
    sid__item_table_drop(&s->items);
    sid__free(s->embedding);
    sid__free(s);
}

/* ---- Kept ---- */

static sid_status save(const sid_model *m, sid__tensor_set *set, sid_error *err)
{
    const sidgpt *s = m->state;
    return s->embedding ? sid__item_table_save(&s->items, set, err) : SID_OK;
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    sidgpt *s = NULL;
    SID_TRY(sid__alloc(&s, 1, sizeof *s, "a model", err));
    m->state = s;
    return has_table(m->family_options) ? sid__item_table_load(&s->items, m->items.count, set, err) : SID_OK;
}

static const sid__generator generator = {.begin = ask_begin,
                                         .step = sid__sidgpt_step,
                                         .forget = sid__sidgpt_forget,
                                         .end = sid__sidgpt_end,
                                         .rank_weight = rank_weight,
                                         .rank = sid__sidgpt_rank};

static const sid__learner learner = {.samples = SID__SAMPLES_WHOLE,
                                     .training_offset = offsetof(sidgpt_options, training),
                                     .build = build,
                                     .loss = loss,
                                     .ready = ready,
                                     .step_floats = step_floats};

const sid__model_class sid__sidgpt_family = {
    .info = {.name = "sidgpt",
             .summary = "a transformer that writes the next item's SID; learns by steps, from a catalogue's SIDs",
             .paper = "after MARIUS, arXiv:2508.14910",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(sidgpt_options),
    .uses_vectors = true,
    .wants_vectors = wants_vectors,
    .uses_sids = true,
    .needs_sids = true,
    .learner = &learner,
    .generator = &generator,
    .save = save,
    .load = load,
    .drop = drop};
