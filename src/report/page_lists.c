/* page_lists.c: the lists of the page: codes by level, buckets with their items, points of the map, items added. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "report/page.h"

enum { BARS_MAX = 512, TOP_CODES = 12, BUCKETS_SHOWN = 40, BUCKET_ITEMS = 6, FIELDS_MAX = 12, ADDED_SHOWN = 100 };

/* ---- Levels --------------------------------------------------------------------------------------------------------- */

typedef struct code_use {
    int64_t items;
    int code;
} code_use;

static int most_used_first(const void *a, const void *b)
{
    const code_use *x = a, *y = b;
    if (x->items != y->items)
        return x->items > y->items ? -1 : 1;
    return x->code - y->code;
}

/* Many codes are drawn as bars of `bin` codes each: their mean. */
static void put_bars(sid__page_text *to, const code_use *use, int codes)
{
    int bin = (codes + BARS_MAX - 1) / BARS_MAX;
    sid__page_printf(to, "{\"bin\":%d,\"bars\":[", bin);
    for (int first = 0; first < codes; first += bin) {
        int count = codes - first < bin ? codes - first : bin;
        int64_t sum = 0;
        for (int i = 0; i < count; i++)
            sum += use[first + i].items;
        sid__page_bytes(to, ",", first > 0);
        sid__page_number(to, (double)sum / count, 6);
    }
    sid__page_bytes(to, "],\"top\":[", 9);
    for (int i = 0; i < codes && i < TOP_CODES && use[i].items > 0; i++)
        sid__page_printf(to, "%s[%d,%" PRId64 "]", i > 0 ? "," : "", use[i].code, use[i].items);
    sid__page_bytes(to, "]}", 2);
}

static sid_status level_use(const sid__page_source *from, int level, int64_t *items, code_use **use, sid_error *err)
{
    int codes = from->info.codes[level];
    SID_TRY(sid__alloc(use, (size_t)codes, sizeof **use, "the codes of a level", err));
    (void)sid_prefixes_level(from->prefixes, level, codes, items);
    for (int code = 0; code < codes; code++)
        (*use)[code] = (code_use){.items = items[code], .code = code};
    qsort(*use, (size_t)codes, sizeof **use, most_used_first);
    return SID_OK;
}

void sid__page_levels(const sid__page_source *from, sid__page_text *to)
{
    int64_t *items = NULL;
    if (to->status == SID_OK)
        to->status = sid__alloc(&items, SID_CODES_MAX, sizeof *items, "the codes of a level", to->err);
    sid__page_part(to, SID__PAGE_LEVELS_SIZE);
    sid__page_bytes(to, "[", 1);
    for (int l = 0; l < from->info.levels && items && to->status == SID_OK; l++) {
        code_use *use = NULL;
        to->status = level_use(from, l, items, &use, to->err);
        sid__page_row_begin(to, l);
        if (to->status == SID_OK)
            put_bars(to, use, from->info.codes[l]);
        sid__free(use);
        if (!sid__page_row_end(to))
            break;
    }
    sid__page_bytes(to, "]", 1);
    sid__free(items);
}

/* ---- Items ---------------------------------------------------------------------------------------------------------- */

/* The item of a row; SID_OK and no item when another process removed it just now. */
static sid_status item_of(const sid__page_source *from, int64_t row, sid_hits *hit, sid_error *err)
{
    sid_status status = sid_catalog_rows(from->catalog, &row, 1, hit, err);
    return status == SID_ENOTFOUND ? SID_OK : status;
}

static void put_fields(sid__page_text *to, const sid_item *item)
{
    json_t *columns = NULL, *value;
    const char *name;
    int count = 0;
    sid__page_bytes(to, ",\"fields\":[", 11);
    if (*item->metadata && to->status == SID_OK)
        to->status = sid__json_parse(item->metadata, strlen(item->metadata), item->item_id, &columns, to->err);
    json_object_foreach(columns, name, value)
    {
        if (!json_is_string(value) || count == FIELDS_MAX)
            continue;
        sid__page_printf(to, "%s[", count > 0 ? "," : "");
        count++;
        sid__page_string(to, name, SID__PAGE_TITLE_SIZE);
        sid__page_bytes(to, ",", 1);
        sid__page_string(to, json_string_value(value), SID__PAGE_FIELD_SIZE);
        sid__page_bytes(to, "]", 1);
    }
    json_decref(columns);
    sid__page_bytes(to, "]", 1);
}

