#include "catalog_fixture.h"

#include "catalog/item_db.h"

#define CATALOG "0123456789abcdef0123456789abcdef"

/* A database of two levels whose transaction is open for inserts. */
static sid__item_db *create(const fixture *f)
{
    sid__item_db *db = NULL;
    TEST_OK(sid__item_db_create(f->path, 2, &db, err));
    return db;
}

static sid__db_item item_of(int64_t row, const char *id, int32_t digit)
{
    return (sid__db_item){.row = row,
                          .item_id = id,
                          .title = "t",
                          .metadata = "",
                          .codes = {258, 65535, (uint16_t)digit},
                          .levels = 2,
                          .digit = digit};
}

/* Fails when a column comes back changed, or an id finds a removed or another item. */
static void rows_come_back_equal(void **state)
{
    fixture *f = *state;
    sid__item_db *db = create(f);
    sid__arena arena = {0};
    bool is_found = false;
    sid__db_item item = item_of(3, "a\"'; --\xc3\xa9", 0), out;
    item.assigned = SID__ASSIGNED_POLICY;
    item.state = SID__STATE_NO_TEXT;
    TEST_OK(sid__item_db_insert(db, &item, err));
    TEST_OK(sid__item_db_find(db, item.item_id, &arena, &out, &is_found, err));
    assert_true(is_found);
    assert_int_equal(out.row, 3);
    assert_string_equal(out.item_id, item.item_id);
    assert_string_equal(out.title, "t");
    assert_string_equal(out.metadata, "");
    assert_int_equal(out.codes[0], 258);
    assert_int_equal(out.codes[1], 65535);
    assert_int_equal(out.digit, 0);
    assert_int_equal(sid__db_item_width(&out), 3);
    assert_string_equal(sid__assigned_name(out.assigned), "policy");
    assert_string_equal(sid__state_name(out.state), "no_text");
    TEST_OK(sid__item_db_get(db, 3, &arena, &out, &is_found, err));
    assert_true(is_found);
    TEST_OK(sid__item_db_get(db, 4, &arena, &out, &is_found, err));
    assert_false(is_found);
    TEST_OK(sid__item_db_find(db, "a", &arena, &out, &is_found, err));
    assert_false(is_found);
    TEST_OK(sid__item_db_remove(db, &item, err));
    TEST_OK(sid__item_db_find(db, item.item_id, &arena, &out, &is_found, err));
    assert_false(is_found);
    sid__arena_drop(&arena);
    sid__item_db_close(db);
}

/* Fails when two live items may have one id, or a removed id cannot come back. */
static void live_ids_are_unique(void **state)
{
    fixture *f = *state;
    sid__item_db *db = create(f);
    sid__db_item first = item_of(0, "a", SID__DIGIT_NONE), second = item_of(1, "a", SID__DIGIT_NONE);
    TEST_OK(sid__item_db_insert(db, &first, err));
    TEST_OK(sid__item_db_insert(db, &second, err)); /* the index comes when the database is sealed */
    TEST_FAILS(sid__item_db_seal(db, CATALOG, err), SID_ECORRUPT, "UNIQUE");
    sid__item_db_close(db);
    TEST_OK(sid__remove_tree(f->path, err));
    db = create(f);
    TEST_OK(sid__item_db_insert(db, &first, err));
    TEST_OK(sid__item_db_remove(db, &first, err));
    TEST_OK(sid__item_db_insert(db, &second, err));
    TEST_OK(sid__item_db_seal(db, CATALOG, err));
    int64_t live = 0, next = 0;
    TEST_OK(sid__item_db_live_count(db, &live, err));
    TEST_OK(sid__item_db_next_row(db, &next, err));
    assert_int_equal(live, 1);
    assert_int_equal(next, 2);
    sid__item_db_close(db);
}

/* Fails when a bucket forgets removed items or digits. */
static void buckets_count_removed_items(void **state)
{
    fixture *f = *state;
    sid__item_db *db = create(f);
    const uint16_t codes[] = {258, 65535}, other[] = {258, 65534};
    int64_t given = 9, largest = 9;
    TEST_OK(sid__item_db_bucket(db, codes, &given, &largest, err));
    assert_int_equal(given, 0);
    assert_int_equal(largest, SID__DIGIT_NONE);
    sid__db_item first = item_of(0, "a", 0), second = item_of(1, "b", 4);
    TEST_OK(sid__item_db_insert(db, &first, err));
    TEST_OK(sid__item_db_insert(db, &second, err));
    TEST_OK(sid__item_db_remove(db, &second, err));
    TEST_OK(sid__item_db_bucket(db, codes, &given, &largest, err));
    assert_int_equal(given, 2);
    assert_int_equal(largest, 4);
    TEST_OK(sid__item_db_bucket(db, other, &given, &largest, err));
    assert_int_equal(given, 0);
    sid__item_db_close(db);
}

