/* test_retrieve_ask.c: candidates by vectors, of a catalogue; those by prefixes are in test_retriever.c. */
#include <math.h>

#include "catalog_fixture.h"
#include "retrieve/retriever.h"

enum { DIM = 4, KNOWN = FIXTURE_ITEMS - 20 };

typedef struct ready {
    sid_catalog *catalog;
    sid_retriever *retriever;
    float vector[KNOWN + 1][DIM];
    char text[KNOWN + 1][16];
    const char *id[KNOWN + 1];
} ready;

static const float query[DIM] = {.9F, -.4F, .2F, .7F};

static ready *begin(fixture *f)
{
    ready *r = test_calloc(1, sizeof *r);
    sid_retriever_vectors vectors = {
        .item_id = r->id, .vector = r->vector[0], .count = KNOWN + 1, .dim = DIM, .depth = 1};
    for (int i = 0; i <= KNOWN; i++) { /* the last one is of an item that the catalogue lacks */
        (void)snprintf(r->text[i], sizeof r->text[i], i < KNOWN ? "i%d" : "nobody%d", i);
        r->id[i] = r->text[i];
        for (int d = 0; d < DIM; d++)
            r->vector[i][d] = (float)floor(4 * sid__philox_uniform(3, SID__STREAM_TEST, (uint64_t)(i * DIM + d))) / 4;
    }
    fixture_fit(f, NULL, &r->catalog);
    TEST_OK(sid_retriever_create(r->catalog, &(sid_retriever_options){.vectors = &vectors}, &r->retriever, err));
    return r;
}

static void end(ready *r)
{
    sid_retriever_free(r->retriever);
    sid_catalog_close(r->catalog);
    test_free(r);
}

static float score_of(const ready *r, int item)
{
    float sum = 0;
    for (int d = 0; d < DIM; d++)
        sum = fmaf(query[d], r->vector[item][d], sum);
    return sum;
}

/* Fails when all partitions are not the exact search, to the bit and tie by tie, or what was seen comes. */
static void all_is_exact(void **state)
{
    static const char *const history[] = {"i3", "nobody"};
    ready *r = begin(*state);
    uint8_t taken[KNOWN] = {[3] = 1};
    sid_retrieved found;
    const sid_retrieve_request request = {
        .history = history, .history_count = 2, .k = FIXTURE_ITEMS, .query = query, .probe = 1000};
    TEST_OK(sid_retrieve(r->retriever, &request, &found, err));
    assert_int_equal(found.count, KNOWN - 1);
    assert_int_equal(found.unknown, 1);
    for (int64_t i = 0; i < found.count; i++) {
        int best = -1;
        for (int j = 0; j < KNOWN; j++)
            if (!taken[j] && (best < 0 || score_of(r, j) > score_of(r, best)))
                best = j;
        taken[best] = 1;
        assert_string_equal(found.row[i].item_id, r->id[best]);
        assert_true(found.row[i].score == (double)score_of(r, best));
        const char *prefix = found.prefix[found.row[i].prefix].prefix;
        assert_int_equal(strncmp(found.row[i].sid, prefix, strlen(prefix)), 0);
    }
    sid_retrieved_drop(&found);
    end(r);
}

/* Fails when one partition gives items of others, its weight is not the best, or the resolver gives others than those of the
 * history's prefixes by product. */
