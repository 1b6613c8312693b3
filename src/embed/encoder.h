/* encoder.h: what every text encoder is. encoder_registry.c lists them. A fitted encoder is immutable. */
#ifndef SEMID_EMBED_ENCODER_H
#define SEMID_EMBED_ENCODER_H

#include "base/ctx.h"
#include "base/options.h"
#include "io/tensor_set.h"

typedef struct sid__encoder_class sid__encoder_class;

struct sid_encoder {
    const sid__encoder_class *family;
    void *family_options;
    uint64_t seed;
    char fields[SID__OPTION_TEXT_SIZE]; /* as given; "": default */
    char fingerprint[64];
    int dim;
    void *state;
};

struct sid__encoder_class {
    sid_family info;
    size_t options_size;
    sid_status (*fit)(sid_ctx *ctx, sid_encoder *e, const sid_items *items, sid_error *err); /* sets dim and state */
    /* out (count, dim); *no_text_count counts zero vectors. */
    sid_status (*encode)(sid_ctx *ctx, const sid_encoder *e, const sid_items *items, float *out, int64_t *no_text_count,
                         sid_error *err);
    sid_status (*encode_text)(const sid_encoder *e, const char *text, float *out, sid_error *err);
    /* Appends the words of the text that say nothing to the encoder, "foo, bar"; NULL: it has no words of its own. */
    sid_status (*unknown_words)(const sid_encoder *e, const char *text, sid__strbuf *out, sid_error *err);
    sid_status (*save)(const sid_encoder *e, sid__tensor_set *set, sid_error *err);
    sid_status (*load)(sid_encoder *e, const sid__tensor_set *set, sid_error *err);
    void (*drop)(sid_encoder *e);
    void (*fingerprint)(char *text, size_t size); /* see sid__encoder_fingerprint */
};

extern const sid__encoder_class *const sid__encoder_registry[];
extern const int sid__encoder_registry_count;

sid_status sid__encoder_save(const sid_encoder *e, sid__tensor_set *set, sid_error *err);
/* name, fields, options text and seed as the manifest keeps them. */
sid_status sid__encoder_load(const sid_encoder_options *options, const sid__tensor_set *set, sid_encoder **out,
                             sid_error *err);
sid_status sid__encoder_options_text(const sid_encoder *e, sid__strbuf *out, sid_error *err);
/* What the encoder's output depends on beside its tensors, e.g. "lsa/1 utf8proc 2.8.0"; the manifest keeps it and open
 * warns when it differs. */
const char *sid__encoder_fingerprint(const sid_encoder *e);

#endif
