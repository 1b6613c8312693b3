/* fuzz_manifest.c: manifest.json from bytes that are not trusted; the hash is not looked at, so that the code behind it is
 * reached. Oracle: what was read, written out with its hash and read again, is the same, and the hash fits.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/manifest.h"

static void check_round_trip(const sid__manifest *first, sid__manifest *second)
{
    sid__strbuf text = {0}, again = {0};
    FUZZ_CHECK(sid__manifest_text(first, &text, NULL) == SID_OK);
    FUZZ_CHECK(sid__manifest_check_hash(text.text, (size_t)text.length, "fuzz", NULL) == SID_OK);
    FUZZ_CHECK(sid__manifest_parse(text.text, (size_t)text.length, "fuzz", second, NULL) == SID_OK);
    FUZZ_CHECK(sid__manifest_text(second, &again, NULL) == SID_OK);
    FUZZ_CHECK(text.length == again.length && memcmp(text.text, again.text, (size_t)text.length) == 0);
    sid__strbuf_drop(&text);
    sid__strbuf_drop(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid_error err = {0};
    sid__manifest *manifest = calloc(2, sizeof *manifest);
    FUZZ_CHECK(manifest != NULL);
    if (sid__manifest_parse((const char *)data, size, "fuzz", manifest, &err) == SID_OK) {
        FUZZ_CHECK(manifest->levels >= 1 && manifest->levels <= SID_LEVELS_MAX && manifest->dim >= 1);
        check_round_trip(manifest, manifest + 1);
    } else {
        FUZZ_CHECK(err.message[0] && sid_status_exit_code(err.status) == 3);
    }
    free(manifest);
    return 0;
}
