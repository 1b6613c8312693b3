#include "catalog_fixture.h"

#include <math.h>

#include "items_case.h"

static const sid_trial few[] = {{"rkmeans", 2, "8", NULL}, {"balanced", 2, "8", NULL}, {"pq", 9, "8", NULL}};
enum { FEW = sizeof few / sizeof *few };

/* Fails when figures depend on threads or on the run, or the sample has another size. */
static void advice_is_deterministic(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, 1000, 7, "i");
    const sid_advise_options options = {.trial = few, .trial_count = FEW, .sample = 300};
    sid_advice advice[2] = {0};
    for (int i = 0; i < 2; i++) {
        TEST_OK(sid_ctx_set_threads(f->ctx, i ? 3 : 1, err));
        TEST_OK(sid_advise(f->ctx, vectors, &options, &advice[i], err));
        assert_int_equal(advice[i].sample, 300);
        assert_int_equal(advice[i].counted, 1000);
        assert_int_equal(advice[i].row[0].report.items, 1000); /* counts are of all items */
        assert_non_null(advice[i].row[2].refused);
    }
    assert_int_equal(advice[0].chosen, advice[1].chosen);
    for (int i = 0; i < FEW - 1; i++) {
        const sid_report *a = &advice[0].row[i].report, *b = &advice[1].row[i].report;
        assert_true(a->relative_mse == b->relative_mse && a->unique_sids == b->unique_sids);
        assert_true(a->lcp_ratio == b->lcp_ratio);
    }
    sid_advice_drop(&advice[0]);
    sid_advice_drop(&advice[1]);
    sid_vectors_free(vectors);
}

/* Fails when the usual list breaks on 25 items, on one, or on rows that are all equal. */
static void small_catalogues_get_advice(void **state)
{
    fixture *f = *state;
    const int64_t count[] = {25, 1};
    for (int i = 0; i < 2; i++) {
        sid_advice advice;
        sid_vectors *vectors = fixture_vectors(f, count[i], 7, "i");
        TEST_OK(sid_advise(f->ctx, vectors, NULL, &advice, err));
        assert_true(advice.chosen >= 0 && advice.row[advice.chosen].is_ordered);
        assert_true(strtol(advice.row[advice.chosen].codes, NULL, 10) <= 16);
        sid_advice_drop(&advice);
        sid_vectors_free(vectors);
    }
    float same[40 * 4] = {0};
    sid_vectors *equal = NULL;
    sid_advice advice;
    TEST_OK(sid_vectors_create(f->ctx, same, 40, 4, NULL, &equal, err));
    TEST_OK(sid_advise(f->ctx, equal, NULL, &advice, err));
    assert_int_equal(advice.chosen, -1);
    assert_non_null(strstr(advice.why, "all vectors are equal"));
    assert_int_equal(f->warnings, 0); /* what fits warn of stands in the reports */
    sid_advice_drop(&advice);
    sid_vectors_free(equal);
}

/* Fails when categories are not joined by id, or a wrong column passes. */
static void categories_are_joined_by_id(void **state)
{
    fixture *f = *state;
    const float x[8] = {0, 1, 2, 3, 100, 101, 102, 103};
    const char *const ids[8] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    sid_items *items =
        case_items(f->ctx, "item_id\tkind\nh\tfar\ng\tfar\nf\tfar\ne\tfar\na\tnear\nb\tnear\nc\tnear\nd\tnear\n");
    sid_vectors *vectors = NULL;
    sid_advice advice;
    const sid_trial two = {"rkmeans", 2, "2", "init=greedy"};
    sid_advise_options options = {.trial = &two, .trial_count = 1, .items = items, .category = "kind"};
    TEST_OK(sid_vectors_create(f->ctx, x, 8, 1, ids, &vectors, err));
    TEST_OK(sid_advise(f->ctx, vectors, &options, &advice, err));
    assert_true(fabs(advice.row[0].report.level[0].ami - 1) < 1e-9);
    sid_advice_drop(&advice);
    options.category = "kin";
    TEST_FAILS(sid_advise(f->ctx, vectors, &options, &advice, err), SID_EUSAGE, "no column \"kin\"");
    options.category = "kind";
    options.category_separator = "";
    TEST_FAILS(sid_advise(f->ctx, vectors, &options, &advice, err), SID_EUSAGE, "separator");
    sid_vectors_free(vectors);
    sid_items_free(items);
}

/* Fails when bad options pass, or a canceled or failed run leaves memory or a log that is off. */
static void failures_leave_nothing(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, 100, 7, "i");
    sid_advice advice;
    sid_advise_options options = {.trial = few, .trial_count = 2, .sample = 50};
    TEST_FAILS(sid_advise(f->ctx, NULL, NULL, &advice, err), SID_EDATA, "no vectors");
    TEST_FAILS(sid_advise(f->ctx, vectors, &(sid_advise_options){.sample = -1}, &advice, err), SID_EUSAGE, "-1");
    TEST_FAILS(sid_advise(f->ctx, vectors, &(sid_advise_options){.trial_count = 2}, &advice, err), SID_EUSAGE,
               "no list");
    const sid_trial wrong = {"rkmean", 3, NULL, NULL};
    TEST_FAILS(sid_advise(f->ctx, vectors, &(sid_advise_options){.trial = &wrong, .trial_count = 1}, &advice, err),
               SID_EUSAGE, "did you mean \"rkmeans\"");
    int calls = 0;
    for (int after = 0;; after += 1 + after / 8) {
        sid_error err = {0};
        sid__mem_fail(after, 1);
        sid_status status = sid_advise(f->ctx, vectors, &options, &advice, &err);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
        assert_null(advice.memory);
        calls++;
    }
    assert_true(calls > 10);
    sid_advice_drop(&advice);
    sid_ctx_cancel(f->ctx);
    TEST_FAILS(sid_advise(f->ctx, vectors, &options, &advice, err), SID_ECANCELED, "");
    sid_advice_drop(&advice);
    sid_advice_drop(NULL);
    sid_vectors_free(vectors);
}

/* Fails when the estimate leaves out trials or the sample's copy. */
static void estimate_grows_with_trials(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, 1000, 7, "i");
    sid_fit_estimate one, all;
    TEST_OK(sid_advise_check(f->ctx, vectors, &(sid_advise_options){.trial = few, .trial_count = 1}, &one, err));
    TEST_OK(sid_advise_check(f->ctx, vectors, &(sid_advise_options){.trial = few, .trial_count = FEW}, &all, err));
    assert_int_equal(one.items, 1000);
    assert_true(one.fit_s > 0 && all.fit_s > one.fit_s && all.memory_size >= one.memory_size);
    assert_true(one.memory_size > 1000 * FIXTURE_DIM * sizeof(float));
    TEST_OK(sid_advise_check(f->ctx, vectors, NULL, &all, err));
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(advice_is_deterministic),     FIXTURE_TEST(small_catalogues_get_advice),
        FIXTURE_TEST(categories_are_joined_by_id), FIXTURE_TEST(failures_leave_nothing),
        FIXTURE_TEST(estimate_grows_with_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
