/* test_batcher.c: what an epoch feeds, against the events themselves. */
#include "data/batcher.h"

#include "model_case.h"

static sid__batcher made_batcher(const sid__split *split, sid__batcher_options options)
{
    sid__batcher b;
    options.history_max = options.history_max ? options.history_max : 50;
    options.batch_users = options.batch_users || options.batch_tokens ? options.batch_users : 4;
    options.seed = options.seed ? options.seed : 9;
    TEST_OK(sid__batcher_create(split, &options, &b, err));
    return b;
}

/* Where `item` (count) stands in the train events of a user as one run; -1: nowhere. */
static int64_t find_run(const sid__split *split, int32_t user, const int32_t *item, int64_t count)
{
    for (int64_t at = split->begin[user]; at + count <= split->train_end[user]; at++)
        if (memcmp(split->item + at, item, (size_t)count * sizeof *item) == 0)
            return at;
    return -1;
}

static void check_next(const sid__split *split, sid__batcher *b, int *seen, int64_t *tokens)
{
    for (int64_t i = 0; i < b->batch_count; i++) {
        sid__batch batch = sid__batcher_get(b, i);
        assert_int_equal(batch.tokens, batch.sequences.begin[batch.sequences.count]);
        assert_int_equal(batch.target_count, batch.tokens);
        for (int64_t s = 0; s < batch.sequences.count; s++) {
            int64_t begin = batch.sequences.begin[s], count = batch.sequences.begin[s + 1] - begin;
            int32_t run[64];
            assert_in_range(count, 1, b->options.history_max);
            run[0] = batch.item[begin];
            for (int64_t t = 0; t < count; t++) {
                assert_true(t == 0 || batch.item[begin + t] == batch.target[begin + t - 1]);
                run[t + 1] = batch.target[begin + t];
            }
            assert_true(find_run(split, batch.user[s], run, count + 1) >= 0);
            seen[batch.user[s]]++;
        }
        *tokens += batch.tokens;
    }
}

/* Fails when a user is left out or comes twice, a target is not the next train event, or a crop leaves the train events. */
static void test_epoch(void **state)
{
    (void)state;
    enum { USERS = 90 };
    sid_events *events = made_events(ctx, USERS, 30);
    sid__split split;
    TEST_OK(sid__split_make(events, NULL, &split, err));
    for (int augment = SID__AUGMENT_NONE; augment <= SID__AUGMENT_CROP; augment++) {
        sid__batcher b =
            made_batcher(&split, (sid__batcher_options){.augment = (sid__augment)augment, .crop_rate = .7});
        int64_t tokens = 0, all = 0;
        int seen[USERS] = {0};
        sid__batcher_begin(&b, 3);
        check_next(&split, &b, seen, &tokens);
        for (int u = 0; u < USERS; u++) {
            int64_t count = split.train_end[u] - split.begin[u];
            assert_int_equal(seen[u], count >= 2);
            all += count >= 2 ? count - 1 : 0;
        }
        if (augment == SID__AUGMENT_NONE)
            assert_int_equal(tokens, all);
        else
            assert_in_range(tokens, b.sample_count, all - 1);
        sid__batcher_drop(&b);
    }
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when a window is longer than a history may be, or another one than the last. */
static void test_history_max(void **state)
{
    (void)state;
    sid_events *events = good_events(ctx, "user_id\titem_id\nu\ta\nu\tb\nu\tc\nu\td\nu\te\nu\tf\nu\tg\n", NULL);
    sid__split split;
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "all"}, &split, err));
    sid__batcher b = made_batcher(&split, (sid__batcher_options){.samples = SID__SAMPLES_WHOLE, .history_max = 3});
    sid__batcher_begin(&b, 0);
    sid__batch batch = sid__batcher_get(&b, 0);
    assert_int_equal(batch.tokens, 4);
    assert_memory_equal(batch.item, ((int32_t[]){3, 4, 5, 6}), 4 * sizeof(int32_t));
    assert_memory_equal(batch.target, ((int32_t[]){4, 5, 6, -1}), 4 * sizeof(int32_t));
    assert_int_equal(batch.target_count, 3);
    sid__batcher_drop(&b);
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when prefixes are not each a sample, or more than their last target counts. */
static void test_prefixes(void **state)
{
    (void)state;
    sid_events *events = good_events(ctx, "user_id\titem_id\nu\ta\nu\tb\nu\tc\nu\td\nv\tc\nv\ta\nw\tb\n", NULL);
    sid__split split;
    int found = 0;
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "all"}, &split, err));
    sid__batcher b = made_batcher(&split, (sid__batcher_options){.augment = SID__AUGMENT_PREFIX, .batch_users = 1});
    assert_int_equal(sid__batcher_steps(&b, 5), 20);
    for (int64_t i = 0; i < b.batch_count; i++) {
        sid__batch batch = sid__batcher_get(&b, i);
        found |= 1 << (batch.user[0] * 4 + batch.tokens);
        for (int64_t t = 0; t + 1 < batch.tokens; t++)
            assert_int_equal(batch.target[t], -1);
        assert_int_equal(batch.target[batch.tokens - 1], batch.user[0] == 0 ? batch.tokens : 0);
        assert_int_equal(batch.target_count, 1);
    }
    assert_int_equal(found, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5);
    sid__batcher_drop(&b);
    sid__split_drop(&split);
    sid_events_free(events);
}

