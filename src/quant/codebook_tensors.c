/* codebook_tensors.c: a level's codebook as the tensors codebook.<l> and count.<l>, for every family that has codebooks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quant/codebook.h"

enum { NAME_SIZE = 32 };

sid_status sid__codebook_save(const sid__codebook *book, const int64_t *members, int level, sid__tensor_set *set,
                              sid_error *err)
{
    char name[NAME_SIZE];
    int64_t shape[2] = {book->codes, book->dim}, *counts = NULL;
    float *code = NULL;
    (void)snprintf(name, sizeof name, "codebook.%d", level + 1);
    SID_TRY(sid__tensor_add(set, name, SID__F32, 2, shape, &code, err));
    memcpy(code, book->code, (size_t)shape[0] * (size_t)shape[1] * sizeof *code);
    (void)snprintf(name, sizeof name, "count.%d", level + 1);
    SID_TRY(sid__tensor_add(set, name, SID__I64, 1, shape, &counts, err));
    memcpy(counts, members, (size_t)shape[0] * sizeof *counts);
    return SID_OK;
}

sid_status sid__codebook_load(sid__codebook *book, int64_t *members, int level, double most, const sid__tensor_set *set,
                              sid_error *err)
{
    char name[NAME_SIZE];
    int64_t shape[2] = {book->codes, book->dim};
    const sid__tensor *tensor = NULL;
    (void)snprintf(name, sizeof name, "codebook.%d", level + 1);
    SID_TRY(sid__tensor_get(set, name, SID__F32, 2, shape, &tensor, err));
    const float *code = tensor->data;
    for (int64_t i = 0; i < shape[0] * shape[1]; i++)
        if (!(fabs((double)code[i]) <= most))
            return sid__fail(err, SID_EDATA, "tensor %s: row %lld, column %lld is %g; at most %g is expected", name,
                             (long long)(i / shape[1]), (long long)(i % shape[1]), (double)code[i], most);
    memcpy(sid__codebook_code(book), code, (size_t)shape[0] * (size_t)shape[1] * sizeof *code);
    sid__codebook_pack(book);
    (void)snprintf(name, sizeof name, "count.%d", level + 1);
    if (!sid__tensor_find(set, name))
        return SID_OK;
    SID_TRY(sid__tensor_get(set, name, SID__I64, 1, shape, &tensor, err));
    memcpy(members, tensor->data, (size_t)shape[0] * sizeof *members);
    return SID_OK;
}
