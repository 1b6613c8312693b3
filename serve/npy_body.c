/* npy_body.c: see npy_body.h. The header is "\x93NUMPY", version, its length, a Python dictionary and blanks; the sizes that
 * it states are compared with the bytes that are there.
 */
#define _GNU_SOURCE
#include "npy_body.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_SIZE = 6, HEADER_MAX = 4096 };

typedef struct npy_shape {
    size_t data_at; /* byte */
    int number_size;
    int64_t count, dim;
} npy_shape;

static bool bad(srv_request *request, const char *why)
{
    return srv_fail(request, 400, SID_EDATA, "the body is no npy file that is taken: %s", why);
}

/* The header's text into `out`; its end in the body, or 0. */
static size_t take_header(const unsigned char *body, size_t size, char out[HEADER_MAX])
{
    if (size < 12 || memcmp(body, "\x93NUMPY", MAGIC_SIZE) != 0 || body[6] < 1 || body[6] > 3)
        return 0;
    size_t begin = body[6] == 1 ? 10 : 12, length = (size_t)body[8] | (size_t)body[9] << 8;
    if (body[6] > 1)
        length |= (size_t)body[10] << 16 | (size_t)body[11] << 24;
    if (length >= HEADER_MAX || length > size - begin || memchr(body + begin, 0, length))
        return 0;
    memcpy(out, body + begin, length);
    out[length] = 0;
    return begin + length;
}

static bool parse_shape(const char *header, npy_shape *out)
{
    const char *at = strstr(header, "'shape':");
    char *end = NULL;
    at = at ? strchr(at, '(') : NULL;
    if (!at)
        return false;
    out->count = strtoll(at + 1, &end, 10);
    if (end == at + 1 || *end != ',')
        return false;
    at = end + 1;
    out->dim = strtoll(at, &end, 10);
    return end != at && *end == ')' && out->count > 0 && out->dim > 0;
}

static bool parse(srv_request *request, npy_shape *out)
{
    char header[HEADER_MAX];
    out->data_at = take_header((const unsigned char *)request->body, request->body_size, header);
    if (request->body_size == 0 || out->data_at == 0)
        return bad(request, "its header is missing or damaged");
    out->number_size = strstr(header, "'<f4'") ? 4 : strstr(header, "'<f8'") ? 8 : 0;
    if (out->number_size == 0)
        return bad(request, "float32 or float64, little-endian, is expected");
    if (!strstr(header, "'fortran_order': False"))
        return bad(request, "C order is expected");
    if (!parse_shape(header, out))
        return bad(request, "a shape (N, D) is expected");
    size_t left = request->body_size - out->data_at;
    if (out->dim > SID_DIM_MAX || (uint64_t)out->count > left ||
        (size_t)out->count * (size_t)out->dim * (size_t)out->number_size != left)
        return bad(request, "its shape does not match its size");
    return true;
}

static float number_at(const char *bytes, int number_size)
{
    float single;
    double number;
    if (number_size == 4) {
        memcpy(&single, bytes, sizeof single);
        return single;
    }
    memcpy(&number, bytes, sizeof number);
    return fabs(number) <= SID_VALUE_MAX ? (float)number : (float)NAN;
}

bool srv_npy_read(srv_request *request, int dim, float **x, int64_t *count)
{
    npy_shape shape = {0};
    if (!parse(request, &shape))
        return false;
    if (shape.dim != dim)
        return srv_fail(request, 422, SID_EDATA, "rows of %lld numbers, the catalogue takes %d", (long long)shape.dim,
                        dim);
    float *rows = calloc((size_t)shape.count * (size_t)dim + 1, sizeof *rows); /* + 1: there may be none */
    if (!rows)
        return srv_fail(request, 503, SID_ENOMEM, "out of memory; ask again");
    for (int64_t i = 0; i < shape.count * dim; i++) {
        rows[i] = number_at(request->body + shape.data_at + (size_t)i * (size_t)shape.number_size, shape.number_size);
        if (fabs((double)rows[i]) <= SID_VALUE_MAX)
            continue;
        free(rows);
        return srv_fail(request, 422, SID_EDATA, "row %lld, number %lld is NaN, infinite or beyond %g",
                        (long long)(i / dim), (long long)(i % dim), SID_VALUE_MAX);
    }
    *x = rows;
    *count = shape.count;
    return true;
}
