/* fuzz_impressions.c: files of impressions; the first byte chooses form and options. Oracles: days rise from 0 without gaps, and
 * written out as TSV with its days, a file is read back as the same rows.
 */
#include <stdio.h>
#include <string.h>

#include "data/impressions.h"
#include "fuzz.h"

static sid_status parse(sid_ctx *ctx, const char *bytes, size_t size, const char *path,
                        const sid_impressions_options *options, sid_impressions **out)
{
    sid__source source;
    sid_status status = sid__source_memory(bytes, size, path, &source, NULL);
    return status == SID_OK ? sid__impressions_parse(ctx, &source, path, options, out, NULL) : status;
}

static void check_rows(const sid_impressions *im)
{
    FUZZ_CHECK(im->count > 0 && im->row[0].day == 0 && im->row[im->count - 1].day == im->day_count - 1);
    for (int64_t i = 0; i < im->count; i++) {
        const sid__impression *row = &im->row[i];
        FUZZ_CHECK(row->user < im->users.count && row->item < im->items.count && row->label <= 1);
        FUZZ_CHECK(i == 0 || row->day == row[-1].day || row->day == row[-1].day + 1);
    }
}

static void check_round(sid_ctx *ctx, const sid_impressions *im)
{
    sid__strbuf text = {0};
    sid_impressions *again = NULL;
    FUZZ_CHECK(sid__strbuf_printf(&text, NULL, "user_id\titem_id\tlabel\tday\n") == SID_OK);
    for (int64_t i = 0; i < im->count; i++)
        FUZZ_CHECK(sid__strbuf_printf(&text, NULL, "%s\t%s\t%d\t%d\n", im->users.id[im->row[i].user],
                                      im->items.id[im->row[i].item], im->row[i].label, (int)im->row[i].day) == SID_OK);
    FUZZ_CHECK(parse(ctx, text.text, (size_t)text.length, "again.tsv", NULL, &again) == SID_OK);
    FUZZ_CHECK(again->count == im->count && again->day_count == im->day_count);
    for (int64_t i = 0; i < im->count; i++) {
        FUZZ_CHECK(again->row[i].label == im->row[i].label && again->row[i].day == im->row[i].day);
        FUZZ_CHECK(strcmp(again->users.id[again->row[i].user], im->users.id[im->row[i].user]) == 0);
    }
    sid_impressions_free(again);
    sid__strbuf_drop(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const path[] = {"x.tsv", "x.csv", "x.jsonl", "x.inter"}, *const dense[] = {"hour"};
    static sid_ctx *ctx;
    sid_impressions *im = NULL;
    if (size == 0 || (!ctx && sid_ctx_create(&ctx, NULL) != SID_OK))
        return 0;
    sid_impressions_options options = {.read = {.on_error = SID_ON_ERROR_SKIP},
                                       .positive = data[0] & 4 ? "label>0.5" : NULL,
                                       .dense = dense,
                                       .dense_count = data[0] >> 3 & 1,
                                       .days = data[0] & 16 ? 3 : 0,
                                       .sort = data[0] >> 5 & 1};
    if (parse(ctx, (const char *)data + 1, size - 1, path[data[0] & 3], &options, &im) == SID_OK) {
        check_rows(im);
        check_round(ctx, im);
        sid_impressions_free(im);
    }
    return 0;
}
