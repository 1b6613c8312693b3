/* policy_case.h: what the tests of collision policies share: the numbers of the oracle (hash_uniform, which a few lines
 * of Python repeat), a small quantizer, and a moving filled from arrays.
 */
#ifndef SEMID_POLICY_CASE_H
#define SEMID_POLICY_CASE_H

#include <stdatomic.h>

#include "test.h"

#include "base/ctx.h"
#include "base/mem.h"
#include "sid/policy_move.h"

/* [0, 1), the same in Python: see tests/oracle/policy_oracle.py. */
__attribute__((unused)) static double hash_uniform(uint32_t seed, uint32_t i, uint32_t j)
{
    uint32_t h = seed * 2654435761U + i * 40503U + j * 9973U + 12345U;
    h = (h ^ h >> 16) * 0x85ebca6bU;
    h = (h ^ h >> 13) * 0xc2b2ae35U;
    h ^= h >> 16;
    return (double)h / 4294967296.0;
}

enum { CASE_DIM = 3, CASE_FIRST = 4 };

/* Level 1: 4 far points; level 2: `codes` points of the unit cube. */
__attribute__((unused)) static sid_quantizer *case_quantizer(int codes)
{
    float *book[2] = {test_calloc(CASE_FIRST * CASE_DIM, sizeof(float)),
                      test_calloc((size_t)codes * CASE_DIM, sizeof(float))};
    sid_quantizer *q = NULL;
    for (int k = 0; k < CASE_FIRST; k++)
        for (int d = 0; d < CASE_DIM; d++)
            book[0][k * CASE_DIM + d] = (float)(100 * k);
    for (int k = 0; k < codes; k++)
        for (int d = 0; d < CASE_DIM; d++)
            book[1][k * CASE_DIM + d] = (float)hash_uniform(7, (uint32_t)k, (uint32_t)d);
    TEST_OK(sid__quantizer_from_codebooks((const float *const[]){book[0], book[1]}, (const int[]){CASE_FIRST, codes}, 2,
                                          CASE_DIM, NULL, &q, err));
    test_free(book[0]);
    test_free(book[1]);
    return q;
}

enum { CASE_MAX = 256 };

/* Rows, encoded; row i has the id "i<i>". */
typedef struct policy_case {
    sid_ctx *ctx;
    sid_quantizer *quantizer;
    sid__policy policy;
    int count, codes;
    _Atomic int reads_left; /* then reading fails; below 0: never */
    float x[CASE_MAX * CASE_DIM];
    uint16_t before[CASE_MAX * 2], after[CASE_MAX * 2];
    double distance[CASE_MAX];
    char text[CASE_MAX][16];
    const char *id[CASE_MAX];
    char log[1024];
} policy_case;

__attribute__((unused)) static sid_status case_read(void *user, int64_t row, float *x, sid_error *err)
{
    policy_case *c = user;
    int left = atomic_load(&c->reads_left); /* several threads read */
    while (left > 0 && !atomic_compare_exchange_weak(&c->reads_left, &left, left - 1)) {
    }
    if (left == 0)
        return sid__fail_memory(err, "a row of the test", 1);
    memcpy(x, c->x + row * CASE_DIM, CASE_DIM * sizeof *x);
    return SID_OK;
}

__attribute__((unused)) static void case_log(void *user, sid_log_level level, const char *message)
{
    policy_case *c = user;
    (void)level;
    (void)snprintf(c->log + strlen(c->log), sizeof c->log - strlen(c->log), "%s\n", message);
}

__attribute__((unused)) static double case_distance(const policy_case *c, int row, const uint16_t *codes)
{
    float decoded[CASE_DIM];
    double sum = 0;
    TEST_OK(sid_quantizer_decode(c->quantizer, codes, 1, 0, decoded, err));
    for (int d = 0; d < CASE_DIM; d++)
        sum += ((double)c->x[row * CASE_DIM + d] - (double)decoded[d]) *
               ((double)c->x[row * CASE_DIM + d] - (double)decoded[d]);
    return sum;
}

__attribute__((unused)) static void case_encode(policy_case *c)
{
    TEST_OK(sid_quantizer_encode(c->ctx, c->quantizer, c->x, c->count, c->before, NULL, err));
    for (int i = 0; i < c->count; i++)
        c->distance[i] = case_distance(c, i, c->before + 2 * i);
}

