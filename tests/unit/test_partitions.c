/* test_partitions.c: which partitions are looked into, and what is found there. Lists of all items, and lists of the few that changed
 * beside them: test_retriever_update.c holds both against each other.
 */
#include "retrieve/partitions.h"

#include <stdlib.h>

#include "retrieve_case.h"

typedef struct ready {
    stock_case c;
    sid__inventory inv;
    sid__tower tower;
    sid__lists lists;
    sid__partitions of;
    sid__probed *chosen;
    int64_t found;
} ready;

static const float query[STOCK_DIM] = {.3F, -.7F, .11F, 1.9F, -.25F};

static ready *begin(int depth)
{
    ready *r = test_calloc(1, sizeof *r);
    make_stock(&r->c);
    for (int i = 0; i < STOCK; i++) /* below 0-1 nobody has a vector */
        if (r->c.code[i * STOCK_LEVELS] == 0 && r->c.code[i * STOCK_LEVELS + 1] == 1)
            r->c.vectors[i] = NULL;
    TEST_OK(sid__inventory_create(&r->c.stock, &r->inv, err));
    const sid__tower_shape shape = {.dim = STOCK_DIM, .depth = depth, .kernels = sid__kernels_for(sid__isa_best())};
    TEST_OK(sid__tower_create(&r->inv, shape, r->c.vectors, &r->tower, err));
    r->lists = (sid__lists){.base = &r->inv, .tower = {&r->tower}};
    TEST_OK(sid__partitions_create(&r->lists, &r->of, err));
    r->chosen = test_calloc(STOCK, sizeof *r->chosen);
    return r;
}

static void end(ready *r)
{
    sid__partitions_drop(&r->of);
    sid__tower_drop(&r->tower);
    sid__inventory_drop(&r->inv);
    test_free(r->chosen);
    test_free(r);
}

static bool is_below(const ready *r, int item, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (memcmp(r->chosen[i].prefix, r->c.code + item * STOCK_LEVELS,
                   (size_t)r->tower.shape.depth * sizeof *r->c.code) == 0)
            return true;
    return false;
}

/* The best k of those below the chosen, by looking at all: items by score, then by number. */
static int64_t by_hand(const ready *r, int64_t chosen, const uint8_t *is_out, int64_t k, int32_t *out)
{
    uint8_t taken[STOCK] = {0};
    int64_t count = 0;
    for (; count < k; count++) {
        int32_t best = -1;
        for (int i = 0; i < STOCK; i++)
            if (!taken[i] && r->c.vectors[i] && !(is_out && is_out[i]) && is_below(r, i, chosen) &&
                (best < 0 || product(query, r->c.vector[i], STOCK_DIM) > product(query, r->c.vector[best], STOCK_DIM)))
                best = i;
        if (best < 0)
            break;
        taken[best] = 1;
        out[count] = best;
    }
    return count;
}

static void check_search(ready *r, const sid__probe *probe, int64_t k)
{
    sid__leader row[STOCK];
    sid__leaders best = {.row = row, .most = k};
    int32_t wanted[STOCK];
    int64_t scored = 0;
    TEST_OK(sid__partitions_choose(&r->lists, &r->of, probe, r->chosen, &r->found, err));
    TEST_OK(sid__partitions_search(&r->lists, probe, r->chosen, r->found, &best, &scored, err));
    sid__leaders_sort(&best);
    assert_int_equal(best.count, by_hand(r, r->found, probe->is_out, k, wanted));
    for (int64_t i = 0; i < best.count; i++) {
        float score = product(query, r->c.vector[wanted[i]], STOCK_DIM);
        assert_int_equal(row[i].of, wanted[i]);
        assert_memory_equal(&row[i].score, &score, sizeof score);
        assert_memory_equal(r->chosen[row[i].from].prefix, r->c.code + wanted[i] * STOCK_LEVELS,
                            (size_t)r->tower.shape.depth * sizeof *r->c.code);
    }
    assert_true(scored >= best.count);
}

/* Fails when what is found differs from a search by hand in an item, a tie or a bit; by all partitions it is the exact search. */
static void test_search_by_hand(void **state)
{
    static uint8_t out_of_some[STOCK];
    (void)state;
    for (int i = 0; i < STOCK; i++)
        out_of_some[i] = i % 3 == 0;
    for (int depth = 1; depth <= STOCK_LEVELS; depth++) {
        ready *r = begin(depth);
        for (int64_t most = 1; most < 2 * STOCK; most = 3 * most) {
            check_search(r, &(sid__probe){.query = query, .most = most}, 40);
            assert_true(r->found <= most);
            check_search(r, &(sid__probe){.query = query, .most = most, .is_out = out_of_some}, STOCK);
        }
        check_search(r, &(sid__probe){.query = query, .most = INT64_MAX}, STOCK);
        for (int i = 0; i < STOCK; i++) /* all were looked at */
            assert_int_equal(is_below(r, i, r->found) || !r->c.vectors[i], 1);
        end(r);
    }
}

/* Fails when partitions are not the best by their means, or one without an item that may come is chosen. */
static void test_best_partitions(void **state)
{
    static uint8_t is_out[STOCK];
    ready *r = begin(2);
    sid__probe probe = {.query = query, .most = INT64_MAX, .is_out = is_out};
    (void)state;
    TEST_OK(sid__partitions_choose(&r->lists, &r->of, &probe, r->chosen, &r->found, err));
    assert_int_equal(r->found, STOCK_CODES * STOCK_CODES - 1); /* none below 0-1 has a vector */
    for (int64_t i = 0; i + 1 < r->found; i++)
        assert_true(r->chosen[i].score >= r->chosen[i + 1].score);
    const uint16_t best[2] = {r->chosen[0].prefix[0], r->chosen[0].prefix[1]};
    float second = r->chosen[1].score;
    for (int i = 0; i < STOCK; i++)
        is_out[i] = r->c.code[i * STOCK_LEVELS] == best[0] && r->c.code[i * STOCK_LEVELS + 1] == best[1];
    probe.most = 1;
    TEST_OK(sid__partitions_choose(&r->lists, &r->of, &probe, r->chosen, &r->found, err));
    assert_int_equal(r->found, 1);
    assert_memory_equal(&r->chosen[0].score, &second, sizeof second);
    memset(is_out, 1, sizeof is_out);
    TEST_OK(sid__partitions_choose(&r->lists, &r->of, &probe, r->chosen, &r->found, err));
    assert_int_equal(r->found, 0);
    end(r);
}

/* Fails when a fault leaks. */
static void test_faults(void **state)
{
    ready *r = begin(1);
    sid__leader row[4];
    const sid__probe probe = {.query = query, .most = 3};
    (void)state;
    for (int64_t after = 0;; after++) {
        sid__leaders best = {.row = row, .most = 4};
        sid__mem_fail(after, 1);
        sid_status status = sid__partitions_choose(&r->lists, &r->of, &probe, r->chosen, &r->found, NULL);
        if (status == SID_OK)
            status = sid__partitions_search(&r->lists, &probe, r->chosen, r->found, &best, NULL, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_search_by_hand), cmocka_unit_test(test_best_partitions),
                                       cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
