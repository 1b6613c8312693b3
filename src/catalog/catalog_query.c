/* catalog_query.c: questions about items: show, items, decode, neighbors.
 *
 * Neighbours go up the trie: the run of items that share all levels with the query first, then the rest of each shorter
 * prefix's run, until k are found; inside a run by true distance, then row. So a common prefix outranks distance, which is
 * what a SID promises, and k results come whenever k other items exist.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"

enum { K_DEFAULT = 10 };

/* ---- Items into lists --------------------------------------------------------------------------------------------- */

typedef struct listing {
    sid_catalog *catalog;
    sid_hits *hits;
    int64_t capacity;
} listing;

static sid_status get_item(sid_catalog *catalog, int64_t row, sid__arena *arena, sid__db_item *item, sid_error *err)
{
    bool is_found = false;
    SID_TRY(sid__item_db_get(catalog->db, row, arena, item, &is_found, err));
    if (is_found && item->state != SID__STATE_REMOVED)
        return SID_OK;
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                        "%s names row %" PRId64 ", which %s does not have; remove %s and try again", SID__FILE_INDEX,
                        row, SID__FILE_ITEMS, SID__FILE_INDEX);
}

static sid_status push_row(listing *list, int64_t row, double distance, int shared, sid_error *err)
{
    sid__arena arena = {0};
    sid__db_item item;
    sid_status status = get_item(list->catalog, row, &arena, &item, err);
    if (status == SID_OK)
        status = sid__hits_push(list->hits, &list->capacity, &item, distance, shared, err);
    sid__arena_drop(&arena);
    return status;
}

static sid_status find_item(sid_catalog *catalog, const char *item_id, sid__arena *arena, sid__db_item *item,
                            sid_error *err)
{
    bool is_found = false;
    SID_TRY(sid__item_db_find(catalog->db, item_id, arena, item, &is_found, err));
    return is_found ? SID_OK
                    : sid__fail(err, SID_ENOTFOUND, "no item \"%.*s\" in %s", SID_ITEM_ID_MAX, item_id, catalog->path);
}

static sid_status show(listing *list, const char *item_id, sid_error *err)
{
    sid_catalog *catalog = list->catalog;
    sid__arena arena = {0};
    sid__db_item item;
    int64_t at = 0, end = 0;
    sid_status status = find_item(catalog, item_id, &arena, &item, err);
    if (status == SID_OK)
        status = sid__hits_push(list->hits, &list->capacity, &item, (double)NAN, 0, err);
    if (status == SID_OK)
        (void)sid__prefix_index_find(catalog->index, item.codes, item.levels, &at, &end);
    for (; at < end && status == SID_OK; at++)
        if (sid__prefix_index_row(catalog->index, at) != item.row)
            status = push_row(list, sid__prefix_index_row(catalog->index, at), (double)NAN, 0, err);
    sid__arena_drop(&arena);
    return status;
}

sid_status sid_catalog_show(sid_catalog *catalog, const char *item_id, sid_hits *hits, sid_error *err)
{
    listing list = {.catalog = catalog, .hits = hits};
    *hits = (sid_hits){0};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = show(&list, item_id, err);
    sid__catalog_leave(catalog);
    if (status != SID_OK)
        sid_hits_drop(hits);
    return status;
}

/* No SID is empty, so that of an item that is not there is. */
static sid_status push_found(listing *list, const char *item_id, sid_error *err)
{
    sid__arena arena = {0};
    sid__db_item item = {0};
    bool is_found = false;
    sid_status status = sid__item_db_find(list->catalog->db, item_id, &arena, &item, &is_found, err);
    if (!is_found)
        item = (sid__db_item){.item_id = item_id, .row = -1, .digit = -1, .title = "", .metadata = ""};
    if (status == SID_OK)
        status = sid__hits_push(list->hits, &list->capacity, &item, (double)NAN, 0, err);
    sid__arena_drop(&arena);
    return status;
}

sid_status sid_catalog_find(sid_catalog *catalog, const char *const *item_ids, int64_t count, sid_hits *hits,
                            sid_error *err)
{
    listing list = {.catalog = catalog, .hits = hits};
    *hits = (sid_hits){0};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = SID_OK;
    for (int64_t i = 0; i < count && status == SID_OK; i++)
        status = push_found(&list, item_ids[i], err);
    sid__catalog_leave(catalog);
    if (status != SID_OK)
        sid_hits_drop(hits);
    return status;
}