static void put_item(sid__page_text *to, const sid_item *item)
{
    sid__page_bytes(to, "{\"id\":", 6);
    sid__page_string(to, item->item_id, SID__PAGE_ID_SIZE);
    sid__page_bytes(to, ",\"title\":", 9);
    sid__page_string(to, item->title, SID__PAGE_FIELD_SIZE);
    put_fields(to, item);
    sid__page_bytes(to, "}", 1);
}

/* ---- Buckets -------------------------------------------------------------------------------------------------------- */

static void put_bucket_items(const sid__page_source *from, const sid_bucket *bucket, sid__page_text *to)
{
    uint16_t codes[SID_LEVELS_MAX];
    int64_t row[BUCKET_ITEMS];
    int depth = 0, count = 0;
    if (to->status == SID_OK)
        to->status = sid_parse(bucket->sid, SID_LEVELS_MAX, codes, &depth, to->err);
    int64_t found = sid_prefixes_find(from->prefixes, codes, depth, 0, BUCKET_ITEMS, row);
    for (int64_t i = 0; i < found && i < BUCKET_ITEMS && to->status == SID_OK; i++) {
        sid_hits hit = {0};
        to->status = item_of(from, row[i], &hit, to->err);
        if (to->status == SID_OK && hit.count == 1) {
            sid__page_bytes(to, ",", count++ > 0);
            put_item(to, &hit.row[0]);
        }
        sid_hits_drop(&hit);
    }
}

static void put_bucket(const sid__page_source *from, const sid_bucket *bucket, sid__page_text *to)
{
    sid__page_printf(to, "{\"sid\":\"%s\",\"size\":%" PRId64 ",\"distinct\":", bucket->sid, bucket->size);
    if (bucket->distinct < 0)
        sid__page_bytes(to, "null", 4);
    else
        sid__page_printf(to, "%" PRId64, bucket->distinct);
    sid__page_printf(to, ",\"measured\":%" PRId64 ",\"spread\":", bucket->measured);
    sid__page_number(to, bucket->spread, 6);
    sid__page_bytes(to, ",\"items\":[", 10);
    put_bucket_items(from, bucket, to);
    sid__page_bytes(to, "]}", 2);
}

static void put_sizes(sid__page_text *to, const sid_buckets *buckets)
{
    int last = SID_SIZE_BINS - 1;
    while (last > 0 && buckets->by_size[last] == 0)
        last--;
    sid__page_printf(to, "{\"shared\":%" PRId64 ",\"by_size\":[", buckets->shared);
    for (int b = 0; b <= last; b++)
        sid__page_printf(to, "%s%" PRId64, b > 0 ? "," : "", buckets->by_size[b]);
    sid__page_bytes(to, "],\"resolved_by\":", 16);
    sid__page_string(to, buckets->resolved_by, SID__PAGE_TITLE_SIZE);
    sid__page_bytes(to, ",\"rows\":[", 9);
}

void sid__page_buckets(const sid__page_source *from, sid__page_text *to)
{
    sid_buckets buckets = {0};
    if (to->status == SID_OK)
        to->status = sid_catalog_buckets(from->catalog, 0, BUCKETS_SHOWN, &buckets, to->err);
    put_sizes(to, &buckets);
    sid__page_part(to, SID__PAGE_BUCKETS_SIZE);
    for (int64_t i = 0; i < buckets.count && to->status == SID_OK; i++) {
        sid__page_row_begin(to, i);
        put_bucket(from, &buckets.row[i], to);
        if (!sid__page_row_end(to))
            break;
    }
    sid__page_bytes(to, "]}", 2);
    sid_buckets_drop(&buckets);
}

/* ---- The map -------------------------------------------------------------------------------------------------------- */

