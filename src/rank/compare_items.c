/* compare_items.c: see compare_items.h. */
#include "rank/compare_items.h"

#include <inttypes.h>
#include <string.h>

enum { USUAL_LEVELS = 4 };

/* Rows of vectors to items, by id; what has none is zero. *found (items), 1 where there is a vector. */
static sid_status join_vectors(sid__comparing *c, uint8_t **found, sid_error *err)
{
    const sid_vectors *vectors = c->options->vectors;
    int dim = sid_vectors_dim(vectors);
    int64_t items = c->im->items.count, joined = 0;
    SID_TRY(sid__alloc(&c->content, (size_t)items, (size_t)dim * sizeof *c->content, "vectors of items", err));
    SID_TRY(sid__alloc(found, (size_t)items, 1, "items with a vector", err));
    for (int64_t row = 0; row < sid_vectors_count(vectors); row++) {
        int64_t item = sid__id_list_find(&c->im->items, sid_vectors_id(vectors, row));
        if (item < 0)
            continue;
        SID_TRY(sid_vectors_rows(vectors, row, 1, c->content + item * dim, err));
        joined += !(*found)[item];
        (*found)[item] = 1;
    }
    c->data.content = c->content;
    c->data.content_dim = dim;
    if (joined == 0)
        return sid__fail(err, SID_EDATA,
                         "not one of the %" PRId64 " items has a vector: ids of the vectors are like \"%s\", of the "
                         "items like \"%s\"",
                         items, sid_vectors_id(vectors, 0), c->im->items.id[0]);
    if (joined < items)
        sid__ctx_warn(c->ctx, "%" PRId64 " of %" PRId64 " items have no vector", items - joined, items);
    return SID_OK;
}

static sid_status read_catalog(sid__comparing *c, sid_error *err)
{
    SID_TRY(sid__item_sids_read(c->options->catalog, &c->im->items, c->shown, &c->sids, err));
    int64_t items = c->im->items.count;
    int levels = c->sids.levels;
    SID_TRY(sid__alloc(&c->code, (size_t)items, (size_t)levels * sizeof *c->code, "SIDs of items", err));
    for (int64_t i = 0; i < items; i++) /* base codes, never an added digit */
        memcpy(c->code + i * levels, c->sids.code + i * c->sids.width, (size_t)levels * sizeof *c->code);
    c->data.codes = c->sids.codes;
    c->data.levels = levels;
    c->data.has_sid = c->sids.is_known;
    c->out->items_without_sid = c->sids.missing;
    return SID_OK;
}

/* Fits on the items seen before the last day, encodes all. */
static sid_status make_sids(sid__comparing *c, const uint8_t *found, sid_error *err)
{
    const sid_rank_compare_options *o = c->options;
    int64_t items = c->im->items.count, fitted = 0;
    int dim = c->data.content_dim;
    float *x = NULL;
    sid_quantizer *quantizer = NULL;
    const sid_quantizer_options options = {.quantizer = o->quantizer,
                                           .levels = o->levels ? o->levels : USUAL_LEVELS,
                                           .codes = o->codes ? o->codes : "64",
                                           .seed = o->seed};
    SID_TRY(sid__alloc(&x, (size_t)items, (size_t)dim * sizeof *x, "vectors to fit on", err));
    for (int64_t i = 0; i < items; i++)
        if (found[i] && c->shown[i] > 0)
            memcpy(x + fitted++ * dim, c->content + i * dim, (size_t)dim * sizeof *x);
    sid_status status = sid_quantizer_fit(c->ctx, &options, x, fitted, dim, &quantizer, err);
    sid__free(x);
    if (status != SID_OK)
        return status;
    c->data.levels = sid_quantizer_levels(quantizer);
    for (int l = 0; l < c->data.levels; l++)
        c->sids.codes[l] = sid_quantizer_codes(quantizer, l);
    status = sid__alloc(&c->code, (size_t)items, (size_t)c->data.levels * sizeof *c->code, "SIDs of items", err);
    if (status == SID_OK)
        status = sid_quantizer_encode(c->ctx, quantizer, c->content, items, c->code, NULL, err);
    sid_quantizer_free(quantizer);
    c->data.codes = c->sids.codes;
    return status;
}

/* ---- Columns of items ---- */

static sid_status column_of(const sid_items *items, const char *name, const char *what, int *out, sid_error *err)
{
    for (int c = 0; c < sid_items_column_count(items); c++)
        if (strcmp(sid_items_column_name(items, c), name) == 0) {
            *out = c;
            return SID_OK;
        }
    return sid__fail(err, SID_EUSAGE, "%s is column \"%s\", which the items do not have", what, name);
}

