/* bert_config.c: see bert_config.h. Read once a model. */
#include "embed/bert_config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/json.h"

typedef struct reader {
    const json_t *root;
    const char *path;
    sid_error *err;
} reader;

static sid__place place_of(const reader *r)
{
    return (sid__place){.file = r->path, .byte = -1};
}

/* Absent or null is the default; a default below `least` means that it must be there. */
static sid_status read_int(const reader *r, const char *name, int64_t least, int64_t most, int64_t otherwise, int *out)
{
    const json_t *value = json_object_get(r->root, name);
    bool is_absent = !value || json_is_null(value);
    int64_t number = is_absent ? otherwise : json_is_integer(value) ? json_integer_value(value) : least - 1;
    if (number >= least && number <= most) {
        *out = (int)number;
        return SID_OK;
    }
    char seen[32] = "no whole number";
    if (value && json_is_integer(value))
        (void)snprintf(seen, sizeof seen, "%" PRId64, number);
    return sid__fail_at(r->err, SID_EDATA, place_of(r),
                        "%s is %s; a whole number from %" PRId64 " to %" PRId64 " is expected", name,
                        is_absent ? "not there" : seen, least, most);
}

static sid_status read_text(const reader *r, const char *name, const char *otherwise, const char **out)
{
    const json_t *value = json_object_get(r->root, name);
    *out = otherwise;
    if (!value || json_is_null(value))
        return SID_OK;
    if (!json_is_string(value))
        return sid__fail_at(r->err, SID_EDATA, place_of(r), "%s is not a string", name);
    *out = json_string_value(value);
    return SID_OK;
}

static sid_status read_flag(const reader *r, const char *name, bool otherwise, bool *out)
{
    const json_t *value = json_object_get(r->root, name);
    *out = otherwise;
    if (!value || json_is_null(value))
        return SID_OK;
    if (!json_is_boolean(value))
        return sid__fail_at(r->err, SID_EDATA, place_of(r), "%s is neither true nor false", name);
    *out = json_is_true(value);
    return SID_OK;
}

/* A choice of which semid computes but one. */
static sid_status must_be(const reader *r, const char *name, const char *otherwise, const char *wanted)
{
    const char *value;
    SID_TRY(read_text(r, name, otherwise, &value));
    if (value && strcmp(value, wanted) == 0)
        return SID_OK;
    return sid__fail_at(
        r->err, SID_EDATA, place_of(r),
        "%s is \"%.60s\"; semid reads \"%s\" models only; embed the items with that model's own program "
        "and pass --vectors",
        name, value ? value : "", wanted);
}

static sid_status read_epsilon(const reader *r, double *out)
{
    const json_t *value = json_object_get(r->root, "layer_norm_eps");
    *out = value && !json_is_null(value) ? json_number_value(value) : 1e-12;
    if (*out > 0 && *out < 1)
        return SID_OK;
    return sid__fail_at(r->err, SID_EDATA, place_of(r), "layer_norm_eps is %g; a number between 0 and 1 is expected",
                        *out);
}

static sid_status read_kind(const reader *r)
{
    bool is_decoder;
    SID_TRY(must_be(r, "model_type", NULL, "bert"));
    SID_TRY(must_be(r, "hidden_act", "gelu", "gelu"));
    SID_TRY(must_be(r, "position_embedding_type", "absolute", "absolute"));
    SID_TRY(read_flag(r, "is_decoder", false, &is_decoder));
    if (is_decoder)
        return sid__fail_at(r->err, SID_EDATA, place_of(r), "is_decoder is true; an encoder is expected");
    return SID_OK;
}

