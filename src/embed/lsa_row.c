/* lsa_row.c: see lsa_row.h. */
#include "embed/lsa_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/scalar.h"

void sid__lsa_row_drop(sid__lsa_row *row)
{
    sid__tokenizer_drop(&row->tokenizer);
    sid__free(row->term);
    sid__free(row->index);
    sid__free(row->weight);
    *row = (sid__lsa_row){0};
}

sid_status sid__lsa_field_tokens(sid__tokenizer *t, const sid__field *field, const char *text, sid__token_fn *emit,
                                 void *user, sid_error *err)
{
    if (!field->is_path)
        return sid__tokenize(t, text, strlen(text), emit, user, err);
    while (*text) {
        const char *end = strstr(text, SID__PATH_SEPARATOR);
        size_t size = end ? (size_t)(end - text) : strlen(text);
        SID_TRY(sid__tokenize(t, text, size, emit, user, err));
        SID_TRY(sid__tokenize_phrase(t, text, size, emit, user, err));
        text += size + (end ? strlen(SID__PATH_SEPARATOR) : 0);
    }
    return SID_OK;
}

typedef struct collector {
    sid__lsa_row *row;
    const sid__vocab *vocab;
    int weight;
} collector;

static sid_status collect(void *user, const char *token, int size, sid_error *err)
{
    collector *to = user;
    sid__lsa_row *row = to->row;
    int32_t id = sid__vocab_find(to->vocab, token, size);
    if (id < 0)
        return SID_OK;
    SID_TRY(sid__grow(&row->term, &row->term_capacity, row->term_count + 1, sizeof *row->term, "a text's words", err));
    row->term[row->term_count++] = (sid__term){id, to->weight};
    return SID_OK;
}

static int by_id(const void *a, const void *b)
{
    const sid__term *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id); /* equal ids are summed or alike: their order does not matter */
}

/* Sorts the terms from `start` on by id and makes equal ids one: their sum, or the first alone. */
static void merge_terms(sid__lsa_row *row, int64_t start, bool is_sum)
{
    int64_t kept = start;
    qsort(row->term + start, (size_t)(row->term_count - start), sizeof *row->term, by_id);
    for (int64_t i = start; i < row->term_count; i++) {
        if (kept == start || row->term[kept - 1].id != row->term[i].id)
            row->term[kept++] = row->term[i];
        else if (is_sum)
            row->term[kept - 1].tf += row->term[i].tf;
    }
    row->term_count = kept;
}

/* a_t = (1 + ln tf) idf, then to unit length. */
static sid_status weigh(sid__lsa_row *row, const sid__vocab *vocab, sid_error *err)
{
    double square = 0;
    row->count = row->term_count;
    SID_TRY(sid__grow(&row->index, &row->index_capacity, row->count, sizeof *row->index, "a text's words", err));
    SID_TRY(sid__grow(&row->weight, &row->weight_capacity, row->count, sizeof *row->weight, "a text's words", err));
    for (int64_t i = 0; i < row->count; i++) {
        const sid__term *term = &row->term[i];
        row->index[i] = term->id;
        row->weight[i] = (1 + sid__log((double)term->tf)) * vocab->idf[term->id];
        square += row->weight[i] * row->weight[i];
    }
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (int64_t i = 0; i < row->count; i++)
        row->weight[i] *= scale;
    return SID_OK;
}

sid_status sid__lsa_row_make(sid__lsa_row *row, const sid__vocab *vocab, const sid__fields *fields,
                             const char *const *text, sid_error *err)
{
    row->term_count = row->count = 0;
    for (int i = 0; i < fields->count; i++) {
        collector to = {row, vocab, fields->field[i].weight};
        int64_t start = row->term_count;
        if (!text[i] || !*text[i])
            continue;
        SID_TRY(sid__lsa_field_tokens(&row->tokenizer, &fields->field[i], text[i], collect, &to, err));
        if (fields->field[i].is_path && row->term_count > start)
            merge_terms(row, start, false);
    }
    if (row->term_count == 0)
        return SID_OK;
    merge_terms(row, 0, true);
    return weigh(row, vocab, err);
}
