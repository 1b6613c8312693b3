/* test_table_setup.c: options of tables: what is refused, and how. */
#include "table_case.h"

static sid_status make(const sid_table_options *options, sid_error *err)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = NULL;
    sid_status status = sid_table_create(ctx, options, &table, err);
    sid_table_free(table);
    sid_ctx_free(ctx);
    return status;
}

#define WITH(...) make(&(sid_table_options){.slice = &slice, .slice_count = 1, __VA_ARGS__}, err)

/* Fails when a value out of range makes a table, or the message lacks the bound. */
static void wrong_options_are_refused(void **state)
{
    const sid_slice slice = {.dim = 4}, none = {.dim = 0}, wide = {.dim = 60000}, odd = {.dim = 4, .serving = "int4"},
                    start = {.dim = 4, .initializer = "normal"};
    (void)state;
    TEST_OK(WITH(.admit_count = 255));
    TEST_FAILS(WITH(.admit_count = 256), SID_EUSAGE, "admit_count is 256; 0 to 255 are possible");
    TEST_FAILS(WITH(.kind = "grown"), SID_EUSAGE, "growing, capped, hashed, double are known");
    TEST_FAILS(WITH(.kind = "cappd"), SID_EUSAGE, "did you mean \"capped\"?");
    TEST_FAILS(WITH(.kind = "hashed"), SID_EUSAGE, "rows of a hashed table is 0; 1 to");
    TEST_FAILS(WITH(.kind = "double", .rows = 7), SID_EUSAGE, "an even number");
    TEST_FAILS(WITH(.rows = 7), SID_EUSAGE, "take capped");
    TEST_FAILS(WITH(.by_row = true), SID_EUSAGE, "by_row is for hashed");
    TEST_FAILS(WITH(.kind = "hashed", .rows = 9, .ttl_days = 1), SID_EUSAGE, "growing and capped");
    TEST_FAILS(WITH(.admit_count = 2, .admit_prob = 2), SID_EUSAGE, "one of them");
    TEST_FAILS(WITH(.ttl_days = -1), SID_EUSAGE, "ttl_days is -1");
    TEST_FAILS(WITH(.half_life_days = (double)NAN), SID_EUSAGE, "half_life_days");
    TEST_FAILS(make(&(sid_table_options){.slice = &none, .slice_count = 1}, err), SID_EUSAGE, "dim of a slice is 0");
    TEST_FAILS(make(&(sid_table_options){.slice = &wide, .slice_count = 1}, err), SID_EUSAGE, "1 to 16384");
    TEST_FAILS(make(&(sid_table_options){.slice = &odd, .slice_count = 1}, err), SID_EUSAGE, "did you mean \"int8\"?");
    TEST_FAILS(make(&(sid_table_options){.slice = &start, .slice_count = 1}, err), SID_EUSAGE,
               "uniform, zero are known");
    TEST_FAILS(make(&(sid_table_options){.slice = &slice}, err), SID_EUSAGE, "number of slices is 0");
}

/* Fails when two tables that would go on differently have one text, which snapshots are compared by. */
static void the_text_tells_setups_apart(void **state)
{
    const sid_slice slice = {.dim = 4}, other = {.dim = 4, .options = "rate=0.06"};
    sid_ctx *ctx = new_ctx(1, NULL);
    const sid_table_options options[] = {
        {.slice = &slice, .slice_count = 1},
        {.slice = &other, .slice_count = 1},
        {.slice = &slice, .slice_count = 1, .seed = 43},
        {.slice = &slice, .slice_count = 1, .ttl_days = 1},
        {.slice = &slice, .slice_count = 1, .admit_count = 2},
    };
    enum { COUNT = sizeof options / sizeof *options };
    sid__strbuf text[COUNT] = {{0}};
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        sid__table_setup setup;
        TEST_OK(sid__table_setup_init(ctx, &options[i], &setup, err));
        TEST_OK(sid__table_setup_text(&setup, &text[i], err));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(text[i].text, text[j].text);
    }
    for (int i = 0; i < COUNT; i++)
        sid__strbuf_drop(&text[i]);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(the_text_tells_setups_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
