/* test_codebook_tensors.c: a level as tensors: saved, loaded, and refused by name. */
#include "quant_help.h"

enum { CODES = 5, DIM = 3 };

/* Fails when a level's name, numbers, counts or packing are lost between save and load. */
static void a_level_comes_back(void **state)
{
    float code[CODES * DIM];
    int64_t members[CODES] = {9, 7, 5, 3, 1}, loaded_members[CODES] = {0};
    sid__codebook book, loaded;
    sid__tensor_set set = {0};
    (void)state;
    fill_uniform(code, CODES * DIM, 1);
    make_book(&book, code, CODES, DIM);
    TEST_OK(sid__codebook_create(&loaded, CODES, DIM, err));
    TEST_OK(sid__codebook_save(&book, members, 4, &set, err));
    assert_non_null(sid__tensor_find(&set, "codebook.5"));
    assert_non_null(sid__tensor_find(&set, "count.5"));
    TEST_OK(sid__codebook_load(&loaded, loaded_members, 4, 1, &set, err));
    assert_memory_equal(loaded.code, code, sizeof code);
    assert_memory_equal(loaded_members, members, sizeof members);
    for (int i = 0; i < CODES; i++)
        assert_int_equal(sid__assign_reference(&loaded, code + (size_t)i * DIM, NULL), i);
    sid__codebook_drop(&book);
    sid__codebook_drop(&loaded);
    sid__tensor_set_drop(&set);
}

/* Fails when a missing level, a wrong shape or an impossible number is taken, or missing counts are not. */
static void wrong_levels_are_named(void **state)
{
    int64_t shape[2] = {CODES, DIM}, members[CODES] = {0};
    float *code = NULL;
    sid__codebook book;
    sid__tensor_set set = {0};
    (void)state;
    TEST_OK(sid__codebook_create(&book, CODES, DIM, err));
    TEST_FAILS(sid__codebook_load(&book, members, 0, 1e15, &set, err), SID_EDATA, "codebook.1");
    TEST_OK(sid__tensor_add(&set, "codebook.1", SID__F32, 2, shape, &code, err));
    TEST_OK(sid__codebook_load(&book, members, 0, 1e15, &set, err));
    code[4] = 2;
    TEST_FAILS(sid__codebook_load(&book, members, 0, 1, &set, err), SID_EDATA, "row 1, column 1 is 2; at most 1");
    code[4] = NAN;
    TEST_FAILS(sid__codebook_load(&book, members, 0, 1e15, &set, err), SID_EDATA, "row 1, column 1");
    sid__codebook_drop(&book);
    TEST_OK(sid__codebook_create(&book, CODES, DIM + 1, err));
    TEST_FAILS(sid__codebook_load(&book, members, 0, 1e15, &set, err), SID_EDATA, "(5, 4)");
    sid__codebook_drop(&book);
    sid__tensor_set_drop(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_level_comes_back), cmocka_unit_test(wrong_levels_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
