/* ranker_parts.h: what several families of rankers are made of. */
#ifndef SEMID_RANK_RANKER_PARTS_H
#define SEMID_RANK_RANKER_PARTS_H

#include "quant/mlp.h"
#include "rank/ranker.h"

/* (B, 1): user . item + user . history + item . history. */
sid__value *sid__rank_pairs(sid__tape *tape, const sid__rank_inputs *inputs);
/* (B, 3 D + X): user | item | history | dense. */
sid__value *sid__rank_side_by_side(sid__tape *tape, const sid__rank_inputs *inputs);
int sid__rank_width(sid__rank_shape shape);

/* A network over all inputs; hidden widths "256,128", ReLU between them. */
sid_status sid__rank_mlp_declare(const char *hidden, int in, int out, sid__params *params, sid_error *err);
void sid__rank_mlp_start(const char *hidden, int in, int out, uint64_t seed, sid__params *params);
sid__value *sid__rank_mlp(sid__tape *tape, const char *hidden, int out, sid__params *params, sid__value *x);

#endif
