/* tiger_net.h: the network of tiger: T5 (1910.10683) over codes. tiger_net.c has parameters and forward, tiger.c the family and its
 * loss, tiger_generate.c the same forward a level at a time.
 *
 * Pre-RMSNorm, no biases, ReLU, attention without a scale plus a bias by distance that all layers of a stack share. A token is a
 * row of one embedding: codes level by level, then BOS, then users. The decoder reads BOS, c_1 .. c_(L-1) and each of its
 * rows answers with logits of its own level's classes.
 */
#ifndef SEMID_MODEL_TIGER_NET_H
#define SEMID_MODEL_TIGER_NET_H

#include "model/item_sids.h"
#include "tensor/ops_sequence.h"
#include "tensor/params.h"

enum { SID__TIGER_LAYERS_MAX = 24, SID__TIGER_LEVELS_MAX = SID_LEVELS_MAX + 1 };

typedef struct sid__tiger_shape {
    int dim, layers, heads, head_size, ff; /* layers: of the encoder, and as many of the decoder */
    int users;                             /* rows of users, the first for those who are not known; 0: none */
} sid__tiger_shape;

/* Indices of parameters. The cross ones are the decoder's alone. */
typedef struct sid__tiger_layer {
    int norm1, qkv, out, cross_norm, cross_q, cross_kv, cross_out, norm2, up, down;
} sid__tiger_layer;

typedef struct sid__tiger_stack {
    int bias, norm;
    sid__tiger_layer layer[SID__TIGER_LAYERS_MAX];
} sid__tiger_stack;

/* Invariant: the row of code c of level l is first_code[l] + c; that of user u is bos + 1 + u. */
typedef struct sid__tiger_net {
    sid__tiger_shape shape;
    int width; /* levels of a SID */
    int first_code[SID__TIGER_LEVELS_MAX], bos;
    int embedding, head[SID__TIGER_LEVELS_MAX];
    sid__tiger_stack encoder, decoder;
} sid__tiger_net;

/* Declares the parameters and fills `out`; sids->width levels of sids->codes classes. */
sid_status sid__tiger_declare(const sid__tiger_shape *shape, const sid__item_sids *sids, sid__params *params,
                              sid__tiger_net *out, sid_error *err);
/* After the seal, as T5 starts: E N(0, 1); q (D dh)^-1/2; k, v, up, heads and the bias D^-1/2; out (H dh)^-1/2; down FF^-1/2;
 * gains 1. */
void sid__tiger_start(const sid__tiger_net *net, sid__params *params, uint64_t seed);

/* One forward; dropout.rate 0 outside of training. */
typedef struct sid__tiger_pass {
    const sid__tiger_net *net;
    sid__params *params;
    sid__tape *tape;
    sid__dropout dropout;
    uint32_t dropout_layer; /* of the next dropout */
} sid__tiger_pass;

/* Tokens of a layout to hidden states (T, D), after the last norm. What points to numbers must outlive the tape's memory. */
sid__value *sid__tiger_encode(sid__tiger_pass *pass, const int32_t *token, const sid__ragged *sequences);
/* decoded: tokens of sequence s look at the rows of `memory` (Tk, D) that `encoded` gives to s. */
sid__value *sid__tiger_decode(sid__tiger_pass *pass, const int32_t *token, const sid__ragged *decoded,
                              sid__value *memory, const sid__ragged *encoded);
/* Logits of a level, of rows (N, D) of the decoder's hidden states. */
sid__value *sid__tiger_logits(const sid__tiger_pass *pass, sid__value *hidden, int level);

/* ---- The steps of a decoder's layer, for the forward and for the one with caches ---- */

/* Keys and values (Tk, 2 H dh) of what the encoder gave. */
sid__value *sid__tiger_cross_kv(const sid__tiger_pass *pass, int layer, sid__value *memory);
/* q | k | v (N, 3 H dh) of rows x. */
sid__value *sid__tiger_qkv(const sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x);
/* x + what attention gave, through `out`. */
sid__value *sid__tiger_after_attention(sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x,
                                       sid__value *attended);
/* Queries (N, H dh) of cross attention, and x + what that gave; then feed-forward. */
sid__value *sid__tiger_cross_q(const sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x);
sid__value *sid__tiger_after_cross(sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x,
                                   sid__value *attended);
sid__value *sid__tiger_feed(sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x);
sid__value *sid__tiger_last_norm(sid__tiger_pass *pass, const sid__tiger_stack *stack, sid__value *x);

#endif
