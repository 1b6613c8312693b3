/* test_encoder_registry.c: families by name, options, and what all encoders share; loops over the whole registry. */
#include "items_case.h"
#include "linalg_case.h"

#include "embed/encoder.h"

static const char table[] = "item_id\ttitle\n1\tRed dress\n2\tblue dress\n3\tred shoes\n4\tblue shoes\n5\t\n";

/* Fails when a family lacks a part of its table, or an option's default does not parse. */
static void test_families_are_whole(void **state)
{
    (void)state;
    assert_int_equal(sid_encoder_family_count(), sid__encoder_registry_count);
    assert_null(sid_encoder_family(-1));
    assert_null(sid_encoder_family(sid_encoder_family_count()));
    for (int i = 0; i < sid__encoder_registry_count; i++) {
        const sid__encoder_class *family = sid__encoder_registry[i];
        void *options = case_alloc((int64_t)family->options_size, 1);
        assert_ptr_equal(sid_encoder_family(i), &family->info);
        assert_non_null(family->info.summary);
        assert_true(family->fit && family->encode && family->encode_text && family->save && family->load);
        assert_true(family->drop && family->fingerprint);
        TEST_OK(sid__options_default(&family->info, options, err));
        sid__free(options);
    }
}

/* What the family needs to fit five short titles. */
static const char *family_options(int family)
{
    return strcmp(sid_encoder_family(family)->name, "bert") == 0 ? "weights=" TEST_TREE "/tests/golden/bert"
                                                                 : "min_df=1,max_df=1";
}

/* Every family: fails when encoding depends on threads, save and load change bits, or equal texts differ. */
static void test_conformance(void **state)
{
    (void)state;
    for (int i = 0; i < sid__encoder_registry_count; i++) {
        sid_encoder_options options = {.encoder = sid_encoder_family(i)->name, .options = family_options(i), .seed = 7};
        sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE), *other = case_ctx(7, sid__isa_best());
        sid_items *items = case_items(ctx, table);
        sid_encoder *e = NULL, *again = NULL;
        sid_vectors *x = NULL, *y = NULL;
        sid__tensor_set set = {0};
        sid__strbuf text = {0};
        int64_t no_text = -1;
        TEST_OK(sid_encoder_fit(ctx, items, &options, &e, err));
        TEST_OK(sid_encoder_encode(ctx, e, items, &x, &no_text, err));
        assert_int_equal(no_text, 1);
        assert_string_equal(sid_encoder_name(e), options.encoder);
        assert_int_equal(sid_vectors_dim(x), sid_encoder_dim(e));
        TEST_OK(sid__encoder_save(e, &set, err));
        TEST_OK(sid__encoder_options_text(e, &text, err));
        options.options = text.text;
        TEST_OK(sid__encoder_load(&options, &set, &again, err));
        TEST_OK(sid_encoder_encode(other, again, items, &y, NULL, err));
        assert_memory_equal(sid_vectors_data(x), sid_vectors_data(y), 5 * (size_t)sid_encoder_dim(e) * sizeof(float));
        assert_string_equal(sid__encoder_fingerprint(e), sid__encoder_fingerprint(again));
        sid_vectors_free(x);
        sid_vectors_free(y);
        sid_encoder_free(e);
        sid_encoder_free(again);
        sid__tensor_set_drop(&set);
        sid__strbuf_drop(&text);
        sid_items_free(items);
        sid_ctx_free(ctx);
        sid_ctx_free(other);
    }
}

/* Fails when a default or a given option does not reach the text that the manifest keeps. */
static void test_options_text(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table);
    sid_encoder *e = NULL;
    sid__strbuf text = {0};
    TEST_OK(sid_encoder_fit(ctx, items, &(sid_encoder_options){.options = "dim=2,max-df=1"}, &e, err));
    TEST_OK(sid__encoder_options_text(e, &text, err));
    assert_string_equal(text.text, "dim=2,vocab=50000,min_df=0,max_df=1,power=4");
    assert_memory_equal(sid__encoder_fingerprint(e), "lsa/1 utf8proc ", 15);
    sid__strbuf_drop(&text);
    sid_encoder_free(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

static void check_usage(const sid_encoder_options *options, const char *part)
{
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table);
    sid_encoder *e = NULL;
    TEST_FAILS(sid_encoder_fit(ctx, items, options, &e, err), SID_EUSAGE, part);
    assert_null(e);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* Fails when a mistyped name or value is taken, or the message gives no way out. */
static void test_usage(void **state)
{
    (void)state;
    char longer[2000];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = 0;
    check_usage(&(sid_encoder_options){.encoder = "lsi"}, "encoder \"lsi\" is unknown; did you mean \"lsa\"?");
    check_usage(&(sid_encoder_options){.options = "min_fd=1"}, "no option \"min_fd\"; did you mean \"min_df\"?");
    check_usage(&(sid_encoder_options){.options = "zzzzzz=1"}, "no option \"zzzzzz\"");
    check_usage(&(sid_encoder_options){.options = "dim=0"}, "dim is \"0\"");
    check_usage(&(sid_encoder_options){.options = "max_df=2"}, "max_df is \"2\"");
    check_usage(&(sid_encoder_options){.fields = "titel"}, "did you mean \"title\"?");
    check_usage(&(sid_encoder_options){.fields = longer}, "fields is longer than");
}

/* Fails when memory or its limit is overlooked; freeing nothing is fine. */
static void test_failures(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table);
    sid_encoder *e = NULL;
    sid_vectors *x = NULL;
    for (int after = 0; after < 4; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_encoder_fit(ctx, items, NULL, &e, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    TEST_OK(sid_encoder_fit(ctx, items, &(sid_encoder_options){.options = "max_df=1"}, &e, err));
    for (int after = 0; after < 6; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_encoder_encode(ctx, e, items, &x, NULL, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_set_memory_limit(ctx, 10);
    TEST_FAILS(sid_encoder_encode(ctx, e, items, &x, NULL, err), SID_ENOMEM, "the vectors");
    assert_null(x);
    sid_encoder_free(e);
    sid_encoder_free(NULL);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families_are_whole), cmocka_unit_test(test_conformance),
        cmocka_unit_test(test_options_text),       cmocka_unit_test(test_usage),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
