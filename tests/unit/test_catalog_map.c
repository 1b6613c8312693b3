/* test_catalog_map.c: items on a plane that is known, and what is drawn of many. */
#include "catalog_fixture.h"

#include <math.h>

enum { GRID = 7, GRID_ITEMS = GRID * 3 };

/* Points (a, b), a = -3 .. 3, b = -1 .. 1, which are uncorrelated, on two axes at right angles in `dim` dimensions. */
static void make_grid(float *x, int dim)
{
    for (int i = 0; i < GRID_ITEMS; i++) {
        float a = (float)(i % GRID - 3), b = (float)(i / GRID - 1);
        for (int d = 0; d < dim; d++)
            x[i * dim + d] = 5;
        x[i * dim] += .6F * a;
        x[i * dim + dim - 1] += .8F * a;
        x[i * dim + 1] += b;
    }
}

static void fit_grid(fixture *f, int dim, bool drop_vectors, sid_catalog **out)
{
    float *x = test_calloc((size_t)GRID_ITEMS * (size_t)dim, sizeof *x);
    sid_vectors *vectors = NULL;
    make_grid(x, dim);
    TEST_OK(sid_vectors_create(f->ctx, x, GRID_ITEMS, dim, NULL, &vectors, err));
    const sid_fit_options options = {.levels = 1, .codes = "21", .drop_vectors = drop_vectors, .force = true};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, out, err));
    sid_vectors_free(vectors);
    test_free(x);
}

/* Fails when the axes are not the principal components: the grid comes back, up to the sign of an axis, and its variances
 * 4 and 2/3 are all there is. Both ways to find them, few dimensions and many, and reconstructions that are exact. */
static void a_known_plane_comes_back(void **state)
{
    fixture *f = *state;
    for (int way = 0; way < 3; way++) {
        sid_catalog *catalog = NULL;
        sid_map map = {0};
        double sign[2] = {0, 0};
        fit_grid(f, way == 1 ? 1100 : 8, way == 2, &catalog);
        TEST_OK(sid_catalog_map(catalog, NULL, &map, err));
        assert_int_equal(map.items.count, GRID_ITEMS);
        assert_int_equal(map.of, GRID_ITEMS);
        assert_int_equal(map.is_decoded, way == 2);
        for (int64_t i = 0; i < map.items.count; i++) {
            int64_t row = map.items.row[i].row;
            double wanted[2] = {(double)(row % GRID - 3), (double)(row / GRID - 1)};
            for (int a = 0; a < 2; a++) {
                double at = (double)map.xy[2 * i + a];
                if (sign[a] == 0 && wanted[a] != 0)
                    sign[a] = at * wanted[a] > 0 ? 1 : -1;
                assert_true(fabs(at - sign[a] * wanted[a]) < 1e-4);
            }
        }
        assert_true(fabs(map.share[0] - 6. / 7) < 1e-4 && fabs(map.share[1] - 1. / 7) < 1e-4);
        assert_true(fabs(map.spread - sqrt(14. / 3)) < 1e-4);
        sid_map_drop(&map);
        sid_catalog_close(catalog);
    }
}

/* Fails when the drawn items depend on more than the seed, one comes twice, or the first of many are no smaller sample. */
static void a_sample_is_drawn(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_map few = {0}, more = {0}, other = {0};
    bool is_seen[FIXTURE_ITEMS] = {false};
    int moved = 0;
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_map(catalog, &(sid_map_options){.max = 20}, &few, err));
    TEST_OK(sid_catalog_map(catalog, &(sid_map_options){.max = 90}, &more, err));
    TEST_OK(sid_catalog_map(catalog, &(sid_map_options){.max = 20, .seed = 7}, &other, err));
    assert_int_equal(few.items.count, 20);
    assert_int_equal(few.of, FIXTURE_ITEMS);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(few.items.row[i].row, more.items.row[i].row);
        moved += few.items.row[i].row != other.items.row[i].row;
    }
    for (int i = 0; i < 90; i++) {
        assert_false(is_seen[more.items.row[i].row]);
        is_seen[more.items.row[i].row] = true;
    }
    assert_true(moved > 10);
    sid_map_drop(&few);
    sid_map_drop(&more);
    sid_map_drop(&other);
    sid_map_drop(NULL);
    sid_catalog_close(catalog);
}

