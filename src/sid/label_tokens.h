/* label_tokens.h: the words of all items as numbers, item after item: what labels are made from (spec/quantizers.md §7).
 *
 * Words are cut as the encoder lsa cuts them. Texts of an item, and what commas, brackets and the like part, are kept
 * apart, so that no pair of neighbours spans two phrases.
 */
#ifndef SEMID_SID_LABEL_TOKENS_H
#define SEMID_SID_LABEL_TOKENS_H

#include "base/arena.h"
#include "embed/lsa_tokens.h"
#include "io/id_index.h"

enum { SID__LABEL_GAP = -1 }; /* between texts: no word */

/* Invariant: item i holds token[start[i]] .. token[start[i + 1] - 1], each below word_count or SID__LABEL_GAP; start has
 * item_count + 1 entries once there is an item. Zero-initialised is empty. */
typedef struct sid__label_tokens {
    const char **word; /* (word_count) distinct, in order of first use */
    int64_t word_count, word_capacity;
    int32_t *token;
    int64_t token_count, token_capacity;
    int64_t *start;
    int64_t item_count, item_capacity;
    sid__id_index index;
    sid__arena text;
    sid__tokenizer tokenizer;
} sid__label_tokens;

/* A text of the item that is being added. */
sid_status sid__label_tokens_add(sid__label_tokens *t, const char *text, sid_error *err);
/* The item is complete; the next texts belong to the next one. */
sid_status sid__label_tokens_end_item(sid__label_tokens *t, sid_error *err);
void sid__label_tokens_drop(sid__label_tokens *t);

#endif
