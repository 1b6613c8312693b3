/* bert_model.h: a whole BERT model: weights, vocabulary and the rules for text. It comes from a folder as Hugging Face lays
 * them out (config.json, vocab.txt, model.safetensors, tokenizer_config.json where there is one), or from the tensors that a
 * catalogue keeps of it.
 */
#ifndef SEMID_EMBED_BERT_MODEL_H
#define SEMID_EMBED_BERT_MODEL_H

#include "base/strbuf.h"
#include "embed/bert_weights.h"

/* Zero-initialised is empty. */
typedef struct sid__bert_model {
    sid__bert_weights weights;
    sid__bert_text_rules rules;
    sid__bert_vocab vocab;
    sid__strbuf config_text, rules_text, vocab_text; /* the files' bytes, which a catalogue keeps */
} sid__bert_model;

/* SID_EUSAGE: no folder; SID_EIO, SID_EDATA name the file. */
sid_status sid__bert_model_read(sid_ctx *ctx, const char *folder, sid__bert_model *out, sid_error *err);
/* From tensors, without a context: no memory limit. */
sid_status sid__bert_model_load(const sid__tensor_set *set, sid__bert_model *out, sid_error *err);
/* Tensors bert.config, bert.tokenizer_config, bert.vocab (U8) and those of bert_weights.h. */
sid_status sid__bert_model_save(const sid__bert_model *model, sid__tensor_set *set, sid_error *err);
void sid__bert_model_drop(sid__bert_model *model);

/* Lines "SHA-256  name" of the folder's files, for who keeps its path only. */
sid_status sid__bert_folder_hashes(const char *folder, sid__strbuf *out, sid_error *err);

#endif
