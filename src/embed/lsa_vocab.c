/* lsa_vocab.c: see lsa_vocab.h. Two open-addressed hash tables with linear probing: one that counts (a thread's own, then
 * merged: sums of whole numbers do not depend on order) and one that finds ids.
 */
#include "embed/lsa_vocab.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/scalar.h"

enum { CAPACITY_MIN = 1024, IDF_MAX = 100 };

/* FNV-1a, folded; only speed depends on it. */
static uint32_t hash_of(const char *text, int size)
{
    uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 1099511628211u;
    return (uint32_t)(hash ^ hash >> 32);
}

/* Bytes first, then the shorter one: the order of ids. */
static int compare_bytes(const char *a, int64_t a_size, const char *b, int64_t b_size)
{
    int order = memcmp(a, b, (size_t)(a_size < b_size ? a_size : b_size));
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

/* The word's slot, or the free one where it belongs. */
static sid__word *find_slot(const sid__word_count *words, const char *text, int32_t size, uint32_t hash)
{
    int64_t mask = words->capacity - 1;
    for (int64_t i = hash & mask;; i = (i + 1) & mask) {
        sid__word *word = &words->slot[i];
        if (!word->text || (word->hash == hash && word->size == size && memcmp(word->text, text, (size_t)size) == 0))
            return word;
    }
}

static sid_status widen(sid__word_count *words, sid_error *err)
{
    sid__word_count wider = {.capacity = words->capacity ? 2 * words->capacity : CAPACITY_MIN};
    if (2 * (words->count + 1) <= words->capacity)
        return SID_OK;
    SID_TRY(sid__alloc(&wider.slot, (size_t)wider.capacity, sizeof *wider.slot, "the words", err));
    for (int64_t i = 0; i < words->capacity; i++)
        if (words->slot[i].text)
            *find_slot(&wider, words->slot[i].text, words->slot[i].size, words->slot[i].hash) = words->slot[i];
    sid__free(words->slot);
    words->slot = wider.slot;
    words->capacity = wider.capacity;
    return SID_OK;
}

/* The word's slot, made when it is new, with df 0 and row -1. */
static sid_status find_or_make(sid__word_count *words, const char *text, int32_t size, uint32_t hash, sid__word **out,
                               sid_error *err)
{
    SID_TRY(widen(words, err));
    sid__word *word = find_slot(words, text, size, hash);
    if (!word->text) {
        char *copy = NULL;
        SID_TRY(sid__arena_text(&words->arena, text, (size_t)size, &copy, err));
        *word = (sid__word){.text = copy, .size = size, .hash = hash, .row = -1};
        words->count++;
    }
    *out = word;
    return SID_OK;
}

sid_status sid__word_count_add(sid__word_count *words, const char *text, int size, int64_t row, sid_error *err)
{
    sid__word *word = NULL;
    SID_TRY(find_or_make(words, text, size, hash_of(text, size), &word, err));
    word->df += word->row != row;
    word->row = row;
    return SID_OK;
}

sid_status sid__word_count_merge(sid__word_count *words, const sid__word_count *from, sid_error *err)
{
    for (int64_t i = 0; i < from->capacity; i++) {
        const sid__word *seen = &from->slot[i];
        sid__word *word = NULL;
        if (!seen->text)
            continue;
        SID_TRY(find_or_make(words, seen->text, seen->size, seen->hash, &word, err));
        word->df += seen->df;
    }
    return SID_OK;
}

void sid__word_count_drop(sid__word_count *words)
{
    sid__free(words->slot);
    sid__arena_drop(&words->arena);
    *words = (sid__word_count){0};
}

static int by_bytes(const void *a, const void *b)
{
    const sid__word *x = *(const sid__word *const *)a, *y = *(const sid__word *const *)b;
    return compare_bytes(x->text, x->size, y->text, y->size);
}

static int by_df(const void *a, const void *b)
{
    const sid__word *x = *(const sid__word *const *)a, *y = *(const sid__word *const *)b;
    return x->df != y->df ? (x->df < y->df) - (x->df > y->df) : by_bytes(a, b);
}

/* Says why no word is left, with the words nearest to the limits. */
static sid_status fail_empty(const sid__word_count *words, const sid__vocab_limits *limits, sid_error *err)
{
    const sid__word *most = NULL;
    for (int64_t i = 0; i < words->capacity; i++)
        if (words->slot[i].text && (!most || by_df(&(const sid__word *){&words->slot[i]}, &most) < 0))
            most = &words->slot[i];
    if (!most)
        return sid__fail(err, SID_EDATA,
                         "none of the %" PRId64 " items has a word in its text columns; give a column with text, or "
                         "vectors of your own",
                         limits->items);
    return sid__fail(err, SID_EDATA,
                     "no word stands in at least min_df=%" PRId64 " and at most max_df=%g of the %" PRId64
                     " items (the most frequent, \"%.*s\", stands in %" PRId64
                     "); lower min_df or raise max_df (--encoder-min-df, --encoder-max-df)",
                     limits->min_df, limits->max_df, limits->items, (int)most->size, most->text, most->df);
}

static sid_status make_table(sid__vocab *vocab, sid_error *err)
{
    vocab->capacity = CAPACITY_MIN;
    while (vocab->capacity < 2 * (int64_t)vocab->count)
        vocab->capacity *= 2;
    SID_TRY(sid__alloc(&vocab->slot, (size_t)vocab->capacity, sizeof *vocab->slot, "the vocabulary", err));
    for (int64_t i = 0; i < vocab->capacity; i++)
        vocab->slot[i] = -1;
    for (int32_t id = 0; id < vocab->count; id++) {
        int64_t mask = vocab->capacity - 1;
        int64_t i = hash_of(vocab->text + vocab->start[id], (int)(vocab->start[id + 1] - vocab->start[id] - 1)) & mask;
        while (vocab->slot[i] >= 0)
            i = (i + 1) & mask;
        vocab->slot[i] = id;
    }
    return SID_OK;
}

/* Room for `count` words of `size` bytes with their ends. */
static sid_status alloc_vocab(sid__vocab *vocab, int64_t count, int64_t size, sid_error *err)
{
    vocab->count = (int32_t)count;
    SID_TRY(sid__alloc(&vocab->start, (size_t)count + 1, sizeof *vocab->start, "the vocabulary", err));
    SID_TRY(sid__alloc(&vocab->text, (size_t)size, 1, "the vocabulary", err));
    return sid__alloc(&vocab->idf, (size_t)count, sizeof *vocab->idf, "the vocabulary", err);
}

/* `word` (count) in byte order; idf = ln((1 + N) / (1 + df)) + 1. */
static sid_status fill_vocab(sid__vocab *vocab, const sid__word *const *word, int64_t count, int64_t items,
                             sid_error *err)
{
    int64_t size = 0;
    for (int64_t i = 0; i < count; i++)
        size += word[i]->size + 1;
    SID_TRY(alloc_vocab(vocab, count, size, err));
    for (int64_t i = 0; i < count; i++) {
        char *at = vocab->text + vocab->start[i];
        memcpy(at, word[i]->text, (size_t)word[i]->size);
        at[word[i]->size] = '\n';
        vocab->start[i + 1] = vocab->start[i] + word[i]->size + 1;
        vocab->idf[i] = sid__log((1 + (double)items) / (1 + (double)word[i]->df)) + 1;
    }
    return make_table(vocab, err);
}

sid_status sid__vocab_choose(const sid__word_count *words, const sid__vocab_limits *limits, sid__vocab *out,
                             sid_error *err)
{
    const sid__word **kept = NULL;
    int64_t count = 0;
    SID_TRY(sid__alloc(&kept, (size_t)words->count, sizeof(const sid__word *), "the words", err));
    for (int64_t i = 0; i < words->capacity; i++) {
        const sid__word *word = &words->slot[i];
        if (word->text && word->df >= limits->min_df && (double)word->df <= limits->max_df * (double)limits->items)
            kept[count++] = word;
    }
    if (count > limits->words_max) {
        qsort(kept, (size_t)count, sizeof(const sid__word *), by_df);
        count = limits->words_max;
    }
    qsort(kept, (size_t)count, sizeof(const sid__word *), by_bytes);
    sid__vocab vocab = {0};
    sid_status status = count ? fill_vocab(&vocab, kept, count, limits->items, err) : fail_empty(words, limits, err);
    sid__free(kept);
    if (status == SID_OK)
        *out = vocab;
    else
        sid__vocab_drop(&vocab);
    return status;
}

/* Splits the stored text into words and checks their order. */
static sid_status split_words(sid__vocab *vocab, int64_t size, sid_error *err)
{
    for (int32_t id = 0; id < vocab->count; id++) {
        int64_t start = vocab->start[id];
        const char *end = start < size ? memchr(vocab->text + start, '\n', (size_t)(size - start)) : NULL;
        if (!end || end == vocab->text + start)
            return sid__fail(err, SID_EDATA,
                             "tensor lsa.vocab: word %d of %d is empty or missing at byte %" PRId64
                             "; the encoder file is damaged",
                             id, vocab->count, start);
        vocab->start[id + 1] = end - vocab->text + 1;
        int64_t before = id ? vocab->start[id - 1] : 0;
        if (id && compare_bytes(vocab->text + before, start - before - 1, vocab->text + start,
                                vocab->start[id + 1] - start - 1) >= 0)
            return sid__fail(
                err, SID_EDATA,
                "tensor lsa.vocab: word %d is not after word %d in byte order; the encoder file is damaged", id,
                id - 1);
    }
    if (vocab->start[vocab->count] != size)
        return sid__fail(err, SID_EDATA,
                         "tensor lsa.vocab holds %" PRId64 " bytes after its %d words; the encoder file is damaged",
                         size - vocab->start[vocab->count], vocab->count);
    return SID_OK;
}

static sid_status load_vocab(sid__vocab *vocab, const char *text, int64_t size, const double *idf, int64_t count,
                             sid_error *err)
{
    SID_TRY(alloc_vocab(vocab, count, size, err));
    memcpy(vocab->text, text, (size_t)size);
    memcpy(vocab->idf, idf, (size_t)count * sizeof *idf);
    SID_TRY(split_words(vocab, size, err));
    for (int64_t i = 0; i < count; i++)
        if (!(idf[i] >= 0 && idf[i] <= IDF_MAX))
            return sid__fail(err, SID_EDATA,
                             "tensor lsa.idf holds %g at %" PRId64 "; a number from 0 to %d is expected", idf[i], i,
                             IDF_MAX);
    return make_table(vocab, err);
}

sid_status sid__vocab_load(const char *text, int64_t size, const double *idf, int64_t count, sid__vocab *out,
                           sid_error *err)
{
    sid__vocab vocab = {0};
    if (count < 1 || count > INT32_MAX / 2)
        return sid__fail(err, SID_EDATA, "tensor lsa.idf holds %" PRId64 " words; 1 to %d are expected", count,
                         INT32_MAX / 2);
    sid_status status = load_vocab(&vocab, text, size, idf, count, err);
    if (status == SID_OK)
        *out = vocab;
    else
        sid__vocab_drop(&vocab);
    return status;
}

int32_t sid__vocab_find(const sid__vocab *vocab, const char *text, int size)
{
    int64_t mask = vocab->capacity - 1;
    for (int64_t i = hash_of(text, size) & mask;; i = (i + 1) & mask) {
        int32_t id = vocab->slot[i];
        if (id < 0)
            return -1;
        int64_t start = vocab->start[id];
        if (vocab->start[id + 1] - start - 1 == size && memcmp(vocab->text + start, text, (size_t)size) == 0)
            return id;
    }
}

void sid__vocab_drop(sid__vocab *vocab)
{
    sid__free(vocab->start);
    sid__free(vocab->text);
    sid__free(vocab->slot);
    sid__free(vocab->idf);
    *vocab = (sid__vocab){0};
}
