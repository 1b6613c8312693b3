/* prefix_index_file.c: index.bin, written after each change of the catalogue and read at each open.
 *
 * The file holds the sorted items and nothing that follows from them: nodes are made anew, so that no offset in it can
 * lie. Little-endian; N items, W codes at most.
 *
 *   offset       size   content
 *   0            8      magic "SEMIDIDX"
 *   8            4      format version, 2 (1 had no digest; it is rebuilt)
 *   12           4      W, 1 to 65
 *   16           8      version of items.db that the index was built from, >= 0
 *   24           8      N, at most 2^32 - 1
 *   32           16     digest of items.db at that version, which covers the catalogue's id: low half, high half
 *   48           4N     row of each position
 *   48 + 4N      2WN    codes: level 1 of all positions, level 2, ..; 0 where a SID is shorter
 *   48+(4+2W)N   N      codes of each SID, 1 to W
 *   end - 32     32     SHA-256 of all bytes before
 *
 * Positions rise strictly by (SID, row).
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/mem.h"
#include "base/vfs.h"
#include "io/sha256.h"
#include "sid/prefix_index.h"
#include "sid/prefix_index_parts.h"

enum { HEADER_SIZE = 48, FORMAT_VERSION = 2 };
static const char magic[8] = {'S', 'E', 'M', 'I', 'D', 'I', 'D', 'X'};

static void put(unsigned char *at, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* Header, arrays and hash; false when it does not fit a size_t. */
static bool file_size(uint64_t count, int width, size_t *size)
{
    size_t items_size;
    return count <= SID__INDEX_ROW_MAX && sid__mul_size((size_t)count, 5 + 2 * (size_t)width, &items_size) &&
           sid__add_size(items_size, HEADER_SIZE + SID__SHA256_SIZE, size);
}

static void hash_of(const unsigned char *bytes, size_t size, unsigned char digest[SID__SHA256_SIZE])
{
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, bytes, size);
    sid__sha256_final(&hash, digest);
}

static void put_items(const sid__prefix_index *index, uint16_t *column, unsigned char *at)
{
    for (int64_t p = 0; p < index->count; p++, at += 4)
        put(at, index->row[p], 4);
    for (int l = 0; l < index->width; l++) {
        sid__index_column(index, l, column);
        for (int64_t p = 0; p < index->count; p++, at += 2)
            put(at, column[p], 2);
    }
    for (int64_t p = 0; p < index->count; p++, at++)
        put(at, (uint64_t)sid__index_length(index, p), 1);
}

sid_status sid__index_bytes(const sid__prefix_index *index, const sid__index_source *source, unsigned char **out,
                            size_t *out_size, sid_error *err)
{
    assert(source->version >= 0);
    size_t size = 0;
    unsigned char *bytes = NULL;
    uint16_t *column = NULL;
    if (!file_size((uint64_t)index->count, index->width, &size))
        return sid__fail(err, SID_ENOMEM, "out of memory: the prefix index of %" PRId64 " items is too large",
                         index->count);
    SID_TRY(sid__alloc(&column, (size_t)index->count, sizeof *column, "a level of the prefix index", err));
    sid_status status = sid__alloc(&bytes, size, 1, "the bytes of the prefix index", err);
    if (status == SID_OK) {
        memcpy(bytes, magic, sizeof magic);
        put(bytes + 8, FORMAT_VERSION, 4);
        put(bytes + 12, (uint64_t)index->width, 4);
        put(bytes + 16, (uint64_t)source->version, 8);
        put(bytes + 24, (uint64_t)index->count, 8);
        put(bytes + 32, source->digest_low, 8);
        put(bytes + 40, source->digest_high, 8);
        put_items(index, column, bytes + HEADER_SIZE);
        hash_of(bytes, size - SID__SHA256_SIZE, bytes + size - SID__SHA256_SIZE);
        *out = bytes;
        *out_size = size;
    }
    sid__free(column);
    return status;
}

sid_status sid__prefix_index_write(const sid__prefix_index *index, const sid__index_source *source, const char *path,
                                   sid_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    SID_TRY(sid__index_bytes(index, source, &bytes, &size, err));
    sid_status status = sid__replace_whole(path, bytes, size, err);
    sid__free(bytes);
    return status;
}

static sid_status fail_corrupt(sid_error *err, const char *path, int64_t byte, const char *seen)
{
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = byte},
                        "%s; remove the file: it is rebuilt from items.db", seen);
}

