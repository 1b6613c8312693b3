#include "catalog_fixture.h"

#include <math.h>

#include "base/mem.h"

/* A second catalogue beside f->path. */
static void fit_second(fixture *f, const sid_vectors *vectors, const sid_fit_options *options, char path[PATH_MAX],
                       sid_catalog **out)
{
    (void)snprintf(path, PATH_MAX, "%s/second", f->root);
    sid_fit_options with = *options;
    with.force = true;
    TEST_OK(sid_catalog_fit(f->ctx, &with, vectors, path, out, err));
}

static char *read_text(const char *path)
{
    char *text = NULL;
    int64_t size = 0;
    TEST_OK(sid__read_whole(path, 1 << 20, &text, &size, err));
    return text;
}

/* Fails when the same fit has churn, another seed has none, or renaming does not lower it. */
static void churn_is_of_what_moved(void **state)
{
    fixture *f = *state;
    sid_catalog *old = NULL, *new = NULL;
    sid_comparison c;
    char path[PATH_MAX];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    fixture_fit(f, NULL, &old);
    fit_second(f, vectors, &(sid_fit_options){.levels = 3, .codes = "4"}, path, &new);
    TEST_OK(sid_catalog_compare(old, new, NULL, &c, err));
    assert_int_equal(c.common, FIXTURE_ITEMS);
    assert_int_equal(c.added + c.removed, 0);
    assert_int_equal(c.levels, 3);
    assert_false(c.is_child);
    assert_float_equal(c.sid_changed, 0, 0);
    for (int l = 0; l < 3; l++)
        assert_true(c.level[l].raw == 0 && c.level[l].level == 0 && c.level[l].prefix == 0 && c.level[l].ami > .999999);
    sid_comparison_drop(&c);
    sid_catalog_close(new);
    fit_second(f, vectors, &(sid_fit_options){.levels = 2, .codes = "4", .seed = 9, .options = "init=random"}, path,
               &new);
    TEST_OK(sid_catalog_compare(old, new, NULL, &c, err));
    assert_int_equal(c.levels, 2);
    assert_true(c.level[0].raw > 0);
    assert_true(c.level[0].level < c.level[0].raw || c.level[0].level <= .1);
    assert_true(c.level[1].prefix >= c.level[0].prefix && c.level[1].raw >= c.level[0].raw);
    assert_float_equal(c.sid_changed, 1, 0); /* another length */
    sid_comparison_drop(&c);
    sid_catalog_close(new);
    sid_catalog_close(old);
    sid_vectors_free(vectors);
}

/* Fails when items are not joined by id, or the map does not say where each went. */
static void the_map_has_the_common_items(void **state)
{
    fixture *f = *state;
    sid_catalog *old = NULL, *new = NULL;
    sid_comparison c;
    char path[PATH_MAX], map[PATH_MAX + 16], codes[PATH_MAX + 16];
    const char *const gone[] = {"i0", "i5"};
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS + 10, 7, "i");
    fixture_fit(f, NULL, &old);
    fit_second(f, vectors, &(sid_fit_options){.levels = 3, .codes = "4", .collisions = "digit"}, path, &new);
    TEST_OK(sid_catalog_remove(new, gone, 2, err));
    (void)snprintf(map, sizeof map, "%s.tsv", path);
    (void)snprintf(codes, sizeof codes, "%s.codes.tsv", path);
    TEST_OK(sid_catalog_compare(old, new, &(sid_compare_options){.map_path = map, .codes_path = codes}, &c, err));
    assert_int_equal(c.common, FIXTURE_ITEMS - 2);
    assert_int_equal(c.added, 10);
    assert_int_equal(c.removed, 2);
    char *text = read_text(map);
    assert_true(strncmp(text, "item_id\told\tnew\tfirst_changed_level\ni1\t", 39) == 0);
    int lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, FIXTURE_ITEMS - 1);
    assert_null(strstr(text, "\ni5\t"));
    assert_null(strstr(text, "\t0\n")); /* a digit more is another SID */
    sid__free(text);
    text = read_text(codes);
    assert_true(strncmp(text, "level\told_code\tnew_code\toverlap\tshare\n1\t0\t", 42) == 0);
    sid__free(text);
    sid_comparison_drop(&c);
    sid_catalog_close(new);
    sid_catalog_close(old);
    sid_vectors_free(vectors);
}

static void write_text(const char *path, const char *text)
{
    TEST_OK(sid__replace_whole(path, text, strlen(text), err));
}

/* Fails when events do not weigh, or a file without the column is taken. */
static void events_weigh_the_shares(void **state)
{
    fixture *f = *state;
    sid_catalog *old = NULL, *new = NULL;
    sid_comparison c;
    char path[PATH_MAX], events[PATH_MAX + 16];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    fixture_fit(f, NULL, &old);
    fit_second(f, vectors, &(sid_fit_options){.levels = 3, .codes = "4", .seed = 9, .options = "init=random"}, path,
               &new);
    (void)snprintf(events, sizeof events, "%s/events.tsv", f->root);
    write_text(events, "user_id\titem_id\nu\tnobody\n");
    const sid_compare_options options = {.events_path = events};
    TEST_OK(sid_catalog_compare(old, new, &options, &c, err));
    assert_true(c.is_weighted && isnan(c.level[0].raw) && isnan(c.sid_changed));
    sid_comparison_drop(&c);
    write_text(events, "user_id\titem_id:token\nu\ti3\nv\ti3\n");
    TEST_OK(sid_catalog_compare(old, new, &options, &c, err));
    assert_true(c.level[0].raw == 0 || c.level[0].raw == 1); /* of one item */
    sid_comparison_drop(&c);
    write_text(events, "user_id\tthing\nu\ti3\n");
    TEST_FAILS(sid_catalog_compare(old, new, &options, &c, err), SID_EDATA, "no column item_id");
    write_text(events, "user_id\titem_id\nu\n");
    TEST_FAILS(sid_catalog_compare(old, new, &options, &c, err), SID_EDATA, "events.tsv:2");
    TEST_FAILS(sid_catalog_compare(old, new, &(sid_compare_options){.events_path = "/no/such"}, &c, err), SID_EIO,
               "/no/such");
    assert_null(c.level);
    sid_catalog_close(new);
    sid_catalog_close(old);
    sid_vectors_free(vectors);
}

/* Fails when a lack of memory leaks or leaves a catalogue locked. */
static void memory_may_lack_anywhere(void **state)
{
    fixture *f = *state;
    sid_catalog *old = NULL;
    sid_comparison c;
    sid_status status = SID_ENOMEM;
    fixture_fit(f, NULL, &old);
    for (int fail = 0; status != SID_OK && fail < 1000; fail += fail < 40 ? 1 : 7) {
        sid__mem_fail(fail, -1);
        status = sid_catalog_compare(old, old, NULL, &c, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || (status == SID_ENOMEM && !c.level));
    }
    assert_int_equal(status, SID_OK);
    sid_comparison_drop(&c);
    sid_catalog_close(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(churn_is_of_what_moved),
        FIXTURE_TEST(the_map_has_the_common_items),
        FIXTURE_TEST(events_weigh_the_shares),
        FIXTURE_TEST(memory_may_lack_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
