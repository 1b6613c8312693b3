/* tensor_set.h: named arrays in memory, between quantizers or encoders (which fill and read them) and safetensors (which
 * writes and parses them). No JSON and no files here, so that quant/ needs neither.
 */
#ifndef SEMID_IO_TENSOR_SET_H
#define SEMID_IO_TENSOR_SET_H

#include "base/arena.h"

typedef enum sid__dtype {
    SID__F16,
    SID__BF16,
    SID__F32,
    SID__F64,
    SID__U8,
    SID__U16,
    SID__I32,
    SID__I64,
    SID__DTYPE_COUNT
} sid__dtype;

enum { SID__RANK_MAX = 8 };

typedef struct sid__tensor {
    const char *name;
    sid__dtype dtype;
    int rank;
    int64_t shape[SID__RANK_MAX];
    void *data; /* product(shape) elements, row-major, 16-byte aligned, owned by the set */
} sid__tensor;

/* Zero-initialised is empty. Names are unique. */
typedef struct sid__tensor_set {
    sid__tensor *tensor;
    int64_t count, capacity;
    sid__arena arena;
} sid__tensor_set;

size_t sid__dtype_size(sid__dtype dtype);
const char *sid__dtype_name(sid__dtype dtype); /* as safetensors writes it: "F32" */

/* Adds a tensor of zeroes; *data is where to write. SID_EDATA when the name exists or the size overflows. */
sid_status sid__tensor_add(sid__tensor_set *set, const char *name, sid__dtype dtype, int rank, const int64_t *shape,
                           void *data, sid_error *err);
/* Finds a tensor of that dtype and rank; a shape entry of -1 takes any size, else it must match. SID_EDATA names the
 * tensor, the shape seen and the one expected. */
sid_status sid__tensor_get(const sid__tensor_set *set, const char *name, sid__dtype dtype, int rank,
                           const int64_t *shape, const sid__tensor **out, sid_error *err);
/* NULL when absent. */
const sid__tensor *sid__tensor_find(const sid__tensor_set *set, const char *name);
void sid__tensor_set_drop(sid__tensor_set *set);

#endif
