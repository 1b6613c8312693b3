/* bert_encode.c: items to vectors by a BERT model. Each thread takes some rows at a time, cuts their texts into tokens,
 * fills a pack with as many as it holds and runs it; threads share nothing but the weights. A vector depends on its own text
 * alone (bert_forward.h), so how rows are shared out cannot matter.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "embed/bert.h"

enum { ROWS_A_TASK = 32 /* some six packs of short texts */ };

typedef struct worker {
    sid__bert_pack pack;
    sid__strbuf text;
    int32_t *id; /* (max_tokens) of the text at hand */
} worker;

typedef struct job {
    sid_ctx *ctx;
    sid_ctx alone; /* for products: threads work on packs of their own */
    const sid__bert *bert;
    const sid__bert_options *options;
    const sid_items *items;
    int column[SID__FIELDS_MAX];
    worker *worker;
    float *out;
    _Atomic int64_t done, no_text;
} job;

static sid_status worker_init(worker *w, const sid__bert *bert, sid_error *err)
{
    SID_TRY(sid__alloc(&w->id, (size_t)bert->max_tokens, sizeof *w->id, "tokens", err));
    return sid__bert_pack_init(&w->pack, &bert->model.weights.shape, bert->max_tokens, err);
}

static void worker_drop(worker *w)
{
    sid__bert_pack_drop(&w->pack);
    sid__strbuf_drop(&w->text);
    sid__free(w->id);
}

/* w->text = prefix and the row's texts, joined by ". ". */
static sid_status join_row(const job *j, worker *w, int64_t row, sid_error *err)
{
    const char *separator = "";
    w->text.length = 0;
    SID_TRY(sid__strbuf_append(&w->text, j->options->prefix, strlen(j->options->prefix), err));
    for (int i = 0; i < j->bert->fields.count; i++) {
        const char *value = j->column[i] < 0 ? "" : sid_items_value(j->items, row, j->column[i]);
        if (!*value)
            continue;
        SID_TRY(sid__strbuf_append(&w->text, separator, strlen(separator), err));
        SID_TRY(sid__strbuf_append(&w->text, value, strlen(value), err));
        separator = ". ";
    }
    return SID_OK;
}

static sid_status flush(const sid_ctx *ctx, const sid__bert *bert, const sid__bert_options *options, worker *w,
                        sid_error *err)
{
    if (w->pack.count == 0)
        return SID_OK;
    return sid__bert_forward(ctx, &bert->model.weights, (sid__bert_pool)options->pool, &w->pack, err);
}

/* Adds w->text to the pack, running what is there where it does not fit. False: no words, out is zero. */
static sid_status add_text(const sid_ctx *ctx, const sid__bert *bert, const sid__bert_options *options, worker *w,
                           float *out, bool *has_words, sid_error *err)
{
    const sid__bert_model *m = &bert->model;
    sid__bert_pack *pack = &w->pack;
    int count =
        sid__bert_tokenize(&m->vocab, &m->rules.split, w->text.text, (size_t)w->text.length, bert->max_tokens, w->id);
    *has_words = count > bert->prefix_tokens;
    if (!*has_words) {
        memset(out, 0, (size_t)m->weights.shape.width * sizeof *out);
        return SID_OK;
    }
    if (pack->count == SID__BERT_PACK_TEXTS || pack->start[pack->count] + count > pack->tokens)
        SID_TRY(flush(ctx, bert, options, w, err));
    memcpy(pack->id + pack->start[pack->count], w->id, (size_t)count * sizeof *w->id);
    pack->out[pack->count] = out;
    pack->start[pack->count + 1] = pack->start[pack->count] + count;
    pack->count++;
    return SID_OK;
}

/* sid__try_fn */
static sid_status encode_rows(void *arg, int64_t begin, int64_t end, int index, sid_error *err)
{
    job *j = arg;
    worker *w = &j->worker[index];
    int width = j->bert->model.weights.shape.width;
    bool has_words;
    w->pack.count = 0;
    for (int64_t row = begin; row < end; row++) {
        SID_TRY(join_row(j, w, row, err));
        SID_TRY(add_text(&j->alone, j->bert, j->options, w, j->out + row * width, &has_words, err));
        atomic_fetch_add(&j->no_text, !has_words);
    }
    SID_TRY(flush(&j->alone, j->bert, j->options, w, err));
    int64_t done = atomic_fetch_add(&j->done, end - begin) + end - begin;
    if (index == 0) /* the caller's own thread */
        sid__ctx_progress(j->ctx, "bert: encoding", done, sid_items_count(j->items), "items", (double)NAN);
    return SID_OK;
}

static sid_status encode_items(job *j, sid_error *err)
{
    int threads = sid_ctx_threads(j->ctx);
    int64_t count = sid_items_count(j->items), grain = (count + threads - 1) / threads;
    SID_TRY(sid__fields_columns(&j->bert->fields, j->items, j->column, err));
    SID_TRY(sid__alloc(&j->worker, (size_t)threads, sizeof *j->worker, "threads' buffers", err));
    for (int i = 0; i < threads; i++)
        SID_TRY(worker_init(&j->worker[i], j->bert, err));
    SID_TRY(sid__ctx_try_for(j->ctx, count, grain < ROWS_A_TASK ? grain : ROWS_A_TASK, encode_rows, j, err));
    sid__ctx_progress(j->ctx, "bert: encoding", count, count, "items", (double)NAN);
    return SID_OK;
}

sid_status sid__bert_encode(sid_ctx *ctx, const sid_encoder *e, const sid_items *items, float *out,
                            int64_t *no_text_count, sid_error *err)
{
    const sid__bert *bert = e->state;
    const sid__bert_shape *shape = &bert->model.weights.shape;
    job j = {.ctx = ctx, .alone = {.isa = ctx->isa}, .bert = bert, .options = e->family_options, .items = items};
    size_t size =
        sid__bert_weights_size(shape) + (size_t)sid_ctx_threads(ctx) * sid__bert_pack_size(shape, bert->max_tokens);
    j.out = out;
    SID_TRY(sid__ctx_reserve(ctx, size, "the encoder", err));
    sid_status status = encode_items(&j, err);
    for (int i = 0; j.worker && i < sid_ctx_threads(ctx); i++)
        worker_drop(&j.worker[i]);
    sid__free(j.worker);
    sid__ctx_release(ctx, size);
    *no_text_count = atomic_load(&j.no_text);
    return status;
}

static sid_status encode_lone(const sid__bert *bert, const sid__bert_options *options, const char *text, worker *w,
                              float *out, sid_error *err)
{
    sid_ctx alone = {.isa = sid__isa_best()};
    bool has_words;
    SID_TRY(sid__strbuf_printf(&w->text, err, "%s%s", options->prefix, text));
    SID_TRY(add_text(&alone, bert, options, w, out, &has_words, err));
    return flush(&alone, bert, options, w, err);
}

sid_status sid__bert_encode_text(const sid_encoder *e, const char *text, float *out, sid_error *err)
{
    const sid__bert *bert = e->state;
    worker w = {0};
    sid_status status = worker_init(&w, bert, err);
    if (status == SID_OK)
        status = encode_lone(bert, e->family_options, text, &w, out, err);
    worker_drop(&w);
    return status;
}
