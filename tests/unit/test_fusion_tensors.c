/* test_fusion_tensors.c: a fusion kept in a file of tensors. */
#include "embed/fusion.h"
#include "quant_help.h"

#include <math.h>

static const float x[4][3] = {{1, 0, 2}, {3, 1, 0}, {0, 5, 1}, {2, 2, 2}};
static const float y[4][2] = {{1, 2}, {0, 1}, {3, 0}, {2, 2}};

static sid_fusion *make(sid_ctx *ctx, const char *method, int dim, sid_vectors **fused)
{
    sid_vectors *a = NULL, *b = NULL;
    sid_fusion *fusion = NULL;
    TEST_OK(sid_vectors_create(ctx, x[0], 4, 3, NULL, &a, err));
    TEST_OK(sid_vectors_create(ctx, y[0], 4, 2, NULL, &b, err));
    sid_modality both[] = {{.name = "x", .vectors = a, .weight = 0.25}, {.name = "y-2", .vectors = b}};
    TEST_OK(sid_fusion_fit(ctx, &(sid_fusion_options){.method = method, .dim = dim}, both, 2, &fusion, err));
    TEST_OK(sid_fusion_apply(ctx, fusion, both, 2, fused, err));
    sid_vectors_free(a);
    sid_vectors_free(b);
    return fusion;
}

/* Fails when anything that changes a bit of the fused vectors is not kept. */
static void what_is_kept_fuses_alike(void **state)
{
    static const char *const method[] = {"concat", "concat", "sum", "separate"};
    static const int dim[] = {0, 2, 2, 0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int i = 0; i < 4; i++) {
        sid_vectors *before = NULL, *after = NULL, *a = NULL, *b = NULL;
        sid__tensor_set set = {0};
        sid_fusion *fusion = make(ctx, method[i], dim[i], &before), *again = NULL;
        TEST_OK(sid__fusion_save(fusion, &set, err));
        TEST_OK(sid__fusion_load(&set, &again, err));
        assert_string_equal(sid_fusion_text(again), sid_fusion_text(fusion));
        TEST_OK(sid_vectors_create(ctx, x[0], 4, 3, NULL, &a, err));
        TEST_OK(sid_vectors_create(ctx, y[0], 4, 2, NULL, &b, err));
        sid_modality both[] = {{.name = "y-2", .vectors = b}, {.name = "x", .vectors = a}}; /* in any order */
        TEST_OK(sid_fusion_apply(ctx, again, both, 2, &after, err));
        assert_int_equal(sid_vectors_dim(after), sid_vectors_dim(before));
        assert_memory_equal(sid_vectors_data(after), sid_vectors_data(before),
                            4 * (size_t)sid_vectors_dim(after) * sizeof(float));
        sid_vectors_free(a);
        sid_vectors_free(b);
        sid_vectors_free(before);
        sid_vectors_free(after);
        sid_fusion_free(fusion);
        sid_fusion_free(again);
        sid__tensor_set_drop(&set);
    }
    sid_ctx_free(ctx);
}

/* A fusion's tensors, one of them spoilt by `spoil`, must be refused with `part` in the message. */
static void refuse(void (*spoil)(sid__tensor_set *set), const char *part)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_vectors *fused = NULL;
    sid__tensor_set set = {0};
    sid_fusion *fusion = make(ctx, "concat", 2, &fused), *again = NULL;
    TEST_OK(sid__fusion_save(fusion, &set, err));
    spoil(&set);
    TEST_FAILS(sid__fusion_load(&set, &again, err), SID_EDATA, part);
    assert_null(again);
    sid__tensor_set_drop(&set);
    sid_vectors_free(fused);
    sid_fusion_free(fusion);
    sid_ctx_free(ctx);
}

static void *data_of(sid__tensor_set *set, const char *name)
{
    return sid__tensor_find(set, name)->data;
}

static void spoil_names(sid__tensor_set *set)
{
    memcpy(data_of(set, "fusion.names"), "\n", 1);
}
static void spoil_method(sid__tensor_set *set)
{
    memcpy(data_of(set, "fusion.method"), "x", 1);
}
static void spoil_weight(sid__tensor_set *set)
{
    *(double *)data_of(set, "fusion.weight") = -1;
}
static void spoil_factor(sid__tensor_set *set)
{
    *(float *)data_of(set, "fusion.factor") = INFINITY;
}
static void spoil_mean(sid__tensor_set *set)
{
    *(float *)data_of(set, "fusion.mean.1") = NAN;
}
static void spoil_dim(sid__tensor_set *set)
{
    *(int64_t *)data_of(set, "fusion.dim") = 6;
}
static void spoil_shape(sid__tensor_set *set)
{
    *(int64_t *)data_of(set, "fusion.dim") = 3;
}

/* Fails when tensors that contradict themselves are taken: this file is hashed, but may be written by others. */
static void damaged_tensors_are_refused(void **state)
{
    (void)state;
    refuse(spoil_names, "fusion.names");
    refuse(spoil_method, "fusion.method");
    refuse(spoil_weight, "weight -1");
    refuse(spoil_factor, "factor inf");
    refuse(spoil_mean, "fusion.mean.1");
    refuse(spoil_dim, "fusion.dim is 6 of 5");
    refuse(spoil_shape, "fusion.v");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_kept_fuses_alike),
                                       cmocka_unit_test(damaged_tensors_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
