/* page.h: the parts of the page's data. Each writes one JSON value from public calls alone, so that whoever draws another
 * page (the server's explorer) can ask for the same; each keeps to its share of SID_PAGE_SIZE_MAX.
 */
#ifndef SEMID_REPORT_PAGE_H
#define SEMID_REPORT_PAGE_H

#include "report/page_text.h"

/* Bytes of each part; the report itself, style and script take the rest. */
enum {
    SID__PAGE_LEVELS_SIZE = 400000,
    SID__PAGE_BUCKETS_SIZE = 600000,
    SID__PAGE_MAP_SIZE = 2200000,
    SID__PAGE_TREE_SIZE = 900000,
    SID__PAGE_ADDED_SIZE = 100000
};
enum { SID__PAGE_ID_SIZE = 255, SID__PAGE_TITLE_SIZE = 120, SID__PAGE_FIELD_SIZE = 400, SID__PAGE_LABEL_SIZE = 80 };

typedef struct sid__page_source {
    sid_catalog *catalog;
    sid_catalog_info info;
    sid_prefixes *prefixes;
    const sid_page_options *options;
} sid__page_source;

/* ---- page_tree.c: [[parent, code, items, prefixes, "label"], ..], parents first; parent -1: the root ------------------ */
void sid__page_tree(const sid__page_source *from, sid__page_text *to);

/* ---- page_lists.c ----------------------------------------------------------------------------------------------------- */

/* [{"bin", "bars": [items of codes, falling], "top": [[code, items], ..]}, ..] by level. */
void sid__page_levels(const sid__page_source *from, sid__page_text *to);
/* {"shared", "by_size", "resolved_by", "rows": [{"sid", "size", "distinct", "measured", "spread", "items": [{"id", "title",
 * "fields": [[name, value], ..]}, ..]}, ..]}, largest first. */
void sid__page_buckets(const sid__page_source *from, sid__page_text *to);
/* {"of", "share", "spread", "is_decoded", "items": [["id", "sid", "title", x, y, 1 when added], ..]}. */
void sid__page_map(const sid__page_source *from, sid__page_text *to);
/* [["id", "sid", "title"], ..] of items added since the fit, newest first. */
void sid__page_added(const sid__page_source *from, sid__page_text *to);

#endif
