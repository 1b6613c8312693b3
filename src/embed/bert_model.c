/* bert_model.c: see bert_model.h. */
#include "embed/bert_model.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "io/safetensors.h"
#include "io/sha256.h"

enum {
    CONFIG_SIZE_MAX = 1 << 20,
    RULES_SIZE_MAX = 16 << 20, /* some list thousands of added tokens */
    VOCAB_SIZE_MAX = 256 << 20,
    VOCAB_PADDING = 128 /* weights often have rows up to a multiple of this */
};
#define CONFIG "config.json"
#define RULES "tokenizer_config.json"
#define VOCAB "vocab.txt"
#define WEIGHTS "model.safetensors"

void sid__bert_model_drop(sid__bert_model *model)
{
    sid__bert_weights_drop(&model->weights);
    sid__bert_vocab_drop(&model->vocab);
    sid__strbuf_drop(&model->config_text);
    sid__strbuf_drop(&model->rules_text);
    sid__strbuf_drop(&model->vocab_text);
    *model = (sid__bert_model){0};
}

/* Where the parts come from, for messages: paths, or names of tensors. */
typedef struct sources {
    const char *config, *rules, *vocab, *weights;
} sources;

/* The vocabulary and the shape, from the texts that are there. */
static sid_status parse_texts(const sources *from, sid__bert_model *m, sid__bert_shape *shape, sid_error *err)
{
    SID_TRY(sid__bert_shape_parse(m->config_text.text, (size_t)m->config_text.length, from->config, shape, err));
    SID_TRY(sid__bert_rules_parse(m->rules_text.text, (size_t)m->rules_text.length, from->rules, &m->rules, err));
    SID_TRY(sid__bert_vocab_parse(m->vocab_text.text, (size_t)m->vocab_text.length, from->vocab, &m->rules.specials,
                                  &m->vocab, err));
    if (m->vocab.count <= shape->vocab && shape->vocab - m->vocab.count < VOCAB_PADDING)
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = from->vocab, .byte = -1},
                        "the vocabulary has %d pieces, the model %d; is it the one that belongs to the weights?",
                        m->vocab.count, shape->vocab);
}

/* ---- A folder ----------------------------------------------------------------------------------------------------- */

typedef struct folder {
    const char *path;
    char config[PATH_MAX], rules[PATH_MAX], vocab[PATH_MAX], weights[PATH_MAX];
} folder;

static sid_status folder_init(folder *f, const char *path, sid_error *err)
{
    f->path = path;
    if (!sid__path_is_directory(path))
        return sid__fail(err, SID_EUSAGE,
                         "weights: \"%s\" is no folder; one with " CONFIG ", " VOCAB " and " WEIGHTS " is expected",
                         path);
    SID_TRY(sid__path_join(f->config, PATH_MAX, path, CONFIG, err));
    SID_TRY(sid__path_join(f->rules, PATH_MAX, path, RULES, err));
    SID_TRY(sid__path_join(f->vocab, PATH_MAX, path, VOCAB, err));
    return sid__path_join(f->weights, PATH_MAX, path, WEIGHTS, err);
}

static sid_status read_text(const char *path, int64_t size_max, sid__strbuf *out, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    SID_TRY(sid__read_whole(path, size_max, &bytes, &size, err));
    sid_status status = sid__strbuf_append(out, bytes, (size_t)size, err);
    sid__free(bytes);
    return status;
}

/* What people have in place of model.safetensors. */
static sid_status check_weights_file(const folder *f, sid_error *err)
{
    static const char *const other[] = {"pytorch_model.bin", "model.safetensors.index.json", "tf_model.h5",
                                        "model.onnx"};
    char path[PATH_MAX];
    if (sid__path_exists(f->weights))
        return SID_OK;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        SID_TRY(sid__path_join(path, sizeof path, f->path, other[i], err));
        if (sid__path_exists(path))
            return sid__fail(err, SID_EDATA,
                             "%s has its weights in %s, which semid does not read; save the model as one " WEIGHTS
                             " (safetensors.torch.save_model)",
                             f->path, other[i]);
    }
    return SID_OK; /* opening it says what is wrong */
}

static sid_status read_texts(const folder *f, sid__bert_model *m, sid_error *err)
{
    SID_TRY(read_text(f->config, CONFIG_SIZE_MAX, &m->config_text, err));
    if (sid__path_exists(f->rules))
        SID_TRY(read_text(f->rules, RULES_SIZE_MAX, &m->rules_text, err));
    else
        SID_TRY(sid__strbuf_append(&m->rules_text, "{}", 2, err));
    return read_text(f->vocab, VOCAB_SIZE_MAX, &m->vocab_text, err);
}

