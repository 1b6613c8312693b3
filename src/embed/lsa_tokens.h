/* lsa_tokens.h: text to tokens (spec/quantizers.md §1, steps 1 and 2).
 *
 * Text is brought to composed form (NFC) and simple lower case. A token is a maximal run of letters, marks and decimal
 * digits. Scripts without spaces between words (Han, Kana, Hangul, Thai, Lao, Khmer, Burmese) are cut out of a run into
 * overlapping pairs of characters; a lone character is itself. Other tokens of one character, or of more than
 * SID__TOKEN_CHARS, are dropped. A sequence that is not UTF-8 separates and is counted.
 */
#ifndef SEMID_EMBED_LSA_TOKENS_H
#define SEMID_EMBED_LSA_TOKENS_H

#include "base/mem.h"

enum {
    SID__TOKEN_CHARS = 40,                  /* longer runs are identifiers or noise, not words */
    SID__PHRASE_CHARS = 120,                /* of a whole category name */
    SID__TOKEN_SIZE = SID__PHRASE_CHARS * 4 /* bytes */
};

typedef sid_status sid__token_fn(void *user, const char *token, int size, sid_error *err);

/* Zero-initialised is ready; one a thread. */
typedef struct sid__tokenizer {
    int32_t *code; /* the text's code points, then the composed and lowered ones */
    int64_t capacity;
    int64_t bad_count; /* sequences that were not UTF-8, over all calls */
    char bytes[SID__TOKEN_SIZE];
} sid__tokenizer;

void sid__tokenizer_drop(sid__tokenizer *t);

/* Gives each token of the text to `emit`, in order; they last until it returns. */
sid_status sid__tokenize(sid__tokenizer *t, const char *text, size_t size, sid__token_fn *emit, void *user,
                         sid_error *err);

/* The runs of the text joined by one space: "Nail  Polish!" gives "nail polish", a token that no plain text gives.
 * Nothing when there is no run or more than SID__PHRASE_CHARS characters. */
sid_status sid__tokenize_phrase(sid__tokenizer *t, const char *text, size_t size, sid__token_fn *emit, void *user,
                                sid_error *err);

#endif
