/* lsa_fit.c: items to a fitted encoder (spec/quantizers.md §1, steps 3 to 5): count words, choose the vocabulary, make
 * the matrix, factorise it. Texts are read twice, which is cheap beside the factorisation.
 */
#include "embed/lsa.h"
#include "embed/lsa_svd.h"

#include <inttypes.h>
#include <string.h>

enum { FEW_ITEMS = 32 };

static const char reading[] = "lsa: reading words", weighing[] = "lsa: weighing words";

void sid__lsa_drop(sid__lsa *lsa)
{
    sid__fields_drop(&lsa->fields);
    sid__vocab_drop(&lsa->vocab);
    sid__free(lsa->sigma);
    sid__free(lsa->v);
    *lsa = (sid__lsa){0};
}

typedef struct counter {
    sid__scan_worker *worker;
    int64_t row;
} counter;

static sid_status count_token(void *user, const char *token, int size, sid_error *err)
{
    counter *to = user;
    return sid__word_count_add(&to->worker->words, token, size, to->row, err);
}

static sid_status count_row(void *user, sid__scan_worker *worker, int64_t row, sid_error *err)
{
    const sid__fields *fields = user;
    counter to = {worker, row};
    for (int i = 0; i < fields->count; i++)
        SID_TRY(
            sid__lsa_field_tokens(&worker->row.tokenizer, &fields->field[i], worker->text[i], count_token, &to, err));
    return SID_OK;
}

/* Limits that were left at 0. With few items the usual ones would leave hardly a word: ten titles share almost none. */
static void choose_limits(sid__vocab_limits *limits)
{
    bool is_small = limits->items < FEW_ITEMS;
    if (limits->min_df == 0)
        limits->min_df = is_small ? 1 : 2;
    if (!(limits->max_df > 0))
        limits->max_df = is_small ? 1 : 0.5;
}

static sid_status choose_vocab(sid__scan *scan, const sid__lsa_options *options, sid__lsa *lsa, sid_error *err)
{
    sid__vocab_limits limits = {sid_items_count(scan->items), options->vocab, options->min_df, options->max_df};
    sid__word_count *words = &scan->worker[0].words;
    choose_limits(&limits);
    SID_TRY(sid__scan_run(scan, reading, count_row, &lsa->fields, err));
    for (int i = 1; i < scan->threads; i++)
        SID_TRY(sid__word_count_merge(words, &scan->worker[i].words, err));
    int64_t bad_count = sid__scan_bad_count(scan);
    if (bad_count)
        sid__ctx_warn(scan->ctx, "%" PRId64 " byte sequences in the texts are not UTF-8; they were read as spaces",
                      bad_count);
    return sid__vocab_choose(words, &limits, &lsa->vocab, err);
}

/* The rows of one chunk, one after another. */
typedef struct chunk {
    int32_t *index;
    double *weight;
    int64_t count, index_capacity, weight_capacity;
    int32_t row_count[SID__SCAN_CHUNK];
} chunk;

typedef struct weigher {
    const sid__lsa *lsa;
    chunk *chunk;
    int64_t chunk_count;
} weigher;

static sid_status weigh_row(void *user, sid__scan_worker *worker, int64_t row, sid_error *err)
{
    const weigher *to = user;
    chunk *into = &to->chunk[row / SID__SCAN_CHUNK];
    sid__lsa_row *made = &worker->row;
    SID_TRY(sid__lsa_row_make(made, &to->lsa->vocab, &to->lsa->fields, worker->text, err));
    int64_t count = into->count + made->count;
    SID_TRY(sid__grow(&into->index, &into->index_capacity, count, sizeof *into->index, weighing, err));
    SID_TRY(sid__grow(&into->weight, &into->weight_capacity, count, sizeof *into->weight, weighing, err));
    memcpy(into->index + into->count, made->index, (size_t)made->count * sizeof *into->index);
    memcpy(into->weight + into->count, made->weight, (size_t)made->count * sizeof *into->weight);
    into->row_count[row % SID__SCAN_CHUNK] = (int32_t)made->count;
    into->count = count;
    worker->zero_count += made->count == 0;
    return SID_OK;
}

static void free_chunks(weigher *from)
{
    for (int64_t i = 0; from->chunk && i < from->chunk_count; i++) {
        sid__free(from->chunk[i].index);
        sid__free(from->chunk[i].weight);
    }
    sid__free(from->chunk);
}

