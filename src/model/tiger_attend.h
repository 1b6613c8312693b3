/* tiger_attend.h: attention of new rows of tiger's decoder, for tiger_generate.c: to the rows they came from, and to what the
 * encoder gave. The bits are those of sid__op_attention in training.
 */
#ifndef SEMID_MODEL_TIGER_ATTEND_H
#define SEMID_MODEL_TIGER_ATTEND_H

#include "kernel/sequence.h"
#include "model/tiger_net.h"

/* Keys and values of the encoder's tokens, of some histories, in panels as products read them: all heads of a history together. */
typedef struct sid__tiger_memory {
    int heads, size;
    const int64_t *begin;  /* (histories + 1) tokens */
    const int64_t *padded; /* (histories + 1) the same, each history's to a multiple of 16 */
    float *k[SID__TIGER_LAYERS_MAX], *v[SID__TIGER_LAYERS_MAX];
} sid__tiger_memory;

/* Floats that k and v of a layer take. */
size_t sid__tiger_k_count(const sid__tiger_memory *memory, int64_t histories);
size_t sid__tiger_v_count(const sid__tiger_memory *memory, int64_t histories);
/* Lays kv (tokens, 2 H dh) of a history out. */
void sid__tiger_remember(const sid_ctx *ctx, const sid__tiger_memory *memory, int layer, int64_t history,
                         const float *kv);

/* Rows of one history that stand together. */
typedef struct sid__tiger_run {
    int64_t history;
    int64_t first, count;
} sid__tiger_run;

/* out (rows, H dh) of queries q alike; NULL: no memory, and the tape knows. */
sid__value *sid__tiger_attend_memory(sid__tape *tape, const sid__tiger_memory *memory, int layer, const sid__value *q,
                                     const sid__tiger_run *runs, int64_t run_count);

/* out (rows, H dh) of the first third of qkv (rows, 3 H dh); path (rows, keys): the k | v of each row's keys, its own last;
 * bias (32, H) by distance. NULL likewise. */
sid__value *sid__tiger_attend_path(sid__tape *tape, const sid__value *qkv, int heads, const float *const *path,
                                   int keys, const sid__value *bias);

#endif
