/* bert_weights.h: the weights of a BERT model, packed for products, and the tensors they come from: those of a Hugging Face
 * folder, with or without "bert." before their names, or those that a catalogue keeps, which have it.
 */
#ifndef SEMID_EMBED_BERT_WEIGHTS_H
#define SEMID_EMBED_BERT_WEIGHTS_H

#include "embed/bert_config.h"
#include "io/tensor_set.h"
#include "linalg/gemm.h"

/* Where a layer's vectors begin, in widths. */
enum {
    SID__BERT_QKV_BIAS = 0, /* query, key, value */
    SID__BERT_MIXED_BIAS = 3,
    SID__BERT_MIXED_GAIN = 4,
    SID__BERT_MIXED_SHIFT = 5,
    SID__BERT_DOWN_BIAS = 6,
    SID__BERT_DOWN_GAIN = 7,
    SID__BERT_DOWN_SHIFT = 8,
    SID__BERT_UP_BIAS = 9 /* (inner) */
};

typedef enum sid__bert_product {
    SID__BERT_QKV,   /* (3 width, width): queries, keys and values from one product */
    SID__BERT_MIXED, /* (width, width) */
    SID__BERT_UP,    /* (inner, width) */
    SID__BERT_DOWN,  /* (width, inner) */
    SID__BERT_PRODUCT_COUNT
} sid__bert_product;

typedef struct sid__bert_layer {
    sid__gemm_packed product[SID__BERT_PRODUCT_COUNT];
    float *vector; /* (9 width + inner) */
} sid__bert_layer;

/* Zero-initialised is empty. All weights are finite. */
typedef struct sid__bert_weights {
    sid__bert_shape shape;
    float *word;            /* (vocab, width) */
    float *position;        /* (positions, width) */
    float *type;            /* (types, width); the first row is used */
    float *gain, *shift;    /* (width) of the norm of their sum */
    sid__bert_layer *layer; /* (layers) */
} sid__bert_weights;

/* Bytes that the weights of this shape take. */
size_t sid__bert_weights_size(const sid__bert_shape *shape);
/* `path` is for messages. SID_EDATA names the tensor that is missing, of another shape or type, or not finite. */
sid_status sid__bert_weights_load(const sid_ctx *ctx, const sid__bert_shape *shape, const sid__tensor_set *set,
                                  const char *path, sid__bert_weights *out, sid_error *err);
/* Adds the tensors as they were, in F32. */
sid_status sid__bert_weights_save(const sid__bert_weights *weights, sid__tensor_set *set, sid_error *err);
void sid__bert_weights_drop(sid__bert_weights *weights);

#endif
