/* test_lsa.c: the lsa family through its table: vectors, storing, damaged tensors. */
#include "items_case.h"
#include "linalg_case.h"

#include "embed/lsa.h"

static const char golden[] = "item_id\ttitle\n1\tRed red dress\n2\tblue dress\n3\tred shoes\n";
static const sid_encoder_options golden_options = {.fields = "title:1", .options = "min_df=1,max_df=1"};

static sid_encoder *fit(sid_ctx *ctx, const sid_items *items, const sid_encoder_options *options)
{
    sid_encoder *e = NULL;
    TEST_OK(sid_encoder_fit(ctx, items, options, &e, err));
    return e;
}

static sid_vectors *encode(sid_ctx *ctx, const sid_encoder *e, const sid_items *items, int64_t no_text)
{
    sid_vectors *vectors = NULL;
    int64_t count = -1;
    TEST_OK(sid_encoder_encode(ctx, e, items, &vectors, &count, err));
    assert_int_equal(count, no_text);
    return vectors;
}

/* Fails when vectors are not a V to unit length with the sign rule: the numbers of the specification. */
static void test_golden(void **state)
{
    (void)state;
    static const double wanted[] = {1, 0, .467704, .883885, .834906, -.550393};
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, golden);
    sid_encoder *e = fit(ctx, items, &golden_options);
    sid_vectors *vectors = encode(ctx, e, items, 0);
    assert_int_equal(sid_vectors_dim(vectors), 2);
    for (int i = 0; i < 6; i++)
        assert_true(fabs((double)sid_vectors_data(vectors)[i] - wanted[i]) < 2e-6);
    assert_string_equal(sid_vectors_id(vectors, 2), "3");
    sid_vectors_free(vectors);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* Fails when an item without a known word is not zero and counted, or a lone text is not read as a title. */
