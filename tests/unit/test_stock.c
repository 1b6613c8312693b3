/* test_stock.c: quality and birth of the items of a catalogue. */
#include <math.h>

#include "catalog_fixture.h"
#include "data/impressions.h"
#include "events_case.h"
#include "items_case.h"
#include "retrieve/retriever.h"

enum { DAY_S = 86400 };

static sid_retriever *retriever_of(sid_catalog *catalog, const sid_retriever_options *options)
{
    sid_retriever *r = NULL;
    TEST_OK(sid_retriever_create(catalog, options, &r, err));
    return r;
}

/* ln of quality x 2^(birth / half-life), as the inventory has it. */
static double score_of(const sid_retriever *r, const char *id)
{
    sid__assortment *now = sid__retriever_enter(r);
    double score = now->base->inventory.score[sid__assortment_find(now, id)];
    sid__assortment_leave(now);
    return score;
}

/* Fails when events are counted for another item, a birth is not the first one, or what has none is not as new as the last. */
static void events_are_counted(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_retriever_info info;
    fixture_fit(f, NULL, &catalog);
    sid_events *events = good_events(
        f->ctx, "user_id\titem_id\ttimestamp\nu\ti1\t86400\nu\ti2\t172800\nv\ti1\t259200\nv\tgone\t777600\n", NULL);
    sid_retriever *r = retriever_of(catalog, &(sid_retriever_options){.events = events});
    sid_retriever_get_info(r, &info);
    assert_int_equal(info.items, FIXTURE_ITEMS);
    assert_int_equal(info.unseen, FIXTURE_ITEMS - 2);
    assert_true(info.half_life_days == 2 && info.size > 0); /* births from day 1 to day 9 */
    assert_true(fabs(score_of(r, "i1") - (log(3) + 1 * log(2) / 2)) < 1e-12);
    assert_true(fabs(score_of(r, "i2") - (log(2) + 2 * log(2) / 2)) < 1e-12);
    assert_true(fabs(score_of(r, "i5") - (log(1) + 9 * log(2) / 2)) < 1e-12);
    sid_retriever_free(r);
    sid_events_free(events);
    sid_catalog_close(catalog);
}

/* Fails when clicks are not set against shows, drawn to the rate of all by ten. */
static void impressions_are_counted(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_impressions *im = NULL;
    sid__source source;
    static const char text[] = "user_id\titem_id\tlabel\tday\nu\ti1\t1\t1\nu\ti1\t0\t1\nv\ti2\t0\t2\nv\ti3\t0\t5\n";
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid__source_memory(text, sizeof text - 1, "x.tsv", &source, err));
    TEST_OK(sid__impressions_parse(f->ctx, &source, "x.tsv", NULL, &im, err));
    sid_retriever *r =
        retriever_of(catalog, &(sid_retriever_options){.impressions = im, .half_life_days = (double)INFINITY});
    assert_true(fabs(score_of(r, "i1") - log((1 + 2.5) / 12)) < 1e-6);
    assert_true(fabs(score_of(r, "i2") - log(2.5 / 11)) < 1e-6);
    assert_true(fabs(score_of(r, "i9") - log(.25)) < 1e-6);
    sid_retriever_free(r);
    sid_impressions_free(im);
    sid_catalog_close(catalog);
}

/* Fails when a column of the catalogue is not what counts where it is named, or one that is no number passes. */
static void columns_are_read(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_items *items = case_items(f->ctx, "item_id\ttitle\tlikes\tday\tword\ni0\ta\t4\t1\tx\ni1\tb\t\t3\ty\n");
    sid_fit_options options = {.levels = 3, .codes = "4", .items = items};
    sid_retriever *r = NULL;
    fixture_fit(f, &options, &catalog);
    r = retriever_of(catalog, &(sid_retriever_options){.quality = "likes", .birth = "day", .half_life_days = 1});
    assert_true(fabs(score_of(r, "i0") - (log(4) + log(2))) < 1e-12);
    assert_true(fabs(score_of(r, "i1") - 3 * log(2)) < 1e-12);
    assert_true(fabs(score_of(r, "i7")) < 1e-12);
    sid_retriever_free(r);
    TEST_FAILS(sid_retriever_create(catalog, &(sid_retriever_options){.quality = "price"}, &r, err), SID_EUSAGE,
               "price");
    TEST_FAILS(sid_retriever_create(catalog, &(sid_retriever_options){.quality = "word"}, &r, err), SID_EDATA,
               "word \"x\"; a number");
    TEST_FAILS(sid_retriever_create(catalog, &(sid_retriever_options){.half_life_days = -1}, &r, err), SID_EUSAGE,
               "half-life is -1");
    sid_catalog_close(catalog);
    sid_items_free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(events_are_counted), FIXTURE_TEST(impressions_are_counted),
                                       FIXTURE_TEST(columns_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
