/* tensor_set.c: named arrays in one arena, found through an index, so that a file of 65,536 tensors loads in linear time. */
#include "io/tensor_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little-endian and read without swapping");

static const struct {
    const char *name;
    size_t size;
} dtype_table[] = {
    [SID__F16] = {"F16", 2}, [SID__BF16] = {"BF16", 2}, [SID__F32] = {"F32", 4}, [SID__F64] = {"F64", 8},
    [SID__U8] = {"U8", 1},   [SID__U16] = {"U16", 2},   [SID__I32] = {"I32", 4}, [SID__I64] = {"I64", 8},
};

size_t sid__dtype_size(sid__dtype dtype)
{
    return dtype_table[dtype].size;
}

const char *sid__dtype_name(sid__dtype dtype)
{
    return dtype_table[dtype].name;
}

bool sid__dtype_is_float(sid__dtype dtype)
{
    return dtype == SID__F16 || dtype == SID__BF16 || dtype == SID__F32 || dtype == SID__F64;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE binary16; every value is exact in float. */
static float float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = half >> 10 & 31u, fraction = half & 1023u;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent == 0) { /* zero or denormal: fraction * 2^-24 */
        float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

#define CONVERT(type, expression)                                                                                      \
    for (int64_t i = 0; i < count; i++) {                                                                              \
        type value;                                                                                                    \
        memcpy(&value, at + (size_t)i * sizeof value, sizeof value);                                                   \
        out[i] = (expression);                                                                                         \
    }                                                                                                                  \
    break

void sid__dtype_to_f32(sid__dtype dtype, const void *elements, int64_t count, float *out)
{
    const char *at = elements;
    switch (dtype) {
    case SID__F16:
        CONVERT(uint16_t, float_of_half(value));
    case SID__BF16:
        CONVERT(uint16_t, float_of_bits((uint32_t)value << 16));
    case SID__F32:
        CONVERT(float, value);
    case SID__F64:
        CONVERT(double, (float)value);
    case SID__U8:
        CONVERT(uint8_t, (float)value);
    case SID__U16:
        CONVERT(uint16_t, (float)value);
    case SID__I32:
        CONVERT(int32_t, (float)value);
    case SID__I64:
        CONVERT(int64_t, (float)value);
    case SID__DTYPE_COUNT:
        break;
    }
}

bool sid__shape_size(sid__dtype dtype, int rank, const int64_t *shape, size_t *out)
{
    size_t size = sid__dtype_size(dtype);
    bool is_empty = false;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return false;
        is_empty |= shape[i] == 0;
    }
    for (int i = 0; i < rank && !is_empty; i++)
        if (!sid__mul_size(size, (size_t)shape[i], &size))
            return false;
    *out = is_empty ? 0 : size;
    return true;
}

const char *sid__shape_text(int rank, const int64_t *shape, char *text)
{
    size_t used = 0, room = SID__SHAPE_TEXT_SIZE;
    used += (size_t)snprintf(text, room, "(");
    for (int i = 0; i < rank && i < SID__RANK_MAX; i++) {
        const char *comma = i ? ", " : "";
        int n = shape[i] == -1 ? snprintf(text + used, room - used, "%sN", comma)
                               : snprintf(text + used, room - used, "%s%" PRId64, comma, shape[i]);
        used += (size_t)n;
    }
    (void)snprintf(text + used, room - used, rank == 1 ? ",)" : ")");
    return text;
}

static sid__names names_of(const sid__tensor_set *set)
{
    _Static_assert(offsetof(sid__tensor, name) == 0, "the index finds a name at the start of each tensor");
    return (sid__names){.first = set->tensor, .stride = sizeof *set->tensor};
}

static sid_status make_tensor(sid__tensor_set *set, sid__tensor *made, const char *name, size_t size, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__arena_text(&set->arena, name, strlen(name), &copy, err));
    made->name = copy;
    return sid__arena_push(&set->arena, size, &made->data, err);
}

sid_status sid__tensor_add(sid__tensor_set *set, const char *name, sid__dtype dtype, int rank, const int64_t *shape,
                           void *data, sid_error *err)
{
    size_t size;
    if (rank < 0 || rank > SID__RANK_MAX)
        return sid__fail(err, SID_EDATA, "tensor %s has rank %d; 0 to %d are possible", name, rank, SID__RANK_MAX);
    if (!sid__shape_size(dtype, rank, shape, &size)) {
        char text[SID__SHAPE_TEXT_SIZE];
        return sid__fail(err, SID_EDATA, "tensor %s of shape %s is too large", name,
                         sid__shape_text(rank, shape, text));
    }
    sid__tensor made = {.dtype = dtype, .rank = rank};
    for (int i = 0; i < rank; i++)
        made.shape[i] = shape[i];
    SID_TRY(make_tensor(set, &made, name, size, err));
    SID_TRY(sid__grow(&set->tensor, &set->capacity, set->count + 1, sizeof made, "the list of tensors", err));
    set->tensor[set->count] = made;
    int64_t seen;
    SID_TRY(sid__id_index_add(&set->index, names_of(set), set->count, &seen, err));
    if (seen >= 0)
        return sid__fail(err, SID_EDATA, "tensor %s is there twice; names must differ", name);
    set->count++;
    *(void **)data = made.data;
    return SID_OK;
}

const sid__tensor *sid__tensor_find(const sid__tensor_set *set, const char *name)
{
    int64_t i = sid__id_index_find(&set->index, names_of(set), name);
    return i < 0 ? NULL : &set->tensor[i];
}

static bool is_shape_like(const sid__tensor *tensor, int rank, const int64_t *shape)
{
    if (tensor->rank != rank)
        return false;
    for (int i = 0; i < rank; i++)
        if (shape[i] != -1 && shape[i] != tensor->shape[i])
            return false;
    return true;
}

sid_status sid__tensor_get(const sid__tensor_set *set, const char *name, sid__dtype dtype, int rank,
                           const int64_t *shape, const sid__tensor **out, sid_error *err)
{
    char seen[SID__SHAPE_TEXT_SIZE], wanted[SID__SHAPE_TEXT_SIZE];
    const sid__tensor *tensor = sid__tensor_find(set, name);
    sid__shape_text(rank, shape, wanted);
    if (!tensor)
        return sid__fail(err, SID_EDATA, "tensor %s is missing; %s of shape %s is expected", name,
                         sid__dtype_name(dtype), wanted);
    if (tensor->dtype != dtype || !is_shape_like(tensor, rank, shape))
        return sid__fail(err, SID_EDATA, "tensor %s is %s of shape %s; %s of shape %s is expected", name,
                         sid__dtype_name(tensor->dtype), sid__shape_text(tensor->rank, tensor->shape, seen),
                         sid__dtype_name(dtype), wanted);
    *out = tensor;
    return SID_OK;
}

void sid__tensor_set_drop(sid__tensor_set *set)
{
    sid__id_index_drop(&set->index);
    sid__free(set->tensor);
    sid__arena_drop(&set->arena);
    *set = (sid__tensor_set){0};
}
