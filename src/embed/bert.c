/* bert.c: the bert family: option table, reading the model, storing it. Encoding stands in bert_encode.c.
 *
 * Tensors: bert.fields U8 (lsa_fields.h), and either those of bert_model.h, or, with `ref`, bert.hashes U8: lines
 * "SHA-256  name" of the folder's files, whose path the option `weights` keeps.
 */
#define _GNU_SOURCE /* realpath */
#include "embed/bert.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/vfs.h"

static const sid_option option_table[] = {
    {.name = "weights",
     .type = SID_OPTION_TEXT,
     .default_text = "",
     .help = "folder of the model: config.json, vocab.txt, model.safetensors",
     .offset = offsetof(sid__bert_options, weights)},
    {.name = "ref",
     .type = SID_OPTION_FLAG,
     .default_text = "false",
     .help = "a catalogue keeps the folder's path and hashes, not a copy of the weights",
     .offset = offsetof(sid__bert_options, ref)},
    {.name = "pool",
     .type = SID_OPTION_CHOICE,
     .default_text = "mean",
     .choices = "mean|cls",
     .help = "a text's vector: the mean of its tokens' vectors, or that of [CLS]",
     .offset = offsetof(sid__bert_options, pool)},
    {.name = "max_tokens",
     .type = SID_OPTION_INT,
     .default_text = "256",
     .min = 3,
     .max = SID__BERT_TOKENS_MAX,
     .help = "longer texts are cut",
     .offset = offsetof(sid__bert_options, max_tokens)},
    {.name = "prefix",
     .type = SID_OPTION_TEXT,
     .default_text = "",
     .help = "put before each text, such as \"query: \" for E5 models",
     .offset = offsetof(sid__bert_options, prefix)},
};

/* The manifest keeps options as text, in which ( ) stand round values with commas. */
static sid_status check_text(const char *name, const char *value, sid_error *err)
{
    if (!strpbrk(value, "()"))
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "%s is \"%.200s\"; it cannot hold ( or )", name, value);
}

/* ---- Reading a model ---------------------------------------------------------------------------------------------- */

static sid_status choose_fields(const sid_items *items, const char *text, sid__fields *out, sid_error *err)
{
    SID_TRY(sid__fields_choose(items, text, out, err));
    for (int i = 0; *text && i < out->count; i++)
        if (out->field[i].weight != 1)
            return sid__fail(err, SID_EUSAGE,
                             "fields: \"%s\" has a weight; the bert encoder reads the texts one after the other, give "
                             "names only",
                             out->field[i].name);
    return SID_OK;
}

/* Limits that follow from the model. ctx NULL: nobody to warn. */
static sid_status set_limits(const sid_ctx *ctx, const sid__bert_options *options, sid__bert *bert, sid_error *err)
{
    int32_t id[SID__BERT_TOKENS_MAX];
    const sid__bert_model *m = &bert->model;
    bert->max_tokens = (int)options->max_tokens;
    if (bert->max_tokens > m->weights.shape.positions) {
        bert->max_tokens = m->weights.shape.positions;
        if (ctx)
            sid__ctx_warn(ctx, "max_tokens is lowered to %d, what this model can read", bert->max_tokens);
    }
    SID_TRY(check_text("prefix", options->prefix, err));
    bert->prefix_tokens =
        sid__bert_tokenize(&m->vocab, &m->rules.split, options->prefix, strlen(options->prefix), bert->max_tokens, id);
    if (bert->prefix_tokens < bert->max_tokens)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "prefix is \"%.200s\": its %d tokens leave no room for a text", options->prefix,
                     bert->prefix_tokens);
}

/* The wrong pooling gives vectors that look fine and are not: where the folder says which it wants, that is compared. */
static sid_status check_pooling(const sid_ctx *ctx, const sid__bert_options *options, sid_error *err)
{
    char path[PATH_MAX], *bytes = NULL;
    int64_t size = 0;
    bool is_cls = false;
    SID_TRY(sid__path_join(path, sizeof path, options->weights, "1_Pooling/config.json", err));
    if (!sid__path_exists(path))
        return SID_OK;
    SID_TRY(sid__read_whole(path, 1 << 20, &bytes, &size, err));
    sid_status status = sid__bert_pooling_parse(bytes, (size_t)size, path, &is_cls, err);
    sid__free(bytes);
    if (status == SID_OK && is_cls != (options->pool == SID__BERT_CLS))
        sid__ctx_warn(ctx, "this model was trained with pool=%s; pass --encoder-pool %s", is_cls ? "cls" : "mean",
                      is_cls ? "cls" : "mean");
    return status;
}

/* The path as it is from everywhere, and what the files hold now. */
static sid_status keep_reference(sid__bert_options *options, sid__bert *bert, sid_error *err)
{
    char real[PATH_MAX];
    if (!realpath(options->weights, real) || strlen(real) >= sizeof options->weights)
        return sid__fail(err, SID_EUSAGE, "weights: the path of \"%.200s\" cannot be kept; fit without ref",
                         options->weights);
    SID_TRY(check_text("weights", real, err));
    memcpy(options->weights, real, strlen(real) + 1);
    return sid__bert_folder_hashes(real, &bert->hashes, err);
}

static sid_status read_model(sid_ctx *ctx, const sid_encoder *e, const sid_items *items, sid__bert *bert,
                             sid_error *err)
{
    sid__bert_options *options = e->family_options;
    if (!*options->weights)
        return sid__fail(err, SID_EUSAGE,
                         "encoder bert needs weights: the folder of a model, with config.json, vocab.txt and "
                         "model.safetensors (--encoder-weights DIR)");
    SID_TRY(choose_fields(items, e->fields, &bert->fields, err));
    SID_TRY(sid__bert_model_read(ctx, options->weights, &bert->model, err));
    SID_TRY(set_limits(ctx, options, bert, err));
    SID_TRY(check_pooling(ctx, options, err));
    if (options->ref)
        return keep_reference(options, bert, err);
    options->weights[0] = 0; /* a catalogue has its own copy: where it came from is nobody's business */
    return SID_OK;
}

