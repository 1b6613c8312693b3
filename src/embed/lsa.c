/* lsa.c: the lsa family: option table, encoding, storing. Fitting stands in lsa_fit.c.
 *
 * Tensors: lsa.fields U8 (lsa_fields.h), lsa.vocab U8 (words in byte order, '\n' after each), lsa.idf F64 (V),
 * lsa.sigma F64 (dim), lsa.v F32 (V, dim).
 */
#include "embed/lsa.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "kernel/dense.h"

/* A row has unit length; less than this left of it in the space of v is rounding. */
#define ZERO_SQUARE 1e-20

static const sid_option option_table[] = {
    {.name = "dim",
     .type = SID_OPTION_INT,
     .default_text = "128",
     .min = 1,
     .max = 4096,
     .help = "dimensions of a vector",
     .offset = offsetof(sid__lsa_options, dim)},
    {.name = "vocab",
     .type = SID_OPTION_INT,
     .default_text = "50000",
     .min = 1,
     .max = 10000000,
     .help = "words kept at most, those in most items first",
     .offset = offsetof(sid__lsa_options, vocab)},
    {.name = "min_df",
     .type = SID_OPTION_INT,
     .default_text = "0",
     .min = 0,
     .max = 1000000000,
     .help = "words in fewer items are dropped; 0: 2, or 1 below 32 items",
     .offset = offsetof(sid__lsa_options, min_df)},
    {.name = "max_df",
     .type = SID_OPTION_FLOAT,
     .default_text = "0",
     .min = 0,
     .max = 1,
     .help = "words in more than this share of the items are dropped; 0: 0.5, or 1 below 32 items",
     .offset = offsetof(sid__lsa_options, max_df)},
    {.name = "power",
     .type = SID_OPTION_INT,
     .default_text = "4",
     .min = 0,
     .max = 100,
     .help = "rounds of power iteration of the randomised SVD",
     .offset = offsetof(sid__lsa_options, power)},
};

static sid_status fit(sid_ctx *ctx, sid_encoder *e, const sid_items *items, sid_error *err)
{
    sid__lsa *lsa = NULL;
    SID_TRY(sid__alloc(&lsa, 1, sizeof *lsa, "the encoder", err));
    sid_status status = sid__lsa_fit(ctx, items, e->fields, e->family_options, e->seed, lsa, err);
    if (status != SID_OK) {
        sid__free(lsa);
        return status;
    }
    e->state = lsa;
    e->dim = lsa->dim;
    return SID_OK;
}

/* The row times v, to unit length; false when nothing is left and out is zero. */
static bool project(const sid__lsa *lsa, const sid__dense *dense, const sid__lsa_row *row, double *sum, float *out)
{
    double square = 0;
    dense->gather_sum(row->count, row->weight, row->index, lsa->v, lsa->dim, sum);
    for (int i = 0; i < lsa->dim; i++)
        square += sum[i] * sum[i];
    bool is_zero = !(square > ZERO_SQUARE);
    double length = sqrt(square);
    for (int i = 0; i < lsa->dim; i++)
        out[i] = is_zero ? 0 : (float)(sum[i] / length);
    return !is_zero;
}

typedef struct encode_job {
    const sid__lsa *lsa;
    const sid__dense *dense;
    float *out;
} encode_job;

static sid_status encode_row(void *user, sid__scan_worker *worker, int64_t row, sid_error *err)
{
    const encode_job *job = user;
    const sid__lsa *lsa = job->lsa;
    SID_TRY(sid__lsa_row_make(&worker->row, &lsa->vocab, &lsa->fields, worker->text, err));
    worker->zero_count += !project(lsa, job->dense, &worker->row, worker->sum, job->out + row * lsa->dim);
    return SID_OK;
}

static sid_status encode(sid_ctx *ctx, const sid_encoder *e, const sid_items *items, float *out, int64_t *no_text_count,
                         sid_error *err)
{
    const sid__lsa *lsa = e->state;
    encode_job job = {.lsa = lsa, .dense = sid__dense_for(ctx->isa)};
    sid__scan scan = {0};
    job.out = out;
    sid_status status = sid__scan_init(&scan, ctx, items, &lsa->fields, lsa->dim, err);
    if (status == SID_OK)
        status = sid__scan_run(&scan, "lsa: encoding", encode_row, &job, err);
    if (status == SID_OK)
        *no_text_count = sid__scan_zero_count(&scan);
    sid__scan_drop(&scan);
    return status;
}

