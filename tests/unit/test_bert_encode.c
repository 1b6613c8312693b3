/* test_bert_encode.c: items and lone texts to vectors by the tiny model. */
#include "bert_case.h"
#include "items_case.h"

enum { WIDTH = 36 };

static const char table[] =
    "item_id\ttitle\tbrand\n1\tred lipstick\tXyz\n2\t\t\n3\tnail polish\t\n4\t\tred lipstick\n5\t\u200b\t\n";

static sid_encoder *fit(sid_ctx *ctx, const sid_items *items, const char *options)
{
    sid_encoder *e = NULL;
    sid_encoder_options given = {.encoder = "bert", .options = options};
    TEST_OK(sid_encoder_fit(ctx, items, &given, &e, err));
    return e;
}

/* Fails when texts are not joined by ". ", a text without words is no zero vector, or a lone text differs from an item. */
static void test_texts(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    sid_items *items = case_items(ctx, table);
    sid_encoder *e = fit(ctx, items, "weights=" BERT_GOLDEN);
    sid_vectors *vectors = NULL;
    int64_t no_text = -1;
    float lone[WIDTH];
    TEST_OK(sid_encoder_encode(ctx, e, items, &vectors, &no_text, err));
    const float *x = sid_vectors_data(vectors);
    assert_int_equal(no_text, 2);
    assert_int_equal(sid_vectors_dim(vectors), WIDTH);
    TEST_OK(sid_encoder_encode_text(e, "red lipstick. Xyz", lone, err));
    assert_memory_equal(lone, x, sizeof lone);
    TEST_OK(sid_encoder_encode_text(e, "red lipstick", lone, err));
    assert_memory_equal(lone, x + 3 * WIDTH, sizeof lone);
    for (int j = 0; j < WIDTH; j++)
        assert_true(x[WIDTH + j] == 0 && x[4 * WIDTH + j] == 0);
    for (int after = 0; after < 9; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_encoder_encode_text(e, "red", lone, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_vectors_free(vectors);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

static sid_items *many_items(sid_ctx *ctx)
{
    static const char *const word[] = {"red", "blue", "lipstick", "nail", "polish", "shea", "butter", "x"};
    sid__strbuf text = {0};
    TEST_OK(sid__strbuf_printf(&text, err, "item_id\ttitle\n"));
    for (int i = 0; i < 203; i++) {
        TEST_OK(sid__strbuf_printf(&text, err, "%d\t", i));
        for (int j = 0; j < i * 7 % 61; j++)
            TEST_OK(sid__strbuf_printf(&text, err, "%s ", word[(i + j * j) % 8]));
        TEST_OK(sid__strbuf_printf(&text, err, "\n"));
    }
    sid_items *items = case_items(ctx, text.text);
    sid__strbuf_drop(&text);
    return items;
}

/* Fails when threads, paths or the batch an item is in change a bit. */
static void test_same_bits(void **state)
{
    (void)state;
    sid_ctx *one = case_ctx(1, SID__ISA_PORTABLE), *many = case_ctx(7, sid__isa_best());
    sid_items *items = many_items(one);
    sid_encoder *e = fit(one, items, "weights=" BERT_GOLDEN ",max_tokens=40");
    sid_vectors *x = NULL, *y = NULL;
    float lone[WIDTH];
    TEST_OK(sid_encoder_encode(one, e, items, &x, NULL, err));
    TEST_OK(sid_encoder_encode(many, e, items, &y, NULL, err));
    assert_memory_equal(sid_vectors_data(x), sid_vectors_data(y), 203 * WIDTH * sizeof(float));
    TEST_OK(sid_encoder_encode_text(e, sid_items_value(items, 77, 0), lone, err));
    assert_memory_equal(lone, sid_vectors_data(x) + 77 * WIDTH, sizeof lone);
    sid_vectors_free(x);
    sid_vectors_free(y);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(one);
    sid_ctx_free(many);
}

static void note_progress(void *user, const sid_progress *progress)
{
    int64_t *last = user;
    assert_true(progress->done >= 0 && progress->done <= progress->total);
    *last = progress->done;
}

/* Fails when progress does not reach the end, cancelling is not seen, or memory and its limit are overlooked. */
static void test_long_calls(void **state)
{
    (void)state;
    int64_t last = -1;
    sid_ctx *ctx = case_ctx(2, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table);
    sid_encoder *e = fit(ctx, items, "weights=" BERT_GOLDEN);
    sid_vectors *x = NULL;
    sid_ctx_on_progress(ctx, note_progress, &last);
    TEST_OK(sid_encoder_encode(ctx, e, items, &x, NULL, err));
    assert_int_equal(last, 5);
    sid_vectors_free(x);
    x = NULL;
    for (int after = 0; after < 18; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_encoder_encode(ctx, e, items, &x, NULL, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_set_memory_limit(ctx, 20000);
    TEST_FAILS(sid_encoder_encode(ctx, e, items, &x, NULL, err), SID_ENOMEM, "over the memory limit");
    sid_ctx_set_memory_limit(ctx, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid_encoder_encode(ctx, e, items, &x, NULL, err), SID_ECANCELED, "interrupted");
    assert_null(x);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_same_bits),
                                       cmocka_unit_test(test_long_calls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