/* Chunks one after another: one matrix. Frees each as it goes. */
static sid_status join_chunks(weigher *from, int64_t rows, sid__sparse *out, sid_error *err)
{
    int64_t elements = 0, filled = 0;
    for (int64_t i = 0; i < from->chunk_count; i++)
        elements += from->chunk[i].count;
    SID_TRY(sid__sparse_init(out, rows, from->lsa->vocab.count, elements, err));
    for (int64_t i = 0; i < from->chunk_count; i++) {
        chunk *part = &from->chunk[i];
        for (int64_t row = i * SID__SCAN_CHUNK; row < rows && row < (i + 1) * SID__SCAN_CHUNK; row++)
            out->start[row + 1] = out->start[row] + part->row_count[row % SID__SCAN_CHUNK];
        memcpy(out->index + filled, part->index, (size_t)part->count * sizeof *out->index);
        memcpy(out->weight + filled, part->weight, (size_t)part->count * sizeof *out->weight);
        filled += part->count;
        sid__free(part->index);
        sid__free(part->weight);
        part->index = NULL;
        part->weight = NULL;
    }
    return SID_OK;
}

static sid_status make_matrix(sid__scan *scan, const sid__lsa *lsa, sid__sparse *out, sid_error *err)
{
    int64_t rows = sid_items_count(scan->items);
    weigher to = {.lsa = lsa, .chunk_count = (rows + SID__SCAN_CHUNK - 1) / SID__SCAN_CHUNK};
    SID_TRY(sid__alloc(&to.chunk, (size_t)to.chunk_count, sizeof *to.chunk, weighing, err));
    sid_status status = sid__scan_run(scan, weighing, weigh_row, &to, err);
    if (status == SID_OK)
        status = join_chunks(&to, rows, out, err);
    free_chunks(&to);
    return status;
}

/* As many dimensions as asked for and the data can have. Of two items both: vectors of one number and unit length would be
 * equal, whatever the items are. */
static int choose_dim(sid_ctx *ctx, const sid__sparse *a, int64_t wanted)
{
    int64_t least = a->rows < a->columns ? a->rows : a->columns, most = least > 2 ? least - 1 : least;
    if (wanted > most)
        sid__ctx_warn(ctx,
                      "dim is lowered from %" PRId64 " to %" PRId64 ": %" PRId64 " items with %" PRId64
                      " words have no more",
                      wanted, most, a->rows, a->columns);
    return (int)(wanted > most ? most : wanted);
}

static sid_status factorise(sid_ctx *ctx, const sid__sparse *a, const sid__lsa_options *options, uint64_t seed,
                            sid__lsa *lsa, sid_error *err)
{
    lsa->dim = choose_dim(ctx, a, options->dim);
    size_t entries = (size_t)lsa->vocab.count * (size_t)lsa->dim;
    SID_TRY(sid__alloc(&lsa->sigma, (size_t)lsa->dim, sizeof *lsa->sigma, "singular values", err));
    SID_TRY(sid__alloc(&lsa->v, entries, sizeof *lsa->v, "word vectors", err));
    sid__svd_options svd = {.rank = lsa->dim, .power = (int)options->power, .seed = seed};
    SID_TRY(sid__sparse_svd(ctx, a, &svd, lsa->sigma, lsa->v, err));
    for (size_t i = 0; i < entries; i++)
        lsa->v[i] = (double)(float)lsa->v[i];
    return SID_OK;
}

static sid_status fit(sid__scan *scan, const sid__lsa_options *options, uint64_t seed, sid__lsa *lsa, sid_error *err)
{
    sid__sparse a = {0};
    SID_TRY(choose_vocab(scan, options, lsa, err));
    SID_TRY(make_matrix(scan, lsa, &a, err));
    size_t size = 2 * (size_t)a.start[a.rows] * (sizeof *a.index + sizeof *a.weight);
    sid_status status = sid__ctx_reserve(scan->ctx, size, "the item-by-word matrix", err);
    if (status == SID_OK) {
        status = factorise(scan->ctx, &a, options, seed, lsa, err);
        sid__ctx_release(scan->ctx, size);
    }
    sid__sparse_drop(&a);
    return status;
}

sid_status sid__lsa_fit(sid_ctx *ctx, const sid_items *items, const char *fields, const sid__lsa_options *options,
                        uint64_t seed, sid__lsa *out, sid_error *err)
{
    sid__lsa lsa = {0};
    sid__scan scan = {0};
    int64_t count = sid_items_count(items);
    if (count < 1 || count >= INT32_MAX)
        return sid__fail(err, SID_EDATA, "there are %" PRId64 " items; lsa fits on 1 to %d", count, INT32_MAX - 1);
    SID_TRY(sid__fields_choose(items, fields, &lsa.fields, err));
    sid_status status = sid__scan_init(&scan, ctx, items, &lsa.fields, 0, err);
    if (status == SID_OK)
        status = fit(&scan, options, seed, &lsa, err);
    sid__scan_drop(&scan);
    if (status == SID_OK)
        *out = lsa;
    else
        sid__lsa_drop(&lsa);
    return status;
}
