#include "catalog_fixture.h"

#include <math.h>

#include "catalog/catalog.h"

/* Fails when fitted, added and runs of rows do not all give the vectors that went in. */
static void vectors_come_from_where_they_lie(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_vectors *fitted = fixture_vectors(f, FIXTURE_ITEMS, 7, "i"), *added = fixture_vectors(f, 3, 9, "n");
    float x[FIXTURE_DIM], origin[FIXTURE_DIM] = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_add(catalog, added, NULL, NULL, err));
    TEST_OK(sid__catalog_enter(catalog, err));
    TEST_OK(sid__row_vector(catalog, &(sid__db_item){.row = 17}, x, err));
    assert_memory_equal(x, sid_vectors_data(fitted) + 17 * FIXTURE_DIM, sizeof x);
    TEST_OK(sid__row_vector(catalog, &(sid__db_item){.row = FIXTURE_ITEMS + 2}, x, err));
    assert_memory_equal(x, sid_vectors_data(added) + 2 * FIXTURE_DIM, sizeof x);
    TEST_FAILS(sid__row_vector(catalog, &(sid__db_item){.row = FIXTURE_ITEMS + 3}, x, err), SID_ECORRUPT,
               "row 203 has no vector");
    const int64_t row[] = {0, 1, 2, 5, 6, 199, 200, 202};
    double distance[8];
    TEST_OK(sid__row_distances(catalog, origin, row, 8, distance, err));
    for (int i = 0; i < 8; i++) {
        const float *y = row[i] < FIXTURE_ITEMS ? sid_vectors_data(fitted) + row[i] * FIXTURE_DIM
                                                : sid_vectors_data(added) + (row[i] - FIXTURE_ITEMS) * FIXTURE_DIM;
        assert_true(distance[i] == sid__distance(origin, y, FIXTURE_DIM));
    }
    sid__catalog_leave(catalog);
    sid_catalog_close(catalog);
    sid_vectors_free(fitted);
    sid_vectors_free(added);
}

/* Fails when dropped vectors are not replaced by reconstructions, of added items too. */
static void dropped_vectors_are_reconstructed(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_hits hits = {0};
    sid_vectors *added = fixture_vectors(f, 3, 9, "n");
    float decoded[FIXTURE_DIM];
    uint16_t codes[3];
    int count = 0;
    fixture_fit(f, &(sid_fit_options){.codes = "4", .drop_vectors = true}, &catalog);
    assert_false(sid__path_exists(fixture_file(f, "vectors.npy")));
    sid_catalog_get_info(catalog, &info);
    assert_false(info.has_vectors);
    TEST_OK(sid_catalog_add(catalog, added, NULL, NULL, err));
    TEST_OK(sid_catalog_neighbors(
        catalog, &(sid_query){.vector = sid_vectors_data(added), .vector_dim = FIXTURE_DIM, .k = 500}, &hits, err));
    assert_int_equal(hits.count, FIXTURE_ITEMS + 3);
    for (int64_t i = 0; i < hits.count; i++) {
        TEST_OK(sid_parse(hits.row[i].sid, 3, codes, &count, err));
        TEST_OK(sid_quantizer_decode(catalog->quantizer, codes, 1, 0, decoded, err));
        assert_true(hits.row[i].distance == sid__distance(sid_vectors_data(added), decoded, FIXTURE_DIM));
    }
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    sid_vectors_free(added);
}

/* Fails when the distance is rounded to float on the way: 3-4-5 scaled, exact in double. */
static void distance_is_double(void **state)
{
    (void)state;
    const float a[] = {0, 0}, b[] = {3e10f, 4e10f};
    const double exact = sqrt((double)b[0] * (double)b[0] + (double)b[1] * (double)b[1]);
    assert_true(sid__distance(a, b, 2) == exact);
    assert_true(sid__distance(a, a, 2) == 0);
}

/* Fails when an id finds another row, or one that is not there a row; or memory that fails leaks (under ASan). */
static void ids_find_their_rows(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, 50, 7, "i");
    sid__vector_ids ids;
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        sid__mem_fail(after, -1);
        status = sid__vector_ids_init(vectors, &ids, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            for (int64_t row = 0; row < 50; row++)
                assert_int_equal(sid__vector_ids_find(&ids, sid_vectors_id(vectors, row)), row);
        assert_int_equal(status == SID_OK ? sid__vector_ids_find(&ids, "i50") : -1, -1);
        sid__vector_ids_drop(&ids);
        assert_true(after < 100);
    }
    sid_vectors_free(vectors);
    assert_true(sid__is_zero((const float[]){0, -0.0f}, 2));
    assert_false(sid__is_zero((const float[]){0, 1e-42f}, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(vectors_come_from_where_they_lie),
        FIXTURE_TEST(dropped_vectors_are_reconstructed),
        cmocka_unit_test(distance_is_double),
        FIXTURE_TEST(ids_find_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
