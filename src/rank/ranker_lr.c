/* ranker_lr.c: logistic regression: the bias and the weights of all rows. */
#include "rank/ranker.h"

static sid__value *logit(const void *options, sid__params *params, sid__tape *tape, const sid__rank_inputs *in)
{
    (void)options;
    (void)params;
    (void)tape;
    return in->linear;
}

const sid__ranker_class sid__ranker_lr = {.info = {.name = "lr", .summary = "logistic regression: a weight a row"},
                                          .logit = logit};