/* Fails when a vector comes back changed, with another size, or outlives its item. */
static void vectors_come_back_until_removed(void **state)
{
    fixture *f = *state;
    sid__item_db *db = create(f);
    const float x[] = {1.5f, -0.0f, 1e-42f};
    float y[3];
    bool is_found = false;
    sid__db_item item = item_of(0, "a", SID__DIGIT_NONE);
    TEST_OK(sid__item_db_insert(db, &item, err));
    sid__digest before = sid__item_db_rows_digest(db);
    TEST_OK(sid__item_db_vector_put(db, 0, x, 3, err));
    TEST_OK(sid__item_db_vector_get(db, 0, y, 3, &is_found, err));
    assert_true(is_found);
    assert_memory_equal(x, y, sizeof x);
    TEST_FAILS(sid__item_db_vector_get(db, 0, y, 2, &is_found, err), SID_ECORRUPT, "column vector");
    TEST_OK(sid__item_db_remove(db, &item, err));
    TEST_OK(sid__item_db_vector_get(db, 0, y, 3, &is_found, err));
    assert_false(is_found);
    sid__digest after = sid__item_db_rows_digest(db);
    assert_true(before.low != after.low);
    sid__item_db_close(db);
}

/* Fails when the digest depends on the order of rows or forgets one: sums commute. */
static void digest_is_a_sum(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX + 8];
    sid__item_db *db = create(f), *other = NULL;
    (void)snprintf(path, sizeof path, "%s2", f->path);
    TEST_OK(sid__item_db_create(path, 2, &other, err));
    sid__db_item first = item_of(0, "a", 0), second = item_of(1, "b", 4);
    TEST_OK(sid__item_db_insert(db, &first, err));
    TEST_OK(sid__item_db_insert(db, &second, err));
    TEST_OK(sid__item_db_insert(other, &second, err));
    assert_true(sid__item_db_rows_digest(db).low != sid__item_db_rows_digest(other).low);
    TEST_OK(sid__item_db_insert(other, &first, err));
    assert_true(sid__item_db_rows_digest(db).low == sid__item_db_rows_digest(other).low);
    assert_true(sid__item_db_rows_digest(db).high == sid__item_db_rows_digest(other).high);
    char text[SID__DIGEST_TEXT_SIZE];
    sid__digest_text((sid__digest){.high = 1, .low = 255}, text);
    assert_string_equal(text, "000000000000000100000000000000ff");
    sid__item_db_close(db);
    sid__item_db_close(other);
}

/* Fails when a value that SQLite will not take is stored as NULL, or called damage, or counted in the digest. */
static void values_that_are_too_long_are_refused(void **state)
{
    fixture *f = *state;
    enum { TOO_LONG = (64 << 20) + 1 };
    sid__item_db *db = create(f);
    char *text = test_malloc(TOO_LONG + 1);
    memset(text, 'a', TOO_LONG);
    text[TOO_LONG] = 0;
    sid__db_item item = item_of(0, "a", SID__DIGIT_NONE);
    sid__digest before = sid__item_db_rows_digest(db);
    item.metadata = text;
    TEST_FAILS(sid__item_db_insert(db, &item, err), SID_EDATA, "too long");
    text[TOO_LONG - 4] = 0; /* each value fits, the row does not */
    TEST_FAILS(sid__item_db_insert(db, &item, err), SID_EDATA, "too long");
    assert_true(sid__item_db_rows_digest(db).low == before.low);
    item.metadata = "";
    TEST_OK(sid__item_db_insert(db, &item, err));
    test_free(text);
    sid__item_db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(rows_come_back_equal),
        FIXTURE_TEST(live_ids_are_unique),
        FIXTURE_TEST(buckets_count_removed_items),
        FIXTURE_TEST(vectors_come_back_until_removed),
        FIXTURE_TEST(digest_is_a_sum),
        FIXTURE_TEST(values_that_are_too_long_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