static sid_status read_weights(sid_ctx *ctx, const folder *f, const sid__bert_shape *shape, sid__bert_model *m,
                               sid_error *err)
{
    sid__file file;
    int64_t size = 0;
    sid__tensor_set set = {0};
    SID_TRY(check_weights_file(f, err));
    SID_TRY(sid__file_open(f->weights, &file, &size, err));
    sid__file_close(&file);
    size_t needed = (size_t)size + sid__bert_weights_size(shape);
    SID_TRY(sid__ctx_reserve(ctx, needed, "reading the encoder's weights", err));
    sid_status status = sid__safetensors_read(f->weights, &set, err);
    if (status == SID_OK)
        status = sid__bert_weights_load(ctx, shape, &set, f->weights, &m->weights, err);
    sid__tensor_set_drop(&set);
    sid__ctx_release(ctx, needed);
    return status;
}

static sid_status read_folder(sid_ctx *ctx, const folder *f, sid__bert_model *m, sid_error *err)
{
    const sources from = {.config = f->config, .rules = f->rules, .vocab = f->vocab, .weights = f->weights};
    sid__bert_shape shape;
    SID_TRY(read_texts(f, m, err));
    SID_TRY(parse_texts(&from, m, &shape, err));
    return read_weights(ctx, f, &shape, m, err);
}

sid_status sid__bert_model_read(sid_ctx *ctx, const char *path, sid__bert_model *out, sid_error *err)
{
    folder f;
    sid__bert_model model = {0};
    SID_TRY(folder_init(&f, path, err));
    sid_status status = read_folder(ctx, &f, &model, err);
    if (status != SID_OK)
        sid__bert_model_drop(&model);
    else
        *out = model;
    return status;
}

static sid_status append_hash(const char *path, const char *name, sid__strbuf *out, sid_error *err)
{
    unsigned char digest[SID__SHA256_SIZE];
    char hex[SID__SHA256_HEX_SIZE];
    SID_TRY(sid__sha256_file(path, digest, NULL, err));
    sid__sha256_hex(digest, hex);
    return sid__strbuf_printf(out, err, "%s  %s\n", hex, name);
}

sid_status sid__bert_folder_hashes(const char *path, sid__strbuf *out, sid_error *err)
{
    folder f;
    SID_TRY(folder_init(&f, path, err));
    SID_TRY(append_hash(f.config, CONFIG, out, err));
    if (sid__path_exists(f.rules))
        SID_TRY(append_hash(f.rules, RULES, out, err));
    SID_TRY(append_hash(f.vocab, VOCAB, out, err));
    return append_hash(f.weights, WEIGHTS, out, err);
}

/* ---- Tensors ------------------------------------------------------------------------------------------------------ */

static sid_status save_text(sid__tensor_set *set, const char *name, const sid__strbuf *text, sid_error *err)
{
    char *data = NULL;
    SID_TRY(sid__tensor_add(set, name, SID__U8, 1, &text->length, &data, err));
    if (text->length > 0)
        memcpy(data, text->text, (size_t)text->length);
    return SID_OK;
}

static sid_status load_text(const sid__tensor_set *set, const char *name, sid__strbuf *out, sid_error *err)
{
    const sid__tensor *tensor = NULL;
    SID_TRY(sid__tensor_get(set, name, SID__U8, 1, (const int64_t[]){-1}, &tensor, err));
    return sid__strbuf_append(out, tensor->data, (size_t)tensor->shape[0], err);
}

sid_status sid__bert_model_save(const sid__bert_model *model, sid__tensor_set *set, sid_error *err)
{
    SID_TRY(save_text(set, "bert.config", &model->config_text, err));
    SID_TRY(save_text(set, "bert.tokenizer_config", &model->rules_text, err));
    SID_TRY(save_text(set, "bert.vocab", &model->vocab_text, err));
    return sid__bert_weights_save(&model->weights, set, err);
}

static sid_status load_parts(const sid__tensor_set *set, sid__bert_model *m, sid_error *err)
{
    static const sources from = {"tensor bert.config", "tensor bert.tokenizer_config", "tensor bert.vocab",
                                 "the encoder file"};
    sid_ctx alone = {.isa = sid__isa_best()};
    sid__bert_shape shape;
    SID_TRY(load_text(set, "bert.config", &m->config_text, err));
    SID_TRY(load_text(set, "bert.tokenizer_config", &m->rules_text, err));
    SID_TRY(load_text(set, "bert.vocab", &m->vocab_text, err));
    SID_TRY(parse_texts(&from, m, &shape, err));
    return sid__bert_weights_load(&alone, &shape, set, from.weights, &m->weights, err);
}

sid_status sid__bert_model_load(const sid__tensor_set *set, sid__bert_model *out, sid_error *err)
{
    sid__bert_model model = {0};
    sid_status status = load_parts(set, &model, err);
    if (status != SID_OK)
        sid__bert_model_drop(&model);
    else
        *out = model;
    return status;
}
