#include "catalog_fixture.h"

#include "base/mem.h"
#include "catalog/catalog.h"
#include "items_case.h"

enum { ROWS = 8 };

/* Two far groups of four; the third and fourth of each are equal. */
static sid_vectors *two_groups(fixture *f)
{
    float x[ROWS * 2];
    const char *const ids[ROWS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    sid_vectors *vectors = NULL;
    for (int i = 0; i < ROWS; i++) {
        x[2 * i] = i < 4 ? 100 : -100;
        x[2 * i + 1] = (float)(i % 4 < 2 ? i % 4 : 9);
    }
    TEST_OK(sid_vectors_create(f->ctx, x, ROWS, 2, ids, &vectors, err));
    return vectors;
}

static sid_items *wares(fixture *f)
{
    return case_items(f->ctx,
                      "item_id\ttitle\tcategory\n"
                      "a\tred nail polish\tMakeup/Nails\nb\tblue nail polish\tMakeup/Nails\n"
                      "c\tmatte nail polish\tMakeup/Nails\nd\tmatte nail polish\tMakeup/Nails\n"
                      "e\tstrong hair wax\tHair\nf\thair wax\tHair\ng\thair wax mild\tHair\nh\thair wax mild\t\n");
}

static void fit_wares(fixture *f, const sid_fit_options *options, sid_catalog **out)
{
    sid_vectors *vectors = two_groups(f);
    sid_items *items = wares(f);
    sid_fit_options with = *options;
    with.items = items;
    TEST_OK(sid_catalog_fit(f->ctx, &with, vectors, f->path, out, err));
    sid_vectors_free(vectors);
    sid_items_free(items);
}

static const char *words_of(const sid_labels *labels, const char *sid, int depth)
{
    const sid_label *label = sid_labels_find(labels, sid, depth);
    assert_non_null(label);
    assert_int_equal(label->depth, depth);
    return label->words;
}

static const char *sid_of(const sid_hits *hits, int row)
{
    return hits->row[row].sid;
}

/* Fails when words are not those of the items below a prefix, removed items still speak, or a category does not come
 * first. */
static void labels_are_of_live_items(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_labels labels = {0};
    sid_hits all = {0};
    const char *const gone[] = {"f"};
    fit_wares(f, &(sid_fit_options){.levels = 2, .codes = "2", .options = "init=greedy"}, &catalog);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    TEST_OK(sid_catalog_labels(catalog, NULL, &labels, err));
    assert_string_equal(words_of(&labels, sid_of(&all, 0), 1), "makeup, nail polish, nails");
    assert_string_equal(words_of(&labels, sid_of(&all, 4), 1), "hair wax, mild");
    assert_string_equal(words_of(&labels, sid_of(&all, 2), 2), "matte");
    assert_int_equal(sid_labels_find(&labels, sid_of(&all, 4), 1)->items, 4);
    assert_null(sid_labels_find(&labels, sid_of(&all, 0), 3));
    assert_null(sid_labels_find(&labels, "77", 1));
    assert_null(sid_labels_find(&labels, "no", 1));
    sid_labels_drop(&labels);
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    const sid_label_options by_category = {.depth = 1, .category = "category", .category_separator = "/"};
    TEST_OK(sid_catalog_labels(catalog, &by_category, &labels, err));
    assert_int_equal(labels.count, 2);
    assert_string_equal(words_of(&labels, sid_of(&all, 0), 1), "Nails, makeup, nail polish, matte");
    assert_string_equal(words_of(&labels, sid_of(&all, 4), 1), "Hair, hair wax, mild");
    assert_int_equal(sid_labels_find(&labels, sid_of(&all, 4), 1)->items, 3);
    sid_labels_drop(&labels);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
}

/* Fails when a prefix without words of its own gets no title, or another than the one nearest to the mean. */
static void a_title_stands_in_for_words(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_labels labels = {0};
    float x[] = {0, 0, 0, 1, 0, 5, 90, 0, 91, 0};
    const char *const ids[] = {"a", "b", "c", "d", "e"};
    sid_vectors *vectors = NULL;
    sid_items *items = case_items(f->ctx, "item_id\ttitle\n"
                                          "a\tone\nb\ttwo\nc\tthree\nd\t"
                                          "ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää\ne\t\n");
    TEST_OK(sid_vectors_create(f->ctx, x, 5, 2, ids, &vectors, err));
    for (int drop = 0; drop < 2; drop++) {
        TEST_OK(sid_catalog_fit(f->ctx,
                                &(sid_fit_options){.levels = 1,
                                                   .codes = "2",
                                                   .options = "init=greedy",
                                                   .items = items,
                                                   .drop_vectors = drop,
                                                   .force = true},
                                vectors, f->path, &catalog, err));
        TEST_OK(sid_catalog_labels(catalog, NULL, &labels, err));
        assert_int_equal(labels.count, 2);
        assert_string_equal(labels.row[0].words, drop ? "one" : "two"); /* reconstructions are equal: the first row */
        assert_true(strlen(labels.row[1].words) <= 82 && strstr(labels.row[1].words, "ä.."));
        sid_labels_drop(&labels);
        sid_catalog_close(catalog);
    }
    sid_vectors_free(vectors);
    sid_items_free(items);
}

/* Fails when a wrong depth, column or separator is taken, or prefixes of an unordered family are labelled. */
static void wrong_questions_are_refused(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_labels labels = {0};
    fit_wares(f, &(sid_fit_options){.levels = 2, .codes = "2", .options = "init=greedy"}, &catalog);
    TEST_FAILS(sid_catalog_labels(catalog, &(sid_label_options){.depth = 3}, &labels, err), SID_EUSAGE,
               "1 to 2 levels");
    TEST_FAILS(sid_catalog_labels(catalog, &(sid_label_options){.category = "cat"}, &labels, err), SID_EUSAGE,
               "the columns are title, category");
    TEST_FAILS(
        sid_catalog_labels(catalog, &(sid_label_options){.category = "title", .category_separator = ""}, &labels, err),
        SID_EUSAGE, "separator is empty");
    const sid__family_class *ordered = catalog->quantizer->family;
    sid__family_class unordered = *ordered;
    unordered.is_ordered = false;
    catalog->quantizer->family = &unordered;
    TEST_FAILS(sid_catalog_labels(catalog, NULL, &labels, err), SID_EUSAGE, "unordered");
    catalog->quantizer->family = ordered;
    assert_null(labels.row);
    sid_catalog_close(catalog);
}

/* Fails when the report does not read the category, or takes a column that is not there. */
static void reports_compare_with_the_category(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_report report;
    fit_wares(f, &(sid_fit_options){.levels = 2, .codes = "2", .options = "init=greedy"}, &catalog);
    const sid_report_options by_category = {.category = "category", .category_separator = "/"};
    TEST_OK(sid_catalog_report_with(catalog, &by_category, &report, err));
    assert_true(report.level[0].purity == 1 && report.level[0].ami > .99); /* the item without one is left out */
    sid_report_drop(&report);
    TEST_FAILS(sid_catalog_report_with(catalog, &(sid_report_options){.category = "sort"}, &report, err), SID_EUSAGE,
               "the columns are");
    TEST_FAILS(sid_catalog_report_with(catalog, &(sid_report_options){.category = "category", .category_separator = ""},
                                       &report, err),
               SID_EUSAGE, "separator is empty");
    sid_catalog_close(catalog);
}

/* Fails when items without text are an error. */
static void items_without_text_have_empty_labels(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_labels labels = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_labels(catalog, NULL, &labels, err));
    assert_true(labels.count > 4);
    for (int64_t i = 0; i < labels.count; i++)
        assert_string_equal(labels.row[i].words, "");
    sid_labels_drop(&labels);
    sid_catalog_close(catalog);
}

/* Fails when a lack of memory leaks, or leaves the catalogue locked. */
static void memory_may_lack_anywhere(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_labels labels = {0};
    sid_status status = SID_ENOMEM;
    fit_wares(f, &(sid_fit_options){.levels = 2, .codes = "2", .options = "init=greedy"}, &catalog);
    for (int fail = 0; status != SID_OK && fail < 400; fail++) {
        sid__mem_fail(fail, -1);
        status = sid_catalog_labels(catalog, NULL, &labels, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || (status == SID_ENOMEM && labels.row == NULL));
    }
    assert_int_equal(status, SID_OK);
    sid_labels_drop(&labels);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(labels_are_of_live_items),    FIXTURE_TEST(a_title_stands_in_for_words),
        FIXTURE_TEST(wrong_questions_are_refused), FIXTURE_TEST(items_without_text_have_empty_labels),
        FIXTURE_TEST(memory_may_lack_anywhere),    FIXTURE_TEST(reports_compare_with_the_category),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
