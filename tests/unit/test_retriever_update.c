/* test_retriever_update.c: items of a live retriever change; answers are those of one made anew. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "retrieve/retriever.h"
#include "retrieve_case.h"

enum { NAMES = 60, LEVELS = 3, HALF_LIFE = 5, ASKED = 9, BATCH_MAX = 7, DIM = 3, VECTORS = 9 };

/* What the retriever should hold: a plain list, and texts by name. */
typedef struct model {
    sid__shelf_item item[NAMES];
    int64_t count;
    char id[NAMES][8], sid[NAMES][8][16], title[2][8];
    float vector[VECTORS][DIM]; /* few, so that there are ties */
    int depth;                  /* of partitions */
} model;

static double draw(uint64_t seed, int64_t *at)
{
    return drawn(seed, (*at)++);
}

static void name_all(model *m)
{
    int64_t at = 0;
    memset(m, 0, sizeof *m);
    m->depth = 1;
    for (int n = 0; n < NAMES; n++) {
        (void)snprintf(m->id[n], sizeof m->id[n], "n%d", n);
        for (int s = 0; s < 8; s++)
            (void)snprintf(m->sid[n][s], sizeof m->sid[n][s], "%d-%d-%d", (int)(2 * draw(11, &at)),
                           (int)(3 * draw(11, &at)), (int)(3 * draw(11, &at)));
    }
    for (int v = 0; v < VECTORS; v++)
        for (int d = 0; d < DIM; d++)
            m->vector[v][d] = (float)(2 * draw(11, &at) - 1);
    (void)snprintf(m->title[0], sizeof m->title[0], "old");
    (void)snprintf(m->title[1], sizeof m->title[1], "new");
}

static int64_t place_of(const model *m, const char *id)
{
    for (int64_t i = 0; i < m->count; i++)
        if (strcmp(m->item[i].item_id, id) == 0)
            return i;
    return -1;
}

/* The same change to the plain list; false: it is none that can be done. */
static bool apply(model *m, const sid_retriever_change *c, double newest)
{
    int64_t i = place_of(m, c->item_id);
    if (c->remove) {
        if (i < 0)
            return false;
        memmove(&m->item[i], &m->item[i + 1], (size_t)(m->count - i - 1) * sizeof *m->item);
        m->count--;
        return true;
    }
    if (i < 0) {
        m->item[m->count++] = (sid__shelf_item){c->item_id,
                                                c->sid,
                                                c->title ? c->title : "",
                                                c->quality > 0 ? c->quality : 1,
                                                c->has_birth ? c->birth : newest,
                                                0,
                                                c->vector};
        return true;
    }
    sid__shelf_item *item = &m->item[i];
    item->sid = c->sid ? c->sid : item->sid;
    item->title = c->title ? c->title : item->title;
    item->quality = c->quality > 0 ? c->quality : item->quality;
    item->birth = c->has_birth ? c->birth : item->birth;
    item->vector = c->vector ? c->vector : item->vector;
    return true;
}

static double newest_of(const model *m)
{
    double newest = m->count > 0 ? m->item[0].birth : 0;
    for (int64_t i = 0; i < m->count; i++)
        newest = m->item[i].birth > newest ? m->item[i].birth : newest;
    return newest;
}

/* Few values, so that there are ties. */
static sid_retriever_change draw_change(const model *m, uint64_t seed, int64_t *at)
{
    int n = (int)(NAMES * draw(seed, at));
    bool is_there = place_of(m, m->id[n]) >= 0;
    sid_retriever_change c = {.item_id = m->id[n], .remove = is_there && draw(seed, at) < .4};
    if (!is_there || draw(seed, at) < .3)
        c.sid = m->sid[n][(int)(8 * draw(seed, at))];
    if (draw(seed, at) < .5)
        c.title = m->title[(int)(2 * draw(seed, at))];
    if (draw(seed, at) < .7)
        c.quality = 1 + floor(4 * draw(seed, at));
    if (draw(seed, at) < .7)
        c.vector = m->vector[(int)(VECTORS * draw(seed, at))];
    c.has_birth = draw(seed, at) < .4;
    c.birth = floor(12 * draw(seed, at)) - 3;
    return c;
}

