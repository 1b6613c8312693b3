/* test_synth_impressions.c: the files of the synthetic world, and the ceilings beside them. */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vfs.h"
#include "semid_rank.h"
#include "test.h"

static const sid_synth_options small = {
    .items = 400, .users = 500, .impressions = 6000, .days = 3, .seed = 5, .force = true};
static const char folder[] = "test_synth_impressions.tmp";

static int setup(void **state)
{
    sid_ctx *ctx = NULL;
    TEST_OK(sid_ctx_create(&ctx, err));
    (void)mkdir(folder, 0777);
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    TEST_OK(sid__remove_tree(folder, err));
    sid_ctx_free(*state);
    return 0;
}

static char *read_file(const char *name)
{
    char path[256], *bytes = NULL;
    int64_t size = 0;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    TEST_OK(sid__read_whole(path, 1 << 26, &bytes, &size, err));
    return bytes;
}

static int64_t lines_of(const char *text)
{
    int64_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Fails when a file lacks rows, when truth is not beside its impressions, or when the ceilings are not those of the law: who
 * knows more ranks better, and the best is near the nominal .81. */
static void test_files(void **state)
{
    sid_synth_summary summary;
    TEST_OK(sid_synth_impressions(*state, &small, folder, &summary, err));
    char *impressions = read_file("impressions.tsv"), *truth = read_file("truth.tsv"), *items = read_file("items.tsv");
    char *ids = read_file("vectors.ids.txt"), *json = read_file("truth.json");
    assert_int_equal(summary.impressions, 18000);
    assert_int_equal(lines_of(impressions), 18001);
    assert_int_equal(lines_of(truth), 18001);
    assert_int_equal(lines_of(items), summary.items + 1);
    assert_int_equal(lines_of(ids), summary.items);
    assert_int_equal(summary.test_impressions[SID_RANK_SLICE_ALL], 6000);
    int64_t parts = 0;
    for (int k = SID_RANK_SLICE_NEW; k < SID_RANK_SLICE_COUNT; k++)
        parts += summary.test_impressions[k];
    assert_int_equal(parts, 6000);
    assert_true(summary.best[SID_RANK_SLICE_ALL].auc > .76 && summary.best[SID_RANK_SLICE_ALL].auc < .86);
    assert_true(summary.content[SID_RANK_SLICE_ALL].auc < summary.best[SID_RANK_SLICE_ALL].auc - .02);
    assert_true(summary.best[SID_RANK_SLICE_ALL].ne < summary.content[SID_RANK_SLICE_ALL].ne);
    assert_non_null(strstr(json, "\"content_only\":{\"all\":{\"impressions\":6000,\"auc\":0.7"));
    sid__free(impressions);
    sid__free(truth);
    sid__free(items);
    sid__free(ids);
    sid__free(json);
}

/* Fails when bytes depend on threads, or when the seed does nothing. */
static void test_bytes(void **state)
{
    sid_synth_options other = small;
    TEST_OK(sid_ctx_set_threads(*state, 3, err));
    TEST_OK(sid_synth_impressions(*state, &small, folder, NULL, err));
    char *three = read_file("impressions.tsv");
    TEST_OK(sid_ctx_set_threads(*state, 1, err));
    TEST_OK(sid_synth_impressions(*state, &small, folder, NULL, err));
    char *one = read_file("impressions.tsv");
    assert_string_equal(one, three);
    other.seed = 6;
    TEST_OK(sid_synth_impressions(*state, &other, folder, NULL, err));
    char *another = read_file("impressions.tsv");
    assert_string_not_equal(one, another);
    sid__free(one);
    sid__free(three);
    sid__free(another);
}

/* Fails when events hold a showing that was no click, or when files are replaced without force. */
static void test_events_and_force(void **state)
{
    sid_synth_options events = small;
    sid_synth_summary summary;
    events.events_only = true;
    TEST_OK(sid_synth_impressions(*state, &events, folder, &summary, err));
    char *text = read_file("events.tsv");
    assert_int_equal(lines_of(text), summary.clicks + 1);
    sid__free(text);
    events.force = false;
    TEST_FAILS(sid_synth_impressions(*state, &events, folder, NULL, err), SID_EEXISTS, "items.tsv");
    TEST_FAILS(sid_synth_impressions(*state, &small, "nowhere", NULL, err), SID_EIO, "nowhere");
    events.force = true;
    events.days = -1;
    TEST_FAILS(sid_synth_impressions(*state, &events, folder, NULL, err), SID_EUSAGE, "days");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_files, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_events_and_force, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
