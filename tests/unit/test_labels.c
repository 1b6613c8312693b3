#include "label_case.h"

#include <math.h>

#include "sid/labels.h"

enum { ITEMS = 12, LEVELS = 2 };

static const char *const text[ITEMS] = {
    "nail polish red", "nail polish blue", "nail polish red matte", "nail polish matte",
    "lip gloss shiny", "lip gloss shiny",  "lip gloss pale",        "lip gloss pale",
    "hair wax",        "hair wax",         "hair wax strong",       "odd one out",
};
static const char *const path[ITEMS] = {
    "Makeup > Nails", "Makeup > Nails", "Makeup > Nails", "Makeup > Nails", "Makeup > Lips", "Makeup > Lips",
    "Makeup > Lips",  "Makeup > Lips",  "Hair > Wax",     "Hair > Wax",     "Hair",          NULL,
};
static const uint16_t codes[ITEMS * LEVELS] = {3, 0, 3, 0, 3, 1, 3, 1, 5, 0, 5, 0, 5, 1, 5, 1, 1, 0, 1, 0, 1, 0, 0, 7};

static sid_status first_title(void *user, const int64_t *row, int64_t count, sid__arena *arena, const char **out,
                              sid_error *err)
{
    char *copy = NULL;
    int64_t first = row[0];
    for (int64_t i = 1; i < count; i++)
        first = row[i] < first ? row[i] : first;
    ++*(int *)user;
    SID_TRY(sid__arena_text(arena, text[first], strlen(text[first]), &copy, err));
    *out = copy;
    return SID_OK;
}

static void make(bool with_categories, int depth, sid__labels *out)
{
    int titles = 0;
    sid__label_tokens tokens = tokens_of(text, ITEMS);
    sid__categories categories = {.separator = SID__CATEGORY_SEPARATOR};
    for (int i = 0; i < ITEMS; i++)
        TEST_OK(sid__categories_add(&categories, path[i], err));
    const sid__label_input in = {.codes = codes,
                                 .count = ITEMS,
                                 .levels = LEVELS,
                                 .depth = depth,
                                 .tokens = &tokens,
                                 .categories = with_categories ? &categories : NULL,
                                 .title = first_title,
                                 .title_user = &titles};
    TEST_OK(sid__labels_make(&in, out, err));
    assert_true(titles > 0);
    sid__label_tokens_drop(&tokens);
    sid__categories_drop(&categories);
}

/* Fails when labels are not by depth and code, a term is said twice among siblings or below where it was said, or a prefix
 * without words does not get a title. */
static void words_tell_siblings_apart(void **state)
{
    (void)state;
    static const char *const wanted[] = {"odd one out", "hair wax", "nail polish, matte, red",
                                         "lip gloss, pale, shiny"};
    sid__labels labels = {0};
    make(false, 2, &labels);
    assert_int_equal(labels.count, 10);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(labels.row[i].depth, 1);
        assert_int_equal(labels.row[i].parent, -1);
        assert_string_equal(labels.row[i].text, wanted[i]);
    }
    static const char *const below[] = {"odd one out",
                                        "hair wax: hair wax",
                                        "nail polish: nail polish red",
                                        "matte: nail polish red matte",
                                        "gloss shiny: lip gloss shiny",
                                        "gloss pale: lip gloss pale"};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(labels.row[4 + i].depth, 2);
        assert_string_equal(labels.row[4 + i].text, below[i]);
    }
    sid__labels_drop(&labels);
}

/* Fails when a category of most of a prefix and of little of its parent does not come first, or its words are said again. */
static void a_telling_category_comes_first(void **state)
{
    (void)state;
    sid__labels labels = {0};
    make(true, 1, &labels);
    assert_int_equal(labels.count, 4);
    assert_string_equal(labels.row[0].text, "odd one out");
    assert_string_equal(labels.row[1].text, "Wax, hair wax"); /* 2 of 3 are at least .6; one word of the pair is new */
    assert_string_equal(labels.row[2].text, "Nails, nail polish, matte, red");
    assert_string_equal(labels.row[3].text, "Lips, lip gloss, pale, shiny");
    sid__labels_drop(&labels);
}

/* Fails when the share of the commonest category counts other parts, ancestors, or items without a category. */
static void purity_is_of_the_depth(void **state)
{
    (void)state;
    sid__labels labels = {0};
    make(true, 2, &labels);
    assert_true(isnan(labels.row[0].purity)); /* its only item has no category */
    assert_int_equal(labels.row[0].commonest, -1);
    for (int i = 1; i < 4; i++)
        assert_true(labels.row[i].purity == 1);  /* Hair, Makeup, Makeup: what comes below does not count */
    assert_true(labels.row[5].purity == 2. / 3); /* Hair > Wax twice, Hair alone once */
    assert_true(labels.row[6].purity == 1);
    sid__labels_drop(&labels);
    make(false, 1, &labels);
    assert_true(labels.row[1].commonest == -1 && isnan(labels.row[1].purity));
    sid__labels_drop(&labels);
}

/* Fails when an empty catalogue is not an empty list. */
static void no_items_no_labels(void **state)
{
    (void)state;
    sid__label_tokens tokens = {0};
    sid__labels labels = {0};
    const sid__label_input in = {.levels = 2, .depth = 2, .tokens = &tokens};
    TEST_OK(sid__labels_make(&in, &labels, err));
    assert_int_equal(labels.count, 0);
    sid__labels_drop(&labels);
}

/* Fails when a lack of memory leaks or leaves half a list. */
static void memory_may_lack_anywhere(void **state)
{
    (void)state;
    int titles = 0;
    sid__label_tokens tokens = tokens_of(text, ITEMS);
    const sid__label_input in = {.codes = codes,
                                 .count = ITEMS,
                                 .levels = LEVELS,
                                 .depth = 2,
                                 .tokens = &tokens,
                                 .title = first_title,
                                 .title_user = &titles};
    sid_status status = SID_ENOMEM;
    for (int fail = 0; status != SID_OK; fail++) {
        sid__labels labels = {0};
        sid__mem_fail(fail, -1);
        status = sid__labels_make(&in, &labels, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || (status == SID_ENOMEM && labels.count == 0));
        assert_true(fail < 500);
        sid__labels_drop(&labels);
    }
    sid__label_tokens_drop(&tokens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_tell_siblings_apart),      cmocka_unit_test(purity_is_of_the_depth),
        cmocka_unit_test(a_telling_category_comes_first), cmocka_unit_test(no_items_no_labels),
        cmocka_unit_test(memory_may_lack_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
