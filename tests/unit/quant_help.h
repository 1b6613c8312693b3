/* quant_help.h: small data and codebooks for the tests of kernel and quant. */
#ifndef SEMID_QUANT_HELP_H
#define SEMID_QUANT_HELP_H

#include <math.h>

#include "base/mem.h"
#include "base/philox.h"
#include "quant/codebook.h"
#include "quant/quantizer.h"
#include "test.h"

/* cmocka's own compares in float. */
#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (double)(tolerance))

/* Uniform in [-1, 1). */
static inline void fill_uniform(float *x, int64_t count, uint64_t seed)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(2 * sid__philox_uniform(seed, SID__STREAM_TEST, (uint64_t)i) - 1);
}

/* Integers 0..bound-1 minus offset. */
static inline void fill_lattice(float *x, int64_t count, uint64_t seed, uint64_t bound, int offset)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)((int64_t)sid__philox_below(seed, SID__STREAM_TEST, (uint64_t)i, bound) - offset);
}

static inline float *new_floats(int64_t count)
{
    float *x = NULL;
    TEST_OK(sid__alloc(&x, (size_t)count, sizeof(float), "test floats", err));
    return x;
}

static inline uint16_t *new_codes(int64_t count)
{
    uint16_t *codes = NULL;
    TEST_OK(sid__alloc(&codes, (size_t)count, sizeof(uint16_t), "test codes", err));
    return codes;
}

static inline sid_ctx *new_ctx(int threads, const char *isa)
{
    sid_ctx *ctx = NULL;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_ctx_set_threads(ctx, threads, err));
    TEST_OK(sid_ctx_set_isa(ctx, isa, err));
    return ctx;
}

/* A packed codebook with these codes. */
static inline void make_book(sid__codebook *book, const float *code, int codes, int dim)
{
    TEST_OK(sid__codebook_create(book, codes, dim, err));
    memcpy(sid__codebook_code(book), code, (size_t)codes * (size_t)dim * sizeof(float));
    sid__codebook_pack(book);
}

/* Labels by one kernel path. */
static inline void assign_by(sid__isa isa, const sid__codebook *book, const float *x, int64_t rows, uint16_t *label)
{
    sid_ctx *ctx = new_ctx(1, sid__isa_name(isa));
    sid__assign_scratch scratch;
    TEST_OK(sid__assign_scratch_create(ctx, book->codes, &scratch, err));
    sid__assign_rows(sid__kernels_for(isa), book, x, rows, scratch.score, scratch.index, label);
    sid__assign_scratch_drop(&scratch);
    sid_ctx_free(ctx);
}

#endif
