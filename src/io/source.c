/* source.c: see source.h. */
#include "io/source.h"

#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 1 << 18, SNIFF_SIZE = 16 };

/* What people give by mistake; the first bytes tell. */
static const struct {
    const char *bytes;
    int size;
    const char *what, *next;
} magic_table[] = {
    {"\x1f\x8b", 2, "a gzip file", "unpack it, or pipe: zcat FILE | semid ... -"},
    {"PK\x03\x04", 4, "a zip file", "unpack it"},
    {"\x28\xb5\x2f\xfd", 4, "a zstd file", "unpack it, or pipe: zstdcat FILE | semid ... -"},
    {"BZh", 3, "a bzip2 file", "unpack it, or pipe: bzcat FILE | semid ... -"},
    {"\xfd"
     "7zXZ",
     5, "an xz file", "unpack it, or pipe: xzcat FILE | semid ... -"},
    {"\x93NUMPY", 6, "an npy file", "vectors are given with --vectors"},
    {"\x89PNG", 4, "a PNG picture", "text is expected"},
    {"\xff\xd8\xff", 3, "a JPEG picture", "text is expected"},
    {"%PDF", 4, "a PDF file", "text is expected"},
    {"PAR1", 4, "a Parquet file", "convert it with the Python package"},
    {"SQLite format 3", 15, "an SQLite database", "text is expected"},
    {"\x89HDF", 4, "an HDF5 file", "text is expected"},
    {"\x80\x04", 2, "a Python pickle", "pickles are never read; text is expected"},
    {"\xff\xfe", 2, "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff", 2, "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8"},
};

static sid_status sniff(sid__source *source, sid_error *err)
{
    while (source->end - source->begin < SNIFF_SIZE && !source->is_ended)
        SID_TRY(sid__source_more(source, err));
    int64_t size = source->end - source->begin;
    const char *at = source->window ? source->window + source->begin : "";
    for (size_t i = 0; i < sizeof magic_table / sizeof *magic_table; i++)
        if (size >= magic_table[i].size && memcmp(at, magic_table[i].bytes, (size_t)magic_table[i].size) == 0)
            return sid__fail_at(err, SID_EDATA, (sid__place){.file = source->path, .byte = 0}, "this looks like %s; %s",
                                magic_table[i].what, magic_table[i].next);
    if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        sid__source_skip(source, 3);
    return SID_OK;
}

sid_status sid__source_open(const char *path, sid__source *out, sid_error *err)
{
    sid__source source = {.path = path, .file = {.fd = STDIN_FILENO, .path = path}};
    if (strcmp(path, "-") == 0)
        source.path = source.file.path = "standard input";
    else
        SID_TRY(sid__file_open(path, &source.file, NULL, err));
    sid_status status = sniff(&source, err);
    if (status != SID_OK) {
        sid__source_close(&source);
        return status;
    }
    *out = source;
    return SID_OK;
}

sid_status sid__source_memory(const char *bytes, size_t size, const char *path, sid__source *out, sid_error *err)
{
    sid__source source = {.path = path, .file = {.fd = -1}, .is_memory = true, .is_ended = true};
    source.window = (char *)(uintptr_t)bytes; /* is_memory: never written to */
    source.end = source.capacity = (int64_t)size;
    SID_TRY(sniff(&source, err));
    *out = source;
    return SID_OK;
}

sid_status sid__source_more(sid__source *source, sid_error *err)
{
    size_t got = 0;
    if (source->is_ended)
        return SID_OK;
    if (source->begin > 0) {
        memmove(source->window, source->window + source->begin, (size_t)(source->end - source->begin));
        source->end -= source->begin;
        source->begin = 0;
    }
    SID_TRY(sid__grow(&source->window, &source->capacity, source->end + BLOCK_SIZE, 1, "a read buffer", err));
    SID_TRY(sid__file_next(&source->file, source->window + source->end, (size_t)(source->capacity - source->end), &got,
                           err));
    source->end += (int64_t)got;
    source->is_ended = got == 0;
    return SID_OK;
}

void sid__source_skip(sid__source *source, int64_t size)
{
    source->begin += size;
    source->offset += size;
}

void sid__source_close(sid__source *source)
{
    if (!source->is_memory)
        sid__free(source->window);
    if (source->file.fd != STDIN_FILENO)
        sid__file_close(&source->file);
    *source = (sid__source){.file = {.fd = -1}};
}
