/* test_stack.c: what a stack declares, and that it looks back alone. */
#include "model/stack.h"

#include "test.h"

#include <string.h>

#include "base/ctx.h"

/* Fails when sizes that do not go together pass, or a parameter is missing or of another shape. */
static void test_declared(void **state)
{
    (void)state;
    sid__stack odd = {.layers = 1, .dim = 12, .heads = 4, .hidden = 8},
               good = {.layers = 2, .dim = 8, .heads = 2, .hidden = 6};
    sid__params params = {0};
    TEST_FAILS(sid__stack_declare(&odd, &params, "s", err), SID_EUSAGE, "even parts");
    sid__params_drop(&params);
    TEST_OK(sid__stack_declare(&good, &params, "s", err));
    assert_int_equal(params.count, 13);
    int up = sid__params_find(&params, "s.2.up.weight");
    assert_true(up >= 0 && params.param[up].value.rows == 12 && params.param[up].is_decayed);
    assert_true(params.param[sid__params_find(&params, "s.norm.weight")].is_vector);
    sid__params_drop(&params);
}

/* Fails when a token changes what comes before it, or another sequence. */
static void test_causal(void **state)
{
    (void)state;
    enum { DIM = 8, TOKENS = 7 };
    static const int64_t begin[3] = {0, 4, 7};
    const sid__ragged sequences = {.begin = begin, .count = 2};
    sid__stack stack = {.layers = 2, .dim = DIM, .heads = 2, .hidden = 6};
    sid__params params = {0};
    sid_ctx *ctx = NULL;
    float out[2][TOKENS * DIM];
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid__stack_declare(&stack, &params, "s", err));
    TEST_OK(sid__params_seal(&params, err));
    for (int64_t i = 0; i < params.size; i++)
        params.data[i] = (float)((i * 37 + i * i % 11) % 23 - 11) / 20;
    for (int round = 0; round < 2; round++) {
        float x[TOKENS * DIM];
        sid__memory memory = {0};
        sid__tape tape = sid__tape_begin(ctx, &memory, false);
        sid__stack_pass pass = {.params = &params, .tape = &tape, .sequences = &sequences};
        for (int i = 0; i < TOKENS * DIM; i++)
            x[i] = (float)(i * 29 % 17 - 8) / 8 + (round == 1 && i / DIM == 2 ? 1 : 0); /* token 2 differs */
        sid__value in = sid__value_of(x, TOKENS, DIM);
        sid__value *h = sid__stack_run(&stack, &pass, &in, NULL);
        TEST_OK(sid__tape_status(&tape, err));
        memcpy(out[round], h->data, sizeof out[round]);
        sid__memory_drop(&memory);
    }
    for (int t = 0; t < TOKENS; t++)
        assert_int_equal(memcmp(out[0] + t * DIM, out[1] + t * DIM, DIM * sizeof(float)) != 0, t == 2 || t == 3);
    sid__params_drop(&params);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_declared), cmocka_unit_test(test_causal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
