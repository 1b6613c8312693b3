/* test_tower.c: vectors of items in the order of their codes. */
#include "retrieve/tower.h"

#include "retrieve_case.h"

static const float query[STOCK_DIM] = {.3F, -.7F, .11F, 1.9F, -.25F};

static sid__tower_shape shape_at(int depth, sid__isa isa)
{
    return (sid__tower_shape){.dim = STOCK_DIM, .depth = depth, .kernels = sid__kernels_for(isa)};
}

/* Fails when a score is not the chain of its item's vector to the bit, for any run and instruction set, or a vector comes back changed. */
static void test_scores(void **state)
{
    static stock_case c;
    sid__inventory inv;
    (void)state;
    make_stock(&c);
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid__tower tower;
        float out[STOCK + 2 * SID__GROUP], vector[STOCK_DIM];
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        TEST_OK(sid__tower_create(&inv, shape_at(1, (sid__isa)isa), c.vectors, &tower, err));
        for (int64_t begin = 0; begin < STOCK; begin += 23)
            for (int64_t end = begin; end <= STOCK; end += 31) {
                assert_true(sid__tower_room(begin, end) <= sizeof out / sizeof *out);
                sid__tower_score(&tower, query, begin, end, out);
                for (int64_t p = begin; p < end; p++) {
                    int32_t item = sid__tower_item(&tower, p);
                    float wanted = product(query, c.vector[item], STOCK_DIM);
                    assert_int_equal(tower.is_known[p], c.vectors[item] != NULL);
                    if (tower.is_known[p])
                        assert_memory_equal(&out[p - sid__tower_first(begin)], &wanted, sizeof wanted);
                }
            }
        for (int i = 0; i < STOCK; i++) {
            assert_int_equal(sid__tower_vector(&tower, i, vector), c.vectors[i] != NULL);
            if (c.vectors[i])
                assert_memory_equal(vector, c.vector[i], sizeof vector);
        }
        sid__tower_drop(&tower);
    }
    sid__inventory_drop(&inv);
}

/* Fails when a partition's mean is not that of its items with a vector: quarters are summed without rounding, so only the last bit of
 * the division is left. */
static void test_means(void **state)
{
    static stock_case c;
    sid__inventory inv;
    sid__tower tower;
    (void)state;
    make_stock(&c);
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    for (int depth = 1; depth <= STOCK_LEVELS; depth++) {
        float out[STOCK + SID__GROUP];
        const sid__inventory_depth *nodes = &inv.depth[depth];
        TEST_OK(sid__tower_create(&inv, shape_at(depth, sid__isa_best()), c.vectors, &tower, err));
        sid__tower_score_means(&tower, query, out);
        for (int64_t n = 0; n < nodes->count; n++) {
            float mean[STOCK_DIM] = {0};
            int64_t known = 0;
            for (int64_t p = nodes->begin[n]; p < nodes->begin[n + 1]; p++) {
                int32_t item = nodes->item[SID__BY_SCORE][p];
                known += c.vectors[item] != NULL;
                for (int d = 0; c.vectors[item] && d < STOCK_DIM; d++)
                    mean[d] += c.vector[item][d];
            }
            for (int d = 0; d < STOCK_DIM; d++)
                mean[d] = known > 0 ? (float)((double)mean[d] / (double)known) : 0;
            float wanted = product(query, mean, STOCK_DIM);
            assert_memory_equal(&out[n], &wanted, sizeof wanted);
            assert_int_equal(tower.known[n], known);
        }
        sid__tower_drop(&tower);
    }
    sid__inventory_drop(&inv);
}

/* Fails when the depth that is chosen is not the deepest with 32 items a partition: of 300 items below 4, 16, 64 prefixes the first; with
 * all below one prefix of two codes the second. */
static void test_usual_depth(void **state)
{
    static stock_case c;
    (void)state;
    make_stock(&c);
    for (int of_one = 0; of_one < 2; of_one++) {
        sid__inventory inv;
        sid__tower tower;
        for (int i = 0; of_one && i < STOCK; i++)
            memcpy(&c.code[i * STOCK_LEVELS], (uint16_t[]){0, (uint16_t)(i % 4)}, 2 * sizeof *c.code);
        TEST_OK(sid__inventory_create(&c.stock, &inv, err));
        TEST_OK(sid__tower_create(&inv, shape_at(0, sid__isa_best()), c.vectors, &tower, err));
        assert_int_equal(tower.shape.depth, 1 + of_one);
        sid__tower_drop(&tower);
        sid__inventory_drop(&inv);
    }
}

/* Fails when a vector that is none passes, or a fault leaks. */
static void test_bad_and_faults(void **state)
{
    static stock_case c;
    sid__inventory inv;
    sid__tower tower;
    (void)state;
    make_stock(&c);
    TEST_OK(sid__tower_check(c.vector[0], STOCK_DIM, "a", err));
    TEST_FAILS(sid__tower_check((float[]){0, 17}, 2, "a", err), SID_EDATA, "\"a\" has 17");
    TEST_FAILS(sid__tower_check((float[]){NAN, 0}, 2, "b", err), SID_EDATA, "nan");
    TEST_OK(sid__inventory_create(&c.stock, &inv, err));
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__tower_create(&inv, shape_at(2, sid__isa_best()), c.vectors, &tower, NULL);
        sid__mem_fail(-1, 0);
        sid__tower_drop(&tower);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__inventory_drop(&inv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scores), cmocka_unit_test(test_means),
                                       cmocka_unit_test(test_usual_depth), cmocka_unit_test(test_bad_and_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
