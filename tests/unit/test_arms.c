/* test_arms.c: names of arms to keys of items. */
#include "rank/arms.h"
#include "test.h"

enum { ITEMS = 4, LEVELS = 3 };
static const uint16_t code[ITEMS * LEVELS] = {0, 1, 2, 0, 1, 3, 0, 0, 0, 3, 3, 3};
static const uint8_t has_sid[ITEMS] = {1, 1, 0, 1};
static const int codes[LEVELS] = {4, 4, 4};
static const int64_t shown[ITEMS] = {5, 1, 1, 1};

static sid__arm_data new_data(sid_ctx *ctx)
{
    return (sid__arm_data){.ctx = ctx,
                           .items = ITEMS,
                           .rows = 50,
                           .code = code,
                           .has_sid = has_sid,
                           .codes = codes,
                           .levels = LEVELS,
                           .shown = shown};
}

/* Fails when a name is taken that is none, or the message lacks what is near. */
static void test_names(void **state)
{
    char name[SID__ARMS_MAX][SID__ARM_NAME_SIZE];
    int count = 0;
    (void)state;
    TEST_OK(sid__arms_parse("random-hash,prefix-3,spm-bpe", name, &count, err));
    assert_int_equal(count, 3);
    assert_string_equal(name[1], "prefix-3");
    TEST_FAILS(sid__arms_parse("bigramm", name, &count, err), SID_EUSAGE, "did you mean \"bigram\"");
    TEST_FAILS(sid__arms_parse("prefix-N", name, &count, err), SID_EUSAGE, "unknown");
    TEST_FAILS(sid__arms_parse("prefix-0", name, &count, err), SID_EUSAGE, "unknown");
    TEST_FAILS(sid__arms_parse("", name, &count, err), SID_EUSAGE, "unknown");
    TEST_FAILS(sid__arms_parse("bigram,bigram", name, &count, err), SID_EUSAGE, "twice");
    TEST_FAILS(sid__arms_parse("an-arm-of-a-name-that-is-far-too-long-to-be-one", name, &count, err), SID_EUSAGE,
               "unknown");
}

/* Fails when items share keys that they should not, or an item without a SID has rows. */
static void test_keys(void **state)
{
    sid_ctx *ctx = NULL;
    sid__arm arm;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__arm_data data = new_data(ctx);
    TEST_OK(sid__arm_make("individual", &data, 1, &arm, err));
    assert_string_equal(arm.source.table.kind, "growing");
    assert_int_equal(arm.source.table.rows, 0);
    assert_memory_equal(arm.key, ((uint64_t[]){0, 1, 2, 3}), sizeof(uint64_t[4]));
    sid__arm_drop(&arm);
    TEST_OK(sid__arm_make("random-hash", &data, 7, &arm, err));
    assert_int_equal(arm.source.table.rows, 50);
    assert_int_equal(arm.source.table.hash_seed, 7);
    sid__arm_drop(&arm);
    TEST_OK(sid__arm_make("prefix-2", &data, 1, &arm, err)); /* 4 + 16 prefixes: a row for each */
    assert_int_equal(arm.source.table.rows, 20);
    assert_memory_equal(arm.begin, ((int64_t[]){0, 2, 4, 4, 6}), sizeof(int64_t[5]));
    assert_memory_equal(arm.key, ((uint64_t[]){0, 5, 0, 5, 3, 19}), sizeof(uint64_t[6]));
    assert_true(arm.item_rows == 1.5);
    sid__arm_drop(&arm);
    TEST_OK(sid__arm_make("trigram", &data, 1, &arm, err)); /* 64 of them: hashed to the 50 rows */
    assert_int_equal(arm.source.table.rows, 50);
    assert_int_not_equal(arm.key[0], arm.key[1]);
    sid__arm_drop(&arm);
    TEST_OK(sid__arm_make("spm-unigram", &data, 1, &arm, err));
    assert_int_equal(arm.begin[3] - arm.begin[2], 0);
    assert_true(arm.begin[1] >= 1 && arm.begin[1] <= 3);
    sid__arm_drop(&arm);
    sid_ctx_free(ctx);
}

/* Fails when an arm is made without what it describes items by. */
static void test_what_is_missing(void **state)
{
    sid_ctx *ctx = NULL;
    sid__arm arm;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__arm_data data = new_data(ctx);
    TEST_FAILS(sid__arm_make("dense", &data, 1, &arm, err), SID_EUSAGE, "needs vectors");
    sid__arm_drop(&arm);
    TEST_FAILS(sid__arm_make("prefix-4", &data, 1, &arm, err), SID_EUSAGE, "needs 4 levels; the SIDs have 3");
    sid__arm_drop(&arm);
    data.code = NULL;
    TEST_FAILS(sid__arm_make("unigram", &data, 1, &arm, err), SID_EUSAGE, "needs SIDs");
    sid__arm_drop(&arm);
    TEST_FAILS(sid__arm_make("nothing", &data, 1, &arm, err), SID_EUSAGE, "unknown");
    sid__arm_drop(&arm);
    const float content[ITEMS * 2] = {0};
    data.content = content;
    data.content_dim = 2;
    TEST_OK(sid__arm_make("dense", &data, 1, &arm, err));
    assert_ptr_equal(arm.source.content, content);
    assert_null(arm.source.begin);
    sid__arm_drop(&arm);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_keys),
                                       cmocka_unit_test(test_what_is_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