static void test_new_texts(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    sid_items *items = case_items(ctx, golden);
    sid_items *other = case_items(ctx, "item_id\tmore\ttitle\n7\tzebra\tred shoes\n8\tred\tzebra\n9\tx\t\n");
    sid_encoder *e = fit(ctx, items, &golden_options);
    sid_vectors *old = encode(ctx, e, items, 0), *new = encode(ctx, e, other, 2);
    const float *x = sid_vectors_data(old), *y = sid_vectors_data(new);
    float lone[2];
    assert_memory_equal(x + 4, y, 2 * sizeof *x);
    assert_true(y[2] == 0 && y[3] == 0 && y[4] == 0 && y[5] == 0);
    TEST_OK(sid_encoder_encode_text(e, "Red red dress", lone, err));
    assert_memory_equal(lone, x, sizeof lone);
    TEST_OK(sid_encoder_encode_text(e, "zebra \xFF", lone, err));
    assert_true(lone[0] == 0 && lone[1] == 0);
    for (int after = 0; after < 5; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_encoder_encode_text(e, "red", lone, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_vectors_free(old);
    sid_vectors_free(new);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_items_free(other);
    sid_ctx_free(ctx);
}

/* Fails when a tensor is left out or rounded: a loaded encoder gives the same bits. */
static void test_save_and_load(void **state)
{
    (void)state;
    static const char table[] = "item_id\ttitle\tbrand\tpath\n1\tRed dress\tA B\tX > Y Z\n2\tblue dress\tA B\tX\n"
                                "3\tred shoes\tC D\tX > W\n4\tblue hat\tC D\tX > Y Z\n5\tRed hat\tdress\tX > Y Z\n";
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table);
    sid_encoder *e = fit(ctx, items, &(sid_encoder_options){.options = "min_df=1,max_df=1,dim=3"}), *again = NULL;
    sid__tensor_set set = {0};
    TEST_OK(sid__encoder_save(e, &set, err));
    TEST_OK(sid__encoder_load(&(sid_encoder_options){.encoder = "lsa"}, &set, &again, err));
    sid_vectors *x = encode(ctx, e, items, 0), *y = encode(ctx, again, items, 0);
    assert_int_equal(sid_encoder_dim(again), 3);
    assert_memory_equal(sid_vectors_data(x), sid_vectors_data(y), 5 * 3 * sizeof(float));
    for (int after = 0; after < 9; after++) {
        sid_encoder *none = NULL;
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__encoder_load(NULL, &set, &none, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_vectors_free(x);
    sid_vectors_free(y);
    sid_encoder_free(e);
    sid_encoder_free(again);
    sid__tensor_set_drop(&set);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

static sid__tensor_set saved(sid_ctx *ctx)
{
    sid_items *items = case_items(ctx, golden);
    sid_encoder *e = fit(ctx, items, &golden_options);
    sid__tensor_set set = {0};
    TEST_OK(sid__encoder_save(e, &set, err));
    sid_encoder_free(e);
    sid_items_free(items);
    return set;
}

static sid__tensor *tensor(sid__tensor_set *set, const char *name)
{
    for (int64_t i = 0; i < set->count; i++)
        if (strcmp(set->tensor[i].name, name) == 0)
            return &set->tensor[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void check_damaged(sid__tensor_set *set, const char *part)
{
    sid_encoder *e = NULL;
    TEST_FAILS(sid__encoder_load(NULL, set, &e, err), SID_EDATA, part);
    assert_null(e);
}

/* Fails when a tensor's shape or values are taken unchecked. */
static void test_damaged_tensors(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__tensor_set set = saved(ctx), empty = {0};
    float *v = tensor(&set, "lsa.v")->data, kept = v[3];
    v[3] = (float)NAN;
    check_damaged(&set, "lsa.v holds nan at row 1, column 1");
    v[3] = 1.5f;
    check_damaged(&set, "lsa.v holds 1.5");
    v[3] = kept;
    tensor(&set, "lsa.sigma")->shape[0] = 1;
    check_damaged(&set, "lsa.v");
    tensor(&set, "lsa.sigma")->shape[0] = 0;
    check_damaged(&set, "lsa.sigma holds 0 values");
    tensor(&set, "lsa.sigma")->shape[0] = 2;
    tensor(&set, "lsa.idf")->shape[0] = 3;
    check_damaged(&set, "lsa.vocab holds");
    tensor(&set, "lsa.idf")->shape[0] = 4;
    tensor(&set, "lsa.fields")->shape[0] = 1;
    check_damaged(&set, "lsa.fields");
    check_damaged(&empty, "lsa.fields");
    sid__tensor_set_drop(&set);
    sid_ctx_free(ctx);
}

/* Fails when saving loses an allocation failure. */
static void test_save_out_of_memory(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, golden);
    sid_encoder *e = fit(ctx, items, &golden_options);
    for (int after = 0; after < 3; after++) {
        sid__tensor_set set = {0};
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__encoder_save(e, &set, err), SID_ENOMEM, "out of memory");
        sid__mem_fail(-1, 0);
        sid__tensor_set_drop(&set);
    }
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* Real titles: fails when the vectors carry no meaning. Share of nearest neighbours in the same deepest category. */
static void test_beauty(void **state)
{
    (void)state;
    const char *base = getenv("SEMID_DATA");
    char path[2048];
    (void)snprintf(path, sizeof path, "%s/beauty/items.tsv", base && *base ? base : TEST_TREE "/../shared/data");
    if (access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there; set SEMID_DATA to the directory that holds beauty/\n", path);
        skip();
    }
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    sid_items *items = NULL;
    TEST_OK(sid_items_read(ctx, path, NULL, &items, err));
    sid_encoder *e = fit(ctx, items, &(sid_encoder_options){.fields = "title,brand", .options = "power=2"});
    sid_vectors *vectors = NULL;
    TEST_OK(sid_encoder_encode(ctx, e, items, &vectors, NULL, err));
    const float *x = sid_vectors_data(vectors);
    int64_t count = sid_vectors_count(vectors);
    int dim = sid_vectors_dim(vectors), same = 0, tried = 0;
    for (int64_t i = 0; i < count; i += 101, tried++) {
        int64_t best = -1;
        double nearest = -2;
        for (int64_t k = 0; k < count; k++) {
            double cosine = k == i ? -2 : 0;
            for (int j = 0; j < dim && k != i; j++)
                cosine += (double)x[i * dim + j] * (double)x[k * dim + j];
            if (cosine > nearest) {
                nearest = cosine;
                best = k;
            }
        }
        same += strcmp(sid_items_value(items, i, 2), sid_items_value(items, best, 2)) == 0;
    }
    print_message("%d of %d nearest neighbours share the deepest category\n", same, tried);
    assert_true(same * 5 > tried * 2); /* one in a hundred by chance */
    sid_vectors_free(vectors);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* Fails when a word that the vocabulary lacks is not told, or one that it has is. */
static void test_unknown_words(void **state)
{
    (void)state;
    sid_ctx *ctx = NULL;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_items *items = case_items(ctx, golden);
    sid_encoder *e = fit(ctx, items, &golden_options);
    sid__strbuf words = {0};
    TEST_OK(e->family->unknown_words(e, "RED zebra, shoes and Dress", &words, err));
    assert_string_equal(words.text, "zebra, and");
    words.length = 0;
    TEST_OK(e->family->unknown_words(e, "red", &words, err));
    assert_int_equal(words.length, 0);
    sid__strbuf_drop(&words);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_words),      cmocka_unit_test(test_golden),
        cmocka_unit_test(test_new_texts),          cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_damaged_tensors),    cmocka_unit_test(test_beauty),
        cmocka_unit_test(test_save_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
