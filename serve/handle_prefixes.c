/* handle_prefixes.c: what lies below a prefix: its items page by page, its children, the use of a level's codes, and buckets
 * of items that share their codes. Short pages are answered in the loop; see bundle.h.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters.h"
#include "json_body.h"
#include "route_table.h"
#include "server.h"

enum { LOOKS_MAX = 20, SIBLINGS_MAX = 256, PAGE_USUAL = 100, CHILDREN_USUAL = 256 };

bool srv_is_fresh(const srv_request *request)
{
    return !atomic_load(&request->bundle->store->is_stale);
}

bool srv_is_short_page(const srv_request *request)
{
    const char *limit = srv_query_value(request, "limit");
    return srv_is_fresh(request) && (!limit || strtol(limit, NULL, 10) <= SRV_INLINE_PAGE);
}

static bool is_in_loop(const srv_request *request)
{
    return request->step != SRV_STEP_WAITS;
}

/* ---- Parts of answers --------------------------------------------------------------------------------------------- */

static const sid_label *find_label(srv_store *store, const char *sid, int depth)
{
    sid_labels *labels = atomic_load(&store->labels);
    const sid_label *label = labels && depth > 0 ? sid_labels_find(labels, sid, depth) : NULL;
    return label && label->depth == depth ? label : NULL;
}

static void put_words(srv_text *text, srv_store *store, const char *sid, int depth)
{
    const sid_label *label = find_label(store, sid, depth);
    const char *at = label ? label->words : "";
    srv_puts(text, "[");
    for (int i = 0; *at; i++) {
        const char *comma = strstr(at, ", ");
        size_t length = comma ? (size_t)(comma - at) : strlen(at);
        char word[256];
        (void)snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), at);
        srv_puts(text, i ? "," : "");
        srv_put_string(text, word);
        at += length + (comma ? 2 : 0);
    }
    srv_puts(text, "]");
}

static void put_label(srv_text *text, srv_store *store, const char *sid, int depth)
{
    const sid_label *label = find_label(store, sid, depth);
    srv_put_string(text, label && label->words[0] ? label->words : NULL);
}

/* The label; where the server has a category, the commonest below the prefix and its share too. */
static void put_child_label(srv_text *text, srv_store *store, const char *sid, int depth)
{
    const sid_label *label = find_label(store, sid, depth);
    srv_puts(text, ",\"label\":");
    srv_put_string(text, label && label->words[0] ? label->words : NULL);
    if (!store->category)
        return;
    srv_puts(text, ",\"category\":");
    srv_put_string(text, label ? label->category : NULL);
    srv_puts(text, ",\"purity\":");
    srv_put_number(text, label ? label->purity : (double)NAN);
}

void srv_put_hit(srv_text *text, const sid_item *item)
{
    srv_puts(text, "{\"item_id\":");
    srv_put_string(text, item->item_id);
    srv_puts(text, ",\"sid\":\"");
    srv_puts(text, item->sid);
    srv_puts(text, "\",\"title\":");
    srv_put_string(text, item->title);
}

/* Codes of a prefix, checked; false with a problem. "" is the root. */
static bool parse_prefix(srv_request *request, const char *text, uint16_t *codes, int *depth)
{
    const srv_store *store = request->bundle->store;
    sid_error err = {0};
    *depth = 0;
    if (!*text)
        return true;
    if (sid_parse(text, store->width, codes, depth, &err) != SID_OK)
        return srv_fail(request, 400, SID_EUSAGE, "\"%.60s\" is no prefix: %s", text, err.message);
    if (!store->is_ordered && *depth < store->levels)
        return srv_fail(request, 422, SID_EUSAGE,
                        "the codes of this quantizer have no order, so a prefix of its SIDs means nothing");
    return true;
}

/* ---- A prefix ----------------------------------------------------------------------------------------------------- */

typedef struct page {
    uint16_t codes[SID_LEVELS_MAX + 1];
    int depth;
    int64_t limit, first, count, got;
    int64_t row[SRV_PAGE_MAX];
    sid_hits hits;
} page;

