/* test_lsa_fit.c: items to a fitted LSA: golden values of spec/quantizers.md §8, row order, threads, bad input. */
#include "items_case.h"
#include "linalg_case.h"

#include "embed/lsa.h"

static const char golden[] = "item_id\ttitle\n1\tRed red dress\n2\tblue dress\n3\tred shoes\n";
static const sid__lsa_options all_words = {.dim = 128, .vocab = 50000, .min_df = 1, .power = 4, .max_df = 1};

static sid__lsa fit(sid_ctx *ctx, const char *tsv, const char *fields, const sid__lsa_options *options)
{
    sid_items *items = case_items(ctx, tsv);
    sid__lsa lsa = {0};
    TEST_OK(sid__lsa_fit(ctx, items, fields, options, 42, &lsa, err));
    sid_items_free(items);
    return lsa;
}

static void keep_warning(void *user, sid_log_level level, const char *message)
{
    assert_int_equal(level, SID_LOG_WARNING);
    (void)snprintf(user, 256, "%s", message);
}

/* Fails when weights, the factorisation or the rule for dim change: the numbers of the specification. */
static void test_golden(void **state)
{
    (void)state;
    static const double idf[] = {1.6931471805599454, 1.2876820724517809, 1.2876820724517809, 1.6931471805599454};
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    char warning[256] = "";
    sid_ctx_on_log(ctx, keep_warning, warning);
    sid__lsa lsa = fit(ctx, golden, "title:1", &all_words);
    assert_string_equal(warning, "dim is lowered from 128 to 2: 3 items with 4 words have no more");
    assert_int_equal(lsa.dim, 2);
    assert_int_equal(lsa.vocab.count, 4); /* blue dress red shoes */
    for (int i = 0; i < 4; i++)
        assert_true(fabs(lsa.vocab.idf[i] - idf[i]) < 1e-15);
    assert_true(fabs(lsa.sigma[0] - 1.267023) < 1e-6 && fabs(lsa.sigma[1] - 1) < 1e-6);
    assert_true(lsa.v[1 * 2] > 0 && lsa.v[2 * 2] > 0);
    sid__lsa_drop(&lsa);
    sid_ctx_free(ctx);
}

/* Fails when a weight of the first item changes: the numbers of the specification. */
static void test_golden_row(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, golden);
    sid__lsa_row row = {0};
    sid__lsa lsa = {0};
    TEST_OK(sid__lsa_fit(ctx, items, "title:1", &all_words, 42, &lsa, err));
    TEST_OK(sid__lsa_row_make(&row, &lsa.vocab, &lsa.fields, (const char *const[]){"Red red dress"}, err));
    assert_int_equal(row.count, 2);
    assert_true(fabs(row.weight[0] - .508542) < 1e-6 && fabs(row.weight[1] - .861037) < 1e-6);
    sid__lsa_row_drop(&row);
    sid__lsa_drop(&lsa);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* `count` items of a few seeded words each, from row `first` on, wrapping round. */
static char *seeded_table(int count, int first)
{
    enum { ITEM_SIZE = 200 };
    char *tsv = case_alloc((int64_t)(count + 2) * ITEM_SIZE, 1);
    int64_t used = snprintf(tsv, ITEM_SIZE, "item_id\ttitle\tcategories\n");
    for (int i = 0; i < count; i++) {
        int item = (i + first) % count;
        used += snprintf(tsv + used, ITEM_SIZE, "i%d\t", item);
        for (uint64_t k = 0; k < 8; k++) {
            double u = sid__philox_uniform(5, SID__STREAM_TEST, (uint64_t)item * 8 + k);
            used += snprintf(tsv + used, ITEM_SIZE, "word%d ", (int)(400 * u * u));
        }
        used += snprintf(tsv + used, ITEM_SIZE, "\tTop > Part %d\n", item % 13);
    }
    return tsv;
}

/* Fails when a sum, the vocabulary or the SVD depends on the order of threads or the vector width. */
static void test_same_bits(void **state)
{
    (void)state;
    sid__lsa_options options = {.dim = 20, .vocab = 300, .min_df = 2, .power = 2, .max_df = .5};
    char *tsv = seeded_table(1500, 0);
    double *first = NULL;
    static const int threads[] = {1, 2, 7};
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        for (int t = 0; t < 3; t++) {
            sid_ctx *ctx = case_ctx(threads[t], (sid__isa)isa);
            if (!ctx)
                continue;
            sid__lsa lsa = fit(ctx, tsv, "", &options);
            int64_t entries = (int64_t)lsa.vocab.count * lsa.dim;
            assert_int_equal(lsa.vocab.count, 300);
            if (first)
                assert_memory_equal(first, lsa.v, (size_t)entries * sizeof *first);
            else
                first = case_copy(lsa.v, entries);
            sid__lsa_drop(&lsa);
            sid_ctx_free(ctx);
        }
    }
    sid__free(first);
    sid__free(tsv);
}

