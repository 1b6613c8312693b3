/* test_tensor_set.c: names, shapes, conversions. */
#include "base/philox.h"
#include "io/tensor_set.h"
#include "test.h"

/* Fails when an added tensor is not found, has another shape, or moves when others are added. */
static void test_add_and_get(void **state)
{
    (void)state;
    sid__tensor_set set = {0};
    float *first = NULL;
    const sid__tensor *tensor = NULL;
    TEST_OK(sid__tensor_add(&set, "a", SID__F32, 2, (const int64_t[]){2, 3}, &first, err));
    first[5] = 7;
    for (int i = 0; i < 1000; i++) {
        char name[16];
        uint16_t *data = NULL;
        (void)snprintf(name, sizeof name, "t%d", i);
        TEST_OK(sid__tensor_add(&set, name, SID__U16, 1, (const int64_t[]){i}, &data, err));
    }
    TEST_OK(sid__tensor_get(&set, "a", SID__F32, 2, (const int64_t[]){-1, 3}, &tensor, err));
    assert_ptr_equal(tensor->data, first);
    assert_true(((float *)tensor->data)[5] == 7.0F && ((float *)tensor->data)[0] == 0.0F);
    assert_int_equal((uintptr_t)tensor->data % 16, 0);
    assert_int_equal(sid__tensor_find(&set, "t999")->shape[0], 999);
    assert_null(sid__tensor_find(&set, "t1000"));
    sid__tensor_set_drop(&set);
    assert_null(sid__tensor_find(&set, "a"));
}

/* Fails when a wrong shape, dtype, rank or name passes, or the message lacks what was seen and expected. */
static void test_mismatches(void **state)
{
    (void)state;
    sid__tensor_set set = {0};
    float *data = NULL;
    const sid__tensor *tensor = NULL;
    const int64_t shape[] = {2, 3}, other[] = {-1, 4}, huge[] = {INT64_MAX, INT64_MAX}, negative[] = {-1};
    TEST_OK(sid__tensor_add(&set, "a", SID__F32, 2, shape, &data, err));
    TEST_FAILS(sid__tensor_add(&set, "a", SID__F32, 2, shape, &data, err), SID_EDATA, "twice");
    TEST_FAILS(sid__tensor_add(&set, "h", SID__F32, 2, huge, &data, err), SID_EDATA, "too large");
    TEST_FAILS(sid__tensor_add(&set, "n", SID__F32, 1, negative, &data, err), SID_EDATA, "too large");
    TEST_FAILS(sid__tensor_add(&set, "r", SID__F32, 9, shape, &data, err), SID_EDATA, "rank 9");
    assert_int_equal(set.count, 1);
    TEST_FAILS(sid__tensor_get(&set, "b", SID__F32, 2, shape, &tensor, err), SID_EDATA, "b is missing");
    TEST_FAILS(sid__tensor_get(&set, "a", SID__F32, 2, other, &tensor, err), SID_EDATA,
               "F32 of shape (2, 3); F32 of shape (N, 4)");
    TEST_FAILS(sid__tensor_get(&set, "a", SID__F32, 1, shape, &tensor, err), SID_EDATA, "shape (2,)");
    TEST_FAILS(sid__tensor_get(&set, "a", SID__U16, 2, shape, &tensor, err), SID_EDATA, "U16");
    sid__tensor_set_drop(&set);
}

/* Fails when an allocation's failure leaves a half-added tensor or leaks. */
static void test_no_memory(void **state)
{
    (void)state;
    int failures = 0;
    for (int after = 0; after < 10; after++) {
        sid__tensor_set set = {0};
        float *data = NULL;
        sid__mem_fail(after, 1);
        sid_status status = sid__tensor_add(&set, "a", SID__F32, 1, (const int64_t[]){100000}, &data, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        assert_int_equal(set.count, status == SID_OK);
        failures += status != SID_OK;
        sid__tensor_set_drop(&set);
    }
    assert_in_range(failures, 4, 5);
}

/* Reference: sign * 2^(exponent - 15) * 1.fraction, written with ldexp-free arithmetic of exact powers. */
static double half_by_formula(unsigned half)
{
    int exponent = (int)(half >> 10 & 31);
    double scale = 1, fraction = half & 1023;
    for (int i = 0; i < (exponent ? exponent : 1); i++)
        scale *= 2;
    double value = (exponent ? 1024 + fraction : fraction) * scale / 33554432.0; /* 2^25 */
    return half & 0x8000 ? -value : value;
}

/* Fails when any of the 65,536 halves is converted wrongly. */
static void test_every_half(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        uint16_t half = (uint16_t)i;
        float out;
        sid__dtype_to_f32(SID__F16, &half, 1, &out);
        if ((i & 0x7c00) != 0x7c00)
            assert_true((double)out == half_by_formula(i));
        else if (i & 1023)
            assert_true(out != out);
        else
            assert_true(out == (i & 0x8000 ? -1.0F : 1.0F) / 0.0F);
    }
}

/* Fails when another dtype's conversion or its element size is wrong; elements need not be aligned. */
static void test_conversions(void **state)
{
    (void)state;
    struct {
        char offset;
        char bytes[16];
    } odd;
    float out[2];
    const struct {
        sid__dtype dtype;
        char bytes[16];
        float expected[2];
    } cases[] = {
        {SID__BF16, {0, 0, (char)0xc0, (char)0xbf}, {0.0F, -1.5F}},
        {SID__F32, {0, 0, 0, 0x40, 0, 0, (char)0xc0, (char)0xbf}, {2.0F, -1.5F}},
        {SID__F64, {0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, (char)0xf8, (char)0xbf}, {2.0F, -1.5F}},
        {SID__U8, {1, (char)255}, {1, 255}},
        {SID__U16, {1, 0, (char)255, (char)255}, {1, 65535}},
        {SID__I32, {1, 0, 0, 0, -1, -1, -1, -1}, {1, -1}},
        {SID__I64, {2, 0, 0, 0, 0, 0, 0, 0, -2, -1, -1, -1, -1, -1, -1, -1}, {2, -2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(odd.bytes, cases[i].bytes, sizeof odd.bytes);
        sid__dtype_to_f32(cases[i].dtype, odd.bytes, 2, out);
        assert_true(out[0] == cases[i].expected[0] && out[1] == cases[i].expected[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_add_and_get), cmocka_unit_test(test_mismatches),
                                       cmocka_unit_test(test_no_memory), cmocka_unit_test(test_every_half),
                                       cmocka_unit_test(test_conversions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
