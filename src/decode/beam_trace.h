/* beam_trace.h: what a beam search did, for who asks: which prefixes each step kept, how much of the model's probability stood on
 * codes that lead nowhere, how much was given up. Costs a pass over the candidates of questions that are traced, others nothing.
 */
#ifndef SEMID_DECODE_BEAM_TRACE_H
#define SEMID_DECODE_BEAM_TRACE_H

#include "decode/decode.h"

/* Probabilities of a step, added up over its rows. */
typedef struct sid__beam_look {
    double began;      /* of the beams it began with */
    double live;       /* of these, what the model gave to codes that lead to a live item */
    double candidates; /* by their scores: the same, unless those are normalised in the trie */
    int64_t count;     /* candidates */
} sid__beam_look;

/* Adds a row: a beam, its logits of `level`, and what was found below it. */
void sid__beam_look_at(const sid__search *search, int level, const sid__candidate *beam, const float *logits,
                       const sid__candidate *found, int64_t count, sid__beam_look *look);
/* A step more in the trace of question q: kept (count) in any order. Zeroes `look` for the next. */
sid_status sid__beam_trace_add(const sid__search *search, int64_t q, int level, const sid__candidate *kept,
                               int64_t count, sid__beam_look *look, sid_error *err);

#endif
