#include "catalog_fixture.h"

#include "base/io_fault.h"

static void link_path(const fixture *f, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s/current", f->root);
}

static void expect_target(const char *link, const char *wanted)
{
    char seen[PATH_MAX] = "";
    assert_true(readlink(link, seen, sizeof seen - 1) > 0);
    assert_string_equal(seen, wanted);
}

/* Fails when the link is not made, not swapped, absolute without need, or something is left beside it. */
static void a_link_is_made_and_swapped(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    char link[PATH_MAX], second[PATH_MAX];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    link_path(f, link);
    (void)snprintf(second, sizeof second, "%s/second", f->root);
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4"}, vectors, second, NULL, err));
    TEST_OK(sid_catalog_use(f->ctx, link, f->path, true, err));
    assert_int_equal(count_entries(f->root), 2); /* only checked */
    TEST_OK(sid_catalog_use(f->ctx, link, f->path, false, err));
    expect_target(link, "catalog");
    TEST_OK(sid_catalog_use(f->ctx, link, second, false, err));
    expect_target(link, "second");
    TEST_OK(sid_catalog_open(f->ctx, link, SID_OPEN_READ, &catalog, err));
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_use(f->ctx, link, link, false, err)); /* what it points to */
    expect_target(link, "second");
    assert_int_equal(count_entries(f->root), 3);
    sid_vectors_free(vectors);
}

/* Fails when anything but a link is replaced, a folder that is no catalogue is taken, or a failed swap leaves a trace. */
static void what_is_no_link_stays(void **state)
{
    fixture *f = *state;
    char link[PATH_MAX], file[PATH_MAX];
    link_path(f, link);
    (void)snprintf(file, sizeof file, "%s/file", f->root);
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid__replace_whole(file, "x", 1, err));
    TEST_FAILS(sid_catalog_use(f->ctx, f->path, f->path, false, err), SID_EEXISTS, "is a directory, not a link");
    TEST_FAILS(sid_catalog_use(f->ctx, file, f->path, false, err), SID_EEXISTS, "is a file, not a link");
    TEST_FAILS(sid_catalog_use(f->ctx, "", f->path, false, err), SID_EUSAGE, "no name for a link");
    TEST_FAILS(sid_catalog_use(f->ctx, "/", f->path, false, err), SID_EUSAGE, "no name for a link");
    assert_int_not_equal(sid_catalog_use(f->ctx, link, f->root, false, NULL), SID_OK);
    TEST_FAILS(sid_catalog_use(f->ctx, "/no/such/link", f->path, false, err), SID_EIO, "/no/such");
    assert_int_equal(count_entries(f->root), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_link_is_made_and_swapped),
        FIXTURE_TEST(what_is_no_link_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
