/* label_terms.c: see label_terms.h.
 *
 * Candidates are words and adjacent pairs in at least a fifth, and at least two, of a class's items. A pair whose score is
 * at least half that of its better word says more than the word and stands in for both; where two pairs share a word, the
 * one with the higher score does. Counts are whole numbers and ties go by the words' bytes, so neither the order of the
 * rows nor that of the siblings can matter.
 *
 * Departure: among few siblings the score alone likes "for" and "the". A word is telling when it is no particle and its
 * share here is at least that in the siblings, and three times that in the rest of the catalogue; terms that are not go last, and
 * make no pairs
 * (docs/decisions/016-labels-and-versions.md).
 */
#include "sid/label_terms.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/scalar.h"

enum { SHARE_DIVISOR = 5, ITEMS_MIN = 2 };
static const double pair_part = .5, overall_factor = 3;

double sid__label_score(int64_t count, int64_t class_tokens, double mean_tokens, int64_t total)
{
    return (double)count / (double)class_tokens * sid__log(1 + mean_tokens / (double)total);
}

/* ---- Counts of a class -------------------------------------------------------------------------------------------- */

/* The words of the item at `place` of the order: token[*begin] .. token[*end - 1]. */
static const int32_t *item_tokens(const sid__label_terms *s, int64_t place, int64_t *count)
{
    const int64_t *start = s->tokens->start + s->order[place];
    *count = start[1] - start[0];
    return s->tokens->token ? s->tokens->token + start[0] : NULL; /* NULL: no item has a word */
}

static void count_words(sid__label_terms *s, sid__label_class *child)
{
    child->tokens = 0;
    for (int64_t place = child->begin; place < child->end; place++) {
        int64_t count;
        const int32_t *token = item_tokens(s, place, &count);
        for (int64_t i = 0; i < count; i++) {
            int32_t word = token[i];
            if (word == SID__LABEL_GAP)
                continue;
            child->tokens++;
            if (s->count[word]++ == 0)
                s->touched[s->touched_count++] = word;
            s->items[word] += s->last_item[word] != place;
            s->last_item[word] = place;
        }
    }
}

static void forget_words(sid__label_terms *s)
{
    for (int64_t i = 0; i < s->touched_count; i++) {
        int32_t word = s->touched[i];
        s->count[word] = s->items[word] = 0;
        s->last_item[word] = -1;
    }
    s->touched_count = 0;
}

static bool is_candidate(int64_t items, const sid__label_class *child)
{
    return items >= ITEMS_MIN && SHARE_DIVISOR * items >= child->end - child->begin;
}

/* Whether `count` of the class's `tokens` are more than `factor` times as many as `elsewhere` of the rest's. */
static bool is_more(int64_t count, int64_t tokens, int64_t elsewhere, int64_t rest, double factor)
{
    return (double)count * (double)rest >= factor * (double)elsewhere * (double)tokens;
}

static bool is_telling(const sid__label_terms *s, const sid__label_class *child, int32_t word)
{
    int64_t count = s->count[word], tokens = child->tokens;
    return !s->is_particle[word] &&
           is_more(count, tokens, s->overall[word] - count, s->overall_tokens - tokens, overall_factor) &&
           is_more(count, tokens, s->total[word] - count, s->parent_tokens - tokens, 1);
}

static bool is_pair_word(const sid__label_terms *s, const sid__label_class *child, int32_t word)
{
    return word >= 0 && is_candidate(s->items[word], child) && is_telling(s, child, word);
}

/* Pairs of telling words that are candidates: no other pair can be one. */
static sid_status count_pairs(sid__label_terms *s, const sid__label_class *child, sid_error *err)
{
    sid__pair_table_clear(&s->pairs);
    for (int64_t place = child->begin; place < child->end; place++) {
        int64_t count;
        const int32_t *token = item_tokens(s, place, &count);
        for (int64_t i = 0; i + 1 < count; i++) {
            sid__pair_count *pair = NULL;
            if (token[i] == token[i + 1] || !is_pair_word(s, child, token[i]) || !is_pair_word(s, child, token[i + 1]))
                continue;
            SID_TRY(sid__pair_table_add(&s->pairs, sid__pair_key(token[i], token[i + 1]), &pair, err));
            pair->count++;
            pair->items += pair->last_item != place;
            pair->last_item = place;
        }
    }
    return SID_OK;
}

static sid_status push_term(sid__label_terms *s, const sid__label_term *term, sid_error *err)
{
    SID_TRY(sid__grow(&s->term, &s->term_capacity, s->term_count + 1, sizeof *s->term, "terms of labels", err));
    s->term[s->term_count++] = *term;
    return SID_OK;
}

