/* catalog_start.c: see catalog_start.h. */
#include "catalog/catalog_start.h"

#include <stdio.h>
#include <string.h>

static const char *or_else(const char *given, const char *before)
{
    return given ? given : before[0] ? before : NULL;
}

static sid_status write_codes(sid__start *start, const sid__manifest *m, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = SID_OK;
    for (int l = 0; l < m->levels && status == SID_OK; l++)
        status = sid__strbuf_printf(&text, err, "%s%d", l ? "," : "", m->codes[l]);
    start->codes = sid__strbuf_take(&text);
    return status;
}

static sid_status check_family(const sid_fit_options *given, const sid_catalog *old, sid_error *err)
{
    const sid__manifest *m = &old->manifest;
    if (given->quantizer && strcmp(given->quantizer, m->family) != 0)
        return sid__fail(err, SID_EUSAGE, "quantizer %s cannot start from %s, which was made by %s", given->quantizer,
                         old->path, m->family);
    if (!old->quantizer->family->can_start)
        return sid__fail(err, SID_EUSAGE,
                         "quantizer %s cannot start from another catalogue; fit without init_from, and compare",
                         m->family);
    return SID_OK;
}

static sid_status fail_shape(const sid__start *start, sid_error *err)
{
    return sid__fail(err, SID_EUSAGE,
                     "%s has %d levels of %s codes; what starts from it keeps them, and how it prepares vectors: leave "
                     "out levels, codes, no_center, normalize and pca",
                     start->options.init_from, start->catalog->manifest.levels, start->codes);
}

static sid_status fill(sid__start *start, const sid_fit_options *given, const sid_vectors *vectors, sid_error *err)
{
    const sid_catalog *old = start->catalog;
    const sid__manifest *m = &old->manifest;
    sid_fit_options *o = &start->options;
    SID_TRY(check_family(given, old, err));
    SID_TRY(write_codes(start, m, err));
    if (given->levels && given->levels != m->levels)
        return fail_shape(start, err);
    o->quantizer = m->family;
    o->levels = m->levels;
    o->codes = given->codes ? given->codes : start->codes;
    o->options = or_else(given->options, m->options);
    o->parent = or_else(given->parent, m->id);
    if (!given->collisions) {
        o->collisions = m->collisions;
        o->digit_style = or_else(given->digit_style, m->digit_style);
        o->collision_options = or_else(given->collision_options, m->collision_options);
    }
    if (!given->encoder)
        o->encoder = old->encoder;
    if (!given->fusion)
        o->fusion = old->fusion;
    if (vectors && sid_vectors_dim(vectors) != m->dim)
        return sid__fail(err, SID_EDATA, "the vectors have %d dimensions; those of %s, to start from, have %d",
                         sid_vectors_dim(vectors), old->path, m->dim);
    return SID_OK;
}

/* A separate fusion has each modality coded by as many levels as are asked for, or 3. */
static sid_status fill_groups(sid__start *start, sid_error *err)
{
    enum { LEVELS_DEFAULT = 3 };
    sid_fit_options *o = &start->options;
    const sid_fusion *fusion = o->fusion;
    sid__strbuf text = {0};
    if (!fusion || !fusion->is_separate || (o->options && strstr(o->options, "groups=")))
        return SID_OK;
    if (o->quantizer && strcmp(o->quantizer, "rkmeans") != 0)
        return sid__fail(err, SID_EUSAGE, "quantizer is %s; separate modalities are coded by rkmeans", o->quantizer);
    if (!o->init_from && o->codes && strchr(o->codes, ','))
        return sid__fail(err, SID_EUSAGE, "codes is \"%s\"; separate modalities take one number for all levels",
                         o->codes);
    if (!o->init_from && o->levels > SID_LEVELS_MAX / fusion->count)
        return sid__fail(err, SID_EUSAGE, "levels is %d for each of %d modalities; at most %d together are expected",
                         o->levels, fusion->count, SID_LEVELS_MAX);
    if (!o->init_from)
        o->levels = (o->levels ? o->levels : LEVELS_DEFAULT) * fusion->count;
    sid_status status = sid__strbuf_printf(&text, err, "%s%sgroups=", o->options ? o->options : "",
                                           o->options && o->options[0] ? "," : "");
    if (status == SID_OK)
        status = sid__fusion_widths(fusion, &text, err);
    o->options = start->family_options = sid__strbuf_take(&text);
    return status;
}

sid_status sid__start_open(sid_ctx *ctx, const sid_fit_options *options, const sid_vectors *vectors, sid__start *out,
                           sid_error *err)
{
    *out = (sid__start){.options = *options};
    if (options->init_from) {
        SID_TRY(sid_catalog_open(ctx, options->init_from, SID_OPEN_READ, &out->catalog, err));
        SID_TRY(fill(out, options, vectors, err));
    }
    return fill_groups(out, err);
}

sid_status sid__start_apply(const sid__start *start, sid_quantizer *quantizer, sid_error *err)
{
    if (!start->catalog)
        return SID_OK;
    const sid_quantizer *old = start->catalog->quantizer;
    int levels = sid_quantizer_levels(old);
    bool is_same = sid_quantizer_levels(quantizer) == levels && !old->mean == quantizer->options.no_center &&
                   old->options.pca == quantizer->options.pca && old->options.normalize == quantizer->options.normalize;
    for (int l = 0; l < levels && is_same; l++)
        is_same = sid_quantizer_codes(old, l) == sid_quantizer_codes(quantizer, l);
    if (!is_same)
        return fail_shape(start, err);
    quantizer->start = old;
    return SID_OK;
}

void sid__start_drop(sid__start *start)
{
    sid_catalog_close(start->catalog);
    sid__free(start->codes);
    sid__free(start->family_options);
    *start = (sid__start){0};
}
