#include "catalog_fixture.h"

#include "catalog/interchange.h"
#include "quant/quantizer.h"

/* Fails when a centroid is not the mean of its rows' residuals: worked by hand. Rows 0, 2, 10, 14 (mean 6.5); level 1
 * codes 0 0 1 1 give means -5.5 and 5.5, residuals -1, 1, -2, 2; level 2 codes 0 1 0 1 give -1.5 and 1.5. */
static void centroids_are_means_of_residuals(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 2, 10, 14}, wanted[] = {-0.5f, 2.5f, 10.5f, 13.5f};
    const uint16_t codes[] = {0, 0, 0, 1, 1, 0, 1, 1};
    float decoded[4];
    sid_quantizer *q = NULL;
    TEST_OK(sid__codebooks_of_codes(f->ctx, x, 4, 1, codes, 2, &q, err));
    TEST_OK(sid_quantizer_decode(q, codes, 4, 0, decoded, err));
    assert_memory_equal(decoded, wanted, sizeof wanted);
    assert_int_equal(sid_quantizer_codes(q, 0), 2);
    sid_quantizer_free(q);
}

/* Fails when a code that no row has wins a row, before or behind the used ones. */
static void dead_codes_win_nothing(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 0, 1, 1, 5, 5, 6, 6};
    const uint16_t codes[] = {2, 2, 5, 5};
    uint16_t again[4];
    sid_quantizer *q = NULL;
    TEST_OK(sid__codebooks_of_codes(f->ctx, x, 4, 2, codes, 1, &q, err));
    assert_int_equal(sid_quantizer_codes(q, 0), 6);
    TEST_OK(sid_quantizer_encode(f->ctx, q, x, 4, again, NULL, err));
    assert_memory_equal(codes, again, sizeof codes);
    sid_quantizer_free(q);
}

/* Fails when a failed allocation leaks (under ASan), or the memory limit is not asked. */
static void failing_memory_is_reported(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 2, 10, 14};
    const uint16_t codes[] = {0, 0, 1, 65535};
    sid_quantizer *q = NULL;
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        q = NULL;
        sid__mem_fail(after, -1);
        status = sid__codebooks_of_codes(f->ctx, x, 4, 1, codes, 1, &q, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        assert_true(after < 200);
    }
    sid_quantizer_free(q);
    sid_ctx_set_memory_limit(f->ctx, 100000);
    TEST_FAILS(sid__codebooks_of_codes(f->ctx, x, 4, 1, codes, 1, &q, err), SID_ENOMEM, "memory limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(centroids_are_means_of_residuals),
        FIXTURE_TEST(dead_codes_win_nothing),
        FIXTURE_TEST(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
