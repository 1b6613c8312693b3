/* vectors_file.h: vectors that stay in their file, since the memory limit is too small for them: any (N, D) array of floats
 * that lies unpacked, in npy, in a stored member of an npz or in safetensors. Rows are read in blocks by pread, so that a
 * file that shrinks is an error, not a signal; one that is written to meanwhile is an error too.
 */
#ifndef SEMID_IO_VECTORS_FILE_H
#define SEMID_IO_VECTORS_FILE_H

#include <time.h>

#include "io/npy.h"

/* Row i of the vectors is the i-th row of the file that is not in left_out. */
typedef struct sid__vectors_file {
    char *path;             /* the reader borrows it */
    sid__npy_reader reader; /* of floats */
    struct timespec changed;
    int64_t *left_out; /* (left_out_count) rows of the file, ascending */
    int64_t left_out_count;
} sid__vectors_file;

/* Takes the reader over, in any case; its path is copied. */
sid_status sid__vectors_file_create(sid__npy_reader *reader, sid__vectors_file **out, sid_error *err);
void sid__vectors_file_free(sid__vectors_file *file);
/* Takes over the list of rows that are no rows of the vectors; once. */
void sid__vectors_file_leave_out(sid__vectors_file *file, int64_t *row, int64_t count);
/* The `read` of sid__rows: `file` is a sid__vectors_file. Thread-safe. */
sid_status sid__vectors_file_read(const void *file, int64_t begin, int64_t count, float *out, sid_error *err);

#endif