static sid_status push_live(void *user, const sid__db_item *item, sid_error *err)
{
    listing *list = user;
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    return sid__hits_push(list->hits, &list->capacity, item, (double)NAN, 0, err);
}

sid_status sid_catalog_items(sid_catalog *catalog, sid_hits *hits, sid_error *err)
{
    listing list = {.catalog = catalog, .hits = hits};
    *hits = (sid_hits){0};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = sid__item_db_scan(catalog->db, push_live, &list, err);
    sid__catalog_leave(catalog);
    if (status != SID_OK)
        sid_hits_drop(hits);
    return status;
}

/* ---- What is asked for -------------------------------------------------------------------------------------------- */

/* A query made into codes and a vector. */
typedef struct target {
    float *x;                           /* (dim) */
    uint16_t codes[SID_LEVELS_MAX + 1]; /* depth of them */
    int depth;
    int64_t self; /* row never to be given; -1: none */
    bool is_prefix;
} target;

static int shared_levels(const sid_catalog *catalog, int depth)
{
    return depth < catalog->manifest.levels ? depth : catalog->manifest.levels;
}

/* A prefix to its reconstruction. */
static sid_status target_prefix(sid_catalog *catalog, const char *prefix, target *t, sid_error *err)
{
    int levels = catalog->manifest.levels;
    uint16_t padded[SID_LEVELS_MAX] = {0};
    SID_TRY(sid_parse(prefix, sid__catalog_width(catalog), t->codes, &t->depth, err));
    if (t->depth < levels && !catalog->quantizer->family->is_ordered)
        return sid__fail(err, SID_EUSAGE,
                         "the codes of quantizer %s have no order, so a prefix of its SIDs means nothing; give all %d "
                         "codes, or ask for the neighbours of an item, a vector or a text",
                         catalog->manifest.family, levels);
    memcpy(padded, t->codes, (size_t)shared_levels(catalog, t->depth) * sizeof *padded);
    t->is_prefix = true;
    return sid_quantizer_decode(catalog->quantizer, padded, 1, shared_levels(catalog, t->depth), t->x, err);
}

static sid_status target_item(sid_catalog *catalog, const char *item_id, target *t, sid_error *err)
{
    sid__arena arena = {0};
    sid__db_item item;
    sid_status status = find_item(catalog, item_id, &arena, &item, err);
    if (status == SID_OK)
        status = sid__row_vector(catalog, &item, t->x, err);
    if (status == SID_OK) {
        memcpy(t->codes, item.codes, (size_t)item.levels * sizeof *t->codes);
        t->self = item.row;
    }
    sid__arena_drop(&arena);
    return status;
}

static sid_status target_vector(sid_catalog *catalog, const float *vector, int dim, target *t, sid_error *err)
{
    if (dim != catalog->manifest.dim)
        return sid__fail(err, SID_EDATA, "the vector has %d numbers, the catalogue takes %d", dim,
                         catalog->manifest.dim);
    for (int i = 0; i < dim; i++)
        if (!(fabs((double)vector[i]) <= SID_VALUE_MAX))
            return sid__fail(err, SID_EDATA, "number %d of the vector is %g; finite values of at most %g are expected",
                             i, (double)vector[i], SID_VALUE_MAX);
    memcpy(t->x, vector, (size_t)dim * sizeof *t->x);
    return sid_quantizer_encode(catalog->ctx, catalog->quantizer, t->x, 1, t->codes, NULL, err);
}

static sid_status target_text(sid_catalog *catalog, const char *text, target *t, sid_error *err)
{
    if (!catalog->encoder)
        return sid__fail(err, SID_EUSAGE, "this catalogue was fitted from vectors; pass --vector");
    SID_TRY(sid_encoder_encode_text(catalog->encoder, text, t->x, err));
    bool is_known = false;
    for (int i = 0; i < catalog->manifest.dim; i++)
        is_known = is_known || t->x[i] != 0;
    if (!is_known)
        return sid__fail(err, SID_EDATA, "the encoder knows no word of \"%.200s\"; try other words", text);
    return sid_quantizer_encode(catalog->ctx, catalog->quantizer, t->x, 1, t->codes, NULL, err);
}

