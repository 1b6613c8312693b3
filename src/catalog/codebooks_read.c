/* codebooks_read.c: a residual quantizer trained elsewhere, as safetensors:
 *
 *   codebook.1, codebook.2, ..  (K, D) floats of any width: level by level, K may differ, D is that of the vectors
 *   mean                        (D) floats, subtracted first; absent: nothing is
 *
 * The tensors count.<l> of semid's own files are passed over. Anything else means work that these tensors do not describe (a
 * projection, an encoder), so it is refused by name rather than left out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/safetensors.h"

typedef struct codebooks {
    const char *path;
    sid__tensor_set set;
    int dim, levels;
    int codes[SID_LEVELS_MAX];
    float *codebook[SID_LEVELS_MAX]; /* (codes, dim) */
    float *mean;                     /* (dim), NULL: none */
} codebooks;

static void codebooks_drop(codebooks *c)
{
    for (int l = 0; l < SID_LEVELS_MAX; l++)
        sid__free(c->codebook[l]);
    sid__free(c->mean);
    sid__tensor_set_drop(&c->set);
}

static sid__place place_of(const codebooks *c)
{
    return (sid__place){.file = c->path, .byte = -1};
}

/* A copy of a tensor as finite floats. */
static sid_status copy_floats(const codebooks *c, const sid__tensor *tensor, int64_t count, float **out, sid_error *err)
{
    if (!sid__dtype_is_float(tensor->dtype))
        return sid__fail_at(err, SID_EDATA, place_of(c), "tensor %s is %s; floats are expected", tensor->name,
                            sid__dtype_name(tensor->dtype));
    SID_TRY(sid__alloc(out, (size_t)count, sizeof **out, tensor->name, err));
    sid__dtype_to_f32(tensor->dtype, tensor->data, count, *out);
    for (int64_t i = 0; i < count; i++)
        if (!(fabsf((*out)[i]) <= (float)SID_VALUE_MAX))
            return sid__fail_at(err, SID_EDATA, place_of(c), "tensor %s: element %lld is %g; at most %g is expected",
                                tensor->name, (long long)i, (double)(*out)[i], SID_VALUE_MAX);
    return SID_OK;
}

static sid_status fail_shape(const codebooks *c, const sid__tensor *tensor, const char *expected, sid_error *err)
{
    char shape[SID__SHAPE_TEXT_SIZE];
    return sid__fail_at(err, SID_EDATA, place_of(c),
                        "tensor %s has shape %s; %s is expected, the vectors have %d "
                        "dimensions",
                        tensor->name, sid__shape_text(tensor->rank, tensor->shape, shape), expected, c->dim);
}

static sid_status take_codebook(codebooks *c, const sid__tensor *tensor, sid_error *err)
{
    if (tensor->rank != 2 || tensor->shape[1] != c->dim || tensor->shape[0] < 2 || tensor->shape[0] > SID_CODES_MAX)
        return fail_shape(c, tensor, "(K, D) with K from 2 to 65536", err);
    c->codes[c->levels] = (int)tensor->shape[0];
    SID_TRY(copy_floats(c, tensor, tensor->shape[0] * c->dim, &c->codebook[c->levels], err));
    c->levels++;
    return SID_OK;
}

/* codebook.<l> or count.<l> of a level there is. */
static bool is_of_level(const char *name, const char *lead, int levels)
{
    size_t size = strlen(lead);
    char *end = NULL;
    if (strncmp(name, lead, size) != 0)
        return false;
    long level = strtol(name + size, &end, 10);
    return end > name + size && *end == 0 && level >= 1 && level <= levels;
}

static sid_status refuse_others(const codebooks *c, sid_error *err)
{
    for (int64_t i = 0; i < c->set.count; i++) {
        const char *name = c->set.tensor[i].name;
        if (strcmp(name, "mean") == 0 || is_of_level(name, "codebook.", c->levels) ||
            is_of_level(name, "count.", c->levels))
            continue;
        bool is_network = strncmp(name, "encoder.", 8) == 0 || strncmp(name, "decoder.", 8) == 0;
        return sid__fail_at(err, SID_EDATA, place_of(c), "tensor %s %s; codebook.1 .. codebook.L and mean are read",
                            name,
                            is_network ? "belongs to an RQ-VAE, which this version cannot run: pass its latent vectors "
                                         "as --vectors and leave its networks out"
                                       : "is not understood, and leaving it out might change SIDs");
    }
    return SID_OK;
}

static sid_status take_tensors(codebooks *c, sid_error *err)
{
    char name[32] = "codebook.1";
    const sid__tensor *tensor;
    SID_TRY(sid__safetensors_read(c->path, &c->set, err));
    while (c->levels < SID_LEVELS_MAX && (tensor = sid__tensor_find(&c->set, name))) {
        SID_TRY(take_codebook(c, tensor, err));
        (void)snprintf(name, sizeof name, "codebook.%d", c->levels + 1);
    }
    if (c->levels == 0)
        return sid__fail_at(err, SID_EDATA, place_of(c),
                            "no tensor codebook.1; codebook.1 .. codebook.L are expected, "
                            "each (K, D)");
    SID_TRY(refuse_others(c, err));
    tensor = sid__tensor_find(&c->set, "mean");
    if (!tensor)
        return SID_OK;
    if (tensor->rank != 1 || tensor->shape[0] != c->dim)
        return fail_shape(c, tensor, "(D)", err);
    return copy_floats(c, tensor, c->dim, &c->mean, err);
}

sid_status sid__codebooks_read(const char *path, int dim, sid_quantizer **out, sid_error *err)
{
    codebooks c = {.path = path, .dim = dim};
    sid_status status = take_tensors(&c, err);
    if (status == SID_OK)
        status =
            sid__quantizer_from_codebooks((const float *const *)c.codebook, c.codes, c.levels, dim, c.mean, out, err);
    codebooks_drop(&c);
    return status;
}
