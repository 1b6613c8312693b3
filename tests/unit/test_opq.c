/* test_opq.c: optimized product quantization: what the rotation must be and bring, whitening, and quality on real data. */
#include <math.h>

#include "io/npy.h"
#include "quant/slices.h"
#include "quant_help.h"

/* Correlated rows: pairs of dimensions share what pq cannot share between slices. */
static void fill_correlated(float *x, int64_t rows, int dim)
{
    fill_uniform(x, rows * dim, 1);
    for (int64_t i = 0; i < rows; i++)
        for (int d = dim / 2; d < dim; d++)
            x[i * dim + d] = x[i * dim + d - dim / 2] + 0.1f * x[i * dim + d];
}

static sid_quantizer *fit(sid_ctx *ctx, const char *family, int levels, const char *codes, const char *options,
                          const float *x, int64_t count, int dim)
{
    sid_quantizer *q = NULL;
    TEST_OK(sid_quantizer_fit(
        ctx, &(sid_quantizer_options){.quantizer = family, .levels = levels, .codes = codes, .options = options}, x,
        count, dim, &q, err));
    return q;
}

/* Squared error / squared distance to the mean. */
static double relative_mse(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, int dim)
{
    int levels = sid_quantizer_levels(q);
    float *y = new_floats(count * dim);
    uint16_t *codes = new_codes(count * levels);
    double error = 0, total = 0;
    TEST_OK(sid_quantizer_encode(ctx, q, x, count, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(q, codes, count, 0, y, err));
    for (int d = 0; d < dim; d++) {
        double mean = 0;
        for (int64_t i = 0; i < count; i++)
            mean += (double)x[i * dim + d] / (double)count;
        for (int64_t i = 0; i < count; i++) {
            error += pow((double)(x[i * dim + d] - y[i * dim + d]), 2);
            total += pow((double)x[i * dim + d] - mean, 2);
        }
    }
    sid__free(y);
    sid__free(codes);
    return error / total;
}

/* Largest |a b - I| of (dim, dim); b NULL: a^T a. */
static double deviation(const float *a, const float *b, int dim)
{
    double worst = 0;
    for (int i = 0; i < dim; i++) {
        for (int j = 0; j < dim; j++) {
            double sum = i == j ? -1 : 0;
            for (int k = 0; k < dim; k++)
                sum += b ? (double)a[i * dim + k] * (double)b[k * dim + j]
                         : (double)a[k * dim + i] * (double)a[k * dim + j];
            worst = fmax(worst, fabs(sum));
        }
    }
    return worst;
}

/* Fails when R is not orthogonal to 1e-6, when it brings nothing over pq where slices are correlated, or rounds make it
 * worse; with fewer rows than dimensions too. */
static void rotation_is_orthogonal_and_helps(void **state)
{
    enum { ROWS = 2000, DIM = 32, LEVELS = 4 };
    float *x = new_floats(ROWS * DIM);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_correlated(x, ROWS, DIM);
    sid_quantizer *plain = fit(ctx, "pq", LEVELS, "16", "", x, ROWS, DIM);
    sid_quantizer *start = fit(ctx, "opq", LEVELS, "16", "rounds=0", x, ROWS, DIM);
    sid_quantizer *turned = fit(ctx, "opq", LEVELS, "16", "", x, ROWS, DIM);
    sid_quantizer *few = fit(ctx, "opq", LEVELS, "16", "", x, 20, DIM);
    const sid__slices *s = turned->state, *t = few->state;
    assert_true(deviation(s->rotation, NULL, DIM) < 1e-6);
    assert_true(deviation(t->rotation, NULL, DIM) < 1e-6);
    double without = relative_mse(ctx, plain, x, ROWS, DIM), first = relative_mse(ctx, start, x, ROWS, DIM),
           last = relative_mse(ctx, turned, x, ROWS, DIM);
    assert_true(last < 0.8 * without);
    assert_true(last < first);
    sid_quantizer_free(plain);
    sid_quantizer_free(start);
    sid_quantizer_free(turned);
    sid_quantizer_free(few);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when whitening does not even out the variances of the rotated rows, or its inverse is not one; constant columns
 * have none to even out. */
static void whitening_is_undone(void **state)
{
    enum { ROWS = 1500, DIM = 12, LEVELS = 3 };
    float *x = new_floats(ROWS * DIM);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_correlated(x, ROWS, DIM);
    sid_quantizer *q = fit(ctx, "opq", LEVELS, "32", "whiten", x, ROWS, DIM);
    const sid__slices *s = q->state;
    assert_non_null(s->back);
    assert_true(deviation(s->rotation, s->back, DIM) < 1e-5);
    assert_true(deviation(s->rotation, NULL, DIM) > 0.1);
    assert_true(relative_mse(ctx, q, x, ROWS, DIM) < 0.5);
    sid_quantizer_free(q);
    for (int i = 0; i < ROWS; i++)
        x[i * DIM + 3] = 5;
    q = fit(ctx, "opq", LEVELS, "32", "whiten", x, ROWS, DIM);
    s = q->state;
    assert_true(deviation(s->rotation, s->back, DIM) < 1e-3);
    assert_true(relative_mse(ctx, q, x, ROWS, DIM) < 0.5);
    sid_quantizer_free(q);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when more codes than a strip of sums holds are summed wrongly: K of 300 must be better than 100. */
static void many_codes_are_summed_in_strips(void **state)
{
    enum { ROWS = 2000, DIM = 6 };
    float *x = new_floats(ROWS * DIM);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_correlated(x, ROWS, DIM);
    sid_quantizer *few = fit(ctx, "opq", 2, "100", "", x, ROWS, DIM);
    sid_quantizer *many = fit(ctx, "opq", 2, "300", "init=greedy", x, ROWS, DIM);
    assert_true(relative_mse(ctx, many, x, ROWS, DIM) < 0.75 * relative_mse(ctx, few, x, ROWS, DIM));
    sid_quantizer_free(few);
    sid_quantizer_free(many);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when dimensions beyond the rotation's limit are taken, without a word about pca. */
static void too_many_dimensions_are_refused(void **state)
{
    enum { DIM = SID__ROTATION_DIM_MAX + 1 };
    float *x = new_floats(3 * DIM);
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_quantizer *q = NULL;
    (void)state;
    TEST_FAILS(sid_quantizer_fit(ctx, &(sid_quantizer_options){.quantizer = "opq", .codes = "2"}, x, 3, DIM, &q, err),
               SID_EUSAGE, "pca=4096");
    sid__free(x);
    sid_ctx_free(ctx);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SLOW_BUILD 1
#elif defined(__has_feature)
#define IS_SLOW_BUILD (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define IS_SLOW_BUILD 0
#endif

/* Fails when a change costs quality on Beauty's MiniLM vectors: opq 8 x 256 <= .391 (FAISS 1.15.1: .387), 32 x 256 <= .170
 * (FAISS: .190; the issue asks for .192), pq 32 x 256 within 1 % of FAISS's .3533. */
static void quality_on_beauty(void **state)
{
    static const struct {
        const char *family;
        int levels;
        double mse;
    } target[] = {{"opq", 8, 0.391}, {"opq", 32, 0.170}, {"pq", 32, 1.01 * 0.3533}};
    const char *data = getenv("SEMID_DATA");
    char path[1024];
    sid__npy_reader reader;
    (void)state;
    if (IS_SLOW_BUILD) {
        print_message("SKIPPED: quality is measured in plain builds; it says nothing about memory\n");
        skip();
    }
    (void)snprintf(path, sizeof path, "%s/beauty/text_minilm.npy", data ? data : TEST_TREE "/../shared/data");
    if (sid__npy_open(path, &reader, NULL) != SID_OK) {
        print_message("SKIPPED: no %s; set SEMID_DATA to the folder of real data\n", path);
        skip();
    }
    float *x = new_floats(reader.rows * reader.dim);
    sid_ctx *ctx = new_ctx(0, NULL);
    TEST_OK(sid__npy_read_rows(&reader, 0, reader.rows, x, err));
    for (size_t t = 0; t < sizeof target / sizeof *target; t++) {
        sid_quantizer *q = fit(ctx, target[t].family, target[t].levels, "256", "", x, reader.rows, reader.dim);
        double mse = relative_mse(ctx, q, x, reader.rows, reader.dim);
        print_message("Beauty %s %d x 256: relative MSE %.4f\n", target[t].family, target[t].levels, mse);
        assert_true(mse <= target[t].mse);
        sid_quantizer_free(q);
    }
    sid__npy_close(&reader);
    sid__free(x);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotation_is_orthogonal_and_helps), cmocka_unit_test(whitening_is_undone),
        cmocka_unit_test(many_codes_are_summed_in_strips), cmocka_unit_test(too_many_dimensions_are_refused),
        cmocka_unit_test(quality_on_beauty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
