/* encoder_registry.c: the list of text encoders, and what they share: options, ids, storing. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "embed/bert.h"
#include "embed/encoder.h"
#include "embed/lsa.h"

enum { SEED_DEFAULT = 42, ENCODERS_MAX = 16 };

const sid__encoder_class *const sid__encoder_registry[] = {&sid__encoder_lsa, &sid__encoder_bert};
const int sid__encoder_registry_count = (int)(sizeof sid__encoder_registry / sizeof(const sid__encoder_class *));

int sid_encoder_family_count(void)
{
    return sid__encoder_registry_count;
}

const sid_family *sid_encoder_family(int index)
{
    return index >= 0 && index < sid__encoder_registry_count ? &sid__encoder_registry[index]->info : NULL;
}

static sid_status find_family(const char *name, const sid__encoder_class **out, sid_error *err)
{
    const char *names[ENCODERS_MAX];
    int count = sid__encoder_registry_count;
    for (int i = 0; i < count; i++) {
        names[i] = sid__encoder_registry[i]->info.name;
        if (strcmp(names[i], name) == 0) {
            *out = sid__encoder_registry[i];
            return SID_OK;
        }
    }
    const char *near = sid_closest(name, names, count);
    return sid__fail(err, SID_EUSAGE, "encoder \"%s\" is unknown; did you mean \"%s\"?", name, near ? near : names[0]);
}

/* sid__option_set_fn */
static sid_status set_option(void *user, const char *name, const char *value, sid_error *err)
{
    sid_encoder *e = user;
    const sid_family *family = &e->family->info;
    bool is_known = false;
    SID_TRY(sid__options_set(family, e->family_options, name, value, &is_known, err));
    if (is_known)
        return SID_OK;
    const char **names = NULL;
    SID_TRY(sid__alloc(&names, (size_t)family->option_count, sizeof *names, "option names", err));
    for (int i = 0; i < family->option_count; i++)
        names[i] = family->options[i].name;
    const char *near = sid_closest(name, names, family->option_count);
    sid_status status = sid__fail(err, SID_EUSAGE, "encoder %s has no option \"%s\"%s%s%s", family->name, name,
                                  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    sid__free(names);
    return status;
}

static sid_status set_options(sid_encoder *e, const sid_encoder_options *options, sid_error *err)
{
    const char *fields = options->fields ? options->fields : "";
    if (strlen(fields) >= sizeof e->fields)
        return sid__fail(err, SID_EUSAGE, "fields is longer than %zu bytes", sizeof e->fields - 1);
    (void)snprintf(e->fields, sizeof e->fields, "%s", fields);
    e->seed = options->seed ? options->seed : SEED_DEFAULT;
    e->family->fingerprint(e->fingerprint, sizeof e->fingerprint);
    SID_TRY(sid__alloc(&e->family_options, 1, e->family->options_size, "the encoder's options", err));
    SID_TRY(sid__options_default(&e->family->info, e->family_options, err));
    return sid__options_split(options->options, set_option, e, err);
}

/* An encoder that is not fitted yet. */
static sid_status create(const sid_encoder_options *options, sid_encoder **out, sid_error *err)
{
    sid_encoder *e = NULL;
    const sid__encoder_class *family = NULL;
    static const sid_encoder_options defaults = {0};
    if (!options)
        options = &defaults;
    SID_TRY(find_family(options->encoder ? options->encoder : "lsa", &family, err));
    SID_TRY(sid__alloc(&e, 1, sizeof *e, "the encoder", err));
    e->family = family;
    sid_status status = set_options(e, options, err);
    if (status != SID_OK) {
        sid_encoder_free(e);
        return status;
    }
    *out = e;
    return SID_OK;
}

sid_status sid_encoder_fit(sid_ctx *ctx, const sid_items *items, const sid_encoder_options *options, sid_encoder **out,
                           sid_error *err)
{
    sid_encoder *e = NULL;
    SID_TRY(create(options, &e, err));
    sid_status status = e->family->fit(ctx, e, items, err);
    if (status != SID_OK) {
        sid_encoder_free(e);
        return status;
    }
    *out = e;
    return SID_OK;
}

void sid_encoder_free(sid_encoder *encoder)
{
    if (!encoder)
        return;
    encoder->family->drop(encoder);
    sid__free(encoder->family_options);
    sid__free(encoder);
}

int sid_encoder_dim(const sid_encoder *encoder)
{
    return encoder->dim;
}

const char *sid_encoder_name(const sid_encoder *encoder)
{
    return encoder->family->info.name;
}

/* data (count, dim) and ids (count) are there; fills both and makes the vectors. */
static sid_status encode_into(sid_ctx *ctx, const sid_encoder *e, const sid_items *items, float *data, const char **ids,
                              int64_t *no_text_count, sid_vectors **out, sid_error *err)
{
    int64_t count = sid_items_count(items);
    SID_TRY(e->family->encode(ctx, e, items, data, no_text_count, err));
    for (int64_t i = 0; i < count; i++)
        ids[i] = sid_items_id(items, i);
    return sid_vectors_create(ctx, data, count, e->dim, ids, out, err);
}

sid_status sid_encoder_encode(sid_ctx *ctx, const sid_encoder *encoder, const sid_items *items, sid_vectors **out,
                              int64_t *no_text_count, sid_error *err)
{
    int64_t entries = 0, zero_count = 0;
    float *data = NULL;
    const char **ids = NULL;
    if (!sid__mul_i64(sid_items_count(items), encoder->dim, &entries))
        return sid__fail_memory(err, "the vectors", SIZE_MAX);
    size_t size = (size_t)entries * sizeof *data;
    SID_TRY(sid__ctx_reserve(ctx, size, "the vectors", err));
    sid_status status = sid__alloc(&data, (size_t)entries, sizeof *data, "the vectors", err);
    if (status == SID_OK)
        status = sid__alloc(&ids, (size_t)sid_items_count(items), sizeof *ids, "the ids", err);
    if (status == SID_OK)
        status = encode_into(ctx, encoder, items, data, ids, &zero_count, out, err);
    if (status == SID_OK && no_text_count)
        *no_text_count = zero_count;
    sid__free(data);
    sid__free(ids);
    sid__ctx_release(ctx, size);
    return status;
}

sid_status sid_encoder_encode_text(const sid_encoder *encoder, const char *text, float *out, sid_error *err)
{
    return encoder->family->encode_text(encoder, text, out, err);
}

sid_status sid__encoder_save(const sid_encoder *e, sid__tensor_set *set, sid_error *err)
{
    return e->family->save(e, set, err);
}

sid_status sid__encoder_load(const sid_encoder_options *options, const sid__tensor_set *set, sid_encoder **out,
                             sid_error *err)
{
    sid_encoder *e = NULL;
    SID_TRY(create(options, &e, err));
    sid_status status = e->family->load(e, set, err);
    if (status != SID_OK) {
        sid_encoder_free(e);
        return status;
    }
    *out = e;
    return SID_OK;
}

sid_status sid__encoder_options_text(const sid_encoder *e, sid__strbuf *out, sid_error *err)
{
    char value[SID__OPTION_TEXT_SIZE];
    for (int i = 0; i < e->family->info.option_count; i++) {
        const sid_option *option = &e->family->info.options[i];
        sid__option_text(option, e->family_options, value);
        SID_TRY(sid__strbuf_printf(out, err, strchr(value, ',') ? "%s%s=(%s)" : "%s%s=%s", i ? "," : "", option->name,
                                   value));
    }
    return SID_OK;
}

const char *sid__encoder_fingerprint(const sid_encoder *e)
{
    return e->fingerprint;
}
