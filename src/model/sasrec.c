/* sasrec.c: the family sasrec (1808.09781): options, parameters, scores, file. What it computes: sasrec_forward.c. */
#include "model/sasrec.h"

#include <stdio.h>

static const double deviation = 0.02;

#define AT(field) offsetof(sid__sasrec_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(sid__sasrec_options, "60", "0", "1024", "0.001", "0", "0.5", "50", "crop", "1", "0"),
    {"dim", SID_OPTION_INT, "64", 1, 4096, NULL, "width of items and hidden states", AT(dim)},
    {"blocks", SID_OPTION_INT, "2", 1, SID__SASREC_BLOCKS_MAX, NULL, "layers of attention and feed-forward",
     AT(blocks)},
    {"heads", SID_OPTION_INT, "2", 1, 64, NULL, "of the attention; they divide dim", AT(heads)},
    {"item_embedding", SID_OPTION_TEXT, "id", 0, 0, NULL,
     "what an item's embedding is the sum of, a comma list: id, a row of its own; sid, rows of its codes (--catalog); "
     "content, "
     "a map of its vector",
     AT(item_embedding)},
    {"itemknn", SID_OPTION_FLOAT, "0", 0, 1e6, NULL,
     "adds so many times the scores of itemknn, counts and likeness of items, to its own; 0: none", AT(itemknn)},
    SID__ITEM_LOSS_OPTIONS(sid__sasrec_options, "ce"),
    {"variant", SID_OPTION_CHOICE, "pre-norm", 0, 0, "pre-norm|original",
     "original: as published, with norms of queries alone; its loss was bce", AT(variant)}};
#undef AT

/* ---- Parameters --------------------------------------------------------------------------------------------------- */

static sid_status add_block(sid__params *params, int index, const sid__sasrec_options *o, sid__sasrec_block *b,
                            sid_error *err)
{
    char prefix[24];
    int dim = (int)o->dim, inner = o->variant == SID__SASREC_ORIGINAL ? dim : 4 * dim;
    (void)snprintf(prefix, sizeof prefix, "block.%d.", index + 1);
    SID_TRY(sid__linear_add(params, prefix, "norm1", 0, dim, &b->norm1, err));
    if (o->variant == SID__SASREC_ORIGINAL) {
        SID_TRY(sid__linear_add(params, prefix, "query", dim, dim, &b->qkv, err));
        SID_TRY(sid__linear_add(params, prefix, "key_value", 2 * (int64_t)dim, dim, &b->key_value, err));
    } else {
        SID_TRY(sid__linear_add(params, prefix, "qkv", 3 * (int64_t)dim, dim, &b->qkv, err));
    }
    SID_TRY(sid__linear_add(params, prefix, "out", dim, dim, &b->out, err));
    SID_TRY(sid__linear_add(params, prefix, "norm2", 0, dim, &b->norm2, err));
    SID_TRY(sid__linear_add(params, prefix, "up", inner, dim, &b->up, err));
    return sid__linear_add(params, prefix, "down", dim, inner, &b->down, err);
}

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const sid__sasrec_options *o = m->family_options;
    int dim = (int)o->dim;
    if (dim % o->heads != 0)
        return sid__fail(err, SID_EUSAGE, "dim is %d and heads is %d; heads must divide dim", dim, (int)o->heads);
    SID_TRY(sid__item_model_begin(m, sizeof(sid__sasrec_state), err));
    sid__sasrec_state *s = m->state;
    SID_TRY(sid__knn_part_begin(m, o->itemknn, split, &s->base.knn, err));
    SID_TRY(sid__item_table_build(&s->base.items, m, o->item_embedding, dim, split, params, err));
    SID_TRY(sid__learner_add(params, "position", o->training.history_max, dim, false, &s->position, err));
    if (o->variant == SID__SASREC_PRE_NORM)
        SID_TRY(sid__linear_add(params, "", "norm", 0, dim, &s->first_norm, err));
    for (int b = 0; b < o->blocks; b++)
        SID_TRY(add_block(params, b, o, &s->block[b], err));
    SID_TRY(sid__linear_add(params, "", "last_norm", 0, dim, &s->last_norm, err));
    SID_TRY(sid__params_seal(params, err));
    SID_TRY(sid__item_model_make_room(m, dim, false, err));
    if (split)
        sid__item_model_start(m, params, deviation);
    return SID_OK;
}

static sid_status load(sid_model *m, const sid__tensor_set *set, sid_error *err)
{
    SID_TRY(sid__item_model_load(m, sizeof(sid__sasrec_state), set, err));
    sid__item_model *s = m->state;
    SID_TRY(sid__knn_part_begin(m, ((const sid__sasrec_options *)m->family_options)->itemknn, NULL, &s->knn, err));
    return sid__knn_part_load(&s->knn, set, err);
}

static bool wants_vectors(const sid_model *m)
{
    const sid__sasrec_options *o = m->family_options;
    return o->itemknn > 0 || sid__item_table_wants_vectors(o->item_embedding);
}

static double beta2(const sid_model *m)
{
    return ((const sid__sasrec_options *)m->family_options)->variant == SID__SASREC_ORIGINAL ? 0.98 : 0.999;
}

static int64_t step_floats(const sid_model *m, int threads, int64_t tokens)
{
    const sid__sasrec_options *o = m->family_options;
    const sid__sasrec_state *s = m->state;
    int64_t a_token = o->dim * (10 + o->blocks * 30);
    const sid__item_table *items = &s->base.items;
    int64_t parts = items->levels + 2 * items->has_content + items->has_id;
    return tokens * a_token + (parts > 1 || !items->has_id ? 4 * parts : 0) * items->rows * o->dim +
           sid__item_loss_floats(&o->loss, threads, items->rows, o->dim, tokens);
}

static sid_status score(sid_ctx *ctx, const sid_model *m, const sid__history *history, int64_t count, float *out,
                        sid_error *err)
{
    const sid__sasrec_options *o = m->family_options;
    const sid__answering how = {.history_max = o->training.history_max, .mask = -1, .hidden = sid__sasrec_hidden};
    return sid__item_model_score(ctx, m, &how, history, count, out, err);
}

/* ---- The family --------------------------------------------------------------------------------------------------- */

static const sid__learner learner = {.samples = SID__SAMPLES_NEXT,
                                     .training_offset = offsetof(sid__sasrec_options, training),
                                     .build = build,
                                     .loss = sid__sasrec_loss,
                                     .ready = sid__item_model_ready,
                                     .beta2 = beta2,
                                     .step_floats = step_floats};

const sid__model_class sid__sasrec = {.info = {.name = "sasrec",
                                               .summary = "self-attention over the history; learns by steps",
                                               .paper = "Kang and McAuley 2018, arXiv:1808.09781",
                                               .options = option_table,
                                               .option_count = sizeof option_table / sizeof *option_table},
                                      .options_size = sizeof(sid__sasrec_options),
                                      .uses_vectors = true,
                                      .wants_vectors = wants_vectors,
                                      .uses_sids = true,
                                      .learner = &learner,
                                      .score = score,
                                      .save = sid__item_model_save,
                                      .load = load,
                                      .drop = sid__item_model_drop};
