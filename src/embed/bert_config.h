/* bert_config.h: what config.json and tokenizer_config.json of a Hugging Face folder say of a BERT model. What would need
 * another computation is refused by name.
 */
#ifndef SEMID_EMBED_BERT_CONFIG_H
#define SEMID_EMBED_BERT_CONFIG_H

#include "embed/bert_vocab.h"

enum {
    SID__BERT_LAYERS_MAX = 256,
    SID__BERT_WIDTH_MAX = 16384,
    SID__BERT_INNER_MAX = 131072,
    SID__BERT_HEAD_MAX = 512,   /* dimensions of a head */
    SID__BERT_TOKENS_MAX = 512, /* of a text: one step of the depth in kernel/gemm_tile.h */
    SID__BERT_POSITIONS_MAX = 65536
};

/* Invariant: width == heads * head_size; each at least 1. */
typedef struct sid__bert_shape {
    int layers, width, heads, head_size, inner, vocab, positions, types;
    double epsilon; /* of layer normalisation, > 0 */
} sid__bert_shape;

typedef struct sid__bert_text_rules {
    sid__bert_rules split;
    sid__bert_specials specials;
} sid__bert_text_rules;

/* `path` is for messages. SID_EDATA. */
sid_status sid__bert_shape_parse(const char *bytes, size_t size, const char *path, sid__bert_shape *out,
                                 sid_error *err);
sid_status sid__bert_rules_parse(const char *bytes, size_t size, const char *path, sid__bert_text_rules *out,
                                 sid_error *err);
/* What sentence-transformers keeps in 1_Pooling/config.json: whether a text's vector is that of [CLS]. */
sid_status sid__bert_pooling_parse(const char *bytes, size_t size, const char *path, bool *is_cls, sid_error *err);

#endif