static void put_point(sid__page_text *to, const sid_item *item, const float *xy, bool is_added)
{
    sid__page_bytes(to, "[", 1);
    sid__page_string(to, item->item_id, SID__PAGE_ID_SIZE);
    sid__page_printf(to, ",\"%s\",", item->sid);
    sid__page_string(to, item->title, SID__PAGE_TITLE_SIZE);
    for (int a = 0; a < 2; a++) {
        sid__page_bytes(to, ",", 1);
        sid__page_number(to, (double)xy[a], 4);
    }
    sid__page_bytes(to, ",1]", is_added ? 3 : 0);
    sid__page_bytes(to, "]", !is_added);
}

static void put_points(const sid__page_source *from, const sid_map *map, sid__page_text *to)
{
    sid__page_part(to, SID__PAGE_MAP_SIZE);
    for (int64_t i = 0; i < map->items.count; i++) {
        const sid_item *item = &map->items.row[i];
        sid__page_row_begin(to, i);
        put_point(to, item, map->xy + 2 * i, item->row >= from->info.fitted_items);
        if (!sid__page_row_end(to))
            return;
    }
}

void sid__page_map(const sid__page_source *from, sid__page_text *to)
{
    sid_map map = {0};
    if (to->status == SID_OK)
        to->status = sid_catalog_map(from->catalog, NULL, &map, to->err);
    sid__page_printf(to, "{\"of\":%" PRId64 ",\"is_decoded\":%s,\"share\":[", map.of,
                     map.is_decoded ? "true" : "false");
    sid__page_number(to, map.share[0], 4);
    sid__page_bytes(to, ",", 1);
    sid__page_number(to, map.share[1], 4);
    sid__page_bytes(to, "],\"spread\":", 11);
    sid__page_number(to, map.spread, 6);
    sid__page_bytes(to, ",\"items\":[", 10);
    put_points(from, &map, to);
    sid__page_bytes(to, "]}", 2);
    sid_map_drop(&map);
}

/* ---- Items added since the fit --------------------------------------------------------------------------------------- */

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x > y ? -1 : x < y;
}

/* Rows that were added, to the front of row (count); their number. */
static int64_t added_rows(const sid__page_source *from, int64_t *row, int64_t count)
{
    int64_t added = 0;
    (void)sid_prefixes_find(from->prefixes, NULL, 0, 0, count, row);
    for (int64_t i = 0; i < count; i++)
        if (row[i] >= from->info.fitted_items)
            row[added++] = row[i];
    qsort(row, (size_t)added, sizeof *row, newest_first);
    return added;
}

static bool put_added(const sid__page_source *from, int64_t row, int64_t written, sid__page_text *to)
{
    sid_hits hit = {0};
    to->status = item_of(from, row, &hit, to->err);
    bool is_there = to->status == SID_OK && hit.count == 1;
    if (is_there) {
        sid__page_row_begin(to, written);
        sid__page_bytes(to, "[", 1);
        sid__page_string(to, hit.row[0].item_id, SID__PAGE_ID_SIZE);
        sid__page_printf(to, ",\"%s\",", hit.row[0].sid);
        sid__page_string(to, hit.row[0].title, SID__PAGE_TITLE_SIZE);
        sid__page_bytes(to, "]", 1);
        is_there = sid__page_row_end(to);
    }
    sid_hits_drop(&hit);
    return is_there;
}

void sid__page_added(const sid__page_source *from, sid__page_text *to)
{
    int64_t count = sid_prefixes_count(from->prefixes), written = 0, *row = NULL;
    if (to->status == SID_OK)
        to->status = sid__alloc(&row, (size_t)count, sizeof *row, "the rows of the catalogue", to->err);
    int64_t added = to->status == SID_OK ? added_rows(from, row, count) : 0;
    sid__page_bytes(to, "[", 1);
    sid__page_part(to, SID__PAGE_ADDED_SIZE);
    for (int64_t i = 0; i < added && i < ADDED_SHOWN && to->status == SID_OK; i++)
        written += put_added(from, row[i], written, to);
    sid__page_bytes(to, "]", 1);
    sid__free(row);
}
