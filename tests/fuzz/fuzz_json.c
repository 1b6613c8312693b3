/* fuzz_json.c: JSON that is not trusted. Oracle: what is accepted, written out and read again, is the same; errors name a
 * place inside the text. */
#include <stdlib.h>

#include "fuzz.h"
#include "io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *tree = NULL, *again = NULL;
    sid_error err = {0};
    if (sid__json_parse((const char *)data, size, "fuzz", &tree, &err) != SID_OK) {
        FUZZ_CHECK(err.status == SID_EDATA && err.message[0]);
        FUZZ_CHECK(err.row >= 1 && err.byte >= 0 && err.byte <= (int64_t)size);
        return 0;
    }
    size_t text_size = json_dumpb(tree, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    char *text = malloc(text_size + 1);
    if (text) {
        FUZZ_CHECK(json_dumpb(tree, text, text_size, JSON_COMPACT | JSON_ENCODE_ANY) == text_size);
        FUZZ_CHECK(sid__json_parse(text, text_size, "fuzz", &again, NULL) == SID_OK);
        FUZZ_CHECK(json_equal(tree, again));
    }
    free(text);
    json_decref(again);
    json_decref(tree);
    return 0;
}
