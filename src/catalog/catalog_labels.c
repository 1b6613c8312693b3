/* catalog_labels.c: words for the prefixes of a catalogue. All live items are read, since a word tells a prefix from its
 * siblings only if the siblings were read too: a second for 100,000 items.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog.h"
#include "catalog/item_texts.h"
#include "sid/labels.h"

enum { DEPTH_DEFAULT = 2, TITLE_SIZE = 80 /* bytes of a title in a label */ };

typedef struct gathering {
    sid_catalog *catalog;
    sid__label_tokens tokens;
    sid__categories categories;
    sid__column_search column;
    uint16_t *codes; /* (count, levels) */
    int64_t *row;    /* (count) */
    int64_t count, codes_capacity, row_capacity;
} gathering;

static sid_status add_texts(gathering *g, const sid__db_item *item, json_t *columns, sid_error *err)
{
    const char *name;
    json_t *value;
    if (!columns)
        SID_TRY(sid__label_tokens_add(&g->tokens, item->title, err));
    json_object_foreach(columns, name, value)
    {
        if (json_is_string(value))
            SID_TRY(sid__label_tokens_add(&g->tokens, json_string_value(value), err));
    }
    SID_TRY(sid__categories_add(&g->categories, sid__column_value(&g->column, columns), err));
    return sid__label_tokens_end_item(&g->tokens, err);
}

static sid_status gather(void *user, const sid__db_item *item, sid_error *err)
{
    gathering *g = user;
    int levels = g->catalog->manifest.levels;
    json_t *columns = NULL;
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    SID_TRY(sid__ctx_check(g->catalog->ctx, err));
    SID_TRY(sid__grow(&g->row, &g->row_capacity, g->count + 1, sizeof *g->row, "rows", err));
    SID_TRY(sid__grow(&g->codes, &g->codes_capacity, (g->count + 1) * levels, sizeof *g->codes, "codes", err));
    memcpy(g->codes + g->count * levels, item->codes, (size_t)levels * sizeof *g->codes);
    g->row[g->count++] = item->row;
    SID_TRY(sid__item_columns(item, &columns, err));
    sid_status status = add_texts(g, item, columns, err);
    json_decref(columns);
    return status;
}

static void gathering_drop(gathering *g)
{
    sid__label_tokens_drop(&g->tokens);
    sid__categories_drop(&g->categories);
    sid__free(g->codes);
    sid__free(g->row);
}

/* ---- A title for a prefix without words of its own ------------------------------------------------------------------ */

static sid_status vector_at(const gathering *g, int64_t place, float *x, sid_error *err)
{
    sid__db_item item = {.row = g->row[place]};
    int levels = g->catalog->manifest.levels;
    memcpy(item.codes, g->codes + place * levels, (size_t)levels * sizeof *item.codes);
    return sid__row_vector(g->catalog, &item, x, err);
}

/* x, mean (dim). */
static sid_status mean_of(const gathering *g, const int64_t *place, int64_t count, float *x, double *mean,
                          sid_error *err)
{
    int dim = g->catalog->manifest.dim;
    for (int64_t i = 0; i < count; i++) {
        SID_TRY(vector_at(g, place[i], x, err));
        for (int d = 0; d < dim; d++)
            mean[d] += (double)x[d];
    }
    for (int d = 0; d < dim; d++)
        mean[d] /= (double)count;
    return SID_OK;
}

/* The item nearest to the mean of these; of equal ones the first row. */
static sid_status nearest_to_mean(const gathering *g, const int64_t *place, int64_t count, int64_t *out, sid_error *err)
{
    int dim = g->catalog->manifest.dim;
    double *mean = NULL, best = (double)INFINITY;
    float *x = NULL;
    sid_status status = sid__alloc(&mean, (size_t)dim, sizeof *mean, "a mean vector", err);
    if (status == SID_OK)
        status = sid__alloc(&x, (size_t)dim, sizeof *x, "a vector", err);
    if (status == SID_OK)
        status = mean_of(g, place, count, x, mean, err);
    for (int64_t i = 0; i < count && status == SID_OK; i++) {
        double square = 0;
        status = vector_at(g, place[i], x, err);
        for (int d = 0; d < dim; d++)
            square += ((double)x[d] - mean[d]) * ((double)x[d] - mean[d]);
        if (square < best || (!(square > best) && place[i] < *out)) {
            best = square;
            *out = place[i];
        }
    }
    sid__free(mean);
    sid__free(x);
    return status;
}

static sid_status title_of(void *user, const int64_t *place, int64_t count, sid__arena *arena, const char **out,
                           sid_error *err)
{
    const gathering *g = user;
    sid__arena own = {0};
    sid__db_item item;
    char text[TITLE_SIZE + 3];
    bool is_found = false;
    int64_t chosen = place[0];
    if (count > 1)
        SID_TRY(nearest_to_mean(g, place, count, &chosen, err));
    sid_status status = sid__item_db_get(g->catalog->db, g->row[chosen], &own, &item, &is_found, err);
    if (status == SID_OK && is_found && item.title[0]) {
        char *copy = NULL;
        (void)snprintf(text, TITLE_SIZE + 1, "%s", item.title);
        sid__utf8_mend(text);
        size_t length = strlen(text);
        if (strlen(item.title) > TITLE_SIZE)
            (void)snprintf(text + length, sizeof text - length, "..");
        status = sid__arena_text(arena, text, strlen(text), &copy, err);
        *out = copy;
    }
    sid__arena_drop(&own);
    return status;
}

