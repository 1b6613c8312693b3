/* test_residual_beam.c: the beam against the spec's golden and against exhaustive search. */
#include "quant/residual.h"
#include "quant_help.h"

/* Fails when two paths are not kept: spec/quantizers.md §8, B 2 gives 0-0 with error .25 where greedy gives 4.61. */
static void beam_golden(void **state)
{
    const float e1[] = {0, 0, 4, 0}, e2[] = {2.6f, 0, 0, 1}, x[] = {2.1f, 0};
    const float *const book[] = {e1, e2};
    const int codes[] = {2, 2};
    uint16_t found[2];
    float y[2];
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    TEST_OK(sid__quantizer_from_codebooks(book, codes, 2, 2, NULL, &q, err));
    TEST_OK(sid__residual_encode(ctx, q->state, x, 1, 2, found, NULL, err));
    assert_int_equal(found[0], 0);
    assert_int_equal(found[1], 0);
    sid__residual_decode(q->state, found, 1, 2, y);
    assert_near((y[0] - x[0]) * (y[0] - x[0]), 0.25, 1e-5);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

enum { ROWS = 120, DIM = 5, CODES = 6, LEVELS = 3 };

static sid_quantizer *make(const float *code)
{
    const float *const book[] = {code, code + CODES * DIM, code + 2 * CODES * DIM};
    const int codes[] = {CODES, CODES, CODES};
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_from_codebooks(book, codes, LEVELS, DIM, NULL, &q, err));
    return q;
}

/* Least error over all tuples, in double on fp32 residuals. */
static double exhaustive(const float *code, const float *x)
{
    double least = 1e300;
    for (int tuple = 0; tuple < CODES * CODES * CODES; tuple++) {
        double sum = 0;
        for (int d = 0; d < DIM; d++) {
            float rest = x[d] - code[tuple % CODES * DIM + d];
            rest -= code[(CODES + tuple / CODES % CODES) * DIM + d];
            rest -= code[(2 * CODES + tuple / CODES / CODES) * DIM + d];
            sum += (double)rest * (double)rest;
        }
        least = sum < least ? sum : least;
    }
    return least;
}

static double error_of(const sid_quantizer *q, const uint16_t *codes, const float *x)
{
    float y[DIM];
    double sum = 0;
    sid__residual_decode(q->state, codes, 1, LEVELS, y);
    for (int d = 0; d < DIM; d++)
        sum += (double)(x[d] - y[d]) * (double)(x[d] - y[d]);
    return sum;
}

