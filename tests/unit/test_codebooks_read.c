/* test_codebooks_read.c: quantizers trained elsewhere. */
#include "form_case.h"
#include "io/safetensors.h"

#include <math.h>

typedef struct tensor_case {
    const char *name;
    sid__dtype dtype;
    int rank;
    int64_t shape[2];
    float fill;
} tensor_case;

static void put_tensors(const char *path, const tensor_case *tensor, int count)
{
    sid__tensor_set set = {0};
    for (int t = 0; t < count; t++) {
        void *data = NULL;
        int64_t size = tensor[t].shape[0] * (tensor[t].rank > 1 ? tensor[t].shape[1] : 1);
        TEST_OK(sid__tensor_add(&set, tensor[t].name, tensor[t].dtype, tensor[t].rank, tensor[t].shape, &data, err));
        for (int64_t i = 0; i < size; i++) {
            if (tensor[t].dtype == SID__F64)
                ((double *)data)[i] = (double)tensor[t].fill * (double)i;
            else if (tensor[t].dtype == SID__F32)
                ((float *)data)[i] = tensor[t].fill * (float)i;
        }
    }
    TEST_OK(sid__safetensors_write(&set, path, err));
    sid__tensor_set_drop(&set);
}

/* Fails when a documented tensor is not used: code 2 of level 1 is (4, 5), the mean (10, 11). */
static void documented_tensors_are_read(void **state)
{
    static const tensor_case tensor[] = {{"mean", SID__F64, 1, {2, 0}, 10},
                                         {"codebook.1", SID__F32, 2, {3, 2}, 1},
                                         {"count.1", SID__I64, 1, {3, 0}, 0},
                                         {"codebook.2", SID__F64, 2, {2, 2}, 0}};
    fixture *f = *state;
    sid_quantizer *q = NULL;
    float x[2];
    put_tensors(f->path, tensor, 4);
    TEST_OK(sid__codebooks_read(f->path, 2, &q, err));
    assert_int_equal(sid_quantizer_levels(q), 2);
    assert_int_equal(sid_quantizer_codes(q, 0), 3);
    TEST_OK(sid_quantizer_decode(q, (const uint16_t[]){2, 0}, 1, 0, x, err));
    assert_true(x[0] == 4 && x[1] == 15);
    sid_quantizer_free(q);
    put_tensors(f->path, tensor + 1, 1);
    TEST_OK(sid__codebooks_read(f->path, 2, &q, err));
    TEST_OK(sid_quantizer_decode(q, (const uint16_t[]){2}, 1, 0, x, err));
    assert_true(x[0] == 4 && x[1] == 5);
    sid_quantizer_free(q);
}

/* Fails when a file that says more or less than it should is taken in part. */
static void other_tensors_are_named(void **state)
{
    static const struct {
        tensor_case tensor[2];
        const char *words;
    } trial[] = {{{{"codebook.1", SID__F32, 2, {3, 4}, 1}, {"x", SID__F32, 1, {1, 0}, 1}},
                  "codebook.1 has shape (3, 4); (K, D) with K from 2 to 65536 is expected, the vectors have 2"},
                 {{{"codebook.1", SID__F32, 1, {2, 0}, 1}, {"x", SID__F32, 1, {1, 0}, 1}}, "shape (2,)"},
                 {{{"codebook.1", SID__I64, 2, {3, 2}, 1}, {"x", SID__F32, 1, {1, 0}, 1}}, "is I64; floats"},
                 {{{"codebook.1", SID__F32, 2, {3, 2}, INFINITY}, {"x", SID__F32, 1, {1, 0}, 1}}, "element 0"},
                 {{{"codebook.2", SID__F32, 2, {3, 2}, 1}, {"x", SID__F32, 1, {1, 0}, 1}}, "no tensor codebook.1"},
                 {{{"codebook.1", SID__F32, 2, {3, 2}, 1}, {"codebook.3", SID__F32, 2, {3, 2}, 1}},
                  "tensor codebook.3 is not understood"},
                 {{{"codebook.1", SID__F32, 2, {3, 2}, 1}, {"pca.v", SID__F32, 2, {2, 2}, 1}}, "tensor pca.v is not"},
                 {{{"codebook.1", SID__F32, 2, {3, 2}, 1}, {"encoder.0.weight", SID__F32, 2, {2, 2}, 1}},
                  "belongs to an RQ-VAE"},
                 {{{"codebook.1", SID__F32, 2, {3, 2}, 1}, {"mean", SID__F32, 1, {3, 0}, 1}}, "mean has shape (3,)"}};
    fixture *f = *state;
    sid_quantizer *q = NULL;
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        put_tensors(f->path, trial[i].tensor, 2);
        TEST_FAILS(sid__codebooks_read(f->path, 2, &q, err), SID_EDATA, trial[i].words);
    }
    assert_null(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(documented_tensors_are_read),
        FIXTURE_TEST(other_tensors_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
