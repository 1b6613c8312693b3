/* label_terms.h: which words and pairs of words tell a class of items from its siblings: c-TF-IDF (Grootendorst,
 * "BERTopic", 2203.05794) over the children of one prefix (spec/quantizers.md §7).
 */
#ifndef SEMID_SID_LABEL_TERMS_H
#define SEMID_SID_LABEL_TERMS_H

#include "sid/label_tokens.h"
#include "sid/pair_table.h"

/* A word, or two that stand side by side. */
typedef struct sid__label_term {
    int32_t first, second; /* numbers of words; second -1: one word alone */
    int64_t count;         /* in the class */
    double score;
    double rank;     /* what terms are ordered by: a pair stands where its better word stood */
    bool is_telling; /* more frequent here than elsewhere */
} sid__label_term;

/* One child: the items order[begin] .. order[end - 1]. */
typedef struct sid__label_class {
    int64_t begin, end;
    int64_t tokens;           /* words in its items */
    int64_t term, term_count; /* its terms, best first, in sid__label_terms.term */
} sid__label_class;

/* Scratch for many parents, and the terms of the last one. Zero-initialised, then sid__label_terms_init. */
typedef struct sid__label_terms {
    const sid__label_tokens *tokens;
    const int64_t *order;
    bool *is_particle; /* (word_count) says nothing of its own */
    int64_t *overall;  /* (word_count) counts over the catalogue */
    int64_t overall_tokens;
    int64_t *total;                     /* (word_count) counts over the parent */
    int64_t *count, *items, *last_item; /* (word_count) over one class */
    int64_t parent_tokens;
    int32_t *touched; /* (word_count) words of the class; first those of the parent */
    int64_t touched_count;
    sid__pair_table pairs, all_pairs; /* of a class; of all classes, counted over the parent */
    sid__label_term *term;
    int64_t term_count, term_capacity;
    sid__label_term *sorting;
    int64_t sorting_capacity;
} sid__label_terms;

sid_status sid__label_terms_init(sid__label_terms *s, const sid__label_tokens *tokens, const int64_t *order,
                                 sid_error *err);
/* The terms of each of the `count` children of one parent; forgets those of the parent before. */
sid_status sid__label_terms_find(sid__label_terms *s, sid__label_class *child, int64_t count, sid_error *err);
void sid__label_terms_drop(sid__label_terms *s);

/* f ln(1 + A / F): f the term's share of the class's words, A the mean words of a sibling, F the term's count over all
 * siblings. */
double sid__label_score(int64_t count, int64_t class_tokens, double mean_tokens, int64_t total);

#endif