static void put_children(srv_text *text, const srv_reader *reader, const uint16_t *prefix, int depth, int from,
                         int64_t limit, bool with_labels)
{
    sid_child *child = calloc((size_t)limit + 1, sizeof *child);
    char sid[SID_SID_TEXT_MAX];
    uint16_t codes[SID_LEVELS_MAX + 1] = {0};
    if (!child) {
        text->is_failed = true;
        return;
    }
    if (depth > 0)
        memcpy(codes, prefix, (size_t)depth * sizeof *codes);
    int64_t count = sid_prefixes_children(reader->view, prefix, depth, from, limit + 1, child);
    srv_puts(text, "[");
    for (int64_t i = 0; i < count && i < limit; i++) {
        srv_printf(text, "%s{\"code\":%d,\"items\":%" PRId64 ",\"prefixes\":%" PRId64, i ? "," : "", child[i].code,
                   child[i].items, child[i].prefixes);
        codes[depth] = child[i].code;
        sid_format(codes, depth + 1, sid);
        if (with_labels)
            put_child_label(text, reader->store, sid, depth + 1);
        srv_puts(text, "}");
    }
    srv_puts(text, "]");
    if (with_labels && count > limit)
        srv_printf(text, ",\"next\":%d", child[limit].code);
    else if (with_labels)
        srv_puts(text, ",\"next\":null");
    free(child);
}

static void put_page(srv_request *request, const srv_reader *reader, const page *p, int64_t version)
{
    char sid[SID_SID_TEXT_MAX];
    srv_text *text = srv_answer_begin(request);
    sid_format(p->codes, p->depth, sid);
    srv_printf(text, "\"prefix\":\"%s\",\"count\":%" PRId64 ",\"items\":[", sid, p->count);
    for (int64_t i = 0; i < p->hits.count; i++) {
        srv_puts(text, i ? "," : "");
        srv_put_hit(text, &p->hits.row[i]);
        srv_puts(text, "}");
    }
    srv_puts(text, "],\"siblings\":");
    put_children(text, reader, p->codes, p->depth - 1, 0, SIBLINGS_MAX, false);
    srv_puts(text, ",\"words\":");
    put_words(text, reader->store, sid, p->depth);
    if (p->first + p->got < p->count)
        srv_printf(text, ",\"next\":\"%" PRId64 "\"", p->first + p->got);
    else
        srv_puts(text, ",\"next\":null");
    srv_answer_end(request, version);
}

/* One look; false: the catalogue changed meanwhile. */
static bool look_at_page(srv_request *request, page *p)
{
    srv_reader reader;
    sid_error err = {0};
    if (srv_reader_begin(request->bundle->store, is_in_loop(request), &reader, &err) != SID_OK)
        return srv_fail_error(request, &err, NULL) || true;
    p->count = sid_prefixes_find(reader.view, p->codes, p->depth, p->first, p->limit, p->row);
    p->got = p->count - p->first < p->limit ? p->count - p->first : p->limit;
    p->got = p->got > 0 ? p->got : 0;
    sid_status status = sid_catalog_rows(reader.catalog, p->row, p->got, &p->hits, &err);
    int64_t version = srv_reader_version(&reader);
    if (version >= 0 && status != SID_OK)
        (void)srv_fail_error(request, &err, NULL);
    else if (version >= 0 && p->count == 0)
        (void)srv_fail(request, 404, SID_ENOTFOUND, "no item is below prefix %s", request->param);
    else if (version >= 0)
        put_page(request, &reader, p, version);
    sid_hits_drop(&p->hits);
    srv_reader_end(&reader);
    return version >= 0;
}

void srv_run_prefix(srv_request *request)
{
    page *p = calloc(1, sizeof *p);
    if (!p) {
        (void)srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
        return;
    }
    bool is_right = parse_prefix(request, request->param, p->codes, &p->depth) &&
                    srv_query_int(request, "limit", PAGE_USUAL, 1, SRV_PAGE_MAX, &p->limit) &&
                    srv_query_int(request, "cursor", 0, 0, INT64_C(1) << 40, &p->first);
    bool is_seen = !is_right;
    for (int i = 0; !is_seen && i < (is_in_loop(request) ? 1 : LOOKS_MAX); i++)
        is_seen = look_at_page(request, p);
    if (!is_seen && !is_in_loop(request))
        (void)srv_fail(request, 503, SID_ELOCKED, "the catalogue changes too fast; ask again");
    free(p);
}