static sid_status encode_title(const sid__lsa *lsa, const char *title, sid__lsa_row *row, double *sum, float *out,
                               sid_error *err)
{
    const char *text[SID__FIELDS_MAX] = {0};
    text[lsa->fields.title] = title;
    SID_TRY(sid__lsa_row_make(row, &lsa->vocab, &lsa->fields, text, err));
    (void)project(lsa, sid__dense_for(sid__isa_best()), row, sum, out);
    return SID_OK;
}

static sid_status encode_text(const sid_encoder *e, const char *text, float *out, sid_error *err)
{
    const sid__lsa *lsa = e->state;
    sid__lsa_row row = {0};
    double *sum = NULL;
    SID_TRY(sid__alloc(&sum, (size_t)lsa->dim, sizeof *sum, "a vector", err));
    sid_status status = encode_title(lsa, text, &row, sum, out, err);
    sid__lsa_row_drop(&row);
    sid__free(sum);
    return status;
}

typedef struct word_search {
    const sid__vocab *vocab;
    sid__strbuf *unknown;
} word_search;

static sid_status note_unknown(void *user, const char *token, int size, sid_error *err)
{
    const word_search *to = user;
    if (sid__vocab_find(to->vocab, token, size) >= 0)
        return SID_OK;
    return sid__strbuf_printf(to->unknown, err, "%s%.*s", to->unknown->length ? ", " : "", size, token);
}

static sid_status unknown_words(const sid_encoder *e, const char *text, sid__strbuf *out, sid_error *err)
{
    const sid__lsa *lsa = e->state;
    sid__tokenizer tokenizer = {0};
    word_search to = {.vocab = &lsa->vocab, .unknown = out};
    sid_status status = sid__tokenize(&tokenizer, text, strlen(text), note_unknown, &to, err);
    sid__tokenizer_drop(&tokenizer);
    return status;
}

static sid_status save_bytes(sid__tensor_set *set, const char *name, const char *bytes, int64_t size, sid_error *err)
{
    char *data = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__U8, 1, &size, &data, err));
    memcpy(data, bytes, (size_t)size);
    return SID_OK;
}

static sid_status save_doubles(sid__tensor_set *set, const char *name, const double *from, int64_t count,
                               sid_error *err)
{
    double *data = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__F64, 1, &count, &data, err));
    memcpy(data, from, (size_t)count * sizeof *data);
    return SID_OK;
}

