/* handle_drawings.c: what an explorer draws: the map of the items, and what moved between two catalogues. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route_table.h"
#include "server.h"

enum { POINTS_USUAL = 10000, FLOWS_MAX = 10000 };

/* ---- Map ---------------------------------------------------------------------------------------------------------- */

static void put_map(srv_request *request, const sid_map *map, int64_t version)
{
    srv_text *text = srv_answer_begin(request);
    srv_puts(text, "\"points\":[");
    for (int64_t i = 0; i < map->items.count; i++) {
        srv_puts(text, i ? "," : "");
        srv_put_hit(text, &map->items.row[i]);
        srv_puts(text, ",\"x\":");
        srv_put_number(text, (double)map->xy[2 * i]);
        srv_puts(text, ",\"y\":");
        srv_put_number(text, (double)map->xy[2 * i + 1]);
        srv_puts(text, "}");
    }
    srv_printf(text, "],\"of\":%" PRId64 ",\"share\":[", map->of);
    srv_put_number(text, map->share[0]);
    srv_puts(text, ",");
    srv_put_number(text, map->share[1]);
    srv_printf(text, "],\"decoded\":%s", map->is_decoded ? "true" : "false");
    srv_answer_end(request, version);
}

void srv_run_map(srv_request *request)
{
    srv_store *store = request->bundle->store;
    const char *prefix = srv_query_value(request, "prefix");
    uint16_t codes[SID_LEVELS_MAX + 1];
    int depth = 0;
    int64_t limit = 0;
    sid_map map = {0};
    sid_error err = {0};
    sid_catalog_info info;
    if (!srv_query_int(request, "limit", POINTS_USUAL, 1, SRV_MAP_MAX, &limit))
        return;
    if (prefix && *prefix && sid_parse(prefix, store->width, codes, &depth, &err) != SID_OK) {
        (void)srv_fail(request, 400, SID_EUSAGE, "\"%.60s\" is no prefix: %s", prefix, err.message);
        return;
    }
    const sid_map_options options = {.prefix = prefix, .max = limit};
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_map(store->work, &options, &map, &err);
    sid_catalog_get_info(store->work, &info);
    (void)pthread_mutex_unlock(&store->work_lock);
    if (status == SID_OK)
        put_map(request, &map, info.version);
    else
        (void)srv_fail_error(request, &err, NULL);
    sid_map_drop(&map);
}

/* ---- Compare ------------------------------------------------------------------------------------------------------ */

/* From one prefix to another. */
typedef struct flow {
    char from[64], to[64];
    int64_t items;
} flow;

static int by_ends(const void *a, const void *b)
{
    const flow *x = a, *y = b;
    int order = strcmp(x->from, y->from);
    return order ? order : strcmp(x->to, y->to);
}

static int by_size(const void *a, const void *b)
{
    const flow *x = a, *y = b;
    if (x->items != y->items)
        return x->items > y->items ? -1 : 1;
    return by_ends(a, b);
}

/* The first `depth` codes. */
static void cut(const char *sid, int64_t depth, char out[64])
{
    size_t length = 0;
    for (; length < 63 && sid[length]; length++)
        if (sid[length] == '-' && --depth == 0)
            break;
    memcpy(out, sid, length);
    out[length] = 0;
}

typedef struct comparing {
    sid_catalog *other;
    sid_comparison comparison;
    sid_hits before, after;
    flow *flow;
    int64_t flow_count;
} comparing;

static int by_id(const void *a, const void *b)
{
    return strcmp(((const sid_item *)a)->item_id, ((const sid_item *)b)->item_id);
}

/* Items of both, from where to where, equal ones counted together, the largest first. */
static bool count_flows(comparing *c, int64_t depth)
{
    int64_t pairs = 0;
    c->flow = calloc((size_t)c->before.count + 1, sizeof *c->flow);
    if (!c->flow)
        return false;
    qsort(c->after.row, (size_t)c->after.count, sizeof *c->after.row, by_id);
    for (int64_t i = 0; i < c->before.count; i++) {
        const sid_item *old = &c->before.row[i];
        const sid_item *new =
            c->after.count ? bsearch(old, c->after.row, (size_t)c->after.count, sizeof *old, by_id) : NULL;
        if (!new)
            continue;
        cut(old->sid, depth, c->flow[pairs].from);
        cut(new->sid, depth, c->flow[pairs].to);
        c->flow[pairs++].items = 1;
    }
    qsort(c->flow, (size_t)pairs, sizeof *c->flow, by_ends);
    for (int64_t i = 0; i < pairs; i++)
        if (c->flow_count > 0 && by_ends(&c->flow[i], &c->flow[c->flow_count - 1]) == 0)
            c->flow[c->flow_count - 1].items++;
        else
            c->flow[c->flow_count++] = c->flow[i];
    qsort(c->flow, (size_t)c->flow_count, sizeof *c->flow, by_size);
    return true;
}

