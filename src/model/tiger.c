/* tiger.c: the next item's SID, code by code, from the codes of a history (2305.05065): an encoder-decoder as T5's
 * (tiger_net.h). Departures: (1) a head a level in place of one vocabulary, so that a level's logits are of its own codes;
 * (2) no end token, since SIDs of one catalogue have one length (those of policy `suffix` end by a class of the last level);
 * (3) AdamW with warm-up and cosine: the paper's 1/sqrt does not reproduce; (4) sizes: preset `cpu` trains on two cores, `paper`
 * has the paper's text (D 128, 4 + 4 layers, 6 heads of 64, FF 1024).
 *
 * Every prefix of a history is a sample. With `users` a token of the user, by a hash of the id, stands before it; who is not known has one
 * too, which some samples of training get in place of their user's. The loss is the mean cross-entropy over the codes of the item behind it. Items without
 * a SID are left out of histories, and are no targets.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "model/learner.h"
#include "model/tiger.h"

#define AT(field) offsetof(sid__tiger_options, field)
static const sid_option option_table[] = {
    SID__TRAINING_OPTIONS(sid__tiger_options, "40", "256", "0", "0.001", "0.035", "0.15", "20", "prefix", "5", "2000"),
    {"preset", SID_OPTION_CHOICE, "cpu", 0, 0, "cpu|paper",
     "cpu: what stands here; paper: its sizes and how it was trained, layers=4,heads=6,head_size=64,ff=1024,lr=0.0003,"
     "dropout=0.2; options that are given besides win",
     AT(preset)},
    {"dim", SID_OPTION_INT, "128", 1, 4096, NULL, "width of hidden states", AT(dim)},
    {"layers", SID_OPTION_INT, "3", 1, SID__TIGER_LAYERS_MAX, NULL, "of the encoder, and as many of the decoder",
     AT(layers)},
    {"heads", SID_OPTION_INT, "4", 1, 64, NULL, "of the attention", AT(heads)},
    {"head_size", SID_OPTION_INT, "32", 1, 512, NULL, "numbers a head", AT(head_size)},
    {"ff", SID_OPTION_INT, "512", 1, 16384, NULL, "width of the feed-forward layer", AT(ff)},
    {"users", SID_OPTION_INT, "0", 0, 1 << 24, NULL,
     "rows that users are hashed to, by their ids, for a token before their histories (2000 in the paper); 0: none",
     AT(users)},
    {"user_dropout", SID_OPTION_FLOAT, "0.1", 0, 1, NULL,
     "share of the samples whose user is not told, so that one who is not known can be asked for; with users",
     AT(user_dropout)}};
#undef AT

static const sid__model_preset presets[] = {{"paper", "layers=4,heads=6,head_size=64,ff=1024,lr=0.0003,dropout=0.2"},
                                            {0}};

static sid__tiger_shape shape_of(const sid__tiger_options *o)
{
    return (sid__tiger_shape){.dim = (int)o->dim,
                              .layers = (int)o->layers,
                              .heads = (int)o->heads,
                              .head_size = (int)o->head_size,
                              .ff = (int)o->ff,
                              .users = o->users > 0 ? (int)o->users + 1 : 0};
}

static sid_status build(sid_model *m, const sid__split *split, sid__params *params, sid_error *err)
{
    const sid__tiger_shape shape = shape_of(m->family_options);
    sid__tiger_net *net = NULL;
    SID_TRY(sid__alloc(&net, 1, sizeof *net, "a model", err));
    m->state = net;
    SID_TRY(sid__tiger_declare(&shape, &m->sids, params, net, err));
    SID_TRY(sid__params_seal(params, err));
    if (split)
        sid__tiger_start(net, params, m->seed);
    return SID_OK;
}

static void drop(sid_model *m)
{
    sid__free(m->state);
}

/* ---- Tokens ---- */

/* Codes of a SID that are tokens: not the class that says that it ends before the last level. */
static int code_count(const sid__item_sids *sids, int64_t item)
{
    const uint16_t *code = sids->code + item * sids->width;
    return !sids->is_known[item] ? 0 : sids->width - (sids->has_end && code[sids->width - 1] == 0);
}

