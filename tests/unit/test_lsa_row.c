/* test_lsa_row.c: texts of one item to a sparse unit row. */
#include "linalg_case.h"

#include "embed/lsa_row.h"

/* Words "beauty", "nail", "nail polish", "polish", "red" with idf 1 but red 2. */
static sid__vocab sample(void)
{
    static const double idf[] = {1, 1, 1, 1, 2};
    static const char words[] = "beauty\nnail\nnail polish\npolish\nred\n";
    sid__vocab vocab = {0};
    TEST_OK(sid__vocab_load(words, sizeof words - 1, idf, 5, &vocab, err));
    return vocab;
}

static void check(const char *title, const char *path, int count, const int32_t *index, const double *raw)
{
    sid__field field[] = {{"title", 2, false}, {"path", 1, true}};
    sid__fields fields = {field, 2, 0};
    sid__vocab vocab = sample();
    sid__lsa_row row = {0};
    const char *text[] = {title, path};
    double square = 0;
    for (int repeat = 0; repeat < 2; repeat++)
        TEST_OK(sid__lsa_row_make(&row, &vocab, &fields, text, err));
    assert_int_equal(row.count, count);
    for (int i = 0; i < count; i++)
        square += raw[i] * raw[i];
    for (int i = 0; i < count; i++) {
        assert_int_equal(row.index[i], index[i]);
        assert_true(fabs(row.weight[i] - raw[i] / sqrt(square)) < 1e-15);
    }
    sid__lsa_row_drop(&row);
    sid__vocab_drop(&vocab);
}

#define LN2 0.69314718055994530942

/* Fails when tf is not the weighted sum over fields, its logarithm is off, or idf is left out. */
static void test_weights(void **state)
{
    (void)state;
    check("Red nail red zebra", NULL, 2, (const int32_t[]){1, 4}, (const double[]){1 + LN2, 2 * (1 + 2 * LN2)});
    check("", "", 0, NULL, NULL);
    check("zebra", NULL, 0, NULL, NULL);
}

/* Fails when a path's token counts more than once, or its parts are no tokens of their own. */
static void test_path(void **state)
{
    (void)state;
    check(NULL, "Beauty > Nail Polish", 4, (const int32_t[]){0, 1, 2, 3}, (const double[]){1, 1, 1, 1});
    check(NULL, "Nail > Nail Polish > Nail", 3, (const int32_t[]){1, 2, 3}, (const double[]){1, 1, 1});
    check("nail polish", "Nail Polish", 3, (const int32_t[]){1, 2, 3},
          (const double[]){1 + sid__log(3), 1, 1 + sid__log(3)});
    check(NULL, "Nail>Polish", 3, (const int32_t[]){1, 2, 3}, (const double[]){1, 1, 1});
}

/* Fails when lack of memory leaks. */
static void test_out_of_memory(void **state)
{
    (void)state;
    sid__field field[] = {{"title", 2, false}};
    sid__fields fields = {field, 1, 0};
    sid__vocab vocab = sample();
    const char *text[] = {"red nail"};
    for (int after = 0; after < 4; after++) {
        sid__lsa_row row = {0};
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__lsa_row_make(&row, &vocab, &fields, text, err), SID_ENOMEM, "out of memory");
        sid__lsa_row_drop(&row);
    }
    sid__mem_fail(-1, 0);
    sid__vocab_drop(&vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
