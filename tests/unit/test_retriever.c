/* test_retriever.c: a history to items of a catalogue. */
#include <math.h>

#include "catalog_fixture.h"
#include "retrieve/retriever.h"

typedef struct ready {
    sid_catalog *catalog;
    sid_retriever *retriever;
} ready;

static char other[16]; /* an item of another first code than i3 */
static const char *const history[] = {"i3", "nobody", other, "i3"};

static ready begin(fixture *f)
{
    ready r = {0};
    fixture_fit(f, NULL, &r.catalog);
    TEST_OK(sid_retriever_create(r.catalog, NULL, &r.retriever, err));
    sid__assortment *now = sid__retriever_enter(r.retriever);
    const sid__inventory *inv = &now->base->inventory;
    for (int i = 0; i < FIXTURE_ITEMS; i++)
        if (inv->code[i * inv->levels] != inv->code[3 * inv->levels])
            (void)snprintf(other, sizeof other, "i%d", i);
    sid__assortment_leave(now);
    return r;
}

static void end(ready *r)
{
    sid_retriever_free(r->retriever);
    sid_catalog_close(r->catalog);
}

static sid_retrieve_request usual(void)
{
    return (sid_retrieve_request){.history = history, .history_count = 4, .k = 50, .depth = 1};
}

static bool has_item(const sid_retrieved *found, const char *id)
{
    for (int64_t i = 0; i < found->count; i++)
        if (strcmp(found->row[i].item_id, id) == 0)
            return true;
    return false;
}

/* Fails when an item is not of the prefix that it is said to come by, one comes twice, what was seen comes again, or unknown items of
 * the history are not counted. */
static void items_are_of_their_prefixes(void **state)
{
    ready r = begin(*state);
    sid_retrieve_request request = usual();
    sid_retrieved found;
    TEST_OK(sid_retrieve(r.retriever, &request, &found, err));
    assert_int_equal(found.unknown, 1);
    assert_int_equal(found.prefix_count, 2);
    assert_true(found.prefix[0].weight == 2 && found.prefix[1].weight == 1);
    assert_true(found.count > 20 && found.count <= 50);
    for (int64_t i = 0; i < found.count; i++) {
        const char *prefix = found.prefix[found.row[i].prefix].prefix;
        assert_int_equal(strncmp(found.row[i].sid, prefix, strlen(prefix)), 0);
        assert_int_equal(found.row[i].sid[strlen(prefix)], '-');
        assert_true(found.row[i].score == 1);
        for (int64_t j = 0; j < i; j++)
            assert_true(strcmp(found.row[i].item_id, found.row[j].item_id) != 0);
    }
    assert_false(has_item(&found, "i3") || has_item(&found, other));
    sid_retrieved_drop(&found);
    request.keep_history = true;
    request.k = FIXTURE_ITEMS;
    TEST_OK(sid_retrieve(r.retriever, &request, &found, err));
    assert_true(has_item(&found, "i3") && has_item(&found, other));
    sid_retrieved_drop(&found);
    end(&r);
}

/* Fails when what may not come does, or what may does not. */
static void masks_hold(void **state)
{
    static const char *const allow[] = {"i1", "i2", "i3", "i4", "gone"}, *const deny[] = {"i2"};
    ready r = begin(*state);
    sid_retrieve_request request = usual();
    sid_retrieved all, found;
    request.k = FIXTURE_ITEMS;
    TEST_OK(sid_retrieve(r.retriever, &request, &all, err));
    request.allow = allow;
    request.allow_count = 5;
    request.deny = deny;
    request.deny_count = 1;
    TEST_OK(sid_retrieve(r.retriever, &request, &found, err));
    assert_int_equal(found.count, has_item(&all, "i1") + has_item(&all, "i4"));
    sid_retrieved_drop(&found);
    request = usual();
    request.k = FIXTURE_ITEMS;
    request.within = &(const char *const){all.prefix[1].prefix};
    request.within_count = 1;
    TEST_OK(sid_retrieve(r.retriever, &request, &found, err));
    assert_true(found.count > 0);
    for (int64_t i = 0; i < found.count; i++)
        assert_int_equal(strncmp(found.row[i].sid, all.prefix[1].prefix, strlen(all.prefix[1].prefix)), 0);
    int64_t within = found.count;
    sid_retrieved_drop(&found);
    request.without = request.within;
    request.without_count = 1;
    request.within = NULL;
    request.within_count = 0;
    TEST_OK(sid_retrieve(r.retriever, &request, &found, err));
    assert_int_equal(found.count + within, all.count);
    sid_retrieved_drop(&found);
    sid_retrieved_drop(&all);
    end(&r);
}

/* Fails when age does not weigh events, a number out of range passes, an unknown history is answered, or a fault leaks. */
static void ages_bounds_faults(void **state)
{
    static const double age[] = {700, 0, 0, 700};
    ready r = begin(*state);
    sid_retrieve_request request = usual();
    sid_retrieved found;
    request.age_days = age;
    TEST_OK(sid_retrieve(r.retriever, &request, &found, err));
    assert_true(found.prefix[0].weight == 1 && found.prefix[1].weight < 1e-20);
    sid_retrieved_drop(&found);
    TEST_FAILS(sid_retrieve(r.retriever, &(sid_retrieve_request){.k = -1}, &found, err), SID_EUSAGE, "k is -1");
    TEST_FAILS(sid_retrieve(r.retriever, &(sid_retrieve_request){.depth = 4}, &found, err), SID_EUSAGE, "depth is 4");
    TEST_FAILS(sid_retrieve(r.retriever, &(sid_retrieve_request){.prefixes = 2501}, &found, err), SID_EUSAGE, "2500");
    TEST_FAILS(sid_retrieve(r.retriever, &(sid_retrieve_request){.gamma = -1}, &found, err), SID_EUSAGE, "gamma is -1");
    TEST_FAILS(sid_retrieve(r.retriever, &(sid_retrieve_request){.resolver = "fresch"}, &found, err), SID_EUSAGE,
               "fresh");
    TEST_OK(sid_retrieve(r.retriever, &(sid_retrieve_request){.k = 3}, &found, err));
    assert_int_equal(found.count + found.prefix_count, 0);
    sid_retrieved_drop(&found);
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid_retrieve(r.retriever, &request, &found, NULL);
        sid__mem_fail(-1, 0);
        sid_retrieved_drop(&found);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    assert_int_equal(sid_resolver_count(), 4);
    assert_string_equal(sid_resolver(0)->name, "score");
    assert_null(sid_resolver(4));
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(items_are_of_their_prefixes), FIXTURE_TEST(masks_hold),
                                       FIXTURE_TEST(ages_bounds_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