static sid_retriever *anew(model *m)
{
    sid_retriever *r = NULL;
    for (int64_t i = 0; i < m->count; i++)
        m->item[i].order = i;
    const sid__shelf_kind kind = {
        .levels = LEVELS, .half_life_days = HALF_LIFE, .tower = {DIM, m->depth, sid__kernels_for(sid__isa_best())}};
    TEST_OK(sid__retriever_of(m->item, m->count, &kind, &r, err));
    return r;
}

static void same_answer(const sid_retrieved *a, const sid_retrieved *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->prefix_count, b->prefix_count);
    assert_int_equal(a->unknown, b->unknown);
    for (int64_t i = 0; i < a->prefix_count; i++) {
        assert_string_equal(a->prefix[i].prefix, b->prefix[i].prefix);
        assert_memory_equal(&a->prefix[i].weight, &b->prefix[i].weight, sizeof(double));
    }
    for (int64_t i = 0; i < a->count; i++) {
        assert_string_equal(a->row[i].item_id, b->row[i].item_id);
        assert_string_equal(a->row[i].sid, b->row[i].sid);
        assert_string_equal(a->row[i].title, b->row[i].title);
        assert_memory_equal(&a->row[i].score, &b->row[i].score, sizeof(double));
        assert_int_equal(a->row[i].prefix, b->row[i].prefix);
    }
}

static sid_retrieve_request draw_request(const model *m, const char **history, const char **mask, uint64_t seed,
                                         int64_t *at)
{
    static const char *const prefix[] = {"0", "1-1", "0-2-1"}, *const resolver[] = {"score", "fresh", "random",
                                                                                    "tower"};
    for (int i = 0; i < 6; i++) {
        history[i] = m->id[(int)(NAMES * draw(seed, at))];
        mask[i] = m->id[(int)(NAMES * draw(seed, at))];
    }
    sid_retrieve_request q = {.history = history,
                              .history_count = 6,
                              .k = 1 + (int64_t)(NAMES * draw(seed, at)),
                              .depth = 1 + (int)(LEVELS * draw(seed, at)),
                              .prefixes = 1 + (int64_t)(5 * draw(seed, at)),
                              .items = 1 + (int64_t)(30 * draw(seed, at)),
                              .resolver = resolver[(int)(4 * draw(seed, at))],
                              .keep_history = draw(seed, at) < .5,
                              .seed = 1 + (uint64_t)(9 * draw(seed, at))};
    q.query = m->vector[(int)(VECTORS * draw(seed, at))];
    if (draw(seed, at) < .4) {
        q.resolver = NULL;
        q.probe = 1 + (int64_t)(20 * draw(seed, at));
    }
    q.deny = mask;
    q.deny_count = draw(seed, at) < .3 ? 2 : 0;
    q.allow = draw(seed, at) < .2 ? mask + 2 : NULL;
    q.allow_count = q.allow ? 4 : 0;
    q.within = q.without = &prefix[(int)(3 * draw(seed, at))];
    q.within_count = draw(seed, at) < .2;
    q.without_count = draw(seed, at) < .2;
    return q;
}

static void same_as_anew(const sid_retriever *live, model *m, uint64_t seed, int64_t *at)
{
    sid_retriever *made = anew(m);
    sid_retriever_info info[2];
    sid_retriever_get_info(live, &info[0]);
    sid_retriever_get_info(made, &info[1]);
    assert_int_equal(info[0].items, info[1].items);
    assert_int_equal(info[0].vectors, info[1].vectors);
    assert_int_equal(info[0].partitions, info[1].partitions);
    for (int i = 0; i < ASKED; i++) {
        const char *history[6], *mask[6];
        const sid_retrieve_request q = draw_request(m, history, mask, seed, at);
        sid_retrieved a, b;
        TEST_OK(sid_retrieve(live, &q, &a, err));
        TEST_OK(sid_retrieve(made, &q, &b, err));
        same_answer(&a, &b);
        sid_retrieved_drop(&a);
        sid_retrieved_drop(&b);
    }
    sid_retriever_free(made);
}

