/* fsq_help.h: rows whose principal components are known, for the tests of fsq. */
#ifndef SEMID_TESTS_FSQ_HELP_H
#define SEMID_TESTS_FSQ_HELP_H

#include "linalg/scalar.h"
#include "quant_help.h"

enum { ROWS = 3000, DIM = 12 };

/* Gaussians, each axis of half the spread of the one before: axis d is the principal component d + 1. */
static inline void fill_axes(float *x, uint64_t seed)
{
    for (int64_t i = 0; i < (int64_t)ROWS * DIM; i++)
        x[i] = (float)ldexp(sid__gaussian(seed, SID__STREAM_TEST, (uint64_t)i), -(int)(i % DIM));
}

static inline sid_quantizer *fit_axes(sid_ctx *ctx, const float *x, const char *options, uint16_t *codes)
{
    sid_quantizer *q = NULL;
    TEST_OK(sid_quantizer_fit(ctx, &(sid_quantizer_options){.quantizer = "fsq", .options = options}, x, ROWS, DIM, &q,
                              err));
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, codes, NULL, err));
    return q;
}

#endif
