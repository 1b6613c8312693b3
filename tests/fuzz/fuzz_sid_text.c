/* fuzz_sid_text.c: any text is refused, or read into codes that are written back as the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "semid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *text = malloc(size + 1), again[SID_SID_TEXT_MAX];
    uint16_t codes[SID_LEVELS_MAX + 1];
    int count = -1;
    FUZZ_CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    sid_error err = {0};
    sid_status status = sid_parse(text, SID_LEVELS_MAX + 1, codes, &count, &err);
    if (status == SID_OK) {
        sid_format(codes, count, again);
        FUZZ_CHECK(strcmp(text, again) == 0);
    } else {
        FUZZ_CHECK(status == SID_EUSAGE && count == -1 && err.message[0]);
    }
    free(text);
    return 0;
}