/* Fails when after any sequence of adds, removals and changes an answer is another than that of a retriever made anew: an order, a tie, a
 * draw, a score, a text, a mask; with lists made again never, always and now and then. */
static void any_changes_are_as_anew(void **state)
{
    static const int64_t over_max[] = {1000, 1, 12};
    static model m;
    (void)state;
    for (uint64_t seed = 0; seed < 9; seed++) {
        int64_t at = 0;
        name_all(&m);
        m.depth = 1 + (int)(seed % LEVELS);
        for (int n = 0; seed % 2 && n < NAMES / 2; n++)
            m.item[m.count++] = (sid__shelf_item){m.id[n],
                                                  m.sid[n][0],
                                                  "",
                                                  1 + n % 3,
                                                  (double)(int)(5 * draw(seed, &at)),
                                                  n,
                                                  n % 4 ? m.vector[n % VECTORS] : NULL};
        sid_retriever *live = anew(&m);
        live->counter->over_max = over_max[seed % 3];
        for (int round = 0; round < 40; round++) {
            sid_retriever_change change[BATCH_MAX];
            int count = (int)(draw(seed, &at) * (BATCH_MAX + 1));
            double newest = newest_of(&m);
            for (int i = 0; i < count; i++) {
                change[i] = draw_change(&m, seed, &at);
                assert_true(apply(&m, &change[i], newest));
            }
            TEST_OK(sid_retriever_update(live, change, count, err));
            same_as_anew(live, &m, seed, &at);
        }
        sid_retriever_free(live);
    }
}

/* ---- What cannot be done ------------------------------------------------------------------------------------------------ */

static sid_retriever *three(model *m)
{
    name_all(m);
    for (int n = 0; n < 3; n++)
        m->item[m->count++] = (sid__shelf_item){m->id[n], "0-1-2", "", 1, 0, n, NULL};
    return anew(m);
}

