/* test_mlp.c: shapes of networks, and that what is packed gives what was trained, row by row. */
#include "quant/mlp.h"

#include "tensor_case.h"

/* Fails when a width is misread, or nonsense is taken without a word that names the option. */
static void shapes_are_read(void **state)
{
    sid__mlp_shape shape;
    (void)state;
    TEST_OK(sid__mlp_shape_parse("hidden", "512,256", 768, 64, &shape, err));
    assert_int_equal(shape.layers, 3);
    static const int widths[] = {768, 512, 256, 64};
    assert_memory_equal(shape.width, widths, sizeof widths);
    shape = sid__mlp_shape_mirror(&shape);
    assert_true(shape.layers == 3 && shape.width[0] == 64 && shape.width[1] == 256 && shape.width[3] == 768);
    TEST_OK(sid__mlp_shape_parse("hidden", "", 5, 3, &shape, err));
    assert_true(shape.layers == 1 && shape.width[0] == 5 && shape.width[1] == 3);
    static const char *const wrong[] = {"512,", ",512", "0", "4097", "12x", "1,2,3,4,5,6,7,8"};
    for (int i = 0; i < 6; i++)
        TEST_FAILS(sid__mlp_shape_parse("hidden", wrong[i], 5, 3, &shape, err), SID_EUSAGE, "hidden is \"");
}

/* Fails when the packed network differs in a bit from the tape's, or a row's output depends on the rows beside it. */
static void packed_gives_what_was_trained(void **state)
{
    enum { ROWS = 37, IN = 19, OUT = 6 };
    static const sid__mlp_shape shape = {.layers = 3, .width = {IN, 33, 7, OUT}};
    sid__params params = {0};
    sid__memory memory = {0};
    sid__mlp mlp;
    float x_data[ROWS * IN], scratch[2 * ROWS * 33], y[ROWS * OUT];
    sid__value x = sid__value_of(x_data, ROWS, IN);
    int first = -1;
    (void)state;
    fill_uniform(x_data, ROWS * IN, 1);
    TEST_OK(sid__mlp_declare(&params, "net", &shape, false, &first, err));
    TEST_OK(sid__params_seal(&params, err));
    assert_true(first == 0 && sid__params_find(&params, "net.4.bias") == 5);
    sid__mlp_start(&params, first, &shape, 7, 1);
    for (int64_t i = 0; i < 33 * IN; i++)
        assert_true(fabs((double)params.data[i]) <= 1 / sqrt(IN));
    FOR_EACH_CTX(ctx)
    {
        sid__tape tape = sid__tape_begin(ctx, &memory, false);
        const sid__value *expected = sid__mlp_forward(&tape, &params, first, &shape, &x);
        TEST_OK(sid__mlp_pack(ctx, &params, first, &shape, &mlp, err));
        sid__mlp_apply(ctx, &mlp, x_data, ROWS, scratch, y);
        assert_memory_equal(expected->data, y, sizeof y);
        for (int i = 0; i < ROWS; i++)
            sid__mlp_apply(ctx, &mlp, x_data + (int64_t)i * IN, 1, scratch, y + (int64_t)i * OUT);
        assert_memory_equal(expected->data, y, sizeof y);
        sid__mlp_drop(&mlp);
    }
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes_are_read),
                                       cmocka_unit_test(packed_gives_what_was_trained)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
