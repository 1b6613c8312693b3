/* lsa.h: latent semantic analysis (Deerwester et al., "Indexing by latent semantic analysis", 1990), the built-in text
 * encoder: tf-idf rows times the leading right singular vectors of the fitted items' matrix, to unit length.
 */
#ifndef SEMID_EMBED_LSA_H
#define SEMID_EMBED_LSA_H

#include "embed/encoder.h"
#include "embed/lsa_scan.h"

/* Field order and types follow the option table in lsa.c. */
typedef struct sid__lsa_options {
    int64_t dim, vocab, min_df, power;
    double max_df;
} sid__lsa_options;

/* Fitted and immutable. Every entry of v is a float's value, so that storing it as float32 changes no bit. */
typedef struct sid__lsa {
    sid__fields fields;
    sid__vocab vocab;
    int dim;
    double *sigma; /* (dim) singular values, falling */
    double *v;     /* (vocab.count, dim) */
} sid__lsa;

extern const sid__encoder_class sid__encoder_lsa;

sid_status sid__lsa_fit(sid_ctx *ctx, const sid_items *items, const char *fields, const sid__lsa_options *options,
                        uint64_t seed, sid__lsa *out, sid_error *err);
void sid__lsa_drop(sid__lsa *lsa);

#endif
