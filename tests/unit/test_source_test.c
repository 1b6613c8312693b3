/* test_source_test.c: what sources of candidates find of the next day's clicks. */
#include <math.h>
#include <stdlib.h>

#include "catalog_fixture.h"
#include "data/impressions.h"
#include "io/source.h"
#include "semid_model.h"

static sid_impressions *parse(fixture *f, const char *text)
{
    sid__source source;
    sid_impressions *im = NULL;
    TEST_OK(sid__source_memory(text, strlen(text), "x.tsv", &source, err));
    TEST_OK(sid__impressions_parse(f->ctx, &source, "x.tsv", NULL, &im, err));
    return im;
}

static const sid_source_score *row_of(const sid_source_report *report, const char *source)
{
    for (int i = 0; i < report->count; i++)
        if (strcmp(report->row[i].source, source) == 0)
            return &report->row[i];
    fail_msg("no %s", source);
    return NULL;
}

/* Day 1: u clicked i1, v i5 (shown thrice, clicked thrice), w i1. Day 2: u clicks i5 and i2, which is new, and i1 again; v nothing; x, who
 * has no history, i1; w an item that the catalogue lacks. */
static const char text[] =
    "user_id\titem_id\tlabel\tday\nu\ti1\t1\t1\nv\ti5\t1\t1\nv\ti5\t1\t1\nv\ti5\t1\t1\nw\ti1\t1\t1\nw\ti7\t0\t1\n"
    "u\ti5\t1\t2\nu\ti2\t1\t2\nu\ti1\t1\t2\nu\ti2\t1\t2\nv\ti9\t0\t2\nx\ti1\t1\t2\nw\tgone\t1\t2\n";

/* Fails when others than u are asked, a click seen before or twice counts, the last day's clicks are known to a source, or candidates
 * of a user are not the k best. */
static void what_is_found(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_source_report report;
    fixture_fit(f, NULL, &catalog);
    sid_impressions *im = parse(f, text);
    const sid_retriever_options ageless = {.half_life_days = (double)INFINITY};
    TEST_OK(sid_source_test(f->ctx, catalog, im, &ageless, &(sid_retrieve_request){.k = FIXTURE_ITEMS, .depth = 1},
                            &report, err));
    assert_int_equal(report.users, 1);
    assert_int_equal(report.targets, 2);
    assert_int_equal(report.new_targets, 1);
    assert_int_equal(report.count, 5);
    const sid_source_score *popular = row_of(&report, "popular"), *both = row_of(&report, "union");
    assert_true(popular->recall == 1 && popular->recall_new == 1); /* all but i1 */
    assert_true(popular->share == (FIXTURE_ITEMS - 1.) / FIXTURE_ITEMS);
    assert_true(both->recall == 1 && both->share == popular->share);
    const sid_source_score *score = row_of(&report, "score"), *fresh = row_of(&report, "fresh");
    assert_true(score->share < 1 && score->share == fresh->share && score->recall == fresh->recall);
    sid_source_report_drop(&report);
    TEST_OK(sid_source_test(f->ctx, catalog, im, &ageless, &(sid_retrieve_request){.k = 1}, &report, err));
    popular = row_of(&report, "popular");
    assert_true(popular->recall == .5 && popular->recall_new == 0 && popular->share == 1. / FIXTURE_ITEMS);
    assert_true(popular->age_days == 1);
    assert_true(row_of(&report, "union")->share == 1. / FIXTURE_ITEMS);
    sid_source_report_drop(&report);
    TEST_OK(sid_source_test(f->ctx, catalog, im, &ageless, &(sid_retrieve_request){.k = 2}, &report, err));
    assert_true(row_of(&report, "union")->recall >= .5); /* one of the prefixes, and i5 */
    sid_source_report_drop(&report);
    sid_impressions_free(im);
    sid_catalog_close(catalog);
}

/* ---- By vectors ---- */

static int asked; /* vectors of requests */

