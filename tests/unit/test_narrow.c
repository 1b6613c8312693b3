/* test_narrow.c: labels of rows with few dimensions are those of the scalar reference, on every path. */
#include "quant_help.h"

static void assign_narrow(sid__isa isa, const sid__codebook *book, const float *x, int64_t stride, int64_t rows,
                          uint16_t *label)
{
    sid_ctx *ctx = new_ctx(1, sid__isa_name(isa));
    sid__assign_scratch scratch;
    sid__narrow_book narrow = sid__narrow_book_of(book);
    TEST_OK(sid__assign_scratch_create(ctx, book->codes, &scratch, err));
    sid__assign_narrow(isa, &narrow, x, stride, rows, scratch.score, scratch.index, label);
    sid__assign_scratch_drop(&scratch);
    sid_ctx_free(ctx);
}

/* Rows begin `offset` floats into rows of `stride`. Gives how many rows tie. */
static void check_case(const float *code, int codes, int dim, const float *x, int64_t stride, int offset, int rows)
{
    uint16_t *label = new_codes(rows);
    sid__codebook book;
    make_book(&book, code, codes, dim);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        memset(label, 0xFF, (size_t)rows * sizeof *label);
        assign_narrow((sid__isa)isa, &book, x + offset, stride, rows, label);
        for (int i = 0; i < rows; i++)
            assert_int_equal(label[i], sid__assign_reference(&book, x + offset + i * stride, NULL));
    }
    sid__codebook_drop(&book);
    sid__free(label);
}

/* Fails when ties do not go to the lowest code or the bound is too tight: 30,000 lattice points full of ties, slices of
 * wider rows, code counts that fill no tile, every width up to the largest. */
static void lattice_points_get_the_reference_label(void **state)
{
    enum { ROWS = 1000, STRIDE = 70, CODES = 53 };
    static const int dims[] = {1, 2, 3, 5, 7, 8, 12, 13, 16, 31, 32, 63, 64}, counts[] = {1, 2, 3, 4, 5, 16, 53};
    float *x = new_floats(ROWS * STRIDE), *code = new_floats(CODES * SID__NARROW_DIM_MAX);
    (void)state;
    fill_lattice(x, ROWS * STRIDE, 1, 5, 2);
    fill_lattice(code, CODES * SID__NARROW_DIM_MAX, 2, 3, 1);
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        check_case(code, counts[i % 7], dims[i], x, STRIDE, (int)i % 6, ROWS - (int)i);
    check_case(code, CODES, 12, x, STRIDE, 0, ROWS);
    sid__free(x);
    sid__free(code);
}

/* Fails when fp32 decides: points on the bisector of two codes, where its scores disagree. */
static void bisectors_get_the_reference_label(void **state)
{
    enum { ROWS = 20000, DIM = 12, CODES = 64 };
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    (void)state;
    fill_uniform(code, CODES * DIM, 3);
    for (int i = 0; i < ROWS; i++) {
        int64_t a = (int64_t)sid__philox_below(4, SID__STREAM_TEST, (uint64_t)i, CODES);
        int64_t b = (int64_t)sid__philox_below(5, SID__STREAM_TEST, (uint64_t)i, CODES);
        for (int d = 0; d < DIM; d++)
            x[i * DIM + d] = (code[a * DIM + d] + code[b * DIM + d]) / 2;
    }
    check_case(code, CODES, DIM, x, DIM, 0, ROWS);
    sid__free(x);
    sid__free(code);
}

/* Fails when scaling breaks the bound: denormal data, data at the limit, offsets that swallow differences, codes of
 * unlike sizes. */
