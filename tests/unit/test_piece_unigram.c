/* test_piece_unigram.c: learning spm-unigram. */
#include "pieces_case.h"

enum { COUNT = 3000, LEVELS = 4, K = 16 };

static void write_model(const sid_pieces *p, sid__strbuf *out)
{
    TEST_OK(sid__piece_proto_write(p->model, out, err));
}

/* Fails when threads, the order of items or how a weight is split between equal SIDs change a byte. */
static void test_same_bytes(void **state)
{
    uint16_t *codes = made_codes(2 * COUNT, LEVELS, K);
    int64_t weights[2 * COUNT];
    sid__strbuf first = {0}, second = {0};
    (void)state;
    for (int i = 0; i < COUNT; i++) { /* the second half again, backwards, each weight in two parts */
        memcpy(codes + (2 * COUNT - 1 - i) * LEVELS, codes + i * LEVELS, LEVELS * sizeof *codes);
        weights[i] = 1 + i % 5;
        weights[2 * COUNT - 1 - i] = 1 + i % 5;
    }
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    sid_pieces *p = trained("spm-unigram", "rows=400", same_codes(K), LEVELS, codes, weights, 2 * COUNT);
    write_model(p, &first);
    sid_pieces_close(p);
    for (int i = 0; i < COUNT; i++)
        weights[i] *= 2;
    TEST_OK(sid_ctx_set_threads(ctx, 5, err));
    p = trained("spm-unigram", "rows=400", same_codes(K), LEVELS, codes, weights, COUNT);
    write_model(p, &second);
    sid_pieces_close(p);
    TEST_OK(sid_ctx_set_threads(ctx, 0, err));
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.text, second.text, (size_t)first.length);
    sid__strbuf_drop(&first);
    sid__strbuf_drop(&second);
    free(codes);
}

/* Fails when V is missed, scores are out of order, or SIDs do not come apart into pieces. */
static void test_shape(void **state)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    uint64_t *rows = calloc(COUNT * LEVELS, sizeof *rows);
    int64_t *offsets = calloc(COUNT + 1, sizeof *offsets);
    sid_pieces_info info;
    sid_pieces *p = trained("spm-unigram", "rows=400", same_codes(K), LEVELS, codes, NULL, COUNT);
    (void)state;
    sid_pieces_get_info(p, &info);
    assert_int_equal(info.rows, 400);
    assert_int_equal(info.pieces, 399);
    assert_int_equal(info.item_rows_max, LEVELS);
    assert_false(info.has_same_size);
    for (int64_t i = 2; i < p->model->count; i++)
        assert_true(p->model->piece[i].score <= p->model->piece[i - 1].score);
    TEST_OK(sid_pieces_rows(p, codes, NULL, COUNT, rows, offsets, err));
    for (int i = 0; i < COUNT; i++)
        check_cut(p->model, codes + i * LEVELS, rows + offsets[i], (int)(offsets[i + 1] - offsets[i]));
    assert_true((double)offsets[COUNT] / COUNT < 3.2);
    sid_pieces_close(p);
    free(codes);
    free(rows);
    free(offsets);
}

/* Fails when a SID that everybody sees is not a piece of its own, or a code that nobody sees has not the lowest score. */
static void test_weights(void **state)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    int64_t weights[COUNT];
    uint64_t rows[LEVELS];
    int64_t offsets[2];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        weights[i] = i == 77 ? 100000 : 1;
    sid_pieces *p = trained("spm-unigram", "rows=300", same_codes(K + 1), LEVELS, codes, weights, COUNT);
    TEST_OK(sid_pieces_rows(p, codes + 77 * LEVELS, NULL, 1, rows, offsets, err));
    assert_int_equal(offsets[1], 1);
    float lowest = p->model->piece[p->model->count - 1].score;
    for (int64_t i = 1; i < p->model->count; i++)
        if (p->model->piece[i].length == 1 && p->model->piece[i].codes[0] == K)
            assert_true(p->model->piece[i].score <= lowest && p->model->piece[i].score >= lowest);
    sid_pieces_close(p);
    free(codes);
}

/* Fails when few SIDs, one level, or room for everything end in anything but a model. */
static void test_edges(void **state)
{
    const uint16_t codes[] = {0, 1, 1, 0, 1, 1, 2, 2, 2};
    uint64_t rows[3];
    int64_t offsets[2];
    (void)state;
    sid_pieces *p = trained("spm-unigram", "rows=100", same_codes(3), 1, codes, NULL, 9);
    assert_int_equal(p->model->count, 4);
    sid_pieces_close(p);
    p = trained("spm-unigram", "rows=10", same_codes(3), 3, codes, NULL, 3);
    assert_int_equal(p->model->count, 10);
    TEST_OK(sid_pieces_rows(p, codes, NULL, 1, rows, offsets, err));
    assert_int_equal(offsets[1], 3);
    sid_pieces_close(p);
    p = trained("spm-unigram", "rows=100", same_codes(3), 3, codes, NULL, 3);
    TEST_OK(sid_pieces_rows(p, codes, NULL, 1, rows, offsets, err));
    assert_int_equal(offsets[1], 1);
    sid_pieces_close(p);
}

/* Fails when memory that runs out anywhere in training leaks or is not said. */
static void test_no_memory(void **state)
{
    static const char *const scheme[] = {"spm-unigram", "spm-bpe"};
    uint16_t *codes = made_codes(300, LEVELS, K);
    (void)state;
    for (int s = 0; s < 2; s++) {
        const sid_pieces_options options = {
            .scheme = scheme[s], .options = "rows=100", .codes = same_codes(K), .levels = LEVELS};
        sid_pieces *p = NULL;
        for (int after = 0; !p && after < 2000; after += 1 + after / 20) {
            sid__mem_fail(after, 1);
            sid_status status = sid_pieces_train(ctx, &options, codes, NULL, NULL, 300, &p, NULL);
            sid__mem_fail(-1, 0);
            assert_int_equal(status, p ? SID_OK : SID_ENOMEM);
        }
        assert_non_null(p);
        sid_pieces_close(p);
    }
    free(codes);
}

/* Fails when a canceled training goes on. */
static void test_canceled(void **state)
{
    uint16_t *codes = made_codes(COUNT, LEVELS, K);
    sid_pieces *p = NULL;
    (void)state;
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid_pieces_train(ctx, &(sid_pieces_options){.codes = same_codes(K), .levels = LEVELS}, codes, NULL, NULL,
                                COUNT, &p, err),
               SID_ECANCELED, "");
    sid_ctx_resume(ctx);
    free(codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_shape),
                                       cmocka_unit_test(test_weights),    cmocka_unit_test(test_edges),
                                       cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_canceled)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
