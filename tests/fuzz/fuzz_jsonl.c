/* fuzz_jsonl.c: JSON lines of items, bad rows skipped. Oracle: every item's metadata is JSON that holds its values, and its
 * id finds it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/items.h"
#include "io/json.h"

static void check_item(const sid_items *items, int64_t row)
{
    char *text = NULL;
    FUZZ_CHECK(sid_items_find(items, sid_items_id(items, row)) == row);
    FUZZ_CHECK(sid_items_metadata(items, row, &text, NULL) == SID_OK);
    json_t *metadata = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(json_is_object(metadata));
    for (int c = 0; c < sid_items_column_count(items); c++) {
        const char *value = sid_items_value(items, row, c);
        const char *kept = json_string_value(json_object_get(metadata, sid_items_column_name(items, c)));
        FUZZ_CHECK(strcmp(value, kept ? kept : "") == 0);
    }
    json_decref(metadata);
    sid_text_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sid_ctx *ctx; /* one for all runs: its threads are costly */
    sid__source source;
    sid_items *items = NULL;
    sid_error err = {0};
    const sid_read_options options = {.on_error = SID_ON_ERROR_SKIP};
    if (!ctx)
        FUZZ_CHECK(sid_ctx_create(&ctx, NULL) == SID_OK);
    if (sid__source_memory((const char *)data, size, "fuzz.jsonl", &source, NULL) != SID_OK)
        return 0;
    if (sid__items_parse(ctx, &source, "fuzz.jsonl", &options, &items, &err) == SID_OK) {
        for (int64_t row = 0; row < sid_items_count(items); row++)
            check_item(items, row);
    } else {
        FUZZ_CHECK(err.status == SID_EDATA && err.message[0]);
    }
    sid_items_free(items);
    return 0;
}
