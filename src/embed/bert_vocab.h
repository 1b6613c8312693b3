/* bert_vocab.h: the pieces that a BERT model knows (vocab.txt: the piece of line n has id n - 1), and text as ids of pieces:
 * greedy longest match, "##" before what goes on a word (WordPiece, Wu et al., arXiv 1609.08144).
 */
#ifndef SEMID_EMBED_BERT_VOCAB_H
#define SEMID_EMBED_BERT_VOCAB_H

#include "embed/bert_words.h"
#include "io/id_index.h"

enum { SID__BERT_VOCAB_MAX = 4000000 /* the largest in use has 501,153 */ };

/* Zero-initialised is empty; ids are 0 .. count - 1. */
typedef struct sid__bert_vocab {
    char *text; /* what piece points into */
    const char **piece;
    int count;
    sid__id_index index;
    int cls, sep, unk;
} sid__bert_vocab;

/* The names of the three tokens with a meaning of their own. */
typedef struct sid__bert_specials {
    char cls[64], sep[64], unk[64];
} sid__bert_specials;

/* From the bytes of vocab.txt; `path` is for messages. SID_EDATA: a piece twice, a special token missing, not UTF-8. */
sid_status sid__bert_vocab_parse(const char *bytes, size_t size, const char *path, const sid__bert_specials *specials,
                                 sid__bert_vocab *out, sid_error *err);
void sid__bert_vocab_drop(sid__bert_vocab *vocab);
/* The id of a piece, or -1. */
int sid__bert_vocab_find(const sid__bert_vocab *vocab, const char *piece);

/* Ids of "[CLS] text [SEP]" into out, at most `most` >= 2: pieces past that are cut off. Gives their number; 2 is a text
 * without words. */
int sid__bert_tokenize(const sid__bert_vocab *vocab, const sid__bert_rules *rules, const char *text, size_t size,
                       int most, int32_t *out);

#endif
