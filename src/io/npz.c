/* npz.c: the zip format (PKWARE APPNOTE 6.3), the part that NumPy writes: stored or deflated members, zip64 sizes.
 *
 *     end of central directory (22 bytes, at the file's end; a comment may follow)
 *       0   4   PK\5\6          8   2   entries on this disk    10   2   entries
 *       12  4   size of directory   16  4   its offset          20   2   size of the comment
 *     a directory entry (46 bytes, then name, extra field, comment)
 *       0   4   PK\1\2          8   2   flags (bit 0: encrypted)    10  2   method (0 stored, 8 deflated)
 *       16  4   CRC-32          20  4   packed size             24  4   unpacked size
 *       28  2   name size       30  2   extra size              32  2   comment size      42  4   offset of the local header
 *     a local header (30 bytes, then name, extra field, data)
 *       0   4   PK\3\4          26  2   name size               28  2   extra size
 *
 * Sizes and offsets of 0xffffffff stand in the extra field 1 (zip64) as 8 bytes. Only the directory is believed; the local
 * header tells where the data begins.
 */
#include "io/npz.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/checked.h"

enum {
    END_SIZE = 22,
    END_SEARCH = END_SIZE + 65535, /* the comment's size has two bytes */
    END64_LOCATOR_SIZE = 20,
    END64_SIZE = 56,
    ENTRY_SIZE = 46,
    LOCAL_SIZE = 30,
    ENTRIES_MAX = 65536,
    DIRECTORY_MAX = 16 << 20,
    INPUT_SIZE = 1 << 16,
    BLOCK_COUNT = 1 << 15, /* elements unpacked at a time */
    NPY_HEADER_MAX = 1 << 20,
    DEFLATE_RATIO_MAX = 1032 /* deflate's best: 258 bytes from two bits */
};

typedef struct zip_member {
    const char *name;
    size_t name_size;
    unsigned flags, method;
    uint32_t crc;
    int64_t packed_size, size, local_offset;
} zip_member;

/* Where bytes come from (file or memory) and, once a member is chosen, how far it has been unpacked. */
struct sid__npz_stream {
    sid__file file; /* fd -1: memory */
    const char *memory, *path;
    int64_t file_size;
    zip_member member;
    int64_t next_offset, packed_left, left; /* of the member: packed and unpacked bytes to come */
    uint32_t crc;
    z_stream zip;
    bool is_inflating;
    unsigned char input[INPUT_SIZE];
};

static sid_status fail_zip(const struct sid__npz_stream *stream, int64_t byte, sid_error *err, const char *what)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = stream->path, .byte = byte}, "bad npz: %s", what);
}

static sid_status read_at(const struct sid__npz_stream *stream, void *out, int64_t size, int64_t offset, sid_error *err)
{
    if (offset < 0 || size < 0 || offset > stream->file_size || size > stream->file_size - offset)
        return fail_zip(stream, stream->file_size, err, "it points beyond the file's end");
    if (!stream->memory)
        return sid__file_read(&stream->file, out, (size_t)size, offset, err);
    memcpy(out, stream->memory + offset, (size_t)size);
    return SID_OK;
}