static void extreme_scales_get_the_reference_label(void **state)
{
    enum { ROWS = 500, DIM = 11, CODES = 19 };
    static const float unit[] = {1e-44f, 1e-30f, 1e-20f, 1e15f};
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    (void)state;
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++) {
        fill_lattice(x, ROWS * DIM, 6, 5, 2);
        fill_lattice(code, CODES * DIM, 7, 5, 2);
        for (int i = 0; i < ROWS * DIM; i++)
            x[i] = x[i] * unit[u] / 2 + (u == 1 ? 1000.0f : 0);
        for (int i = 0; i < CODES * DIM; i++)
            code[i] = code[i] * unit[u] / 2 + (u == 1 ? 1000.0f : 0);
        check_case(code, CODES, DIM, x, DIM, 0, ROWS);
        for (int d = 0; d < DIM; d++)
            code[5 * DIM + d] = 1e15f;
        check_case(code, CODES, DIM, x, DIM, 0, ROWS);
    }
    sid__free(x);
    sid__free(code);
}

/* Fails when copies of code 0 at the end win a tie, when a copy elsewhere does, or when equal codes are all there is. */
static void dead_codes_never_win(void **state)
{
    enum { DIM = 3, CODES = 8, ROWS = 100 };
    float *x = new_floats(ROWS * DIM), code[CODES * DIM];
    (void)state;
    fill_uniform(x, ROWS * DIM, 8);
    fill_uniform(code, CODES * DIM, 9);
    for (int k = 4; k < CODES; k++)
        memcpy(code + (size_t)k * DIM, code, DIM * sizeof *code);
    memcpy(code + 2 * DIM, code + DIM, DIM * sizeof *code);
    sid__codebook book;
    make_book(&book, code, CODES, DIM);
    assert_int_equal(sid__narrow_book_of(&book).live, 4);
    sid__codebook_drop(&book);
    check_case(code, CODES, DIM, x, DIM, 0, ROWS);
    for (int k = 0; k < CODES; k++)
        memcpy(code + (size_t)k * DIM, code, DIM * sizeof *code);
    check_case(code, CODES, DIM, x, DIM, 0, ROWS);
    sid__free(x);
}

/* Fails when a score strays further from the exact one than half of what the rows are checked against, or when the least
 * two are not the least two: rows and codes of one sign, so that rounding adds up. */
static void bound_holds_for_every_row(void **state)
{
    enum { DIM = SID__NARROW_DIM_MAX, CODES = 31 };
    float *x = new_floats(DIM * SID__NARROW_ROWS), *code = new_floats(CODES * DIM), row[DIM];
    float least[SID__NARROW_ROWS], second[SID__NARROW_ROWS], square[SID__NARROW_ROWS];
    int32_t index[SID__NARROW_ROWS];
    (void)state;
    fill_uniform(x, DIM * SID__NARROW_ROWS, 10);
    fill_uniform(code, CODES * DIM, 11);
    for (int i = 0; i < DIM * SID__NARROW_ROWS; i++)
        x[i] = fabsf(x[i]) + 1;
    for (int i = 0; i < CODES * DIM; i++)
        code[i] = fabsf(code[i]) + 1;
    sid__codebook book;
    make_book(&book, code, CODES, DIM);
    sid__narrow_book narrow = sid__narrow_book_of(&book);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        sid__narrow_for((sid__isa)isa)(x, DIM, code, book.half, CODES, least, second, index, square);
        for (int i = 0; i < SID__NARROW_ROWS; i++) {
            double best = (double)INFINITY, next = (double)INFINITY;
            for (int d = 0; d < DIM; d++)
                row[d] = x[d * SID__NARROW_ROWS + i];
            for (int k = 0; k < CODES; k++) {
                double score = sid__score_exact(&book, row, k);
                next = score < best ? best : score < next ? score : next;
                best = score < best ? score : best;
            }
            double bound = (double)(narrow.gamma * (square[i] / 2 + narrow.square_max) + narrow.floor) / 2;
            assert_near(least[i], best, bound);
            assert_near(second[i], next, bound);
        }
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lattice_points_get_the_reference_label), cmocka_unit_test(bisectors_get_the_reference_label),
        cmocka_unit_test(extreme_scales_get_the_reference_label), cmocka_unit_test(dead_codes_never_win),
        cmocka_unit_test(bound_holds_for_every_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
