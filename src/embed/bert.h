/* bert.h: the bert family of text encoders: sentence vectors by a pre-trained transformer of the BERT kind (Devlin et al.,
 * arXiv 1810.04805; mean of the token vectors as in Sentence-BERT, arXiv 1908.10084). Its weights come from a folder; fitting
 * reads them and learns nothing.
 */
#ifndef SEMID_EMBED_BERT_H
#define SEMID_EMBED_BERT_H

#include "embed/bert_forward.h"
#include "embed/bert_model.h"
#include "embed/encoder.h"
#include "embed/lsa_fields.h"

typedef struct sid__bert_options {
    char weights[SID__OPTION_TEXT_SIZE], prefix[SID__OPTION_TEXT_SIZE];
    int pool; /* sid__bert_pool */
    bool ref;
    int64_t max_tokens;
} sid__bert_options;

/* Fitted and immutable. */
typedef struct sid__bert {
    sid__bert_model model;
    sid__fields fields; /* their texts are joined; weights do not count */
    sid__strbuf hashes; /* of the folder's files, where a catalogue keeps its path only */
    int max_tokens;     /* a text's, [CLS] and [SEP] included */
    int prefix_tokens;  /* of the prefix alone: a text of no more has no words */
} sid__bert;

extern const sid__encoder_class sid__encoder_bert;

/* bert_encode.c */
sid_status sid__bert_encode(sid_ctx *ctx, const sid_encoder *e, const sid_items *items, float *out,
                            int64_t *no_text_count, sid_error *err);
sid_status sid__bert_encode_text(const sid_encoder *e, const char *text, float *out, sid_error *err);

#endif