/* Candidates of one class, not scored; its pairs join all_pairs. */
static sid_status find_candidates(sid__label_terms *s, sid__label_class *child, sid_error *err)
{
    child->term = s->term_count;
    for (int64_t i = 0; i < s->touched_count; i++) {
        int32_t word = s->touched[i];
        const sid__label_term term = {
            .first = word, .second = -1, .count = s->count[word], .is_telling = is_telling(s, child, word)};
        if (is_candidate(s->items[word], child))
            SID_TRY(push_term(s, &term, err));
    }
    if (s->term_count > child->term)
        SID_TRY(count_pairs(s, child, err));
    for (int64_t i = 0; s->term_count > child->term && i < s->pairs.used_count; i++) {
        const sid__pair_count *pair = &s->pairs.slot[s->pairs.used[i]];
        sid__pair_count *all = NULL;
        if (!is_candidate(pair->items, child))
            continue;
        SID_TRY(sid__pair_table_add(&s->all_pairs, pair->key, &all, err));
        const sid__label_term term = {.first = sid__pair_first(pair->key),
                                      .second = sid__pair_second(pair->key),
                                      .count = pair->count,
                                      .is_telling = true};
        SID_TRY(push_term(s, &term, err));
    }
    child->term_count = s->term_count - child->term;
    return SID_OK;
}

/* ---- Scores ------------------------------------------------------------------------------------------------------- */

static void count_all_pairs(sid__label_terms *s, int64_t begin, int64_t end)
{
    for (int64_t place = begin; place < end && s->all_pairs.used_count > 0; place++) {
        int64_t count;
        const int32_t *token = item_tokens(s, place, &count);
        for (int64_t i = 0; i + 1 < count; i++) {
            sid__pair_count *pair = token[i] < 0 || token[i + 1] < 0
                                        ? NULL
                                        : sid__pair_table_find(&s->all_pairs, sid__pair_key(token[i], token[i + 1]));
            if (pair)
                pair->count++;
        }
    }
}

static int compare_words(const sid__label_terms *s, int32_t a, int32_t b)
{
    if (a == b || a < 0 || b < 0)
        return (a >= 0) - (b >= 0);
    return strcmp(s->tokens->word[a], s->tokens->word[b]);
}

/* Whether a goes before b. No two terms are equal. */
static bool goes_before(const sid__label_terms *s, const sid__label_term *a, const sid__label_term *b)
{
    if (a->is_telling != b->is_telling)
        return a->is_telling;
    if (a->rank != b->rank)
        return a->rank > b->rank;
    int order = compare_words(s, a->first, b->first);
    return order ? order < 0 : compare_words(s, a->second, b->second) < 0;
}

/* Merge sort: qsort has no context. */
static void sort_terms(const sid__label_terms *s, sid__label_term *term, int64_t count, sid__label_term *scratch)
{
    if (count < 2)
        return;
    int64_t half = count / 2, left = 0, right = half;
    sort_terms(s, term, half, scratch);
    sort_terms(s, term + half, count - half, scratch);
    memcpy(scratch, term, (size_t)count * sizeof *term);
    for (int64_t at = 0; at < count; at++) {
        bool is_left = left < half && (right == count || goes_before(s, &scratch[left], &scratch[right]));
        term[at] = is_left ? scratch[left++] : scratch[right++];
    }
}

/* s->last_item is free by now: it holds the place of a word's own term, or -1. */
static double word_score(const sid__label_terms *s, const sid__label_term *term, int32_t word)
{
    return term[s->last_item[word]].score;
}

/* Pairs take the place of their words. A pair that does not loses its rank, and so does a word that has been replaced. */
static void replace_words(sid__label_terms *s, sid__label_term *term, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (term[i].second < 0)
            s->last_item[term[i].first] = i;
    for (int64_t i = 0; i < count; i++) {
        sid__label_term *pair = &term[i];
        if (pair->second < 0)
            continue;
        double first = word_score(s, term, pair->first), second = word_score(s, term, pair->second);
        double better = first > second ? first : second;
        sid__label_term *a = &term[s->last_item[pair->first]], *b = &term[s->last_item[pair->second]];
        bool is_free = a->rank >= 0 && b->rank >= 0;
        pair->rank = is_free && pair->score >= pair_part * better ? (pair->score > better ? pair->score : better) : -1;
        if (pair->rank >= 0)
            a->rank = b->rank = -1;
    }
    for (int64_t i = 0; i < count; i++)
        if (term[i].second < 0)
            s->last_item[term[i].first] = -1;
}

static sid_status score_class(sid__label_terms *s, sid__label_class *child, double mean_tokens, sid_error *err)
{
    if (child->term_count == 0)
        return SID_OK; /* there may be no terms at all */
    sid__label_term *term = s->term + child->term;
    int64_t kept = 0;
    SID_TRY(sid__grow(&s->sorting, &s->sorting_capacity, child->term_count, sizeof *s->sorting, "terms", err));
    for (int64_t i = 0; i < child->term_count; i++) {
        bool is_pair = term[i].second >= 0;
        int64_t total = is_pair
                            ? sid__pair_table_find(&s->all_pairs, sid__pair_key(term[i].first, term[i].second))->count
                            : s->total[term[i].first];
        term[i].rank = term[i].score = sid__label_score(term[i].count, child->tokens, mean_tokens, total);
    }
    sort_terms(s, term, child->term_count, s->sorting);
    replace_words(s, term, child->term_count);
    for (int64_t i = 0; i < child->term_count; i++)
        if (term[i].rank >= 0)
            term[kept++] = term[i];
    child->term_count = kept;
    sort_terms(s, term, kept, s->sorting);
    return SID_OK;
}

