/* test_fusion.c: several vectors of an item into one. Golden values: tests/golden/make_fusion.py. */
#include "embed/fusion.h"
#include "quant_help.h"

#include <math.h>

static const float image[5][3] = {{1, 0, 2}, {3, 1, 0}, {0, 5, 1}, {2, 2, 2}, {4, 0, 1}};
static const float audio[4][2] = {{1, 2}, {0, 1}, {3, 0}, {2, 2}};

typedef struct pair {
    sid_vectors *vectors[2];
    sid_modality one[2];
} pair;

static pair make_pair(sid_ctx *ctx)
{
    static const char *const image_id[] = {"a", "b", "c", "d", "e"}, *const audio_id[] = {"b", "c", "d", "f"};
    pair p = {0};
    TEST_OK(sid_vectors_create(ctx, image[0], 5, 3, image_id, &p.vectors[0], err));
    TEST_OK(sid_vectors_create(ctx, audio[0], 4, 2, audio_id, &p.vectors[1], err));
    p.one[0] = (sid_modality){.name = "image", .vectors = p.vectors[0], .weight = 2};
    p.one[1] = (sid_modality){.name = "audio", .vectors = p.vectors[1]};
    return p;
}

static void drop_pair(pair *p)
{
    sid_vectors_free(p->vectors[0]);
    sid_vectors_free(p->vectors[1]);
}

static void check_golden(const sid_fusion_options *options, int dim, const float *golden)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    pair p = make_pair(ctx);
    sid_fusion *fusion = NULL;
    sid_vectors *fused = NULL;
    TEST_OK(sid_fusion_fit(ctx, options, p.one, 2, &fusion, err));
    TEST_OK(sid_fusion_apply(ctx, fusion, p.one, 2, &fused, err));
    assert_int_equal(sid_fusion_dim(fusion), dim);
    assert_int_equal(sid_vectors_dim(fused), dim);
    assert_int_equal(sid_vectors_count(fused), 6);
    for (int i = 0; i < 6 * dim; i++)
        if (fabs((double)sid_vectors_data(fused)[i] - (double)golden[i]) > 2e-6)
            fail_msg("value %d is %.7g, not %.7g", i, (double)sid_vectors_data(fused)[i], (double)golden[i]);
    assert_string_equal(sid_vectors_id(fused, 0), "a");
    assert_string_equal(sid_vectors_id(fused, 5), "f"); /* only the second modality has it */
    sid_vectors_free(fused);
    sid_fusion_free(fusion);
    drop_pair(&p);
    sid_ctx_free(ctx);
}

/* Fails when a part is not centred, weighed by sqrt(w) and divided by its root mean square norm, or the parts of an item
 * that lacks one are not larger by sqrt(sum of w / sum of present w). */
static void parts_stand_beside_each_other(void **state)
{
    static const float golden[] = {-0.707107F, -1.131371F, 0.565685F,  0,          0,          0.57735F,
                                   -0.34641F,  -0.69282F,  -0.359211F, 0.538816F,  -1.154701F, 1.962991F,
                                   -0.11547F,  -1.077632F, -0.179605F, 0,          0.23094F,   0.46188F,
                                   1.077632F,  -0.898027F, 1.414214F,  -1.131371F, -0.141421F, 0,
                                   0,          0,          0,          0,          0.622171F,  0.933257F};
    (void)state;
    check_golden(NULL, 5, golden);
}

/* Fails when the directions are not the leading ones of all parts together. */
static void parts_are_reduced_together(void **state)
{
    static const float golden[] = {-0.505681F, 0.632865F, -0.539243F, -1.005966F, 2.488957F,  -0.394562F,
                                   -0.030399F, 1.311798F, -1.654762F, -0.470893F, -0.269024F, -0.07538F};
    (void)state;
    check_golden(&(sid_fusion_options){.dim = 2}, 2, golden);
}

/* Fails when a sum takes its directions from rows that are not there, weighs by sqrt(w), or is not of unit length. */
static void parts_are_added(void **state)
{
    static const float golden[] = {-0.35143F, -0.936214F, -0.761829F, 0.647778F, 0.9957F,   -0.092634F,
                                   0.930953F, -0.365139F, -0.963971F, 0.266008F, 0.213634F, 0.976914F};
    (void)state;
    check_golden(&(sid_fusion_options){.method = "sum"}, 2, golden);
}

