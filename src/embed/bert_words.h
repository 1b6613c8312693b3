/* bert_words.h: text to words as BERT's tokenizer splits it (spec/quantizers.md §1): control characters out, spaces round Han
 * characters and punctuation, lower case and no accents where the model wants it.
 */
#ifndef SEMID_EMBED_BERT_WORDS_H
#define SEMID_EMBED_BERT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SID__BERT_WORD_CHARS = 100, /* longer words are unknown */
    SID__BERT_WORD_ROOM = 2,    /* bytes before a word that its reader may write to: "##" */
    SID__BERT_WORD_SIZE = SID__BERT_WORD_ROOM + 4 * SID__BERT_WORD_CHARS + 1
};

typedef struct sid__bert_rules {
    bool is_lower, strips_accents, splits_han;
} sid__bert_rules;

/* bytes[size] is 0 and may be written to, as may the SID__BERT_WORD_ROOM bytes before. is_long: over
 * SID__BERT_WORD_CHARS characters, of which bytes holds the first. False: no more words are wanted. */
typedef bool sid__bert_word_fn(void *user, char *bytes, int size, bool is_long);

/* Gives each word of the text to `emit`, in order. What is not UTF-8 is left out, as control characters are. */
void sid__bert_split(const sid__bert_rules *rules, const char *text, size_t size, sid__bert_word_fn *emit, void *user);

#endif
