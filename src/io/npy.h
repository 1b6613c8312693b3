/* npy.h: NumPy's array files, versions 1 to 3. Little-endian f2, f4, f8, u1, u2, i4, i8; C or Fortran order; no objects.
 * Read in blocks with pread. A lying header is SID_EDATA before anything large is allocated. */
#ifndef SEMID_IO_NPY_H
#define SEMID_IO_NPY_H

#include "base/vfs.h"
#include "io/rows.h"
#include "io/tensor_set.h"

typedef struct sid__npy_header {
    sid__dtype dtype;
    int rank;
    int64_t shape[SID__RANK_MAX];
    bool is_fortran;
    int64_t data_offset; /* of the first element */
} sid__npy_header;

/* Parses the header at the start of `bytes`; file_size checks that the data is all there, no more and no less. */
sid_status sid__npy_parse_header(const char *bytes, size_t size, int64_t file_size, const char *path,
                                 sid__npy_header *out, sid_error *err);

/* The array is (N, D) with 1 <= D <= SID_DIM_MAX; holds floats. SID_EDATA with the shape or dtype seen. */
sid_status sid__npy_check_matrix(const sid__npy_header *header, const char *path, sid_error *err);
sid_status sid__npy_check_floats(const sid__npy_header *header, const char *path, sid_error *err);

/* An open (N, D) file for reading rows as floats, e.g. vectors.npy of a catalogue. */
typedef struct sid__npy_reader {
    sid__file file;
    sid__npy_header header;
    int64_t rows;
    int dim;
} sid__npy_reader;
sid_status sid__npy_open(const char *path, sid__npy_reader *out, sid_error *err);
/* Rows begin .. begin+count-1 into out (count, dim); f2 and f8 are converted; integers are SID_EDATA. Either order. */
sid_status sid__npy_read_rows(const sid__npy_reader *reader, int64_t begin, int64_t count, float *out, sid_error *err);
/* The same rows without conversion, for integers such as codes: count * dim elements of header.dtype. Either order. */
sid_status sid__npy_read_raw(const sid__npy_reader *reader, int64_t begin, int64_t count, void *out, sid_error *err);
void sid__npy_close(sid__npy_reader *reader);

/* Writes an (rows, columns) array in C order, version 1, header padded to 64 bytes; fsync'd. A failed write leaves
 * the old file, or none. */
sid_status sid__npy_write(const char *path, sid__dtype dtype, const void *data, int64_t rows, int columns,
                          sid_error *err);
/* The same for float32 rows, block by block, wherever they lie. */
sid_status sid__npy_write_rows(const char *path, const sid__rows *rows, sid_error *err);

#endif