/* Fused by `threads`, and one item alone; out (ROWS, 16), the caller's to free. */
enum { ROWS = 5000, WIDE = 40, ONE = 4321 };
static float *fused_by(int threads, const float *x, const float *y)
{
    sid_ctx *ctx = new_ctx(threads, NULL);
    sid_vectors *a = NULL, *b = NULL, *one = NULL, *fused = NULL, *only_x = NULL, *alone = NULL;
    sid_fusion *fusion = NULL;
    float *out = new_floats(ROWS * 16);
    TEST_OK(sid_vectors_create(ctx, x, ROWS, WIDE, NULL, &a, err));
    TEST_OK(sid_vectors_create(ctx, y, ROWS, WIDE, NULL, &b, err));
    TEST_OK(sid_vectors_create(ctx, x + ONE * WIDE, 1, WIDE, NULL, &one, err));
    sid_modality both[] = {{.name = "x", .vectors = a}, {.name = "y", .vectors = b, .weight = 0.3}};
    TEST_OK(sid_fusion_fit(ctx, &(sid_fusion_options){.dim = 16}, both, 2, &fusion, err));
    TEST_OK(sid_fusion_apply(ctx, fusion, both, 2, &fused, err));
    TEST_OK(sid_fusion_apply(ctx, fusion, both, 1, &only_x, err));
    TEST_OK(sid_fusion_apply(ctx, fusion, &(sid_modality){.name = "x", .vectors = one}, 1, &alone, err));
    assert_memory_equal(sid_vectors_data(only_x) + ONE * 16, sid_vectors_data(alone), 16 * sizeof(float));
    memcpy(out, sid_vectors_data(fused), ROWS * 16 * sizeof(float));
    sid_vectors_free(a);
    sid_vectors_free(b);
    sid_vectors_free(one);
    sid_vectors_free(fused);
    sid_vectors_free(only_x);
    sid_vectors_free(alone);
    sid_fusion_free(fusion);
    sid_ctx_free(ctx);
    return out;
}

/* Fails when threads change a bit, or when an item alone gets other numbers than among others. */
static void bits_do_not_depend_on_company(void **state)
{
    float *x = new_floats(ROWS * WIDE), *y = new_floats(ROWS * WIDE);
    (void)state;
    fill_uniform(x, ROWS * WIDE, 1);
    fill_uniform(y, ROWS * WIDE, 2);
    float *first = fused_by(1, x, y), *second = fused_by(7, x, y);
    assert_memory_equal(first, second, ROWS * 16 * sizeof(float));
    sid__free(first);
    sid__free(second);
    sid__free(x);
    sid__free(y);
}

/* Fails when separate modalities are turned or cut, or when the widths of their groups are not known. */
static void separate_parts_are_kept(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    pair p = make_pair(ctx);
    sid_fusion *fusion = NULL;
    sid__strbuf widths = {0};
    (void)state;
    TEST_OK(sid_fusion_fit(ctx, &(sid_fusion_options){.method = "separate"}, p.one, 2, &fusion, err));
    assert_int_equal(sid_fusion_dim(fusion), 5);
    assert_string_equal(sid_fusion_text(fusion), "separate of image:2, audio:1");
    TEST_OK(sid__fusion_widths(fusion, &widths, err));
    assert_string_equal(widths.text, "3:2");
    sid__strbuf_drop(&widths);
    sid_fusion_free(fusion);
    fusion = NULL;
    TEST_FAILS(sid_fusion_fit(ctx, &(sid_fusion_options){.method = "separate", .dim = 2}, p.one, 2, &fusion, err),
               SID_EUSAGE, "keep all of their dimensions");
    drop_pair(&p);
    sid_ctx_free(ctx);
}