/* ---- A parent ----------------------------------------------------------------------------------------------------- */

/* The words of the parent into `total`, or with sign -1 out of it again; gives how many. */
static int64_t count_total(sid__label_terms *s, int64_t begin, int64_t end, int64_t sign)
{
    int64_t tokens = 0;
    for (int64_t place = begin; place < end; place++) {
        int64_t count;
        const int32_t *token = item_tokens(s, place, &count);
        for (int64_t i = 0; i < count; i++)
            if (token[i] >= 0) {
                s->total[token[i]] += sign;
                tokens++;
            }
    }
    return tokens;
}

static sid_status find_all_candidates(sid__label_terms *s, sid__label_class *child, int64_t count, sid_error *err)
{
    s->term_count = 0;
    sid__pair_table_clear(&s->all_pairs);
    for (int64_t c = 0; c < count; c++) {
        assert(s->touched_count == 0);
        count_words(s, &child[c]);
        sid_status status = find_candidates(s, &child[c], err);
        forget_words(s);
        SID_TRY(status);
    }
    return SID_OK;
}

static sid_status find_terms(sid__label_terms *s, sid__label_class *child, int64_t count, sid_error *err)
{
    SID_TRY(find_all_candidates(s, child, count, err));
    count_all_pairs(s, child[0].begin, child[count - 1].end);
    for (int64_t c = 0; c < count; c++)
        SID_TRY(score_class(s, &child[c], (double)s->parent_tokens / (double)count, err));
    return SID_OK;
}

sid_status sid__label_terms_find(sid__label_terms *s, sid__label_class *child, int64_t count, sid_error *err)
{
    if (count == 0)
        return SID_OK;
    s->parent_tokens = count_total(s, child[0].begin, child[count - 1].end, 1);
    sid_status status = find_terms(s, child, count, err);
    (void)count_total(s, child[0].begin, child[count - 1].end, -1);
    return status;
}

/* English ones; in other languages the counts must do. Numbers of digits alone say no more. */
static bool is_particle(const char *word)
{
    if (!word[strspn(word, "0123456789")])
        return true;
    static const char *const particle[] = {"an",  "and", "are", "as",   "at",   "be",   "by",  "for",  "from",
                                           "has", "if",  "in",  "into", "is",   "it",   "its", "no",   "not",
                                           "of",  "on",  "or",  "so",   "than", "that", "the", "this", "to",
                                           "up",  "via", "was", "with", "you",  "your"};
    for (size_t i = 0; i < sizeof particle / sizeof *particle; i++)
        if (strcmp(word, particle[i]) == 0)
            return true;
    return false;
}

sid_status sid__label_terms_init(sid__label_terms *s, const sid__label_tokens *tokens, const int64_t *order,
                                 sid_error *err)
{
    size_t words = (size_t)tokens->word_count;
    *s = (sid__label_terms){.tokens = tokens, .order = order};
    SID_TRY(sid__alloc(&s->overall, words, sizeof *s->overall, "counts of words", err));
    SID_TRY(sid__alloc(&s->total, words, sizeof *s->total, "counts of words", err));
    SID_TRY(sid__alloc(&s->count, words, sizeof *s->count, "counts of words", err));
    SID_TRY(sid__alloc(&s->items, words, sizeof *s->items, "counts of words", err));
    SID_TRY(sid__alloc(&s->last_item, words, sizeof *s->last_item, "counts of words", err));
    SID_TRY(sid__alloc(&s->touched, words, sizeof *s->touched, "counts of words", err));
    SID_TRY(sid__alloc(&s->is_particle, words, sizeof *s->is_particle, "words", err));
    for (size_t i = 0; i < words; i++) {
        s->last_item[i] = -1;
        s->is_particle[i] = is_particle(tokens->word[i]);
    }
    for (int64_t i = 0; i < tokens->token_count; i++)
        if (tokens->token[i] >= 0) {
            s->overall[tokens->token[i]]++;
            s->overall_tokens++;
        }
    return SID_OK;
}

void sid__label_terms_drop(sid__label_terms *s)
{
    sid__free(s->is_particle);
    sid__free(s->overall);
    sid__free(s->total);
    sid__free(s->count);
    sid__free(s->items);
    sid__free(s->last_item);
    sid__free(s->touched);
    sid__pair_table_drop(&s->pairs);
    sid__pair_table_drop(&s->all_pairs);
    sid__free(s->term);
    sid__free(s->sorting);
    *s = (sid__label_terms){0};
}
