/* lsa_vocab.h: counting words, and the vocabulary chosen from them (spec/quantizers.md §1, step 3). */
#ifndef SEMID_EMBED_LSA_VOCAB_H
#define SEMID_EMBED_LSA_VOCAB_H

#include "base/arena.h"

typedef struct sid__word {
    const char *text; /* not zero-terminated; NULL: a free slot */
    int32_t size;
    uint32_t hash;
    int64_t df;  /* items that hold it */
    int64_t row; /* the item that was counted last */
} sid__word;

/* Words with the number of items that hold them. Zero-initialised is empty. Invariant: 2 * count <= capacity, a power of
 * two or 0. */
typedef struct sid__word_count {
    sid__word *slot;
    int64_t count, capacity;
    sid__arena arena;
} sid__word_count;

/* Counts the word once for each new row; a row's words come together. */
sid_status sid__word_count_add(sid__word_count *words, const char *text, int size, int64_t row, sid_error *err);
/* Adds what `from` counted; the two saw different rows. */
sid_status sid__word_count_merge(sid__word_count *words, const sid__word_count *from, sid_error *err);
void sid__word_count_drop(sid__word_count *words);

/* The chosen words: ids 0.. in byte order. Invariant: word i is text[start[i]] .. text[start[i + 1] - 2], then '\n'. */
typedef struct sid__vocab {
    int32_t count;
    int64_t *start; /* (count + 1) */
    char *text;
    int32_t *slot; /* hash table of ids, -1: free */
    int64_t capacity;
    double *idf; /* (count) */
} sid__vocab;

typedef struct sid__vocab_limits {
    int64_t items, words_max, min_df;
    double max_df; /* share of items */
} sid__vocab_limits;

/* Words with min_df <= df <= max_df * items; above words_max those of the highest df, ties by bytes. SID_EDATA when none
 * is left. */
sid_status sid__vocab_choose(const sid__word_count *words, const sid__vocab_limits *limits, sid__vocab *out,
                             sid_error *err);
/* From stored words ('\n' after each, rising bytes) and idf (count); SID_EDATA names what is wrong. */
sid_status sid__vocab_load(const char *text, int64_t size, const double *idf, int64_t count, sid__vocab *out,
                           sid_error *err);
/* The word's id, or -1. */
int32_t sid__vocab_find(const sid__vocab *vocab, const char *text, int size);
void sid__vocab_drop(sid__vocab *vocab);

#endif
