/* fuzz_pieces_manifest.c: directories of pieces whose manifest is any bytes, the hash made right. Oracle: what opens can be asked
 * and saved, and opens again with the same words. */
#include <string.h>

#include "base/strbuf.h"
#include "fuzz_file.h"
#include "io/sha256.h"
#include "semid_rank.h"

static void check_again(sid_ctx *ctx, const sid_pieces *p)
{
    sid_pieces *again = NULL;
    sid_pieces_info info, same;
    FUZZ_CHECK(sid_pieces_save(p, fuzz_file("again"), true, NULL) == SID_OK);
    FUZZ_CHECK(sid_pieces_open(ctx, fuzz_file("again"), &again, NULL) == SID_OK);
    sid_pieces_get_info(p, &info);
    sid_pieces_get_info(again, &same);
    FUZZ_CHECK(strcmp(info.scheme, same.scheme) == 0 && strcmp(info.options, same.options) == 0);
    FUZZ_CHECK(info.rows == same.rows && info.levels == same.levels);
    sid_pieces_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid_ctx *ctx = NULL;
    sid_pieces *p = NULL;
    sid_error err = {0};
    sid__strbuf text = {0};
    char hex[SID__SHA256_HEX_SIZE];
    sid__sha256_bytes(data, size, hex);
    FUZZ_CHECK(sid__strbuf_append(&text, (const char *)data, size, NULL) == SID_OK);
    FUZZ_CHECK(sid__strbuf_printf(&text, NULL, ",\n  \"sha256\": \"%s\"\n}\n", hex) == SID_OK);
    const char *directory = fuzz_file("pieces");
    (void)mkdir(directory, 0700);
    fuzz_write(fuzz_file("pieces/manifest.json"), (const uint8_t *)text.text, (size_t)text.length);
    FUZZ_CHECK(sid_ctx_create(&ctx, NULL) == SID_OK && sid_ctx_set_threads(ctx, 1, NULL) == SID_OK);
    if (sid_pieces_open(ctx, directory, &p, &err) == SID_OK)
        check_again(ctx, p);
    else
        FUZZ_CHECK(err.status != SID_OK && err.message[0]);
    sid_pieces_close(p);
    sid_ctx_free(ctx);
    sid__strbuf_drop(&text);
    fuzz_remove("pieces/manifest.json", "again/manifest.json", "again/pieces.model");
    (void)rmdir(fuzz_file("pieces"));
    (void)rmdir(fuzz_file("again"));
    return 0;
}
