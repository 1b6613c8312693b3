/* bert_forward.h: sequences of token ids to their vectors: the forward pass of a BERT encoder.
 *
 * A pack is a few sequences one after the other: products run over all their tokens at once, attention within each. There
 * is no padding, and each row of a product is a chain of its own (linalg/gemm.h), so a sequence gets the same bits in any
 * company, on any path.
 */
#ifndef SEMID_EMBED_BERT_FORWARD_H
#define SEMID_EMBED_BERT_FORWARD_H

#include "embed/bert_weights.h"

enum {
    SID__BERT_PACK_TOKENS = 384, /* enough for nearly full tiles of products; more gains nothing */
    SID__BERT_PACK_TEXTS = SID__BERT_PACK_TOKENS / 3 + 1 /* no text has fewer than three tokens */
};

typedef enum sid__bert_pool { SID__BERT_MEAN, SID__BERT_CLS } sid__bert_pool;

/* Invariants: start[count] <= tokens, start rises, start[i + 1] - start[i] <= longest. */
typedef struct sid__bert_pack {
    int32_t *id;                         /* (tokens) */
    int start[SID__BERT_PACK_TEXTS + 1]; /* of each sequence in id; start[count] is the end */
    float *out[SID__BERT_PACK_TEXTS];    /* (width): where its vector goes */
    int count;
    int tokens, longest;                          /* room, and the longest sequence */
    float *x, *next, *wide, *score, *key, *value; /* scratch */
} sid__bert_pack;

/* Room for sequences of up to `longest` tokens, at most SID__BERT_TOKENS_MAX. Drop it also after a failure. */
sid_status sid__bert_pack_init(sid__bert_pack *pack, const sid__bert_shape *shape, int longest, sid_error *err);
void sid__bert_pack_drop(sid__bert_pack *pack);
size_t sid__bert_pack_size(const sid__bert_shape *shape, int longest);

/* Writes the vector of each sequence, of unit length, and empties the pack. Allocates nothing; threads only where a
 * product is large and ctx has some. SID_EDATA: a vector that is not finite. */
sid_status sid__bert_forward(const sid_ctx *ctx, const sid__bert_weights *weights, sid__bert_pool pool,
                             sid__bert_pack *pack, sid_error *err);

#endif