/* ---- The tree ----------------------------------------------------------------------------------------------------- */

void srv_run_tree(srv_request *request)
{
    const char *prefix = srv_query_value(request, "prefix");
    uint16_t codes[SID_LEVELS_MAX + 1];
    int64_t limit = 0, from = 0;
    int depth = 0;
    srv_reader reader;
    sid_error err = {0};
    if (!parse_prefix(request, prefix ? prefix : "", codes, &depth) ||
        !srv_query_int(request, "limit", CHILDREN_USUAL, 1, SRV_PAGE_MAX, &limit) ||
        !srv_query_int(request, "from", 0, 0, SID_CODES_MAX - 1, &from))
        return;
    if (srv_reader_begin(request->bundle->store, is_in_loop(request), &reader, &err) != SID_OK) {
        (void)srv_fail_error(request, &err, NULL);
        return;
    }
    int64_t items = sid_prefixes_find(reader.view, codes, depth, 0, 0, NULL);
    if (items == 0 && depth > 0) {
        (void)srv_fail(request, 404, SID_ENOTFOUND, "no item is below prefix %s", prefix);
    } else {
        char sid[SID_SID_TEXT_MAX] = "";
        srv_text *text = srv_answer_begin(request);
        if (depth > 0)
            sid_format(codes, depth, sid);
        srv_printf(text, "\"prefix\":\"%s\",\"items\":%" PRId64 ",\"children\":", sid, items);
        put_children(text, &reader, codes, depth, (int)from, limit, true);
        srv_answer_end(request, sid_prefixes_version(reader.view));
    }
    srv_reader_end(&reader);
}

/* ---- A level ------------------------------------------------------------------------------------------------------ */

typedef struct use {
    int code;
    int64_t items;
} use;

