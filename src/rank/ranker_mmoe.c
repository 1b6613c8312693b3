/* ranker_mmoe.c: multi-gate mixture of experts (Ma et al., 2018): task k is MLP_k(sum_e softmax(W_k x)_e E_e(x)), its loss a
 * weighted cross-entropy. Departure: the weights of rows are added to the score of the first task, as in every family here.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "rank/ranker_parts.h"
#include "tensor/ops_rank.h"

typedef struct mmoe_options {
    int64_t experts;
    char expert[SID__OPTION_TEXT_SIZE], mlp[SID__OPTION_TEXT_SIZE], weights[SID__OPTION_TEXT_SIZE];
} mmoe_options;

#define AT(field) offsetof(mmoe_options, field)
static const sid_option option_table[] = {
    {"experts", SID_OPTION_INT, "4", 1, 64, NULL, "how many", AT(experts)},
    {"expert", SID_OPTION_TEXT, "256,128", 0, 0, NULL, "widths of an expert", AT(expert)},
    {"mlp", SID_OPTION_TEXT, "64", 0, 0, NULL, "hidden widths of a task's network", AT(mlp)},
    {"weights", SID_OPTION_TEXT, "", 0, 0, NULL, "of the tasks' losses, 1,0.5; those not given are 1", AT(weights)}};
#undef AT

enum { EXPERT_PART = 100, TASK_PART = 200, NAME_SIZE = 24 };

typedef struct named_net {
    char name[NAME_SIZE];
    sid__rank_net net;
} named_net;

static void expert_net(const sid__rank_tower *tower, int index, int width, named_net *out)
{
    (void)snprintf(out->name, sizeof out->name, "expert.%d", index);
    out->net = (sid__rank_net){.name = out->name,
                               .hidden = tower->hidden,
                               .in = width,
                               .out = tower->out,
                               .part = EXPERT_PART + (uint64_t)index};
}

static void task_net(const mmoe_options *o, const sid__rank_tower *tower, int task, named_net *out)
{
    (void)snprintf(out->name, sizeof out->name, "task.%d", task);
    out->net = (sid__rank_net){
        .name = out->name, .hidden = o->mlp, .in = tower->out, .out = 1, .part = TASK_PART + (uint64_t)task};
}

static int tasks_of(sid__rank_shape shape)
{
    return shape.tasks > 0 ? shape.tasks : 1;
}

/* weight (SID__RANK_TASKS_MAX). */
static sid_status weights_of(const mmoe_options *o, double *weight, sid_error *err)
{
    const char *at = o->weights;
    for (int k = 0; k < SID__RANK_TASKS_MAX; k++)
        weight[k] = 1;
    for (int k = 0; *at; k++) {
        char *end = NULL;
        double value = k < SID__RANK_TASKS_MAX ? strtod(at, &end) : -1;
        if (!end || end == at || !(value >= 0 && value <= 1e6) || (*end != 0 && *end != ','))
            return sid__fail(err, SID_EUSAGE, "weights is \"%s\"; up to %d numbers from 0 are expected, such as 1,0.5",
                             o->weights, SID__RANK_TASKS_MAX);
        weight[k] = value;
        at = *end ? end + 1 : end;
    }
    return SID_OK;
}

static sid_status declare(const void *options, sid__rank_shape shape, sid__params *params, sid_error *err)
{
    const mmoe_options *o = options;
    int width = sid__rank_width(shape);
    double weight[SID__RANK_TASKS_MAX];
    char gate[NAME_SIZE];
    sid__rank_tower tower;
    named_net n;
    SID_TRY(weights_of(o, weight, err));
    SID_TRY(sid__rank_tower_of("expert", o->expert, &tower, err));
    for (int e = 0; e < (int)o->experts; e++) {
        expert_net(&tower, e, width, &n);
        SID_TRY(sid__rank_net_declare(&n.net, params, err));
    }
    for (int k = 0; k < tasks_of(shape); k++) {
        (void)snprintf(gate, sizeof gate, "gate.%d", k);
        SID_TRY(sid__rank_add(gate, (int)o->experts, width, params, err));
        task_net(o, &tower, k, &n);
        SID_TRY(sid__rank_net_declare(&n.net, params, err));
    }
    return SID_OK;
}

static void start(const void *options, sid__rank_shape shape, uint64_t seed, sid__params *params)
{
    const mmoe_options *o = options;
    char gate[NAME_SIZE];
    sid__rank_tower tower;
    named_net n;
    if (sid__rank_tower_of("expert", o->expert, &tower, NULL) != SID_OK)
        return;
    for (int e = 0; e < (int)o->experts; e++) {
        expert_net(&tower, e, sid__rank_width(shape), &n);
        sid__rank_net_start(&n.net, seed, params);
    }
    for (int k = 0; k < tasks_of(shape); k++) {
        (void)snprintf(gate, sizeof gate, "gate.%d", k);
        sid__rank_start_matrix(params, sid__params_find(params, gate), seed);
        task_net(o, &tower, k, &n);
        sid__rank_net_start(&n.net, seed, params);
    }
}

static sid__value *mix(sid__tape *tape, sid__value *share, sid__value *const *expert, int count)
{
    sid__value *sum = NULL;
    for (int e = 0; e < count; e++) {
        sid__value *part = sid__op_weigh_rows(tape, expert[e], sid__op_columns(tape, share, e, 1));
        sum = e ? sid__op_add(tape, sum, part) : part;
    }
    return sum;
}

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    enum { EXPERTS_MAX = 64 };
    const mmoe_options *o = options;
    sid__value *expert[EXPERTS_MAX] = {0}, *first = NULL, *loss = NULL, *x = sid__rank_side_by_side(tape, in);
    double weight[SID__RANK_TASKS_MAX];
    char gate[NAME_SIZE];
    sid__rank_tower tower;
    named_net n;
    if (!x || weights_of(o, weight, NULL) != SID_OK || sid__rank_tower_of("expert", o->expert, &tower, NULL) != SID_OK)
        return NULL;
    for (int e = 0; e < (int)o->experts; e++) {
        expert_net(&tower, e, x->columns, &n);
        expert[e] = sid__op_activation(tape, sid__rank_net_forward(tape, &n.net, params, x), SID__RELU);
    }
    for (int k = 0; k < SID__RANK_TASKS_MAX; k++) {
        (void)snprintf(gate, sizeof gate, "gate.%d", k);
        if (sid__params_find(params, gate) < 0 || (k > 0 && !in->training))
            break;
        sid__value *share =
            sid__op_softmax(tape, sid__op_linear(tape, x, sid__rank_param(params, gate), NULL, SID__NO_ACTIVATION));
        task_net(o, &tower, k, &n);
        sid__value *score = sid__rank_net_forward(tape, &n.net, params, mix(tape, share, expert, (int)o->experts));
        first = k ? first : sid__op_add(tape, in->linear, score);
        if (!in->training)
            break;
        sid__value *of = sid__op_click_loss(tape, k ? score : first, in->training->label[k], weight[k]);
        loss = k ? sid__op_add(tape, loss, of) : of;
    }
    if (in->training)
        in->training->loss = loss;
    return first;
}

const sid__ranker_class sid__ranker_mmoe = {
    .info = {.name = "mmoe",
             .summary = "mixture of experts with a gate a task; further labels are further tasks",
             .options = option_table,
             .option_count = 4},
    .options_size = sizeof(mmoe_options),
    .declare = declare,
    .start = start,
    .logit = logit};
