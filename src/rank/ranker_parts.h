/* ranker_parts.h: what several families of rankers are made of. */
#ifndef SEMID_RANK_RANKER_PARTS_H
#define SEMID_RANK_RANKER_PARTS_H

#include "quant/mlp.h"
#include "rank/ranker.h"

/* (B, 1): the products of all pairs of user, item, history and the other fields. */
sid__value *sid__rank_pairs(sid__tape *tape, const sid__rank_inputs *inputs);
/* (B, (3 + others) D + X): user | item | history | others | dense. */
sid__value *sid__rank_side_by_side(sid__tape *tape, const sid__rank_inputs *inputs);
int sid__rank_width(sid__rank_shape shape);

/* A network: hidden widths "256,128", ReLU between them; its parameters are "<name>.0.weight" and so on. */
typedef struct sid__rank_net {
    const char *name, *hidden;
    int in, out;
    uint64_t part; /* keeps the first values of a family's networks apart; 1 .. 99, content has 7 */
} sid__rank_net;
sid_status sid__rank_net_declare(const sid__rank_net *net, sid__params *params, sid_error *err);
void sid__rank_net_start(const sid__rank_net *net, uint64_t seed, sid__params *params);
sid__value *sid__rank_net_forward(sid__tape *tape, const sid__rank_net *net, sid__params *params, sid__value *x);

/* "256,128" as the widths before the last, and the last: what a network gives that others go on from. SID_EUSAGE: none. */
typedef struct sid__rank_tower {
    char hidden[SID__OPTION_TEXT_SIZE];
    int out;
} sid__rank_tower;
sid_status sid__rank_tower_of(const char *option, const char *widths, sid__rank_tower *out, sid_error *err);

/* A matrix (rows, columns), or a vector of one row. */
sid_status sid__rank_add(const char *name, int rows, int columns, sid__params *params, sid_error *err);
/* By name; the family declared it. */
sid__value *sid__rank_param(sid__params *params, const char *name);
/* Uniform within 1/sqrt(columns), as PyTorch starts a linear layer. */
void sid__rank_start_matrix(sid__params *params, int index, uint64_t seed);

#endif