/* Everything that can be told without looking at an item. */
static sid_status check_header(const unsigned char *bytes, size_t size, const char *path, sid_error *err)
{
    unsigned char digest[SID__SHA256_SIZE];
    char seen[128];
    if (size < HEADER_SIZE + SID__SHA256_SIZE) {
        (void)snprintf(seen, sizeof seen, "%zu bytes; a prefix index has at least %d", size,
                       HEADER_SIZE + SID__SHA256_SIZE);
        return fail_corrupt(err, path, (int64_t)size, seen);
    }
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return fail_corrupt(err, path, 0, "does not begin with SEMIDIDX");
    uint64_t version = get(bytes + 8, 4), width = get(bytes + 12, 4), count = get(bytes + 24, 8);
    if (version != FORMAT_VERSION) {
        (void)snprintf(seen, sizeof seen, "format version %" PRIu64 "; this semid reads %d", version, FORMAT_VERSION);
        return fail_corrupt(err, path, 8, seen);
    }
    if (width < 1 || width > SID__INDEX_WIDTH_MAX) {
        (void)snprintf(seen, sizeof seen, "SIDs of %" PRIu64 " codes; 1 to %d are possible", width,
                       SID__INDEX_WIDTH_MAX);
        return fail_corrupt(err, path, 12, seen);
    }
    if (get(bytes + 16, 8) > INT64_MAX)
        return fail_corrupt(err, path, 16, "a negative catalogue version");
    size_t wanted = 0;
    if (!file_size(count, (int)width, &wanted) || wanted != size) {
        (void)snprintf(seen, sizeof seen, "%zu bytes do not hold the %" PRIu64 " items of %" PRIu64 " codes it names",
                       size, count, width);
        return fail_corrupt(err, path, 24, seen);
    }
    hash_of(bytes, size - SID__SHA256_SIZE, digest);
    if (memcmp(digest, bytes + size - SID__SHA256_SIZE, sizeof digest) != 0)
        return fail_corrupt(err, path, (int64_t)(size - SID__SHA256_SIZE), "its SHA-256 differs from its content");
    return SID_OK;
}

/* The items as plain arrays; owned. */
typedef struct loaded {
    uint16_t *codes;
    uint8_t *length;
    int64_t *row;
} loaded;

static void loaded_drop(loaded *arrays)
{
    sid__free(arrays->codes);
    sid__free(arrays->length);
    sid__free(arrays->row);
}

static sid_status load_items(const unsigned char *at, int64_t count, int width, loaded *out, sid_error *err)
{
    size_t items = (size_t)count;
    SID_TRY(sid__alloc(&out->codes, items, (size_t)width * sizeof *out->codes, "codes of the prefix index", err));
    SID_TRY(sid__alloc(&out->length, items, sizeof *out->length, "lengths of the prefix index", err));
    SID_TRY(sid__alloc(&out->row, items, sizeof *out->row, "rows of the prefix index", err));
    for (int64_t p = 0; p < count; p++, at += 4)
        out->row[p] = (int64_t)get(at, 4);
    for (int l = 0; l < width; l++)
        for (int64_t p = 0; p < count; p++, at += 2)
            out->codes[p * width + l] = (uint16_t)get(at, 2);
    memcpy(out->length, at, items);
    return SID_OK;
}

/* Lengths in range, zeroes behind them, positions rising. */
static sid_status check_items(const sid__index_items *items, const char *path, sid_error *err)
{
    char seen[96];
    for (int64_t p = 0; p < items->count; p++) {
        int length = items->length[p];
        bool is_length = length >= 1 && length <= items->width;
        for (int l = length; is_length && l < items->width; l++)
            is_length = items->codes[p * items->width + l] == 0;
        if (!is_length) {
            (void)snprintf(seen, sizeof seen, "position %" PRId64 " has %d codes, or more behind them", p, length);
            return fail_corrupt(err, path, -1, seen);
        }
        if (p > 0 && sid__index_compare(items, p - 1, p) >= 0) {
            (void)snprintf(seen, sizeof seen, "position %" PRId64 " is not above the one before it", p);
            return fail_corrupt(err, path, -1, seen);
        }
    }
    return SID_OK;
}

sid_status sid__prefix_index_parse(const void *bytes, size_t size, const char *path, sid__index_source *source,
                                   sid__prefix_index **out, sid_error *err)
{
    const unsigned char *at = bytes;
    SID_TRY(check_header(at, size, path, err));
    int64_t count = (int64_t)get(at + 24, 8);
    int width = (int)get(at + 12, 4);
    loaded arrays = {0};
    sid_status status = load_items(at + HEADER_SIZE, count, width, &arrays, err);
    sid__index_items items = {
        .codes = arrays.codes, .length = arrays.length, .row = arrays.row, .count = count, .width = width};
    if (status == SID_OK)
        status = check_items(&items, path, err);
    if (status == SID_OK)
        status = sid__index_from_sorted(&items, NULL, out, err);
    if (status == SID_OK)
        *source = (sid__index_source){
            .version = (int64_t)get(at + 16, 8), .digest_high = get(at + 40, 8), .digest_low = get(at + 32, 8)};
    loaded_drop(&arrays);
    return status;
}

sid_status sid__prefix_index_read(const char *path, sid__index_source *source, sid__prefix_index **out, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    size_t size_max = 0;
    if (!file_size(SID__INDEX_ROW_MAX, SID__INDEX_WIDTH_MAX, &size_max))
        size_max = (size_t)INT64_MAX / 2;
    SID_TRY(sid__read_whole(path, (int64_t)size_max, &bytes, &size, err));
    sid_status status = sid__prefix_index_parse(bytes, (size_t)size, path, source, out, err);
    sid__free(bytes);
    return status;
}
