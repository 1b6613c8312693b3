#include "catalog_fixture.h"

#include "catalog/catalog_files.h"

static void setup_files(fixture *f)
{
    TEST_OK(sid__directory_create(f->path, err));
    TEST_OK(sid__replace_whole(fixture_file(f, "items.db"), "rows", 4, err));
    TEST_OK(sid__items_sum_write(f->path, 3, err));
}

/* Fails when the sum is not of the file, or its two lines are not what the format says. */
static void the_sum_is_of_the_file(void **state)
{
    fixture *f = *state;
    char *text = NULL;
    int64_t size = 0;
    setup_files(f);
    TEST_OK(sid__items_sum_check(f->path, 3, err));
    TEST_OK(sid__read_whole(fixture_file(f, "items.sum"), 4096, &text, &size, err));
    /* printf rows | sha256sum */
    assert_memory_equal(text, "bc51e9e65d79e1c90ba544ab2eae1044ccdf8c1af7a559ba375cba4276f7d99e", 64);
    assert_non_null(strstr(text, " 4 3\n"));
    assert_int_equal(size, 64 + 5 + 65);
    sid__free(text);
}

/* Fails when a changed file, a newer sum or a changed sum is taken. */
static void changes_are_found(void **state)
{
    fixture *f = *state;
    setup_files(f);
    TEST_OK(sid__replace_whole(fixture_file(f, "items.db"), "rowz", 4, err));
    TEST_FAILS(sid__items_sum_check(f->path, 3, err), SID_ECORRUPT, "not as its last writer left it");
    TEST_FAILS(sid__items_sum_check(f->path, 2, err), SID_ECORRUPT, "not as its last writer left it");
    TEST_OK(sid__items_sum_check(f->path, 4, err)); /* its writer was killed */
    int64_t size = file_size(fixture_file(f, "items.sum"));
    for (int64_t at = 0; at < size; at++) {
        flip_bit(fixture_file(f, "items.sum"), at, (int)(at % 8));
        TEST_FAILS(sid__items_sum_check(f->path, 3, err), SID_ECORRUPT, "items.sum: not as semid wrote it");
        flip_bit(fixture_file(f, "items.sum"), at, (int)(at % 8));
    }
    TEST_OK(sid__replace_whole(fixture_file(f, "items.sum"), "", 0, err));
    TEST_FAILS(sid__items_sum_check(f->path, 3, err), SID_ECORRUPT, "items.sum");
    TEST_OK(sid__items_sum_write(f->path, 3, err)); /* a closing writer mends it */
    TEST_OK(sid__items_sum_check(f->path, 3, err));
}

/* Fails when a waiting WAL, whose pages are not in the file yet, is summed or compared. */
static void a_waiting_wal_says_nothing(void **state)
{
    fixture *f = *state;
    setup_files(f);
    TEST_OK(sid__replace_whole(fixture_file(f, "items.db-wal"), "frames", 6, err));
    TEST_OK(sid__replace_whole(fixture_file(f, "items.db"), "rowz", 4, err));
    TEST_OK(sid__items_sum_check(f->path, 3, err));
    TEST_OK(sid__items_sum_write(f->path, 4, err));
    TEST_OK(sid__remove_tree(fixture_file(f, "items.db-wal"), err));
    TEST_FAILS(sid__items_sum_check(f->path, 3, err), SID_ECORRUPT, "items.db");
    TEST_OK(sid__remove_tree(fixture_file(f, "items.sum"), err));
    TEST_OK(sid__items_sum_check(f->path, 3, err));
    TEST_OK(sid__remove_tree(fixture_file(f, "items.db"), err));
    TEST_FAILS(sid__items_sum_write(f->path, 3, err), SID_EIO, "items.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(the_sum_is_of_the_file),
        FIXTURE_TEST(changes_are_found),
        FIXTURE_TEST(a_waiting_wal_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
