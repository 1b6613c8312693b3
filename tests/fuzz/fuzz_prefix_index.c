/* fuzz_prefix_index.c: index.bin from bytes that are not trusted. The input is a file without its hash, which is added
 * here so that the code behind the hash is reached. A file that is taken is written back as the same bytes, and every
 * look-up agrees with a linear scan over what the file says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "io/sha256.h"
#include "sid/prefix_index_parts.h"

enum { FUZZ_HEADER_SIZE = 48, FUZZ_SCAN_MAX = 64 };

static void check_written(const sid__prefix_index *index, const sid__index_source *source, const uint8_t *bytes,
                          size_t size)
{
    unsigned char *again = NULL;
    size_t again_size = 0;
    FUZZ_CHECK(sid__index_bytes(index, source, &again, &again_size, NULL) == SID_OK);
    FUZZ_CHECK(again_size == size && memcmp(again, bytes, size) == 0);
    sid__free(again);
}

/* The file's own arrays, read plainly. */
static uint16_t code_at(const uint8_t *bytes, int64_t count, int level, int64_t position)
{
    const uint8_t *at = bytes + FUZZ_HEADER_SIZE + 4 * count + 2 * (level * count + position);
    return (uint16_t)(at[0] | at[1] << 8);
}

static void check_find(const sid__prefix_index *index, const uint8_t *bytes, const uint16_t *prefix, int depth)
{
    int64_t count = sid__prefix_index_count(index), first = -1, found = 0, begin = -1, end = -1;
    const uint8_t *length = bytes + FUZZ_HEADER_SIZE + (4 + 2 * sid__prefix_index_width(index)) * count;
    for (int64_t p = 0; p < count; p++) {
        bool is_below = length[p] >= depth;
        for (int l = 0; is_below && l < depth; l++)
            is_below = code_at(bytes, count, l, p) == prefix[l];
        if (is_below && found++ == 0)
            first = p;
    }
    bool is_found = sid__prefix_index_find(index, prefix, depth, &begin, &end);
    FUZZ_CHECK(is_found == (found > 0) && end - begin == found && (!is_found || begin == first));
}

static void check_finds(const sid__prefix_index *index, const uint8_t *bytes)
{
    int64_t count = sid__prefix_index_count(index);
    int width = sid__prefix_index_width(index);
    for (int64_t p = 0; p < count; p++) {
        uint16_t prefix[SID_LEVELS_MAX + 2] = {0};
        for (int l = 0; l < width; l++) {
            prefix[l] = code_at(bytes, count, l, p);
            check_find(index, bytes, prefix, l + 1);
            prefix[l]++;
            check_find(index, bytes, prefix, l + 1);
            prefix[l]--;
        }
        check_find(index, bytes, prefix, width + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sid__prefix_index *index = NULL;
    sid__index_source source = {.version = -1};
    sid_error err = {0};
    sid__sha256 hash;
    uint8_t *bytes = malloc(size + SID__SHA256_SIZE);
    FUZZ_CHECK(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, bytes, size);
    sid__sha256_final(&hash, bytes + size);
    size += SID__SHA256_SIZE;
    sid_status status = sid__prefix_index_parse(bytes, size, "fuzz", &source, &index, &err);
    if (status == SID_OK) {
        FUZZ_CHECK(source.version >= 0);
        check_written(index, &source, bytes, size);
        if (sid__prefix_index_count(index) <= FUZZ_SCAN_MAX)
            check_finds(index, bytes);
        sid__prefix_index_free(index);
    } else {
        FUZZ_CHECK(status == SID_ECORRUPT && !index && source.version == -1 && err.message[0]);
    }
    free(bytes);
    return 0;
}
