/* source.h: the bytes of a text input through a window that slides over a file, a pipe or memory, so that a catalogue of
 * any size is read with a bounded buffer.
 */
#ifndef SEMID_IO_SOURCE_H
#define SEMID_IO_SOURCE_H

#include "base/vfs.h"

/* Invariant: begin <= end <= capacity (memory: the size given). Unread bytes are window[begin .. end - 1]. */
typedef struct sid__source {
    sid__file file;   /* fd -1: memory */
    const char *path; /* for messages: the caller's path, or "standard input" */
    char *window;     /* owned, but for memory, which is never written to */
    int64_t capacity, begin, end;
    int64_t offset; /* of window[begin] in the input */
    bool is_memory, is_ended;
} sid__source;

/* "-": standard input. Refuses by name what is no text at all (gzip, zip, npy, ...), and skips a byte order mark. */
sid_status sid__source_open(const char *path, sid__source *out, sid_error *err);
/* The same over `bytes`, which must outlive it. */
sid_status sid__source_memory(const char *bytes, size_t size, const char *path, sid__source *out, sid_error *err);
/* Brings more bytes behind the unread ones; window and begin may change. At the end of the input is_ended is set. */
sid_status sid__source_more(sid__source *source, sid_error *err);
/* Marks `size` of the unread bytes as read. */
void sid__source_skip(sid__source *source, int64_t size);
void sid__source_close(sid__source *source);

#endif
