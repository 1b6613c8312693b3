/* safetensors.h: tensor sets as files: 8 bytes little-endian header length, JSON, raw data. Ours are written with names in
 * set order, data aligned to 64 bytes by padding the header with spaces, no timestamps: equal sets give equal bytes. */
#ifndef SEMID_IO_SAFETENSORS_H
#define SEMID_IO_SAFETENSORS_H

#include "base/vfs.h"
#include "io/tensor_set.h"

sid_status sid__safetensors_write(const sid__tensor_set *set, const char *path, sid_error *err); /* fsync'd */
/* Offsets ordered, disjoint, in range, without gaps; at most 65,536 tensors, rank 8, header 100 MB. */
sid_status sid__safetensors_read(const char *path, sid__tensor_set *out, sid_error *err);
sid_status sid__safetensors_parse(const char *bytes, size_t size, const char *path, sid__tensor_set *out,
                                  sid_error *err);

#endif
