/* cold.h: items that nothing trained, in lists that are generated. A model that writes SIDs has seen codes of such items as
 * parts of others, but hardly ever ranks them among its best: what followed in training was never one of them.
 *
 *   quota=n   n of the k places are for them: the best n by the model's own score, searched for in the trie of cold items alone
 *   rerank    the best 2 k generated and all cold items, ordered by likeness: the cosine with the history's vectors, each item
 *             before counting 0.4 of the one behind it
 */
#ifndef SEMID_DECODE_COLD_H
#define SEMID_DECODE_COLD_H

#include "decode/decode.h"

/* Vectors by row of items: (count, dim) unit or zero; rows beyond have none. */
typedef struct sid__row_vectors {
    const float *x;
    int64_t count;
    int dim;
} sid__row_vectors;

/* "quota=3", "rerank"; NULL: none. SID_EUSAGE. */
sid_status sid__cold_parse(const char *text, int64_t k, sid__cold *out, sid_error *err);
/* As sid__decode, by options->cold. `vectors` (x NULL: none) are for rerank; SID_EUSAGE where it has none. */
sid_status sid__decode_cold(sid_ctx *ctx, const sid_model *m, const sid__decode_options *options,
                            const sid__row_vectors *vectors, const sid__question *question, int64_t count,
                            sid__answer *answer, sid_error *err);

#endif