static int by_falling_items(const void *a, const void *b)
{
    const use *x = a, *y = b;
    if (x->items != y->items)
        return x->items > y->items ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

static void put_uses(srv_text *text, srv_store *store, int level, use *row, int codes)
{
    qsort(row, (size_t)codes, sizeof *row, by_falling_items);
    srv_puts(text, "[");
    for (int c = 0; c < codes; c++) {
        char sid[16];
        (void)snprintf(sid, sizeof sid, "%d", row[c].code);
        srv_printf(text, "%s{\"code\":%d,\"items\":%" PRId64 ",\"label\":", c ? "," : "", row[c].code, row[c].items);
        if (level == 1)
            put_label(text, store, sid, 1);
        else
            srv_puts(text, "null"); /* a code alone means nothing without those before it */
        srv_puts(text, "}");
    }
    srv_puts(text, "]");
}

/* The report of this version, which all levels are of, is made once: it takes seconds of a large catalogue. Under work_lock. */
static sid_status freshen_report(srv_store *store, sid_error *err)
{
    sid_report report = {0};
    sid_catalog_info info;
    char *json = NULL;
    sid_catalog_get_info(store->work, &info);
    if (store->report && store->report_version == info.version)
        return SID_OK;
    sid_status status = sid_catalog_report(store->work, &report, err);
    if (status == SID_OK)
        status = sid_report_json(&report, &json, err);
    if (status == SID_OK) {
        sid_text_free(store->report);
        store->report = json;
        store->report_version = report.version;
    }
    sid_report_drop(&report);
    return status;
}

/* The level's member of the report, as JSON; NULL: none. */
static char *level_report(srv_store *store, int level, sid_error *err)
{
    char *out = NULL;
    (void)pthread_mutex_lock(&store->work_lock);
    if (freshen_report(store, err) == SID_OK) {
        json_t *root = json_loads(store->report, 0, NULL);
        const json_t *member = json_array_get(json_object_get(root, "level"), (size_t)level - 1);
        out = member ? json_dumps(member, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
        json_decref(root);
    }
    (void)pthread_mutex_unlock(&store->work_lock);
    return out;
}

static void answer_level(srv_request *request, int level, int codes, use *row, int64_t *items)
{
    srv_store *store = request->bundle->store;
    srv_reader reader;
    sid_error err = {0};
    if (srv_reader_begin(store, false, &reader, &err) != SID_OK) {
        (void)srv_fail_error(request, &err, NULL);
        return;
    }
    int64_t version = sid_prefixes_version(reader.view);
    bool is_there = sid_prefixes_level(reader.view, level - 1, codes, items);
    srv_reader_end(&reader);
    char *report = level_report(store, level, &err);
    if (!is_there || !report) {
        (void)srv_fail(request, 404, SID_ENOTFOUND, "there is no level %d", level);
    } else {
        for (int c = 0; c < codes; c++)
            row[c] = (use){.code = c, .items = items[c]};
        srv_text *text = srv_answer_begin(request);
        srv_puts(text, "\"level\":");
        srv_puts(text, report);
        srv_puts(text, ",\"codes\":");
        put_uses(text, store, level, row, codes);
        srv_answer_end(request, version);
    }
    free(report);
}

void srv_run_level(srv_request *request)
{
    sid_catalog_info info;
    char *end = NULL;
    long level = strtol(request->param, &end, 10);
    sid_catalog_get_info(request->bundle->store->work, &info);
    if (*end || level < 1 || level > info.levels) {
        (void)srv_fail(request, 404, SID_ENOTFOUND, "there is no level \"%.20s\"; 1 to %d are there", request->param,
                       info.levels);
        return;
    }
    int codes = info.codes[level - 1];
    use *row = calloc((size_t)codes, sizeof *row);
    int64_t *items = calloc((size_t)codes, sizeof *items);
    if (row && items)
        answer_level(request, (int)level, codes, row, items);
    else
        (void)srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
    free(row);
    free(items);
}

/* ---- Buckets ------------------------------------------------------------------------------------------------------ */

/* How many buckets have 1, 2 to 3, 4 to 7, ... items, to the largest. */
static void put_sizes(srv_text *text, const sid_buckets *buckets)
{
    int last = SID_SIZE_BINS - 1;
    while (last > 0 && buckets->by_size[last] == 0)
        last--;
    srv_puts(text, ",\"by_size\":[");
    for (int b = 0; b <= last; b++)
        srv_printf(text, "%s%" PRId64, b ? "," : "", buckets->by_size[b]);
    srv_puts(text, "]");
}

void srv_run_collisions(srv_request *request)
{
    srv_store *store = request->bundle->store;
    int64_t limit = 0, first = 0;
    sid_buckets buckets = {0};
    sid_error err = {0};
    sid_catalog_info info;
    if (!srv_query_int(request, "limit", PAGE_USUAL, 1, SRV_PAGE_MAX, &limit) ||
        !srv_query_int(request, "cursor", 0, 0, INT64_C(1) << 40, &first))
        return;
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_buckets(store->work, first, limit, &buckets, &err);
    sid_catalog_get_info(store->work, &info);
    (void)pthread_mutex_unlock(&store->work_lock);
    if (status != SID_OK) {
        (void)srv_fail_error(request, &err, NULL);
        return;
    }
    srv_text *text = srv_answer_begin(request);
    srv_printf(text, "\"shared\":%" PRId64, buckets.shared);
    put_sizes(text, &buckets);
    srv_puts(text, ",\"buckets\":[");
    for (int64_t i = 0; i < buckets.count; i++) {
        const sid_bucket *bucket = &buckets.row[i];
        srv_printf(text, "%s{\"sid\":\"%s\",\"size\":%" PRId64 ",\"distinct\":", i ? "," : "", bucket->sid,
                   bucket->size);
        if (bucket->distinct < 0)
            srv_puts(text, "null");
        else
            srv_put_integer(text, bucket->distinct);
        srv_puts(text, ",\"spread\":");
        srv_put_number(text, bucket->spread);
        srv_puts(text, ",\"resolved_by\":");
        srv_put_string(text, buckets.resolved_by);
        srv_puts(text, "}");
    }
    if (first + buckets.count < buckets.shared)
        srv_printf(text, "],\"next\":\"%" PRId64 "\"", first + buckets.count);
    else
        srv_puts(text, "],\"next\":null");
    srv_answer_end(request, info.version);
    sid_buckets_drop(&buckets);
}