/* `count` rows below the first `prefixes` codes of level 1. */
__attribute__((unused)) static policy_case *case_create(int count, int prefixes, int codes, uint32_t seed)
{
    policy_case *c = test_calloc(1, sizeof *c);
    assert_true(count <= CASE_MAX);
    c->count = count;
    c->codes = codes;
    c->reads_left = -1;
    c->quantizer = case_quantizer(codes);
    TEST_OK(sid_ctx_create(&c->ctx, err));
    TEST_OK(sid_ctx_set_threads(c->ctx, 2, err));
    sid_ctx_on_log(c->ctx, case_log, c);
    for (int i = 0; i < count; i++) {
        double from = 100 * (int)(hash_uniform(seed, (uint32_t)i, 99) * prefixes);
        for (int d = 0; d < CASE_DIM; d++)
            c->x[i * CASE_DIM + d] = (float)(from + hash_uniform(seed, (uint32_t)i, (uint32_t)d));
        (void)snprintf(c->text[i], sizeof c->text[i], "i%03d", i);
        c->id[i] = c->text[i];
    }
    case_encode(c);
    return c;
}

__attribute__((unused)) static void case_free(policy_case *c)
{
    sid_quantizer_free(c->quantizer);
    sid_ctx_free(c->ctx);
    test_free(c);
}

/* Moves from `before` to `after`; drop the moving. */
__attribute__((unused)) static sid_status case_move(policy_case *c, const char *name, const char *options,
                                                    sid__moving *m, sid_error *why)
{
    TEST_OK(sid__policy_create(name, NULL, options, &c->policy, err));
    memcpy(c->after, c->before, sizeof c->after);
    *m = (sid__moving){.ctx = c->ctx,
                       .policy = &c->policy,
                       .quantizer = c->quantizer,
                       .count = c->count,
                       .levels = 2,
                       .id = c->id,
                       .distance = c->distance,
                       .read = case_read,
                       .read_user = c,
                       .codes = c->after};
    return sid__policy_move(m, why);
}

/* Rows that hold the SID of `row` now. */
__attribute__((unused)) static int case_holders(const policy_case *c, int row)
{
    int holders = 0;
    for (int i = 0; i < c->count; i++)
        holders += memcmp(c->after + 2 * i, c->after + 2 * row, 2 * sizeof *c->after) == 0;
    return holders;
}

/* The same rows in the opposite order give the same codes to each. */
__attribute__((unused)) static void case_check_order_free(policy_case *c, const char *name, const char *options)
{
    policy_case *turned = case_create(c->count, 1, c->codes, 1);
    sid__moving m;
    TEST_OK(case_move(c, name, options, &m, err));
    sid__moving_drop(&m);
    for (int i = 0; i < c->count; i++) {
        int j = c->count - 1 - i;
        memcpy(turned->x + j * CASE_DIM, c->x + i * CASE_DIM, CASE_DIM * sizeof *c->x);
        turned->id[j] = c->id[i];
    }
    TEST_OK(sid_ctx_set_threads(turned->ctx, 1, err));
    case_encode(turned);
    TEST_OK(case_move(turned, name, options, &m, err));
    sid__moving_drop(&m);
    for (int i = 0; i < c->count; i++)
        assert_memory_equal(c->after + 2 * i, turned->after + 2 * (c->count - 1 - i), 2 * sizeof *c->after);
    case_free(turned);
}

/* Every allocation and every read fails once: an error each time, and no leak (under ASan). */
__attribute__((unused)) static void case_check_faults(policy_case *c, const char *name, const char *options)
{
    sid__moving m;
    sid_status status = SID_ENOMEM;
    sid__policy unused;
    TEST_OK(sid__policy_create(name, NULL, options, &unused, err));
    TEST_OK(sid_ctx_set_threads(c->ctx, 1, err));
    for (int64_t after = 0; status != SID_OK; after++) {
        assert_true(after < 5000);
        sid__mem_fail(after, 1);
        status = case_move(c, name, options, &m, NULL);
        sid__mem_fail(-1, 0);
        sid__moving_drop(&m);
        assert_true(status == SID_OK || status == SID_ENOMEM);
    }
    status = SID_ENOMEM;
    for (int after = 0; status != SID_OK; after++) {
        assert_true(after < 5000);
        c->reads_left = after;
        status = case_move(c, name, options, &m, NULL);
        sid__moving_drop(&m);
    }
    c->reads_left = -1;
}

#endif
