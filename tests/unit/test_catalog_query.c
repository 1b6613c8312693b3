#include "catalog_fixture.h"

#include <math.h>
#include <pthread.h>

#include "io/items.h"

enum { K_MAX = 1000 };

/* Common prefix of two SIDs' base codes, from their texts. */
static int shared_of(const char *a, const char *b, int levels)
{
    uint16_t x[SID_LEVELS_MAX + 1], y[SID_LEVELS_MAX + 1];
    int n = 0, m = 0, shared = 0;
    TEST_OK(sid_parse(a, SID_LEVELS_MAX + 1, x, &n, err));
    TEST_OK(sid_parse(b, SID_LEVELS_MAX + 1, y, &m, err));
    while (shared < levels && x[shared] == y[shared])
        shared++;
    return shared;
}

/* Written apart from the code under test: sums in double, element order. */
static double distance_of(const float *a, const float *b)
{
    double sum = 0;
    for (int d = 0; d < FIXTURE_DIM; d++)
        sum += ((double)a[d] - (double)b[d]) * ((double)a[d] - (double)b[d]);
    return sqrt(sum);
}

/* Fails when the order is not longest shared prefix, distance, row; when the item itself is given; or when fewer than k
 * come although they exist. */
static void neighbors_of_an_item_are_in_order(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits all = {0}, hits = {0};
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    const float *x = sid_vectors_data(vectors);
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int item = 0; item < FIXTURE_ITEMS; item += 37) {
        TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.item = all.row[item].item_id, .k = K_MAX}, &hits, err));
        assert_int_equal(hits.count, FIXTURE_ITEMS - 1);
        for (int64_t i = 0; i < hits.count; i++) {
            const sid_item *hit = &hits.row[i], *before = &hits.row[i > 0 ? i - 1 : 0];
            assert_int_not_equal(hit->row, item);
            assert_int_equal(hit->shared, shared_of(hit->sid, all.row[item].sid, 3));
            assert_true(hit->distance == distance_of(x + item * FIXTURE_DIM, x + hit->row * FIXTURE_DIM));
            if (i > 0)
                assert_true(
                    before->shared > hit->shared ||
                    (before->shared == hit->shared && (before->distance < hit->distance ||
                                                       (before->distance == hit->distance && before->row < hit->row))));
        }
        sid_hits five = {0};
        TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.item = all.row[item].item_id, .k = 5}, &five, err));
        assert_int_equal(five.count, 5);
        for (int i = 0; i < 5; i++)
            assert_int_equal(five.row[i].row, hits.row[i].row);
        sid_hits_drop(&five);
        sid_hits_drop(&hits);
    }
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.item = "i0"}, &hits, err));
    assert_int_equal(hits.count, 10);
    sid_hits_drop(&hits);
    sid_hits_drop(&all);
    sid_vectors_free(vectors);
    sid_catalog_close(catalog);
}

/* Fails when a prefix gives items of elsewhere, or not by distance to its reconstruction. */
static void neighbors_of_a_prefix_lie_below_it(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits all = {0}, hits = {0};
    fixture_fit(f, &(sid_fit_options){.codes = "4", .collisions = "digit"}, &catalog);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    char prefix[SID_SID_TEXT_MAX];
    int64_t below = 0;
    (void)snprintf(prefix, sizeof prefix, "%.3s", all.row[0].sid); /* two codes of one digit */
    for (int64_t i = 0; i < all.count; i++)
        below += strncmp(all.row[i].sid, prefix, 3) == 0;
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.prefix = prefix, .k = K_MAX}, &hits, err));
    assert_int_equal(hits.count, below);
    for (int64_t i = 0; i < hits.count; i++) {
        assert_memory_equal(hits.row[i].sid, prefix, 3);
        assert_int_equal(hits.row[i].shared, 2);
        assert_true(i == 0 || hits.row[i - 1].distance <= hits.row[i].distance);
    }
    sid_hits_drop(&hits);
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.prefix = all.row[7].sid, .k = 3}, &hits, err));
    assert_int_equal(hits.count, 1); /* with its digit: one item */
    assert_int_equal(hits.row[0].row, 7);
    assert_int_equal(hits.row[0].shared, 3);
    sid_hits_drop(&hits);
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.prefix = "9-0"}, &hits, err), SID_EDATA, "code 9");
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.prefix = "x"}, &hits, err), SID_EUSAGE, "not a SID");
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.prefix = "0-0-0-0-0"}, &hits, err), SID_EUSAGE, "");
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
}