static void put_comparison(srv_request *request, const comparing *c, int64_t version)
{
    const sid_comparison *m = &c->comparison;
    srv_text *text = srv_answer_begin(request);
    srv_printf(text,
               "\"old\":\"%s\",\"new\":\"%s\",\"is_child\":%s,\"common\":%" PRId64 ",\"added\":%" PRId64
               ",\"removed\":%" PRId64 ",\"sid_changed\":",
               m->old_id, m->new_id, m->is_child ? "true" : "false", m->common, m->added, m->removed);
    srv_put_number(text, m->sid_changed);
    srv_puts(text, ",\"level\":[");
    for (int l = 0; l < m->levels; l++) {
        srv_printf(text, "%s{\"depth\":%d,\"raw\":", l ? "," : "", m->level[l].depth);
        srv_put_number(text, m->level[l].raw);
        srv_puts(text, ",\"level\":");
        srv_put_number(text, m->level[l].level);
        srv_puts(text, ",\"prefix\":");
        srv_put_number(text, m->level[l].prefix);
        srv_puts(text, ",\"ami\":");
        srv_put_number(text, m->level[l].ami);
        srv_puts(text, "}");
    }
    srv_puts(text, "],\"flow\":[");
    for (int64_t i = 0; i < c->flow_count && i < FLOWS_MAX; i++)
        srv_printf(text, "%s{\"old\":\"%s\",\"new\":\"%s\",\"items\":%" PRId64 "}", i ? "," : "", c->flow[i].from,
                   c->flow[i].to, c->flow[i].items);
    srv_puts(text, "]");
    srv_answer_end(request, version);
}

/* From the other one to the one that is served. */
static sid_status compare(srv_store *store, comparing *c, int64_t *version, sid_error *err)
{
    const sid_compare_options options = {0};
    sid_catalog_info info;
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_compare(c->other, store->work, &options, &c->comparison, err);
    if (status == SID_OK)
        status = sid_catalog_items(store->work, &c->after, err);
    sid_catalog_get_info(store->work, &info);
    (void)pthread_mutex_unlock(&store->work_lock);
    *version = info.version;
    return status == SID_OK ? sid_catalog_items(c->other, &c->before, err) : status;
}

void srv_run_compare(srv_request *request)
{
    const char *with = srv_query_value(request, "with"), *root = request->server->options.root;
    comparing c = {0};
    char *path = NULL;
    int64_t depth = 1, version = 0;
    sid_error err = {0};
    if (!srv_query_int(request, "depth", 1, 1, SID_LEVELS_MAX, &depth))
        return;
    if (!with || !root) {
        (void)srv_fail(request, root ? 400 : 404, SID_EUSAGE,
                       root ? "?with=NAME is missing" : "other catalogues are found where the server has a --root");
        return;
    }
    sid_status status = srv_bundle_path(root, with, &path, &err);
    if (status == SID_OK)
        status = sid_catalog_open(request->server->ctx, path, SID_OPEN_READ, &c.other, &err);
    if (status == SID_OK)
        status = compare(request->bundle->store, &c, &version, &err);
    if (status == SID_OK && !count_flows(&c, depth))
        (void)srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
    else if (status == SID_OK)
        put_comparison(request, &c, version);
    else if (!c.other) /* its path is nobody's business */
        (void)srv_fail(request, status == SID_EUSAGE ? 422 : 404, status, "\"%.100s\" cannot be opened as a catalogue",
                       with);
    else
        (void)srv_fail_error(request, &err, NULL);
    free(c.flow);
    sid_comparison_drop(&c.comparison);
    sid_hits_drop(&c.before);
    sid_hits_drop(&c.after);
    sid_catalog_close(c.other);
    free(path);
}
