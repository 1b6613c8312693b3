/* ranker_fm.c: factorization machine (Rendle, 2010): all pairs of fields, 1/2 sum_d [(sum_f e_fd)^2 - sum_f e_fd^2]. */
#include "rank/ranker_parts.h"

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    (void)options;
    (void)params;
    return sid__op_add(tape, in->linear, sid__rank_pairs(tape, in));
}

const sid__ranker_class sid__ranker_fm = {
    .info = {.name = "fm", .summary = "factorization machine: all pairs of user, item and history"}, .logit = logit};
