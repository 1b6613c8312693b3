/* safetensors.h: tensor sets as files: 8 bytes little-endian header length, JSON, raw data. Ours are written with names in
 * set order, data aligned to 64 bytes by padding the header with spaces, no timestamps: equal sets give equal bytes.
 */
#ifndef SEMID_IO_SAFETENSORS_H
#define SEMID_IO_SAFETENSORS_H

#include "base/vfs.h"
#include "io/tensor_set.h"

/* Where a tensor stands in a file: bytes begin .. end - 1 after the header, end - begin == product(shape) * element. */
typedef struct sid__safetensors_entry {
    const char *name;
    const char *dtype_name; /* as the file says, also those below that have no sid__dtype */
    sid__dtype dtype;       /* SID__DTYPE_COUNT: BOOL, I8, I16, U32, U64, F8_E4M3, F8_E5M2 */
    int rank;
    int64_t shape[SID__RANK_MAX];
    int64_t begin, end;
} sid__safetensors_entry;

/* Zero-initialised is empty; entries are in data order. */
typedef struct sid__safetensors_header {
    sid__safetensors_entry *entry;
    int64_t count, capacity;
    int64_t data_offset; /* of byte 0 of the data in the file */
    sid__arena arena;
} sid__safetensors_header;

/* `bytes`: the file's first `size` bytes, header included; file_size checks that the data is all there. */
sid_status sid__safetensors_parse_header(const char *bytes, size_t size, int64_t file_size, const char *path,
                                         sid__safetensors_header *out, sid_error *err);
/* The same from an open file. */
sid_status sid__safetensors_read_header(const sid__file *file, int64_t file_size, sid__safetensors_header *out,
                                        sid_error *err);
void sid__safetensors_header_drop(sid__safetensors_header *header);

sid_status sid__safetensors_write(const sid__tensor_set *set, const char *path,
                                  sid_error *err); /* whole or not at all */
/* Offsets ordered, disjoint, in range, without gaps; at most 65,536 tensors, rank 8, header 100 MB. */
sid_status sid__safetensors_read(const char *path, sid__tensor_set *out, sid_error *err);
sid_status sid__safetensors_parse(const char *bytes, size_t size, const char *path, sid__tensor_set *out,
                                  sid_error *err);

#endif