/* Fails when the beam drops a path it should keep: a beam as wide as all paths is exhaustive search. */
static void a_full_beam_is_exhaustive(void **state)
{
    float x[ROWS * DIM], code[LEVELS * CODES * DIM];
    uint16_t found[ROWS * LEVELS];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    fill_uniform(code, LEVELS * CODES * DIM, 2);
    sid_quantizer *q = make(code);
    TEST_OK(sid__residual_encode(ctx, q->state, x, ROWS, CODES * CODES, found, NULL, err));
    for (int i = 0; i < ROWS; i++)
        assert_near(error_of(q, found + i * LEVELS, x + i * DIM), exhaustive(code, x + i * DIM), 1e-6);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when the beam does not pay prices of every level, or pays them twice: a full beam finds the least error + prices. */
static void a_full_beam_pays_prices(void **state)
{
    float x[ROWS * DIM], code[LEVELS * CODES * DIM];
    double price[LEVELS][CODES];
    uint16_t found[ROWS * LEVELS];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    fill_uniform(code, LEVELS * CODES * DIM, 4);
    sid_quantizer *q = make(code);
    for (int l = 0; l < LEVELS; l++) {
        for (int k = 0; k < CODES; k++)
            price[l][k] = sid__philox_uniform(5, SID__STREAM_TEST, (uint64_t)(l * CODES + k));
        TEST_OK(sid__residual_set_price(q->state, l, price[l], err));
    }
    TEST_OK(sid__residual_encode(ctx, q->state, x, ROWS, CODES * CODES, found, NULL, err));
    for (int i = 0; i < ROWS; i++) {
        uint16_t *own = found + i * LEVELS, other[LEVELS];
        double cost = error_of(q, own, x + i * DIM) + price[0][own[0]] + price[1][own[1]] + price[2][own[2]];
        for (int tuple = 0; tuple < CODES * CODES * CODES; tuple++) {
            other[0] = (uint16_t)(tuple % CODES);
            other[1] = (uint16_t)(tuple / CODES % CODES);
            other[2] = (uint16_t)(tuple / CODES / CODES);
            assert_true(cost <= error_of(q, other, x + i * DIM) + price[0][other[0]] + price[1][other[1]] +
                                    price[2][other[2]] + 1e-6);
        }
    }
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Two levels by the definition: every code of level 1, the `beam` best by cost, every code of level 2 below them. */
static void reference_beam(const sid__residual *r, const float *x, int beam, uint16_t *best)
{
    const sid__codebook *first = &r->book[0], *second = &r->book[1];
    double *cost = NULL, least = 1e300;
    TEST_OK(sid__alloc(&cost, (size_t)first->codes, sizeof *cost, "costs", err));
    for (int k = 0; k < first->codes; k++)
        cost[k] = sid__score_exact(first, x, k);
    for (int b = 0; b < beam; b++) {
        float rest[DIM];
        int chosen = 0;
        for (int k = 1; k < first->codes; k++)
            chosen = cost[k] < cost[chosen] ? k : chosen;
        cost[chosen] = 1e300;
        for (int d = 0; d < r->dim; d++)
            rest[d] = x[d] - first->code[chosen * r->dim + d];
        double square = sid__dot_exact(rest, rest, r->dim);
        for (int k = 0; k < second->codes; k++) {
            double sum = square + 2 * sid__score_exact(second, rest, k);
            if (sum < least) {
                least = sum;
                best[0] = (uint16_t)chosen;
                best[1] = (uint16_t)k;
            }
        }
    }
    sid__free(cost);
}

/* Fails when codebooks too large for tables of products give other paths than the definition: 2 x 4200 codes, where the
 * residuals of paths are multiplied instead. */
static void large_codebooks_need_no_tables(void **state)
{
    enum { MANY = 4200, WIDE = 3, FEW = 30 };
    float *code = new_floats(2 * MANY * WIDE), x[FEW * WIDE];
    const float *const book[] = {code, code + MANY * WIDE};
    const int codes[] = {MANY, MANY};
    uint16_t found[FEW * 2], expected[2];
    sid_quantizer *q = NULL;
    (void)state;
    fill_uniform(code, 2 * MANY * WIDE, 4);
    fill_uniform(x, FEW * WIDE, 5);
    TEST_OK(sid__quantizer_from_codebooks(book, codes, 2, WIDE, NULL, &q, err));
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        sid_ctx *ctx = new_ctx(2, sid__isa_name((sid__isa)isa));
        TEST_OK(sid__residual_encode(ctx, q->state, x, FEW, 7, found, NULL, err));
        for (int i = 0; i < FEW; i++) {
            reference_beam(q->state, x + i * WIDE, 7, expected);
            assert_memory_equal(expected, found + 2 * i, sizeof expected);
        }
        sid_ctx_free(ctx);
    }
    sid_quantizer_free(q);
    sid__free(code);
}

/* Fails when ties are not decided by the code tuple, on any path: a codebook of equal codes gives 0-0-0. Fails when lattice
 * data gives other codes on another path or thread count. */
static void ties_go_to_the_least_tuple(void **state)
{
    float x[ROWS * DIM], code[LEVELS * CODES * DIM];
    uint16_t first[ROWS * LEVELS], found[ROWS * LEVELS];
    (void)state;
    fill_lattice(x, ROWS * DIM, 1, 5, 2);
    fill_lattice(code, LEVELS * CODES * DIM, 2, 3, 1);
    for (int equal = 0; equal < 2; equal++) {
        if (equal)
            memset(code, 0, sizeof code);
        sid_quantizer *q = make(code);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            sid_ctx *ctx = new_ctx(1 + 3 * isa, sid__isa_name((sid__isa)isa));
            TEST_OK(sid__residual_encode(ctx, q->state, x, ROWS, 4, found, NULL, err));
            if (isa == 0)
                memcpy(first, found, sizeof first);
            assert_memory_equal(first, found, sizeof first);
            for (int i = 0; i < ROWS * LEVELS && equal; i++)
                assert_int_equal(found[i], 0);
            sid_ctx_free(ctx);
        }
        sid_quantizer_free(q);
    }
}

/* Fails when a failed allocation leaks or crashes. */
static void lack_of_memory_is_reported(void **state)
{
    float x[DIM] = {0}, code[LEVELS * CODES * DIM] = {0};
    uint16_t found[LEVELS];
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_quantizer *q = make(code);
    (void)state;
    for (int after = 0; after < 15; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__residual_encode(ctx, q->state, x, 1, 3, found, NULL, err), SID_ENOMEM, "bytes");
    }
    sid__mem_fail(-1, 0);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(beam_golden),
                                       cmocka_unit_test(a_full_beam_is_exhaustive),
                                       cmocka_unit_test(a_full_beam_pays_prices),
                                       cmocka_unit_test(large_codebooks_need_no_tables),
                                       cmocka_unit_test(ties_go_to_the_least_tuple),
                                       cmocka_unit_test(lack_of_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
