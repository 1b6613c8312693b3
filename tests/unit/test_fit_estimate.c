/* test_fit_estimate.c: what a fit takes, told before it begins. */
#include "catalog_fixture.h"

#include "catalog/fit_estimate.h"

static sid_quantizer *quantizer_of(const char *options)
{
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_create(&(sid_quantizer_options){.levels = 3, .codes = "64", .options = options}, &q, err));
    return q;
}

/* Fails when more items, dimensions or threads do not change time, memory and disk the right way. */
static void it_grows_with_what_there_is(void **state)
{
    fixture *f = *state;
    sid_vectors *few = NULL, *many = NULL;
    sid_quantizer *q = quantizer_of("");
    sid_fit_estimate small, large, quick, without;
    TEST_OK(sid_vectors_synth(f->ctx, 1000, 8, 4, 1, 1, &few, err));
    TEST_OK(sid_vectors_synth(f->ctx, 50000, 8, 4, 1, 1, &many, err));
    sid__fit_estimate(f->ctx, q, &(sid_fit_options){0}, few, 1000, &small);
    sid__fit_estimate(f->ctx, q, &(sid_fit_options){0}, many, 50000, &large);
    sid__fit_estimate(f->ctx, q, &(sid_fit_options){.drop_vectors = true}, many, 50000, &without);
    TEST_OK(sid_ctx_set_threads(f->ctx, 8, err));
    sid__fit_estimate(f->ctx, q, &(sid_fit_options){0}, many, 50000, &quick);
    assert_int_equal(large.items, 50000);
    assert_int_equal(large.dim, 8);
    assert_true(large.fit_s > 10 * small.fit_s && quick.fit_s < large.fit_s);
    assert_true(large.memory_size > small.memory_size && large.disk_size > 40 * small.disk_size / 2);
    assert_true(large.disk_size - without.disk_size == 50000 * 8 * sizeof(float));
    sid_quantizer_free(q);
    sid_vectors_free(few);
    sid_vectors_free(many);
}

/* Fails when a limit that is too small begins the fit, or what the message advises does not do. */
static void a_small_limit_is_told_what_would_do(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = NULL;
    sid_error why = {0};
    sid_fit_options options = {.levels = 3, .codes = "64"};
    char limited[64];
    TEST_OK(sid_vectors_synth(f->ctx, 40000, 32, 4, 1, 1, &vectors, err));
    sid_ctx_set_memory_limit(f->ctx, (size_t)24 << 20);
    assert_int_equal(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, &why), SID_ENOMEM);
    assert_int_equal(count_entries(f->root), 0);
    const char *sample = strstr(why.message, "--sample "), *limit = strstr(why.message, "--memory-limit to ");
    assert_non_null(sample);
    assert_non_null(limit);
    (void)snprintf(limited, sizeof limited, "sample=%ld", strtol(sample + 9, NULL, 10));
    options.options = limited;
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err));
    options.options = NULL;
    options.force = true;
    sid_ctx_set_memory_limit(f->ctx, (size_t)strtol(limit + 18, NULL, 10) << 20);
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err));
    sid_ctx_set_memory_limit(f->ctx, (size_t)7 << 20); /* not even the codes */
    TEST_FAILS(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err), SID_ENOMEM, "for 40000 items");
    assert_int_equal(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, &why), SID_ENOMEM);
    assert_null(strstr(why.message, "--sample"));
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(it_grows_with_what_there_is),
                                       FIXTURE_TEST(a_small_limit_is_told_what_would_do)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