static sid_status save_fields(const sid__lsa *lsa, sid__tensor_set *set, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = sid__fields_write(&lsa->fields, &text, err);
    if (status == SID_OK)
        status = save_bytes(set, "lsa.fields", text.text, text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

static sid_status save(const sid_encoder *e, sid__tensor_set *set, sid_error *err)
{
    const sid__lsa *lsa = e->state;
    const sid__vocab *vocab = &lsa->vocab;
    float *v = NULL;
    SID_TRY(save_fields(lsa, set, err));
    SID_TRY(save_bytes(set, "lsa.vocab", vocab->text, vocab->start[vocab->count], err));
    SID_TRY(save_doubles(set, "lsa.idf", vocab->idf, vocab->count, err));
    SID_TRY(save_doubles(set, "lsa.sigma", lsa->sigma, lsa->dim, err));
    SID_TRY(sid__tensor_add(set, "lsa.v", SID__F32, 2, (const int64_t[]){vocab->count, lsa->dim}, &v, err));
    for (int64_t i = 0; i < (int64_t)vocab->count * lsa->dim; i++)
        v[i] = (float)lsa->v[i];
    return SID_OK;
}

static sid_status load_sigma(const sid__tensor_set *set, sid__lsa *lsa, sid_error *err)
{
    const sid__tensor *sigma = NULL;
    SID_TRY(sid__tensor_get(set, "lsa.sigma", SID__F64, 1, (const int64_t[]){-1}, &sigma, err));
    if (sigma->shape[0] < 1 || sigma->shape[0] > SID_DIM_MAX)
        return sid__fail(err, SID_EDATA, "tensor lsa.sigma holds %" PRId64 " values; 1 to %d are expected",
                         sigma->shape[0], SID_DIM_MAX);
    lsa->dim = (int)sigma->shape[0];
    SID_TRY(sid__alloc(&lsa->sigma, (size_t)lsa->dim, sizeof *lsa->sigma, "singular values", err));
    memcpy(lsa->sigma, sigma->data, (size_t)lsa->dim * sizeof *lsa->sigma);
    return SID_OK;
}

static sid_status load_v(const sid__tensor_set *set, sid__lsa *lsa, sid_error *err)
{
    const sid__tensor *tensor = NULL;
    int64_t shape[] = {lsa->vocab.count, lsa->dim};
    SID_TRY(sid__tensor_get(set, "lsa.v", SID__F32, 2, shape, &tensor, err));
    const float *v = tensor->data;
    SID_TRY(sid__alloc(&lsa->v, (size_t)shape[0] * (size_t)shape[1], sizeof *lsa->v, "word vectors", err));
    for (int64_t i = 0; i < shape[0] * shape[1]; i++) {
        if (!(fabsf(v[i]) <= 1.001f)) /* columns have unit length */
            return sid__fail(err, SID_EDATA,
                             "tensor lsa.v holds %g at row %" PRId64 ", column %" PRId64
                             "; a number from -1 to 1 is expected, the encoder file is damaged",
                             (double)v[i], i / shape[1], i % shape[1]);
        lsa->v[i] = (double)v[i];
    }
    return SID_OK;
}

static sid_status load_parts(const sid__tensor_set *set, sid__lsa *lsa, sid_error *err)
{
    const sid__tensor *fields = NULL, *words = NULL, *idf = NULL;
    static const int64_t any[] = {-1};
    SID_TRY(sid__tensor_get(set, "lsa.fields", SID__U8, 1, any, &fields, err));
    SID_TRY(sid__tensor_get(set, "lsa.vocab", SID__U8, 1, any, &words, err));
    SID_TRY(sid__tensor_get(set, "lsa.idf", SID__F64, 1, any, &idf, err));
    SID_TRY(sid__fields_parse(fields->data, fields->shape[0], &lsa->fields, err));
    SID_TRY(sid__vocab_load(words->data, words->shape[0], idf->data, idf->shape[0], &lsa->vocab, err));
    SID_TRY(load_sigma(set, lsa, err));
    return load_v(set, lsa, err);
}

static sid_status load(sid_encoder *e, const sid__tensor_set *set, sid_error *err)
{
    sid__lsa *lsa = NULL;
    SID_TRY(sid__alloc(&lsa, 1, sizeof *lsa, "the encoder", err));
    sid_status status = load_parts(set, lsa, err);
    if (status != SID_OK) {
        sid__lsa_drop(lsa);
        sid__free(lsa);
        return status;
    }
    e->state = lsa;
    e->dim = lsa->dim;
    return SID_OK;
}

static void drop(sid_encoder *e)
{
    if (e->state)
        sid__lsa_drop(e->state);
    sid__free(e->state);
    e->state = NULL;
}

/* The number is that of the rules by which text becomes tokens and weights. */
static void fingerprint(char *text, size_t size)
{
    (void)snprintf(text, size, "lsa/1 utf8proc %s", utf8proc_version());
}

const sid__encoder_class sid__encoder_lsa = {
    .info = {.name = "lsa",
             .summary = "words of the text columns, weighted by tf-idf, reduced by a truncated SVD; built in",
             .paper = "Deerwester et al. 1990; SVD: arXiv 0909.4061",
             .options = option_table,
             .option_count = (int)(sizeof option_table / sizeof *option_table)},
    .options_size = sizeof(sid__lsa_options),
    .fit = fit,
    .encode = encode,
    .encode_text = encode_text,
    .unknown_words = unknown_words,
    .save = save,
    .load = load,
    .drop = drop,
    .fingerprint = fingerprint,
};