int64_t sid__tiger_count_tokens(const sid_model *m, const sid__history *history)
{
    const sid__tiger_options *o = m->family_options;
    int64_t count = o->users > 0, items = 0;
    for (int64_t i = history->count; i > 0 && items < o->training.history_max; i--) {
        int codes = code_count(&m->sids, history->item[i - 1]);
        items += codes > 0;
        count += codes;
    }
    return count;
}

/* The first row is of those who are not known. */
static int32_t user_token(const sid__tiger_net *net, uint64_t user)
{
    return net->bos + 1 + (user == 0 ? 0 : 1 + (int32_t)(user % (uint64_t)(net->shape.users - 1)));
}

void sid__tiger_write_tokens(const sid_model *m, const sid__history *history, int64_t count, int32_t *token)
{
    const sid__tiger_net *net = m->state;
    if (net->shape.users > 0) {
        *token++ = user_token(net, history->user);
        count--;
    }
    for (int64_t i = history->count; i > 0 && count > 0; i--) {
        int64_t item = history->item[i - 1];
        const uint16_t *code = m->sids.code + item * m->sids.width;
        int codes = code_count(&m->sids, item);
        count -= codes;
        for (int l = 0; l < codes; l++)
            token[count + l] = net->first_code[l] + code[l];
    }
}

/* What a step reads: tokens of the samples whose target has a SID. */
typedef struct lesson {
    sid__ragged encoded, decoded;
    int32_t *encoder, *decoder;             /* tokens */
    int32_t *row[SID__TIGER_LEVELS_MAX];    /* (samples) of the hidden states that answer a level */
    int32_t *target[SID__TIGER_LEVELS_MAX]; /* (samples) */
    int64_t samples;
} lesson;

/* The target of a sequence, its last; -1: none that has a SID. */
static int32_t target_of(const sid_model *m, const sid__batch *batch, int64_t s)
{
    int32_t target = batch->target[batch->sequences.begin[s + 1] - 1];
    return target >= 0 && m->sids.is_known[target] ? target : -1;
}

/* Whose a sample is, but for some that are drawn. */
static uint64_t user_of(const sid_model *m, const sid__batch *batch, int64_t s)
{
    const sid__tiger_options *o = m->family_options;
    const char *id = o->users > 0 && batch->user_id ? batch->user_id[batch->user[s]] : NULL;
    uint64_t place = ((uint64_t)batch->step << 32) + (uint64_t)s;
    bool is_told = id && sid__philox_uniform(batch->seed, SID__STREAM_USERS, place) >= o->user_dropout;
    return is_told ? sid__name_key(id) : 0;
}

static sid__history history_of(const sid_model *m, const sid__batch *batch, int64_t s)
{
    int64_t begin = batch->sequences.begin[s];
    return (sid__history){
        .item = batch->item + begin, .count = batch->sequences.begin[s + 1] - begin, .user = user_of(m, batch, s)};
}

static bool make_room(const sid_model *m, const sid__batch *batch, sid__tape *tape, lesson *l)
{
    int64_t tokens = 0, *encoded = NULL, *decoded = NULL;
    for (int64_t s = 0; s < batch->sequences.count; s++) {
        sid__history history = history_of(m, batch, s);
        bool counts = target_of(m, batch, s) >= 0;
        l->samples += counts;
        tokens += counts ? sid__tiger_count_tokens(m, &history) : 0;
    }
    size_t samples = (size_t)l->samples;
    encoded = sid__tape_push(tape, samples + 1, sizeof *encoded);
    decoded = sid__tape_push(tape, samples + 1, sizeof *decoded);
    l->encoder = sid__tape_push(tape, (size_t)tokens, sizeof *l->encoder);
    l->decoder = sid__tape_push(tape, samples * (size_t)m->sids.width, sizeof *l->decoder);
    for (int level = 0; level < m->sids.width; level++) {
        l->row[level] = sid__tape_push(tape, samples, sizeof *l->row[level]);
        l->target[level] = sid__tape_push(tape, samples, sizeof *l->target[level]);
    }
    l->encoded = (sid__ragged){.begin = encoded, .count = l->samples};
    l->decoded = (sid__ragged){.begin = decoded, .count = l->samples};
    if (tape->status == SID_OK)
        encoded[0] = decoded[0] = 0;
    return tape->status == SID_OK;
}