static void some_of_it(void **state)
{
    static const char *const history[] = {"i3"};
    ready *r = begin(*state);
    sid_retriever_info info;
    sid_retrieved found, all;
    TEST_OK(sid_retrieve(r->retriever, &(sid_retrieve_request){.query = query, .probe = INT64_MAX}, &all, err));
    TEST_OK(sid_retrieve(r->retriever, &(sid_retrieve_request){.query = query, .probe = 1}, &found, err));
    sid_retriever_get_info(r->retriever, &info);
    assert_true(info.dim == DIM && info.vectors == KNOWN && info.partitions == all.prefix_count);
    assert_int_equal(found.prefix_count, 1);
    assert_string_equal(found.prefix[0].prefix, all.prefix[0].prefix);
    assert_true(found.prefix[0].weight == all.prefix[0].weight && all.prefix[0].weight > all.prefix[1].weight);
    for (int64_t i = 0; i < found.count; i++)
        assert_int_equal(strncmp(found.row[i].sid, found.prefix[0].prefix, strlen(found.prefix[0].prefix)), 0);
    sid_retrieved_drop(&found);
    sid_retrieved_drop(&all);
    const sid_retrieve_request by_tower = {
        .history = history, .history_count = 1, .depth = 1, .query = query, .resolver = "tower"};
    TEST_OK(sid_retrieve(r->retriever, &by_tower, &found, err));
    assert_true(found.count > 5 && found.prefix_count == 1);
    for (int64_t i = 1; i < found.count; i++)
        assert_true(found.row[i - 1].score >= found.row[i].score);
    sid_retrieved_drop(&found);
    end(r);
}

/* Fails when a request without a vector, a vector without items' or a number out of range passes. */
static void refusals(void **state)
{
    static const float nan_query[DIM] = {NAN};
    fixture *f = *state;
    ready *r = begin(f);
    sid_retriever *plain = NULL;
    sid_retrieved found;
    sid_retriever_vectors v = {.item_id = r->id, .vector = r->vector[0], .count = KNOWN, .dim = DIM};
    const sid_retriever_options options = {.vectors = &v};
    TEST_OK(sid_retriever_create(r->catalog, NULL, &plain, err));
    TEST_FAILS(sid_retrieve(plain, &(sid_retrieve_request){.probe = 1, .query = query}, &found, err), SID_EUSAGE,
               "made without any");
    TEST_FAILS(sid_retrieve(r->retriever, &(sid_retrieve_request){.probe = 1}, &found, err), SID_EUSAGE,
               "wants the request's vector");
    TEST_FAILS(sid_retrieve(r->retriever, &(sid_retrieve_request){.probe = 1, .query = nan_query}, &found, err),
               SID_EUSAGE, "value 0 of the query is nan");
    TEST_FAILS(sid_retrieve(r->retriever, &(sid_retrieve_request){.probe = 1, .query = query, .resolver = "fresh"},
                            &found, err),
               SID_EUSAGE, "probe is 1 with resolver \"fresh\"");
    TEST_FAILS(sid_retrieve(r->retriever, &(sid_retrieve_request){.probe = -1, .query = query}, &found, err),
               SID_EUSAGE, "probe is -1");
    sid_retriever_free(plain);
    v.dim = 0;
    TEST_FAILS(sid_retriever_create(r->catalog, &options, &plain, err), SID_EUSAGE, "vectors of 0 values");
    v.dim = DIM;
    v.depth = 9;
    TEST_FAILS(sid_retriever_create(r->catalog, &options, &plain, err), SID_EUSAGE, "partitions of 9 codes");
    v.depth = 0;
    r->vector[7][1] = 99;
    TEST_FAILS(sid_retriever_create(r->catalog, &options, &plain, err), SID_EDATA, "\"i7\" has 99");
    v.item_id = r->id + KNOWN;
    v.count = 1;
    TEST_FAILS(sid_retriever_create(r->catalog, &options, &plain, err), SID_EUSAGE, "not one item");
    end(r);
}

/* Fails when a fault leaks. */
static void faults(void **state)
{
    ready *r = begin(*state);
    sid_retrieved found;
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status =
            sid_retrieve(r->retriever, &(sid_retrieve_request){.query = query, .probe = 2}, &found, NULL);
        sid__mem_fail(-1, 0);
        sid_retrieved_drop(&found);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(all_is_exact), FIXTURE_TEST(some_of_it), FIXTURE_TEST(refusals),
                                       FIXTURE_TEST(faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
