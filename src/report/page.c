/* page.c: the health report as one HTML file that people open from a disk: the figures of the report, the parts of page.h,
 * and the style and script of web/, which draw them.
 *
 * The file trusts nobody's data: a policy in its head lets the browser run that script and that style sheet alone, by
 * their hashes, and load nothing; the script makes text nodes of the data and no markup.
 */
#include "report/page.h"

#include <string.h>

#include "base/vfs.h"
#include "report/web_parts.h"

#define PAGE_HEAD_                                                                                                     \
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"                                          \
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-%s'; "              \
    "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "                 \
    "trusted-types 'none'\">\n"                                                                                        \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"                                       \
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>semid: health report</title>\n"

static void put_head(sid__page_text *to)
{
    char script[SID__PAGE_HASH_SIZE], style[SID__PAGE_HASH_SIZE];
    static const char end[] =
        "</style>\n</head>\n<body>\n<div id=\"page\"><noscript>This page draws its figures with a "
        "script; semid inspect prints them.</noscript></div>\n"
        "<script type=\"application/json\" id=\"data\">\n";
    sid__page_hash(sid__web_script, sid__web_script_size, script);
    sid__page_hash(sid__web_style, sid__web_style_size, style);
    sid__page_printf(to, PAGE_HEAD_, script, style);
    sid__page_bytes(to, "<style>", 7);
    sid__page_bytes(to, sid__web_style, sid__web_style_size);
    sid__page_bytes(to, end, sizeof end - 1);
}

static void put_end(sid__page_text *to)
{
    sid__page_bytes(to, "\n</script>\n<script>", 19);
    sid__page_bytes(to, sid__web_script, sid__web_script_size);
    sid__page_bytes(to, "</script>\n</body>\n</html>\n", 26);
}

/* What each check compares with, in the order of the report's: [healthy, look, 1: at least]. */
static void put_limits(sid__page_text *to, const sid_report *report)
{
    for (int i = 0; i < report->check_count; i++) {
        sid__page_bytes(to, ",[", i > 0 ? 2 : 0);
        sid__page_bytes(to, "[", i == 0);
        sid__page_number(to, report->checks[i].healthy, 6);
        sid__page_bytes(to, ",", 1);
        sid__page_number(to, report->checks[i].look, 6);
        sid__page_printf(to, ",%d]", report->checks[i].is_at_least);
    }
}

static void put_report(const sid__page_source *from, sid__page_text *to)
{
    const sid_page_options *options = from->options;
    const sid_report_options how = {.category = options->category, .category_separator = options->category_separator};
    sid_report report = {0};
    char *json = NULL;
    if (to->status == SID_OK)
        to->status = sid_catalog_report_with(from->catalog, &how, &report, to->err);
    if (to->status == SID_OK)
        to->status = sid_report_json(&report, &json, to->err);
    sid__page_bytes(to, ",\n\"report\":", 11);
    if (to->status == SID_OK)
        sid__page_json(to, json);
    sid__page_bytes(to, ",\n\"limits\":[", 12);
    put_limits(to, &report);
    sid__page_bytes(to, "]", 1);
    sid_text_free(json);
    sid_report_drop(&report);
}

static void put_info(const sid__page_source *from, sid__page_text *to)
{
    const sid_catalog_info *info = &from->info;
    sid__page_printf(to, "{\"format\":1,\"semid\":\"%s\",\"name\":", sid_version());
    sid__page_string(to, from->options->name ? from->options->name : "CATALOG", SID__PAGE_FIELD_SIZE);
    sid__page_printf(to, ",\"ordered\":%s,\"has_vectors\":%s,\"encoder\":", info->ordered ? "true" : "false",
                     info->has_vectors ? "true" : "false");
    sid__page_string(to, info->encoder, SID__PAGE_TITLE_SIZE);
    if (from->options->category) {
        sid__page_bytes(to, ",\"category\":", 12);
        sid__page_string(to, from->options->category, SID__PAGE_FIELD_SIZE);
    }
}

typedef struct page_part {
    const char *name;
    void (*put)(const sid__page_source *from, sid__page_text *to);
} page_part;

static const page_part parts[] = {{"levels", sid__page_levels},
                                  {"buckets", sid__page_buckets},
                                  {"map", sid__page_map},
                                  {"tree", sid__page_tree},
                                  {"added", sid__page_added}};

static void put_page(const sid__page_source *from, sid__page_text *to)
{
    put_head(to);
    put_info(from, to);
    put_report(from, to);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && to->status == SID_OK; i++) {
        sid__page_printf(to, ",\n\"%s\":", parts[i].name);
        parts[i].put(from, to);
    }
    sid__page_bytes(to, "}", 1);
    put_end(to);
}

static sid_status make_page(sid__page_source *from, sid__page_text *to)
{
    put_page(from, to);
    if (to->status == SID_OK && to->html.length > SID_PAGE_SIZE_MAX)
        to->status = sid__fail(to->err, SID_EINTERNAL, "the page has %lld bytes; %d are allowed",
                               (long long)to->html.length, SID_PAGE_SIZE_MAX);
    return to->status;
}

sid_status sid_catalog_page(sid_catalog *catalog, const sid_page_options *options, const char *path, int64_t *size,
                            sid_error *err)
{
    static const sid_page_options defaults = {0};
    sid__page_source from = {.catalog = catalog, .options = options ? options : &defaults};
    sid__page_text to = {.err = err};
    SID_TRY(sid_catalog_prefixes(catalog, &from.prefixes, err));
    sid_catalog_get_info(catalog, &from.info);
    sid_status status = make_page(&from, &to);
    if (status == SID_OK)
        status = sid__replace_whole(path, to.html.text, (size_t)to.html.length, err);
    if (status == SID_OK && size)
        *size = to.html.length;
    sid__page_drop(&to);
    sid_prefixes_free(from.prefixes);
    return status;
}