static void fill(const sid_model *m, const sid__batch *batch, lesson *l, int64_t *encoded, int64_t *decoded)
{
    const sid__tiger_net *net = m->state;
    int width = m->sids.width;
    for (int64_t s = 0, n = 0; s < batch->sequences.count; s++) {
        int32_t target = target_of(m, batch, s);
        sid__history history = history_of(m, batch, s);
        if (target < 0)
            continue;
        int64_t count = sid__tiger_count_tokens(m, &history);
        sid__tiger_write_tokens(m, &history, count, l->encoder + encoded[n]);
        encoded[n + 1] = encoded[n] + count;
        decoded[n + 1] = decoded[n] + width;
        for (int level = 0; level < width; level++) {
            int code = m->sids.code[(int64_t)target * width + level];
            l->decoder[decoded[n] + level] =
                level == 0 ? net->bos : net->first_code[level - 1] + l->target[level - 1][n];
            l->row[level][n] = (int32_t)(decoded[n] + level);
            l->target[level][n] = code;
        }
        n++;
    }
}

/* ---- Loss ---- */

static sid__value *sum_levels(const sid__tiger_pass *pass, const lesson *l, sid__value *hidden,
                              sid__level_losses *levels)
{
    int width = pass->net->width;
    sid__value *sum = NULL;
    for (int level = 0; hidden && level < width; level++) {
        sid__value *rows = sid__op_gather(pass->tape, hidden, l->row[level], l->samples);
        sid__value *loss = sid__op_cross_entropy(pass->tape, sid__tiger_logits(pass, rows, level), l->target[level],
                                                 1.0 / (double)(l->samples * width));
        if (!loss)
            return NULL;
        if (levels)
            levels->loss[level] = (double)loss->data[0] * width;
        sum = sum ? sid__op_add(pass->tape, sum, loss) : loss;
    }
    if (levels)
        levels->levels = width;
    return sum;
}

static sid__value *loss(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch)
{
    const sid__tiger_options *o = m->family_options;
    sid__tiger_pass pass = {.net = m->state,
                            .params = params,
                            .tape = tape,
                            .dropout = {.rate = o->training.dropout, .seed = batch->seed, .step = batch->step}};
    lesson l = {0};
    if (!make_room(m, batch, tape, &l))
        return NULL;
    if (l.samples == 0) { /* no target of this batch has a SID: nothing to learn */
        sid__value *zero = sid__tape_value(tape, 1, 1, false);
        if (zero)
            zero->data[0] = 0;
        return zero;
    }
    fill(m, batch, &l, (int64_t *)(uintptr_t)l.encoded.begin, (int64_t *)(uintptr_t)l.decoded.begin);
    sid__value *memory = sid__tiger_encode(&pass, l.encoder, &l.encoded);
    sid__value *hidden = sid__tiger_decode(&pass, l.decoder, &l.decoded, memory, &l.encoded);
    return sum_levels(&pass, &l, hidden, batch->levels);
}

/* Values with their gradients, and attention's weights, of the encoder; the decoder adds a twentieth. */
static int64_t step_floats(const sid_model *m, int threads, int64_t tokens)
{
    const sid__tiger_options *o = m->family_options;
    const sid__tiger_shape s = shape_of(m->family_options);
    int64_t inner = (int64_t)s.heads * s.head_size, width = m->sids.width + (s.users > 0),
            weights = s.heads * width * o->training.history_max,
            a_layer = 2 * (8 * (int64_t)s.dim + 9 * inner) + 5 * (int64_t)s.ff + weights;
    (void)threads;
    return tokens * width * (s.layers * (a_layer + a_layer / 20) + 4 * (int64_t)s.dim);
}

/* ---- The family ---- */

static const sid__learner learner = {.samples = SID__SAMPLES_NEXT,
                                     .training_offset = offsetof(sid__tiger_options, training),
                                     .build = build,
                                     .loss = loss,
                                     .step_floats = step_floats};

const sid__model_class sid__tiger = {
    .info = {.name = "tiger",
             .summary = "writes the next item's SID, code by code, from the codes of the history; learns by steps",
             .paper = "Rajput et al. 2023, arXiv:2305.05065",
             .options = option_table,
             .option_count = sizeof option_table / sizeof *option_table},
    .options_size = sizeof(sid__tiger_options),
    .presets = presets,
    .uses_sids = true,
    .needs_sids = true,
    .learner = &learner,
    .generator = &sid__tiger_generator,
    .drop = drop};