/* Fails when a vector query is not the item's own vector's neighbourhood, or bad vectors are taken. */
static void neighbors_of_a_vector_begin_with_its_owner(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    float bad[FIXTURE_DIM] = {0};
    fixture_fit(f, NULL, &catalog);
    const sid_query own = {.vector = sid_vectors_data(vectors) + 5 * FIXTURE_DIM, .vector_dim = FIXTURE_DIM, .k = 3};
    TEST_OK(sid_catalog_neighbors(catalog, &own, &hits, err));
    assert_int_equal(hits.row[0].row, 5);
    assert_true(hits.row[0].distance == 0);
    assert_int_equal(hits.row[0].shared, 3);
    sid_hits_drop(&hits);
    bad[4] = NAN;
    const sid_query with_nan = {.vector = bad, .vector_dim = FIXTURE_DIM}, short_one = {.vector = bad, .vector_dim = 2};
    TEST_FAILS(sid_catalog_neighbors(catalog, &with_nan, &hits, err), SID_EDATA, "number 4 of the vector");
    TEST_FAILS(sid_catalog_neighbors(catalog, &short_one, &hits, err), SID_EDATA, "the catalogue takes 6");
    sid_vectors_free(vectors);
    sid_catalog_close(catalog);
}

/* Fails when a query that cannot be answered is answered. */
static void wrong_queries_are_named(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0}, exact = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.text = "red"}, &hits, err), SID_EUSAGE,
               "fitted from vectors; pass --vector");
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.k = 3}, &hits, err), SID_EUSAGE, "exactly one");
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.item = "i1", .text = "x"}, &hits, err), SID_EUSAGE, "2 of");
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.item = "i1", .k = -1}, &hits, err), SID_EUSAGE, "k is -1");
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.item = "nobody"}, &hits, err), SID_ENOTFOUND, "nobody");
    TEST_FAILS(sid_catalog_show(catalog, "nobody", &hits, err), SID_ENOTFOUND, "nobody");
    TEST_FAILS(sid_catalog_decode(catalog, "0", -1, &exact, &hits, err), SID_EUSAGE, "k is -1");
    TEST_FAILS(sid_catalog_decode(catalog, "0--1", 0, &exact, &hits, err), SID_EUSAGE, "not a SID");
    assert_null(hits.row);
    assert_null(exact.row);
    sid_catalog_close(catalog);
}

/* Fails when a prefix of codes without order is answered, a whole SID is not, or an item's neighbours are not all items by
 * distance alone. */
static void codes_without_order_have_no_prefixes(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits all = {0}, hits = {0}, exact = {0};
    fixture_fit(f, &(sid_fit_options){.quantizer = "pq", .levels = 3, .codes = "4", .collisions = "digit"}, &catalog);
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.prefix = "0-1"}, &hits, err), SID_EUSAGE,
               "quantizer pq have no order");
    TEST_FAILS(sid_catalog_decode(catalog, "0", 3, &exact, &hits, err), SID_EUSAGE, "give all 3 codes");
    TEST_OK(sid_catalog_items(catalog, &all, err));
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.item = "i5", .k = K_MAX}, &hits, err));
    assert_int_equal(hits.count, FIXTURE_ITEMS - 1);
    for (int64_t i = 1; i < hits.count; i++)
        assert_true(hits.row[i].shared == 0 && hits.row[i - 1].distance <= hits.row[i].distance);
    sid_hits_drop(&hits);
    TEST_OK(sid_catalog_decode(catalog, all.row[5].sid, 2, &exact, &hits, err)); /* with its digit: one item */
    assert_int_equal(exact.count, 1);
    assert_int_equal(exact.row[0].row, 5);
    assert_int_equal(hits.count, 2);
    sid_hits_drop(&hits);
    sid_hits_drop(&exact);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
}