static void drop_bert(sid__bert *bert)
{
    if (!bert)
        return;
    sid__bert_model_drop(&bert->model);
    sid__fields_drop(&bert->fields);
    sid__strbuf_drop(&bert->hashes);
    sid__free(bert);
}

static sid_status take(sid_encoder *e, sid__bert *bert, sid_status status)
{
    if (status != SID_OK) {
        drop_bert(bert);
        return status;
    }
    e->state = bert;
    e->dim = bert->model.weights.shape.width;
    return SID_OK;
}

static sid_status fit(sid_ctx *ctx, sid_encoder *e, const sid_items *items, sid_error *err)
{
    sid__bert *bert = NULL;
    SID_TRY(sid__alloc(&bert, 1, sizeof *bert, "the encoder", err));
    return take(e, bert, read_model(ctx, e, items, bert, err));
}

/* ---- Storing ------------------------------------------------------------------------------------------------------ */

static sid_status save_text(sid__tensor_set *set, const char *name, const sid__strbuf *text, sid_error *err)
{
    char *data = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__U8, 1, &text->length, &data, err));
    memcpy(data, text->text, (size_t)text->length);
    return SID_OK;
}

static sid_status save_fields(const sid__fields *fields, sid__tensor_set *set, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = sid__fields_write(fields, &text, err);
    if (status == SID_OK)
        status = save_text(set, "bert.fields", &text, err);
    sid__strbuf_drop(&text);
    return status;
}

static sid_status save(const sid_encoder *e, sid__tensor_set *set, sid_error *err)
{
    const sid__bert *bert = e->state;
    const sid__bert_options *options = e->family_options;
    SID_TRY(save_fields(&bert->fields, set, err));
    if (options->ref)
        return save_text(set, "bert.hashes", &bert->hashes, err);
    return sid__bert_model_save(&bert->model, set, err);
}

/* The folder must still hold what it held: other weights would give other vectors, and nobody would know. */
static sid_status check_reference(const char *folder, const sid__strbuf *hashes, sid_error *err)
{
    sid__strbuf now = {0};
    sid_error why = {0};
    sid_status status = sid__bert_folder_hashes(folder, &now, &why);
    if (status == SID_ENOMEM)
        status = sid__fail(err, status, "%s", why.message);
    else if (status != SID_OK)
        status = sid__fail(err, SID_EIO,
                           "the encoder's weights are kept by their path, %s, and cannot be read there: %s; put the "
                           "folder back",
                           folder, why.message);
    else if (now.length != hashes->length || memcmp(now.text, hashes->text, (size_t)now.length) != 0)
        status = sid__fail(err, SID_EDATA,
                           "the encoder's weights are kept by their path, %s, and have changed since; put the old ones "
                           "back, or fit again. SHA-256 now:\n%sthen:\n%s",
                           folder, now.text, hashes->text);
    sid__strbuf_drop(&now);
    return status;
}

static sid_status load_reference(const sid__tensor_set *set, const sid__bert_options *options, sid__bert *bert,
                                 sid_error *err)
{
    sid_ctx alone = {.isa = sid__isa_best()};
    const sid__tensor *hashes = NULL;
    SID_TRY(sid__tensor_get(set, "bert.hashes", SID__U8, 1, (const int64_t[]){-1}, &hashes, err));
    SID_TRY(sid__strbuf_append(&bert->hashes, hashes->data, (size_t)hashes->shape[0], err));
    SID_TRY(check_reference(options->weights, &bert->hashes, err));
    return sid__bert_model_read(&alone, options->weights, &bert->model, err);
}

static sid_status load_parts(const sid_encoder *e, const sid__tensor_set *set, sid__bert *bert, sid_error *err)
{
    const sid__bert_options *options = e->family_options;
    const sid__tensor *fields = NULL;
    SID_TRY(sid__tensor_get(set, "bert.fields", SID__U8, 1, (const int64_t[]){-1}, &fields, err));
    SID_TRY(sid__fields_parse(fields->data, fields->shape[0], &bert->fields, err));
    SID_TRY(options->ref ? load_reference(set, options, bert, err) : sid__bert_model_load(set, &bert->model, err));
    return set_limits(NULL, options, bert, err);
}

static sid_status load(sid_encoder *e, const sid__tensor_set *set, sid_error *err)
{
    sid__bert *bert = NULL;
    SID_TRY(sid__alloc(&bert, 1, sizeof *bert, "the encoder", err));
    return take(e, bert, load_parts(e, set, bert, err));
}

static void drop(sid_encoder *e)
{
    drop_bert(e->state);
    e->state = NULL;
}

/* The number is that of the rules by which text becomes vectors. */
static void fingerprint(char *text, size_t size)
{
    (void)snprintf(text, size, "bert/1 utf8proc %s", utf8proc_version());
}

const sid__encoder_class sid__encoder_bert = {
    .info = {.name = "bert",
             .summary = "sentence vectors by a pre-trained BERT model, from its folder",
             .paper = "arXiv 1810.04805, 1908.10084",
             .options = option_table,
             .option_count = (int)(sizeof option_table / sizeof *option_table)},
    .options_size = sizeof(sid__bert_options),
    .fit = fit,
    .encode = sid__bert_encode,
    .encode_text = sid__bert_encode_text,
    .save = save,
    .load = load,
    .drop = drop,
    .fingerprint = fingerprint,
};
