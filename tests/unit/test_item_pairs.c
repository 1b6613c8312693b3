/* test_item_pairs.c: how items follow each other. */
#include "model/item_pairs.h"

#include "base/mem.h"
#include "model_case.h"

/* S(i, j) by its definition, over all pairs of all train runs. */
static double pair_sum(const sid__split *split, int32_t i, int32_t j, double forward)
{
    double sum = 0;
    for (int64_t u = 0; u < split->user_count; u++)
        for (int64_t a = split->begin[u]; a < split->train_end[u]; a++)
            for (int64_t b = a + 1; b < split->train_end[u] && b - a <= SID__PAIR_DISTANCE_MAX; b++) {
                sum += (split->item[a] == i && split->item[b] == j) / (double)(b - a);
                sum += (1 - forward) * (split->item[b] == i && split->item[a] == j) / (double)(b - a);
            }
    return sum;
}

static void check_item(const sid__split *split, const sid__item_pairs *pairs, int32_t i, const sid__pair_options *o)
{
    int64_t count = pairs->begin[i + 1] - pairs->begin[i], others = 0;
    double least = count > 0 ? (double)pairs->similarity[pairs->begin[i + 1] - 1] : 0;
    for (int32_t j = 0; j < pairs->item_count; j++) {
        double n = sqrt(sqrt((double)split->train_count[i])) * sqrt(sqrt((double)split->train_count[j]));
        double wanted = pair_sum(split, i, j, o->forward) / (n + o->shrink);
        bool is_kept = false;
        for (int64_t at = pairs->begin[i]; at < pairs->begin[i + 1]; at++)
            if (pairs->neighbor[at] == j) {
                assert_true(fabs((double)pairs->similarity[at] - wanted) < 1e-6 * wanted);
                is_kept = true;
            }
        others += wanted > 0;
        if (!is_kept && wanted > 0)
            assert_true(count == o->neighbors && wanted < least * (1 + 1e-6));
    }
    assert_int_equal(count, others < o->neighbors ? others : o->neighbors);
    for (int64_t at = pairs->begin[i] + 1; at < pairs->begin[i + 1]; at++)
        assert_true(
            pairs->similarity[at - 1] > pairs->similarity[at] ||
            (pairs->similarity[at - 1] == pairs->similarity[at] && pairs->neighbor[at - 1] < pairs->neighbor[at]));
}

/* Fails when a similarity is not what the formula says, the wrong neighbours are kept, or their order is another. */
static void test_formula(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 30);
    sid__split split;
    static const sid__pair_options options[] = {
        {.forward = .5, .neighbors = 200}, {.forward = 1, .shrink = 2, .neighbors = 5}, {.forward = 0, .neighbors = 3}};
    TEST_OK(sid__split_make(events, NULL, &split, err));
    for (int o = 0; o < 3; o++) {
        sid__item_pairs pairs;
        TEST_OK(sid__item_pairs_make(ctx, &split, &options[o], &pairs, err));
        for (int32_t i = 0; i < pairs.item_count; i++)
            check_item(&split, &pairs, i, &options[o]);
        sid__item_pairs_drop(&pairs);
    }
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when threads change a bit, or what is kept does not come back, or nonsense does. */
static void test_threads_and_files(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 300, 150);
    sid__split split;
    sid__item_pairs one, many, back;
    sid__tensor_set set = {0};
    const sid__pair_options options = {.forward = .5, .neighbors = 20};
    TEST_OK(sid__split_make(events, NULL, &split, err));
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    TEST_OK(sid__item_pairs_make(ctx, &split, &options, &one, err));
    TEST_OK(sid_ctx_set_threads(ctx, 7, err));
    TEST_OK(sid__item_pairs_make(ctx, &split, &options, &many, err));
    assert_memory_equal(one.begin, many.begin, 151 * sizeof *one.begin);
    assert_memory_equal(one.neighbor, many.neighbor, (size_t)one.begin[150] * sizeof *one.neighbor);
    assert_memory_equal(one.similarity, many.similarity, (size_t)one.begin[150] * sizeof *one.similarity);
    TEST_OK(sid__item_pairs_save(&one, &set, err));
    TEST_OK(sid__item_pairs_load(150, &set, &back, err));
    assert_memory_equal(one.similarity, back.similarity, (size_t)one.begin[150] * sizeof *one.similarity);
    sid__item_pairs_drop(&back);
    assert_int_not_equal(sid__item_pairs_load(149, &set, &back, NULL), SID_OK);
    ((int32_t *)sid__tensor_find(&set, "pairs.neighbor")->data)[0] = 150;
    TEST_FAILS(sid__item_pairs_load(150, &set, &back, err), SID_ECORRUPT, "out of range");
    sid__tensor_set_drop(&set);
    sid__item_pairs_drop(&one);
    sid__item_pairs_drop(&many);
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when memory that is missing leaks or crashes. */
static void test_no_memory(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 10, 10);
    sid__split split;
    sid__item_pairs pairs;
    TEST_OK(sid__split_make(events, NULL, &split, err));
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, -1);
        sid_status status =
            sid__item_pairs_make(ctx, &split, &(sid__pair_options){.forward = .5, .neighbors = 4}, &pairs, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__item_pairs_drop(&pairs);
    sid__split_drop(&split);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formula), cmocka_unit_test(test_threads_and_files),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
