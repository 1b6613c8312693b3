/* test_click_model_run.c: days, slices, histories, limits. */
#include "click_model_case.h"

static sid_ranker_day reported[CASE_DAYS];
static int report_count;

static sid_status report(void *user, const sid_ranker_day *day, sid_error *error)
{
    (void)user;
    (void)error;
    assert_true(report_count < CASE_DAYS);
    reported[report_count++] = *day;
    return SID_OK;
}

/* Fails when a day is asked after it was learned, when "new" are not those first shown that day, or a day is left out. */
static void test_days(void **state)
{
    const sid_ranker_days days = {.report = report};
    (void)state;
    sid_ranker *ranker = ranker_of(write_case("f.json", usual_features));
    sid_impressions *im = read_for(ranker, write_days("im.tsv", 1, CASE_DAYS));
    report_count = 0;
    TEST_OK(sid_ranker_train(ranker, im, &days, err));
    assert_int_equal(report_count, CASE_DAYS);
    for (int d = 0; d < CASE_DAYS; d++) {
        const sid_rank_score *all = &reported[d].score[SID_RANK_SLICE_ALL],
                             *new = &reported[d].score[SID_RANK_SLICE_NEW];
        int64_t fresh = 0, sum = 0;
        for (int64_t i = 0; i < im->count; i++)
            fresh += im->row[i].day == d && (d == 0 || (int)strtol(im->items.id[im->row[i].item] + 1, NULL, 10) >=
                                                           CASE_ITEMS / 2 + 5 * (d - 1));
        for (int s = SID_RANK_SLICE_NEW; s < SID_RANK_SLICE_COUNT; s++)
            sum += reported[d].score[s].impressions;
        assert_int_equal(reported[d].day, d + 1);
        assert_int_equal(all->impressions, CASE_DAY_COUNT);
        assert_int_equal(new->impressions, fresh);
        assert_int_equal(sum, CASE_DAY_COUNT);
        assert_true(isfinite(all->log_loss) && isfinite(all->ne) && all->gauc > 0);
    }
    assert_true(reported[0].score[0].auc < .65); /* the first day begins knowing nothing */
    assert_true(reported[3].score[0].auc > .68);
    assert_true(reported[3].score[0].ne < reported[0].score[0].ne);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

/* Fails when asking teaches: the same question has the same answer, and a training goes on as if nobody had asked. */
static void test_asking(void **state)
{
    double first[CASE_DAY_COUNT], again[CASE_DAY_COUNT];
    sid_ranker_day day;
    const sid_ranker_days last = {.from = -1}, third = {.from = 3, .to = 3};
    (void)state;
    const char *features = write_case("f.json", usual_features);
    sid_ranker *asked = trained(features, 1, 2), *other = trained(features, 1, 2);
    sid_impressions *im = read_for(asked, write_days("im.tsv", 1, 4));
    TEST_OK(sid_ranker_eval(asked, im, &last, &day, first, err));
    TEST_OK(sid_ranker_eval(asked, im, &last, &day, again, err));
    assert_memory_equal(first, again, sizeof first);
    assert_int_equal(day.score[SID_RANK_SLICE_ALL].impressions, CASE_DAY_COUNT);
    TEST_OK(sid_ranker_train(asked, im, &third, err));
    TEST_OK(sid_ranker_train(other, im, &third, err));
    TEST_OK(sid_ranker_eval(asked, im, &last, &day, first, err));
    TEST_OK(sid_ranker_eval(other, im, &last, &day, again, err));
    assert_memory_equal(first, again, sizeof first);
    sid_impressions_free(im);
    sid_ranker_free(asked);
    sid_ranker_free(other);
}

/* Fails when days are learned twice without a word, or days that are not there are taken. */
static void test_which_days(void **state)
{
    sid_ranker_info info;
    (void)state;
    sid_ranker *ranker = trained(write_case("f.json", usual_features), 1, 2);
    sid_impressions *im = read_for(ranker, write_days("im.tsv", 1, 4));
    TEST_FAILS(sid_ranker_train(ranker, im, NULL, err), SID_EUSAGE, "has learned of days up to 2");
    TEST_FAILS(sid_ranker_train(ranker, im, &(sid_ranker_days){.from = 5}, err), SID_EUSAGE, "has 4");
    TEST_FAILS(sid_ranker_train(ranker, im, &(sid_ranker_days){.from = 3, .to = 2}, err), SID_EUSAGE, "days 3 to 2");
    TEST_OK(sid_ranker_train(ranker, im, &(sid_ranker_days){.skip_seen = true, .to = -2}, err));
    sid_ranker_get_info(ranker, &info);
    assert_int_equal(info.impressions, 3 * CASE_DAY_COUNT);
    TEST_OK(sid_ranker_train(ranker, im, &(sid_ranker_days){.skip_seen = true, .to = 3}, err)); /* nothing new */
    sid_ranker_get_info(ranker, &info);
    assert_int_equal(info.impressions, 3 * CASE_DAY_COUNT);
    assert_int_equal(info.last_day, 3);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

/* Fails when rows outlive ttl_days, or two-tower's scores are taken for probabilities. */
static void test_expiry_and_relative_scores(void **state)
{
    const sid_ranker_days days = {.report = report};
    (void)state;
    sid_ranker *ranker = ranker_of(features_with("\"user\":{\"dim\":8}", "\"user\":{\"dim\":8,\"ttl_days\":0.001}"));
    sid_impressions *im = read_for(ranker, write_days("im.tsv", 1, 1));
    report_count = 0;
    TEST_OK(sid_ranker_train(ranker, im, &days, err));
    assert_true(reported[0].dropped > 0);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
    ranker = ranker_of(features_with("\"deepfm\",\"options\":{\"mlp\":\"8\"}", "\"two-tower\""));
    im = read_for(ranker, write_days("im.tsv", 1, 1));
    report_count = 0;
    TEST_OK(sid_ranker_train(ranker, im, &days, err));
    assert_true(isnan(reported[0].score[0].ne) && isnan(reported[0].score[0].log_loss) && reported[0].score[0].auc > 0);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

/* Fails when a table that is full loses what was learned before, or the message does not say what to do. */
static void test_table_full(void **state)
{
    sid_ranker_day day;
    (void)state;
    sid_ranker *ranker = trained(features_with("\"user\":{\"dim\":8}", "\"user\":{\"dim\":1024}"), 1, 1);
    sid__strbuf text = {0};
    TEST_OK(sid__strbuf_printf(&text, err, "user_id\titem_id\tlabel\tday\thour\tsite\n"));
    for (int i = 0; i < 3000; i++)
        TEST_OK(sid__strbuf_printf(&text, err, "n%d\ti%d\t%d\t2\t3\ts\n", i, i % 7, i % 2));
    sid_impressions *im = read_for(ranker, write_case("many.tsv", text.text));
    sid_ranker_info before, after;
    sid_ranker_get_info(ranker, &before);
    sid_ctx_set_memory_limit(ctx, (size_t)14 << 20);
    TEST_FAILS(sid_ranker_train(ranker, im, NULL, err), SID_ENOMEM, "memory limit");
    sid_ctx_set_memory_limit(ctx, 0);
    sid_ranker_get_info(ranker, &after);
    assert_true(after.rows >= before.rows && after.impressions == before.impressions);
    TEST_OK(sid_ranker_eval(ranker, im, NULL, &day, NULL, err));
    sid__strbuf_drop(&text);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days), cmocka_unit_test(test_asking), cmocka_unit_test(test_which_days),
        cmocka_unit_test(test_expiry_and_relative_scores), cmocka_unit_test(test_table_full)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