static sid_status make_target(sid_catalog *catalog, const sid_query *query, target *t, sid_error *err)
{
    int asked = !!query->item + !!query->prefix + !!query->vector + !!query->text;
    if (asked != 1)
        return sid__fail(err, SID_EUSAGE, "%d of item, prefix, vector, text are given; exactly one is expected", asked);
    *t = (target){.self = -1, .depth = catalog->manifest.levels};
    SID_TRY(sid__alloc(&t->x, (size_t)catalog->manifest.dim, sizeof *t->x, "the query", err));
    if (query->item)
        return target_item(catalog, query->item, t, err);
    if (query->prefix)
        return target_prefix(catalog, query->prefix, t, err);
    if (query->vector)
        return target_vector(catalog, query->vector, query->vector_dim, t, err);
    return target_text(catalog, query->text, t, err);
}

/* ---- Ranking ------------------------------------------------------------------------------------------------------ */

typedef struct candidate {
    int64_t row;
    double distance;
} candidate;

static int by_row(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Rows are distinct, so the order is total. */
static int by_distance(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Candidates of positions begin..end without inner_begin..inner_end and without `self`, nearest first. */
static sid_status rank_run(sid_catalog *catalog, const target *t, const int64_t run[2], const int64_t inner[2],
                           candidate **out, int64_t *out_count, sid_error *err)
{
    int64_t *row = NULL, count = 0, capacity = run[1] - run[0] - (inner[1] - inner[0]);
    double *distance = NULL;
    candidate *found = NULL;
    SID_TRY(sid__alloc(&row, (size_t)capacity, sizeof *row, "rows", err));
    for (int64_t at = run[0]; at < run[1]; at++)
        if ((at < inner[0] || at >= inner[1]) && sid__prefix_index_row(catalog->index, at) != t->self)
            row[count++] = sid__prefix_index_row(catalog->index, at);
    qsort(row, (size_t)count, sizeof *row, by_row);
    sid_status status = sid__alloc(&distance, (size_t)count, sizeof *distance, "distances", err);
    if (status == SID_OK)
        status = sid__alloc(&found, (size_t)count, sizeof *found, "neighbours", err);
    if (status == SID_OK)
        status = sid__row_distances(catalog, t->x, row, count, distance, err);
    for (int64_t i = 0; i < count && status == SID_OK; i++)
        found[i] = (candidate){.row = row[i], .distance = distance[i]};
    sid__free(row);
    sid__free(distance);
    if (status != SID_OK) {
        sid__free(found);
        return status;
    }
    qsort(found, (size_t)count, sizeof *found, by_distance);
    *out = found;
    *out_count = count;
    return SID_OK;
}

/* The nearest of one run join the list, until it holds k. */
static sid_status push_run(listing *list, const target *t, const int64_t run[2], const int64_t inner[2], int k,
                           int shared, sid_error *err)
{
    candidate *found = NULL;
    int64_t count = 0;
    SID_TRY(rank_run(list->catalog, t, run, inner, &found, &count, err));
    sid_status status = SID_OK;
    for (int64_t i = 0; i < count && list->hits->count < k && status == SID_OK; i++)
        status = push_row(list, found[i].row, found[i].distance, shared, err);
    sid__free(found);
    return status;
}

static sid_status rank(listing *list, const target *t, int k, sid_error *err)
{
    const sid_catalog *catalog = list->catalog;
    int64_t inner[2] = {0, 0};
    /* In an unordered family only the distance means something. */
    int depth = t->is_prefix || catalog->quantizer->family->is_ordered ? t->depth : 0;
    for (;; depth--) {
        int64_t run[2] = {0, 0};
        (void)sid__prefix_index_find(catalog->index, t->codes, depth, &run[0], &run[1]);
        if (run[1] > run[0])
            SID_TRY(push_run(list, t, run, inner, k, shared_levels(catalog, depth), err));
        if (depth == 0 || t->is_prefix || list->hits->count >= k)
            return SID_OK;
        if (run[1] > run[0])
            memcpy(inner, run, sizeof inner);
    }
}

sid_status sid_catalog_neighbors(sid_catalog *catalog, const sid_query *query, sid_hits *hits, sid_error *err)
{
    listing list = {.catalog = catalog, .hits = hits};
    target t = {0};
    *hits = (sid_hits){0};
    if (query->k < 0)
        return sid__fail(err, SID_EUSAGE, "k is %d; 1 or more is expected", query->k);
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = make_target(catalog, query, &t, err);
    if (status == SID_OK)
        status = rank(&list, &t, query->k ? query->k : K_DEFAULT, err);
    sid__catalog_leave(catalog);
    sid__free(t.x);
    if (status != SID_OK)
        sid_hits_drop(hits);
    return status;
}

sid_status sid_catalog_unknown_words(const sid_catalog *catalog, const char *text, char **words, sid_error *err)
{
    const sid_encoder *encoder = catalog->encoder;
    sid__strbuf unknown = {0};
    *words = NULL;
    if (!encoder || !encoder->family->unknown_words)
        return SID_OK;
    sid_status status = encoder->family->unknown_words(encoder, text, &unknown, err);
    if (status == SID_OK && unknown.length > 0)
        *words = sid__strbuf_take(&unknown);
    sid__strbuf_drop(&unknown);
    return status;
}

/* ---- Decode ------------------------------------------------------------------------------------------------------- */

static sid_status push_below(listing *list, const target *t, sid_error *err)
{
    sid_catalog *catalog = list->catalog;
    int64_t at = 0, end = 0;
    float *x = NULL;
    SID_TRY(sid__alloc(&x, (size_t)catalog->manifest.dim, sizeof *x, "a vector", err));
    sid_status status = SID_OK;
    (void)sid__prefix_index_find(catalog->index, t->codes, t->depth, &at, &end);
    for (; at < end && status == SID_OK; at++) {
        sid__arena arena = {0};
        sid__db_item item;
        status = get_item(catalog, sid__prefix_index_row(catalog->index, at), &arena, &item, err);
        if (status == SID_OK)
            status = sid__row_vector(catalog, &item, x, err);
        if (status == SID_OK)
            status = sid__hits_push(list->hits, &list->capacity, &item, sid__distance(t->x, x, catalog->manifest.dim),
                                    shared_levels(catalog, t->depth), err);
        sid__arena_drop(&arena);
    }
    sid__free(x);
    return status;
}

static sid_status push_nearest(listing *list, const target *t, int k, sid_error *err)
{
    sid_catalog *catalog = list->catalog;
    const int64_t all[2] = {0, sid__prefix_index_count(catalog->index)}, none[2] = {0, 0};
    candidate *found = NULL;
    int64_t count = 0;
    SID_TRY(rank_run(catalog, t, all, none, &found, &count, err));
    sid_status status = SID_OK;
    for (int64_t i = 0; i < count && i < k && status == SID_OK; i++) {
        sid__arena arena = {0};
        sid__db_item item;
        int shared = 0;
        status = get_item(catalog, found[i].row, &arena, &item, err);
        while (status == SID_OK && shared < shared_levels(catalog, t->depth) && item.codes[shared] == t->codes[shared])
            shared++;
        if (status == SID_OK)
            status = sid__hits_push(list->hits, &list->capacity, &item, found[i].distance, shared, err);
        sid__arena_drop(&arena);
    }
    sid__free(found);
    return status;
}

sid_status sid_catalog_decode(sid_catalog *catalog, const char *prefix, int k, sid_hits *exact, sid_hits *nearest,
                              sid_error *err)
{
    listing below = {.catalog = catalog, .hits = exact}, near = {.catalog = catalog, .hits = nearest};
    target t = {0};
    if (exact)
        *exact = (sid_hits){0};
    if (nearest)
        *nearest = (sid_hits){0};
    if (k < 0)
        return sid__fail(err, SID_EUSAGE, "k is %d; 1 or more is expected", k);
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = make_target(catalog, &(sid_query){.prefix = prefix}, &t, err);
    if (status == SID_OK && exact)
        status = push_below(&below, &t, err);
    if (status == SID_OK && nearest)
        status = push_nearest(&near, &t, k ? k : K_DEFAULT, err);
    sid__catalog_leave(catalog);
    sid__free(t.x);
    if (status != SID_OK) {
        sid_hits_drop(exact);
        sid_hits_drop(nearest);
    }
    return status;
}