static uint64_t hash_epoch(sid__batcher *b, int64_t epoch)
{
    uint64_t hash = 1;
    sid__batcher_begin(b, epoch);
    for (int64_t i = 0; i < b->batch_count; i++) {
        sid__batch batch = sid__batcher_get(b, i);
        for (int64_t t = 0; t < batch.tokens; t++)
            hash = (hash ^ (uint64_t)batch.item[t]) * 1099511628211U + (uint64_t)i;
    }
    return hash;
}

/* Fails when an epoch depends on what came before it, epochs are alike, or the seed does not matter. */
static void test_a_function_of_epoch(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 30);
    sid__split split;
    const sid__batcher_options options = {.augment = SID__AUGMENT_CROP, .crop_rate = .5, .ties_augment = true};
    TEST_OK(sid__split_make(events, NULL, &split, err));
    sid__batcher a = made_batcher(&split, options), b = made_batcher(&split, options);
    sid__batcher other = made_batcher(&split, (sid__batcher_options){.seed = 10});
    uint64_t first = hash_epoch(&a, 0), second = hash_epoch(&a, 1);
    assert_true(first != second);
    assert_true(hash_epoch(&b, 1) == second);
    assert_true(hash_epoch(&a, 0) == first);
    assert_true(hash_epoch(&other, 0) != first);
    sid__batcher_drop(&a);
    sid__batcher_drop(&b);
    sid__batcher_drop(&other);
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when a batch holds more than it may, or lengths within one differ more than sorting leaves. */
static void test_limits(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 200, 30);
    sid__split split;
    int64_t steps = 0, wide = 0;
    TEST_OK(sid__split_make(events, NULL, &split, err));
    sid__batcher b = made_batcher(
        &split,
        (sid__batcher_options){.augment = SID__AUGMENT_CROP, .crop_rate = .5, .batch_users = 16, .batch_tokens = 40});
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        sid__batcher_begin(&b, epoch);
        steps += b.batch_count;
        for (int64_t i = 0; i < b.batch_count; i++) {
            sid__batch batch = sid__batcher_get(&b, i);
            int64_t shortest = 99, longest = 0;
            assert_in_range(batch.tokens, 1, 40);
            assert_in_range(batch.sequences.count, 1, 16);
            for (int64_t s = 0; s < batch.sequences.count; s++) {
                int64_t length = batch.sequences.begin[s + 1] - batch.sequences.begin[s];
                shortest = length < shortest ? length : shortest;
                longest = length > longest ? length : longest;
            }
            wide += longest - shortest > 2;
        }
    }
    assert_int_equal(wide, 0);
    assert_int_equal(sid__batcher_steps(&b, 3), steps);
    sid__batcher_drop(&b);
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when batches by items alone are not as full as histories allow, so that events of some would weigh more in a step. */
static void test_by_items(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 200, 30);
    sid__split split;
    int64_t sparse = 0, most = 0;
    TEST_OK(sid__split_make(events, NULL, &split, err));
    sid__batcher b = made_batcher(&split, (sid__batcher_options){.history_max = 10, .batch_tokens = 60});
    sid__batcher_begin(&b, 0);
    for (int64_t i = 0; i < b.batch_count; i++) {
        sid__batch batch = sid__batcher_get(&b, i);
        sparse += batch.tokens <= 60 - 10; /* one more history would have had room */
        most = batch.sequences.count > most ? batch.sequences.count : most;
        assert_in_range(batch.tokens, 1, 60);
    }
    assert_in_range(sparse, 0, 1); /* what was left in the end */
    assert_true(most > 6);
    sid__batcher_drop(&b);
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when events of one moment keep their order in all epochs, or others lose theirs. */
static void test_ties(void **state)
{
    (void)state;
    sid_events *events = good_events(
        ctx, "user_id\titem_id\ttimestamp\nu\ta\t1\nu\tb\t2\nu\tc\t2\nu\td\t2\nu\te\t3\nu\tf\t3\nu\tg\t4\n", NULL);
    sid__split split;
    int orders = 0;
    TEST_OK(sid__split_make(events, NULL, &split, err)); /* e trains, f is the validation */
    sid__batcher b = made_batcher(&split, (sid__batcher_options){.samples = SID__SAMPLES_WHOLE, .ties_augment = true});
    for (int64_t epoch = 0; epoch < 40; epoch++) {
        sid__batcher_begin(&b, epoch);
        sid__batch batch = sid__batcher_get(&b, 0);
        assert_int_equal(batch.item[0], 0);
        assert_int_equal(batch.item[4], 4);
        assert_int_equal(1 << batch.item[1] | 1 << batch.item[2] | 1 << batch.item[3], 2 + 4 + 8);
        orders |= 1 << (batch.item[1] * 4 + batch.item[2]);
    }
    assert_int_equal(__builtin_popcount((unsigned)orders), 6);
    sid__batcher_drop(&b);
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when events without a second one for anybody are trained on, or a failed allocation leaks. */
static void test_bad(void **state)
{
    (void)state;
    sid_events *events = good_events(ctx, "user_id\titem_id\nu\ta\nv\tb\n", NULL);
    sid__split split;
    sid__batcher b;
    sid_error error;
    const sid__batcher_options options = {.history_max = 5, .batch_users = 2, .seed = 1};
    TEST_OK(sid__split_make(events, NULL, &split, err));
    assert_int_equal(sid__batcher_create(&split, &options, &b, &error), SID_EDATA);
    assert_non_null(strstr(error.message, "none of the 2 users has two events"));
    assert_int_equal(sid__batcher_create(&split, &(sid__batcher_options){.history_max = 5}, &b, &error), SID_EUSAGE);
    assert_non_null(strstr(error.message, "batch_tokens=1024"));
    sid__split_drop(&split);
    sid_events_free(events);
    events = made_events(ctx, 20, 9);
    TEST_OK(sid__split_make(events, NULL, &split, err));
    for (int64_t after = 0; after < 11; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid__batcher_create(&split, &options, &b, &error), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
    sid__split_drop(&split);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch),    cmocka_unit_test(test_history_max),
        cmocka_unit_test(test_prefixes), cmocka_unit_test(test_a_function_of_epoch),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_ties),
        cmocka_unit_test(test_by_items), cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