/* Fails when a bad change passes, or one before it in the same call is kept. */
static void bad_changes_change_nothing(void **state)
{
    static model m;
    sid_retriever *r = three(&m);
    int64_t at = 0;
    char long_id[SID_ITEM_ID_MAX + 2];
    (void)state;
    memset(long_id, 'x', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = 0;
    const struct {
        sid_retriever_change change;
        sid_status status;
        const char *says;
    } bad[] = {{{.item_id = "n9"}, SID_EUSAGE, "\"n9\" is new"},
               {{.item_id = "n9", .remove = true}, SID_ENOTFOUND, "\"n9\" is not there"},
               {{.item_id = "n0", .remove = true}, SID_ENOTFOUND, "\"n0\""}, /* gone by the change before */
               {{.item_id = "n1", .quality = -1}, SID_EUSAGE, "quality -1"},
               {{.item_id = "n1", .quality = (double)NAN}, SID_EUSAGE, "\"n1\""},
               {{.item_id = "n1", .birth = (double)INFINITY, .has_birth = true}, SID_EUSAGE, "birth inf"},
               {{.item_id = "n1", .sid = "0-1"}, SID_EUSAGE, "3 codes are expected"},
               {{.item_id = ""}, SID_EUSAGE, "change 1 has an id of none"},
               {{.item_id = NULL}, SID_EUSAGE, "change 1"},
               {{.item_id = long_id}, SID_EUSAGE, "an id of more"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const sid_retriever_change change[2] = {{.item_id = "n0", .remove = true}, bad[i].change};
        TEST_FAILS(sid_retriever_update(r, change, 2, err), bad[i].status, bad[i].says);
        same_as_anew(r, &m, i, &at);
    }
    assert_int_not_equal(sid_retriever_update(r, &(sid_retriever_change){.item_id = "n1", .sid = "x"}, 1, NULL),
                         SID_OK);
    same_as_anew(r, &m, 1, &at);
    sid_retriever_free(r);
}

/* Fails when memory that ends leaks, or leaves half of an update, beside the lists or with lists made again. */
static void faults_change_nothing(void **state)
{
    static model m;
    const sid_retriever_change change[] = {{.item_id = "n1", .quality = 3}, {.item_id = "n7", .sid = "0-0-0"}};
    (void)state;
    for (int64_t over_max = 1; over_max <= 100; over_max += 99) {
        sid_retriever *r = three(&m);
        int64_t at = 0;
        r->counter->over_max = over_max;
        TEST_OK(sid_retriever_update(r, &(sid_retriever_change){.item_id = "n0", .quality = 2}, 1, err));
        m.item[0].quality = 2;
        for (int64_t after = 0;; after++) {
            sid__mem_fail(after, 1);
            sid_status status = sid_retriever_update(r, change, 2, NULL);
            sid__mem_fail(-1, 0);
            if (status == SID_OK)
                break;
            assert_int_equal(status, SID_ENOMEM);
            same_as_anew(r, &m, 3, &at);
        }
        for (int i = 0; i < 2; i++)
            assert_true(apply(&m, &change[i], 0));
        same_as_anew(r, &m, 4, &at);
        sid_retriever_free(r);
    }
}

/* ---- While others ask --------------------------------------------------------------------------------------------------- */

typedef struct readers {
    const sid_retriever *retriever;
    atomic_int is_over, torn, asked;
} readers;

/* All items have one quality at a time, and an even or odd number of them stands below 0: an answer that has two, or a text of neither,
 * is torn. */
static void *ask_on(void *context)
{
    readers *r = context;
    static const char *const history[] = {"n0"};
    const sid_retrieve_request q = {
        .history = history, .history_count = 1, .k = NAMES, .depth = 1, .keep_history = true};
    while (!atomic_load(&r->is_over)) {
        sid_retrieved found;
        if (sid_retrieve(r->retriever, &q, &found, NULL) != SID_OK)
            break;
        bool is_torn = found.count != 3 && found.count != 4;
        for (int64_t i = 0; i < found.count; i++)
            is_torn = is_torn || found.row[i].score != found.row[0].score ||
                      strcmp(found.row[i].title, found.row[0].title) != 0;
        atomic_fetch_add(&r->torn, is_torn || (found.count == 4) != (strcmp(found.row[0].title, "new") == 0));
        atomic_fetch_add(&r->asked, 1);
        sid_retrieved_drop(&found);
    }
    return NULL;
}

/* Fails when who asks meanwhile sees some of an update, or what it was given is freed (a sanitizer sees that). */
static void readers_see_before_or_after(void **state)
{
    static model m;
    pthread_t thread[2];
    sid_retriever *r = three(&m);
    readers reading = {.retriever = r};
    (void)state;
    r->counter->over_max = 3;
    sid_retriever_change change[4] = {{.item_id = "n0"}, {.item_id = "n1"}, {.item_id = "n2"}, {.item_id = "n5"}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask_on, &reading), 0);
    for (int round = 0; round < 300 || (atomic_load(&reading.asked) < 200 && round < 100000); round++) {
        bool is_new = round % 2 == 0;
        for (int i = 0; i < 4; i++) {
            change[i].quality = is_new ? 8 : 1;
            change[i].title = is_new ? "new" : "";
            change[i].sid = "0-1-2";
        }
        change[3].remove = !is_new;
        TEST_OK(sid_retriever_update(r, change, 4, err));
    }
    atomic_store(&reading.is_over, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_int_equal(atomic_load(&reading.torn), 0);
    sid_retriever_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_changes_are_as_anew), cmocka_unit_test(bad_changes_change_nothing),
        cmocka_unit_test(faults_change_nothing), cmocka_unit_test(readers_see_before_or_after)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