/* Fails when bucket mates are left out, or the item is not first. */
static void show_gives_the_item_and_its_bucket(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits all = {0}, hits = {0};
    fixture_fit(f, &(sid_fit_options){.codes = "3", .levels = 2, .collisions = "suffix"}, &catalog);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int item = 0; item < FIXTURE_ITEMS; item += 61) {
        int64_t mates = 0;
        for (int64_t i = 0; i < all.count; i++)
            mates += shared_of(all.row[i].sid, all.row[item].sid, 2) == 2;
        TEST_OK(sid_catalog_show(catalog, all.row[item].item_id, &hits, err));
        assert_int_equal(hits.count, mates);
        assert_int_equal(hits.row[0].row, item);
        assert_true(isnan(hits.row[0].distance));
        for (int64_t i = 1; i < hits.count; i++)
            assert_int_not_equal(hits.row[i].row, item);
        sid_hits_drop(&hits);
    }
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
}

/* Fails when decode's exact list is not the prefix's items by SID, or its nearest are not the nearest of all. */
static void decode_gives_exact_and_nearest(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits all = {0}, exact = {0}, nearest = {0};
    fixture_fit(f, &(sid_fit_options){.codes = "4", .collisions = "digit"}, &catalog);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    char prefix[2] = {all.row[3].sid[0], 0};
    int64_t below = 0;
    for (int64_t i = 0; i < all.count; i++)
        below += all.row[i].sid[0] == prefix[0];
    TEST_OK(sid_catalog_decode(catalog, prefix, 0, &exact, &nearest, err));
    assert_int_equal(exact.count, below);
    assert_int_equal(nearest.count, 10);
    for (int64_t i = 0; i < exact.count; i++) {
        assert_int_equal(exact.row[i].sid[0], prefix[0]);
        assert_int_equal(exact.row[i].shared, 1);
        assert_true(exact.row[i].distance >= nearest.row[0].distance || nearest.row[0].shared == 1);
    }
    for (int64_t i = 1; i < 10; i++)
        assert_true(nearest.row[i - 1].distance <= nearest.row[i].distance);
    sid_hits_drop(&exact);
    sid_hits_drop(&nearest);
    TEST_OK(sid_catalog_decode(catalog, "3-3-3-15", 500, &exact, NULL, err));
    assert_int_equal(exact.count, 0);
    sid_hits_drop(&exact);
    TEST_OK(sid_catalog_decode(catalog, "3-3-3", 500, NULL, &nearest, err));
    assert_int_equal(nearest.count, FIXTURE_ITEMS);
    sid_hits_drop(&nearest);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
}

/* Fails when a text does not find its own item, or the encoder is lost between fit and open. */
static void texts_find_their_items(void **state)
{
    fixture *f = *state;
    static const char *const columns[] = {"title"};
    static const char *const rows[] = {
        "a", "red lipstick matte",   "b", "red lipstick glossy",  "c", "blue nail polish",    "d", "green nail polish",
        "e", "shampoo for dry hair", "f", "dry hair conditioner", "g", "blue shampoo bottle", "h", "?!"};
    sid_items *items = NULL;
    sid_encoder *encoder = NULL;
    sid_vectors *vectors = NULL, *again = NULL;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    int64_t no_text = 0;
    TEST_OK(sid__items_from_rows(f->ctx, columns, 1, rows, 8, &items, err));
    TEST_OK(
        sid_encoder_fit(f->ctx, items, &(sid_encoder_options){.options = "min_df=1,max_df=1,dim=6"}, &encoder, err));
    TEST_OK(sid_encoder_encode(f->ctx, encoder, items, &vectors, &no_text, err));
    assert_int_equal(no_text, 1);
    const sid_fit_options options = {.levels = 2, .codes = "3", .items = items, .encoder = encoder};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err));
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.text = "blue nail polish", .k = 1}, &hits, err));
    assert_string_equal(hits.row[0].title, "blue nail polish");
    assert_true(hits.row[0].distance < 1e-6);
    sid_hits_drop(&hits);
    TEST_FAILS(sid_catalog_neighbors(catalog, &(sid_query){.text = "xyzzy"}, &hits, err), SID_EDATA, "knows no word");
    TEST_OK(sid_catalog_show(catalog, "h", &hits, err));
    assert_string_equal(hits.row[0].state, "no_text");
    sid_hits_drop(&hits);
    TEST_OK(sid_catalog_embed(catalog, items, &again, &no_text, err));
    assert_memory_equal(sid_vectors_data(vectors), sid_vectors_data(again),
                        (size_t)(sid_vectors_count(vectors) * sid_vectors_dim(vectors)) * sizeof(float));
    sid_vectors_free(again);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
    sid_encoder_free(encoder);
    sid_items_free(items);
}

