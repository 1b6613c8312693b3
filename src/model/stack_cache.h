/* stack_cache.h: a stack asked token by token: what searches in a tree of codes ask. Keys and values of a question's history are
 * made once (prefix) and shared by all its rows; those of the tokens after it lie with the row they came from, so that rows
 * share their ancestors and nothing is copied.
 *
 *     sid__cache_create(stack, params, ctx, question_count, levels, &cache, err);
 *     tape = sid__cache_tape(&cache); sid__cache_prefix(&cache, &tape, x, &sequences, err); // histories; may be left out
 *     tape = sid__cache_begin_step(&cache); sid__cache_step(&cache, &tape, 0, x, question, &h, err); // then level by level
 */
#ifndef SEMID_MODEL_STACK_CACHE_H
#define SEMID_MODEL_STACK_CACHE_H

#include "model/stack.h"

/* Rows of a level: a token each. Invariant: count <= capacity; parents are rows of the level before, at level 0 questions. */
typedef struct sid__cache_level {
    int64_t count, capacity;
    int32_t *parent, *question; /* (count) */
    float *kv;                  /* (count, layers, 2, D): turned keys, values */
} sid__cache_level;

typedef struct sid__stack_cache {
    const sid__stack *stack;
    sid__params *params;
    const sid_ctx *ctx;
    sid__memory prefix_memory, step_memory;
    int64_t question_count;
    const int64_t *prefix_begin;               /* (questions + 1) tokens; NULL: none */
    float *prefix_k[SID__STACK_LAYERS_MAX];    /* (tokens, D), turned */
    sid__value *prefix[SID__STACK_LAYERS_MAX]; /* qkv */
    float *cosine, *sine;                      /* (positions, D / heads / 2) */
    int64_t positions;
    int levels;
    sid__cache_level level[SID_LEVELS_MAX + 1];
} sid__stack_cache;

/* Zeroed: for drop. params must outlive it. */
sid_status sid__cache_create(const sid__stack *stack, sid__params *params, const sid_ctx *ctx, int64_t question_count,
                             int levels, sid__stack_cache *out, sid_error *err);
void sid__cache_drop(sid__stack_cache *cache);
/* A tape whose values live until the cache is dropped, for what stands before the first step; called once. */
sid__tape sid__cache_tape(sid__stack_cache *cache);
/* Once, before the first step: x (T, D) on that tape; sequences (questions) may be empty, and live as long as the cache. */
sid_status sid__cache_prefix(sid__stack_cache *cache, sid__tape *tape, sid__value *x, const sid__ragged *sequences,
                             sid_error *err);
/* A tape for the tokens and what is done with h; its values live until the next. */
sid__tape sid__cache_begin_step(sid__stack_cache *cache);
/* Appends rows with the tokens x (rows, D), made on `tape`, to a level; parent (rows). *h (rows, D), after the last norm. */
sid_status sid__cache_step(sid__stack_cache *cache, sid__tape *tape, int level, sid__value *x, const int32_t *parent,
                           sid__value **h, sid_error *err);
/* The level keeps its first `rows` rows. */
void sid__cache_forget(sid__stack_cache *cache, int level, int64_t rows);

#endif
