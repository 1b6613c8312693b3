/* health_case.h: the case that test_health_errors.c and test_health_neighbors.c share with golden/make_health.py: small whole
 * numbers, so that numpy's distances are exact, ties among them included.
 */
#ifndef SEMID_TEST_HEALTH_CASE_H
#define SEMID_TEST_HEALTH_CASE_H

#include "quant/quantizer.h"
#include "sid/health_parts.h"
#include "test.h"

enum { CASE_COUNT = 300, CASE_DIM = 8, CASE_LEVELS = 2, CASE_CODES = 4 };

typedef struct health_case {
    float x[CASE_COUNT * CASE_DIM];
    sid__rows all;
    uint16_t codes[CASE_COUNT * CASE_LEVELS];
    sid_ctx *ctx;
    sid_quantizer *quantizer;
    sid__health_input in;
    sid__health_rows rows;
    sid_report report;
} health_case;

/* Rows 290 and up repeat rows 0 to 9; codes follow x only in part. */
static inline void health_case_init(health_case *made)
{
    static const int level_codes[CASE_LEVELS] = {CASE_CODES, CASE_CODES};
    float codebook[CASE_LEVELS][CASE_CODES * CASE_DIM], mean[CASE_DIM];
    const float *const books[CASE_LEVELS] = {codebook[0], codebook[1]};
    for (int i = 0; i < CASE_COUNT; i++) {
        int from = i % 290;
        for (int d = 0; d < CASE_DIM; d++)
            made->x[i * CASE_DIM + d] = (float)((from * (d + 3) * 7 + from * from / (5 + d)) % 23 + 100 * (d == 0));
        made->codes[2 * i] = (uint16_t)(made->x[i * CASE_DIM + 1] / 6);
        made->codes[2 * i + 1] = (uint16_t)(i / 7 % CASE_CODES);
    }
    for (int l = 0; l < CASE_LEVELS; l++)
        for (int k = 0; k < CASE_CODES; k++)
            for (int d = 0; d < CASE_DIM; d++)
                codebook[l][k * CASE_DIM + d] = (float)((k * 13 + d * 7 + l * 5) % 17 - 8) / 2;
    for (int d = 0; d < CASE_DIM; d++)
        mean[d] = (float)(11 + 100 * (d == 0));
    TEST_OK(sid_ctx_create(&made->ctx, err));
    TEST_OK(sid__quantizer_from_codebooks(books, level_codes, CASE_LEVELS, CASE_DIM, mean, &made->quantizer, err));
    made->all = sid__rows_of(made->x, CASE_COUNT, CASE_DIM);
    made->in = (sid__health_input){.codes = made->codes,
                                   .count = CASE_COUNT,
                                   .levels = CASE_LEVELS,
                                   .level_codes = level_codes,
                                   .x = &made->all,
                                   .quantizer = made->quantizer,
                                   .seed = 42};
    TEST_OK(sid__health_rows_create(made->ctx, &made->in, &made->rows, err));
    TEST_OK(sid__report_init(&made->report, CASE_LEVELS, err));
}

static inline void health_case_drop(health_case *made)
{
    sid_report_drop(&made->report);
    sid__health_rows_free(&made->rows);
    sid_quantizer_free(made->quantizer);
    sid_ctx_free(made->ctx);
}

static inline void check_near(double seen, double wanted)
{
    double difference = seen < wanted ? wanted - seen : seen - wanted;
    if (!(difference <= 1e-12 * (1 + (wanted < 0 ? -wanted : wanted))))
        fail_msg("%.17g instead of %.17g", seen, wanted);
}

#endif
