#include "test.h"

#include "quant/kmeans_follow.h"

/* Fails when a code leaves its place, or the centroids are not moved to the means. */
static void codes_stay_where_they_are(void **state)
{
    (void)state;
    enum { CODES = 3, ROWS = 6 };
    const float x[ROWS] = {0, 1, 10, 11, 20, 21}, start[CODES] = {19, 2, 9}, wanted[CODES] = {20.5F, .5F, 10.5F};
    const uint16_t places[ROWS] = {1, 1, 2, 2, 0, 0};
    uint16_t label[ROWS];
    sid_ctx *ctx = NULL;
    sid__codebook from, book;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid__codebook_create(&from, CODES, 1, err));
    TEST_OK(sid__codebook_create(&book, CODES, 1, err));
    memcpy(sid__codebook_code(&from), start, sizeof start);
    sid__codebook_pack(&from);
    const sid__kmeans_options options = {.iters = 20, .tol = 0, .stage = "level 1"};
    TEST_OK(sid__kmeans_follow(ctx, &options, &from, x, ROWS, &book, label, err));
    assert_memory_equal(book.code, wanted, sizeof wanted);
    assert_memory_equal(label, places, sizeof places);
    sid__codebook_drop(&from);
    sid__codebook_drop(&book);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(codes_stay_where_they_are)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