static sid_status read_shape(const reader *r, sid__bert_shape *out)
{
    SID_TRY(read_kind(r));
    SID_TRY(read_int(r, "num_hidden_layers", 1, SID__BERT_LAYERS_MAX, 0, &out->layers));
    SID_TRY(read_int(r, "hidden_size", 1, SID__BERT_WIDTH_MAX, 0, &out->width));
    SID_TRY(read_int(r, "num_attention_heads", 1, out->width, 0, &out->heads));
    SID_TRY(read_int(r, "intermediate_size", 1, SID__BERT_INNER_MAX, 0, &out->inner));
    SID_TRY(read_int(r, "vocab_size", 3, SID__BERT_VOCAB_MAX, 0, &out->vocab));
    SID_TRY(read_int(r, "max_position_embeddings", 3, SID__BERT_POSITIONS_MAX, 0, &out->positions));
    SID_TRY(read_int(r, "type_vocab_size", 1, 1024, 2, &out->types));
    SID_TRY(read_epsilon(r, &out->epsilon));
    out->head_size = out->width / out->heads;
    if (out->head_size * out->heads != out->width || out->head_size > SID__BERT_HEAD_MAX)
        return sid__fail_at(r->err, SID_EDATA, place_of(r),
                            "hidden_size %d over num_attention_heads %d: a whole number up to %d is expected",
                            out->width, out->heads, SID__BERT_HEAD_MAX);
    return SID_OK;
}

static sid_status open_object(const char *bytes, size_t size, const char *path, json_t **root, sid_error *err)
{
    SID_TRY(sid__json_parse(bytes, size, path, root, err));
    if (json_is_object(*root))
        return SID_OK;
    json_decref(*root);
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1}, "a JSON object is expected");
}

sid_status sid__bert_shape_parse(const char *bytes, size_t size, const char *path, sid__bert_shape *out, sid_error *err)
{
    json_t *root = NULL;
    SID_TRY(open_object(bytes, size, path, &root, err));
    sid_status status = read_shape(&(reader){root, path, err}, out);
    json_decref(root);
    return status;
}

/* ---- tokenizer_config.json ---------------------------------------------------------------------------------------- */

/* "[CLS]" or {"content": "[CLS]", ..} */
static sid_status read_special(const reader *r, const char *name, const char *otherwise, char out[64])
{
    const json_t *value = json_object_get(r->root, name);
    if (json_is_object(value))
        value = json_object_get(value, "content");
    const char *text = json_is_string(value) ? json_string_value(value) : otherwise;
    if (strlen(text) >= 64)
        return sid__fail_at(r->err, SID_EDATA, place_of(r), "%s is longer than 63 bytes", name);
    (void)snprintf(out, 64, "%s", text);
    return SID_OK;
}

static sid_status check_class(const reader *r)
{
    const char *name;
    SID_TRY(read_text(r, "tokenizer_class", "BertTokenizer", &name));
    if (strcmp(name, "BertTokenizer") == 0 || strcmp(name, "BertTokenizerFast") == 0)
        return SID_OK;
    return sid__fail_at(
        r->err, SID_EDATA, place_of(r),
        "tokenizer_class is \"%.60s\"; semid splits text as BertTokenizer does only; embed the items with "
        "that model's own program and pass --vectors",
        name);
}

static sid_status read_rules(const reader *r, sid__bert_text_rules *out)
{
    sid__bert_rules *split = &out->split;
    SID_TRY(check_class(r));
    SID_TRY(read_flag(r, "do_lower_case", true, &split->is_lower));
    SID_TRY(read_flag(r, "strip_accents", split->is_lower, &split->strips_accents));
    SID_TRY(read_flag(r, "tokenize_chinese_chars", true, &split->splits_han));
    SID_TRY(read_special(r, "cls_token", "[CLS]", out->specials.cls));
    SID_TRY(read_special(r, "sep_token", "[SEP]", out->specials.sep));
    return read_special(r, "unk_token", "[UNK]", out->specials.unk);
}

sid_status sid__bert_rules_parse(const char *bytes, size_t size, const char *path, sid__bert_text_rules *out,
                                 sid_error *err)
{
    json_t *root = NULL;
    SID_TRY(open_object(bytes, size, path, &root, err));
    sid_status status = read_rules(&(reader){root, path, err}, out);
    json_decref(root);
    return status;
}

sid_status sid__bert_pooling_parse(const char *bytes, size_t size, const char *path, bool *is_cls, sid_error *err)
{
    json_t *root = NULL;
    SID_TRY(open_object(bytes, size, path, &root, err));
    sid_status status = read_flag(&(reader){root, path, err}, "pooling_mode_cls_token", false, is_cls);
    json_decref(root);
    return status;
}