/* Fails when what cannot be fused is fused, or the message does not name it. */
static void bad_input_is_named(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    pair p = make_pair(ctx);
    sid_fusion *fusion = NULL;
    sid_vectors *fused = NULL;
    sid_modality bad[2];
    (void)state;
    TEST_FAILS(sid_fusion_fit(ctx, NULL, p.one, 1, &fusion, err), SID_EUSAGE, "1 modalities; 2 to 16");
    TEST_FAILS(sid_fusion_fit(ctx, &(sid_fusion_options){.method = "max"}, p.one, 2, &fusion, err), SID_EUSAGE,
               "concat, sum or separate");
    TEST_FAILS(sid_fusion_fit(ctx, &(sid_fusion_options){.dim = -1}, p.one, 2, &fusion, err), SID_EUSAGE, "is -1");
    memcpy(bad, p.one, sizeof bad);
    bad[1].name = "image";
    TEST_FAILS(sid_fusion_fit(ctx, NULL, bad, 2, &fusion, err), SID_EUSAGE, "two modalities are called \"image\"");
    bad[1].name = "a b";
    TEST_FAILS(sid_fusion_fit(ctx, NULL, bad, 2, &fusion, err), SID_EUSAGE, "\"a b\"");
    bad[1].name = NULL;
    TEST_FAILS(sid_fusion_fit(ctx, NULL, bad, 2, &fusion, err), SID_EUSAGE, "modality 2");
    bad[1] = p.one[1];
    bad[1].weight = (double)NAN;
    TEST_FAILS(sid_fusion_fit(ctx, NULL, bad, 2, &fusion, err), SID_EUSAGE, "weight of modality \"audio\"");
    bad[1] = (sid_modality){.name = "audio"};
    TEST_FAILS(sid_fusion_fit(ctx, NULL, bad, 2, &fusion, err), SID_EDATA, "\"audio\" has no vectors");
    TEST_OK(sid_fusion_fit(ctx, NULL, p.one, 2, &fusion, err));
    assert_string_equal(sid_fusion_text(fusion), "concat of image:2, audio:1");
    TEST_FAILS(sid_fusion_apply(ctx, fusion, p.one, 0, &fused, err), SID_EUSAGE, "no modality");
    bad[0] = (sid_modality){.name = "text", .vectors = p.vectors[0]};
    TEST_FAILS(sid_fusion_apply(ctx, fusion, bad, 1, &fused, err), SID_EDATA, "\"text\" was not there");
    bad[0].name = "audio";
    TEST_FAILS(sid_fusion_apply(ctx, fusion, bad, 1, &fused, err), SID_EDATA, "has 3 dimensions, 2 are expected");
    bad[0] = bad[1] = p.one[0];
    TEST_FAILS(sid_fusion_apply(ctx, fusion, bad, 2, &fused, err), SID_EUSAGE, "\"image\" is given twice");
    sid_fusion_free(fusion);
    drop_pair(&p);
    sid_ctx_free(ctx);
}

/* Fails when rows that tell nothing apart are divided by their norm of nothing. */
static void equal_rows_are_refused(void **state)
{
    static const float same[4] = {7, 7, 7, 7};
    sid_ctx *ctx = new_ctx(1, NULL);
    pair p = make_pair(ctx);
    sid_vectors *flat = NULL;
    sid_fusion *fusion = NULL;
    (void)state;
    TEST_OK(sid_vectors_create(ctx, same, 4, 1, NULL, &flat, err));
    p.one[1].vectors = flat;
    TEST_FAILS(sid_fusion_fit(ctx, NULL, p.one, 2, &fusion, err), SID_EDATA,
               "all rows of modality \"audio\" are equal");
    sid_vectors_free(flat);
    drop_pair(&p);
    sid_ctx_free(ctx);
}

/* Fails when memory is lost on a way out. */
static void lack_of_memory_is_reported(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    pair p = make_pair(ctx);
    int failures = 0;
    (void)state;
    for (int after = 0; after < 200; after++) {
        sid_fusion *fusion = NULL;
        sid_vectors *fused = NULL;
        sid__mem_fail(after, 1);
        sid_status status = sid_fusion_fit(ctx, &(sid_fusion_options){.dim = 2}, p.one, 2, &fusion, NULL);
        if (status == SID_OK)
            status = sid_fusion_apply(ctx, fusion, p.one, 2, &fused, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        sid_vectors_free(fused);
        sid_fusion_free(fusion);
        failures += status == SID_ENOMEM;
        if (status == SID_OK)
            break;
    }
    assert_true(failures > 15);
    drop_pair(&p);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts_stand_beside_each_other),
                                       cmocka_unit_test(parts_are_reduced_together),
                                       cmocka_unit_test(parts_are_added),
                                       cmocka_unit_test(bits_do_not_depend_on_company),
                                       cmocka_unit_test(separate_parts_are_kept),
                                       cmocka_unit_test(bad_input_is_named),
                                       cmocka_unit_test(equal_rows_are_refused),
                                       cmocka_unit_test(lack_of_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