/* Fails when items outside of the prefix come along, or a wrong prefix is not named. */
static void a_prefix_narrows_it(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_map map = {0};
    sid_hits exact = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_decode(catalog, "2", 1, &exact, NULL, err));
    TEST_OK(sid_catalog_map(catalog, &(sid_map_options){.prefix = "2"}, &map, err));
    assert_int_equal(map.of, exact.count);
    for (int64_t i = 0; i < map.items.count; i++)
        assert_memory_equal(map.items.row[i].sid, "2-", 2);
    sid_map_drop(&map);
    sid_hits_drop(&exact);
    TEST_FAILS(sid_catalog_map(catalog, &(sid_map_options){.prefix = "9"}, &map, err), SID_ENOTFOUND, "below 9");
    TEST_FAILS(sid_catalog_map(catalog, &(sid_map_options){.prefix = "x"}, &map, err), SID_EUSAGE, "x");
    assert_null(map.xy);
    sid_catalog_close(catalog);
    fixture_fit(f, &(sid_fit_options){.quantizer = "pq", .levels = 2, .codes = "4", .force = true}, &catalog);
    TEST_FAILS(sid_catalog_map(catalog, &(sid_map_options){.prefix = "1"}, &map, err), SID_EUSAGE, "no order");
    sid_catalog_close(catalog);
}

/* Fails when one dimension, equal vectors or no items at all are more than a map can stand. */
static void little_is_enough(void **state)
{
    fixture *f = *state;
    const float same[] = {3, 3, 3};
    const float two[] = {1, 5};
    sid_catalog *catalog = NULL;
    sid_map map = {0};
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(f->ctx, same, 3, 1, NULL, &vectors, err));
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.levels = 1, .codes = "2"}, vectors, f->path, &catalog, err));
    TEST_OK(sid_catalog_map(catalog, NULL, &map, err));
    for (int i = 0; i < 6; i++)
        assert_true(map.xy[i] == 0);
    assert_true(map.share[0] == 0 && map.spread == 0);
    sid_map_drop(&map);
    TEST_OK(sid_catalog_remove(catalog, (const char *const[]){"0", "1", "2"}, 3, err));
    TEST_OK(sid_catalog_map(catalog, NULL, &map, err));
    assert_int_equal(map.items.count, 0);
    sid_map_drop(&map);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
    TEST_OK(sid_vectors_create(f->ctx, two, 2, 1, NULL, &vectors, err));
    const sid_fit_options again = {.levels = 1, .codes = "2", .force = true};
    TEST_OK(sid_catalog_fit(f->ctx, &again, vectors, f->path, &catalog, err));
    TEST_OK(sid_catalog_map(catalog, NULL, &map, err));
    assert_true(fabsf(map.xy[0]) == 2 && map.xy[0] == -map.xy[2] && map.xy[1] == 0);
    assert_true(map.share[0] == 1 && map.share[1] == 0);
    sid_map_drop(&map);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

/* Fails when a lack of memory leaks, or leaves the catalogue locked. */
static void memory_may_lack_anywhere(void **state)
{
    fixture *f = *state;
    for (int way = 0; way < 2; way++) {
        sid_catalog *catalog = NULL;
        sid_map map = {0};
        sid_status status = SID_ENOMEM;
        fit_grid(f, way ? 1100 : 8, false, &catalog);
        for (int fail = 0; status != SID_OK && fail < 400; fail++) {
            sid__mem_fail(fail, -1);
            status = sid_catalog_map(catalog, NULL, &map, NULL);
            sid__mem_fail(-1, 0);
            assert_true(status == SID_OK || (status == SID_ENOMEM && map.xy == NULL));
        }
        assert_int_equal(status, SID_OK);
        sid_map_drop(&map);
        sid_catalog_close(catalog);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(a_known_plane_comes_back), FIXTURE_TEST(a_sample_is_drawn),
                                       FIXTURE_TEST(a_prefix_narrows_it), FIXTURE_TEST(little_is_enough),
                                       FIXTURE_TEST(memory_may_lack_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