/* Item i has 1 at i mod 4; a request the same of its first click, if it is told who asks and how old the click is. */
static sid_status request_of(void *user, const char *user_id, const char *const *history, const double *age_days,
                             int64_t history_count, float *out, sid_error *error)
{
    (void)error;
    assert_ptr_equal(user, &asked);
    assert_string_equal(user_id, "u");
    assert_true(history_count == 1 && age_days[0] == 1);
    memset(out, 0, 4 * sizeof *out);
    out[strtol(history[0] + 1, NULL, 10) % 4] = 1;
    asked++;
    return SID_OK;
}

/* Fails when sources by vectors are left out, do not ask for each user, or probing is not asked of the same ones. */
static void by_vectors(void **state)
{
    static float vector[FIXTURE_ITEMS][4];
    static char id[FIXTURE_ITEMS][8];
    const char *ids[FIXTURE_ITEMS];
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_source_report report;
    sid_probe_report probes;
    fixture_fit(f, NULL, &catalog);
    for (int i = 0; i < FIXTURE_ITEMS; i++) {
        (void)snprintf(id[i], sizeof id[i], "i%d", i);
        ids[i] = id[i];
        vector[i][i % 4] = i == 5 ? 1 : .5F;
    }
    sid_impressions *im = parse(f, text);
    sid_retriever_vectors v = {ids, vector[0], FIXTURE_ITEMS, 4, 1, request_of, &asked, {0}};
    const sid_retriever_options options = {.vectors = &v};
    TEST_OK(sid_source_test(f->ctx, catalog, im, &options, &(sid_retrieve_request){.k = 1}, &report, err));
    assert_int_equal(report.count, 8);
    assert_int_equal(asked, 3);                          /* by tower, by probe, by all in turn */
    assert_true(row_of(&report, "probe")->recall == .5); /* i5, the best of all, u clicked on both days */
    assert_true(row_of(&report, "tower")->recall <= .5 && row_of(&report, "union+probe")->share > 0);
    sid_source_report_drop(&report);
    TEST_OK(sid_source_probes(f->ctx, catalog, im, &options, NULL, &probes, err));
    assert_true(probes.requests == 1 && probes.items == FIXTURE_ITEMS && probes.k == 100);
    assert_true(probes.row[probes.count - 1].recall == 1 && probes.row[0].recall < 1);
    assert_int_equal(probes.row[probes.count - 1].probe, probes.partitions);
    sid_probe_report_drop(&probes);
    v.request = NULL;
    TEST_OK(sid_source_test(f->ctx, catalog, im, &options, NULL, &report, err));
    assert_int_equal(report.count, 5);
    sid_source_report_drop(&report);
    TEST_FAILS(sid_source_probes(f->ctx, catalog, im, &options, NULL, &probes, err), SID_EUSAGE, "probing wants");
    sid_impressions_free(im);
    sid_catalog_close(catalog);
}

/* Fails when one day, or nobody to ask, passes, or a fault leaks. */
static void refusals_and_faults(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_source_report report;
    fixture_fit(f, NULL, &catalog);
    sid_impressions *one = parse(f, "user_id\titem_id\tlabel\tday\nu\ti1\t1\t1\n"),
                    *nobody = parse(f, "user_id\titem_id\tlabel\tday\nu\ti1\t1\t1\nv\ti1\t1\t2\n"),
                    *im = parse(f, text);
    TEST_FAILS(sid_source_test(f->ctx, catalog, one, NULL, NULL, &report, err), SID_EDATA, "one day");
    TEST_FAILS(sid_source_test(f->ctx, catalog, nobody, NULL, NULL, &report, err), SID_EDATA, "nobody clicked");
    TEST_FAILS(sid_source_test(f->ctx, catalog, im, NULL, &(sid_retrieve_request){.depth = 9}, &report, err),
               SID_EUSAGE, "depth is 9");
    for (int64_t after = 0;; after += 7) {
        sid__mem_fail(after, 1);
        sid_status status = sid_source_test(f->ctx, catalog, im, NULL, &(sid_retrieve_request){.k = 5}, &report, NULL);
        sid__mem_fail(-1, 0);
        sid_source_report_drop(&report);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid_impressions_free(one);
    sid_impressions_free(nobody);
    sid_impressions_free(im);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(what_is_found), FIXTURE_TEST(by_vectors),
                                       FIXTURE_TEST(refusals_and_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