/* ---- Labels for callers ------------------------------------------------------------------------------------------- */

static sid_status give_one(const gathering *g, const sid__labels *labels, const sid__label *label, sid__arena *arena,
                           sid_label *out, sid_error *err)
{
    char text[SID_SID_TEXT_MAX], *prefix = NULL, *words = NULL, *category = NULL;
    const uint16_t *codes = g->codes + labels->by.order[label->begin] * g->catalog->manifest.levels;
    sid_format(codes, label->depth, text);
    SID_TRY(sid__arena_text(arena, text, strlen(text), &prefix, err));
    SID_TRY(sid__arena_text(arena, label->text, strlen(label->text), &words, err));
    if (label->commonest >= 0) {
        const char *path = g->categories.node[label->commonest].path;
        SID_TRY(sid__arena_text(arena, path, strlen(path), &category, err));
    }
    *out = (sid_label){.prefix = prefix,
                       .words = words,
                       .depth = label->depth,
                       .items = label->end - label->begin,
                       .purity = label->purity,
                       .category = category};
    return SID_OK;
}

static sid_status give(const gathering *g, const sid__labels *labels, sid_labels *out, sid_error *err)
{
    sid__arena *arena = NULL;
    SID_TRY(sid__alloc(&out->row, (size_t)labels->count, sizeof *out->row, "labels", err));
    SID_TRY(sid__alloc(&arena, 1, sizeof *arena, "labels", err));
    out->memory = arena;
    for (; out->count < labels->count; out->count++)
        SID_TRY(give_one(g, labels, &labels->row[out->count], arena, &out->row[out->count], err));
    return SID_OK;
}

static sid_status make(gathering *g, int depth, sid_labels *out, sid_error *err)
{
    sid__labels labels = {0};
    sid_status status = sid__item_db_scan(g->catalog->db, gather, g, err);
    SID_TRY(sid__column_search_end(&g->column, status, err));
    const sid__label_input in = {.codes = g->codes,
                                 .count = g->count,
                                 .levels = g->catalog->manifest.levels,
                                 .depth = depth,
                                 .tokens = &g->tokens,
                                 .categories = g->column.name ? &g->categories : NULL,
                                 .title = title_of,
                                 .title_user = g};
    SID_TRY(sid__labels_make(&in, &labels, err));
    status = give(g, &labels, out, err);
    sid__labels_drop(&labels);
    return status;
}

static sid_status check(const sid_catalog *catalog, const sid_label_options *options, sid_error *err)
{
    int levels = catalog->manifest.levels;
    if (!catalog->quantizer->family->is_ordered)
        return sid__fail(err, SID_EUSAGE, "quantizer %s is unordered: a prefix of its SIDs means nothing to label",
                         catalog->manifest.family);
    if (options->depth < 0 || options->depth > levels)
        return sid__fail(err, SID_EUSAGE, "depth is %d; this catalogue has 1 to %d levels", options->depth, levels);
    if (options->category_separator && !*options->category_separator)
        return sid__fail(err, SID_EUSAGE, "the category separator is empty; give one, such as \" > \"");
    return SID_OK;
}

sid_status sid_catalog_labels(sid_catalog *catalog, const sid_label_options *options, sid_labels *out, sid_error *err)
{
    static const sid_label_options defaults = {0};
    int levels = catalog->manifest.levels;
    options = options ? options : &defaults;
    *out = (sid_labels){0};
    SID_TRY(check(catalog, options, err));
    gathering g = {.catalog = catalog, .column = {.name = options->category}};
    g.categories.separator = options->category_separator ? options->category_separator : SID__CATEGORY_SEPARATOR;
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = make(&g,
                             options->depth           ? options->depth
                             : levels < DEPTH_DEFAULT ? levels
                                                      : DEPTH_DEFAULT,
                             out, err);
    sid__catalog_leave(catalog);
    gathering_drop(&g);
    if (status != SID_OK)
        sid_labels_drop(out);
    return status;
}

/* As codes would compare; both are texts of sid_format. < 0: a's depth is less, or its codes are. */
static int compare_prefix(const sid_label *label, const uint16_t *codes, int depth)
{
    uint16_t own[SID_LEVELS_MAX] = {0};
    int count = 0;
    if (label->depth != depth)
        return label->depth < depth ? -1 : 1;
    if (sid_parse(label->prefix, SID_LEVELS_MAX, own, &count, NULL) != SID_OK)
        return -1;
    return sid__codes_compare(own, codes, depth);
}

const sid_label *sid_labels_find(const sid_labels *labels, const char *sid, int depth)
{
    uint16_t codes[SID_LEVELS_MAX + 1];
    int count = 0;
    int64_t low = 0, high = labels->count;
    if (depth < 1 || sid_parse(sid, SID_LEVELS_MAX + 1, codes, &count, NULL) != SID_OK || count < depth)
        return NULL;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = compare_prefix(&labels->row[middle], codes, depth);
        if (order == 0)
            return &labels->row[middle];
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

void sid_labels_drop(sid_labels *labels)
{
    if (!labels)
        return;
    if (labels->memory)
        sid__arena_drop(labels->memory);
    sid__free(labels->memory);
    sid__free(labels->row);
    *labels = (sid_labels){0};
}