static uint64_t number(const unsigned char *at, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

/* ---- The directory ---- */

typedef struct zip_directory {
    unsigned char *bytes;
    int64_t size, offset, entry_count;
} zip_directory;

/* Values above 2^62 are no file's; they become -1, which every check refuses. */
static int64_t number64(const unsigned char *at)
{
    uint64_t value = number(at, 8);
    return value < (uint64_t)1 << 62 ? (int64_t)value : -1;
}

/* Replaces the directory's place by the one in the zip64 record, which lies before the end record. */
static sid_status read_end64(const struct sid__npz_stream *stream, int64_t *end_offset, zip_directory *out,
                             sid_error *err)
{
    unsigned char locator[END64_LOCATOR_SIZE], end[END64_SIZE];
    SID_TRY(read_at(stream, locator, sizeof locator, *end_offset - END64_LOCATOR_SIZE, err));
    int64_t at = number64(locator + 8);
    if (memcmp(locator, "PK\x06\x07", 4) != 0 || at < 0)
        return fail_zip(stream, *end_offset - END64_LOCATOR_SIZE, err, "no zip64 locator");
    SID_TRY(read_at(stream, end, sizeof end, at, err));
    if (memcmp(end, "PK\x06\x06", 4) != 0 || at != *end_offset - END64_LOCATOR_SIZE - END64_SIZE)
        return fail_zip(stream, at, err, "no zip64 end record");
    out->entry_count = number64(end + 32);
    out->size = number64(end + 40);
    out->offset = number64(end + 48);
    *end_offset = at;
    return SID_OK;
}

static sid_status find_end(const struct sid__npz_stream *stream, int64_t *end_offset, unsigned char end[END_SIZE],
                           sid_error *err)
{
    int64_t size = stream->file_size < END_SEARCH ? stream->file_size : END_SEARCH;
    unsigned char *tail = NULL;
    SID_TRY(sid__alloc(&tail, (size_t)size, 1, "the end of a zip file", err));
    sid_status status = read_at(stream, tail, size, stream->file_size - size, err);
    *end_offset = -1;
    for (int64_t i = size - END_SIZE; status == SID_OK && i >= 0 && *end_offset < 0; i--)
        if (memcmp(tail + i, "PK\x05\x06", 4) == 0 && (int64_t)number(tail + i + 20, 2) == size - i - END_SIZE) {
            memcpy(end, tail + i, END_SIZE);
            *end_offset = stream->file_size - size + i;
        }
    sid__free(tail);
    if (status == SID_OK && *end_offset < 0)
        return fail_zip(stream, stream->file_size, err, "no end record; not a zip file, or cut off");
    return status;
}

static sid_status read_directory(const struct sid__npz_stream *stream, zip_directory *out, sid_error *err)
{
    unsigned char end[END_SIZE];
    int64_t end_offset = 0;
    SID_TRY(find_end(stream, &end_offset, end, err));
    zip_directory directory = {.entry_count = (int64_t)number(end + 10, 2),
                               .size = (int64_t)number(end + 12, 4),
                               .offset = (int64_t)number(end + 16, 4)};
    if (number(end + 4, 4) != 0 || number(end + 8, 2) != number(end + 10, 2))
        return fail_zip(stream, end_offset, err, "it is split over several disks");
    if (directory.entry_count == 0xffff || directory.size == 0xffffffff || directory.offset == 0xffffffff)
        SID_TRY(read_end64(stream, &end_offset, &directory, err));
    if (directory.entry_count < 0 || directory.entry_count > ENTRIES_MAX || directory.size < 0 ||
        directory.size > DIRECTORY_MAX)
        return fail_zip(stream, end_offset, err, "more than 65,536 members, or a directory of more than 16 MiB");
    if (directory.offset < 0 || directory.offset != end_offset - directory.size)
        return fail_zip(stream, end_offset, err, "the directory does not end where the end record begins");
    SID_TRY(sid__alloc(&directory.bytes, (size_t)directory.size, 1, "a zip directory", err));
    sid_status status = read_at(stream, directory.bytes, directory.size, directory.offset, err);
    if (status != SID_OK)
        sid__free(directory.bytes);
    else
        *out = directory;
    return status;
}

/* Fields of 0xffffffff are read from the zip64 extra field, in this order; they must be there. */
static bool take_zip64(const unsigned char *extra, int64_t extra_size, zip_member *member)
{
    int64_t *fields[] = {&member->size, &member->packed_size, &member->local_offset};
    int64_t at = 0, size = 0;
    bool is_needed =
        member->size == 0xffffffff || member->packed_size == 0xffffffff || member->local_offset == 0xffffffff;
    for (bool is_found = false; is_needed && !is_found; at += is_found ? 0 : 4 + size) {
        if (extra_size - at < 4)
            return false;
        size = (int64_t)number(extra + at + 2, 2);
        if (size > extra_size - at - 4)
            return false;
        is_found = number(extra + at, 2) == 1;
    }
    at += 4;
    for (int i = 0; i < 3; i++) {
        if (*fields[i] != 0xffffffff)
            continue;
        if (size < 8)
            return false;
        *fields[i] = number64(extra + at);
        at += 8;
        size -= 8;
    }
    return member->size >= 0 && member->packed_size >= 0 && member->local_offset >= 0;
}

/* The entry at *at, which moves behind it. */
static sid_status take_entry(const struct sid__npz_stream *stream, const zip_directory *directory, int64_t *at,
                             zip_member *out, sid_error *err)
{
    const unsigned char *entry = directory->bytes + *at;
    int64_t left = directory->size - *at, place = directory->offset + *at;
    if (left < ENTRY_SIZE || memcmp(entry, "PK\x01\x02", 4) != 0)
        return fail_zip(stream, place, err, "a directory entry is missing");
    int64_t name_size = (int64_t)number(entry + 28, 2), extra_size = (int64_t)number(entry + 30, 2);
    int64_t size = ENTRY_SIZE + name_size + extra_size + (int64_t)number(entry + 32, 2);
    if (size > left)
        return fail_zip(stream, place, err, "a directory entry is cut off");
    *out = (zip_member){.name = (const char *)entry + ENTRY_SIZE,
                        .name_size = (size_t)name_size,
                        .flags = (unsigned)number(entry + 8, 2),
                        .method = (unsigned)number(entry + 10, 2),
                        .crc = (uint32_t)number(entry + 16, 4),
                        .packed_size = (int64_t)number(entry + 20, 4),
                        .size = (int64_t)number(entry + 24, 4),
                        .local_offset = (int64_t)number(entry + 42, 4)};
    if (!take_zip64(entry + ENTRY_SIZE + name_size, extra_size, out))
        return fail_zip(stream, place, err, "a member's zip64 sizes are missing or too large");
    *at += size;
    return SID_OK;
}

static bool is_named(const zip_member *member, const char *name)
{
    size_t size = strlen(name);
    if (member->name_size == size)
        return memcmp(member->name, name, size) == 0;
    return member->name_size == size + 4 && memcmp(member->name, name, size) == 0 &&
           memcmp(member->name + size, ".npy", 4) == 0;
}

/* "x, y, z": printable bytes of the members' names, so far as they fit. */
static void list_names(const struct sid__npz_stream *stream, const zip_directory *directory, char *text, size_t room)
{
    zip_member member;
    size_t used = 0;
    int64_t at = 0;
    text[0] = 0;
    for (int64_t i = 0; i < directory->entry_count && take_entry(stream, directory, &at, &member, NULL) == SID_OK;
         i++) {
        size_t size = member.name_size;
        if (size > 4 && memcmp(member.name + size - 4, ".npy", 4) == 0)
            size -= 4;
        if (used + size + 8 > room) {
            (void)snprintf(text + used, room - used, ", ...");
            return;
        }
        for (const char *comma = i ? ", " : ""; *comma; comma++)
            text[used++] = *comma;
        for (size_t j = 0; j < size; j++)
            text[used++] = member.name[j] >= 0x20 && member.name[j] < 0x7f ? member.name[j] : '?';
        text[used] = 0;
    }
}

/* Finds the one member wanted; *found_count says how many there are. */
static sid_status find_member(const struct sid__npz_stream *stream, const zip_directory *directory, const char *name,
                              zip_member *out, int64_t *found_count, sid_error *err)
{
    int64_t at = 0;
    *found_count = 0;
    for (int64_t i = 0; i < directory->entry_count; i++) {
        zip_member member;
        SID_TRY(take_entry(stream, directory, &at, &member, err));
        if (name && !is_named(&member, name))
            continue;
        *out = member;
        ++*found_count;
    }
    if (at != directory->size)
        return fail_zip(stream, directory->offset + at, err, "the directory holds more than its entries");
    return SID_OK;
}

static sid_status choose_member(struct sid__npz_stream *stream, const zip_directory *directory, const char *name,
                                sid_error *err)
{
    char names[400];
    int64_t found_count = 0;
    sid__place place = {.file = stream->path, .byte = -1};
    SID_TRY(find_member(stream, directory, name, &stream->member, &found_count, err));
    if (found_count == 1)
        return SID_OK;
    list_names(stream, directory, names, sizeof names);
    if (directory->entry_count == 0)
        return sid__fail_at(err, SID_EDATA, place, "the npz file holds no array");
    if (name)
        return sid__fail_at(err, SID_EDATA, place, "%s array \"%s\"; it holds: %s",
                            found_count ? "more than one" : "no", name, names);
    return sid__fail_at(err, SID_EDATA, place, "%" PRId64 " arrays; name one, %s:NAME, of: %s", found_count,
                        stream->path, names);
}

/* ---- A member's bytes ---- */

static sid_status start_member(struct sid__npz_stream *stream, int64_t directory_offset, sid_error *err)
{
    zip_member *member = &stream->member;
    unsigned char local[LOCAL_SIZE];
    member->name = NULL; /* it belongs to the directory */
    if (member->flags & 1)
        return fail_zip(stream, member->local_offset, err, "the member is encrypted; save it again without a password");
    if (member->method != 0 && member->method != Z_DEFLATED)
        return fail_zip(stream, member->local_offset, err,
                        "neither stored nor deflated; save it again with numpy.savez");
    SID_TRY(read_at(stream, local, sizeof local, member->local_offset, err));
    if (memcmp(local, "PK\x03\x04", 4) != 0)
        return fail_zip(stream, member->local_offset, err, "no member where the directory says");
    int64_t data = member->local_offset + LOCAL_SIZE + (int64_t)number(local + 26, 2) + (int64_t)number(local + 28, 2);
    if (data > directory_offset || member->packed_size > directory_offset - data)
        return fail_zip(stream, member->local_offset, err, "the member reaches into the directory");
    if (member->method == 0 ? member->size != member->packed_size
                            : member->size / DEFLATE_RATIO_MAX > member->packed_size)
        return fail_zip(stream, member->local_offset, err, "the member cannot unpack to the size it says");
    stream->next_offset = data;
    stream->packed_left = member->packed_size;
    stream->left = member->size;
    stream->crc = (uint32_t)crc32(0, NULL, 0);
    if (member->method == Z_DEFLATED && inflateInit2(&stream->zip, -MAX_WBITS) != Z_OK)
        return sid__fail_memory(err, "unpacking", sizeof stream->zip);
    stream->is_inflating = member->method == Z_DEFLATED;
    return SID_OK;
}

static sid_status fill_input(struct sid__npz_stream *stream, sid_error *err)
{
    int64_t size = stream->packed_left < INPUT_SIZE ? stream->packed_left : INPUT_SIZE;
    if (size == 0)
        return fail_zip(stream, stream->next_offset, err, "the packed data ends too early");
    SID_TRY(read_at(stream, stream->input, size, stream->next_offset, err));
    stream->next_offset += size;
    stream->packed_left -= size;
    stream->zip.next_in = stream->input;
    stream->zip.avail_in = (uInt)size;
    return SID_OK;
}

static sid_status inflate_some(struct sid__npz_stream *stream, unsigned char *out, size_t size, sid_error *err)
{
    stream->zip.next_out = out;
    stream->zip.avail_out = (uInt)size;
    while (stream->zip.avail_out > 0) {
        if (stream->zip.avail_in == 0)
            SID_TRY(fill_input(stream, err));
        int result = inflate(&stream->zip, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR)
            return sid__fail_memory(err, "unpacking", 1 << MAX_WBITS);
        if (result != Z_OK && (result != Z_STREAM_END || stream->zip.avail_out > 0))
            return fail_zip(stream, stream->next_offset - stream->zip.avail_in, err, "the packed data is damaged");
    }
    return SID_OK;
}

/* Exactly the next `size` bytes of the member. */
static sid_status next_bytes(struct sid__npz_stream *stream, void *out, size_t size, sid_error *err)
{
    unsigned char *at = out;
    if ((int64_t)size > stream->left)
        return fail_zip(stream, stream->next_offset, err, "the member ends too early");
    stream->left -= (int64_t)size;
    while (size > 0) {
        size_t step = size < 1 << 30 ? size : 1 << 30;
        if (stream->is_inflating) {
            SID_TRY(inflate_some(stream, at, step, err));
        } else {
            SID_TRY(read_at(stream, at, (int64_t)step, stream->next_offset, err));
            stream->next_offset += (int64_t)step;
            stream->packed_left -= (int64_t)step;
        }
        stream->crc = (uint32_t)crc32(stream->crc, at, (uInt)step);
        at += step;
        size -= step;
    }
    return SID_OK;
}

static sid_status check_end(struct sid__npz_stream *stream, sid_error *err)
{
    unsigned char byte;
    if (stream->is_inflating) {
        /* Empty last blocks may follow; one byte of room tells them from data beyond the size. */
        stream->zip.next_out = &byte;
        stream->zip.avail_out = 1;
        if (stream->zip.avail_in == 0 && stream->packed_left > 0)
            SID_TRY(fill_input(stream, err));
        int result = inflate(&stream->zip, Z_FINISH);
        if (result != Z_STREAM_END || stream->zip.avail_out == 0 || stream->zip.avail_in > 0 || stream->packed_left > 0)
            return fail_zip(stream, stream->next_offset, err, "the member unpacks to more than it says");
    }
    if (stream->crc != stream->member.crc)
        return fail_zip(stream, stream->next_offset, err, "the CRC-32 differs: the array is damaged");
    return SID_OK;
}

/* ---- The array ---- */

/* The first bytes of the member, up to the end of its npy header. */
static sid_status read_header(struct sid__npz_stream *stream, sid__npy_header *out, sid_error *err)
{
    unsigned char prefix[12] = {0};
    int64_t size = stream->left;
    size_t first = size < 12 ? (size_t)size : 12, dict_end;
    char *bytes = NULL;
    SID_TRY(next_bytes(stream, prefix, first, err));
    dict_end = prefix[6] == 1 ? 10 + (size_t)number(prefix + 8, 2) : 12 + (size_t)number(prefix + 8, 4);
    if (dict_end > NPY_HEADER_MAX || (int64_t)dict_end > size)
        dict_end = first; /* the parser says what is wrong */
    SID_TRY(sid__alloc(&bytes, dict_end < first ? first : dict_end, 1, "an npy header", err));
    memcpy(bytes, prefix, first);
    sid_status status = dict_end > first ? next_bytes(stream, bytes + first, dict_end - first, err) : SID_OK;
    if (status == SID_OK)
        status = sid__npy_parse_header(bytes, dict_end < first ? first : dict_end, size, stream->path, out, err);
    sid__free(bytes);
    return status;
}

static sid_status open_array(struct sid__npz_stream *stream, const char *member, sid__npz_reader *out, sid_error *err)
{
    zip_directory directory = {0};
    sid__npz_reader reader = {.stream = stream};
    SID_TRY(read_directory(stream, &directory, err));
    sid_status status = choose_member(stream, &directory, member, err);
    sid__free(directory.bytes);
    SID_TRY(status);
    SID_TRY(start_member(stream, directory.offset, err));
    SID_TRY(read_header(stream, &reader.header, err));
    SID_TRY(sid__npy_check_matrix(&reader.header, stream->path, err));
    SID_TRY(sid__npy_check_floats(&reader.header, stream->path, err));
    reader.rows = reader.header.shape[0];
    reader.dim = (int)reader.header.shape[1];
    *out = reader;
    return SID_OK;
}

static sid_status open_stream(struct sid__npz_stream *stream, const char *member, sid__npz_reader *out, sid_error *err)
{
    sid_status status = open_array(stream, member, out, err);
    if (status != SID_OK)
        sid__npz_close(&(sid__npz_reader){.stream = stream});
    return status;
}

sid_status sid__npz_open(const char *path, const char *member, sid__npz_reader *out, sid_error *err)
{
    struct sid__npz_stream *stream = NULL;
    SID_TRY(sid__alloc(&stream, 1, sizeof *stream, "a zip reader", err));
    stream->path = path;
    sid_status status = sid__file_open(path, &stream->file, &stream->file_size, err);
    if (status != SID_OK) {
        sid__free(stream);
        return status;
    }
    return open_stream(stream, member, out, err);
}

sid_status sid__npz_parse(const char *bytes, size_t size, const char *path, const char *member, sid__npz_reader *out,
                          sid_error *err)
{
    struct sid__npz_stream *stream = NULL;
    SID_TRY(sid__alloc(&stream, 1, sizeof *stream, "a zip reader", err));
    stream->file.fd = -1;
    stream->memory = bytes;
    stream->path = path;
    stream->file_size = (int64_t)size;
    return open_stream(stream, member, out, err);
}

static sid_status read_converted(sid__npz_reader *reader, char *buffer, float *block, float *out, sid_error *err)
{
    size_t element_size = sid__dtype_size(reader->header.dtype);
    int64_t total = reader->rows * reader->dim, row = 0, column = 0;
    for (int64_t done = 0; done < total; done += BLOCK_COUNT) {
        int64_t step = total - done < BLOCK_COUNT ? total - done : BLOCK_COUNT;
        SID_TRY(next_bytes(reader->stream, buffer, (size_t)step * element_size, err));
        if (!reader->header.is_fortran) {
            sid__dtype_to_f32(reader->header.dtype, buffer, step, out + done);
            continue;
        }
        sid__dtype_to_f32(reader->header.dtype, buffer, step, block);
        for (int64_t i = 0; i < step; i++) {
            out[row * reader->dim + column] = block[i];
            if (++row == reader->rows) {
                row = 0;
                column++;
            }
        }
    }
    return SID_OK;
}

sid_status sid__npz_read(sid__npz_reader *reader, float *out, sid_error *err)
{
    char *buffer = NULL;
    float *block = NULL;
    sid_status status = sid__alloc(&buffer, BLOCK_COUNT, sizeof(double), "a read buffer", err);
    if (status == SID_OK)
        status = sid__alloc(&block, BLOCK_COUNT, sizeof *block, "a read buffer", err);
    if (status == SID_OK)
        status = read_converted(reader, buffer, block, out, err);
    if (status == SID_OK)
        status = check_end(reader->stream, err);
    sid__free(block);
    sid__free(buffer);
    return status;
}

bool sid__npz_is_stored(const sid__npz_reader *reader)
{
    return !reader->stream->is_inflating;
}

static sid_status check_bytes(struct sid__npz_stream *stream, sid_error *err)
{
    while (stream->left > 0) {
        size_t step = stream->left < INPUT_SIZE ? (size_t)stream->left : INPUT_SIZE;
        SID_TRY(next_bytes(stream, stream->input, step, err)); /* nothing else uses it while nothing is unpacked */
    }
    return check_end(stream, err);
}

sid_status sid__npz_read_in_place(sid__npz_reader *reader, sid__npy_reader *out, sid_error *err)
{
    struct sid__npz_stream *stream = reader->stream;
    sid__npy_reader rows = {.file = stream->file, .header = reader->header, .rows = reader->rows, .dim = reader->dim};
    rows.header.data_offset = stream->next_offset;
    SID_TRY(check_bytes(stream, err));
    stream->file.fd = -1;
    *out = rows;
    return SID_OK;
}

void sid__npz_close(sid__npz_reader *reader)
{
    if (!reader->stream)
        return;
    if (reader->stream->is_inflating)
        (void)inflateEnd(&reader->stream->zip);
    sid__file_close(&reader->stream->file);
    sid__free(reader->stream);
    *reader = (sid__npz_reader){0};
}