/* Fails when the order of rows reaches the vocabulary: other rows first, the same words and idf. */
static void test_row_order(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    sid__lsa_options options = {.dim = 10, .vocab = 100, .min_df = 2, .power = 1, .max_df = .5};
    char *tsv = seeded_table(700, 0), *turned = seeded_table(700, 321);
    sid__lsa a = fit(ctx, tsv, "", &options), b = fit(ctx, turned, "", &options);
    assert_int_equal(a.vocab.start[a.vocab.count], b.vocab.start[b.vocab.count]);
    assert_memory_equal(a.vocab.text, b.vocab.text, (size_t)a.vocab.start[a.vocab.count]);
    assert_memory_equal(a.vocab.idf, b.vocab.idf, (size_t)a.vocab.count * sizeof(double));
    for (int i = 0; i < 10; i++)
        assert_true(fabs(a.sigma[i] - b.sigma[i]) < 1e-9 * a.sigma[0]);
    sid__lsa_drop(&a);
    sid__lsa_drop(&b);
    sid__free(tsv);
    sid__free(turned);
    sid_ctx_free(ctx);
}

/* Fails when items without text, or with too few in common, fit anyway or the message names no way out. */
static void test_no_text(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *empty = case_items(ctx, "item_id\ttitle\n1\t\n2\t-\n"), *items = case_items(ctx, golden);
    sid__lsa lsa = {0};
    sid__lsa_options strict = {.dim = 128, .vocab = 50000, .min_df = 3, .power = 4, .max_df = .5};
    TEST_FAILS(sid__lsa_fit(ctx, empty, "", &all_words, 42, &lsa, err), SID_EDATA, "none of the 2 items has a word");
    TEST_FAILS(sid__lsa_fit(ctx, items, "", &strict, 42, &lsa, err), SID_EDATA, "lower min_df or raise max_df");
    sid_items_free(empty);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* Fails when the limits left at 0 leave a small catalogue without words, or when given ones are not obeyed there. */
static void test_few_items(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, golden);
    sid__lsa_options usual = {.dim = 128, .vocab = 50000, .power = 4},
                     given = {.dim = 128, .vocab = 50000, .min_df = 2};
    sid__lsa relaxed = fit(ctx, golden, "", &usual), plain = fit(ctx, golden, "", &all_words), none = {0};
    assert_int_equal(relaxed.vocab.count, plain.vocab.count);
    assert_memory_equal(relaxed.sigma, plain.sigma, (size_t)plain.dim * sizeof *plain.sigma);
    given.max_df = 0.5;
    TEST_FAILS(sid__lsa_fit(ctx, items, "", &given, 42, &none, err), SID_EDATA, "min_df=2");
    sid_items_free(items);
    sid__lsa_drop(&relaxed);
    sid__lsa_drop(&plain);
    sid_ctx_free(ctx);
}

/* Fails when one item or one word is too little: dim 1 is the least there is. */
static void test_smallest(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__lsa lsa = fit(ctx, "item_id\ttitle\n1\tword\n", "", &all_words);
    assert_int_equal(lsa.dim, 1);
    assert_true(lsa.v[0] == 1 && fabs(lsa.sigma[0] - 1) < 1e-15);
    sid__lsa_drop(&lsa);
    sid_ctx_free(ctx);
}

/* Fails when two items of different words get one number each, which unit length makes equal. */
static void test_two_items(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__lsa lsa = fit(ctx, "item_id\ttitle\n1\tgreen tea\n2\tsteel knife\n", "", &all_words);
    assert_int_equal(lsa.dim, 2);
    assert_true(lsa.sigma[0] > .5 && lsa.sigma[1] > .5);
    sid__lsa_drop(&lsa);
    sid_ctx_free(ctx);
}

/* Fails when an allocation is unchecked, leaks, or a limit or cancelling is overlooked. */
static void test_failures(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, golden);
    sid__lsa lsa = {0};
    bool is_done = false;
    for (int after = 0; after < 1000 && !is_done; after++) {
        sid_error err = {0};
        sid__mem_fail(after, 1);
        sid_status status = sid__lsa_fit(ctx, items, "", &all_words, 42, &lsa, &err);
        sid__mem_fail(-1, 0);
        is_done = status == SID_OK;
        assert_true(is_done || status == SID_ENOMEM);
    }
    assert_true(is_done);
    sid__lsa_drop(&lsa);
    sid_ctx_set_memory_limit(ctx, 10);
    TEST_FAILS(sid__lsa_fit(ctx, items, "", &all_words, 42, &lsa, err), SID_ENOMEM, "item-by-word matrix");
    sid_ctx_set_memory_limit(ctx, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__lsa_fit(ctx, items, "", &all_words, 42, &lsa, err), SID_ECANCELED, "interrupted");
    sid_items_free(items);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_golden_row), cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_row_order), cmocka_unit_test(test_no_text),    cmocka_unit_test(test_few_items),
        cmocka_unit_test(test_smallest),  cmocka_unit_test(test_two_items),  cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
