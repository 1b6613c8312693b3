/* ranker_two_tower.c: a network for the request and one for the item, unit vectors u and v, s = u . v / temperature. Learned of
 * clicks: each is to be found among the clicks of its batch, -ln softmax_j (s_ij - ln q_j) at j = i, where q_j is the item's chance
 * to be among them (Yi et al., 2019); other rows that hold the same item do not count. What is asked is s: it puts items in order
 * and is no logit of a click.
 */
#include <stddef.h>

#include "rank/ranker_parts.h"
#include "tensor/ops_rank.h"

typedef struct two_tower_options {
    char mlp[SID__OPTION_TEXT_SIZE];
    double temperature;
} two_tower_options;

#define AT(field) offsetof(two_tower_options, field)
static const sid_option option_table[] = {
    {"mlp", SID_OPTION_TEXT, "128,64", 0, 0, NULL, "widths of each network; the last is that of u and v", AT(mlp)},
    {"temperature", SID_OPTION_FLOAT, "0.05", 1e-3, 10, NULL, "s = u . v / temperature", AT(temperature)}};
#undef AT

static const double masked = -1e9; /* exp of it is 0 beside any other logit */

typedef struct towers {
    sid__rank_tower widths;
    sid__rank_net request, item;
} towers;

static sid_status towers_of(const two_tower_options *o, sid__rank_shape shape, towers *out, sid_error *err)
{
    SID_TRY(sid__rank_tower_of("mlp", o->mlp, &out->widths, err));
    int request = (2 + shape.others) * shape.dim + shape.dense;
    out->request = (sid__rank_net){.name = "request", .hidden = out->widths.hidden, .in = request, .part = 1};
    out->item = (sid__rank_net){.name = "item", .hidden = out->widths.hidden, .in = shape.dim, .part = 2};
    out->request.out = out->item.out = out->widths.out;
    return SID_OK;
}

static sid_status declare(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err)
{
    towers t;
    SID_TRY(towers_of(options, shape, &t, err));
    SID_TRY(sid__rank_net_declare(&t.request, params, err));
    return sid__rank_net_declare(&t.item, params, err);
}

static void start(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params)
{
    towers t;
    if (towers_of(options, shape, &t, NULL) != SID_OK)
        return;
    sid__rank_net_start(&t.request, seed, params);
    sid__rank_net_start(&t.item, seed, params);
}

/* -ln q_j in each row, and `masked` where row i's item stands in another place j. */
static sid__value *corrections(sid__tape *tape, const sid__rank_training *training, const int32_t *click, int64_t count)
{
    sid__value *add = sid__tape_value(tape, count, (int)count, false);
    for (int64_t i = 0; add && i < count; i++)
        for (int64_t j = 0; j < count; j++) {
            bool is_same = i != j && training->target[click[i]] == training->target[click[j]];
            double chance = training->log_chance ? training->log_chance[click[j]] : 0;
            add->data[i * count + j] = (sid__real)(is_same ? masked : -chance);
        }
    return add;
}

/* (1, 1), or 0 without clicks. */
static sid__value *loss_of(sid__tape *tape, const sid__rank_training *training, sid__value *u, sid__value *v)
{
    int32_t *click = sid__tape_push(tape, (size_t)u->rows, sizeof *click);
    int32_t *own = sid__tape_push(tape, (size_t)u->rows, sizeof *own);
    int64_t count = 0;
    if (!click || !own)
        return NULL;
    for (int64_t i = 0; i < u->rows; i++)
        if (training->label[0][i]) {
            own[count] = (int32_t)count;
            click[count++] = (int32_t)i;
        }
    if (count == 0) { /* nothing to find: a loss of 0 with gradients of 0 */
        for (int64_t i = 0; i < u->rows; i++)
            own[i] = -1;
        return sid__op_cross_entropy(tape, sid__op_row_dot(tape, u, v), own, 1);
    }
    sid__value *of = sid__op_gather(tape, v, click, count);
    sid__value *s = sid__op_linear(tape, sid__op_gather(tape, u, click, count), of, NULL, SID__NO_ACTIVATION);
    return sid__op_cross_entropy(tape, sid__op_add(tape, s, corrections(tape, training, click, count)), own, 1);
}

static sid__value *request_vector(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    const two_tower_options *o = options;
    towers t;
    sid__value *x = sid__op_concat(tape, in->user, in->history);
    for (int i = 0; i < in->other_count; i++)
        x = sid__op_concat(tape, x, in->other[i]);
    if (in->dense)
        x = sid__op_concat(tape, x, in->dense);
    if (!x)
        return NULL;
    const sid__rank_shape shape = {
        .dim = in->user->columns, .dense = in->dense ? in->dense->columns : 0, .others = in->other_count};
    if (towers_of(o, shape, &t, NULL) != SID_OK)
        return NULL;
    sid__value *u = sid__op_unit_length(tape, sid__rank_net_forward(tape, &t.request, params, x));
    return sid__op_scale(tape, u, 1 / o->temperature);
}

static sid__value *item_vector(const void *options, sid__params *params, sid__tape *tape, sid__value *item)
{
    towers t;
    if (!item || towers_of(options, (sid__rank_shape){.dim = item->columns}, &t, NULL) != SID_OK)
        return NULL;
    return sid__op_unit_length(tape, sid__rank_net_forward(tape, &t.item, params, item));
}

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    sid__value *u = request_vector(options, params, tape, in), *v = item_vector(options, params, tape, in->item);
    if (in->training && u && v)
        in->training->loss = loss_of(tape, in->training, u, v);
    return sid__op_row_dot(tape, u, v);
}

const sid__ranker_class sid__ranker_two_tower = {
    .info = {.name = "two-tower",
             .summary = "a network for the request, one for the item; clicks are told from each other",
             .options = option_table,
             .option_count = 2},
    .options_size = sizeof(two_tower_options),
    .wants_chances = true,
    .is_relative = true,
    .declare = declare,
    .start = start,
    .logit = logit,
    .request_vector = request_vector,
    .item_vector = item_vector};
