/* lsa_row.h: one item's texts to a sparse row of unit length (spec/quantizers.md §1, step 4): the one way from text to
 * numbers, for fitting and for new texts alike, so that equal texts get equal vectors.
 *
 * A category path, "Beauty > Makeup > Nail Polish", gives the words of its parts and each part as one token ("nail
 * polish"), every token once however often it stands there.
 */
#ifndef SEMID_EMBED_LSA_ROW_H
#define SEMID_EMBED_LSA_ROW_H

#include "embed/lsa_fields.h"
#include "embed/lsa_tokens.h"
#include "embed/lsa_vocab.h"

typedef struct sid__term {
    int32_t id;
    int64_t tf; /* sum over fields of weight * count */
} sid__term;

/* A row and what is needed to make it. Zero-initialised is ready; one a thread. */
typedef struct sid__lsa_row {
    sid__tokenizer tokenizer;
    sid__term *term;
    int64_t term_count, term_capacity;
    int32_t *index; /* (count) rising ids */
    double *weight; /* (count) unit length together */
    int64_t count, index_capacity, weight_capacity;
} sid__lsa_row;

void sid__lsa_row_drop(sid__lsa_row *row);
/* Gives each token of one field's text to `emit`. */
sid_status sid__lsa_field_tokens(sid__tokenizer *t, const sid__field *field, const char *text, sid__token_fn *emit,
                                 void *user, sid_error *err);
/* text (fields->count), "" or NULL where there is none. row->count is 0 when no token is known. */
sid_status sid__lsa_row_make(sid__lsa_row *row, const sid__vocab *vocab, const sid__fields *fields,
                             const char *const *text, sid_error *err);

#endif