/* What a reading thread does: the same question, again and again, on a handle that others use too. */
static void *ask_often(void *arg)
{
    sid_catalog *catalog = arg;
    sid_catalog_info info;
    intptr_t failed = 0;
    for (int i = 0; i < 40; i++) {
        sid_hits hits = {0};
        failed += sid_catalog_neighbors(catalog, &(sid_query){.item = "i3", .k = 5}, &hits, NULL) != SID_OK;
        failed += hits.count != 5;
        sid_hits_drop(&hits);
        sid_catalog_get_info(catalog, &info);
    }
    return (void *)failed;
}

/* Fails when readers on one handle disturb each other (TSan), or a writer's commits disturb them. */
static void readers_share_a_handle_beside_a_writer(void **state)
{
    fixture *f = *state;
    sid_catalog *writer = NULL, *reader = NULL;
    pthread_t thread[3];
    fixture_fit(f, NULL, &writer);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &reader, err));
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask_often, reader), 0);
    for (int i = 0; i < 10; i++) {
        char prefix[8];
        (void)snprintf(prefix, sizeof prefix, "n%d-", i);
        sid_vectors *more = fixture_vectors(f, 3, (uint64_t)(20 + i), prefix);
        TEST_OK(sid_catalog_add(writer, more, NULL, NULL, err));
        sid_vectors_free(more);
    }
    for (int i = 0; i < 3; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(thread[i], &failed), 0);
        assert_null(failed);
    }
    sid_catalog_close(reader);
    sid_catalog_close(writer);
}

/* Fails when a failed allocation in a query leaks (under ASan) or goes unreported. */
static void failing_memory_is_reported(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    fixture_fit(f, NULL, &catalog);
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        sid_hits hits = {0};
        sid__mem_fail(after, -1);
        status = sid_catalog_neighbors(catalog, &(sid_query){.item = "i3", .k = 4}, &hits, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        assert_true(after < 1000);
        sid_hits_drop(&hits);
    }
    status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        sid_hits exact = {0}, nearest = {0};
        sid__mem_fail(after, -1);
        status = sid_catalog_decode(catalog, "3-2-1", 4, &exact, &nearest, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        assert_true(after < 5000);
        sid_hits_drop(&exact);
        sid_hits_drop(&nearest);
    }
    sid_catalog_close(catalog);
}

/* Fails when a catalogue without an encoder claims to know words. */
static void vectors_have_no_words(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    char *words = (char *)1;
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_unknown_words(catalog, "red", &words, err));
    assert_null(words);
    sid_catalog_close(catalog);
}

/* Fails when an item is lost, out of order or with its bucket mates, or one that is not there has a row. */
static void find_gives_items_in_the_order_asked(void **state)
{
    fixture *f = *state;
    static const char *const ids[] = {"i9", "nobody", "i3", "i9"};
    sid_catalog *catalog = NULL;
    sid_hits hits = {0}, shown = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_find(catalog, ids, 4, &hits, err));
    assert_int_equal(hits.count, 4);
    assert_int_equal(hits.row[1].row, -1);
    assert_string_equal(hits.row[1].item_id, "nobody");
    assert_string_equal(hits.row[1].sid, "");
    TEST_OK(sid_catalog_show(catalog, "i9", &shown, err));
    for (int i = 0; i < 4; i += 3) {
        assert_int_equal(hits.row[i].row, shown.row[0].row);
        assert_string_equal(hits.row[i].sid, shown.row[0].sid);
    }
    assert_string_equal(hits.row[2].item_id, "i3");
    sid_hits_drop(&hits);
    sid_hits_drop(&shown);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(find_gives_items_in_the_order_asked),
        FIXTURE_TEST(vectors_have_no_words),
        FIXTURE_TEST(neighbors_of_an_item_are_in_order),
        FIXTURE_TEST(neighbors_of_a_prefix_lie_below_it),
        FIXTURE_TEST(neighbors_of_a_vector_begin_with_its_owner),
        FIXTURE_TEST(wrong_queries_are_named),
        FIXTURE_TEST(codes_without_order_have_no_prefixes),
        FIXTURE_TEST(show_gives_the_item_and_its_bucket),
        FIXTURE_TEST(decode_gives_exact_and_nearest),
        FIXTURE_TEST(texts_find_their_items),
        FIXTURE_TEST(readers_share_a_handle_beside_a_writer),
        FIXTURE_TEST(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