static sid_status place_in_tree(sid__comparing *c, const char *id, const char *text, uint16_t codes[SID_LEVELS_MAX],
                                sid_error *err)
{
    int levels = 0;
    SID_TRY(sid_parse(text, SID_LEVELS_MAX, codes, &levels, err));
    if (c->data.tree_levels == 0)
        c->data.tree_levels = levels;
    if (levels != c->data.tree_levels)
        return sid__fail(err, SID_EDATA, "the tree has \"%s\" for item \"%s\"; %d levels are expected", text, id,
                         c->data.tree_levels);
    for (int l = 0; l < levels; l++)
        c->tree_codes[l] = c->tree_codes[l] > codes[l] ? c->tree_codes[l] : codes[l] + 1;
    return SID_OK;
}

static sid_status read_tree(sid__comparing *c, sid_error *err)
{
    const sid_items *items = c->options->items;
    int64_t count = c->im->items.count;
    uint16_t codes[SID_LEVELS_MAX];
    int column = 0;
    SID_TRY(column_of(items, c->options->tree, "the tree", &column, err));
    SID_TRY(sid__alloc(&c->tree, (size_t)count, SID_LEVELS_MAX * sizeof *c->tree, "places in a tree", err));
    SID_TRY(sid__alloc(&c->has_tree, (size_t)count, 1, "places in a tree", err));
    for (int64_t i = 0; i < count; i++) {
        int64_t row = sid_items_find(items, c->im->items.id[i]);
        const char *text = row < 0 ? "" : sid_items_value(items, row, column);
        if (!*text)
            continue;
        SID_TRY(place_in_tree(c, c->im->items.id[i], text, codes, err));
        memcpy(c->tree + i * c->data.tree_levels, codes, (size_t)c->data.tree_levels * sizeof *codes);
        c->has_tree[i] = 1;
    }
    if (c->data.tree_levels == 0)
        return sid__fail(err, SID_EDATA, "not one item has a place in the tree");
    c->data.tree = c->tree;
    c->data.has_tree = c->has_tree;
    c->data.tree_codes = c->tree_codes;
    return SID_OK;
}

/* Pairs of which both were shown. */
static sid_status read_twins(sid__comparing *c, sid_error *err)
{
    const sid_items *items = c->options->items;
    int column = 0;
    SID_TRY(column_of(items, c->options->twin, "the twin", &column, err));
    SID_TRY(sid__alloc(&c->twin, (size_t)sid_items_count(items), 2 * sizeof *c->twin, "twins", err));
    for (int64_t row = 0; row < sid_items_count(items); row++) {
        const char *text = sid_items_value(items, row, column);
        int64_t first = *text ? sid__id_list_find(&c->im->items, sid_items_id(items, row)) : -1;
        int64_t second = *text ? sid__id_list_find(&c->im->items, text) : -1;
        if (first < 0 || second < 0)
            continue;
        c->twin[2 * c->twin_count] = (int32_t)first;
        c->twin[2 * c->twin_count++ + 1] = (int32_t)second;
    }
    return SID_OK;
}

void sid__compare_items_drop(sid__comparing *c)
{
    sid__free(c->has_sid);
    sid__free(c->code);
    sid__free(c->content);
    sid__item_sids_drop(&c->sids);
    sid__free(c->tree);
    sid__free(c->has_tree);
    sid__free(c->twin);
}

sid_status sid__compare_items(sid__comparing *c, sid_error *err)
{
    if (c->options->vectors)
        SID_TRY(join_vectors(c, &c->has_sid, err));
    if (c->options->catalog)
        SID_TRY(read_catalog(c, err));
    else if (c->options->vectors) {
        SID_TRY(make_sids(c, c->has_sid, err));
        c->data.has_sid = c->has_sid;
        for (int64_t i = 0; i < c->im->items.count; i++)
            c->out->items_without_sid += !c->has_sid[i];
    }
    c->data.code = c->code;
    c->data.history_by_id = c->options->sid_in_target;
    if ((c->options->tree || c->options->twin) && !c->options->items)
        return sid__fail(err, SID_EUSAGE, "a tree and twins are columns of items, and none are given");
    if (c->options->tree)
        SID_TRY(read_tree(c, err));
    if (c->options->twin)
        SID_TRY(read_twins(c, err));
    if (c->out->items_without_sid * 100 > c->im->items.count)
        sid__ctx_warn(c->ctx, "%" PRId64 " of %" PRId64 " items have no SID: they are described by nothing there",
                      c->out->items_without_sid, c->im->items.count);
    return SID_OK;
}
