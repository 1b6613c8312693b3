/* tensor_set.h: named arrays in memory, between quantizers or encoders (which fill and read them) and safetensors (which
 * writes and parses them). No JSON and no files here, so that quant/ needs neither.
 */
#ifndef SEMID_IO_TENSOR_SET_H
#define SEMID_IO_TENSOR_SET_H

#include "base/arena.h"
#include "io/id_index.h"

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
    sid__id_index index; /* by name */
} sid__tensor_set;

size_t sid__dtype_size(sid__dtype dtype);
const char *sid__dtype_name(sid__dtype dtype); /* as safetensors writes it: "F32" */
bool sid__dtype_is_float(sid__dtype dtype);
/* `count` elements to float; rounds F64 to nearest (beyond float32: infinite), the others but I32 and I64 are exact. */
void sid__dtype_to_f32(sid__dtype dtype, const void *elements, int64_t count, float *out);
/* Bytes of an array of that shape; false when a size is negative or the product overflows. */
bool sid__shape_size(sid__dtype dtype, int rank, const int64_t *shape, size_t *out);
/* "(100, 384)" into `text` of SID__SHAPE_TEXT_SIZE bytes; -1 is written N. */
enum { SID__SHAPE_TEXT_SIZE = 192 };
const char *sid__shape_text(int rank, const int64_t *shape, char *text);

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
