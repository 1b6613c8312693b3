/* ranker_dot.c: weights, and the user and what the user clicked against the item: bias + sum w + <user + history, item>. */
#include "rank/ranker.h"
#include "tensor/ops_rank.h"

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    (void)options;
    (void)params;
    sid__value *who = sid__op_add(tape, in->user, in->history);
    return sid__op_add(tape, in->linear, sid__op_row_dot(tape, who, in->item));
}

const sid__ranker_class sid__ranker_dot = {
    .info = {.name = "dot", .summary = "biases and <user + mean of the history, item>: the default of comparisons"},
    .logit = logit};
