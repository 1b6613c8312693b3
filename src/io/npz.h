/* npz.h: one array out of a NumPy .npz file, a zip of npy files. Nothing is extracted to disk, so names are only compared.
 * What a member unpacks to is bounded by its npy header, by the sizes in the zip, and by what deflate can do at all.
 */
#ifndef SEMID_IO_NPZ_H
#define SEMID_IO_NPZ_H

#include "io/npy.h"

typedef struct sid__npz_reader {
    sid__npy_header header; /* of an (N, D) array of floats */
    int64_t rows;
    int dim;
    struct sid__npz_stream *stream; /* where the member's bytes come from */
} sid__npz_reader;

/* `member` is the array's name with or without ".npy"; NULL: the file must hold exactly one. SID_EDATA lists the names. */
sid_status sid__npz_open(const char *path, const char *member, sid__npz_reader *out, sid_error *err);
/* The same over the file's bytes in memory, which must outlive the reader. */
sid_status sid__npz_parse(const char *bytes, size_t size, const char *path, const char *member, sid__npz_reader *out,
                          sid_error *err);
/* False: it is packed, and can only be read whole. */
bool sid__npz_is_stored(const sid__npz_reader *reader);
/* For a stored array, in place of sid__npz_read: reads it through to check its CRC-32, then *out reads rows of it in place
 * and `reader`, whose file it took over, is only fit to be closed. */
sid_status sid__npz_read_in_place(sid__npz_reader *reader, sid__npy_reader *out, sid_error *err);
/* The whole array as floats, (rows, dim), once; its CRC-32 is checked. */
sid_status sid__npz_read(sid__npz_reader *reader, float *out, sid_error *err);
void sid__npz_close(sid__npz_reader *reader);

#endif
